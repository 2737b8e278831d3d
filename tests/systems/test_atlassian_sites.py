"""
An organisation with a directory for each site: one group of the source in several directories.
"""

from pathlib import Path

import pytest

from reconciler.core.synchronised import tally
from tests.systems.reviewed import decide, names
from tests.systems.told import world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World


@pytest.fixture
def sites(tmp_path: Path) -> World:
    """
    Return a world whose target has a directory for each of two sites; both have a group `staff` of their own.
    """
    world = world_of("atlassian", tmp_path, change={"groups": {"directories": ["emea", "apac"]}})
    world.cloud_says("ann")
    admin = SqlAdmin(tmp_path / "registry.db")
    for site, name in (("emea", "lee"), ("apac", "kim")):
        admin.admin_creates(name)
        admin.admin_creates_group(f"{site}/staff")
        admin.admin_joins(name, f"{site}/staff")
    return world


def test_a10_name_that_stands_in_several_directories_is_a_conflict_in_each(sites: World) -> None:
    """
    Each has its own line in the table, with its site, and members of its own.
    """
    found = {one.contest.name: (one.contest.sites, names(one)) for one in sites.decide().reviews}

    assert found == {"apac/staff": (("apac",), (["ann"], ["kim"])), "emea/staff": (("emea",), (["ann"], ["lee"]))}


def test_a10_each_directory_is_decided_by_itself(sites: World) -> None:
    """
    One is overwritten, the other waits; and once that is decided, too, both have the source's members.
    """
    decide(sites, "overwrite", "emea/staff")
    sites.apply()
    between = sites.members("emea/staff"), sites.members("apac/staff")
    decide(sites, "overwrite", "apac/staff")
    sites.apply()

    assert between == ({"ann"}, {"kim"})
    assert (sites.members("apac/staff"), sites.plan().changes, sites.plan().held) == ({"ann"}, (), ())


def test_a10_person_is_in_the_group_of_every_directory(sites: World) -> None:
    """
    Who joins and leaves a group of the source does so in each directory, and the next plan is empty.
    """
    for name in ("emea/staff", "apac/staff"):
        decide(sites, "overwrite", name)
    sites.cloud_has_group("desk")
    sites.apply()
    sites.cloud_says("ann", groups=("staff", "desk"))
    sites.apply()

    assert (sites.members("emea/desk"), sites.members("apac/desk")) == ({"ann"}, {"ann"})
    assert sites.plan().changes == ()


def test_a10_group_counts_once_it_is_right_in_every_directory(sites: World) -> None:
    """
    The count is that of the source's groups; of those left out, each directory's is named.
    """
    sites.cloud_has_group("desk")
    decide(sites, "overwrite", "emea/staff")
    found = tally(sites.decide(), {})

    assert (found.source, found.synchronised, [one.name for one in found.left_out]) == (2, 1, ["apac/staff"])
