"""
What the tests of every system ask of a world: run it, and say what the plan did.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.core.model import Plan, Value
from reconciler.core.policy import build, overlay
from reconciler.core.scope import Scope
from reconciler.files.policies import preset
from reconciler.targets.sql import SqlTarget
from tests.world import World, summary


def world_of(name: str, folder: Path, *, change: Mapping[str, Any] | None = None) -> World:
    """
    Return a world under a shipped preset, with an own change laid over it, on the embedded database.
    """
    world = World(SqlTarget.open(f"sqlite:///{folder}/registry.db"), folder)
    world.policy = build(overlay(preset(name).value, change or {}), {})
    return world


def applied(world: World, scope: Scope | None = None) -> Plan:
    """
    Apply, and return the plan that was: all of it has landed, nothing was held, and nothing is left to do.
    """
    plan = world.plan(scope)
    report = world.apply(scope=scope)

    assert [one.message for one in report.outcomes if one.outcome != "landed"] == []
    assert (plan.held, plan.conflicts) == ((), ())
    assert summary(world.plan(scope)) == []
    return plan


def actions(plan: Plan) -> list[tuple[str, str]]:
    """
    Return what a plan does to whom.
    """
    return [(one.action, one.name) for one in plan.changes]


def users(world: World) -> dict[str, bool]:
    """
    Return whether each account of the target is enabled, by user name.
    """
    return {one.name: one.active for one in world.target.read().users}


def group(world: World, name: str) -> dict[str, Value]:
    """
    Return what the target's group of that name holds, its state and its id among it.
    """
    found = next(one for one in world.target.read().groups if one.name == name)
    return {**found.fields, "active": found.active, "id": found.id}
