"""
Groups that bear another name at the source than in the organisation, where nothing can rename a group.
"""

from pathlib import Path

import pytest

from tests.systems.told import world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world in which Ann's group `staff` was made, and is called `everybody` at the source since.
    """
    world = world_of("atlassian", tmp_path)
    world.cloud_says("ann", groups=("staff",))
    world.apply()
    world.cloud_renames_group("staff", to="everybody")
    return world


def test_group_that_was_renamed_at_the_source_is_told_before_anything_is_written(world: World) -> None:
    """
    The plan says what it is called there and what to decide, and no run tries what the server refuses.
    """
    plan = world.plan()
    (held,) = plan.conflicts

    assert plan.changes == ()
    assert "'everybody' (id-staff) is called 'staff'" in held.message
    assert "`group: KEY` with `rename: NAME`" in held.release


def test_name_that_was_decided_is_kept(world: World) -> None:
    """
    An override with the name that it has there settles it, for good and for those who join later.
    """
    world.git_says(group="everybody", rename="staff")
    world.cloud_says("bob", groups=("staff",))
    world.apply()

    assert world.members("staff") == {"ann", "bob"}
    assert (world.plan().changes, world.plan().conflicts) == ((), ())


def test_group_that_an_administrator_renamed_is_asked_about(world: World, tmp_path: Path) -> None:
    """
    Whoever gave it the other name, Git does not write it.
    """
    world.cloud_renames_group("staff", to="staff")
    SqlAdmin(tmp_path / "registry.db").admin_sets_group("staff", name="all hands")
    (held,) = world.plan().conflicts

    assert "is called 'all hands'" in held.message
