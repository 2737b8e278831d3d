"""
Incidents of who is who: names, addresses and ids that changed, clashed or came back; SECURITY.md lists them.
"""

import pytest

from reconciler.core.model import Plan
from tests.incidents.conftest import Begin
from tests.targets.sql_admin import SqlAdmin
from tests.world import World

STAFF = "Cloud IAM - staff"


def accounts(world: World) -> dict[str, bool]:
    """
    Return every account by name, and whether it can be used.
    """
    return {one.name: one.active for one in world.target.read().users}


def actions(plan: Plan) -> list[tuple[str, str]]:
    """
    Return what a plan does to whom.
    """
    return [(one.action, one.name) for one in plan.changes]


def test_case_of_an_address_makes_nobody_else(begin: Begin, admin: SqlAdmin) -> None:
    """
    An account whose address is spelled in capitals is found, and a second one is not made.
    """
    world = begin("ann")
    admin.admin_creates("EVE@EXAMPLE.COM", email="EVE@EXAMPLE.COM")
    world.cloud_says("eve", user_name="eve@example.com")
    plan = world.plan()
    world.approve()

    assert ("create", "eve@example.com") not in actions(plan)
    assert [one.reason for one in plan.held] == ["it bears another user name, and the target cannot rename"]
    assert sorted(accounts(world)) == ["EVE@EXAMPLE.COM", "ann", "bob"]


def test_capitals_in_an_address_are_an_update(begin: Begin) -> None:
    """
    Who is written in capitals from one export to the next is updated, and neither removed nor made again.
    """
    world = begin("ann")
    world.cloud_says("ann", email="Ann@Example.COM")

    assert [(one.action, one.after) for one in world.plan().changes] == [("update", {"email": "Ann@Example.COM"})]


def test_new_name_keeps_the_account(begin: Begin) -> None:
    """
    Where the target can rename, a renamed person has the account, memberships and values that were there.
    """
    world = begin("ann", policy={"users": {"rename": "update"}})
    link = world.live("ann").id
    world.cloud_says("ann", user_name="ann.weber", last_name="Weber")
    world.apply()

    assert (world.live("ann.weber").id, world.members(STAFF)) == (link, {"ann.weber", "bob"})
    assert accounts(world) == {"ann.weber": True, "bob": True}


def test_new_name_deletes_nothing_where_none_can_change(begin: Begin, admin: SqlAdmin) -> None:
    """
    Where the target cannot rename, a successor gets memberships and the administrators' values; nothing is deleted.
    """
    world = begin("ann")
    admin.admin_sets("ann", locale="de_DE")
    world.apply()
    world.cloud_says("ann", user_name="ann.weber")
    world.apply()

    assert accounts(world) == {"ann": False, "ann.weber": True, "bob": True}
    assert world.value("ann.weber", "locale") == "de_DE"
    assert {"ann.weber", "bob"} <= world.members(STAFF)


def test_group_that_was_made_again_keeps_its_id(begin: Begin) -> None:
    """
    A group that the cloud deleted and made again under a new id is the one that the target has.
    """
    world = begin("ann")
    link = next(one.id for one in world.target.read().groups if one.name == STAFF)
    world.cloud_loses_group("staff")
    world.cloud_makes_group_again("staff", key="staff-2", roles=("Viewer",))
    for name in ("ann", "bob"):
        world.cloud_says(name, groups=("staff-2",))

    assert actions(world.plan()) == []
    world.apply()
    assert world.ledger.groups["id-staff-2"].link == link
    assert world.members(STAFF) == {"ann", "bob"}


def test_new_id_under_an_old_login_inherits_nothing(begin: Begin) -> None:
    """
    Somebody new with the login of somebody who left gets neither the account nor what belonged to it.
    """
    world = begin("ann")
    world.cloud_loses("ann")
    world.cloud_says("ann-2", user_name="ann", email="ann@example.com")
    plan = world.plan()

    assert [one.keys for one in plan.conflicts] == [("id-ann-2",)]
    assert "which belongs to id-ann" in plan.conflicts[0].message
    world.apply()
    assert accounts(world) == {"ann": False, "bob": True}


def test_one_clash_holds_nobody_else_up(begin: Begin) -> None:
    """
    Two people of one name are a conflict that names both; everybody else gets an account.
    """
    world = begin("ann")
    world.cloud_says("eve", user_name="eve")
    world.cloud_says("eve-2", user_name="EVE")
    world.cloud_says("zoe")
    plan = world.plan()
    world.apply()

    assert [one.keys for one in plan.conflicts] == [("id-eve", "id-eve-2")]
    assert accounts(world) == {"ann": True, "bob": True, "zoe": True}


@pytest.mark.parametrize("moves", [pytest.param(False, id="undisturbed"), pytest.param(True, id="other news")])
def test_disabled_by_hand_stays_disabled(begin: Begin, admin: SqlAdmin, *, moves: bool) -> None:
    """
    An account that an administrator disabled is not enabled because the cloud still has the person.
    """
    world = begin("ann")
    admin.admin_sets("ann", active=False)
    if moves:
        world.cloud_says("ann", first_name="Anna")
    held = [(one.guard, one.name) for one in world.plan().held]
    world.apply()

    assert held == [("approval", "ann")]
    assert accounts(world) == {"ann": False, "bob": True}
