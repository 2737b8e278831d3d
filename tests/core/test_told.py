"""
What a plan tells of itself beside its changes: counts, names, holds that stand since before, who owns what anew.
"""

from typing import Any

import pytest

from reconciler.core.approval import GUARD
from reconciler.core.canonical import digest
from reconciler.core.changes import CHANGED, Draft
from reconciler.core.correlate import Pair
from reconciler.core.guard import Guarded
from reconciler.core.ledger import Head, Hold, Ledger, LedgerRow
from reconciler.core.lifecycle import LEAVE
from reconciler.core.model import Change, ClaimNews, Conflict, Desired, Expiring, Held, Inputs, Live, Notice, Plan
from reconciler.core.news import FieldHold
from reconciler.core.plan import Telling, plan_digest, told, told_as_held
from reconciler.core.settle import Settled


def change(name: str, **more: Any) -> Change:
    """
    Return an update of somebody.
    """
    return Change(**{"id": f"c-{name}", "action": "update", "kind": "user", "key": name, "name": name, **more})


def held(name: str, guard: str = "", **more: Any) -> Held:
    """
    Return something held.
    """
    given = {"kind": "user", "key": name, "name": name, "reason": "why", "release": "how"}
    return Held(**{"id": f"h-{name}", **given, "guard": guard, **more})


def telling(*standing: str) -> Telling:
    """
    Return what a plan says of itself, where some holds were told before.
    """
    holds = tuple(Hold(id=one, since="2026-11-21T10:00:00Z", run=1) for one in standing)
    return Telling(
        target="registry",
        identity="sql:registry",
        tool="reconciler 1",
        inputs=Inputs(export="sha256:e"),
        ledger=Ledger(Head(version=1, lineage="l", target="registry", holds=holds), {}, {}),
        names={"g": "Traders", "h": "Desk"},
        entities={"user": 2},
    )


def settled(key: str, name: str = "", *, holds: tuple[FieldHold, ...] = (), **more: Any) -> Settled:
    """
    Return somebody settled, who is desired and live under a name; without a name neither.
    """
    desired = Desired(kind="user", key=key, name=f"new {name}", state="active", fields={}, origin="users.jsonl:1")
    pair = {
        "desired": desired if name else None,
        "live": Live(kind="user", id="7", name=name, fields={}) if name else None,
        "row": None,
        **more.pop("pair", {}),
    }
    return Settled(pair=Pair(kind="user", key=key, **pair), fate=LEAVE, goal=None, holds=holds, **more)


def news(key: str, field: str) -> ClaimNews:
    """
    Return news of one field.
    """
    return ClaimNews(kind="user", key=key, name=key, field=field, row=16, owner="admin", text="moved")


def plan(guarded: Guarded, *standing: str, **more: Any) -> Plan:
    """
    Return the plan of what passed the guards; what is not said is empty.
    """
    quiet: dict[str, Any] = {"settled": (), "conflicts": (), "notices": (), "expiring": ()}
    return told(telling(*standing), guarded, **{**quiet, **more})


def test_plan_says_all_that_it_was_given() -> None:
    """
    Each part of the plan is the one that was found, in an order that does not depend on how it came.
    """
    made = change("ann", after={"groups": ("g",)}, before={"groups": ("x",)}, risk=("dangerous", "privileged"))
    waits = held("bob", GUARD, change=change("bob", after={"groups": ("h",)}))
    clash = Conflict(id="k", kind="user", keys=("cleo",), message="two", release="decide")
    late, soon = (
        Expiring(origin=f"o:{at}", until=until, text="t") for at, until in enumerate(("2026-12-02", "2026-12-01"))
    )
    notice, guards_own = (Notice(code=code, level="note", text="t") for code in ("world", "guard"))
    found = plan(
        Guarded(kept=(Draft(change=made, phase=CHANGED),), held=(waits,), notices=(guards_own,)),
        settled=(
            settled("b", news=(news("b", "roles"), news("b", "locale"))),
            settled("a", news=(news("a", "z"),)),
        ),
        conflicts=(clash,),
        notices=(notice,),
        expiring=(late, soon),
    )

    assert found == Plan(
        version=1,
        tool="reconciler 1",
        target="registry",
        identity="sql:registry",
        scope="all",
        inputs=Inputs(export="sha256:e"),
        summary={
            "changes": 1,
            "claims": 3,
            "conflicts": 1,
            "dangerous": 1,
            "held": 1,
            "privileged": 1,
            "user-update": 1,
        },
        changes=(made,),
        held=(waits,),
        conflicts=(clash,),
        claims=(news("a", "z"), news("b", "locale"), news("b", "roles")),
        expiring=(soon, late),
        notices=(guards_own, notice),
        names={"g": "Traders", "h": "Desk", "x": "x"},
        entities={"user": 2},
        digest=digest(["c-ann"], ["c-bob"]),
    )
    assert list(found.summary) == sorted(found.summary)
    assert list(found.names) == ["g", "h", "x"]


def test_what_expires_on_one_day_is_told_by_its_place() -> None:
    """
    Two that end on the same day come in the order of their files.
    """
    here, there = (Expiring(origin=origin, until="2026-12-01", text="t") for origin in ("a:1", "b:1"))

    assert plan(Guarded(kept=(), held=()), expiring=(there, here)).expiring == (here, there)


def test_what_was_told_before_stands() -> None:
    """
    A hold or a conflict that an earlier run recorded is told as standing, and only that.
    """
    old, new = (Conflict(id=one, kind="user", keys=(one,), message="two", release="how") for one in ("k", "n"))
    found = plan(Guarded(kept=(), held=(held("a"), held("b"))), "h-b", "k", conflicts=(old, new))

    assert [(one.id, one.standing) for one in found.held] == [("h-a", False), ("h-b", True)]
    assert [(one.id, one.standing) for one in found.conflicts] == [("k", True), ("n", False)]


def test_holds_are_known_from_head_and_rows() -> None:
    """
    What was told is found wherever the ledger keeps it: for people, for groups, and for who has no row.
    """
    one, two, three = (Hold(id=name, since="2026-11-21T10:00:00Z", run=1) for name in ("u", "g", "h"))
    head = Head(version=1, lineage="l", target="registry", holds=(three,))
    users, groups = {"a": LedgerRow(key="a", holds=(one,))}, {"g": LedgerRow(key="g", holds=(two,))}

    assert told_as_held(Ledger(head, users, groups)) == {"u", "g", "h"}


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        pytest.param({}, "Ann", id="as it is live"),
        pytest.param({"live": None}, "new Ann", id="as it is desired"),
        pytest.param({"live": None, "desired": None}, "a", id="by its key"),
    ],
)
@pytest.mark.parametrize(("field", "guard"), [("roles", "ownership"), ("", "adoption")])
def test_field_that_waits_for_a_decision_is_held(field: str, guard: str, pair: dict[str, Any], name: str) -> None:
    """
    It is told under the name that is known best, with what releases it, and is known again by its id.
    """
    one = settled("a", "Ann", holds=(FieldHold(field=field, reason="why", release="how"),), pair=pair)
    place = digest("registry", "user", "a", field, "why")
    found = plan(Guarded(kept=(), held=(held("x"),)), place, settled=(one,)).held

    assert found[0] == held("x")
    assert found[1:] == (
        Held(
            id=place,
            kind="user",
            key="a",
            name=name,
            reason="why",
            release="how",
            guard=guard,
            field=field,
            standing=True,
        ),
    )


def test_digest_counts_what_waits_for_approval_alone() -> None:
    """
    Who approves a plan approves what waits for nothing else, in whatever order it comes; other holds do not count.
    """
    first, second = (held(name, GUARD, change=change(name)) for name in "ab")
    other = held("c", "users-deactivated", change=change("c"))
    made = [change("m"), change("n")]

    assert plan_digest(made[::-1], [second, other, first]) == digest(["c-m", "c-n"], ["c-a", "c-b"])
    assert plan_digest(made, [other]) == plan_digest(made) == digest(["c-m", "c-n"])


def test_nothing_that_is_left_alone_is_told() -> None:
    """
    Without changes, holds and news a plan has its four counts, all of them nothing.
    """
    found = plan(Guarded(kept=(), held=()), settled=(settled("a", "Ann"),))

    assert found.summary == {"changes": 0, "claims": 0, "conflicts": 0, "held": 0}
    assert (found.names, found.claims) == ({}, ())
