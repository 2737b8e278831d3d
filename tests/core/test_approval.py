"""
Which changes wait for an approval, and which an approved plan allows.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.approval import GUARD, Approval, awaiting
from reconciler.core.changes import Draft
from reconciler.core.guard import guard
from reconciler.core.model import Change
from reconciler.core.plan import plan_digest
from reconciler.core.policy import Guards, Limit
from tests.core.drafts import draft, facts, held, leaving, off, waiver

PLAIN, DANGER = draft("plain", id="plain"), draft("danger", id="danger", risk=("dangerous",))
AFTER, LAST = draft("after", id="after", needs=("danger",)), draft("last", id="last", needs=("after", "plain"))
ALL = (PLAIN, DANGER, AFTER, LAST)


def approval(*shown: Draft | Change) -> Approval:
    """
    Return the approval of a plan that showed these changes.
    """
    changes = [one.change if isinstance(one, Draft) else one for one in shown]
    return Approval(plan="sha256:p", changes={one.id: one for one in changes})


@pytest.mark.parametrize(
    ("approved", "chosen"),
    [
        pytest.param(None, ["plain"], id="no plan: nothing dangerous, and nothing that needs it"),
        pytest.param(approval(*ALL), ["plain", "danger", "after", "last"], id="all"),
        pytest.param(approval(DANGER), ["danger"], id="the dangerous one"),
        pytest.param(approval(AFTER, PLAIN, LAST), ["plain"], id="not what the others need"),
        pytest.param(approval(), [], id="none"),
    ],
)
def test_only_what_is_approved_is_made(approved: Approval | None, chosen: list[str]) -> None:
    """
    Without an approved plan everything but what is dangerous; with one, exactly what it shows and can be made.
    """
    found = guard(ALL, facts(approval=approved))

    assert [one.change.name for one in found.kept] == chosen
    assert held(found) == [(one.change.name, GUARD) for one in ALL if one.change.name not in chosen]


def test_what_is_not_approved_says_why() -> None:
    """
    A held change says what it waits for, and has the same id in every run.
    """
    dangerous, follower, _ = guard(ALL, facts()).held
    unnamed = guard(ALL, facts(approval=approval(PLAIN))).held[0]

    assert dangerous.reason == "it is dangerous, and needs an approved plan"
    assert follower.reason == "it needs a change that is held (update user 'danger': approval)"
    assert unnamed.reason == "it is not in the approved plan"
    assert dangerous.id == unnamed.id
    assert {"--approved" in one.release for one in (dangerous, follower, unnamed)} == {True}


@pytest.mark.parametrize(
    ("shown", "made"),
    [
        pytest.param({}, True, id="as shown"),
        pytest.param({"name": "somebody"}, False, id="shown of somebody else"),
        pytest.param({"after": {"locale": "en_US"}}, False, id="another value shown"),
        pytest.param({"risk": ()}, False, id="not shown as dangerous"),
        pytest.param({"expects": "6"}, False, id="the account has changed since"),
    ],
)
def test_only_what_was_shown_is_approved(*, shown: dict[str, Any], made: bool) -> None:
    """
    An id that stands in the plan is not enough: what a person approved is what the plan said beside it.
    """
    present = replace(DANGER, change=replace(DANGER.change, after={"locale": "de_DE"}, expects="7"))
    found = guard([present], facts(approval=approval(replace(present.change, **shown))))

    assert bool(found.kept) == made
    assert [one.reason.partition(":")[0] for one in found.held] == ["it is not what was approved"] * (not made)


def test_plain_change_stays_approved_when_its_account_moves() -> None:
    """
    An edit elsewhere in the row makes no approval of a plain change stale: its own values still hold.
    """
    present = replace(PLAIN, change=replace(PLAIN.change, expects="7"))
    found = guard([present], facts(approval=approval(replace(present.change, expects="6"))))

    assert (found.kept, found.held) == ((present,), ())


def test_approval_of_a_part_makes_no_accident_smaller() -> None:
    """
    Limits count everything that Git asks for: whoever approves three of ten deactivations gets none.
    """
    ten = [off(f"p{at}") for at in range(10)]
    found = guard(ten, facts(approval=approval(*ten[:3])))

    assert {code for _, code in held(found)} == {"users-deactivated"}
    assert found.kept == ()


def test_group_is_not_emptied_by_a_joiner_whom_nobody_approved() -> None:
    """
    Who will not join yet keeps no group from becoming empty.
    """
    joins = draft("new", before={"groups": ()}, after={"groups": ("g",)})
    last = leaving("old")
    found = guard([joins, last], facts(members={"g": 1}, approval=approval(last)))

    assert held(found) == [("new", GUARD), ("old", "group-emptied:Traders")]


def test_no_waiver_stands_for_an_approval() -> None:
    """
    What is dangerous is approved as it was shown, or not at all.
    """
    found = guard([DANGER], facts(waivers=(waiver(GUARD, 1),)))

    assert held(found) == [("danger", GUARD)]


def test_what_a_limit_holds_is_not_approved_with_the_plan() -> None:
    """
    Who approves a plan approves what only waits for that, and nothing that another guard holds in it.
    """
    drafts = [DANGER, AFTER, off("gone")]
    found = guard(drafts, facts(guards=Guards(limit=Limit(count=0, percent=0)), linked=9))

    assert [one.name for one in awaiting(found.held)] == ["danger", "after"]
    assert plan_digest([PLAIN.change], found.held) not in {plan_digest([PLAIN.change]), plan_digest([])}
