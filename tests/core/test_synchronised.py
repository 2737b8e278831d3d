"""
Every group of the source is synchronised, or has a reason why not.
"""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.synchronised import tally
from tests.targets.memory import MemoryTarget
from tests.world import World

ALWAYS: dict[str, Any] = {"groups": {"create": "always", "grants_login": False}}


@pytest.mark.parametrize(
    ("policy", "override", "reason"),
    [
        pytest.param({}, {}, "it grants no login role", id="no role"),
        pytest.param({"groups": {"grants_login": False}}, {}, "nobody would be in it", id="nobody"),
        pytest.param(ALWAYS, {"exclude": True}, "excluded by override overrides/all.yaml:1 (T-1)", id="excluded"),
        pytest.param(
            {"groups": {**ALWAYS["groups"], "population": "selected"}}, {}, "it is not selected", id="selected"
        ),
    ],
)
def test_group_that_git_does_not_want_there_is_told_why(
    tmp_path: Path, policy: dict[str, Any], override: dict[str, Any], reason: str
) -> None:
    """
    What the policy, or an override, leaves out is counted at the source, and named with the reason.
    """
    world = World(MemoryTarget(), tmp_path, policy=policy)
    world.cloud_says("ann")
    world.cloud_has_group("desk")
    if override:
        world.git_says(group="desk", **override)
    found = tally(world.decide(), {})

    assert (found.source, {one.name: one.reason for one in found.left_out}["desk"]) == (2, reason)


def test_group_whose_changes_did_not_land_is_told_why(tmp_path: Path) -> None:
    """
    What the target refused, of the group or of a membership, leaves its group out; the words are the target's.
    """
    world = World(MemoryTarget(), tmp_path, policy=ALWAYS)
    world.cloud_has_group("desk")
    world.cloud_says("ann", groups=("staff", "desk"))
    decision = world.decide()
    failed = {one.id: "no room" for one in decision.plan.changes if one.kind == "group" and one.key == "id-desk"}
    joins = {one.id: "no seat" for one in decision.plan.changes if "groups" in one.after}
    found = [tally(decision, lost) for lost in ({}, failed, joins)]

    assert [(one.source, one.synchronised) for one in found] == [(2, 2), (2, 1), (2, 0)]
    assert [one.reason for one in found[1].left_out] == ["1 create not made (no room)"]
    assert [one.reason for one in found[2].left_out] == ["1 membership not made (no seat)"] * 2


def test_group_in_a_conflict_of_names_is_told_why(tmp_path: Path) -> None:
    """
    Two groups of the source that would bear one name are both left out, each with the other's key.
    """
    world = World(MemoryTarget(), tmp_path, policy=ALWAYS)
    world.cloud_makes_group_again("staff", key="other")
    found = tally(world.decide(), {})

    assert (found.source, found.synchronised) == (2, 0)
    assert all("two source groups would bear one name" in one.reason for one in found.left_out)
