"""
What the whole decision promises: bad readings remove nothing and become nobody's normal, nobody is locked out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.claims import elements
from reconciler.core.model import Equality, Live, Snapshot
from reconciler.errors import HeldError, InputError, TargetError
from reconciler.files.state import read_state
from reconciler.ports import Write
from tests.targets.memory import MemoryTarget
from tests.world import World, summary

NAMES = ("ann", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "jon")
GUARDS = {
    "limit": {"count": 3, "percent": 5},
    "daily": {"count": 6, "percent": 10},
    "shrunken": {"count": 3, "percent": 20},
}


class PartialTarget(MemoryTarget):
    """
    A target whose readings may lack accounts, groups or the whole catalogue, and say so.
    """

    unseen: frozenset[str] = frozenset()

    def read(self) -> Snapshot:
        """
        Return what can be seen.
        """
        whole = super().read()
        users, groups = (
            tuple(one for one in kind if one.name not in self.unseen) for kind in (whole.users, whole.groups)
        )
        catalogue = replace(whole.catalogue, profiles=_seen(whole.catalogue.profiles, self.unseen))
        return replace(
            whole,
            users=users,
            groups=groups,
            catalogue=catalogue,
            complete=not self.unseen,
            problem="a page is missing",
        )


def _seen(profiles: dict[str, Any], unseen: frozenset[str]) -> dict[str, Any]:
    return {name: profile for name, profile in profiles.items() if name not in unseen}


@pytest.fixture
def target() -> PartialTarget:
    """
    Return an empty target.
    """
    return PartialTarget(profiles=("Default", "Risk"))


@pytest.fixture
def world(target: PartialTarget, tmp_path: Path) -> World:
    """
    Return ten people, two of them administrators, applied.
    """
    world = World(target, tmp_path, policy={"guards": GUARDS, "profiles": {"by_group": {"staff": ["Risk"]}}})
    for name in NAMES:
        world.cloud_says(name, roles=("Administrator",) if name in {"ann", "bob"} else ())
    world.apply()
    return world


def lose(world: World, *names: str) -> None:
    """
    Have the cloud lose people, as far as it still has them.
    """
    for name in names:
        if f"id-{name}" in world.people:
            world.cloud_loses(name)


def removals(world: World) -> list[str]:
    """
    Return whom a plan takes something from.
    """
    return [one.name for one in world.plan().changes if "removal" in one.risk]


def held(world: World) -> set[tuple[str, str]]:
    """
    Return what a plan holds, and by which guard.
    """
    return {(one.name, one.guard) for one in world.plan().held}


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        pytest.param(lambda w: w.manifest.update(complete=False), "incomplete", id="incomplete"),
        pytest.param(lambda w: lose(w, *NAMES[2:]), "shrunk", id="shrunken"),
        pytest.param(lambda w: lose(w, *NAMES), "empty", id="empty"),
        pytest.param(lambda w: (w.export(), w.time_passes(hours=37)), "stale", id="stale"),
    ],
)
def test_p1_bad_export_removes_nothing_and_the_plan_says_why(
    world: World, spoil: Callable[[World], object], word: str
) -> None:
    """
    On an export that proves no absence nothing is removed, and what would be is held.
    """
    lose(world, "jon")
    spoil(world)
    plan = world.plan()

    assert ("jon", "export-degraded") in {(one.name, one.guard) for one in plan.held}
    assert summary(plan) == []
    assert word in next(one.text for one in plan.notices if one.code == "export-degraded")


def test_p1_explicit_leaver_goes_while_absences_are_held(world: World) -> None:
    """
    Whom the source calls a leaver is switched off at once, even on an incomplete export; a newcomer comes.
    """
    world.manifest = {"complete": False}
    lose(world, "jon", "hal")
    world.cloud_says("ida", state="left")
    world.cloud_says("zoe")
    world.apply()

    assert {name: world.live(name).active for name in ("ida", "jon", "hal", "zoe")} == {
        "ida": False,
        "jon": True,
        "hal": True,
        "zoe": True,
    }


def test_bad_export_is_told_where_nothing_is_held(world: World) -> None:
    """
    An export that proves nothing is told, also when it takes nothing from anybody.
    """
    world.manifest = {"complete": False}
    plan = world.plan()

    assert (summary(plan), plan.held) == ([], ())
    assert [(one.code, one.level) for one in plan.notices] == [("export-degraded", "warning")]


def test_bad_export_does_not_become_the_new_normal(world: World) -> None:
    """
    A shrunken export is as shrunken the tenth time: what was applied last stays what counts.
    """
    lose(world, *NAMES[5:])
    first = held(world)
    for _ in range(10):
        world.apply()
        world.fetched_at = None
        world.cloud_says("ann", first_name=f"Ann at {world.now}")

    assert held(world) == first
    assert world.ledger.head.counts.users == 10
    assert all(world.live(name).active for name in NAMES)


def test_shrinking_slowly_is_still_counted_over_a_day(world: World) -> None:
    """
    Little by little, within each run's limit, no more than a day's limit leaves.
    """
    for name in NAMES[2:]:
        lose(world, name)
        world.apply()
    gone = [name for name in NAMES if not world.live(name).active]

    assert len(gone) == 6


def test_waived_export_is_accepted_as_it_is(world: World) -> None:
    """
    A waiver with the exact count lets the absences pass, and the export is the normal from then on.
    """
    lose(world, *NAMES[5:])
    count = sum(1 for one in world.plan().held if one.guard == "export-degraded")
    world.git_waives("export-degraded", count)
    world.git_waives("users-deactivated", 5)
    world.apply()

    assert [name for name in NAMES if not world.live(name).active] == [*NAMES[5:]]
    assert world.ledger.head.counts.users == 5


def test_bad_exports_are_no_quorum(world: World) -> None:
    """
    Absence in exports that prove nothing is not counted towards `absent_for`.
    """
    world.changes_policy({"users": {"absent_for": {"exports": 2}}})
    lose(world, "jon")
    world.manifest = {"complete": False}
    for _ in range(3):
        world.apply()
        world.fetched_at = None
    world.manifest = {}
    first = removals(world)
    world.apply()
    world.fetched_at = None

    assert first == []
    assert set(removals(world)) == {"jon"}


@pytest.mark.parametrize("unseen", ["ann", "jon", "Cloud - staff", "Risk", "Default"])
def test_bad_target_reading_creates_nothing_and_removes_nothing(
    world: World, target: PartialTarget, unseen: str
) -> None:
    """
    Whatever is missing from a reading of the target, nothing is made and nothing is taken.
    """
    lose(world, "ida")
    target.admin_creates("local")
    target.unseen = frozenset({unseen})
    plan = world.plan()

    assert [one for one in plan.changes if one.action == "create" or "removal" in one.risk] == []
    assert {one.guard for one in plan.held} <= {"target-unread", "needs"}
    assert plan.held


def test_held_is_standing_once_it_was_recorded(world: World) -> None:
    """
    A hold that an earlier run told is standing; one that joins it is not.
    """
    world.manifest = {"complete": False}
    lose(world, "jon")
    before = [one.standing for one in world.plan().held]
    world.apply()
    world.fetched_at = None
    after = [one.standing for one in world.plan().held]
    lose(world, "ida")
    both = {(one.name, one.standing) for one in world.plan().held}

    assert set(before) == {False}
    assert set(after) == {True}
    assert both == {("jon", True), ("ida", False)}


def test_conflict_is_standing_once_it_was_recorded(world: World, target: PartialTarget) -> None:
    """
    The same for conflicts, of which the ledger may know no row.
    """
    target.admin_creates("root", locale="fr_FR")
    world.cloud_says("evil", user_name="root")
    before = [one.standing for one in world.plan().conflicts]
    world.apply()
    after = [one.standing for one in world.plan().conflicts]

    assert (before, after) == ([False], [True])


def test_what_is_held_does_not_stop_the_rest(world: World) -> None:
    """
    Four absent people are held, and everybody else is kept up to date.
    """
    world.changes_policy({"guards": {"shrunken": {"count": 9}}})
    lose(world, *NAMES[6:])
    world.cloud_says("cleo", first_name="Cleo")
    world.apply()

    assert world.value("cleo", "first_name") == "Cleo"
    assert all(world.live(name).active for name in NAMES)
    assert world.members("Cloud - staff") == set(NAMES)


def test_older_export_is_refused(world: World) -> None:
    """
    What is older than what was applied is refused, and with a waiver goes back.
    """
    world.fetched_at = "2026-11-22T09:00:00Z"
    with pytest.raises(HeldError, match="applied already"):
        world.plan()
    world.git_waives("export-older", 1)

    assert summary(world.plan()) == []


def test_overrides_that_cannot_be_resolved_stop_everything(world: World) -> None:
    """
    An override about nobody is an error, whatever else there is to do.
    """
    world.git_says("nobody", include=True)

    with pytest.raises(InputError, match="unknown user 'nobody'"):
        world.plan()


def test_excluded_group_is_left_alone(world: World, target: PartialTarget) -> None:
    """
    A group that an override excludes keeps its name, its description and whoever is in it.
    """
    target.admin_creates("local")
    target.admin_joins("local", "Cloud - staff")
    world.git_says(group="staff", exclude=True)
    world.cloud_has_group("staff", description="ours")
    world.cloud_has_group("other", roles=("User",))
    world.cloud_says("jon", groups=("other",))
    plan = world.plan()
    touched = {key for one in plan.changes for key in elements(one.before.get("groups"))}

    assert ("deactivate", "local") in {(one.action, one.name) for one in plan.changes}
    assert (touched, [one.name for one in plan.changes if one.kind == "group"]) == (set(), ["Cloud - other"])


def test_group_without_a_login_role_any_more_is_put_away(world: World) -> None:
    """
    A group that no longer grants a login role is put away, and the plan says so.
    """
    world.cloud_has_group("traders", roles=("User",))
    world.cloud_says("jon", groups=("staff", "traders"))
    world.apply()
    world.cloud_has_group("traders", roles=())
    moved = next(one for one in world.plan().changes if one.action == "move")

    assert "grants no login role" in moved.because["parent"]


def test_expiring_waivers_are_told(world: World) -> None:
    """
    A waiver that ends soon is told like an override that does.
    """
    world.git_waives("leavers", 3, until="2026-11-30")
    world.git_says("ann", give=("locale",), until="2026-12-01")

    assert [one.until for one in world.plan().expiring] == ["2026-11-30", "2026-12-01"]


def test_successor_of_the_last_administrator_takes_over(target: PartialTarget, tmp_path: Path) -> None:
    """
    The only administrator can be renamed where the target cannot: the new account is there before the old one ends.
    """
    world = World(target, tmp_path, policy={"users": {"rename": "replace"}})
    world.cloud_says("ann", roles=("Administrator",))
    world.apply()
    world.cloud_says("ann", user_name="anna")
    plan = world.plan()
    world.apply()

    assert plan.held == ()
    assert (world.live("ann").active, world.live("anna").active) == (False, True)


def test_deleting_policy_locks_nobody_out(target: PartialTarget, tmp_path: Path) -> None:
    """
    Where absent people are deleted, the last administrator is not, and nothing is deleted on a bad export.
    """
    policy = {"users": {"lifecycle": {"missing": "delete"}}, "groups": {"lifecycle": {"missing": "delete"}}}
    world = World(target, tmp_path, policy=policy)
    world.cloud_says("ann", roles=("Administrator",))
    world.cloud_says("bob")
    world.apply()
    world.cloud_loses("ann")
    guards = held(world)
    world.manifest = {"complete": False}
    lose(world, "bob")
    world.cloud_loses_group("staff")

    assert ("ann", "administrators-minimum") in guards
    assert summary(world.plan()) == []


def test_p6_old_administrator_stays_where_the_grant_of_the_new_one_fails(
    world: World, target: PartialTarget
) -> None:
    """
    Power is taken only once everybody who shall have it has got it.
    """
    world.cloud_says("ann", roles=())
    world.cloud_says("bob", roles=())
    world.cloud_says("cleo", roles=("Administrator",))
    target.refuses = {"cleo": "no"}
    world.apply()
    refused = administrators(target)
    target.refuses = {}
    world.apply()

    assert (refused, administrators(target)) == (2, 1)


Acts = list[tuple[str, str]]
ACTS = st.lists(
    st.tuples(st.sampled_from(["boss", "plain", "leaves", "lost", "renamed", "idle"]), st.sampled_from(NAMES[:4])),
    max_size=6,
)


def act(world: World, what: str, name: str) -> None:
    """
    Have the cloud change somebody, if the cloud still has them.
    """
    if f"id-{name}" not in world.people:
        return
    row = world.people[f"id-{name}"]
    changes: dict[str, Any] = {
        "boss": {"roles": ("Administrator",), "state": "active"},
        "plain": {"roles": (), "state": "active"},
        "leaves": {"state": "left"},
        "renamed": {"user_name": f"{row.user_name}x"},
        "idle": {"groups": ()},
    }
    if what == "lost":
        world.cloud_loses(name)
    else:
        world.cloud_says(name, **changes[what])


def administrators(target: MemoryTarget) -> int:
    """
    Return how many active accounts hold an administrator's power.
    """
    return sum(1 for one in target.read().users if one.active and _powerful(one))


def _powerful(one: Live) -> bool:
    return bool({"Administrator", "OPAdministrators"} & elements(one.fields["roles"]))


@contextmanager
def watched(target: MemoryTarget, breaks_at: int) -> Iterator[list[int]]:
    """
    Give the list of administrators that there were after each write; the write of that number fails.
    """
    seen: list[int] = []

    def look(moment: str, effect: str, _write: Write | None) -> None:
        if effect == "write" and moment == "before" and len(seen) == breaks_at:
            raise TargetError("the line is cut")
        if effect == "write" and moment == "after":
            target.on_effect = lambda _moment, _effect, _write: None
            seen.append(administrators(target))
            target.on_effect = look

    target.on_effect = look
    yield seen
    target.on_effect = lambda _moment, _effect, _write: None


@settings(max_examples=60, deadline=None)
@given(
    first=ACTS,
    then=ACTS,
    minimum=st.integers(0, 3),
    rename=st.sampled_from(["update", "replace"]),
    cut=st.integers(0, 12),
    refused=st.sampled_from(["", *NAMES[:4]]),
)
def test_p6_nobody_is_locked_out_at_any_prefix(
    first: Acts, then: Acts, *, minimum: int, rename: str, cut: int, refused: str
) -> None:
    """
    After every write, and where one fails, there are as many administrators as configured, or as before.
    """
    target = MemoryTarget(Equality(caseless=frozenset({"user_name"})))
    with TemporaryDirectory() as folder:
        policy = {"users": {"rename": rename}, "guards": {"minimum_administrators": minimum}}
        world = World(target, Path(folder), policy=policy)
        for name in NAMES[:4]:
            world.cloud_says(name, roles=("Administrator",) if name in {"ann", "bob"} else ())
        world.apply()
        for acts in (first, then):
            for what, name in acts:
                act(world, what, name)
            floor = min(minimum, administrators(target))
            target.refuses = {refused: "no", f"{refused}x": "no"}
            with watched(target, cut) as seen:
                world.approve()

            assert all(number >= floor for number in seen)


def test_waiver_of_one_groups_guard_is_read_and_releases_it(world: World, tmp_path: Path) -> None:
    """
    What a hold says to type passes the schema, and lets exactly that pass.
    """
    world.cloud_has_group("traders", roles=("User",))
    for name in NAMES[:8]:
        world.cloud_says(name, groups=("staff", "traders"))
    world.apply()
    for name in NAMES[:5]:
        world.cloud_says(name, groups=("staff",))
    world.changes_policy({"guards": {"shrunken": {"count": 99}, "limit": {"count": 4, "percent": 30}}})
    release = next(one.release for one in world.plan().held if one.guard.startswith("memberships-removed:"))
    entry = release.partition("waivers.yaml: ")[2].replace("...", "T-3")
    (tmp_path / "overrides").mkdir()
    (tmp_path / "overrides" / "waivers.yaml").write_text(f"{entry}\n")
    world.waivers += read_state(tmp_path).waivers

    assert "Cloud - traders" in entry
    assert [one.guard for one in world.plan().held] == []
