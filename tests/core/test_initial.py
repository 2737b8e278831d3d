"""
Fields that are set when an entity is made: left alone, but for an override that restores one, once.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.targets.memory import MemoryTarget
from tests.world import World, summary

BOTH = ("Auditor", "Viewer")


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return an empty target.
    """
    return MemoryTarget()


@pytest.fixture
def world(target: MemoryTarget, tmp_path: Path) -> World:
    """
    Return a world in which roles are set once; Ann was made a viewer, and an administrator made her an auditor.
    """
    world = World(target, tmp_path, policy={"users": {"fields": {"roles": "initial"}, "login_roles": []}})
    world.cloud_has_group("staff", roles=("Viewer",))
    world.cloud_says("ann")
    world.apply()
    target.admin_sets("ann", roles=("Auditor",))
    world.apply()
    return world


def gives(world: World, **changes: Any) -> None:
    """
    Merge the override that gives Ann both roles, reviewed when she had but one.
    """
    said: dict[str, Any] = {"restore": {"roles": BOTH}, "reviewed": {"roles": ("Auditor",)}}
    world.git_says("ann", **said | changes)


def test_it_is_written_once(world: World, target: MemoryTarget) -> None:
    """
    The value is written with its reason, the next plan is empty, and what is done to it later stays.
    """
    gives(world)
    (change,) = world.plan().changes
    world.apply()
    after = world.plan()
    target.admin_sets("ann", roles=())
    later = world.plan()

    assert (change.after, "written once (T-1;" in change.because["roles"]) == ({"roles": BOTH}, True)
    assert (after.changes, after.held, later.changes, later.held) == ((), (), (), ())
    assert world.value("ann", "roles") == ()


def test_nobody_owns_it_before_or_afterwards(world: World) -> None:
    """
    The ledger says which override was acted on, and names no owner.
    """
    gives(world)
    world.apply()

    assert world.owner("ann", "roles") is None
    assert world.claim("ann", "roles").override != ""
    assert world.news(world.plan(), "roles") == []


def test_it_is_held_where_the_reviewed_value_is_no_more(world: World, target: MemoryTarget) -> None:
    """
    What was looked at must still hold; otherwise nothing is written, and the plan says what to look at.
    """
    gives(world)
    target.admin_sets("ann", roles=("Editor",))
    plan = world.plan()

    assert (plan.changes, [(one.field, one.guard) for one in plan.held]) == ((), [("roles", "ownership")])
    assert "correct `reviewed:`" in plan.held[0].release


def test_run_that_died_has_acted_all_the_same(world: World, target: MemoryTarget) -> None:
    """
    What a killed run wrote is known for the override's by the next one, which does not write it again.
    """
    gives(world)
    world.apply_and_die()
    world.apply()
    target.admin_sets("ann", roles=("Editor",))

    assert summary(world.plan()) == []
    assert world.value("ann", "roles") == ("Editor",)


def test_it_acts_anew_for_another_reason(world: World) -> None:
    """
    Another override is another decision.
    """
    gives(world)
    world.apply()
    world.overrides.clear()
    gives(world, restore={"roles": ()}, reviewed={"roles": BOTH}, reason="T-2")
    world.apply()

    assert world.value("ann", "roles") == ()


@pytest.mark.parametrize("verb", ["take", "give"])
def test_it_is_neither_taken_nor_given(world: World, verb: str) -> None:
    """
    A field that nobody owns has no owner to change.
    """
    said: dict[str, Any] = {verb: ("roles",)}
    world.git_says("ann", **said)

    assert summary(world.plan()) == []


def test_override_that_is_gone_leaves_the_field_alone(world: World) -> None:
    """
    Once the override has acted and is removed, the field is the target's as before.
    """
    gives(world)
    world.apply()
    world.overrides.clear()
    world.apply()

    assert summary(world.plan()) == []
    assert world.value("ann", "roles") == BOTH
