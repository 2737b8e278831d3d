"""
IBM Cloud IAM to IBM OpenPages, row by row: the shipped preset, the real engine, the embedded database.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.approval import awaiting
from reconciler.core.model import Plan, Value
from reconciler.core.policy import build, overlay
from reconciler.core.scope import login
from reconciler.files.policies import preset
from reconciler.sources.ibmcloud_roles import role_name
from reconciler.targets.sql import SqlTarget
from tests.systems.told import applied, users
from tests.targets.sql_admin import SqlAdmin
from tests.world import World, summary

PREFIX = "Cloud IAM - "
PARENT = "Workflow, Reporting and Others"
EN_DASH = "\u2013"
MOJIBAKE = EN_DASH.encode().decode("cp1252")
Act = Callable[[World], object]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world with Ann, an administrator Bob and what the preset says; nothing has been applied.
    """
    target = SqlTarget.open(f"sqlite:///{tmp_path}/registry.db", role_groups=frozenset({"OPAdministrators"}))
    world = World(target, tmp_path)
    given(world, {})
    world.cloud_has_group("staff", roles=("Viewer",))
    world.cloud_says("ann", first_name="Ann")
    world.cloud_says("bob", roles=("Administrator",))
    return world


@pytest.fixture
def admin(world: World, tmp_path: Path) -> SqlAdmin:
    """
    Return OpenPages' administrator, with a connection of its own.
    """
    del world
    return SqlAdmin(tmp_path / "registry.db")


def given(world: World, change: Mapping[str, Any]) -> None:
    """
    Lay a policy's own rules over the preset's.
    """
    world.policy = build(overlay(preset("openpages").value, change), {})


def group(world: World, name: str) -> dict[str, Value]:
    """
    Return what the target's group of that name holds, its state among it.
    """
    found = next(one for one in world.target.read().groups if one.name == name)
    return {**found.fields, "active": found.active}


def names(world: World) -> set[str]:
    """
    Return the names of the groups in the target that we made.
    """
    return {one.name for one in world.target.read().groups if one.external_id}


def actions(plan: Plan) -> list[tuple[str, str]]:
    """
    Return what a plan does to whom.
    """
    return [(one.action, one.name) for one in plan.changes]


def test_o01_nothing_is_ever_written_to_the_source(world: World) -> None:
    """
    The export after a run is the export before it.
    """
    before = (dict(world.people), dict(world.groups))
    applied(world)

    assert (world.people, world.groups) == before


@pytest.mark.parametrize("state", ["invited", "suspended", "left", "unknown"])
def test_o02_only_an_accepted_person_is_created(world: World, state: str) -> None:
    """
    Whoever is not active in the cloud gets no account.
    """
    world.cloud_says("cleo", state=state)
    applied(world)

    assert [one.name for one in world.target.read().users] == ["ann", "bob"]


def test_o02_suspended_person_becomes_inactive(world: World) -> None:
    """
    An account that is there is set Inactive when its person is suspended.
    """
    applied(world)
    world.cloud_says("ann", state="suspended")
    applied(world)

    assert world.live("ann").active is False


@pytest.mark.parametrize("state", ["invited", "unknown"])
def test_o02_state_that_says_nothing_touches_nothing(world: World, state: str) -> None:
    """
    An account stays as it is, memberships too, while its person's state is a pending or unknown one.
    """
    applied(world)
    world.cloud_says("ann", state=state, source_state="FROZEN", first_name="Anna", groups=())

    assert summary(world.plan()) == []
    assert world.members(PREFIX + "staff") == {"ann", "bob"}


def test_o02_unknown_state_is_reported(world: World) -> None:
    """
    A state that nobody knows is told with the person, the line of the export and the word of the source.
    """
    world.cloud_says("cleo", state="unknown", source_state="FROZEN")
    told = [one.text for one in world.plan().notices if one.code == "unknown-state"]

    assert len(told) == 1
    assert all(part in told[0] for part in ("'cleo'", "'FROZEN'", "users.jsonl:3"))


def test_o04_first_login_makes_that_one_user_at_once(world: World) -> None:
    """
    Who has just accepted need not wait for the next run: the account is there with groups and roles, and no other.
    """
    applied(world)
    world.cloud_says("carla", first_name="Carla")
    world.cloud_says("dora")
    plan = applied(world, login(["carla"]))

    assert {(one.action, one.name) for one in plan.changes} == {("create", "carla"), ("update", "carla")}
    assert world.members(PREFIX + "staff") == {"ann", "bob", "carla"}
    assert set(users(world)) == {"ann", "bob", "carla"}


def test_o04_login_of_somebody_who_may_not_come_makes_nobody(world: World) -> None:
    """
    An invitation that is not accepted, and a person without a login role, are no users for having tried.
    """
    applied(world)
    world.cloud_says("carla", state="invited")
    world.cloud_says("dora", groups=[])

    assert applied(world, login(["carla", "dora"])).changes == ()
    assert set(users(world)) == {"ann", "bob"}


def test_o05_group_with_a_login_role_is_made_with_the_prefix(world: World) -> None:
    """
    Of the groups of the cloud, those that grant a login role come over, by the name with the hyphen.
    """
    world.cloud_has_group("billing", roles=("Account Owner",))
    world.cloud_says("ann", groups=("billing", "staff"))
    applied(world)

    assert names(world) == {"Cloud IAM - staff"}


@pytest.mark.parametrize(
    "prefix", [PREFIX, f"Cloud IAM {EN_DASH} ", f"Cloud IAM {MOJIBAKE} "], ids=["hyphen", "en dash", "mojibake"]
)
def test_o05_group_that_differs_in_its_dash_is_the_same(world: World, admin: SqlAdmin, prefix: str) -> None:
    """
    A managed group is recognised by any dash, kept as it is named, and never made a second time.
    """
    admin.admin_creates_group(f"{prefix}staff", parent=PARENT)
    applied(world)

    assert [one.name for one in world.target.read().groups if "staff" in one.name] == [f"{prefix}staff"]
    assert world.members(f"{prefix}staff") == {"ann", "bob"}


def test_o05_two_groups_that_differ_in_their_dash_are_a_conflict(world: World, admin: SqlAdmin) -> None:
    """
    Which of two is meant is not for us to say.
    """
    admin.admin_creates_group("Cloud IAM - staff")
    admin.admin_creates_group(f"Cloud IAM {EN_DASH} staff")

    assert [one.keys for one in world.plan().conflicts] == [("id-staff",)]


def test_o06_profiles_go_with_groups(world: World, admin: SqlAdmin) -> None:
    """
    A user gets every profile of every group it is in, as the policy says.
    """
    admin.admin_adds_profile("Risk")
    admin.admin_adds_profile("Audit")
    given(world, {"profiles": {"by_group": {"staff": ["Risk", "Audit"]}}})
    applied(world)

    assert world.value("ann", "profiles") == ("Audit", "Risk")


@pytest.mark.parametrize("name", ["Cloud IAM - staff", "staff", f"Cloud IAM {EN_DASH} staff"])
def test_o06_profiles_are_read_from_the_catalogue(world: World, admin: SqlAdmin, name: str) -> None:
    """
    What an administrator associated with a group counts, whichever way the group is called there.
    """
    admin.admin_adds_profile("Risk", groups=(name,))
    given(world, {"profiles": {"from": "target"}})
    applied(world)

    assert world.value("ann", "profiles") == ("Risk",)


def test_o06_association_survives_a_renamed_group(world: World, admin: SqlAdmin) -> None:
    """
    The policy's name of a group still counts after the cloud has renamed it.
    """
    admin.admin_adds_profile("Risk")
    given(world, {"profiles": {"by_group": {"staff": ["Risk"]}}})
    applied(world)
    world.cloud_renames_group("staff", "crew")
    applied(world)

    assert world.value("ann", "profiles") == ("Risk",)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda admin: admin.run("UPDATE profiles SET enabled = 0 WHERE name = 'Risk'"), id="disabled"),
        pytest.param(lambda admin: admin.run("UPDATE profiles SET deleted = 1 WHERE name = 'Risk'"), id="deleted"),
    ],
)
def test_o07_fallback_where_no_profile_is_enabled(
    world: World, admin: SqlAdmin, spoil: Callable[[SqlAdmin], object]
) -> None:
    """
    A user of whose profiles none can be used gets the fallback.
    """
    admin.admin_adds_profile("Risk")
    spoil(admin)
    given(world, {"profiles": {"by_group": {"staff": ["Risk"]}}})
    applied(world)

    assert world.value("ann", "profiles") == ("Default",)


def test_o07_admin_owned_profiles_are_reported_not_written(world: World, admin: SqlAdmin) -> None:
    """
    Where the profiles are the administrator's and none of them is enabled, the plan says so and writes nothing.
    """
    applied(world)
    admin.admin_adds_profile("Risk")
    admin.admin_sets("ann", profiles=("Risk",))
    world.apply()
    admin.run("UPDATE profiles SET enabled = 0 WHERE name = 'Risk'")
    plan = world.plan()

    assert summary(plan) == []
    assert [one.code for one in plan.notices] == ["no-enabled-profile"]
    assert "'ann'" in plan.notices[0].text


@pytest.mark.parametrize("through", ["", "through"], ids=["direct", "group"])
@pytest.mark.parametrize("role", ["OpenPages User", "Viewer", "View", "Operator", "Editor", "Administrator"])
def test_o08_login_role_lets_in(world: World, role: str, through: str) -> None:
    """
    Each login role, held directly or through a group, makes an account.
    """
    world.cloud_has_group("through", roles=(role,) if through else ())
    world.cloud_says("cleo", roles=() if through else (role,), groups=("through",))
    applied(world)

    assert world.live("cleo").active


def test_o08_person_without_a_login_role_is_not_created(world: World) -> None:
    """
    Whoever never held a login role gets no account.
    """
    world.cloud_says("cleo", roles=("Reader",), groups=())
    applied(world)

    assert "cleo" not in {one.name for one in world.target.read().users}


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("crn:v1:bluemix:public:openpages::::serviceRole:GRCUser", "OpenPages User"),
        ("crn:v1:bluemix:public:openpages::::serviceRole:Editor", "Editor"),
        ("crn:v1:bluemix:public:iam::::role:Viewer", "Viewer"),
        ("openpages.service.login", "OpenPages User"),
        ("openpages.service.administer", "Administrator"),
        ("View", "Viewer"),
    ],
)
def test_o08_every_spelling_of_a_role_lets_in(world: World, role: str, name: str) -> None:
    """
    A role id, however it is spelled, is the role that the policy names.
    """
    found = role_name(role, "openpages").name or ""
    world.cloud_says("cleo", roles=(found,), groups=())
    applied(world)

    assert found == name
    assert world.live("cleo").active


def test_o09_direct_administrator_gets_group_and_template(world: World) -> None:
    """
    Administrator, granted directly, is membership of OPAdministrators and the role template.
    """
    applied(world)

    assert world.value("bob", "roles") == ("OPAdministrators", "SaaS Administrator", "Viewer")
    assert world.members(PREFIX + "staff") == {"ann", "bob"}


def test_o09_administrator_through_a_group_gets_the_group_alone(world: World) -> None:
    """
    Administrator through a group is membership of OPAdministrators, without the template.
    """
    world.cloud_has_group("admins", roles=("Administrator",))
    world.cloud_says("cleo", groups=("admins",))
    applied(world)

    assert world.value("cleo", "roles") == ("OPAdministrators",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("locale", "de_DE", id="locale"),
        pytest.param("profiles", ("Risk",), id="profiles"),
        pytest.param("roles", ("Editor", "Viewer"), id="roles"),
    ],
)
def test_o10_what_the_administrator_changed_stays(world: World, admin: SqlAdmin, field: str, value: Value) -> None:
    """
    Locale, profiles and roles that an administrator changed are recorded as the admin's and survive ten more runs.
    """
    applied(world)
    admin.admin_adds_profile("Risk")
    admin.admin_sets("ann", **{field: value})
    owner = [applied(world).claims[0].owner, world.owner("ann", field)]
    for number in range(10):
        world.cloud_says("ann", first_name=f"Ann {number}", roles=("Operator",))
        applied(world)

    assert owner == ["admin", "admin"]
    assert (world.value("ann", field), world.value("ann", "first_name")) == (value, "Ann 9")


def test_o11_account_made_in_the_target_becomes_inactive(world: World, admin: SqlAdmin) -> None:
    """
    An account made by hand is set Inactive, never deleted.
    """
    applied(world)
    admin.admin_creates("local")
    plan = applied(world)

    assert actions(plan) == [("deactivate", "local")]
    assert world.live("local").active is False


def test_o11_first_run_deactivates_nobody_unlinked(world: World, admin: SqlAdmin) -> None:
    """
    On a populated target the first run leaves alone whoever it does not know.
    """
    admin.admin_creates("local")
    applied_names = {name for _, name in actions(world.plan())}

    assert "local" not in applied_names


@pytest.mark.parametrize("name", ["OpenPagesAdministrator", "OPSystem"])
def test_o11_protected_account_is_never_touched(world: World, admin: SqlAdmin, name: str) -> None:
    """
    A protected account stays as it is: active, in its groups, and nobody of the cloud is taken for it.
    """
    applied(world)
    admin.admin_creates(name, locale="fr_FR")
    admin.admin_joins(name, PREFIX + "staff")
    world.cloud_says("evil", user_name=name)
    plan = world.plan()

    assert summary(plan) == []
    assert [one.keys for one in plan.conflicts] == [("id-evil",)]


@pytest.mark.parametrize(
    ("field", "edited", "wanted"),
    [
        ("first_name", "Annie", "Ann"),
        ("email", "x@example.com", "ann@example.com"),
        ("last_name", "Xu", "Lee"),
        ("description", "mine", "Trader"),
        ("locked", True, False),
        ("can_change_password", False, True),
        ("temporary_password", True, False),
        ("password_expires_in_days", 30, 0),
    ],
)
def test_o12_source_field_is_overwritten(
    world: World, admin: SqlAdmin, *, field: str, edited: Value, wanted: Value
) -> None:
    """
    What the cloud decides is written again on every run, and the plan names the edit that is lost.
    """
    world.cloud_says("ann", last_name="Lee", description="Trader")
    applied(world)
    admin.admin_sets("ann", **{field: edited})
    plan = applied(world)

    assert [(one.before, one.drift) for one in plan.changes] == [({field: edited}, (field,))]
    assert world.value("ann", field) == wanted


def test_o12_account_that_the_administrator_disabled_waits_for_approval(world: World, admin: SqlAdmin) -> None:
    """
    Enabled is the cloud's to decide, but to enable what an administrator disabled is dangerous.
    """
    applied(world)
    admin.admin_sets("ann", active=False)
    risks = [one.risk for one in awaiting(world.plan().held)]
    world.apply()
    before = world.live("ann").active
    world.approve()

    assert risks == [("dangerous",)]
    assert (before, world.live("ann").active) == (False, True)


def test_o12_renamed_user_is_replaced(world: World) -> None:
    """
    OpenPages cannot rename: a new account takes over everything, and the old one is set Inactive.
    """
    applied(world)
    world.cloud_says("ann", user_name="anna")
    plan = applied(world)

    assert actions(plan) == [("create", "anna"), ("update", "anna"), ("deactivate", "ann")]
    assert (world.live("ann").active, world.live("anna").active) == (False, True)
    assert "anna" in world.members(PREFIX + "staff")


def test_o12_admin_owned_value_moves_to_the_successor(world: World, admin: SqlAdmin) -> None:
    """
    What an administrator owned on the old account is the administrator's on the new one.
    """
    applied(world)
    admin.admin_sets("ann", locale="de_DE")
    applied(world)
    world.cloud_says("ann", user_name="anna")
    applied(world)

    assert (world.value("anna", "locale"), world.owner("ann", "locale")) == ("de_DE", "admin")


def test_o13_group_description_is_overwritten(world: World, admin: SqlAdmin) -> None:
    """
    A group's description is the cloud's, whatever an administrator writes.
    """
    world.cloud_has_group("staff", description="All of us")
    applied(world)
    admin.admin_sets_group(PREFIX + "staff", description="mine")
    plan = applied(world)

    assert actions(plan) == [("update", PREFIX + "staff")]
    assert group(world, PREFIX + "staff")["description"] == "All of us"


def test_o14_added_member_is_removed_and_removed_one_put_back(world: World, admin: SqlAdmin) -> None:
    """
    Membership of a managed group is what the cloud says.
    """
    world.cloud_says("cleo", roles=("Viewer",), groups=())
    applied(world)
    admin.admin_joins("cleo", PREFIX + "staff")
    admin.admin_leaves("ann", PREFIX + "staff")
    applied(world)

    assert world.members(PREFIX + "staff") == {"ann", "bob"}


def test_o14_account_of_the_target_alone_leaves_a_managed_group(world: World, admin: SqlAdmin) -> None:
    """
    An account that only lives in the target is taken out of a managed group; a protected one stays.
    """
    given(world, {"users": {"lifecycle": {"local": "report"}}})
    applied(world)
    for name in ("local", "OPSystem"):
        admin.admin_creates(name)
        admin.admin_joins(name, PREFIX + "staff")
    plan = applied(world)

    assert [one.because for one in plan.changes] == [{"groups": world.policy.origin("groups.membership")}]
    assert world.members(PREFIX + "staff") == {"ann", "bob", "OPSystem"}


def test_o14_other_groups_are_never_touched(world: World, admin: SqlAdmin) -> None:
    """
    A group without the prefix stays as it is, and so do a managed user's memberships in it.
    """
    applied(world)
    admin.admin_creates_group("Local Reviewers", description="ours")
    admin.admin_joins("ann", "Local Reviewers")

    assert summary(world.plan()) == []


def test_i01_group_with_a_login_role_is_created_once_it_has_members(world: World) -> None:
    """
    A group comes over with its description and below its parent, but not before it has a member.
    """
    world.cloud_has_group("traders", roles=("Editor",), description="Buy and sell")
    applied(world)
    before = names(world)
    world.cloud_says("ann", groups=("staff", "traders"))
    applied(world)
    made = group(world, PREFIX + "traders")

    assert before == {PREFIX + "staff"}
    assert (made["description"], made["parent"], world.members(PREFIX + "traders")) == (
        "Buy and sell",
        PARENT,
        {"ann"},
    )


def test_i01_member_who_may_not_log_in_populates_no_group(world: World) -> None:
    """
    A group whose only member has not accepted the invitation is not made.
    """
    world.cloud_has_group("traders", roles=("Editor",))
    world.cloud_says("cleo", state="invited", groups=("traders",))
    applied(world)

    assert names(world) == {PREFIX + "staff"}


def test_i02_members_of_an_administrators_group_become_administrators(world: World) -> None:
    """
    A group with Administrator comes over like any other, and who is in it is an administrator.
    """
    applied(world)
    world.cloud_has_group("admins", roles=("Administrator",))
    world.cloud_says("ann", groups=("admins", "staff"))
    plan = applied(world)

    assert world.members(PREFIX + "admins") == {"ann"}
    assert "OPAdministrators" in str(world.value("ann", "roles"))
    assert ("privileged",) in [one.risk for one in plan.changes]


def test_i03_locale_is_set_once(world: World) -> None:
    """
    A new user has the locale en_US, no group by default, and the locale stays what it is made later.
    """
    world.cloud_says("cleo", roles=("Viewer",), groups=())
    applied(world)

    assert (world.value("cleo", "locale"), world.live("cleo").groups) == ("en_US", ())


def test_i04_new_administrator_is_told_as_privileged(world: World) -> None:
    """
    A new administrator has the power of one, and the plan marks the change.
    """
    applied(world)
    world.cloud_says("cleo", roles=("Administrator",), groups=())
    plan = applied(world)

    assert [(one.action, one.risk) for one in plan.changes] == [("create", ("privileged",))]
    assert world.value("cleo", "roles") == ("OPAdministrators", "SaaS Administrator")


@pytest.mark.parametrize("size", [0, 9], ids=["small", "large"])
def test_i05_renamed_group_gets_a_successor(world: World, size: int) -> None:
    """
    A new group is made, all members move, the old group is set Inactive; a guard on removals has nothing to say.
    """
    people = {f"p{number}" for number in range(size)}
    for name in people:
        world.cloud_says(name)
    applied(world)
    world.cloud_renames_group("staff", "crew")
    applied(world)

    assert world.members(PREFIX + "crew") == {"ann", "bob"} | people
    assert world.members(PREFIX + "staff") == set()
    assert group(world, PREFIX + "staff")["active"] is False


def test_i06_description_follows(world: World) -> None:
    """
    A changed description is updated, and nothing else.
    """
    applied(world)
    world.cloud_has_group("staff", description="All of us")
    plan = applied(world)

    assert [(one.action, one.after) for one in plan.changes] == [("update", {"description": "All of us"})]


def test_i07_memberships_follow(world: World) -> None:
    """
    Who joins and who leaves in the cloud joins and leaves in the target.
    """
    world.cloud_has_group("traders", roles=("Editor",))
    world.cloud_says("cleo", groups=("traders",))
    applied(world)
    world.cloud_says("ann", groups=("traders",))
    world.cloud_says("cleo", groups=("staff", "traders"))
    applied(world)

    assert (world.members(PREFIX + "staff"), world.members(PREFIX + "traders")) == (
        {"bob", "cleo"},
        {"ann", "cleo"},
    )


def deleted_group(world: World) -> Plan:
    """
    Delete the group `traders`, in which were Ann (also in another group), Cleo (with a role), Dan (with nothing).
    """
    world.cloud_has_group("traders", roles=("Editor",))
    world.cloud_says("ann", groups=("staff", "traders"))
    world.cloud_says("cleo", groups=("traders",), roles=("Viewer",))
    world.cloud_says("dan", groups=("traders",))
    applied(world)
    world.cloud_loses_group("traders")
    world.cloud_says("ann")
    return applied(world)


def test_i08_deleted_group_is_moved(world: World) -> None:
    """
    The group is moved below another parent, not deleted, and nobody is in it any more.
    """
    plan = deleted_group(world)

    assert ("move", PREFIX + "traders") in actions(plan)
    assert group(world, PREFIX + "traders")["parent"] == "Standalone Users and Group"
    assert world.members(PREFIX + "traders") == set()


def test_i08_members_of_a_deleted_group(world: World) -> None:
    """
    With another group, only this one is lost; with a role, too; with neither, the account becomes Inactive.
    """
    deleted_group(world)

    assert {name: world.live(name).active for name in ("ann", "cleo", "dan")} == {
        "ann": True,
        "cleo": True,
        "dan": False,
    }
    assert world.members(PREFIX + "staff") == {"ann", "bob"}


def test_i09_deleted_user_becomes_inactive(world: World) -> None:
    """
    Whoever the cloud no longer has is set Inactive, whatever number of groups that ends.
    """
    groups = ("five", "four", "one", "staff", "three", "two")
    for name in groups:
        world.cloud_has_group(name, roles=("Viewer",))
    for name in ("ann", "cleo", "dan", "eve", "fay", "gus"):
        world.cloud_says(name, groups=groups)
    applied(world)
    world.cloud_loses("ann")
    applied(world)

    assert world.live("ann").active is False
    assert world.live("ann").groups == ()


def test_i10_user_who_lost_every_role_becomes_inactive(world: World) -> None:
    """
    Whoever lost the last login role is set Inactive, and the plan says why.
    """
    applied(world)
    world.cloud_says("ann", groups=())
    plan = applied(world)

    assert world.live("ann").active is False
    assert "unprovisioned" in plan.changes[-1].because["active"]


@pytest.mark.parametrize(
    ("leave", "back"),
    [
        pytest.param(lambda w: w.cloud_loses("ann"), lambda w: w.cloud_says("ann"), id="deleted"),
        pytest.param(
            lambda w: w.cloud_says("ann", state="suspended"),
            lambda w: w.cloud_says("ann", state="active"),
            id="suspended",
        ),
        pytest.param(
            lambda w: w.cloud_says("ann", groups=()), lambda w: w.cloud_says("ann", groups=("staff",)), id="roles"
        ),
    ],
)
def test_i11_returner_gets_the_same_account(world: World, leave: Act, back: Act) -> None:
    """
    Whoever returns is Active again on the same account, and never twice.
    """
    applied(world)
    account = world.live("ann").id
    leave(world)
    applied(world)
    back(world)
    applied(world)

    assert (world.live("ann").id, world.live("ann").active) == (account, True)
    assert len(world.target.read().users) == 2


def test_i11_recycled_login_inherits_nothing(world: World) -> None:
    """
    Another identity under the login of a leaver is no return: a conflict, and the old account stays Inactive.
    """
    applied(world)
    world.cloud_loses("ann")
    applied(world)
    world.cloud_says("stranger", user_name="ann")
    plan = world.plan()

    assert summary(plan) == []
    assert [one.keys for one in plan.conflicts] == [("id-stranger",)]
    assert "id-ann" in plan.conflicts[0].message


@pytest.mark.parametrize("key", ["traders", "traders2"], ids=["same id", "new id"])
def test_i12_group_created_again_is_moved_back(world: World, key: str) -> None:
    """
    The group comes back below its parent with its members, also when the cloud gave it a new id.
    """
    deleted_group(world)
    world.cloud_makes_group_again("traders", key=key, roles=("Editor",))
    world.cloud_says("dan", groups=(key,))
    world.cloud_says("ann", groups=("staff", key))
    applied(world)

    assert group(world, PREFIX + "traders")["parent"] == PARENT
    assert world.members(PREFIX + "traders") == {"ann", "dan"}
    assert [key for key in world.ledger.groups if "traders" in key] == [f"id-{key}"]


def test_two_groups_of_one_name_are_a_conflict(world: World) -> None:
    """
    Two groups of one name are never merged: both are held, both ids are named.
    """
    for key in ("g1", "g2"):
        world.cloud_makes_group_again("traders", key=key, roles=("Editor",))
    world.cloud_says("ann", groups=("g1", "staff"))
    world.cloud_says("bob", groups=("g2", "staff"))
    plan = world.plan()

    assert [one.keys for one in plan.conflicts] == [("id-g1", "id-g2")]
    assert re.search(r"id-g1.*id-g2", plan.conflicts[0].message)
    assert PREFIX + "traders" not in {one.name for one in plan.changes}
