"""
The review of groups whose name is taken, row by row: the table, what is decided, what becomes of it.
"""

from pathlib import Path

import pytest
from msgspec import UNSET

from reconciler.core.scope import login
from reconciler.render.text import render_text
from tests.systems.reviewed import decide, names, reviewed, standing
from tests.systems.told import group, users, world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world in which the source has Ann and Bob in `staff`, and Ann in `traders`; nothing was ever applied.
    """
    world = world_of("atlassian", tmp_path)
    world.cloud_has_group("traders")
    world.cloud_says("ann", groups=("staff", "traders"))
    world.cloud_says("bob")
    return world


@pytest.fixture
def admin(world: World, tmp_path: Path) -> SqlAdmin:
    """
    Return the organisation's administrator, who has made a group `staff`: Lee and Bob are in it, it gives Jira.
    """
    del world
    admin = SqlAdmin(tmp_path / "registry.db")
    admin.admin_creates("lee")
    admin.admin_creates("bob", email="bob@example.com")
    admin.admin_creates_group("staff", description="ours")
    admin.admin_joins("lee", "staff")
    admin.admin_joins("bob", "staff")
    admin.admin_gives_access("staff", "Jira", sites=("emea", "apac"))
    return admin


@pytest.mark.usefixtures("admin")
def test_a02_review_tells_access_sites_and_who_joins_and_leaves(world: World) -> None:
    """
    Of each group in conflict: its name, products and sites, and the members that overwriting would add and remove.
    """
    found = reviewed(world)

    assert (found.contest.name, found.contest.access.products) == ("staff", ("Jira",))
    assert found.contest.sites == ("apac", "emea")
    assert names(found) == (["ann"], ["lee"])


@pytest.mark.usefixtures("admin")
def test_a02_review_is_what_overwriting_does(world: World) -> None:
    """
    Whoever the table says joins or leaves does so, and nobody else.
    """
    joins, leaves = names(reviewed(world))
    before = world.members("staff")
    decide(world, "overwrite")
    world.apply()

    assert world.members("staff") == (before | {*joins}) - {*leaves} == {"ann", "bob"}


@pytest.mark.usefixtures("admin")
def test_a03_plan_names_the_decision_behind_each_membership(world: World) -> None:
    """
    Whoever joins or leaves by a decision does so for a reason that names its place and its words.
    """
    decide(world, "overwrite")
    told = {one.name: one.because["groups"] for one in world.plan().changes if "groups" in one.after}

    assert {*told} == {"ann", "lee"}
    assert all(text.endswith("; overwrite decided at overrides/all.yaml:1 (T-1)") for text in told.values())


@pytest.mark.parametrize("side", ["source", "return", "target"])
def test_a03_decision_counts_only_for_the_memberships_that_were_reviewed(
    world: World, admin: SqlAdmin, side: str
) -> None:
    """
    When either side changes, the decision is stale: the plan says so, names its place, and holds the group.
    """
    world.cloud_says("kim", state="suspended")
    decide(world, "overwrite")
    if side == "source":
        world.cloud_says("eve")
    elif side == "return":
        world.cloud_says("kim", state="active")
    else:
        admin.admin_creates("kim")
        admin.admin_joins("kim", "staff")
    (held,) = world.plan().held

    assert (standing(world), held.name) == ("stale", "staff")
    assert "overwrite was decided of other memberships than there are now (overrides/all.yaml:1)" in held.reason


@pytest.mark.usefixtures("admin")
def test_a03_stale_decision_writes_nothing_to_the_group(world: World) -> None:
    """
    What was decided of other members is not done to these.
    """
    before = world.members("staff")
    decide(world, "overwrite")
    world.cloud_says("eve")
    world.apply()

    assert (world.members("staff"), group(world, "staff")["description"]) == (before, "ours")


@pytest.mark.usefixtures("admin")
def test_a03_login_in_between_leaves_the_decision_to_the_next_full_run(world: World) -> None:
    """
    A run about one person can make no group what was decided, and takes nothing from what was reviewed.
    """
    decide(world, "overwrite")
    before = world.members("staff")
    world.apply(scope=login(["ann"]))
    between = world.members("staff")
    world.apply()

    assert (between, world.members("staff")) == (before, {"ann", "bob"})


@pytest.mark.usefixtures("admin")
def test_a03_rejected_group_stays_the_organisations(world: World) -> None:
    """
    `keep` leaves the group as it is, holds nothing, and lets everything else proceed.
    """
    before = world.members("staff")
    decide(world, "keep")
    report = world.apply()

    assert [one.message for one in report.outcomes if one.outcome != "landed"] == []
    assert (world.members("staff"), world.members("traders"), world.plan().held) == (before, {"ann"}, ())


def test_a03_merged_group_keeps_whom_it_had(world: World, admin: SqlAdmin) -> None:
    """
    `merge` adds the source's members; whom the source takes out again leaves, and nobody else, known to Git or not.
    """
    admin.admin_creates("moe")
    admin.admin_joins("moe", "staff")
    world.cloud_says("lee", groups=("traders",), email=UNSET)
    world.apply()
    decide(world, "merge")
    world.apply()
    together = world.members("staff")
    world.apply()
    world.cloud_says("ann", groups=("traders",))
    world.apply()
    world.cloud_says("lee", groups=())
    world.apply()

    assert together == {"ann", "bob", "lee", "moe"}
    assert (world.members("staff"), world.plan().changes) == ({"bob", "lee", "moe"}, ())


def test_a03_overwritten_group_may_become_empty(world: World, admin: SqlAdmin) -> None:
    """
    Where the source's group has nobody, the reviewed decision takes everybody out; no guard asks again.
    """
    world.cloud_has_group("desk")
    admin.admin_creates_group("desk")
    admin.admin_joins("lee", "desk")
    decide(world, "overwrite", "desk")
    world.apply()

    assert world.members("desk") == set()


def test_a04_default_access_group_is_blocked_with_the_way_out(world: World, admin: SqlAdmin) -> None:
    """
    The plan says which site and product make it default, and what to do; a decision does not help.
    """
    admin.admin_makes_default("staff", site="emea", product="Jira")
    decide(world, "overwrite")
    (held,) = world.plan().held

    assert standing(world) == "blocked"
    assert "default access group of Jira on emea" in held.reason
    assert "make another group the default of Jira on emea" in held.release


def test_a04_group_that_is_default_no_longer_can_be_overwritten(world: World, admin: SqlAdmin) -> None:
    """
    Once another group is the default, the same decision counts.
    """
    admin.admin_makes_default("staff", site="emea", product="Jira")
    decide(world, "overwrite")
    world.apply()
    blocked = world.members("staff")
    admin.admin_creates_group("jira-users")
    admin.admin_makes_default("jira-users", site="emea", product="Jira")
    world.apply()

    assert (blocked, world.members("staff")) == ({"bob", "lee"}, {"ann", "bob"})


@pytest.mark.parametrize("verb", ["adopt", "merge"])
def test_a04_no_other_way_leads_around_it(world: World, admin: SqlAdmin, verb: str) -> None:
    """
    Neither an adoption nor a merge makes a default access group ours; to keep it is no question.
    """
    admin.admin_makes_default("staff", site="emea", product="Jira")
    if verb == "adopt":
        world.git_says(group="staff", adopt=True)
    else:
        decide(world, verb)
    blocked = standing(world)
    world.overrides.clear()
    decide(world, "keep")

    assert (blocked, standing(world)) == ("blocked", "keep")


def test_a05_plan_tells_who_gains_and_who_loses_which_product(world: World, admin: SqlAdmin) -> None:
    """
    Access moves with the members; who gets a product through a second group does not lose it.
    """
    admin.admin_creates("kim")
    admin.admin_joins("kim", "staff")
    admin.admin_creates_group("jira-users")
    admin.admin_gives_access("jira-users", "Jira")
    admin.admin_joins("kim", "jira-users")
    decide(world, "overwrite")
    told = [(one.name, one.gains, one.loses) for one in world.plan().access]

    assert told == [("ann", ("Jira",), ()), ("lee", (), ("Jira",))]


def test_a05_who_is_switched_off_loses_every_product(world: World, admin: SqlAdmin) -> None:
    """
    An account that cannot be used gives access to nothing; one that is used again, to all it had.
    """
    decide(world, "overwrite")
    world.apply()
    world.cloud_says("ann", state="suspended", groups=("staff", "traders"))
    lost = [(one.name, one.gains, one.loses) for one in world.plan().access]
    world.apply()
    world.cloud_says("ann", state="active")
    del admin

    assert lost == [("ann", (), ("Jira",))]
    assert [(one.name, one.gains) for one in world.plan().access] == [("ann", ("Jira",))]


@pytest.mark.usefixtures("admin")
def test_a06_members_changed_at_the_source_change_the_next_table(world: World) -> None:
    """
    Users added and removed at the source stand in the next table; with equal memberships nothing would change.
    """
    world.cloud_says("eve")
    added = names(reviewed(world))
    world.cloud_loses("eve")
    world.cloud_says("ann", groups=("traders",))
    world.cloud_says("lee")

    assert added == (["ann", "eve"], ["lee"])
    assert names(reviewed(world)) == ([], [])


@pytest.mark.usefixtures("admin")
def test_a06_group_renamed_at_the_source_is_in_no_conflict(world: World) -> None:
    """
    Under its new name it is made, and the organisation's group stays as it is.
    """
    world.cloud_renames_group("staff", to="everybody")
    world.apply()

    assert (world.members("everybody"), world.members("staff")) == ({"ann", "bob"}, {"bob", "lee"})
    assert (world.decide().reviews, world.plan().held) == ((), ())


@pytest.mark.usefixtures("admin")
def test_a06_group_renamed_by_an_override_is_in_no_conflict(world: World) -> None:
    """
    A decision to rename gives the source's group another name in the target.
    """
    decide(world, "rename", rename="staff (cloud)")
    world.apply()

    assert (world.members("staff (cloud)"), world.members("staff")) == ({"ann", "bob"}, {"bob", "lee"})
    assert (world.decide().reviews, world.plan().changes) == ((), ())


def test_a06_new_name_that_is_taken_too_is_a_conflict_again(world: World, admin: SqlAdmin) -> None:
    """
    A name that another group of the organisation bears settles nothing.
    """
    admin.admin_creates_group("desk")
    decide(world, "rename", rename="desk")
    (held,) = world.plan().held

    assert (held.name, held.reason) == ("desk", "its new name is taken, too")


def test_a07_undecided_ones_are_held_while_the_rest_proceeds(world: World, admin: SqlAdmin) -> None:
    """
    Of two groups in conflict one is decided: that one is overwritten, the other stays, and everybody is made.
    """
    admin.admin_creates_group("traders")
    admin.admin_joins("lee", "traders")
    decide(world, "overwrite")
    world.apply()

    assert (world.members("staff"), world.members("traders")) == ({"ann", "bob"}, {"lee"})
    assert users(world) == {"ann": True, "bob": True, "lee": True}
    assert [(one.name, one.standing) for one in world.plan().held] == [("traders", True)]


def test_a07_all_means_all(world: World, admin: SqlAdmin) -> None:
    """
    Thirty decided groups are overwritten in one run, however many members leave: each of them was looked at.
    """
    wanted = [f"team-{number:02}" for number in range(30)]
    for name in wanted:
        world.cloud_has_group(name)
        admin.admin_creates_group(name)
        admin.admin_joins("lee", name)
    world.cloud_says("ann", groups=("staff", *wanted))
    for one in world.decide().reviews:
        world.git_says(group=one.contest.called, decision="overwrite", reviewed=one.contest.digest)
    report = world.apply()

    assert {one.outcome for one in report.outcomes} == {"landed"}
    assert {frozenset(world.members(name)) for name in wanted} == {frozenset({"ann"})}
    assert (world.plan().held, world.plan().changes) == ((), ())


def test_a09_plan_opens_with_the_number_of_groups_that_cannot_be_synchronised(
    world: World, admin: SqlAdmin
) -> None:
    """
    Undecided, stale and blocked ones count; a group that is kept by decision waits for nothing.
    """
    admin.admin_creates_group("traders")
    both = render_text(world.plan())
    decide(world, "keep")
    one = render_text(world.plan())

    assert both.startswith("2 groups cannot be synchronised. ")
    assert one.startswith("1 group cannot be synchronised. ")


def test_decision_about_a_group_in_no_conflict_is_told(world: World, admin: SqlAdmin) -> None:
    """
    When the organisation's group has gone, the decision decides nothing, and the plan says so; the run goes on.
    """
    decide(world, "keep")
    admin.run("DELETE FROM memberships")
    admin.run("DELETE FROM groups WHERE name = 'staff'")
    notices = [one.text for one in world.plan().notices if one.code == "decision-idle"]
    world.apply()

    assert notices == ["overrides/all.yaml:1: keep is decided of 'staff', which is in no conflict: remove the file"]
    assert world.members("staff") == {"ann", "bob"}


def test_a10_one_directory_has_one_group_of_a_name(world: World) -> None:
    """
    With the organisation's one directory a group of the source is one group, under its own name.
    """
    world.apply()

    assert {one.name for one in world.target.read().groups} == {"staff", "traders"}
