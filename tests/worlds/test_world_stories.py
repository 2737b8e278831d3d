"""
Stories that random lives told: each broke a promise once, or showed where a promise ends.
"""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.canonical import encode
from reconciler.core.decide import decide
from reconciler.core.export import Export
from reconciler.core.model import Plan
from tests.targets.memory import MemoryTarget
from tests.world import World
from tests.worlds.life import FOLDING

POWER = "OPAdministrators"


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return a target that keeps names of roles in lower case, and says so.
    """
    return MemoryTarget(FOLDING)


@pytest.fixture
def world(target: MemoryTarget, tmp_path: Path) -> World:
    """
    Return a world of Ann, and of Bob, the only administrator.
    """
    world = World(target, tmp_path)
    world.cloud_says("ann")
    world.cloud_says("bob", roles=("Administrator",))
    world.approve()
    return world


def held_by(plan: Plan) -> set[tuple[str, str]]:
    """
    Return which guard holds something, of whom.
    """
    return {(one.guard, one.name) for one in plan.held}


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param({"state": "left"}, id="leaves"),
        pytest.param({"roles": ()}, id="loses the role"),
    ],
)
def test_last_administrator_is_known_in_any_spelling(world: World, ends: dict[str, object]) -> None:
    """
    The last administrator stays one, also where the target spells the role otherwise than the policy.
    """
    world.cloud_says("bob", **ends)
    plan = world.plan()
    world.approve()

    assert ("administrators-minimum", "bob") in held_by(plan)
    assert (world.live("bob").active, world.value("bob", "roles")) == (True, (POWER.lower(), "user"))


def test_administrator_is_not_adopted_in_silence_in_any_spelling(world: World, target: MemoryTarget) -> None:
    """
    An administrator's account that was there before waits for a decision, however the target spells its role.
    """
    target.admin_creates("eve", roles=(POWER,))
    world.cloud_says("eve")

    assert held_by(world.plan()) == {("adoption", "eve")}


def test_privilege_lapses_in_any_spelling(world: World, target: MemoryTarget) -> None:
    """
    Power that an administrator gave ends with a leave, however the target spells it.
    """
    target.admin_sets("ann", roles=(POWER, "User"))
    world.approve()
    world.cloud_says("ann", state="left")
    world.approve()
    world.cloud_says("ann", state="active")
    world.approve()

    assert (world.value("ann", "roles"), world.owner("ann", "roles")) == (("user",), "git")


def test_privilege_of_the_admins_is_told_in_any_spelling(world: World, target: MemoryTarget) -> None:
    """
    Power that an administrator gave is in every plan, however the target spells it.
    """
    target.admin_sets("ann", roles=(POWER, "User"))
    world.approve()

    assert [(one.name, one.field) for one in world.plan().claims if one.privileged] == [("ann", "roles")]


def test_losing_a_role_gains_none(world: World) -> None:
    """
    Who only loses a role is not told to gain power because the target spells another one otherwise.
    """
    world.cloud_says("eve", groups=("staff",), roles=("Viewer", "Administrator"))
    world.approve()
    world.cloud_says("eve", roles=("Administrator",))

    assert [(one.after, one.risk) for one in world.plan().changes] == [({"roles": (POWER, "User")}, ("removal",))]


PROMOTED = ("ann", "eve", "kim", "zoe")


def promoted(folder: Path, **policy: Any) -> World:
    """
    Return a world of four viewers who are to be administrators, two of them instead.
    """
    world = World(MemoryTarget(), folder, policy=policy)
    world.cloud_says("bob", roles=("Administrator",))
    for name in PROMOTED:
        world.cloud_says(name, roles=("Viewer",))
    world.approve()
    for name in PROMOTED:
        world.cloud_says(name, roles=("Administrator",) if name in {"ann", "eve"} else ("Administrator", "Viewer"))
    return world


def test_what_is_lost_gives_nothing_that_is_held(tmp_path: Path) -> None:
    """
    Power that a guard holds does not come with the loss of another role: a set is written whole.
    """
    world = promoted(tmp_path, guards={"limit": {"count": 3, "percent": 5}})
    plan = world.plan()
    world.approve()

    assert {one.guard for one in plan.held} == {"administrators-added", "needs"}
    assert {name: world.value(name, "roles") for name in PROMOTED} == dict.fromkeys(PROMOTED, ("User", "Viewer"))


def test_what_is_lost_gives_nothing_that_was_not_approved(tmp_path: Path) -> None:
    """
    Nor does it come where somebody approved the loss, and not the gain.
    """
    world = promoted(tmp_path)
    losses = frozenset(one.id for one in world.plan().changes if "removal" in one.risk)
    report = world.apply(approved=losses)

    assert (len(losses), report.outcomes) == (2, ())
    assert {name: world.value(name, "roles") for name in PROMOTED} == dict.fromkeys(PROMOTED, ("User", "Viewer"))


def test_group_with_somebody_elses_member_is_not_deleted(tmp_path: Path) -> None:
    """
    A group is not deleted over the head of somebody whom an override excludes; who is in it stays in it.
    """
    target = MemoryTarget()
    world = World(target, tmp_path, policy={"groups": {"lifecycle": {"missing": "delete"}}})
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    world.cloud_says("bob", groups=("staff", "risk"))
    world.approve()
    world.git_says("ann", exclude=True)
    world.cloud_loses_group("risk")
    world.fetched_at = None
    held = {(one.guard, one.name): one.reason for one in world.plan().held}
    world.approve()

    assert held["group-peopled", "Cloud - risk"] == (
        "1 who are not this plan's to take out are in the group 'Cloud - risk'"
    )
    assert world.members("Cloud - risk") == {"ann", "bob"}


def test_warnings_come_in_one_order(tmp_path: Path) -> None:
    """
    People whose state nobody knows are told by key, in whatever order the rows come.
    """
    world = World(MemoryTarget(), tmp_path)
    for name in ("eve", "ann", "bob"):
        world.cloud_says(name, state="unknown")
    decision = world.decide()
    export = decision.world.export
    turned = replace(decision.world, export=Export(export.manifest, export.users[::-1], export.groups))

    assert encode(decide(turned).plan) == encode(decision.plan)


def test_strangers_are_left_alone_until_the_second_run(target: MemoryTarget, tmp_path: Path) -> None:
    """
    The first run switches off nobody it did not make; what the policy says of strangers comes with the next.
    """
    world = World(target, tmp_path)
    target.admin_creates("max")
    world.cloud_says("ann")
    world.approve()
    left_alone = world.live("max").active
    world.approve()

    assert (left_alone, world.live("max").active, world.plan().changes) == (True, False, ())


def test_name_is_free_once_its_bearer_is_gone(target: MemoryTarget, tmp_path: Path) -> None:
    """
    A name that another group bears is a conflict as long as it does, also where the same plan deletes that one.
    """
    world = World(target, tmp_path, policy={"groups": {"lifecycle": {"missing": "delete"}, "create": "always"}})
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_has_group("boss", roles=("User",))
    world.cloud_says("ann")
    world.approve()
    world.cloud_loses_group("boss")
    world.cloud_renames_group("risk", to="boss")
    world.fetched_at = None
    plan = world.plan()
    world.approve()

    assert [one.keys for one in plan.conflicts] == [("id-risk",)]
    assert [(one.action, one.after) for one in world.plan().changes] == [("update", {"name": "Cloud - boss"})]
