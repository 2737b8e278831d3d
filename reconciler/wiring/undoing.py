"""
A recorded run, undone: the override file that takes back what it changed, and what no override can.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from msgspec import Struct, UnsetType
from msgspec.structs import replace

from reconciler import engine
from reconciler.core.decide import Decision
from reconciler.core.directory import directory_of
from reconciler.core.model import Value
from reconciler.core.overrides import Override
from reconciler.core.runs import Run
from reconciler.core.scope import ALL
from reconciler.core.undo import Ground, Undoing, undo_whole
from reconciler.core.undone import Lost, Wish, wishes
from reconciler.core.world import organisation_of
from reconciler.errors import InputError, ReconcilerError, UsageError
from reconciler.files.atomic import remove_file
from reconciler.files.new_override import Entry, override_text, write_override
from reconciler.files.references import misfits
from reconciler.files.state import load_state
from reconciler.wiring.bench import Bench


class Undone(Struct, frozen=True, kw_only=True):
    """
    What came of it: how much the run changed, the file (None: there was nothing to write), and what stays as it is.
    """

    wanted: int
    path: Path | None
    text: str
    lost: tuple[Lost, ...]


def run_numbered(runs: Sequence[Run], number: int) -> Run:
    """
    Return the recorded run of that number; raises ReconcilerError where there is none.
    """
    found = next((run for run in runs if run.header.run == number), None)
    if found is None:
        known = f"the last one is {runs[-1].header.run}" if runs else "none is recorded yet"
        raise ReconcilerError(f"no run {number} is recorded: {known}", hint="reconciler audit shows them all")
    return found


def write_undo(found: Bench, run: Run, *, reason: str, until: str | None) -> Undone:
    """
    Return the override file that undoes a run; the target is read now, so that what was reviewed is what holds.

    Raises UsageError where `until` has passed, or is no day; then there is no file.
    """
    if until is not None and _day(until) < date.fromisoformat(found.now[:10]):
        raise UsageError(f"{until} has passed", hint="name a day to come, or leave --until out")
    wanted = wishes(run)
    if not wanted:
        return Undone(wanted=0, path=None, text="", lost=())
    undoing = _undoing(found, wanted, reason=reason, until=until)
    entries = [entry_of(one) for one in undoing.overrides]
    if not entries:
        return Undone(wanted=len(wanted), path=None, text="", lost=undoing.lost)
    path = write_override(found.root / "overrides", "undo", *entries)
    try:
        _acceptable(found)
    except ReconcilerError:
        remove_file(path)
        raise
    return Undone(wanted=len(wanted), path=path, text=override_text(*entries), lost=undoing.lost)


def _day(until: str) -> date:
    try:
        day = date.fromisoformat(until)
    except ValueError:
        day = None
    if day is None or day.isoformat() != until:
        raise UsageError(f"--until: {until!r} is no day", hint="write it as 2027-01-31")
    return day


def _undoing(found: Bench, wanted: Sequence[Wish], *, reason: str, until: str | None) -> Undoing:
    tried = partial(_tried, found, frozenset(wish.key for wish in wanted))
    without = tried(())
    world = without.world
    everybody = tuple(placed for _, people in found.asked.export.shards() for placed in people)
    whole = replace(world.export, users=everybody)
    ground = Ground(
        decision=without,
        org=organisation_of(world),
        directory=directory_of(whole, world.ledger, world.policy.groups),
        reason=reason,
        until=until,
    )
    return undo_whole(wanted, ground, tried)


def _tried(found: Bench, about: frozenset[str], overrides: Sequence[Override]) -> Decision:
    """
    Return what would be decided with some more overrides in force.
    """
    placed = [
        replace(one, origin=f"undo:{line}", digest=f"undo:{line}") for line, one in enumerate(overrides, start=1)
    ]
    asked = replace(found.asked, overrides=(*found.asked.overrides, *placed))
    return engine.plan(asked, found.target, found.book, opened=found.opened, now=found.now, about=about, scope=ALL)


def entry_of(one: Override) -> Entry:
    """
    Return an override as an entry of a file: what it does not say is left out.
    """
    reviewed = {} if isinstance(one.reviewed, UnsetType | str) else one.reviewed
    entry: dict[str, Value | Mapping[str, Value]] = {
        "user": one.user,
        "group": one.group,
        "set": one.set,
        "groups": _said(add=one.groups_add, remove=one.groups_remove),
        "roles": _said(add=one.roles_add),
        "restore": one.restore,
        "reviewed": reviewed,
        "take": one.take,
        "block": one.block,
        "rename": one.rename,
        "until": one.until,
        "reason": one.reason,
    }
    return {name: value for name, value in entry.items() if value}


def _said(**parts: tuple[str, ...]) -> dict[str, Value]:
    return {name: names for name, names in parts.items() if names}


def _acceptable(found: Bench) -> None:
    """
    Raise unless the state folder loads with the new file in it.
    """
    state = load_state(found.root)
    if faults := misfits(state.overrides, state.policies):
        raise InputError(faults)
