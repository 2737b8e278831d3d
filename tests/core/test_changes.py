"""
What each change says of itself: what it may cost, and why it is there.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.targets.memory import MemoryTarget
from tests.world import World

DELETES = {
    "users": {"lifecycle": {"missing": "delete"}},
    "groups": {"lifecycle": {"missing": "delete"}},
    "guards": {"minimum_administrators": 0},
}
REPLACES = {"users": {"rename": "replace"}, "groups": {"lifecycle": {"renamed": "replace"}}}


def converged(folder: Path, policy: dict[str, Any]) -> World:
    """
    Return a world in which Ann and an administrator, Bob, are there.
    """
    world = World(MemoryTarget(), folder, policy=policy)
    world.cloud_says("ann")
    world.cloud_says("bob", roles=("Administrator",))
    world.apply()
    return world


@pytest.mark.parametrize(
    ("name", "risk"),
    [pytest.param("ann", ("removal",), id="user"), pytest.param("bob", ("removal", "privileged"), id="privileged")],
)
def test_deleting_somebody_is_a_removal(tmp_path: Path, name: str, risk: tuple[str, ...]) -> None:
    """
    A deletion is told among the removals, and as privileged where power goes with it.
    """
    world = converged(tmp_path, DELETES)
    world.cloud_loses(name)

    assert [(one.action, one.name, one.risk) for one in world.plan().changes] == [("delete", name, risk)]


def test_deleting_a_group_is_a_removal(tmp_path: Path) -> None:
    """
    A group that is deleted is told among the removals.
    """
    world = converged(tmp_path, DELETES)
    world.cloud_has_group("risk", roles=("User",))
    world.cloud_says("ann", groups=("staff", "risk"))
    world.apply()
    world.cloud_says("ann", groups=("staff",))
    world.cloud_loses_group("risk")
    deleted = [one for one in world.plan().changes if one.action == "delete"]

    assert [(one.kind, one.name, one.risk) for one in deleted] == [("group", "Cloud - risk", ("removal",))]


def test_replaced_account_is_told_with_its_successor(tmp_path: Path) -> None:
    """
    Where an account or a group gives way to another, the reason names the one that comes after it.
    """
    world = converged(tmp_path, REPLACES)
    world.cloud_says("ann", user_name="anna")
    world.cloud_renames_group("staff", "crew")
    retired = {one.name: one.because["active"] for one in world.plan().changes if one.action == "deactivate"}

    assert retired == {"ann": "replaced by anna", "Cloud - staff": "replaced by Cloud - crew"}


def test_memberships_of_an_account_made_anew_are_nobodys_loss(tmp_path: Path) -> None:
    """
    Who joins the old groups under a new name or after a deletion undoes nothing that an administrator did in them.
    """
    world = converged(tmp_path, REPLACES)
    world.cloud_says("ann", user_name="anna")
    joined = [one for one in world.plan().changes if "groups" in one.after]

    assert [(one.name, one.drift) for one in joined] == [("anna", ())]
