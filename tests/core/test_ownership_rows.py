"""
The table of ownership.md, row by row, through apply and an administrator's own SQL on the embedded database.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.model import Fields, Live, Plan, Snapshot
from reconciler.targets.sql import SqlTarget
from tests.targets.sql_admin import SqlAdmin
from tests.world import World, summary

Worlds = Callable[..., World]
AT_ONCE, A_DAY_LATER = {"minutes": 1.0}, {"days": 1.0}
LATER = pytest.mark.parametrize(
    "passed", [pytest.param(AT_ONCE, id="at once"), pytest.param(A_DAY_LATER, id="a day later")]
)


class Blinkered(SqlTarget):
    """
    A registry of which some fields, or some accounts, cannot be read.
    """

    blind: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()

    def read(self) -> Snapshot:
        """
        Return what can be read, and say if accounts are missing.
        """
        snapshot = super().read()
        users = tuple(self._seen(one) for one in snapshot.users if one.name not in self.unseen)
        return replace(snapshot, users=users, complete=not self.unseen, problem="a page is missing")

    def _seen(self, one: Live) -> Live:
        return replace(one, fields={name: value for name, value in one.fields.items() if name not in self.blind})


@pytest.fixture
def registry(tmp_path: Path) -> Blinkered:
    """
    Return the embedded database, empty.
    """
    roles = frozenset({"OPAdministrators"})
    return Blinkered.open(f"sqlite:///{tmp_path}/registry.db", role_groups=roles)


@pytest.fixture
def admin(registry: Blinkered, tmp_path: Path) -> SqlAdmin:
    """
    Return an administrator with a connection of its own.
    """
    del registry
    return SqlAdmin(tmp_path / "registry.db")


@pytest.fixture
def a_world(registry: Blinkered, tmp_path: Path) -> Worlds:
    """
    Return the function that makes a world on the database, with the users' part of a policy laid over.
    """

    def make(**users: Any) -> World:
        fields = {"display_name": "shared", "last_name": "shared", **users.pop("fields", {})}
        return World(registry, tmp_path, policy={"users": {**users, "fields": fields}})

    return make


@pytest.fixture
def world(a_world: Worlds) -> World:
    """
    Return a world in which Ann has an account that we made.
    """
    world = a_world()
    world.cloud_says("ann", first_name="Ann", display_name="Ann A")
    world.apply()
    return world


def settled(world: World) -> bool:
    """
    Apply, and return whether the plan right after it is empty.
    """
    report = world.apply()
    assert [one.message for one in report.outcomes if one.outcome != "landed"] == []
    return world.plan().changes == ()


def told(plan: Plan, field: str) -> list[tuple[int, str]]:
    """
    Return what a plan tells of the ownership of a field: rows of the table, with their texts.
    """
    return [(one.row, one.text) for one in plan.claims if one.field == field]


def changed(plan: Plan) -> list[Fields]:
    """
    Return what a plan sets, change by change.
    """
    return [one.after for one in plan.changes]


def test_row_01_an_unreadable_field_is_neither_written_nor_judged(
    world: World, admin: SqlAdmin, registry: Blinkered
) -> None:
    """
    A field that cannot be read keeps its claim, whatever the administrator and Git say of it meanwhile.
    """
    before = world.claim("ann", "locale")
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.git_says("ann", set={"locale": "fr_FR"})
    registry.blind = frozenset({"locale"})
    plan = world.plan()

    assert told(plan, "locale") == [(1, "unreadable: neither written nor judged")]
    assert (changed(plan), settled(world), world.claim("ann", "locale")) == ([], True, before)


def test_row_01_an_account_that_was_not_seen_is_not_made_again(world: World, registry: Blinkered) -> None:
    """
    An account that a reading of the target may have missed is no reason for a create.
    """
    before = world.row("ann").claims
    registry.unseen = frozenset({"ann"})
    plan = world.plan()

    assert [(one.guard, one.change.action if one.change else "") for one in plan.held][:1] == [
        ("target-unread", "create")
    ]
    assert (changed(plan), settled(world), world.row("ann").claims) == ([], True, before)


def test_row_01_an_absence_that_is_not_proved_removes_nothing(world: World) -> None:
    """
    Who is missing from an export that is not whole keeps account, memberships and claims.
    """
    before = world.row("ann").claims
    world.cloud_says("bob")
    world.cloud_loses("ann")
    world.manifest = {"complete": False, "faults": ("page 2 is missing",)}
    plan = world.plan()

    assert {one.guard for one in plan.held} == {"export-degraded"}
    assert (settled(world), world.live("ann").active, world.row("ann").claims) == (True, True, before)


@pytest.mark.parametrize(
    ("override", "row", "actions"),
    [
        pytest.param({"exclude": True}, {}, [], id="excluded"),
        pytest.param({}, {"state": "unknown"}, [], id="unknown"),
        pytest.param({}, {"state": "invited"}, [], id="invited"),
        pytest.param({}, {"state": "left"}, ["deactivate"], id="left"),
        pytest.param({"block": True}, {}, ["deactivate"], id="blocked"),
    ],
)
def test_row_02_whoever_is_no_active_person_keeps_values_and_claims(
    world: World, admin: SqlAdmin, *, override: dict[str, Any], row: dict[str, Any], actions: list[str]
) -> None:
    """
    Lifecycle beats claims: nothing is written or judged of whoever is excluded, unknown or inactive.
    """
    before = world.claim("ann", "locale")
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.cloud_says("ann", **row)
    world.git_says("ann", set={"locale": "fr_FR"}, **override)
    plan = world.plan()

    assert [one.action for one in plan.changes if "active" in one.after] == actions
    assert (told(plan, "locale"), settled(world)) == ([], True)
    assert (world.claim("ann", "locale"), world.value("ann", "locale")) == (before, "de_DE")


def test_row_03_an_account_in_the_place_of_ours_needs_a_decision(world: World, admin: SqlAdmin) -> None:
    """
    Where the linked account is gone and another has its name, nobody is written to, and no claim moves.
    """
    before = world.row("ann").claims
    admin.run("DELETE FROM users WHERE user_name = 'ann'")
    admin.run("INSERT INTO users (user_name, locale) VALUES ('ann', 'de_DE')")
    plan = world.plan()

    assert [one.keys for one in plan.conflicts] == [("id-ann",)]
    assert (changed(plan), settled(world), world.row("ann").claims) == ([], True, before)


def test_row_03_once_decided_the_account_is_the_persons(world: World, admin: SqlAdmin) -> None:
    """
    An override `adopt: true` links the account that took the place of ours; what it holds is the administrator's.
    """
    admin.run("DELETE FROM users WHERE user_name = 'ann'")
    admin.run("INSERT INTO users (user_name, locale) VALUES ('ann', 'de_DE')")
    world.git_says("ann", adopt=True)

    assert settled(world)
    assert (world.row("ann").link, world.value("ann", "first_name")) == (world.live("ann").id, "Ann")
    assert (world.owner("ann", "locale"), world.value("ann", "locale")) == ("admin", "de_DE")


def test_row_04_a_new_entity_gets_what_git_says_and_no_more(world: World) -> None:
    """
    What Git says is sent and becomes Git's; of what it does not say, nothing is sent and nothing claimed.
    """
    claim = world.claim("ann", "locale")

    assert (claim.owner, claim.wrote, claim.saw, claim.intents) == ("git", "en_US", "en_US", ())
    assert (world.value("ann", "last_name"), "last_name" in world.row("ann").claims) == (None, False)
    assert world.plan().changes == ()


def test_row_05_an_account_that_is_gone_comes_back_with_the_admins_values(world: World, admin: SqlAdmin) -> None:
    """
    A deleted account is made again: Git's values as Git has them, the administrator's as they were recorded.
    """
    admin.run("UPDATE users SET locale = 'de_DE', display_name = 'A.' WHERE user_name = 'ann'")
    world.apply()
    admin.run("DELETE FROM users WHERE user_name = 'ann'")
    world.cloud_says("ann", display_name="Ann B")
    plan = world.plan()

    assert [(one.action, one.because.get("locale")) for one in plan.changes][:1] == [
        ("create", "restores the admin's value")
    ]
    assert settled(world)
    assert [world.value("ann", name) for name in ("locale", "display_name")] == ["de_DE", "A."]
    assert [world.owner("ann", name) for name in ("locale", "display_name", "roles")] == ["admin", "admin", "git"]


def test_row_05_privilege_of_the_admins_does_not_come_back(world: World, admin: SqlAdmin) -> None:
    """
    A privileged value that the administrator owned is not given to the account that is made again.
    """
    admin.admin_sets("ann", roles=("OPAdministrators", "User"))
    world.apply()

    assert world.owner("ann", "roles") == "admin"
    admin.run("DELETE FROM users WHERE user_name = 'ann'")

    assert "privilege falls back to Git" in [one.because.get("roles") for one in world.plan().changes]
    assert settled(world)
    assert (world.owner("ann", "roles"), world.value("ann", "roles")) == ("git", ("User",))


def test_row_05_a_field_that_git_no_longer_gives_starts_anew(world: World) -> None:
    """
    What an account that is gone held in a field that Git no longer gives says nothing of the new account.
    """
    SqlAdmin(world.folder / "registry.db").run("DELETE FROM users WHERE user_name = 'ann'")
    world.people["id-ann"] = replace(world.people["id-ann"], display_name=UNSET)
    world.apply()

    assert (world.value("ann", "display_name"), world.owner("ann", "display_name")) == (None, None)
    world.cloud_says("ann", display_name="Ann C")

    assert told(world.plan(), "display_name") == []
    assert [one.field for one in world.plan().held] == ["display_name"]


def test_row_06_a_field_that_is_given_is_the_admins(world: World) -> None:
    """
    An override `give` moves the claim and writes nothing; Git's changes are withheld from then on.
    """
    world.git_says("ann", give=("locale",), set={"locale": "fr_FR"})
    plan = world.plan()

    assert (told(plan, "locale"), changed(plan)) == ([(6, "given to the admin")], [])
    assert settled(world)
    assert (world.owner("ann", "locale"), world.claim("ann", "locale").saw) == ("admin", "en_US")


def test_row_07_take_writes_gits_value_where_it_was_reviewed(world: World, admin: SqlAdmin) -> None:
    """
    A `take` whose `reviewed` is the live value writes Git's, shows what is lost and the reason, and acts once.
    """
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.apply()
    world.git_says("ann", take=("locale",), reviewed={"locale": "de_DE"}, reason="AUD-7")
    change = world.plan().changes[0]

    assert (change.before, change.after) == ({"locale": "de_DE"}, {"locale": "en_US"})
    assert "taken back by Git (AUD-7; " in change.because["locale"]
    assert (settled(world), world.owner("ann", "locale")) == (True, "git")
    admin.run("UPDATE users SET locale = 'it_IT' WHERE user_name = 'ann'")
    assert (settled(world), world.owner("ann", "locale")) == (True, "admin")


@pytest.mark.parametrize(
    ("reviewed", "asked"),
    [
        pytest.param({"display_name": "B."}, {"display_name": "Ann B"}, id="another value was reviewed"),
        pytest.param({}, {"display_name": "Ann B"}, id="none was reviewed"),
        pytest.param({"display_name": "A."}, {}, id="Git gives none"),
    ],
)
def test_row_07_take_is_held_where_it_was_not_reviewed(
    world: World, admin: SqlAdmin, reviewed: Fields, asked: Fields
) -> None:
    """
    A `take` acts on the value that somebody looked at, towards a value that Git gives; otherwise it is held.
    """
    admin.run("UPDATE users SET display_name = 'A.' WHERE user_name = 'ann'")
    world.apply()
    world.people["id-ann"] = replace(world.people["id-ann"], display_name=UNSET)
    world.git_says("ann", take=("display_name",), reviewed=reviewed, set=asked)

    assert [one.field for one in world.plan().held] == ["display_name"]
    assert (settled(world), world.owner("ann", "display_name"), world.value("ann", "display_name")) == (
        True,
        "admin",
        "A.",
    )


def test_row_07_take_of_what_agrees_already_moves_the_claim_alone(world: World, admin: SqlAdmin) -> None:
    """
    Where the live value is the one to be written, the claim moves and nothing is written.
    """
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.apply()
    world.git_says("ann", take=("locale",), set={"locale": "de_DE"})
    plan = world.plan()

    assert (changed(plan), [one.row for one in plan.claims]) == ([], [7])
    assert (settled(world), world.owner("ann", "locale")) == (True, "git")


@LATER
def test_row_07_take_that_died_half_way_goes_on(world: World, admin: SqlAdmin, passed: Mapping[str, float]) -> None:
    """
    A `take` whose own write is live already is finished, though that value was never reviewed.
    """
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.apply()
    world.git_says("ann", take=("locale",), reviewed={"locale": "de_DE"})
    world.apply_and_die()
    world.time_passes(**passed)
    world.cloud_says("ann", first_name="Anna")

    assert (settled(world), world.owner("ann", "locale"), world.value("ann", "locale")) == (True, "git", "en_US")


def test_row_07_restore_puts_back_what_stays_the_admins(world: World, admin: SqlAdmin) -> None:
    """
    A `restore` writes an administrator's value again, once; it remains the administrator's.
    """
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.apply()
    admin.run("UPDATE users SET locale = 'it_IT' WHERE user_name = 'ann'")
    world.git_says("ann", restore={"locale": "de_DE"}, reviewed={"locale": "it_IT"})

    assert "restored for the admin" in world.plan().changes[0].because["locale"]
    assert (settled(world), world.owner("ann", "locale"), world.value("ann", "locale")) == (True, "admin", "de_DE")
    admin.run("UPDATE users SET locale = 'es_ES' WHERE user_name = 'ann'")
    assert (settled(world), world.value("ann", "locale")) == (True, "es_ES")


def test_row_07_a_set_half_taken_back_is_finished(world: World, admin: SqlAdmin) -> None:
    """
    A `take` of a set whose losses were not approved yet is not held for a value that we wrote ourselves.
    """
    admin.admin_sets("ann", roles=("Viewer",))
    world.apply()
    world.git_says("ann", take=("roles",), reviewed={"roles": ("Viewer",)})
    gains, losses = world.plan().changes
    world.apply(approved=frozenset({gains.id}))
    plan = world.plan()

    assert (plan.held, changed(plan)) == ((), [losses.after])
    assert (settled(world), world.owner("ann", "roles"), world.value("ann", "roles")) == (True, "git", ("User",))


def test_row_08_privilege_lapses_with_its_account(world: World, admin: SqlAdmin) -> None:
    """
    A privileged value of the administrator's does not come back with a person who was away.
    """
    admin.admin_sets("ann", roles=("OPAdministrators", "User"))
    world.cloud_says("bob", roles=("Administrator",))
    world.apply()
    world.cloud_says("ann", state="left")

    assert (settled(world), world.owner("ann", "roles")) == (True, "admin")
    world.cloud_says("ann", state="active")
    plan = world.plan()

    assert told(plan, "roles") == [(8, "privilege falls back to Git")]
    assert [one.action for one in plan.changes][:2] == ["update", "activate"]
    assert (settled(world), world.owner("ann", "roles"), world.value("ann", "roles")) == (True, "git", ("User",))


def test_row_08_privilege_that_was_given_to_an_unusable_account_lapses_too(world: World, admin: SqlAdmin) -> None:
    """
    What an administrator gave an account of ours while it was switched off is no way around the rule.
    """
    world.cloud_says("ann", state="left")
    world.apply()
    admin.admin_sets("ann", roles=("OPAdministrators", "User"))
    world.cloud_says("ann", state="active")

    assert told(world.plan(), "roles") == [(8, "privilege falls back to Git")]
    assert (settled(world), world.owner("ann", "roles"), world.value("ann", "roles")) == (True, "git", ("User",))


def test_row_08_privilege_falls_back_though_its_write_had_to_wait(world: World, admin: SqlAdmin) -> None:
    """
    Where the write that takes lapsed privilege is not approved, the next run knows still that it is Git's.
    """
    world.cloud_says("bob", roles=("Administrator",))
    admin.admin_sets("ann", roles=("OPAdministrators", "User"))
    world.apply()
    world.cloud_says("ann", state="left")
    world.apply()
    admin.admin_sets("ann", active=True)
    world.cloud_says("ann", state="active")
    world.apply(approved=frozenset())

    assert world.owner("ann", "roles") == "git"
    assert changed(world.plan()) == [{"roles": ("User",)}]


def test_row_08_privilege_ends_when_its_term_does(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    Past `admin_owned_expires` a privileged value falls back to Git; before, every plan lists it with its age.
    """
    world = a_world(admin_owned_expires={"roles": "30d"})
    world.cloud_says("ann")
    world.cloud_says("bob", roles=("Administrator",))
    world.apply()
    admin.admin_sets("ann", roles=("OPAdministrators", "User"))
    world.apply()
    listed = [(one.row, one.privileged, bool(one.since)) for one in world.plan().claims]
    world.time_passes(days=30)
    world.cloud_says("ann")

    assert listed == [(9, True, True)]
    assert told(world.plan(), "roles") == [(8, "privilege falls back to Git")]
    assert (settled(world), world.value("ann", "roles")) == (True, ("User",))


def test_row_08_an_override_confirms_privilege(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    A `give` keeps a privileged value past its term.
    """
    world = a_world(admin_owned_expires={"roles": "30d"})
    world.cloud_says("ann")
    world.apply()
    admin.admin_sets("ann", roles=("OPAdministrators", "User"))
    world.apply()
    world.git_says("ann", give=("roles",))
    world.time_passes(days=40)
    world.cloud_says("ann")

    assert (changed(world.plan()), world.value("ann", "roles")) == ([], ("OPAdministrators", "User"))


@pytest.mark.parametrize(
    ("live", "git", "text"),
    [
        pytest.param("de_DE", None, "", id="nothing new"),
        pytest.param("it_IT", None, "changed again by the admin", id="changed again"),
        pytest.param("de_DE", "fr_FR", "Git now says otherwise: withheld", id="Git moved"),
        pytest.param(
            "it_IT", "fr_FR", "changed again by the admin; Git now says otherwise: withheld", id="both moved"
        ),
        pytest.param("de_DE", "de_DE", "agrees with Git, can be taken back", id="agree"),
    ],
)
def test_row_09_what_is_the_admins_stays(
    world: World, admin: SqlAdmin, *, live: str, git: str | None, text: str
) -> None:
    """
    The administrator's value stays, whoever moves; the plan says what is new and what is withheld.
    """
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.apply()
    admin.run("UPDATE users SET locale = ? WHERE user_name = 'ann'", live)
    if git:
        world.git_says("ann", set={"locale": git})
    plan = world.plan()

    assert (told(plan, "locale"), changed(plan)) == ([(9, text)] if text else [], [])
    assert settled(world)
    assert (world.owner("ann", "locale"), world.claim("ann", "locale").saw) == ("admin", live)


@LATER
def test_row_10_an_edit_after_a_create_that_died_is_the_admins(
    a_world: Worlds, admin: SqlAdmin, passed: Mapping[str, float]
) -> None:
    """
    Of an account that we made and never recorded, a value that is neither ours nor what was there is the admin's.
    """
    world = a_world()
    world.cloud_says("ann")
    world.apply_and_die()
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.time_passes(**passed)
    world.cloud_says("ann", first_name="Anna")
    world.git_says("ann", set={"locale": "fr_FR"})
    plan = world.plan()

    assert (told(plan, "locale"), changed(plan)[0]) == (
        [(10, "now owned by the target's admin")],
        {"first_name": "Anna"},
    )
    assert settled(world)
    assert (world.owner("ann", "locale"), world.value("ann", "locale")) == ("admin", "de_DE")


def test_row_11_what_git_does_not_say_is_left_alone(world: World, admin: SqlAdmin) -> None:
    """
    Where Git gives no value, the live one and its claim stay as they are, whatever the administrator does.
    """
    before = world.claim("ann", "display_name")
    world.people["id-ann"] = replace(world.people["id-ann"], display_name=UNSET)
    admin.run("UPDATE users SET display_name = 'A.' WHERE user_name = 'ann'")
    plan = world.plan()

    assert (changed(plan), told(plan, "display_name"), settled(world)) == ([], [], True)
    assert world.claim("ann", "display_name") == before


@LATER
def test_row_11_our_own_write_is_known_for_ours_though_git_says_no_more(
    world: World, passed: Mapping[str, float]
) -> None:
    """
    A write of ours that was never recorded is what we wrote last, also once Git gives no value any more.
    """
    world.cloud_says("ann", display_name="Ann B")
    world.apply_and_die()
    world.time_passes(**passed)
    world.people["id-ann"] = replace(world.people["id-ann"], display_name=UNSET, first_name="Anna")
    world.fetched_at = None

    assert settled(world)
    claim = world.claim("ann", "display_name")

    assert (claim.owner, claim.wrote, claim.saw) == ("git", "Ann B", "Ann B")
    world.cloud_says("ann", display_name="Ann C")
    assert (settled(world), world.value("ann", "display_name")) == (True, "Ann C")


def test_row_12_agreement_belongs_to_git(world: World, admin: SqlAdmin) -> None:
    """
    Where the administrator set what Git says now, the field is Git's, and nothing is written.
    """
    admin.run("UPDATE users SET locale = 'fr_FR' WHERE user_name = 'ann'")
    world.git_says("ann", set={"locale": "fr_FR"})
    plan = world.plan()

    assert (changed(plan), told(plan, "locale")) == ([], [])
    assert settled(world)
    assert (world.owner("ann", "locale"), world.claim("ann", "locale").wrote) == ("git", "fr_FR")


def test_row_13_what_holds_and_is_wanted_still_is_not_touched(world: World, registry: Blinkered) -> None:
    """
    Where nobody moved, nothing is written and no claim changes: not even its time.
    """
    before, version = world.row("ann"), world.live("ann").version
    world.cloud_says("bob")

    assert settled(world)
    assert (world.row("ann"), world.live("ann").version) == (before, version)
    assert registry.read().complete


def test_row_14_git_moves_what_is_gits(world: World) -> None:
    """
    Where only Git moved, its value is written and recorded.
    """
    world.git_says("ann", set={"locale": "fr_FR"})

    assert summary(world.plan()) == [("update", "ann", {"locale": "fr_FR"})]
    assert settled(world)
    assert (world.owner("ann", "locale"), world.claim("ann", "locale").saw) == ("git", "fr_FR")


@LATER
def test_row_15_our_own_unfinished_write_is_not_the_admins(world: World, passed: Mapping[str, float]) -> None:
    """
    A write of ours that landed and was never recorded is followed by Git's next value.
    """
    world.git_says("ann", set={"locale": "fr_FR"})
    world.apply_and_die()

    assert world.value("ann", "locale") == "fr_FR"
    world.time_passes(**passed)
    world.overrides.clear()
    world.git_says("ann", set={"locale": "it_IT"})
    world.cloud_says("ann", first_name="Anna")
    plan = world.plan()

    assert told(plan, "locale") == [(15, "our own unfinished write")]
    assert settled(world)
    assert (world.owner("ann", "locale"), world.value("ann", "locale")) == ("git", "it_IT")
    assert world.claim("ann", "locale").intents == ()


@LATER
def test_row_15_what_our_own_create_left_empty_is_not_the_admins(
    world: World, admin: SqlAdmin, passed: Mapping[str, float]
) -> None:
    """
    An account that was made again without a field, and never recorded, is empty there by our doing, not an edit.
    """
    admin.run("DELETE FROM users WHERE user_name = 'ann'")
    world.people["id-ann"] = replace(world.people["id-ann"], display_name=UNSET)
    world.apply_and_die()
    world.time_passes(**passed)
    world.cloud_says("ann", display_name="Ann C")

    assert told(world.plan(), "display_name") == [(15, "our own unfinished write")]
    assert (settled(world), world.value("ann", "display_name")) == (True, "Ann C")
    assert world.owner("ann", "display_name") == "git"


@LATER
def test_row_15_our_own_unfinished_create_is_not_the_admins(a_world: Worlds, passed: Mapping[str, float]) -> None:
    """
    An account that we made and never recorded is ours, and Git's next values are written to it.
    """
    world = a_world()
    world.cloud_says("ann", first_name="Ann")
    world.apply_and_die()
    world.time_passes(**passed)
    world.cloud_says("ann", first_name="Anna")
    world.git_says("ann", set={"locale": "it_IT"})
    plan = world.plan()

    assert told(plan, "locale") == [(15, "our own unfinished write")]
    assert changed(plan)[0] == {"first_name": "Anna", "locale": "it_IT"}
    assert settled(world)
    assert (world.owner("ann", "locale"), world.value("ann", "locale")) == ("git", "it_IT")
    assert len(world.target.read().users) == 1


def test_row_15_an_unfinished_create_is_ours_though_its_update_has_to_wait(a_world: Worlds) -> None:
    """
    Where nobody owns a field yet, what we meant to write is remembered until it is written over.
    """
    world = a_world()
    world.cloud_says("ann")
    world.apply_and_die()
    world.time_passes(days=1)
    world.git_says("ann", set={"locale": "it_IT"})
    world.cloud_says("ann")
    world.apply(approved=frozenset())
    world.time_passes(days=1)
    world.cloud_says("ann")

    assert told(world.plan(), "locale") == [(15, "our own unfinished write")]
    assert (settled(world), world.value("ann", "locale")) == (True, "it_IT")


def test_row_16_what_the_admin_changed_is_the_admins(world: World, admin: SqlAdmin) -> None:
    """
    A value that is not what we saw hold last, while Git stands still, is the administrator's from now on.
    """
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    plan = world.plan()

    assert (told(plan, "locale"), changed(plan)) == ([(16, "now owned by the target's admin")], [])
    assert settled(world)
    claim = world.claim("ann", "locale")
    assert (claim.owner, claim.saw, claim.wrote, claim.run) == ("admin", "de_DE", "en_US", 2)


@pytest.mark.parametrize("clears", [pytest.param("locale", id="a text"), pytest.param("roles", id="a set")])
def test_row_16_what_the_admin_cleared_is_the_admins(world: World, admin: SqlAdmin, clears: str) -> None:
    """
    Nothing is a value like any other: an administrator who clears a field owns that.
    """
    empty = () if clears == "roles" else None
    admin.admin_sets("ann", **{clears: empty})

    assert settled(world)
    assert (world.owner("ann", clears), world.value("ann", clears)) == ("admin", empty)


def test_row_17_where_both_moved_the_admin_has_it(world: World, admin: SqlAdmin) -> None:
    """
    Where the administrator and Git both moved, the administrator's value stays and Git's is withheld, by name.
    """
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.git_says("ann", set={"locale": "fr_FR"})
    plan = world.plan()

    assert told(plan, "locale") == [(17, "now owned by the target's admin; Git says otherwise: withheld")]
    assert [(one.value, one.withheld) for one in plan.claims] == [("de_DE", "fr_FR")]
    assert (changed(plan), settled(world), world.owner("ann", "locale")) == ([], True, "admin")


def test_row_18_what_was_gits_alone_is_still_gits(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    A field that becomes shared begins as Git's: nobody else could own it before.
    """
    world = a_world(fields={"locale": {"authority": "source", "default": "en_US"}})
    world.cloud_says("ann")
    world.apply()
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.changes_policy({"users": {"fields": {"locale": {"authority": "shared"}}}})
    plan = world.plan()

    assert (told(plan, "locale"), changed(plan)) == (
        [(18, "nobody but Git could own it so far")],
        [{"locale": "en_US"}],
    )
    assert (settled(world), world.owner("ann", "locale"), world.value("ann", "locale")) == (True, "git", "en_US")


def test_row_18_what_was_gits_alone_is_gits_though_its_write_had_to_wait(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    Where the first write under the new policy is not approved, the field is no stranger's in the next run.
    """
    world = a_world(fields={"locale": {"authority": "source", "default": "en_US"}})
    world.cloud_says("ann")
    world.apply()
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.changes_policy({"users": {"fields": {"locale": {"authority": "shared"}}}})
    world.apply(approved=frozenset())

    assert world.owner("ann", "locale") == "git"
    assert (settled(world), world.value("ann", "locale")) == (True, "en_US")


def test_row_18_whoever_was_away_when_the_policy_changed_is_told_the_same(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    The row remembers under which policy it was settled last, however many runs others had in between.
    """
    world = a_world(fields={"locale": {"authority": "source", "default": "en_US"}})
    world.cloud_says("ann")
    world.cloud_says("bob")
    world.apply()
    world.cloud_says("ann", state="left")
    world.apply()
    world.changes_policy({"users": {"fields": {"locale": {"authority": "shared"}}}})
    world.apply()
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.cloud_says("ann", state="active")

    assert told(world.plan(), "locale") == [(18, "nobody but Git could own it so far")]
    assert (settled(world), world.value("ann", "locale")) == (True, "en_US")


def test_row_18_a_claim_ends_when_its_field_is_no_longer_shared(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    What an administrator owned is Git's once the field is, and stays so when the field is shared again.
    """
    world = a_world()
    world.cloud_says("ann")
    world.apply()
    admin.run("UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann'")
    world.apply()
    world.changes_policy({"users": {"fields": {"locale": {"authority": "source"}}}})

    assert (settled(world), world.value("ann", "locale"), world.owner("ann", "locale")) == (True, "en_US", None)
    world.changes_policy({"users": {"fields": {"locale": {"authority": "shared"}}}})

    assert (settled(world), world.owner("ann", "locale")) == (True, "git")


def test_row_19_what_agrees_on_an_adopted_account_is_gits(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    On an account that was there before, a field that is as Git wants it becomes Git's, and nothing is written.
    """
    world = a_world(foreign="keep")
    admin.run("INSERT INTO users (user_name, locale) VALUES ('ann', 'en_US')")
    world.cloud_says("ann")

    assert told(world.plan(), "locale") == []
    assert settled(world)
    claim = world.claim("ann", "locale")
    assert (claim.owner, claim.wrote, claim.saw) == ("git", "en_US", "en_US")


@pytest.mark.parametrize(
    ("foreign", "owner", "value"),
    [
        pytest.param("keep", "admin", "de_DE", id="keep"),
        pytest.param("take", "git", "en_US", id="take"),
        pytest.param("ask", None, "de_DE", id="ask"),
    ],
)
def test_row_20_what_differs_on_an_adopted_account_is_for_the_policy(
    a_world: Worlds, admin: SqlAdmin, *, foreign: str, owner: str | None, value: str
) -> None:
    """
    On an account that was there before, the policy's `foreign` says whose a field is that differs.
    """
    world = a_world(foreign=foreign)
    admin.run("INSERT INTO users (user_name, locale) VALUES ('ann', 'de_DE')")
    world.cloud_says("ann")
    plan = world.plan()
    news = [(one.row, one.text.partition(":")[0]) for one in plan.claims if one.field == "locale"]
    held = [one.field for one in plan.held if one.field == "locale"]

    assert (news, held) == (([], ["locale"]) if foreign == "ask" else ([(20, "adopted")], []))
    assert settled(world)
    assert (world.owner("ann", "locale"), world.value("ann", "locale")) == (owner, value)
    assert world.row("ann").link == world.live("ann").id


def test_row_20_what_is_asked_can_be_answered(a_world: Worlds, admin: SqlAdmin) -> None:
    """
    A field that was held on an adopted account goes the way an override says, and the hold ends.
    """
    world = a_world(foreign="ask")
    admin.run("INSERT INTO users (user_name, locale, display_name) VALUES ('ann', 'de_DE', 'A.')")
    world.cloud_says("ann", display_name="Ann A")
    world.apply()
    standing = [(one.field, one.standing) for one in world.plan().held]
    world.git_says("ann", give=("locale",), take=("display_name",), reviewed={"display_name": "A."})
    held = [one.field for one in world.plan().held]

    assert ({("locale", True), ("display_name", True)} <= set(standing), held) == (True, ["profiles", "roles"])
    assert settled(world)
    assert (world.owner("ann", "locale"), world.owner("ann", "display_name")) == ("admin", "git")
    assert world.value("ann", "display_name") == "Ann A"
