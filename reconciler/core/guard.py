"""
Limits, completeness, waivers: which changes are held before any of them is written, and why.

A guard that trips holds its kind; the rest goes on. Every held change says which decision would release it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.core.canonical import digest
from reconciler.core.changes import Draft
from reconciler.core.claims import elements
from reconciler.core.limits import COUNTED, LOCK_OUT, Facts, Trip, emptied, limits, lock_out, unproved
from reconciler.core.model import SETS, Change, Held, Notice
from reconciler.core.weigh import ENDING, group_left, put_away


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
    """
    waived: list[Notice] = []
    held: dict[str, Trip] = {}
    for trip in _trips(drafts, facts, waived):
        for change in sorted(trip.changes):
            held.setdefault(change, trip)
    _follow_needs(drafts, held)
    trips = {id(trip): trip for trip in held.values()}
    told = sorted({(trip.code, trip.reason) for trip in trips.values() if trip.code != "needs"})
    return Guarded(
        kept=tuple(one for one in drafts if one.change.id not in held),
        held=tuple(_held(one, held[one.change.id], facts) for one in drafts if one.change.id in held),
        notices=(*(Notice(code=code, level="held", text=reason) for code, reason in told), *waived),
        waived=frozenset(one.code for one in waived),
    )


def _trips(drafts: Sequence[Draft], facts: Facts, waived: list[Notice]) -> Iterator[Trip]:
    """
    Yield every guard that trips. What is held for one reason does not count towards the next.
    """
    gone: set[str] = set()
    for stage in (unproved, limits, emptied, lock_out):
        rest = [one for one in drafts if one.change.id not in gone]
        for trip in stage(rest, facts):
            if not _waived(trip, facts, waived):
                gone |= trip.changes
                yield trip


def _waived(trip: Trip, facts: Facts, waived: list[Notice]) -> bool:
    """
    Return whether a waiver that holds today allows exactly this; a waiver for another count allows nothing.
    """
    for one in facts.waivers if trip.code != LOCK_OUT else ():
        exact = one.guard == trip.code and one.target == facts.target and one.count == len(trip.changes)
        if exact and one.until >= facts.now[:10]:
            told = f"{trip.reason}; waived ({one.reason}; {one.origin})"
            waived.append(Notice(code=trip.code, level="warning", text=told))
            return True
    return False


def _follow_needs(drafts: Sequence[Draft], held: dict[str, Trip]) -> None:
    """
    Hold what needs something held, and the memberships of whoever, and of whichever group, stays after all.

    What is held for such a reason may be needed in its turn: so again, until nothing is added.
    """
    before = -1
    while len(held) > before:
        before = len(held)
        stays = {one.change.link for one in drafts if one.change.id in held and one.change.action in ENDING}
        kept = put_away(one for one in drafts if one.change.id in held)
        for one in drafts:
            if one.change.id not in held and (why := _following(one, held, stays, kept)):
                alone = frozenset({one.change.id})
                held[one.change.id] = Trip(code="needs", changes=alone, reason=why, release="release that change")


def _following(one: Draft, held: Mapping[str, Trip], stays: Collection[str | None], kept: Collection[str]) -> str:
    """
    Return why a change must wait for one that is held; empty where it need not.
    """
    if any(need in held for need in one.change.needs):
        return "it needs a change that is held"
    if not group_left(one):
        return ""
    if one.change.link in stays:
        return "its deactivation is held"
    return "its group stays: that change is held" if group_left(one) in kept else ""


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


def counted(tags: Iterable[str]) -> frozenset[str]:
    """
    Return which guards count a change over 24 hours.
    """
    return frozenset(tags) & frozenset(COUNTED)
