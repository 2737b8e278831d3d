"""
What anybody would expect of the target, worked out from what the cloud and Git say, and not from the code.

Where a plan holds something or tells of a conflict, it is about the others.
"""

from collections.abc import Iterator

from reconciler.core.export import UserRow
from reconciler.core.model import Live, Plan
from tests.targets.memory import MemoryTarget
from tests.world import World


def spared(world: World, target: MemoryTarget) -> frozenset[str]:
    """
    Return the ids of accounts that no run may touch: protected ones, and those of people who are excluded.
    """
    names = set(world.policy.users.protected)
    out = {one.user for one in world.overrides if one.exclude}
    links = {row.link for key, row in world.ledger.users.items() if key in out and row.link}
    return frozenset({one.id for one in target.read().users if one.name in names} | links)


def expected(world: World, target: MemoryTarget, plan: Plan) -> Iterator[str]:
    """
    Yield what is not as one would expect after everything that a plan said was done.
    """
    unclear = {one.key for one in plan.held} | {key for one in plan.conflicts for key in one.keys}
    lives = {one.id: one for one in target.read().users}
    for key, row in sorted(world.ledger.users.items()):
        live = lives.get(row.link or "")
        if live is not None and key not in unclear and world.people.get(key):
            yield from _about(world, world.people[key], live)


def _about(world: World, row: UserRow, live: Live) -> Iterator[str]:
    """
    Yield what is wrong with one account of ours.
    """
    said = [one for one in world.overrides if one.user == row.key]
    if any(one.exclude for one in said) or row.state in {"unknown", "invited"}:
        return
    gone = row.state in {"left", "suspended"} or any(one.block for one in said)
    if gone and live.active:
        yield f"{live.name} is {row.state or 'blocked'}, and can still log in"
