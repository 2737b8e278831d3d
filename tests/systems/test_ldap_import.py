"""
Directories to a repository that imports users and groups, row by row: preset, engine, embedded database.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.model import Value
from tests.systems.told import actions, applied, group, users, world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World, summary

Act = Callable[[World], object]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world with a directory of Ann, Bob and Cleo, all in the group `staff`; nobody has been selected.
    """
    world = world_of("ldap-import", tmp_path)
    world.cloud_has_group("staff", roles=())
    world.cloud_says("ann", roles=("Reviewer",), first_name="Ann")
    for name in ("bob", "cleo"):
        world.cloud_says(name)
    return world


@pytest.fixture
def admin(world: World, tmp_path: Path) -> SqlAdmin:
    """
    Return the repository's administrator, with a connection of its own.
    """
    del world
    return SqlAdmin(tmp_path / "registry.db")


@pytest.mark.parametrize("chosen", [(), ("ann",), ("ann", "bob"), ("ann", "bob", "cleo")], ids=len)
def test_l03_those_who_were_chosen_are_imported_and_no_other(world: World, chosen: tuple[str, ...]) -> None:
    """
    None, one, several or all of the matches come over: those of whom an override says so.
    """
    for name in chosen:
        world.git_says(name, include=True)
    applied(world)

    assert {*users(world)} == {*chosen}


def test_l03_choice_stands_in_git_and_a_later_run_repeats_it(world: World) -> None:
    """
    A later run updates who was chosen, and still makes nobody else.
    """
    world.git_says("ann", include=True)
    applied(world)
    world.cloud_says("ann", first_name="Anna")
    world.cloud_says("dan")
    plan = applied(world)

    assert actions(plan) == [("update", "ann")]
    assert world.value("ann", "first_name") == "Anna"


def test_l03_chosen_group_is_imported_with_its_chosen_members(world: World) -> None:
    """
    Groups are chosen as users are, and of a group's members those are in it who were chosen.
    """
    world.cloud_has_group("others")
    world.cloud_says("ann", groups=("others", "staff"))
    world.git_says("ann", include=True)
    world.git_says(group="staff", include=True)
    applied(world)

    assert [one.name for one in world.target.read().groups] == ["staff"]
    assert world.members("staff") == {"ann"}


def test_l03_who_is_no_longer_chosen_is_left_alone(world: World, admin: SqlAdmin) -> None:
    """
    To take the choice back removes nobody, neither user nor group: hands off, as before it.
    """
    world.git_says("ann", include=True)
    world.git_says(group="staff", include=True)
    applied(world)
    world.overrides.clear()
    admin.admin_sets("ann", first_name="Annie")

    assert summary(world.plan()) == []


def test_account_made_in_the_repository_blocks_the_import(world: World, admin: SqlAdmin) -> None:
    """
    An internal user of the name is held with the override that releases it, and nothing is written to it.
    """
    admin.admin_creates("ann", first_name="Internal")
    world.git_says("ann", include=True)
    plan = world.plan()
    world.apply()

    assert [(one.name, "adopt: true" in one.release) for one in plan.held] == [("ann", True)]
    assert world.value("ann", "first_name") == "Internal"


@pytest.mark.parametrize("kind", ["user", "group"])
def test_blocked_one_is_released_by_an_override(world: World, admin: SqlAdmin, kind: str) -> None:
    """
    `adopt: true` makes the internal user, or group, the directory's.
    """
    admin.admin_creates("ann", first_name="Internal")
    admin.admin_creates_group("staff", description="mine")
    if kind == "user":
        world.git_says("ann", include=True, adopt=True)
    else:
        world.cloud_has_group("staff", description="All of us")
        world.git_says(group="staff", include=True, adopt=True)
    applied(world)

    assert (world.value("ann", "first_name"), group(world, "staff")["description"]) == (
        ("Ann", "mine") if kind == "user" else ("Internal", "All of us")
    )


def test_l05_new_user_has_the_chosen_roles(world: World) -> None:
    """
    Roles of the directory, and those chosen at the import, are written when the account is made.
    """
    world.git_says("ann", include=True, roles_add=("Resource Creator",))
    applied(world)

    assert world.value("ann", "roles") == ("Resource Creator", "Reviewer")


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(lambda w: w.cloud_says("ann", roles=("Reviewer", "Server Administrator")), id="source"),
        pytest.param(lambda w: w.git_says("ann", roles_add=("Server Administrator",)), id="override"),
    ],
)
def test_l05_synchronised_user_keeps_its_roles(world: World, admin: SqlAdmin, later: Act) -> None:
    """
    Of who was imported before the information follows, and the roles stay exactly as they are in the target.
    """
    world.git_says("ann", include=True)
    applied(world)
    admin.admin_sets("ann", roles=("Auditor",))
    later(world)
    world.cloud_says("ann", first_name="Anna")
    plan = applied(world)

    assert [one.after for one in plan.changes] == [{"first_name": "Anna"}]
    assert world.value("ann", "roles") == ("Auditor",)


def test_l05_group_gets_its_roles_once(world: World, admin: SqlAdmin) -> None:
    """
    A new group has the chosen roles; of one imported before the description follows, and the roles stay.
    """
    world.cloud_has_group("staff", roles=("Reviewer",))
    world.git_says(group="staff", include=True)
    applied(world)
    made = group(world, "staff")["roles"]
    admin.run("DELETE FROM group_roles")
    world.cloud_has_group("staff", roles=("Auditor", "Reviewer"), description="All of us")
    applied(world)
    after = group(world, "staff")

    assert made == ("Reviewer",)
    assert (after["roles"], after["description"]) == ((), "All of us")


@pytest.mark.parametrize("enable", [False, True])
def test_l06_new_account_is_disabled_unless_it_shall_be_enabled(world: World, *, enable: bool) -> None:
    """
    An account is made in the state that was chosen, and later runs leave it in it.
    """
    world.git_says("ann", include=True, enable=enable)
    plan = applied(world)
    world.cloud_says("ann", first_name="Anna")
    applied(world)

    assert plan.changes[0].after["active"] is enable
    assert users(world) == {"ann": enable}


def test_l06_account_is_enabled_later_by_the_override(world: World) -> None:
    """
    What we made disabled is enabled as soon as an override says so; there is no edit to be approved.
    """
    world.git_says("ann", include=True)
    applied(world)
    world.git_says("ann", enable=True)
    plan = applied(world)

    assert [(one.action, one.risk, "T-1" in one.because["active"]) for one in plan.changes] == [
        ("activate", (), True)
    ]


@pytest.mark.parametrize("active", [True, False])
def test_l06_administrator_may_enable_and_disable_it(world: World, admin: SqlAdmin, *, active: bool) -> None:
    """
    An account that waits is the administrator's to enable, and to disable again: no run sets it back.
    """
    world.git_says("ann", include=True)
    applied(world)
    admin.admin_sets("ann", active=True)
    applied(world)
    admin.admin_sets("ann", active=active)

    assert applied(world).changes == ()
    assert users(world) == {"ann": active}


def test_l06_disabled_account_is_ours_after_a_crash(world: World) -> None:
    """
    An account that a run made disabled, and died before it could say so, is enabled without an approval.
    """
    world.git_says("ann", include=True)
    world.apply_and_die()
    applied(world)
    world.git_says("ann", enable=True)
    plan = applied(world)

    assert [(one.action, one.risk) for one in plan.changes] == [("activate", ())]


def test_l06_disabled_administrator_is_no_administrator_yet(tmp_path: Path) -> None:
    """
    An administrator whose account is made disabled counts for none, so the last one who can log in stays.
    """
    change = {"roles": {"administrator": {"roles": ["Server Administrator"]}}, "users": {"population": "all"}}
    world = world_of("ldap-import", tmp_path, change=change)
    world.cloud_says("ann", roles=("Server Administrator",), groups=())
    drafted = world.decide()

    assert [sorted(tags) for tags in drafted.tags.values()] == [["created"]]


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(lambda w: w.cloud_loses("ann"), id="missing"),
        pytest.param(lambda w: w.cloud_says("ann", state="suspended"), id="suspended"),
        pytest.param(lambda w: w.cloud_loses_group("staff"), id="group"),
    ],
)
def test_import_removes_nothing(world: World, leave: Act) -> None:
    """
    Who, or which group, is no longer in the directory stays as imported.
    """
    world.git_says("ann", include=True, enable=True)
    world.git_says(group="staff", include=True)
    applied(world)
    leave(world)
    plan = world.plan()

    assert (summary(plan), plan.held) == ([], ())


def test_internal_users_are_never_touched(world: World, admin: SqlAdmin) -> None:
    """
    An account that the directory does not know stays active, and nobody is taken for it.
    """
    world.git_says("ann", include=True)
    applied(world)
    admin.admin_creates("local")

    assert applied(world).changes == ()


@pytest.mark.parametrize("field", ["first_name", "email"])
def test_l05_information_is_updated(world: World, admin: SqlAdmin, field: str) -> None:
    """
    What the directory says of somebody stands, also over an edit in the repository.
    """
    world.git_says("ann", include=True)
    applied(world)
    before: Value = world.value("ann", field)
    admin.admin_sets("ann", **{field: "edited"})
    applied(world)

    assert world.value("ann", field) == before
