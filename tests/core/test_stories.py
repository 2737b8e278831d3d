"""
Stories of people and groups over several runs, on a target in memory; apply and ledger are the real ones.
"""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.approval import awaiting
from reconciler.core.model import Live
from tests.targets.memory import MemoryTarget
from tests.world import World, summary

STAFF = "Cloud - staff"


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return an empty target.
    """
    return MemoryTarget()


@pytest.fixture
def world(target: MemoryTarget, tmp_path: Path) -> World:
    """
    Return a world of Ann, and Bob the administrator, applied once.
    """
    return begun(target, tmp_path)


def begun(target: MemoryTarget, folder: Path, **policy: Any) -> World:
    """
    Return a world of Ann and Bob, applied once, under the usual policy with changes.
    """
    world = World(target, folder, policy=policy)
    world.cloud_says("ann", first_name="Ann")
    world.cloud_says("bob", roles=("Administrator",))
    world.apply()
    return world


def actions(world: World) -> list[tuple[str, str]]:
    """
    Return what the plan does, to whom.
    """
    return [(one.action, one.name) for one in world.plan().changes]


def in_use(lives: tuple[Live, ...]) -> list[tuple[str, bool]]:
    """
    Return names, and whether they can be used.
    """
    return sorted((one.name, one.active) for one in lives)


def test_a_returner_keeps_account_and_admins_values(world: World, target: MemoryTarget) -> None:
    """
    Who leaves and comes back has the same account, the administrator's values, and the memberships of today.
    """
    link = world.live("ann").id
    target.admin_sets("ann", locale="de_DE")
    world.apply()
    world.cloud_loses("ann")
    world.apply()

    assert (world.live("ann").active, world.members(STAFF)) == (False, {"bob"})
    world.cloud_says("ann", first_name="Anna")
    world.apply()

    assert (world.live("ann").id, world.live("ann").active, world.members(STAFF)) == (link, True, {"ann", "bob"})
    assert (world.value("ann", "locale"), world.owner("ann", "locale")) == ("de_DE", "admin")
    assert (world.value("ann", "first_name"), world.plan().changes) == ("Anna", ())


def test_an_account_that_an_admin_disabled_is_dangerous_to_enable(world: World, target: MemoryTarget) -> None:
    """
    To enable what an administrator disabled needs an approved plan; without it, it is held.
    """
    target.admin_sets("ann", active=False)
    (waiting,) = awaiting(world.plan().held)
    report = world.apply()

    assert (waiting.action, waiting.risk) == ("activate", ("dangerous",))
    assert (report.outcomes, world.plan().changes) == ((), ())
    assert world.live("ann").active is False
    world.approve()
    assert (world.live("ann").active, world.plan().changes) == (True, ())


def test_an_account_that_an_admin_disabled_and_deleted_is_dangerous_to_make_again(
    world: World, target: MemoryTarget
) -> None:
    """
    That an administrator deletes what was held as disabled does not bring the person back without an approval.
    """
    target.admin_sets("ann", active=False)
    world.apply()
    target.admin_deletes("ann")
    (waiting,) = (one for one in awaiting(world.plan().held) if one.action == "create")
    world.apply()

    assert waiting.risk == ("dangerous",)
    assert "ann" not in {one.name for one in target.read().users}
    world.approve()
    assert (world.live("ann").active, world.plan().changes) == (True, ())


def test_an_account_that_an_admin_disabled_stays_dangerous_after_leave(world: World, target: MemoryTarget) -> None:
    """
    That the person was away meanwhile does not make an administrator's decision ours.
    """
    target.admin_sets("ann", active=False)
    world.apply()
    world.cloud_says("ann", state="suspended")
    world.apply()
    world.cloud_says("ann", state="active")

    assert [one.risk for one in awaiting(world.plan().held) if one.action == "activate"] == [("dangerous",)]


@pytest.mark.parametrize("days", [pytest.param(0, id="at once"), pytest.param(1, id="a day later")])
@pytest.mark.parametrize(
    "between", [pytest.param(None, id="straight"), pytest.param("invited", id="after a pause")]
)
def test_our_own_deactivation_is_not_the_admins_though_it_was_never_recorded(
    world: World, between: str | None, days: int
) -> None:
    """
    An account that we switched off just before the crash comes back without anybody's approval.
    """
    world.cloud_says("ann", state="left")
    world.apply_and_die()
    world.time_passes(days=days)
    if between:
        world.cloud_says("ann", state=between)
        world.apply()
        world.time_passes(days=days)
    world.cloud_says("ann", state="active")

    assert [one.risk for one in world.plan().changes if one.action == "activate"] == [()]
    world.apply()
    assert (world.live("ann").active, world.plan().changes) == (True, ())


def test_privilege_ends_with_the_leave_that_was_never_recorded(world: World, target: MemoryTarget) -> None:
    """
    An administrator's gift of power lapses with the account, also where its deactivation was never recorded.
    """
    target.admin_sets("ann", roles=("OPAdministrators", "User"))
    world.apply()
    world.cloud_says("ann", state="left")
    world.apply_and_die()
    world.cloud_says("ann", state="active")
    world.apply()

    assert (world.value("ann", "roles"), world.owner("ann", "roles")) == (("User",), "git")


@pytest.mark.parametrize("dies", [pytest.param(False, id="undisturbed"), pytest.param(True, id="after a crash")])
def test_a_renamed_person_gets_a_successor_where_names_cannot_change(
    target: MemoryTarget, tmp_path: Path, *, dies: bool
) -> None:
    """
    The successor has the memberships and the administrator's values; the predecessor cannot be used any more.
    """
    world = begun(target, tmp_path, users={"rename": "replace"})
    target.admin_sets("ann", locale="de_DE")
    world.apply()
    link = world.live("ann").id
    world.cloud_says("ann", user_name="anna")
    if dies:
        world.apply_and_die()
    world.apply()
    row = world.row("ann")

    assert in_use(target.read().users) == [("ann", False), ("anna", True), ("bob", True)]
    assert (row.link, row.tombstones, row.names and row.names.present) == (world.live("anna").id, (link,), "anna")
    assert (world.value("anna", "locale"), world.owner("ann", "locale")) == ("de_DE", "admin")
    assert (world.members(STAFF) - {"ann"}, world.plan().changes) == ({"anna", "bob"}, ())


def test_a_group_that_an_administrator_renamed_moves_nobody(target: MemoryTarget, tmp_path: Path) -> None:
    """
    Where Git cannot rename it back, that is a conflict with both names: no successor, and nobody leaves.
    """
    world = begun(target, tmp_path, groups={"lifecycle": {"renamed": "replace"}})
    target.admin_sets_group(STAFF, name="Cloud - our staff")
    plan = world.plan()
    world.apply()

    assert (plan.changes, len(plan.conflicts)) == ((), 1)
    assert "was renamed in the target: 'Cloud - our staff'" in plan.conflicts[0].message
    assert world.members("Cloud - our staff") == {"ann", "bob"}
    target.admin_sets_group("Cloud - our staff", name=STAFF)
    assert (world.plan().changes, world.plan().conflicts) == ((), ())


@pytest.mark.parametrize("dies", [pytest.param(False, id="undisturbed"), pytest.param(True, id="after a crash")])
def test_a_renamed_group_gets_a_successor_where_names_cannot_change(
    target: MemoryTarget, tmp_path: Path, *, dies: bool
) -> None:
    """
    Its members move to the successor, and the predecessor cannot be used any more.
    """
    world = begun(target, tmp_path, groups={"lifecycle": {"renamed": "replace"}})
    world.cloud_has_group("staff", name="crew")

    assert all("groups" not in one.drift for one in world.plan().changes)
    if dies:
        world.apply_and_die()
    world.apply()

    assert in_use(target.read().groups) == [("Cloud - crew", True), (STAFF, False)]
    assert (world.members("Cloud - crew"), world.members(STAFF)) == ({"ann", "bob"}, set())
    assert world.plan().changes == ()


def test_a_group_that_the_source_deletes_is_put_aside_and_comes_back(world: World, target: MemoryTarget) -> None:
    """
    It moves below another parent, without members; once the source has it again, it is back in its place.
    """
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    world.apply()
    link = target.group("Cloud - risk").id
    world.cloud_loses_group("risk")
    world.fetched_at = None

    assert ("move", "Cloud - risk") in actions(world)
    world.apply()
    group = target.group("Cloud - risk")
    assert (group.fields["parent"], world.members("Cloud - risk"), world.plan().changes) == (
        "Standalone",
        set(),
        (),
    )
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    assert ("restore", "Cloud - risk") in actions(world)
    world.apply()

    group = target.group("Cloud - risk")
    assert (group.id, group.fields["parent"], world.members("Cloud - risk")) == (link, "Workflow", {"ann"})
    assert world.plan().changes == ()


@pytest.mark.parametrize(
    ("missing", "field", "value"),
    [
        pytest.param("deactivate", "active", False, id="deactivated"),
        pytest.param("flag", "deleted", True, id="flagged"),
    ],
)
def test_a_group_that_is_switched_off_comes_back(
    target: MemoryTarget, tmp_path: Path, missing: str, *, field: str, value: bool
) -> None:
    """
    What marked a group as gone is taken back once the source has it again, and not before.
    """
    world = begun(target, tmp_path, groups={"lifecycle": {"missing": missing}})
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    world.apply()
    world.cloud_loses_group("risk")
    world.fetched_at = None
    world.apply()
    group = target.group("Cloud - risk")

    assert ({**group.fields, "active": group.active}[field], world.plan().changes) == (value, ())
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    world.apply()

    group = target.group("Cloud - risk")
    assert (group.active, group.fields["deleted"], world.plan().changes) == (True, False, ())


def test_a_group_stays_put_away_where_the_policy_says_so(target: MemoryTarget, tmp_path: Path) -> None:
    """
    With `returned: keep` a person has to bring a group back.
    """
    world = begun(target, tmp_path, groups={"lifecycle": {"missing": "flag", "returned": "keep"}})
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    world.apply()
    world.cloud_loses_group("risk")
    world.fetched_at = None
    world.apply()
    world.cloud_has_group("risk", roles=("User",))
    world.fetched_at = None
    world.apply()

    assert target.group("Cloud - risk").fields["deleted"] is True


def test_whom_an_admin_adds_to_a_managed_group_is_taken_out(world: World, target: MemoryTarget) -> None:
    """
    Membership of a managed group is exact, and the plan says that an administrator's doing is undone.
    """
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("bob", groups=("staff", "risk"))
    world.apply()
    target.admin_joins("ann", "Cloud - risk")
    change = world.plan().changes[0]

    assert (change.before, change.after, change.drift) == ({"groups": ("id-risk",)}, {"groups": ()}, ("groups",))
    world.apply()
    assert (world.members("Cloud - risk"), world.plan().changes) == ({"bob"}, ())


def test_whom_an_admin_takes_out_of_a_managed_group_is_put_back(world: World, target: MemoryTarget) -> None:
    """
    A membership that Git gave is given again, as drift; one that it never gave is none.
    """
    target.admin_leaves("ann", STAFF)
    world.cloud_says("eve")

    assert [(one.name, one.drift) for one in world.plan().changes if "groups" in one.after] == [
        ("ann", ("groups",)),
        ("eve", ()),
    ]
    world.apply()
    assert world.members(STAFF) == {"ann", "bob", "eve"}


def test_groups_that_nobody_manages_are_nobodys_business(world: World, target: MemoryTarget) -> None:
    """
    A membership of a group that only the target has stays, whatever becomes of the person.
    """
    target.admin_creates_group("Chess")
    target.admin_joins("ann", "Chess")

    assert actions(world) == []
    world.cloud_loses("ann")
    world.apply()

    assert (world.members("Chess"), world.live("ann").active) == ({"ann"}, False)


def test_add_only_takes_out_nobody_but_whom_we_put_in(target: MemoryTarget, tmp_path: Path) -> None:
    """
    With `membership: add-only` an administrator's members stay, run after run; ours leave when Git says so.
    """
    target.admin_creates("eve")
    world = World(target, tmp_path, policy={"groups": {"membership": "add-only"}, "users": {"foreign": "keep"}})
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    world.cloud_says("eve")
    world.apply()
    target.admin_joins("eve", "Cloud - risk")
    world.apply()
    world.cloud_says("ann", groups=("staff",))
    world.cloud_says("bob")
    world.apply()
    world.apply()

    assert (world.members("Cloud - risk"), world.members(STAFF)) == ({"eve"}, {"ann", "bob", "eve"})
    assert world.plan().changes == ()


def test_no_membership_is_touched_where_the_policy_says_none(target: MemoryTarget, tmp_path: Path) -> None:
    """
    With `membership: none` groups are made, and who is in them is the administrators' business.
    """
    world = begun(target, tmp_path, groups={"membership": "none"})
    target.admin_joins("ann", STAFF)

    assert (world.plan().changes, world.members(STAFF)) == ((), {"ann"})


def test_strangers_are_switched_off_but_not_on_the_first_run(target: MemoryTarget, tmp_path: Path) -> None:
    """
    Accounts that Git does not know stay as they are on the first run against a target; protected ones for ever.
    """
    target.admin_creates("root")
    target.admin_creates("kim")
    world = begun(target, tmp_path)

    assert (in_use(target.read().users)[2:], actions(world)) == (
        [("kim", True), ("root", True)],
        [("deactivate", "kim")],
    )
    world.apply()

    assert in_use(target.read().users)[2:] == [("kim", False), ("root", True)]
    assert world.plan().changes == ()


def test_a_stranger_in_a_managed_group_must_leave_it(target: MemoryTarget, tmp_path: Path) -> None:
    """
    Where strangers are left alone, they are not left in groups whose members Git decides.
    """
    target.admin_creates("kim")
    world = begun(target, tmp_path, users={"lifecycle": {"local": "report"}})
    target.admin_joins("kim", STAFF)
    world.apply()

    assert (world.members(STAFF), world.live("kim").active) == ({"ann", "bob"}, True)
    assert [key for key in world.ledger.users if not key.startswith("id-")] == []


def test_a_person_that_is_deleted_leaves_no_row_behind(target: MemoryTarget, tmp_path: Path) -> None:
    """
    With `missing: delete` account and ledger row go; the record of the run tells which claims ended.
    """
    world = begun(target, tmp_path, users={"lifecycle": {"missing": "delete"}})
    world.cloud_loses("ann")
    world.apply()

    assert (in_use(target.read().users), "id-ann" in world.ledger.users) == ([("bob", True)], False)
    assert "the ledger keeps the entity no longer" in world.record(2)


def test_a_returner_waits_for_a_login_where_the_policy_says_so(target: MemoryTarget, tmp_path: Path) -> None:
    """
    With `returned: on-login` an account that we switched off stays so; fields are written all the same.
    """
    world = begun(target, tmp_path, users={"lifecycle": {"returned": "on-login"}})
    world.cloud_says("ann", state="left")
    world.apply()
    world.cloud_says("ann", state="active", first_name="Anna")
    world.apply()

    assert (world.live("ann").active, world.value("ann", "first_name"), world.plan().changes) == (False, "Anna", ())


def test_absence_has_to_last_as_long_as_the_policy_says(target: MemoryTarget, tmp_path: Path) -> None:
    """
    Nobody is a leaver before enough exports and hours without them; one export counts once.
    """
    world = begun(target, tmp_path, users={"absent_for": {"exports": 2, "hours": 2}})
    world.cloud_loses("ann")
    seen = []
    for _ in range(4):
        seen.append(actions(world))
        world.apply()
        world.apply()
        world.fetched_at = None

    assert seen == [[], [("update", "ann"), ("deactivate", "ann")], [], []]
    assert world.row("ann").absent is not None


def test_an_edit_of_gits_field_is_overwritten_and_shown(world: World, target: MemoryTarget) -> None:
    """
    An administrator's edit of a field that is Git's alone is named as drift, with the value that is lost.
    """
    target.admin_sets("ann", first_name="Annie")
    change = world.plan().changes[0]

    assert (change.before, change.after, change.drift) == (
        {"first_name": "Annie"},
        {"first_name": "Ann"},
        ("first_name",),
    )


def test_a_set_that_gains_and_loses_is_two_changes(world: World) -> None:
    """
    What a set gains and what it loses can be held apart; grants come before removals.
    """
    world.cloud_says("ann", roles=("Editor", "Viewer"))
    world.apply()
    world.cloud_says("ann", roles=("Auditor", "Viewer"))

    assert summary(world.plan()) == [
        ("update", "ann", {"roles": ("Auditor", "Editor", "User", "Viewer")}),
        ("update", "ann", {"roles": ("Auditor", "User", "Viewer")}),
    ]
    world.apply()
    assert (world.value("ann", "roles"), world.claim("ann", "roles").intents) == (("Auditor", "User", "Viewer"), ())


@pytest.mark.parametrize(
    ("override", "word"),
    [
        pytest.param({"take": ("locale",)}, "reconciler take id-ann locale", id="take"),
        pytest.param({"restore": {"locale": "it_IT"}}, "correct `reviewed:` at overrides/all.yaml:1", id="restore"),
    ],
)
def test_a_transfer_that_was_reviewed_for_another_value_says_what_to_do(
    world: World, target: MemoryTarget, override: dict[str, Any], word: str
) -> None:
    """
    The value has changed since somebody looked at it: the transfer waits, and says how to look again.
    """
    target.admin_sets("ann", locale="pt_PT")
    world.git_says("ann", reviewed={"locale": "de_DE"}, set={"locale": "fr_FR"}, **override)
    (held,) = world.plan().held

    assert word in held.release
    assert world.value("ann", "locale") == "pt_PT"
