"""
Every limit at its value and one above; what is held with what; what releases it.
"""

from typing import Any

import msgspec
import pytest

from reconciler.core.canonical import digest
from reconciler.core.changes import DISARMED, TAKEN, Draft
from reconciler.core.guard import counted, guard
from reconciler.core.limits import COUNTED
from reconciler.core.model import Held, Notice, Value
from reconciler.core.policy import Guards, Limit
from reconciler.core.weigh import weighed
from tests.core.drafts import NOW, draft, facts, held, leaving, off, waiver


@pytest.mark.parametrize("code", COUNTED)
@pytest.mark.parametrize(
    ("limit", "total", "number", "trips"),
    [
        pytest.param(Limit(count=3, percent=5), 20, 3, False, id="at the count"),
        pytest.param(Limit(count=3, percent=5), 20, 4, True, id="above the count"),
        pytest.param(Limit(count=3, percent=5), 100, 5, False, id="at the percentage"),
        pytest.param(Limit(count=3, percent=5), 100, 6, True, id="above the percentage"),
    ],
)
def test_kind_is_held_above_its_limit(code: str, *, limit: Limit, total: int, number: int, trips: bool) -> None:
    """
    Up to the larger of count and percentage a kind passes, one more holds all of its kind, and the rest goes on.
    """
    also = ("left:g",) if code == "memberships-removed" else ()
    of_a_kind = [draft(f"p{at}", code, *also) for at in range(number)]
    limits = Guards(limit=limit, leavers=limit, daily=Limit(count=100, percent=100))
    armed = frozenset(f"a{at}" for at in range(total))
    about = facts(guards=limits, linked=total, groups=total, armed=armed, memberships=total, members={"g": total})
    found = guard([*of_a_kind, draft("rest")], about)

    assert len(found.held) == (number if trips else 0)
    assert found.kept[-1].change.name == "rest"
    assert {one.guard for one in found.held} <= {code}


def test_memberships_are_limited_per_group() -> None:
    """
    A small group is guarded by its own size.
    """
    found = guard(
        [leaving(f"p{at}") for at in range(4)] + [leaving("x", "h")],
        facts(members={"g": 8, "h": 400}, memberships=408),
    )

    assert {code for _, code in held(found)} == {"memberships-removed:Traders"}
    assert len(found.held) == 4


def test_leavers_have_a_limit_of_their_own() -> None:
    """
    Ten explicit leavers pass where four absent people do not.
    """
    leavers = [off(f"l{at}", "leavers") for at in range(10)]
    found = guard([*leavers, *(off(f"p{at}") for at in range(4))], facts())

    assert [name for name, _ in held(found)] == ["p0", "p1", "p2", "p3"]
    assert {code for _, code in held(guard([*leavers, off("one more", "leavers")], facts()))} == {"leavers"}


@pytest.mark.parametrize(
    ("recent", "number", "trips"),
    [
        ([], 3, False),
        ([("2026-11-21T10:00:01Z", 3)], 3, False),
        ([("2026-11-21T10:00:01Z", 4)], 3, True),
        ([("2026-11-21T10:00:00Z", 4)], 3, False),
        ([("2026-11-21T11:00:00Z", 2), ("2026-11-22T09:00:00Z", 2)], 3, True),
    ],
)
def test_day_has_a_limit(recent: list[tuple[str, int]], number: int, *, trips: bool) -> None:
    """
    What landed in the last 24 hours counts, and not what landed before.
    """
    found = guard([off(f"p{at}") for at in range(number)], facts(recent={"users-deactivated": recent}))

    assert (len(found.held) == number) is trips
    assert not trips or "in the last 24 hours" in found.held[0].reason


def test_day_of_leavers_is_no_shorter_than_one_run() -> None:
    """
    Ten leavers may go in a day as they may in a run, and not eleven.
    """
    ten = facts(recent={"leavers": [("2026-11-22T09:00:00Z", 8)]})

    assert guard([off("a", "leavers"), off("b", "leavers")], ten).held == ()
    assert len(guard([off(name, "leavers") for name in "abc"], ten).held) == 3


@pytest.mark.parametrize("reading", [{"degraded": ("it shrank",)}, {"unread": "a page is missing"}], ids=str)
def test_bad_reading_removes_nothing_but_explicit_leavers(reading: dict[str, Any]) -> None:
    """
    Absences, set losses, deletes and moves are held on a bad reading of either side; explicit leavers act at once.
    """
    removals = [
        off("absent"),
        draft("deleted", action="delete"),
        draft("moved", action="move", kind="group"),
        draft("robbed", "roles-removed", risk=("removal",)),
        leaving("member"),
    ]
    found = guard([*removals, off("leaver", "leavers"), draft("changed")], facts(**reading))

    assert [one.change.name for one in found.kept] == ["leaver", "changed"]


def test_degraded_export_gives_no_power_back() -> None:
    """
    No re-activation and no privileged gain on a bad export; what is made without power is made.
    """
    drafts = [
        draft("back", "reactivated"),
        draft("boss", "created", "administrators-added"),
        draft("new", "created"),
    ]
    found = guard(drafts, facts(degraded=("stale",)))

    assert held(found) == [("back", "export-degraded"), ("boss", "export-degraded")]


def test_bad_target_read_creates_nothing() -> None:
    """
    On an incomplete reading of the target nothing is made, and nobody joins what is not made.
    """
    new = draft("new", "created", action="create")
    joined = draft("ann", needs=(new.change.id,), after={"groups": ("new",)})
    found = guard([new, joined, draft("bob")], facts(unread="a page is missing"))

    assert held(found) == [("new", "target-unread"), ("ann", "needs")]


@pytest.mark.parametrize(
    ("members", "joiners", "emptied", "trips"),
    [
        pytest.param(2, 0, (), True, id="the last two"),
        pytest.param(3, 0, (), False, id="one stays"),
        pytest.param(2, 1, (), False, id="one joins"),
        pytest.param(2, 0, ("g",), False, id="put away before"),
    ],
)
def test_group_is_not_emptied(members: int, joiners: int, *, emptied: tuple[str, ...], trips: bool) -> None:
    """
    A group that would lose its last member is held, except one that was put away.
    """
    joins = [draft(f"j{at}", before={"groups": ()}, after={"groups": ("g",)}) for at in range(joiners)]
    about = facts(members={"g": members}, emptied=frozenset(emptied))
    found = guard([leaving("a"), leaving("b"), *joins], about)

    assert {code for _, code in held(found)} == ({"group-emptied:Traders"} if trips else set())


@pytest.mark.parametrize(("members", "trips"), [(2, False), (3, True)], ids=["its own", "a stranger, too"])
def test_group_with_somebody_in_it_is_not_deleted(members: int, *, trips: bool) -> None:
    """
    A group is deleted only where this plan takes out everybody who is in it.
    """
    deleted = draft("g", "groups-deleted", action="delete", kind="group", risk=("removal",))
    found = guard([leaving("a"), leaving("b"), deleted], facts(members={"g": members}))

    assert ("g", "group-peopled") in held(found) if trips else found.held == ()


@pytest.mark.parametrize("action", ["move", "retire", "deactivate", "delete"])
def test_group_that_is_put_away_may_be_emptied(action: str) -> None:
    """
    Members of a group that this plan puts away leave it, however many; if that is held, so are they.
    """
    away = draft("g", "groups-removed", action=action, kind="group", risk=("removal",))
    drafts = weighed([*(leaving(f"p{at}") for at in range(9)), away], facts())
    free = guard(drafts, facts(members={"g": 9}))
    stuck = guard(drafts, facts(members={"g": 10}, guards=Guards(limit=Limit(count=0, percent=0))))

    assert free.held == ()
    assert {code for _, code in held(stuck)} == {"groups-removed", "needs"}
    assert len(stuck.held) == 10


def test_replaced_group_may_be_emptied() -> None:
    """
    Members of a group that has a successor leave it; if its end is held, they stay.
    """
    old = draft(
        "g", "groups-deactivated", "replaced", action="deactivate", kind="group", link="7", risk=("removal",)
    )
    drafts = weighed([leaving("p", "former:7"), leaving("q", "former:7"), old], facts())
    stuck = guard(drafts, facts(members={"former:7": 3}, guards=Guards(limit=Limit(count=0, percent=0))))

    assert guard(drafts, facts(members={"former:7": 2})).held == ()
    assert [code for _, code in held(stuck)] == ["needs", "needs", "groups-deactivated"]


def test_memberships_of_somebody_who_stays_stay() -> None:
    """
    Where a deactivation is held, so is the loss of memberships that goes with it, and only that.
    """
    drafts = [off(f"p{at}") for at in range(4)] + [leaving("p0"), leaving("other")]
    found = guard(weighed(drafts, facts()), facts())

    assert ("p0", "needs") in held(found)
    assert [one.change.name for one in found.kept] == ["other"]


def test_memberships_that_end_with_an_account_are_not_counted_twice() -> None:
    """
    A leaver of many groups is one leaver.
    """
    drafts = [*(leaving("p", f"g{at}") for at in range(20)), off("p")]
    members = {f"g{at}": 30 for at in range(20)}
    found = guard(weighed(drafts, facts()), facts(members=members))

    assert found.held == ()


def lost(name: str, **change: Any) -> Draft:
    """
    Return the end of an administrator's power.
    """
    return draft(name, "power-lost", risk=("removal", "privileged"), **change)


@pytest.mark.parametrize(
    ("minimum", "armed", "losses", "gains", "trips"),
    [
        pytest.param(1, 2, 1, 0, False, id="one remains"),
        pytest.param(1, 2, 2, 0, True, id="none remains"),
        pytest.param(2, 2, 1, 0, True, id="fewer than configured"),
        pytest.param(3, 2, 1, 1, False, id="as many as there are"),
        pytest.param(3, 2, 1, 0, True, id="fewer than there are"),
        pytest.param(0, 2, 2, 0, False, id="nobody is needed"),
        pytest.param(1, 1, 1, 1, False, id="handed over"),
    ],
)
def test_nobody_is_locked_out(minimum: int, armed: int, *, losses: int, gains: int, trips: bool) -> None:
    """
    The administrators that remain are at least as many as configured, or as there are.
    """
    drafts = [draft(f"n{at}", "administrators-added") for at in range(gains)]
    drafts += [lost(f"a{at}") for at in range(losses)]
    about = facts(armed=frozenset(f"l-a{at}" for at in range(armed)), guards=Guards(minimum_administrators=minimum))
    found = guard(drafts, facts=about)

    assert {code for _, code in held(found)} == ({"administrators-minimum"} if trips else set())


def test_lock_out_cannot_be_waived() -> None:
    """
    The one guard that no waiver releases.
    """
    about = facts(armed=frozenset({"l-a"}), waivers=(waiver("administrators-minimum", 1),))
    found = guard([lost("a")], about)

    assert held(found) == [("a", "administrators-minimum")]
    assert "no waiver" in found.held[0].release


@pytest.mark.parametrize(
    ("change", "power", "phase"),
    [
        pytest.param({"action": "deactivate"}, True, DISARMED, id="deactivated"),
        pytest.param({"action": "delete"}, True, DISARMED, id="deleted"),
        pytest.param({"after": {"roles": ("User",)}}, True, DISARMED, id="last role lost"),
        pytest.param({"after": {"roles": ("Admins", "User")}}, False, TAKEN, id="another role kept"),
        pytest.param({"after": {"locale": "x"}}, False, TAKEN, id="something else"),
        pytest.param({"action": "deactivate", "link": "l-user"}, False, TAKEN, id="no administrator"),
        pytest.param({"action": "deactivate", "kind": "group"}, False, TAKEN, id="a group"),
    ],
)
def test_power_is_lost_with_the_last_of_it(change: dict[str, Any], *, power: bool, phase: int) -> None:
    """
    An active administrator's power ends with the account or with its last privileged role, and not before.
    """
    (one,) = weighed([draft("boss", "power-lost", **change)], facts())

    assert ("power-lost" in one.tags, one.phase) == (power, phase)


@pytest.mark.parametrize(
    ("count", "change", "released"),
    [
        (4, {}, True),
        (3, {}, False),
        (5, {}, False),
        (4, {"until": "2026-11-21"}, False),
        (4, {"target": "other"}, False),
        (4, {"guard": "users-deleted"}, False),
    ],
)
def test_waiver_allows_exactly_what_it_says(count: int, change: dict[str, Any], *, released: bool) -> None:
    """
    A waiver counts only with the exact number, for this guard and target, until its last day; it is told.
    """
    allowed = waiver("users-deactivated", count, **change)
    found = guard([off(f"p{at}") for at in range(4)], facts(waivers=(allowed,)))

    assert (found.held == ()) is released
    assert [one.level for one in found.notices] == (["warning"] if released else ["held"])
    assert found.waived == ({"users-deactivated"} if released else set())


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        pytest.param({"count": 3}, "allows exactly 3, and this is 4", id="another count"),
        pytest.param({"until": "2026-11-21"}, "ended on 2026-11-21", id="yesterday"),
        pytest.param({"since": "2026-11-23"}, "begins on 2026-11-23", id="tomorrow"),
        pytest.param(
            {"count": 5, "until": "2026-11-21"},
            "ended on 2026-11-21 and allows exactly 5, and this is 4",
            id="both",
        ),
    ],
)
def test_waiver_that_does_not_fit_says_what_it_lacks(change: dict[str, Any], lacks: str) -> None:
    """
    Both numbers, or the day: whoever wrote the waiver reads in the plan why it releases nothing.
    """
    found = guard(
        [off(f"p{at}") for at in range(4)], facts(waivers=(waiver("users-deactivated", **{"count": 4, **change}),))
    )

    assert found.held[0].reason.endswith(f"; the waiver at w:1 {lacks}")
    assert found.notices[0].text == found.held[0].reason


def test_guard_is_told_with_the_waivers_that_release_others() -> None:
    """
    What trips is told once by its code and reason; what was waived is told with the waiver's reason and place.
    """
    allowed = waiver("users-deactivated", 4)
    about = facts(waivers=(allowed,), degraded=("stale",))
    found = guard([*(off(f"p{at}", "leavers", "users-deactivated") for at in range(4)), off("q")], about)

    assert found.notices == (
        Notice(code="export-degraded", level="held", text="stale: nothing is removed on such an export"),
        Notice(
            code="users-deactivated",
            level="warning",
            text="4 users deactivated, of 20: more than max(3, 5 %); waived (T-2; w:1)",
        ),
    )


def test_waiver_holds_on_its_first_and_its_last_day() -> None:
    """
    Both days are inclusive, in UTC.
    """
    today = waiver("users-deactivated", 4, since=NOW[:10], until=NOW[:10])

    assert guard([off(f"p{at}") for at in range(4)], facts(waivers=(today,))).held == ()


def test_what_follows_says_what_to_release() -> None:
    """
    A change that waits for a held one names it, and bears the release that sets both free.
    """
    drafts = weighed([off(f"p{at}") for at in range(4)] + [leaving("p0")], facts())
    found = {one.guard: one for one in guard(drafts, facts()).held}

    assert found["needs"].reason == "its deactivation is held (deactivate user 'p0': users-deactivated)"
    assert found["needs"].release == found["users-deactivated"].release


@pytest.mark.parametrize(
    ("stopped", "follower", "why"),
    [
        pytest.param(
            draft("a", "reactivated"),
            draft("b", needs=("c-a-['reactivated']",)),
            "it needs a change that is held (update user 'a': export-degraded)",
            id="what it needs",
        ),
        pytest.param(
            off("a"),
            draft("a", "left:h", after={"groups": ()}),
            "its deactivation is held (deactivate user 'a': export-degraded)",
            id="the end of its account",
        ),
        pytest.param(
            draft("g", "groups-removed", action="retire", kind="group"),
            draft("a", "left:g", after={"groups": ()}),
            "its group stays: that change is held (retire group 'g': export-degraded)",
            id="the end of its group",
        ),
    ],
)
def test_what_follows_says_for_what_it_waits(stopped: Draft, follower: Draft, why: str) -> None:
    """
    The whole hold of a change that waits for another: its own name and change, the other's release, and why.
    """
    first, second = guard([stopped, follower, draft("rest")], facts(degraded=("stale",))).held

    assert second == Held(
        id=digest("registry", "user", follower.change.key, "update", _moved(follower), "needs"),
        kind="user",
        key=follower.change.key,
        name=follower.change.name,
        reason=why,
        release=first.release,
        guard="needs",
        change=follower.change,
    )


def _moved(one: Draft) -> list[tuple[str, list[str]]]:
    """
    Return the fields of a change as a hold's id counts them, where no set moves.
    """
    return [(name, []) for name in sorted(one.change.after)]


def test_release_says_what_to_type() -> None:
    """
    The text of a hold is the waiver that releases it, a name that needs quotes included.
    """
    found = guard([leaving(f"p{at}") for at in range(4)], facts(members={"g": 8}, names={"g": 'O"Hara'}))

    assert found.held[0].release == (
        "correct the source, or waive it in state/overrides/waivers.yaml: - {target: registry, guard: "
        '"memberships-removed:O\\"Hara", count: 4, until: 2026-11-22, reason: ...}'
    )


def test_hold_keeps_its_id_and_no_two_share_one() -> None:
    """
    A hold is known again on another day, also when more is held with it; two of one person are two.
    """
    first = guard([leaving("a", "g"), leaving("a", "h")], facts(degraded=("stale",)))
    again = guard([leaving("a", "h"), leaving("b", "h")], facts(degraded=("stale",), now="2026-11-23T10:00:00Z"))

    assert len({one.id for one in first.held}) == 2
    assert first.held[1].id == again.held[0].id


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        pytest.param("locale", "de_DE", "fr_FR", True, id="another value of a field"),
        pytest.param("roles", ("A",), ("B",), False, id="other elements of a set"),
    ],
)
def test_hold_is_about_a_field_or_the_elements_that_move(
    field: str, one: Value, other: Value, *, same: bool
) -> None:
    """
    Who sees a field held need not decide again when its value moves; of a set each loss is its own decision.
    """
    ids = {
        guard(
            [draft("a", "reactivated", before={field: ("A", "B")}, after={field: value})],
            facts(degraded=("stale",)),
        )
        .held[0]
        .id
        for value in (one, other)
    }

    assert (len(ids) == 1) is same


def test_what_rests_on_something_held_is_held_however_far() -> None:
    """
    A change that needs a held one is held, and whatever needs that, and what goes with it.
    """
    first = draft("a", "reactivated")
    second = off("b", "leavers")
    second = msgspec.structs.replace(
        second, change=msgspec.structs.replace(second.change, needs=(first.change.id,))
    )
    found = guard([leaving("b"), first, second, draft("c")], facts(degraded=("stale",), members={"g": 9}))

    assert [one.change.name for one in found.kept] == ["c"]
    assert dict(held(found)) == {"a": "export-degraded", "b": "needs"}


def test_only_counted_tags_count() -> None:
    """
    What is counted over a day is what guards count.
    """
    assert counted(["leavers", "left:g", "power-lost", "memberships-ended"]) == {"leavers"}
