"""
An identity provider to an Atlassian organisation, row by row: the preset, the engine, the embedded database.
"""

from pathlib import Path

import pytest

from tests.systems.told import actions, applied, group, users, world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World, summary


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world in which the identity provider sends Ann and Bob, both in `staff`.
    """
    world = world_of("atlassian", tmp_path)
    for name in ("ann", "bob"):
        world.cloud_says(name)
    return world


@pytest.fixture
def admin(world: World, tmp_path: Path) -> SqlAdmin:
    """
    Return the organisation's administrator, with a connection of its own.
    """
    del world
    return SqlAdmin(tmp_path / "registry.db")


@pytest.fixture
def taken(world: World, admin: SqlAdmin) -> World:
    """
    Return the same world; the organisation has a group `staff` of its own already, and Local is in it.
    """
    world.cloud_has_group("traders")
    world.cloud_says("ann", groups=("staff", "traders"))
    admin.admin_creates("local")
    admin.admin_creates_group("staff", description="ours")
    admin.admin_joins("local", "staff")
    return world


def test_a01_group_of_a_name_that_is_taken_is_found_before_anything_is_written(taken: World) -> None:
    """
    The plan holds it and says what would release it; it writes neither to the group nor to who is in it.
    """
    plan = taken.plan()

    assert [(one.kind, one.name, "adopt: true" in one.release) for one in plan.held] == [("group", "staff", True)]
    assert [one.name for one in plan.changes if one.kind == "group"] == ["traders"]
    assert "id-staff" not in str(summary(plan))


def test_a01_undecided_group_stays_as_it_is_while_the_rest_proceeds(taken: World) -> None:
    """
    An apply makes everybody and every other group, and the group in conflict keeps its members and description.
    """
    taken.apply()

    assert {*users(taken)} == {"ann", "bob", "local"}
    assert taken.members("traders") == {"ann"}
    assert (taken.members("staff"), group(taken, "staff")["description"]) == ({"local"}, "ours")


def test_a01_group_that_we_manage_is_no_conflict(world: World) -> None:
    """
    A group that an earlier run made is the same group on the next one.
    """
    applied(world)
    world.cloud_has_group("staff", description="All of us")

    assert actions(applied(world)) == [("update", "staff")]


def test_overwritten_group_has_the_members_of_the_source(taken: World) -> None:
    """
    An override that adopts the group makes its members those of the source; who only lives in the target leaves it.
    """
    taken.apply()
    taken.git_says(group="staff", adopt=True)
    taken.git_waives("group-emptied:staff", 1)
    applied(taken)

    assert taken.members("staff") == {"ann", "bob"}


def test_person_who_has_an_account_is_linked_by_e_mail(world: World, admin: SqlAdmin) -> None:
    """
    An account with the person's address is the person's, whatever its user name was.
    """
    admin.admin_creates("old-ann", email="Ann@example.com")
    applied(world)

    assert users(world) == {"ann": True, "bob": True}


@pytest.mark.parametrize("how", ["deleted", "suspended"])
def test_person_who_leaves_is_deactivated_and_comes_back(world: World, how: str) -> None:
    """
    The account is deactivated, not deleted, and the same one is activated again.
    """
    applied(world)
    before = world.live("ann").id
    if how == "deleted":
        world.cloud_loses("ann")
    else:
        world.cloud_says("ann", state="suspended")
    applied(world)
    gone = world.live("ann").active
    world.cloud_says("ann", state="active")
    applied(world)

    assert (gone, world.live("ann").active, world.live("ann").id) == (False, True, before)


def test_deleted_group_is_deleted_and_with_it_its_access(world: World) -> None:
    """
    A group that the identity provider deletes goes, and nobody keeps what it gave.
    """
    world.cloud_has_group("traders")
    world.cloud_says("ann", groups=("staff", "traders"))
    applied(world)
    world.cloud_loses_group("traders")
    applied(world)

    assert [one.name for one in world.target.read().groups] == ["staff"]
    assert len(world.live("ann").groups) == 1


def test_group_of_the_organisation_is_never_touched(world: World, admin: SqlAdmin) -> None:
    """
    A group that only the organisation knows stays, and so do a provisioned person's memberships in it.
    """
    applied(world)
    admin.admin_creates_group("jira-admins", description="ours")
    admin.admin_joins("ann", "jira-admins")

    assert applied(world).changes == ()
