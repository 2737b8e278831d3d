"""
For which changes a person must agree, and what is new since somebody looked.
"""

from typing import Any

import pytest

from reconciler.core.ledger import Claim, Head, Last, Ledger, LedgerRow, Names
from reconciler.core.model import Change, Held
from reconciler.core.remembered import remembered
from reconciler.core.reviewer import MOST_SHOWN, Shown, risky, shown, since_review, sort_of
from tests.render.render_plans import change, plan

AWAY = change("move", "g-risk", kind="group", risk=("removal",))
HEAD = Head(version=1, lineage="l", target="openpages", serial=3)


def ledger(**last: Any) -> Ledger:
    """
    Return a ledger in which Ann, and the group of risk officers, were last seen so.
    """
    seen = Last(**last)
    return Ledger(HEAD, {"ann": LedgerRow(key="ann", last=seen)}, {"g-risk": LedgerRow(key="g-risk", last=seen)})


def lost(field: str, before: tuple[str, ...], after: tuple[str, ...], **rest: Any) -> Change:
    """
    Return the change by which Ann's set loses something.
    """
    return change("update", "ann", before={field: before}, after={field: after}, risk=("removal",), **rest)


@pytest.mark.parametrize(
    ("found", "last", "needed"),
    [
        pytest.param(change("update", "ann", after={"locale": "de_DE"}), {}, False, id="plain"),
        pytest.param(change("update", "ann", risk=("privileged",)), {}, True, id="privileged"),
        pytest.param(change("activate", "ann", risk=("dangerous",)), {}, True, id="dangerous"),
        pytest.param(change("deactivate", "ann", risk=("removal",)), {}, True, id="leaver"),
        pytest.param(
            change("deactivate", "ann", risk=("removal",)), {"state": "inactive"}, False, id="switched-on-by-hand"
        ),
        pytest.param(change("deactivate", "bob", risk=("removal",)), {}, True, id="never-seen"),
        pytest.param(change("delete", "ann", risk=("removal",)), {"state": "inactive"}, True, id="delete"),
        pytest.param(change("move", "g-risk", kind="group", risk=("removal",)), {}, True, id="put-away"),
        pytest.param(
            change("move", "g-risk", kind="group", risk=("removal",)),
            {"state": "retired"},
            False,
            id="brought-back",
        ),
        pytest.param(lost("groups", ("g-risk",), ()), {"groups": ("g-risk",)}, True, id="membership-ends"),
        pytest.param(lost("groups", ("g-risk",), ()), {"groups": ("g-audit",)}, False, id="joined-by-hand"),
        pytest.param(lost("roles", ("A", "B"), ("A",)), {"fields": {"roles": ("A", "B")}}, True, id="role-ends"),
        pytest.param(lost("roles", ("A", "B"), ("A",)), {"fields": {"roles": ("A",)}}, False, id="given-by-hand"),
    ],
)
def test_whoever_must_agree_is_asked(found: Change, last: dict[str, Any], *, needed: bool) -> None:
    """
    A removal that corrects drift takes nothing that was not decided; all else that takes or gives power does.
    """
    assert risky(plan(found), ledger(**last)) == ((found,) if needed else ())


def test_what_waits_for_approval_counts() -> None:
    """
    A dangerous change stands among what is held, and needs the reviewer all the same.
    """
    waiting = change("activate", "ann", risk=("dangerous",))
    held = Held(id="1", kind="user", key="ann", name="ann", reason="", release="", guard="approval", change=waiting)

    assert risky(plan(held=(held,)), ledger()) == (waiting,)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param("ab", "ab", "", id="the same"),
        pytest.param("a", "ab", "+1 update", id="more"),
        pytest.param("ab", "a", "-1 update", id="less"),
        pytest.param("ab", "ac", "+1 update, -1 update", id="another"),
        pytest.param("a", "aR", "+1 removal", id="a removal rides along"),
        pytest.param("a", "aP", "+1 privileged", id="a privilege too"),
    ],
)
def test_what_nobody_was_shown_is_told(before: str, after: str, told: str) -> None:
    """
    Change by change, whatever the order, what came and what went is counted by what it does.
    """
    risks = {"R": ("removal",), "P": ("privileged",)}
    changes = {key: change("update", key, risk=risks.get(key, ())) for key in "abcRP"}
    earlier = shown(plan(*map(changes.__getitem__, before)))

    assert since_review(plan(*map(changes.__getitem__, after)), [earlier]) == told


def test_several_reviews_count_together() -> None:
    """
    What either of two pull requests showed was shown.
    """
    one, two = change("update", "a"), change("create", "b")

    assert since_review(plan(one, two), [shown(plan(one)), shown(plan(two))]) == ""


def test_too_many_to_keep_are_compared_as_a_whole() -> None:
    """
    Beyond what a comment can hold the digests are compared, and that is said.
    """
    many = plan(*(change("create", f"u{number}") for number in range(MOST_SHOWN + 1)))
    kept = shown(many)

    assert (kept.whole, len(kept.sorts)) == (False, MOST_SHOWN)
    assert since_review(many, [Shown(digest=many.digest, sorts={}, whole=False)]) == ""
    assert since_review(many, [Shown(digest="sha256:x", sorts={}, whole=False)]).startswith("another plan")
    assert sort_of(many.changes[0]) == "create"


def test_a_target_is_remembered_as_a_run_last_saw_it() -> None:
    """
    Linked entities have the fields we wrote, the values administrators own, and the ids of their groups.
    """
    row = LedgerRow(
        key="ann",
        link="7",
        names=Names(present="ann@example.com"),
        claims={
            "active": Claim(),
            "locale": Claim(owner="admin", saw="de_DE", wrote="en_US"),
            "profiles": Claim(owner="git", saw=("risk",), wrote=("Risk",)),
        },
        last=Last(state="inactive", fields={"email": "a@x"}, wrote={"email": "A@x"}, groups=("g-gone", "g-risk")),
    )
    group = LedgerRow(key="g-risk", link="2", names=Names(present="Risk"))
    unmade = LedgerRow(key="new")
    snapshot = remembered(Ledger(HEAD, {"ann": row, "new": unmade}, {"g-risk": group, "g-gone": unmade}))
    [ann], [risk] = snapshot.users, snapshot.groups

    assert ann.fields == {"email": "A@x", "locale": "de_DE", "profiles": ("Risk",)}
    assert (ann.id, ann.name, ann.active, ann.groups) == ("7", "ann@example.com", False, ("2",))
    assert (risk.name, risk.active, risk.fields) == ("Risk", True, {})
    assert list(snapshot.catalogue.profiles) == ["risk"]


def test_a_name_that_was_not_recorded_is_the_key() -> None:
    """
    A row of an interrupted run may have a link and no name yet.
    """
    [ann] = remembered(Ledger(HEAD, {"ann": LedgerRow(key="ann", link="7")}, {})).users

    assert (ann.name, ann.active) == ("ann", True)
