"""
What a run about few does, and above all what it leaves: to others, to the next full run, and in the ledger's head.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.scope import START, Scope, login, search, sync_groups, sync_users
from reconciler.errors import UnknownNameError, UsageError
from tests.targets.memory import MemoryTarget
from tests.world import World, summary

ANN = login(["ann"])
STAFF, NIGHT = "Cloud - staff", "Cloud - night"


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return an empty target.
    """
    return MemoryTarget()


@pytest.fixture
def world(target: MemoryTarget, tmp_path: Path) -> World:
    """
    Return a world of Ann, Bob and Carl in two groups, applied once.
    """
    return begun(target, tmp_path)


def begun(target: MemoryTarget, folder: Path, **policy: Any) -> World:
    """
    Return that world under the usual policy with changes.
    """
    world = World(target, folder, policy=policy)
    world.cloud_has_group("night", roles=("User",))
    for name in ("ann", "bob", "carl"):
        world.cloud_says(name, groups=["night", "staff"], roles=("User",))
    world.apply()
    return world


def touched(world: World, scope: Scope) -> list[tuple[str, str]]:
    """
    Return what a run about few would do, to whom.
    """
    return [(one.action, one.name) for one in world.plan(scope).changes]


def asked(world: World, scope: Scope | None, key: str) -> set[str]:
    """
    Return the ids of everything that a run would do to one user, held or not.
    """
    plan = world.plan(scope)
    every = (*plan.changes, *(one.change for one in plan.held if one.change))
    return {one.id for one in every if one.kind == "user" and one.key == key}


NEWS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Kim", "Lee"]),
        "groups": st.lists(st.sampled_from(["night", "staff"]), unique=True),
        "roles": st.sampled_from([("User",), ("Editor", "User"), ("Administrator",)]),
        "state": st.sampled_from(["active", "suspended", "left", "unknown"]),
        "email": st.sampled_from(["kim@example.com", "lee@example.com"]),
    },
)
EDITS = st.sampled_from(({}, {"locale": "de_DE"}, {"active": False}, {"roles": ()}, {"first_name": "Mine"}))


@settings(max_examples=60, deadline=None)
@given(
    news=st.lists(NEWS, min_size=4, max_size=4), edits=st.lists(EDITS, min_size=3, max_size=3), gone=st.booleans()
)
def test_run_about_one_does_to_it_what_a_full_run_does(
    news: list[dict[str, Any]], edits: list[dict[str, Any]], *, gone: bool
) -> None:
    """
    A run about one user and a run about everybody differ only in which rows they look at.
    """
    target = MemoryTarget()
    with TemporaryDirectory() as folder:
        world = begun(target, Path(folder))
        for name, edit in zip(("ann", "bob", "carl"), edits, strict=True):
            target.admin_sets(name, **edit)
        for name, said in zip(("ann", "bob", "carl", "dora"), news, strict=True):
            world.cloud_says(name, **said)
        if gone:
            world.cloud_loses("carl")
        people = ["ann", "bob", "dora", "carl"]

        for name in people:
            assert asked(world, sync_users([f"id-{name}"]), f"id-{name}") == asked(world, None, f"id-{name}")


def test_login_touches_one_user_and_removes_nobody_else(world: World) -> None:
    """
    Of all that has changed, only what is of the one who logs in happens.
    """
    world.cloud_says("ann", first_name="Ann", groups=["staff"])
    world.cloud_says("bob", first_name="Bob", groups=[])
    world.cloud_loses("carl")
    world.cloud_says("dora")
    plan = world.plan(ANN)
    world.apply(scope=ANN)

    assert plan.scope == "login: ann"
    assert [(one.key, one.after) for one in plan.changes] == [
        ("id-ann", {"first_name": "Ann"}),
        ("id-ann", {"groups": ()}),
    ]
    assert world.members(NIGHT) == {"bob", "carl"}


def test_login_takes_no_role_and_the_next_full_run_does(world: World) -> None:
    """
    What a set loses is a removal: a login adds alone, and what it leaves is taken by a run about everybody.
    """
    world.cloud_says("ann", roles=("Editor",), groups=["night", "staff"])
    world.apply()
    world.cloud_says("ann", roles=("Viewer",), groups=["night", "staff"])
    world.apply(scope=ANN)
    after_login = world.value("ann", "roles")
    world.apply()

    assert (after_login, world.value("ann", "roles")) == (("Editor", "User", "Viewer"), ("User", "Viewer"))
    assert world.owner("ann", "roles") == "git"


@pytest.mark.parametrize("rule", ["shared", "initial"])
@pytest.mark.parametrize("restored", [("Viewer",), ("Auditor", "Editor", "Viewer")], ids=["loses", "gains alone"])
def test_override_that_acts_once_waits_for_a_full_run(
    target: MemoryTarget, tmp_path: Path, rule: str, restored: tuple[str, ...]
) -> None:
    """
    What was reviewed happens whole or not at all: a login neither begins it nor uses it up.
    """
    world = begun(target, tmp_path, users={"fields": {"roles": rule}})
    target.admin_sets("ann", roles=("Auditor", "Editor"))
    world.approve()
    world.git_says("ann", restore={"roles": restored}, reviewed={"roles": ("Auditor", "Editor")})
    world.cloud_says("ann", first_name="Anna")
    world.apply(scope=ANN)
    after_login = world.value("ann", "roles")
    world.approve()

    assert (after_login, world.value("ann", "roles")) == (("Auditor", "Editor"), restored)
    assert world.plan().changes == ()


def test_take_waits_for_a_full_run(world: World, target: MemoryTarget) -> None:
    """
    A field that is taken back to Git loses what its administrator gave; a login does not make half of that.
    """
    target.admin_sets("ann", roles=("Auditor", "Editor"))
    world.approve()
    world.git_says("ann", take=("roles",), reviewed={"roles": ("Auditor", "Editor")})
    world.apply(scope=ANN)
    after_login = world.value("ann", "roles"), world.owner("ann", "roles")
    world.approve()

    assert after_login == (("Auditor", "Editor"), "admin")
    assert (world.value("ann", "roles"), world.owner("ann", "roles")) == (("User",), "git")


@pytest.mark.parametrize(
    "fields",
    [{"state": "suspended"}, {"state": "left"}, {"roles": (), "groups": []}],
    ids=["suspended", "left", "without a role"],
)
def test_login_switches_nobody_off(world: World, fields: dict[str, Any]) -> None:
    """
    Somebody whom the source no longer lets in is a full run's to switch off.
    """
    world.cloud_says("ann", **fields)

    assert [one.action for one in world.plan(ANN).changes if "active" in one.after] == []
    assert ("deactivate", "ann") in [(one.action, one.name) for one in world.plan().changes]


def test_login_makes_nothing_that_a_full_run_would_not(world: World) -> None:
    """
    Where the administrator had switched the account off, a login does not switch it on: that needs an approval.
    """
    world.target.admin_sets("ann", active=False)  # type: ignore[attr-defined]
    plan = world.plan(ANN)

    assert (plan.changes, [one.change.action for one in plan.held if one.change]) == ((), ["activate"])


def test_login_does_not_replace_an_account(target: MemoryTarget, tmp_path: Path) -> None:
    """
    Where the target cannot rename, a new name means a new account and the end of the old: a full run's to do.
    """
    world = begun(target, tmp_path, users={"rename": "replace"})
    world.cloud_says("ann", user_name="anna")

    assert touched(world, login(["anna"])) == []
    assert ("create", "anna") in touched(world, sync_users(["anna"]))


def test_login_leaves_a_group_for_its_successor_together_with_the_full_run(
    target: MemoryTarget, tmp_path: Path
) -> None:
    """
    A group that waits for its successor is neither retired nor left by one person's login.
    """
    world = begun(target, tmp_path, groups={"lifecycle": {"renamed": "replace"}})
    world.cloud_renames_group("night", "dusk")

    assert touched(world, ANN) == []
    assert ("create", "Cloud - dusk") in touched(world, sync_groups(["night"]))


def test_first_run_stays_to_come_after_a_login(target: MemoryTarget, tmp_path: Path) -> None:
    """
    A login before any full run does not make that one a second run: nothing unlinked is switched off by it.
    """
    world = World(target, tmp_path)
    world.cloud_says("ann")
    target.admin_creates("local")
    world.apply(scope=ANN)
    first = world.plan()
    world.apply()

    assert [one.name for one in first.changes if one.action == "deactivate"] == []
    assert ("deactivate", "local") in [(one.action, one.name) for one in world.plan().changes]


def test_absence_from_an_export_older_than_the_login_counts_for_nothing(world: World) -> None:
    """
    Somebody who came after an export was read is not missing from it; from the next one on she may be.
    """
    older = world.now
    world.time_passes(hours=1)
    world.cloud_says("dora")
    world.apply(scope=login(["dora"]))
    world.cloud_loses("dora")
    world.manifest = {"fetched_at": older}
    untouched = summary(world.plan())
    world.apply()
    world.manifest = {}

    assert untouched == []
    assert [(one.action, one.name) for one in world.plan().changes if one.after == {"active": False}] == [
        ("deactivate", "dora")
    ]


def test_older_export_does_not_undo_what_a_login_brought(world: World) -> None:
    """
    What an export says that was read before the login is old news of that person, but for what people decided.
    """
    older = world.now
    world.time_passes(hours=1)
    world.cloud_says("ann", first_name="Anna")
    world.apply(scope=ANN)
    world.cloud_says("ann", first_name="Ann")
    world.manifest = {"fetched_at": older}
    untouched = summary(world.plan())
    world.git_says("ann", block=True)

    assert untouched == []
    assert ("deactivate", "ann") in [(one.action, one.name) for one in world.plan().changes]


def test_next_export_confirms_a_login(world: World) -> None:
    """
    The ledger notes that a run about one person saw it, until a run about everybody has read as new an export.
    """
    world.time_passes(hours=1)
    world.cloud_says("dora")
    world.apply(scope=login(["dora"]))
    noted = world.row("dora").seen
    world.apply()

    assert (noted, world.row("dora").seen) == (world.fetched_at, "")


def test_login_of_somebody_in_step_leaves_nothing_to_record(world: World) -> None:
    """
    Who logs in a hundred times a day without any news makes no commit.
    """
    assert world.apply(scope=ANN).run == 0


def test_shrunken_export_stays_one_after_a_login(world: World) -> None:
    """
    What an export is compared with is what was applied in full: a login may not make a small one the measure.
    """
    before = world.ledger.head
    world.cloud_says("ann", first_name="Ann")
    world.cloud_loses("bob")
    world.apply(scope=ANN)
    after = world.ledger.head

    assert (after.counts, after.fetched_at, after.inputs, after.policy) == (
        before.counts,
        before.fetched_at,
        before.inputs,
        before.policy,
    )


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        pytest.param(START, ["blocked-still-on"], id="start"),
        pytest.param(ANN, ["blocked-still-on"], id="login of her"),
        pytest.param(sync_users(["ann"]), [], id="switched off"),
    ],
)
def test_blocked_account_that_a_run_leaves_on_is_told(world: World, scope: Scope, told: list[str]) -> None:
    """
    Who blocks somebody must not take a run about others, or a login, for the end of it.
    """
    world.git_says("ann", block=True)

    assert [one.code for one in world.plan(scope=scope).notices] == told


def test_start_makes_no_smaller_export_the_measure(world: World) -> None:
    """
    A run about groups says nothing of how many people there are: with the next full run those are still missed.
    """
    before = world.ledger.head
    world.cloud_loses("bob")
    world.apply(scope=START)
    after = world.ledger.head

    assert after.serial == before.serial + 1
    assert after.counts == before.counts


def test_what_was_told_of_others_stays_told(world: World, target: MemoryTarget) -> None:
    """
    A run about one person neither tells nor forgets what is held of others, with a row in the ledger or without.
    """
    target.admin_creates("dora")
    target.admin_creates("DORA")
    world.cloud_says("dora")
    world.changes_policy({"users": {"lifecycle": {"existing": "review"}}})
    target.admin_sets("bob", active=False)
    world.apply()
    standing = {one.id for one in world.plan().held if one.standing}
    world.cloud_says("ann", first_name="Ann")
    told = world.plan(ANN).held
    world.apply(scope=ANN)

    assert len(standing) == 2
    assert told == ()
    assert {one.id for one in world.plan().held if one.standing} == standing


def test_conflict_of_the_one_who_logs_in_is_told(world: World) -> None:
    """
    Who may be two is nobody's, also when one of them logs in; of others' conflicts a login tells nothing.
    """
    world.cloud_says("dora")
    world.cloud_says("double", user_name="dora")
    world.apply(scope=login(["id-dora"]))
    plans = [world.plan(scope) for scope in (login(["id-dora"]), login(["id-double"]), ANN)]

    assert [len(plan.conflicts) for plan in plans] == [1, 1, 0]
    assert [plan.changes for plan in plans] == [(), (), ()]
    assert plans[0].conflicts[0].standing


@pytest.mark.parametrize(
    ("scope", "names"),
    [(login(["ann", "nobody", "noone"]), ("nobody", "noone")), (sync_groups(["ann"]), ("ann",))],
    ids=["users", "groups"],
)
def test_name_that_nobody_bears_is_refused(world: World, scope: Scope, names: tuple[str, ...]) -> None:
    """
    All the unknown names are told at once, and nothing is planned.
    """
    with pytest.raises(UnknownNameError) as caught:
        world.plan(scope)

    assert (caught.value.names, caught.value.exit_code) == (names, 2)


def test_login_of_a_leaver_is_nobodys(world: World) -> None:
    """
    Whom the newest export lacks does not log in; to synchronise her is another matter.
    """
    world.cloud_loses("ann")

    with pytest.raises(UnknownNameError):
        world.plan(ANN)


def test_name_that_may_be_several_is_refused(world: World) -> None:
    """
    Two people of one e-mail address are told apart by their keys.
    """
    world.cloud_says("dora", email="ann@example.com")

    with pytest.raises(UsageError) as caught:
        world.plan(login(["ann@example.com"]))

    assert "id-ann, id-dora" in caught.value.message


@pytest.mark.parametrize("name", ["carl", "id-carl", "carl@example.com"])
def test_user_who_is_gone_is_synchronised(world: World, name: str) -> None:
    """
    To synchronise somebody is to do all that the policy says of that one, and of nobody else.
    """
    world.cloud_loses("bob")
    world.cloud_loses("carl")

    assert [(one.action, one.name) for one in world.plan(sync_users([name])).changes if one.before != {}] == [
        ("update", "carl"),
        ("update", "carl"),
        ("deactivate", "carl"),
    ]


def test_synchronising_all_users_makes_nobody(world: World) -> None:
    """
    All known users are those that the ledger links: newcomers wait for their login, or for a full run.
    """
    world.cloud_says("ann", first_name="Ann")
    world.cloud_says("dora")

    assert touched(world, sync_users([])) == [("update", "ann")]


def test_synchronising_a_group_moves_its_members_alone(world: World) -> None:
    """
    The group becomes what Git says, and who of the known users is in it; the rest of them stays as it is.
    """
    world.cloud_has_group("night", description="By night")
    world.cloud_says("ann", first_name="Ann", groups=["staff"])
    world.cloud_says("bob", groups=["night"])
    world.cloud_says("dora", groups=["night"])
    plan = world.plan(sync_groups(["night"]))
    world.apply(scope=sync_groups(["night"]))

    assert [(one.action, one.name, one.before.get("groups")) for one in plan.changes] == [
        ("update", NIGHT, None),
        ("update", "ann", ("id-night",)),
    ]
    assert world.members(STAFF) == {"ann", "bob", "carl"}


def test_synchronising_all_groups_makes_none(world: World) -> None:
    """
    All known groups are those that the ledger links.
    """
    world.cloud_has_group("night", description="By night")
    world.cloud_has_group("dusk", roles=("User",))
    world.cloud_says("dora", groups=["dusk"])

    assert touched(world, sync_groups([])) == [("update", NIGHT)]


@pytest.mark.parametrize("named", [["night"], []], ids=["named", "all known"])
@pytest.mark.parametrize(
    ("missing", "action"),
    [("delete", "delete"), ("flag", "retire"), ({"move_to": "Standalone"}, "move")],
    ids=["delete", "flag", "move"],
)
def test_synchronising_a_group_that_is_gone_takes_its_members_at_most(
    target: MemoryTarget, tmp_path: Path, *, missing: Any, action: str, named: list[str]
) -> None:
    """
    A group that the source no longer has is known by the ledger's name for it; to put it away is for a full run.
    """
    world = begun(target, tmp_path, groups={"lifecycle": {"missing": missing}})
    world.cloud_loses_group("night")
    asked_for = {verb for verb, _ in touched(world, sync_groups(named))}
    world.apply(scope=sync_groups(named))

    assert asked_for <= {"update"}
    assert NIGHT in {one.name for one in target.read().groups}
    assert (action, NIGHT) in [(one.action, one.name) for one in world.plan().changes]


def test_synchronising_a_renamed_group_leaves_the_old_one_to_a_full_run(
    target: MemoryTarget, tmp_path: Path
) -> None:
    """
    The successor is made and its members move; the group that it replaces is put away by a run about everybody.
    """
    world = begun(target, tmp_path, groups={"lifecycle": {"renamed": "replace"}})
    world.cloud_renames_group("night", "dusk")
    told = {one.change.action for one in world.apply(scope=sync_groups(["night"])).outcomes}
    moved = world.members("Cloud - dusk")
    later = [(one.action, one.name) for one in world.plan().changes]

    assert (told, moved) == ({"create", "update"}, {"ann", "bob", "carl"})
    assert ("deactivate", NIGHT) in later


def test_group_made_at_a_start_gets_its_roles(target: MemoryTarget, tmp_path: Path) -> None:
    """
    A start gives no user a role; what a group grants is the group's own.
    """
    world = begun(target, tmp_path, groups={"create": "always", "fields": {"roles": "source"}})
    world.cloud_has_group("dusk", roles=("Editor", "User"))
    (made,) = (one for one in world.plan(START).changes if one.action == "create")

    assert made.after["roles"] == ("Editor", "User")


def test_group_made_anew_keeps_its_row_until_it_is_looked_at(world: World) -> None:
    """
    A key that another took over goes from the ledger together with the run that is about the new one.
    """
    world.cloud_loses_group("night")
    world.cloud_makes_group_again("night", key="night2", roles=("User",))
    for name in ("ann", "bob", "carl"):
        world.people[f"id-{name}"] = world.people[f"id-{name}"]
        world.cloud_says(name, groups=["night2", "staff"])
    world.cloud_says("ann", first_name="Ann")
    world.apply(scope=ANN)
    after_login = set(world.ledger.groups)
    world.apply(scope=sync_groups(["night"]))

    assert after_login == {"id-night", "id-staff"}
    assert set(world.ledger.groups) == {"id-night2", "id-staff"}


def test_search_gives_no_role_and_the_next_full_run_does(world: World) -> None:
    """
    Who was only found gets an account alone; what Git gives her besides is no surprise to the ledger.
    """
    world.cloud_says("dora", groups=["staff"], roles=("Editor",))
    world.apply(scope=search(["id-dora"]))
    found = world.value("dora", "roles")
    world.apply()

    assert (found, world.value("dora", "roles")) == ((), ("Editor", "User"))
    assert world.members(STAFF) == {"ann", "bob", "carl", "dora"}


def test_start_is_about_all_groups_and_no_user(world: World) -> None:
    """
    A group is made, described or put away at a start, and whoever is in it stays.
    """
    world.cloud_has_group("night", description="By night")
    world.cloud_loses_group("staff")
    world.cloud_says("dora", groups=["night"])

    assert touched(world, START) == [("update", NIGHT), ("move", STAFF)]


@pytest.mark.parametrize(
    ("fields", "override", "why"),
    [
        pytest.param({}, {"exclude": True}, "override overrides/all.yaml:1 (T-1) says exclude", id="excluded"),
        pytest.param({}, {"block": True}, "override overrides/all.yaml:1 (T-1) says block", id="blocked"),
        pytest.param({"groups": []}, None, "no role that it has lets it log in", id="no login role"),
        pytest.param({"state": "left"}, None, "the source says left", id="left"),
    ],
)
def test_run_about_somebody_says_why_nobody_is_made(
    world: World, fields: dict[str, Any], override: dict[str, Any] | None, why: str
) -> None:
    """
    Who logs in and gets no account is told why; a run about everybody, which knows many such, says nothing of them.
    """
    world.cloud_says("dora", **fields)
    if override:
        world.git_says("dora", **override)
    plan = world.plan(login(["dora"]))

    assert plan.changes == ()
    assert [(one.code, one.text) for one in plan.notices] == [("not-made", f"'dora' is not made: {why}")]
    assert [one.code for one in world.plan().notices] == []


def test_run_about_somebody_says_how_to_select_them(world: World) -> None:
    """
    Where nobody comes who was not chosen, the entry that chooses is in the answer.
    """
    world.changes_policy({"users": {"population": "selected"}})
    world.cloud_says("dora")
    (notice,) = world.plan(login(["dora"])).notices

    assert '`- {user: "id-dora", include: true, reason: ...}`' in notice.text


def test_run_about_somebody_tells_an_unknown_state_once(world: World) -> None:
    """
    Of a state that means nothing to us there is one notice, and who has an account gets none.
    """
    world.cloud_says("dora", state="unknown", source_state="ODD")

    assert [one.code for one in world.plan(login(["dora", "ann"])).notices] == ["unknown-state"]


@pytest.mark.parametrize(
    ("scope", "count"),
    [(None, 3), (sync_users([]), 3), (sync_users(["ann"]), 1), (START, 0)],
    ids=["all", "all known", "named", "none"],
)
def test_plan_counts_whom_it_looked_at(world: World, scope: Scope | None, count: int) -> None:
    """
    Who is as Git says has been looked at like everybody else of the scope.
    """
    assert world.plan(scope).entities["user"] == count
