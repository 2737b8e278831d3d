"""
What makes a decision about a group stale, or leaves it to a later run: nobody leaves whom no review showed leaving.
"""

from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.scope import START
from tests.systems.reviewed import decide, names, reviewed, standing
from tests.systems.told import world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world with Ann in the source's `staff`, and Eve in no group; both have accounts.
    """
    world = world_of("atlassian", tmp_path)
    world.cloud_says("ann")
    world.cloud_says("eve", groups=())
    return world


@pytest.fixture
def admin(world: World, tmp_path: Path) -> SqlAdmin:
    """
    Return the organisation's administrator, who has made a group `staff` with Eve and Lee in it.
    """
    del world
    admin = SqlAdmin(tmp_path / "registry.db")
    admin.admin_creates("lee")
    admin.admin_creates("eve", email="eve@example.com")
    admin.admin_creates_group("staff")
    admin.admin_joins("lee", "staff")
    admin.admin_joins("eve", "staff")
    return admin


def _protects(world: World, *names: str) -> None:
    world.policy = replace(world.policy, users=replace(world.policy.users, protected=names))


def _spares_eve(world: World, by: str) -> None:
    if by == "excluded":
        world.git_says("eve", exclude=True)
    elif by == "protected":
        _protects(world, "eve")
    else:
        world.cloud_says("eve", state="invited")


def _spares_her_no_longer(world: World, by: str) -> None:
    world.overrides[:] = [one for one in world.overrides if not one.exclude]
    if by == "protected":
        _protects(world)
    elif by == "invited":
        world.cloud_says("eve", state="active")


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("by", ["excluded", "protected", "invited"])
def test_a03_decision_counts_only_for_those_shown_to_leave(world: World, by: str) -> None:
    """
    When somebody would leave whom no review showed, the decision is stale, though both memberships are the same.
    """
    _spares_eve(world, by)
    before = reviewed(world)
    decide(world, "overwrite")
    decided = standing(world)
    _spares_her_no_longer(world, by)
    after = reviewed(world)
    world.apply()

    assert (names(before), names(after)) == ((["ann"], ["lee"]), (["ann"], ["eve", "lee"]))
    assert (after.contest.wants, after.contest.has) == (before.contest.wants, before.contest.has)
    assert (decided, after.contest.standing, world.members("staff")) == ("overwrite", "stale", {"eve", "lee"})


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(("verb", "members"), [("overwrite", {"ann"}), ("merge", {"ann", "eve", "lee"})])
def test_a03_start_leaves_the_decision_to_the_next_full_run(world: World, verb: str, members: set[str]) -> None:
    """
    A start moves nobody, so it makes no group ours by what was decided of members; a full run then does both.
    """
    decide(world, verb)
    started = world.decide(scope=START).reviews[0].contest.standing
    world.apply(scope=START)
    between = world.members("staff")
    world.apply()

    assert (started, between, world.members("staff")) == ("later", {"eve", "lee"}, members)


def test_a03_who_came_after_a_start_is_not_taken_out(world: World, admin: SqlAdmin) -> None:
    """
    Nobody looked at who joined between a start and the next full run: the decision is stale, nobody leaves.
    """
    decide(world, "overwrite")
    world.apply(scope=START)
    admin.admin_creates("kim")
    admin.admin_joins("kim", "staff")
    world.apply()

    assert (standing(world), world.members("staff")) == ("stale", {"eve", "kim", "lee"})


@pytest.mark.usefixtures("admin")
def test_start_adopts_a_group(world: World) -> None:
    """
    An adoption says that it is the same group, and nothing of its members: a start may make it ours.
    """
    world.git_says(group="staff", adopt=True)
    world.apply(scope=START)

    assert world.ledger.groups["id-staff"].link
    assert world.members("staff") == {"eve", "lee"}
