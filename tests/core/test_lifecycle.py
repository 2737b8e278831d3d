"""
What becomes of an entity as a whole: the policy's lifecycle table.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.correlate import Pair
from reconciler.core.ledger import Absent, Last, LedgerRow
from reconciler.core.lifecycle import Rules, absence, empties, group_fate, user_fate
from reconciler.core.model import Decisions, Desired, Equality, Live
from reconciler.core.ownership import Moment
from reconciler.core.policy import Policy, build

NOW = Moment(now="2026-11-22T10:00:00Z", run=2)
LIVE = Live(kind="user", id="1", name="ann", fields={"roles": ("User",)})
BOSS = replace(LIVE, fields={"roles": ("Admins",)})
ROW = LedgerRow(key="k", link="1", last=Last())
RETIRED = replace(ROW, last=Last(state="retired"))


def policy(**parts: Any) -> Policy:
    """
    Return a policy of which only the lifecycle matters.
    """
    return build({"roles": {"administrator": {"groups": ["Admins"]}}, **parts}, {})


def rules(*, first_run: bool = False, proved: bool = True, **parts: Any) -> Rules:
    """
    Return rules under a policy.
    """
    return Rules(
        policy=policy(**parts),
        equality=Equality(),
        fields={},
        shared={},
        first_run=first_run,
        fetched_at="2026-11-22T09:00:00Z",
        proved=proved,
    )


def desired(state: Any = "active", reason: str = "", *, kind: Any = "user", adopt: bool = False) -> Desired:
    """
    Return an entity as Git wants it.
    """
    decisions = Decisions(adopt=adopt)
    return Desired(
        kind=kind, key="k", name="ann", state=state, fields={}, origin="o", reason=reason, decisions=decisions
    )


def pair(
    wanted: Desired | None, live: Live | None, row: LedgerRow | None, *, via: str = "", kind: Any = "user"
) -> Pair:
    """
    Return an entity; linked where there is a row and something live.
    """
    return Pair(kind=kind, key="k", desired=wanted, live=live, row=row, via=via or ("link" if row and live else ""))


def users(**section: Any) -> dict[str, Any]:
    """
    Return the users' part of a policy.
    """
    return {"users": section}


INACTIVE = {reason: desired("inactive", reason) for reason in ("left", "suspended", "unprovisioned")}
DELETES = users(lifecycle={"missing": "delete"})
ADOPTS, REFUSES = users(lifecycle={"existing": "adopt"}), users(lifecycle={"existing": "refuse"})
REVIEWS, REPLACES = users(lifecycle={"existing": "review"}), users(rename="replace")
LOCAL, OTHER = users(lifecycle={"local": "deactivate"}), replace(LIVE, name="Ann")


@pytest.mark.parametrize(
    ("verb", "one", "settings"),
    [
        pytest.param("keep", pair(desired(), LIVE, ROW), {}, id="there"),
        pytest.param("create", pair(desired(), None, None), {}, id="new"),
        pytest.param("leave", pair(desired(), None, None), users(lifecycle={"new": "ignore"}), id="new, ignored"),
        pytest.param("create", pair(desired(), None, ROW), users(lifecycle={"new": "ignore"}), id="gone, ignored"),
        pytest.param("leave", pair(INACTIVE["left"], None, ROW), {}, id="left, and gone"),
        pytest.param("leave", pair(desired("untouched"), LIVE, ROW), {}, id="excluded"),
        pytest.param("off", pair(INACTIVE["left"], LIVE, ROW), {}, id="left"),
        pytest.param("off", pair(INACTIVE["suspended"], LIVE, ROW), {}, id="suspended"),
        pytest.param(
            "leave", pair(INACTIVE["suspended"], LIVE, ROW), users(lifecycle={"suspended": "keep"}), id="kept"
        ),
        pytest.param("off", pair(INACTIVE["unprovisioned"], LIVE, ROW), {}, id="unprovisioned"),
        pytest.param(
            "leave",
            pair(INACTIVE["unprovisioned"], LIVE, ROW),
            users(lifecycle={"unprovisioned": "keep"}),
            id="unprovisioned, kept",
        ),
        pytest.param("off", pair(INACTIVE["left"], LIVE, None, via="email"), ADOPTS, id="left, adopted"),
        pytest.param(
            "leave", pair(INACTIVE["left"], LIVE, None, via="email"), {**ADOPTS, "first_run": True}, id="first run"
        ),
        pytest.param("off", pair(None, LIVE, ROW), {}, id="missing"),
        pytest.param("delete", pair(None, LIVE, ROW), DELETES, id="missing, deleted"),
        pytest.param("leave", pair(None, LIVE, ROW), users(lifecycle={"missing": "keep"}), id="missing, kept"),
        pytest.param("leave", pair(None, None, ROW), {}, id="missing, and gone"),
        pytest.param("leave", pair(None, LIVE, None), {}, id="local, reported"),
        pytest.param("off", pair(None, LIVE, None), LOCAL, id="local"),
        pytest.param("leave", pair(None, LIVE, None), {**LOCAL, "first_run": True}, id="local, first run"),
        pytest.param("keep", pair(desired(), LIVE, None, via="user_name"), ADOPTS, id="adopted"),
        pytest.param("hold", pair(desired(), BOSS, None, via="user_name"), ADOPTS, id="an administrator's"),
        pytest.param("keep", pair(desired(adopt=True), BOSS, None, via="user_name"), ADOPTS, id="decided"),
        pytest.param("hold", pair(desired(), LIVE, None, via="user_name"), REFUSES, id="refused"),
        pytest.param("hold", pair(desired(), LIVE, None, via="user_name"), REVIEWS, id="to be reviewed"),
        pytest.param("keep", pair(desired(adopt=True), LIVE, None, via="email"), REFUSES, id="reviewed"),
        pytest.param("hold", pair(desired(adopt=True), OTHER, None, via="email"), REPLACES, id="cannot rename"),
        pytest.param("keep", pair(desired(adopt=True), LIVE, None, via="email"), REPLACES, id="need not rename"),
        pytest.param("keep", pair(desired(), BOSS, ROW, via="intent"), REFUSES, id="our own create"),
    ],
)
def test_what_becomes_of_a_user(verb: str, one: Pair, settings: dict[str, Any]) -> None:
    """
    Each state of a person, account and row has one fate; what is held says which decision releases it.
    """
    fate = user_fate(one, rules(**settings), NOW)

    assert fate.verb == verb
    assert bool(fate.release) is (verb == "hold")


def groups(**section: Any) -> dict[str, Any]:
    """
    Return the groups' part of a policy.
    """
    return {"groups": section}


GROUP = replace(LIVE, kind="group", fields={"name": "g"})
FLAGS = groups(lifecycle={"missing": "flag"})
WANTED = desired(kind="group")


@pytest.mark.parametrize(
    ("verb", "one", "settings"),
    [
        pytest.param("keep", pair(WANTED, GROUP, ROW, kind="group"), {}, id="there"),
        pytest.param("create", pair(WANTED, None, None, kind="group"), {}, id="new"),
        pytest.param(
            "leave", pair(replace(WANTED, reason="unpopulated"), None, None, kind="group"), {}, id="nobody in it"
        ),
        pytest.param("leave", pair(None, GROUP, ROW, kind="group"), {}, id="missing, kept"),
        pytest.param("off", pair(None, GROUP, ROW, kind="group"), FLAGS, id="missing"),
        pytest.param("leave", pair(None, GROUP, RETIRED, kind="group"), FLAGS, id="put away already"),
        pytest.param("leave", pair(None, GROUP, None, kind="group"), FLAGS, id="local"),
        pytest.param("leave", pair(None, None, ROW, kind="group"), FLAGS, id="gone"),
        pytest.param(
            "delete", pair(None, GROUP, ROW, kind="group"), groups(lifecycle={"missing": "delete"}), id="deleted"
        ),
        pytest.param("keep", pair(WANTED, GROUP, RETIRED, kind="group"), FLAGS, id="back"),
        pytest.param(
            "leave",
            pair(WANTED, GROUP, RETIRED, kind="group"),
            groups(lifecycle={"returned": "keep"}),
            id="left so",
        ),
        pytest.param("hold", pair(WANTED, GROUP, None, via="user_name", kind="group"), {}, id="to be reviewed"),
    ],
)
def test_what_becomes_of_a_group(verb: str, one: Pair, settings: dict[str, Any]) -> None:
    """
    Each state of a group has one fate.
    """
    assert group_fate(one, rules(**settings)).verb == verb


@pytest.mark.parametrize(
    ("before", "proved", "expected"),
    [
        pytest.param(None, True, ("2026-11-22T09:00:00Z", 1), id="first"),
        pytest.param(
            ("2026-11-20T09:00:00Z", 1, "2026-11-20T09:00:00Z"), True, ("2026-11-20T09:00:00Z", 2), id="next"
        ),
        pytest.param(
            ("2026-11-20T09:00:00Z", 2, "2026-11-22T09:00:00Z"), True, ("2026-11-20T09:00:00Z", 2), id="same"
        ),
        pytest.param(
            ("2026-11-20T09:00:00Z", 1, "2026-11-20T09:00:00Z"), False, ("2026-11-20T09:00:00Z", 1), id="no proof"
        ),
    ],
)
def test_exports_without_somebody_are_counted_once(
    before: tuple[str, int, str] | None, expected: tuple[str, int], *, proved: bool
) -> None:
    """
    An export counts towards an absence once, and only if it proves it.
    """
    absent = Absent(since=before[0], exports=before[1], fetched_at=before[2]) if before else None
    counted = absence(pair(None, LIVE, replace(ROW, absent=absent)), rules(proved=proved))

    assert (counted.since, counted.exports) == expected


def test_absence_lasts_hours_as_well_as_exports() -> None:
    """
    Both have to be enough.
    """
    settings = users(absent_for={"exports": 1, "hours": 2})
    fresh = replace(ROW, absent=Absent(since="2026-11-22T08:00:01Z", exports=3, fetched_at="x"))
    old = replace(ROW, absent=Absent(since="2026-11-22T08:00:00Z", exports=3, fetched_at="x"))

    assert user_fate(pair(None, LIVE, fresh), rules(**settings), NOW).verb == "leave"
    assert user_fate(pair(None, LIVE, old), rules(**settings), NOW).verb == "off"


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        pytest.param({"move_to": "Standalone"}, True, id="moved"),
        pytest.param("delete", True, id="deleted"),
        pytest.param("flag", False, id="flagged"),
        pytest.param("keep", False, id="kept"),
    ],
)
def test_a_group_that_goes_away_loses_its_members(missing: Any, *, expected: bool) -> None:
    """
    Groups that are moved or deleted are emptied; the others keep whoever is in them.
    """
    assert empties(policy(**groups(lifecycle={"missing": missing}))) is expected
