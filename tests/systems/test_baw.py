"""
A WebSphere registry to a workflow database, row by row: the preset, the engine, the embedded database.

Without triggers a run is what happens when the server starts.
"""

from pathlib import Path

import pytest

from tests.systems.told import actions, applied, group, users, world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world with a registry of Ann and Bob in `staff`, and of `guests`, in which nobody is.
    """
    world = world_of("baw", tmp_path)
    for name in ("ann", "bob"):
        world.cloud_says(name)
    world.cloud_has_group("guests", description="Nobody yet")
    return world


@pytest.fixture
def admin(world: World, tmp_path: Path) -> SqlAdmin:
    """
    Return the database's administrator, with a connection of its own.
    """
    del world
    return SqlAdmin(tmp_path / "registry.db")


def test_b01_start_brings_all_groups(world: World) -> None:
    """
    Every group of the registry is made, also one in which nobody is, and no user is.
    """
    plan = applied(world)

    assert actions(plan) == [("create", "guests"), ("create", "staff")]
    assert group(world, "guests")["description"] == "Nobody yet"
    assert users(world) == {}


def test_b01_start_synchronises_what_is_there(world: World, admin: SqlAdmin) -> None:
    """
    A group that was made before gets the registry's name and description, and keeps its id.
    """
    applied(world)
    before = group(world, "staff")["id"]
    world.cloud_renames_group("staff", "crew")
    world.cloud_has_group("staff", description="All of us")
    admin.admin_sets_group("guests", description="mine")
    applied(world)

    assert (group(world, "crew")["id"], group(world, "crew")["description"]) == (before, "All of us")
    assert group(world, "guests")["description"] == "Nobody yet"


def test_b02_absent_group_is_flagged_and_keeps_row_id_and_members(world: World, admin: SqlAdmin) -> None:
    """
    A group that the registry no longer has gets the deleted flag, and nothing else of it changes.
    """
    applied(world)
    admin.admin_creates("ann")
    admin.admin_joins("ann", "staff")
    before = group(world, "staff")
    world.cloud_loses_group("staff")
    plan = applied(world)

    assert [(one.action, one.after) for one in plan.changes] == [("retire", {"deleted": True})]
    assert group(world, "staff") == {**before, "deleted": True}
    assert world.members("staff") == {"ann"}


@pytest.mark.parametrize("key", ["staff", "staff2"], ids=["same id", "new id"])
def test_b02_group_that_comes_back_loses_the_flag(world: World, admin: SqlAdmin, key: str) -> None:
    """
    The same row, with its members, is there again, also where the registry gave the group a new id.
    """
    applied(world)
    admin.admin_creates("ann")
    admin.admin_joins("ann", "staff")
    before = group(world, "staff")
    world.cloud_loses_group("staff")
    applied(world)
    world.cloud_makes_group_again("staff", key=key)
    plan = applied(world)

    assert [(one.action, one.after) for one in plan.changes] == [("restore", {"deleted": False})]
    assert group(world, "staff") == before
    assert world.members("staff") == {"ann"}


def test_b02_absence_that_is_not_proved_flags_nothing(world: World) -> None:
    """
    An export that was not read whole proves nobody's absence: the flag waits.
    """
    applied(world)
    world.cloud_loses_group("staff")
    world.manifest = {"complete": False}
    world.apply()

    assert group(world, "staff")["deleted"] is False


def test_b03_start_changes_no_membership(world: World, admin: SqlAdmin) -> None:
    """
    Who is in a group stays in it, and who should be does not join, whoever was put there by whom.
    """
    applied(world)
    for name in ("ann", "local"):
        admin.admin_creates(name)
    admin.admin_joins("local", "staff")
    plan = applied(world)

    assert plan.changes == ()
    assert world.members("staff") == {"local"}


def test_start_touches_no_user(world: World, admin: SqlAdmin) -> None:
    """
    Accounts stay as they are, whatever the registry says: users come when they log in or are searched for.
    """
    applied(world)
    admin.admin_creates("ann", display_name="Ann before", active=False)
    world.cloud_says("ann", display_name="Ann now")
    world.cloud_loses("bob")

    assert applied(world).changes == ()
    assert users(world) == {"ann": False}


def test_group_made_in_the_product_waits_for_a_decision(world: World, admin: SqlAdmin) -> None:
    """
    A group of the product's own that has the name of one in the registry is held, and the rest comes.
    """
    admin.admin_creates_group("staff", description="ours")
    plan = world.plan()
    world.apply()

    assert [(one.name, "adopt: true" in one.release) for one in plan.held] == [("staff", True)]
    assert group(world, "staff")["description"] == "ours"
    assert group(world, "guests")["active"] is True
