"""
Limits, completeness, waivers: which changes are held before any of them is written, and why.

A guard that trips holds its kind; the rest goes on. Every held change says which decision would release it.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.approval import GUARD
from reconciler.core.canonical import digest
from reconciler.core.changes import Draft
from reconciler.core.claims import elements
from reconciler.core.limits import (
    COUNTED,
    Facts,
    Trip,
    emptied,
    limits,
    lock_out,
    of_totals,
    peopled,
    unapproved,
    unproved,
    waivable,
)
from reconciler.core.model import SETS, Change, Held, Notice
from reconciler.core.waivers import Wanted, allowing, not_allowing
from reconciler.core.weigh import ENDING, group_left, put_away_key

STAGES = (unproved, limits, unapproved, emptied, peopled, lock_out)
"""
The guards in their order. Accidents are counted in everything that Git asks for; an approval does not make them
smaller. Whether a group or the last administrator would go is asked of what is left.
"""

UNTOLD = frozenset({"needs", GUARD})
"""Guards that need no notice beside the changes they hold."""


class Guarded(Struct, frozen=True, kw_only=True):
    """
    The drafts that may be made, in order; the ones held; what the guards have to say; which of them were waived.
    """

    kept: tuple[Draft, ...]
    held: tuple[Held, ...]
    notices: tuple[Notice, ...] = ()
    waived: frozenset[str] = frozenset()


def guard(drafts: Sequence[Draft], facts: Facts) -> Guarded:
    """
    Return the drafts that pass every guard, and those that do not, each with the first guard that holds it.

    What is held, or must wait for something held, does not count towards the next guard.
    """
    waived: list[Notice] = []
    held: dict[str, Trip] = {}
    for stage in STAGES:
        rest = [one for one in drafts if one.change.id not in held]
        for trip in [one for one in map(partial(_weighed, facts, waived), stage(rest, facts)) if one]:
            for change in sorted(trip.changes):
                held.setdefault(change, trip)
        _follow_needs(drafts, held)
    told = sorted({(trip.code, trip.reason) for trip in held.values() if trip.code not in UNTOLD})
    return Guarded(
        kept=tuple(one for one in drafts if one.change.id not in held),
        held=tuple(_held(one, held[one.change.id], facts) for one in drafts if one.change.id in held),
        notices=(*(Notice(code=code, level="held", text=reason) for code, reason in told), *waived),
        waived=frozenset(one.code for one in waived),
    )


def _weighed(facts: Facts, waived: list[Notice], trip: Trip) -> Trip | None:
    """
    Return the trip, with what the waivers that are about it lack; None where one that holds today allows it.
    """
    if not waivable(trip.code):
        return trip
    wanted = Wanted(facts.target, trip.code, len(trip.changes), facts.now[:10])
    if one := allowing(facts.waivers, wanted):
        told = f"{trip.reason}; waived ({one.reason}; {one.origin})"
        waived.append(Notice(code=trip.code, level="warning", text=told))
        return None
    return replace(trip, reason=trip.reason + not_allowing(facts.waivers, wanted))


def _follow_needs(drafts: Sequence[Draft], held: dict[str, Trip]) -> None:
    """
    Hold what needs something held, and the memberships of whoever, and of whichever group, stays after all.

    What is held for such a reason may be needed in its turn: so again, until nothing is added.
    """
    before = 0
    while len(held) > before:
        before = len(held)
        stopped = [one for one in drafts if one.change.id in held]
        first = {one.change.id: one for one in stopped}
        stays = {one.change.link: one for one in stopped if one.change.action in ENDING}
        kept = {put_away_key(one): one for one in stopped if put_away_key(one)}
        for one in drafts:
            if one.change.id not in held and (found := _followed(one, first, stays, kept)):
                held[one.change.id] = _following(*found, held)


def _followed(
    one: Draft, first: Mapping[str, Draft], stays: Mapping[str | None, Draft], kept: Mapping[str, Draft]
) -> tuple[str, Draft] | None:
    """
    Return why a change must wait for one that is held, and which that is; None where it need not.
    """
    if need := next((first[need] for need in one.change.needs if need in first), None):
        return "it needs a change that is held", need
    if not group_left(one):
        return None
    if ending := stays.get(one.change.link):
        return "its deactivation is held", ending
    away = kept.get(group_left(one))
    return ("its group stays: that change is held", away) if away else None


def _following(why: str, other: Draft, held: Mapping[str, Trip]) -> Trip:
    """
    Return the trip of a change that waits for another: what releases that one releases both.
    """
    change, trip = other.change, held[other.change.id]
    return replace(
        trip,
        code=trip.code if trip.code == GUARD else "needs",
        reason=f"{why} ({change.action} {change.kind} {change.name!r}: {trip.code})",
    )


def _held(one: Draft, trip: Trip, facts: Facts) -> Held:
    change = one.change
    return Held(
        id=digest(facts.target, change.kind, change.key, change.action, _about(change), trip.code),
        kind=change.kind,
        key=change.key,
        name=change.name,
        reason=trip.reason,
        release=trip.release,
        guard=trip.code,
        change=change,
    )


def _about(change: Change) -> list[tuple[str, list[str]]]:
    """
    Return what a change is about, the same from run to run: its fields, and of sets the elements that move.
    """
    moved = {
        name: sorted(elements(value) ^ elements(change.before.get(name))) if name in SETS else []
        for name, value in change.after.items()
    }
    return sorted(moved.items())


def weighs_totals(guarded: Guarded) -> bool:
    """
    Return whether a guard that tripped, waived or not, might pass if there were more people than were counted.

    None trips the more easily for it: where those that were counted are enough, all of them are.
    """
    codes = {one.guard for one in guarded.held} | guarded.waived
    return any(of_totals(code) for code in codes)


def counted(tags: Iterable[str]) -> frozenset[str]:
    """
    Return which guards count a change over 24 hours.
    """
    return frozenset(tags) & frozenset(COUNTED)
