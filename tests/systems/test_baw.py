"""
A WebSphere registry to a workflow database, row by row: the preset, the engine, the embedded database.

Without a scope a run is what happens when the server starts; a search and a login are scopes of the same engine.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import server
from reconciler.core.scope import ALL, login, search
from reconciler.server_tokens import issue
from tests.server.registry import SECRET, Registry, answering, registry
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
        world.cloud_says(name, display_name=name.title())
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


def test_b04_search_makes_every_user_it_found(world: World) -> None:
    """
    Whoever was found is there from then on, in no group and with no role, and nobody else is made.
    """
    applied(world)
    world.cloud_says("carl", groups=[])
    plan = applied(world, search(["id-ann", "id-carl"]))

    assert actions(plan) == [("create", "ann"), ("create", "carl")]
    assert (users(world), world.members("staff")) == ({"ann": True, "carl": True}, set())
    assert world.value("carl", "roles") == ()


def test_b04_search_leaves_who_is_there_as_they_are(world: World, admin: SqlAdmin) -> None:
    """
    To be found changes nothing of a user who is there already.
    """
    applied(world)
    admin.admin_creates("ann", display_name="Ann before", active=False)

    assert applied(world, search(["id-ann"])).changes == ()


def test_b05_login_makes_a_user_who_is_not_there(world: World) -> None:
    """
    Who logs in for the first time is there, with its full name, and nobody else is.
    """
    applied(world)
    plan = applied(world, login(["ann"]))

    assert actions(plan) == [("create", "ann"), ("update", "ann")]
    assert (users(world), world.value("ann", "display_name")) == ({"ann": True}, "Ann")


def test_b05_login_refreshes_the_distinguished_name(world: World) -> None:
    """
    A user who was moved within the registry is found where it is now, after its next login.
    """
    world.cloud_says("ann", attributes={"distinguished_name": "uid=ann,ou=staff,o=example"})
    applied(world)
    applied(world, login(["ann"]))
    before = world.value("ann", "distinguished_name")
    world.cloud_says("ann", attributes={"distinguished_name": "uid=ann,ou=board,o=example"})
    plan = applied(world, login(["ann"]))

    assert [one.after for one in plan.changes] == [{"distinguished_name": "uid=ann,ou=board,o=example"}]
    assert before == "uid=ann,ou=staff,o=example"


def test_b05_login_refreshes_the_full_name(world: World) -> None:
    """
    What the registry calls a user is what the database calls it after its next login, and no sooner.
    """
    applied(world)
    applied(world, login(["ann"]))
    applied(world, login(["bob"]))
    for name in ("ann", "bob"):
        world.cloud_says(name, display_name=f"{name} of late")
    applied(world)
    before = world.value("ann", "display_name")
    applied(world, login(["ann"]))

    assert (before, world.value("ann", "display_name")) == ("Ann", "ann of late")
    assert world.value("bob", "display_name") == "Bob"


def test_b06_login_makes_the_groups_of_this_user_those_of_the_registry(world: World, admin: SqlAdmin) -> None:
    """
    Memberships are added and removed, of this user alone: others stay where the registry no longer has them.
    """
    for name in ("carl", "dora"):
        world.cloud_says(name)
    applied(world)
    applied(world, login(["ann", "bob", "carl", "dora"]))
    admin.admin_leaves("carl", "staff")
    world.cloud_says("ann", groups=["guests"])
    world.cloud_says("bob", groups=["guests"])
    plan = applied(world, login(["ann"]))

    assert {one.name for one in plan.changes} == {"ann"}
    assert (world.members("guests"), world.members("staff")) == ({"ann"}, {"bob", "dora"})


def test_b07_login_makes_a_group_that_is_not_known_with_this_user_alone(world: World) -> None:
    """
    The others of the group come when they log in.
    """
    applied(world)
    applied(world, login(["ann", "bob"]))
    world.cloud_has_group("night")
    for name in ("ann", "bob"):
        world.cloud_says(name, groups=["night", "staff"])
    plan = applied(world, login(["ann"]))
    first = world.members("night")
    applied(world, login(["bob"]))

    assert actions(plan) == [("create", "night"), ("update", "ann")]
    assert (first, world.members("night")) == ({"ann"}, {"ann", "bob"})


def test_b08_login_reactivates_a_user(world: World, admin: SqlAdmin) -> None:
    """
    A user whom somebody deactivated is active again after its login, and only then.
    """
    applied(world)
    applied(world, login(["ann"]))
    admin.admin_sets("ann", active=False)
    applied(world)
    before = users(world)
    plan = applied(world, login(["ann"]))

    assert [(one.action, one.risk) for one in plan.changes] == [("activate", ())]
    assert "logged in" in plan.changes[0].because["active"]
    assert (before, users(world)) == ({"ann": False}, {"ann": True})


@pytest.mark.parametrize("said", ["suspended", "left", "unknown"])
def test_b08_login_reactivates_nobody_whom_the_registry_calls_inactive(
    world: World, admin: SqlAdmin, said: Any
) -> None:
    """
    A login is no proof that the registry lets somebody in: only its newest word is.
    """
    applied(world)
    applied(world, login(["ann"]))
    admin.admin_sets("ann", active=False)
    world.cloud_says("ann", state=said)

    assert applied(world, login(["ann"])).changes == ()


def test_b08_reactivation_waits_for_an_export_that_proves_something(world: World, admin: SqlAdmin) -> None:
    """
    On an export that was not read whole nobody is made active again: it is held.
    """
    applied(world)
    applied(world, login(["ann"]))
    admin.admin_sets("ann", active=False)
    world.manifest = {"complete": False}
    plan = world.plan(login(["ann"]))

    assert (plan.changes, [one.guard for one in plan.held]) == ((), ["export-degraded"])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Registry]:
    """
    Return another registry, of twelve users in ten groups, whose service answers.
    """
    with answering(registry(tmp_path / "served", users=12)) as found:
        yield found


@pytest.mark.parametrize("base", ["", "/ops", "/bas/ops"])
def test_b09_users_and_groups_are_synchronised_over_http(served: Registry, base: str) -> None:
    """
    With a fresh token, those who were named, or all who are known; the answer counts what was done.
    """
    asked = {"refresh-groups": False, "requested_lifetime": 7200}
    token = served.post(f"{base}/system/login", asked).json["csrf_token"]
    named = served.post(f"{base}/system/users_sync", {"users": ["user1", "user2"]}, BPMCSRFToken=token)
    served.says(12, groups=5, at="2026-11-22T09:30:00Z")
    everybody = served.post(f"{base}/system/users_sync", {"users": []}, BPMCSRFToken=token)
    groups = served.post(f"{base}/system/groups_sync", {"groups": []}, BPMCSRFToken=token)

    assert [answer.status for answer in (named, everybody, groups)] == [200, 200, 200]
    assert named.json["counts"]["landed"] == 7
    assert set(served.users()) == {"user1", "user2"}
    assert groups.json["counts"]["held"] == 0


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="missing"),
        pytest.param("nonsense", id="invented"),
        pytest.param(issue(SECRET, now=0, lifetime=7200), id="ended"),
        pytest.param(issue("another secret", now=4e9, lifetime=7200), id="another's"),
    ],
)
def test_b09_without_a_token_that_holds_it_is_forbidden(served: Registry, token: str) -> None:
    """
    It is 403, and the target is not even looked at.
    """
    answer = served.post("/ops/system/users_sync", {"users": []}, BPMCSRFToken=token)

    assert (answer.status, (served.folder / ".reconciler").exists()) == (403, False)


def test_b09_what_takes_long_is_asked_about(served: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    After five seconds the answer is 202, with an id under which it says later what was done.
    """
    assert server.ANSWERED_WITHIN == 5.0
    monkeypatch.setattr(server, "ANSWERED_WITHIN", 0.0)
    answer = served.post("/system/users_sync", {"users": ["user1"]}, BPMCSRFToken=served.token())
    later = answer
    while later.json["state"] in {"waiting", "running"}:
        later = served.ask("GET", f"/runs/{answer.json['id']}")

    assert (answer.status, later.json["state"], later.json["counts"]["landed"]) == (202, "done", 4)


def test_run_about_everybody_keeps_who_came(world: World, admin: SqlAdmin) -> None:
    """
    A run about everybody is about those who logged in: nobody else is made, and nobody is made active again.
    """
    applied(world)
    applied(world, login(["ann"]))
    admin.admin_sets("ann", active=False)

    assert applied(world, ALL).changes == ()
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


def test_overwritten_group_keeps_its_members_where_the_policy_leaves_them_alone(tmp_path: Path) -> None:
    """
    With `membership: none` a decision to overwrite makes the group ours, and still takes nobody out.
    """
    world = world_of("baw", tmp_path, change={"groups": {"membership": "none"}})
    admin = SqlAdmin(tmp_path / "registry.db")
    admin.admin_creates("kim")
    admin.admin_creates_group("staff")
    admin.admin_joins("kim", "staff")
    (found,) = world.decide(scope=ALL).reviews
    world.git_says(group="staff", decision="overwrite", reviewed=found.contest.digest)
    world.apply(scope=ALL)

    assert (found.leaves, world.members("staff"), world.plan(ALL).held) == ((), {"kim"}, ())
