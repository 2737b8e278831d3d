"""
Limits, completeness, waivers: which changes are held before any of them is written, and why.

A guard that trips holds its kind; the rest goes on. Every held change says which decision would release it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from reconciler.core.canonical import digest
from reconciler.core.changes import Draft
from reconciler.core.claims import earlier, elements
from reconciler.core.model import Held, Notice
from reconciler.core.overrides import Waiver
from reconciler.core.policy import Guards, Limit

COUNTED = (
    "users-deactivated",
    "users-deleted",
    "memberships-removed",
    "roles-removed",
    "profiles-removed",
    "groups-removed",
    "groups-deleted",
    "groups-deactivated",
    "administrators-added",
    "leavers",
)
"""Guards that count changes of their kind, in the order in which they are told."""


class Facts(Struct, frozen=True, kw_only=True):
    """
    What the guards judge by.

    `degraded` are the reasons why the export cannot prove an absence, `unread` why the target cannot. `linked`
    counts linked and active users, `groups` linked groups, `members` live members by group key, `administrators`
    the active ones. `recent` are removals of the last 24 hours by guard; `emptied` groups that may become empty.
    """

    guards: Guards
    target: str
    now: str
    linked: int
    groups: int
    administrators: int
    members: Mapping[str, int]
    names: Mapping[str, str]
    recent: Mapping[str, Sequence[tuple[str, int]]]
    waivers: Sequence[Waiver]
    degraded: Sequence[str] = ()
    unread: str = ""
    emptied: frozenset[str] = frozenset()


class Guarded(Struct, frozen=True, kw_only=True):
    """
    The drafts that may be made, in order; the ones held; what the guards have to say.
    """

    kept: tuple[Draft, ...]
    held: tuple[Held, ...]
    notices: tuple[Notice, ...] = field(default=())


class Trip(Struct, frozen=True, kw_only=True):
    """
    A guard that tripped: its code, which changes it holds, why, and what would release them.
    """

    code: str
    changes: frozenset[str]
    reason: str
    release: str


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
    )


def _trips(drafts: Sequence[Draft], facts: Facts, waived: list[Notice]) -> Iterator[Trip]:
    """
    Yield every guard that trips. What is held for one reason does not count towards the next.
    """
    gone: set[str] = set()
    for trip in (*_unproved(drafts, facts), *_limits(drafts, facts)):
        if _waived(trip, facts, waived):
            continue
        gone |= trip.changes
        yield trip
    rest = [one for one in drafts if one.change.id not in gone]
    for trip in _emptied(rest, facts):
        if not _waived(trip, facts, waived):
            gone |= trip.changes
            yield trip
    yield from _lock_out([one for one in rest if one.change.id not in gone], facts)


def _waived(trip: Trip, facts: Facts, waived: list[Notice]) -> bool:
    """
    Return whether a waiver that holds today allows exactly this; a waiver for another count allows nothing.
    """
    for one in facts.waivers:
        exact = one.guard == trip.code and one.target == facts.target and one.count == len(trip.changes)
        if exact and one.until >= facts.now[:10]:
            told = f"{trip.reason}; waived ({one.reason}; {one.origin})"
            waived.append(Notice(code=trip.code, level="warning", text=told))
            return True
    return False


def _unproved(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield what a bad reading holds: of the source, everything but adds and updates; of the target, creates.
    """
    if facts.degraded:
        reason = "; ".join(facts.degraded)
        ids = frozenset(one.change.id for one in drafts if _needs_proof(one))
        if ids:
            yield _trip("export-degraded", ids, f"{reason}: nothing is removed on such an export", facts)
    created = frozenset(one.change.id for one in drafts if "created" in one.tags)
    if facts.unread and created:
        yield _trip("target-unread", created, f"{facts.unread}: nothing is created on such a reading", facts)


def _needs_proof(one: Draft) -> bool:
    """
    Return whether a change rests on something being absent; a person whom the source calls a leaver is not.
    """
    explicit = "leavers" in one.tags
    return not explicit and (
        "removal" in one.change.risk or bool(one.tags & {"reactivated", "administrators-added"})
    )


def _limits(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield each kind of which there is more than the policy allows, at once or over 24 hours.
    """
    for code in COUNTED:
        ids = [one.change.id for one in drafts if code in one.tags]
        limit = facts.guards.leavers if code == "leavers" else facts.guards.limit
        total = facts.groups if code.startswith("groups") else facts.linked
        yield from _over(code, ids, limit, total, facts)
    groups = Counter(tag for one in drafts for tag in one.tags if tag.startswith("left:"))
    for tag in sorted(groups):
        key = tag.removeprefix("left:")
        if key in facts.emptied:
            continue
        ids = [one.change.id for one in drafts if tag in one.tags]
        code = f"memberships-removed:{facts.names.get(key, key)}"
        yield from _over(code, ids, facts.guards.limit, facts.members.get(key, 0), facts)


def _over(code: str, ids: Sequence[str], limit: Limit, total: int, facts: Facts) -> Iterator[Trip]:  # noqa: PLR0917  a limit is told by these
    what = code.replace("-", " ")
    if ids and not limit.allows(len(ids), total):
        reason = f"{len(ids)} {what}, of {total}: more than max({limit.count}, {limit.percent:g} %)"
        yield _trip(code, frozenset(ids), reason, facts)
        return
    day = earlier(facts.now, "24h")
    before = sum(count for time, count in facts.recent.get(code, ()) if time > day)
    daily = facts.guards.daily
    if ids and before and not daily.allows(before + len(ids), total):
        reason = (
            f"{len(ids)} {what} and {before} in the last 24 hours, of {total}: "
            f"more than max({daily.count}, {daily.percent:g} %)"
        )
        yield _trip(code, frozenset(ids), reason, facts)


def _emptied(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield each group that would lose its last member, except one that this plan puts away or replaces.
    """
    joined = Counter(key for one in drafts for key in elements(one.change.after.get("groups")))
    left = Counter(tag.removeprefix("left:") for one in drafts for tag in one.tags if tag.startswith("left:"))
    for key, count in sorted(left.items()):
        empty = facts.members.get(key, 0) - count + joined[key] <= 0
        if empty and key not in facts.emptied:
            ids = frozenset(one.change.id for one in drafts if f"left:{key}" in one.tags)
            name = facts.names.get(key, key)
            yield _trip(f"group-emptied:{name}", ids, f"the group {name!r} would become empty", facts)


def _lock_out(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield the changes that would leave fewer active administrators than configured, or than there are.
    """
    lost = {one.change.key for one in drafts if "power-lost" in one.tags}
    gained = {one.change.key for one in drafts if "administrators-added" in one.tags}
    floor = min(facts.guards.minimum_administrators, facts.administrators)
    remaining = facts.administrators - len(lost) + len(gained - lost)
    if lost and remaining < floor:
        ids = frozenset(one.change.id for one in drafts if "power-lost" in one.tags)
        reason = f"{remaining} active administrators would remain: fewer than {floor}"
        yield Trip(
            code="administrators-minimum",
            changes=ids,
            reason=reason,
            release="make somebody else an administrator first; no waiver releases this",
        )


def _trip(code: str, ids: frozenset[str], reason: str, facts: Facts) -> Trip:
    release = (
        f"correct the source, or waive it in overrides/waivers.yaml: {{target: {facts.target}, guard: "
        f"{code!r}, count: {len(ids)}, until: {facts.now[:10]}, reason: ...}}"
    )
    return Trip(code=code, changes=ids, reason=reason, release=release)


def _follow_needs(drafts: Sequence[Draft], held: dict[str, Trip]) -> None:
    """
    Hold what needs something held, and what a held state change carries: the memberships of whoever stays.
    """
    kept_state = {one.change.key for one in drafts if one.change.id in held and one.change.action == "deactivate"}
    for one in drafts:
        change = one.change
        if change.id in held:
            continue
        blocked = [need for need in change.needs if need in held]
        stays = change.key in kept_state and "memberships-removed" in one.tags
        if blocked or stays:
            why = "its deactivation is held" if stays else "it needs a change that is held"
            release = "release that change"
            held[change.id] = Trip(code="needs", changes=frozenset({change.id}), reason=why, release=release)


def _held(one: Draft, trip: Trip, facts: Facts) -> Held:
    change = one.change
    return Held(
        id=digest(facts.target, change.kind, change.key, change.action, sorted(change.after), trip.code),
        kind=change.kind,
        key=change.key,
        name=change.name,
        reason=trip.reason,
        release=trip.release,
        guard=trip.code,
        change=change,
    )


def counted(tags: Iterable[str]) -> frozenset[str]:
    """
    Return which guards count a change over 24 hours.
    """
    return frozenset(tags) & frozenset(COUNTED)
