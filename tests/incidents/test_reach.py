"""
Incidents of a run that reached too far: groups, people and power that were not its own; SECURITY.md lists them.
"""

import pytest

from reconciler.core.model import Plan
from tests.incidents.conftest import Begin
from tests.targets.sql_admin import SqlAdmin
from tests.world import World

CROWD = tuple(f"p{number:02}" for number in range(40))


def reasons(plan: Plan, guard: str) -> set[str]:
    """
    Return why a guard holds something.
    """
    return {one.reason for one in plan.held if one.guard == guard}


def disabled(world: World) -> int:
    """
    Return how many accounts cannot be used.
    """
    return sum(1 for one in world.target.read().users if not one.active)


def test_groups_of_others_are_left_alone(begin: Begin, admin: SqlAdmin) -> None:
    """
    A group that was made in the target stays, with its members, though the cloud has none of that name.
    """
    world = begin("ann")
    admin.admin_creates_group("AWSControlTowerAdmins")
    admin.admin_joins("ann", "AWSControlTowerAdmins")

    assert world.plan().changes == ()
    world.apply()
    assert world.members("AWSControlTowerAdmins") == {"ann"}


@pytest.mark.parametrize("moves", [pytest.param(False, id="in step"), pytest.param(True, id="looked at in full")])
def test_looking_at_one_person_and_at_all_agree(begin: Begin, admin: SqlAdmin, *, moves: bool) -> None:
    """
    Whether a person is looked at in full or passed by, the groups that are not the cloud's stay as they are.
    """
    # Logins are no runs of their own yet; what they will share with a full run is this.
    world = begin("ann")
    admin.admin_creates_group("Local")
    admin.admin_joins("ann", "Local")
    if moves:
        world.cloud_says("ann", first_name="Anna")
    world.apply()

    assert (world.members("Local"), world.plan().changes) == ({"ann"}, ())


def test_people_of_another_source_are_not_swept_away(begin: Begin, admin: SqlAdmin) -> None:
    """
    A filter on one side makes everybody beyond it a stranger: so many are held, and nobody is disabled.
    """
    world = begin(*CROWD)
    for number in range(8):
        admin.admin_creates(f"other{number}")
    plan = world.plan()
    world.apply()

    assert reasons(plan, "users-deactivated") == {"8 users deactivated, of 41: more than max(3, 5 %)"}
    assert disabled(world) == 0


@pytest.mark.parametrize(
    ("lost", "held"),
    [
        pytest.param(1, 0, id="one of nine"),
        pytest.param(3, 0, id="three of nine"),
        pytest.param(4, 8, id="four of nine"),
    ],
)
def test_share_of_a_small_set_is_no_licence(begin: Begin, lost: int, held: int) -> None:
    """
    Among nine people one leaver, who is more than a tenth, trips no guard; but nearly half of them may not go.
    """
    world = begin(*CROWD[:8])
    for name in CROWD[:lost]:
        world.cloud_loses(name)
    plan = world.plan()

    assert len(plan.held) == held
    assert {"the export has shrunk: 5 users, and 9" in one.reason for one in plan.held} <= {True}


def test_slices_of_a_mass_removal_add_up(begin: Begin) -> None:
    """
    Three removals an hour pass twice; the third time the day's count holds them.
    """
    world = begin(*CROWD)
    for hour in range(3):
        for name in CROWD[hour * 3 : hour * 3 + 3]:
            world.cloud_loses(name)
        plan = world.plan()
        world.apply()

    told = "3 users deactivated and 6 in the last 24 hours, of 35: more than max(6, 10 %)"
    assert reasons(plan, "users-deactivated") == {told}
    assert disabled(world) == 6


def test_faulty_decision_takes_no_access_from_everybody(begin: Begin) -> None:
    """
    A reviewed override may be wrong all the same: what it takes from very many is held.
    """
    world = begin(*CROWD)
    world.cloud_has_group("crew", roles=("Editor",))
    for name in CROWD:
        world.cloud_says(name, groups=("staff", "crew"))
    world.apply()
    for name in CROWD:
        world.git_says(name, groups_remove=("crew",))
    plan = world.plan()
    world.apply()

    assert {one.guard for one in plan.held} >= {"memberships-removed", "roles-removed"}
    assert len(world.members("Cloud IAM - crew")) == len(CROWD)


@pytest.mark.parametrize(
    "says",
    [
        pytest.param({"roles": (), "groups": ("staff",)}, id="demoted"),
        pytest.param({"state": "left"}, id="left"),
    ],
)
def test_last_administrator_stays(begin: Begin, says: dict[str, object]) -> None:
    """
    The last active administrator keeps the power, whatever the cloud says, and no waiver helps.
    """
    world = begin("ann")
    world.cloud_says("bob", **says)
    world.git_waives("administrators-minimum", 1)
    plan = world.plan()
    world.apply()

    assert reasons(plan, "administrators-minimum") == {"0 active administrators would remain: fewer than 1"}
    assert (world.live("bob").active, "OPAdministrators" in str(world.value("bob", "roles"))) == (True, True)
