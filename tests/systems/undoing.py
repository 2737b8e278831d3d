"""
A run of a world, undone: what is written, what is planned, what comes back.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from reconciler.core.decide import Decision
from reconciler.core.directory import directory_of
from reconciler.core.model import Fields
from reconciler.core.overrides import Override
from reconciler.core.runs import decode_runs
from reconciler.core.undo import Ground, undo_whole
from reconciler.core.undone import Lost, Wish, wishes
from reconciler.core.world import organisation_of
from tests.world import World

State = Mapping[tuple[str, str], Fields]
"""What the target holds, by kind and id: fields, whether it is active, and the ids of its groups."""


def wanted(world: World, run: int) -> tuple[Wish, ...]:
    """
    Return what a recorded run changed.
    """
    runs = decode_runs((path, content, None) for path, content in world.store.read("runs"))
    return wishes(next(one for one in runs if one.header.run == run))


def undone(world: World, run: int) -> tuple[Lost, ...]:
    """
    Merge the overrides that undo a run, and return what their plan does not bring back.
    """
    found = wanted(world, run)
    keys = frozenset(wish.key for wish in found)
    decided = tuple(world.overrides)

    def tried(overrides: Sequence[Override]) -> Decision:
        placed = [merged(one, f"overrides/undo.yaml:{number}") for number, one in enumerate(overrides, 1)]
        world.overrides = [*decided, *placed]
        return world.decide(about=keys)

    without = tried(())
    seen = without.world
    directory = directory_of(seen.export, seen.ledger, seen.policy.groups)
    ground = Ground(decision=without, org=organisation_of(seen), directory=directory, reason="OPS-8")
    return undo_whole(found, ground, tried).lost


def merged(override: Override, origin: str) -> Override:
    """
    Return an override as it is read back from its file.
    """
    verbs = {"set": override.set, "restore": override.restore, "take": override.take}
    parts = [f"{verb}.{name}" for verb, names in verbs.items() for name in names]
    return replace(override, origin=origin, digest=origin, places=dict.fromkeys(["reason", *parts], origin))


def state(world: World) -> State:
    """
    Return what the target holds.
    """
    snapshot = world.target.read()
    return {
        (one.kind, one.id): {**one.fields, "active": one.active, "groups": tuple(sorted(one.groups))}
        for one in (*snapshot.users, *snapshot.groups)
    }


def differences(before: State, after: State) -> set[tuple[str, str, str]]:
    """
    Return kind, id and field of everything that differs; of what is on one side alone, an empty field.
    """
    found = {(*place, "") for place in before.keys() ^ after.keys()}
    for place in before.keys() & after.keys():
        one, other = before[place], after[place]
        found |= {(*place, name) for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    return found


def admitted(world: World, lost: tuple[Lost, ...]) -> set[tuple[str, str, str]]:
    """
    Return kind, id and field of everything that was said not to come back; of an account that was made, all of it.
    """
    ledger = world.ledger
    rows = {"user": ledger.users, "group": ledger.groups}
    found: set[tuple[str, str, str]] = set()
    for wish in (one.wish for one in lost):
        row = rows[wish.kind].get(wish.key)
        links = [row.link or "", *row.tombstones] if row else [wish.key.removeprefix("target:")]
        found |= {(wish.kind, link, wish.field) for link in links}
    return found
