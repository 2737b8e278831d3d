"""
The limits of a plan: what must not happen at all, not so often, not on such a reading. Each that trips is a value.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.core.approval import GUARD, RELEASE, Approval, why_not
from reconciler.core.canonical import encode
from reconciler.core.changes import Draft
from reconciler.core.claims import earlier, elements
from reconciler.core.model import Equality
from reconciler.core.overrides import Waiver
from reconciler.core.policy import Guards, Limit
from reconciler.core.weigh import ENDING, PUT_AWAY, group_left, put_away

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

LOCK_OUT = "administrators-minimum"
"""The guard that nothing releases but another administrator."""

OF_A_GROUP = ("group-emptied", "memberships-removed")
WAIVABLE = frozenset({*COUNTED, *OF_A_GROUP, "export-degraded", "export-older", "target-unread"})
"""Guards that a waiver may release; the ones in `OF_A_GROUP` are named with a group's name after a colon."""


def waivable(code: str) -> bool:
    """
    Return whether a waiver may release a guard.
    """
    return code in WAIVABLE or code.partition(":")[0] in OF_A_GROUP


def of_totals(code: str) -> bool:
    """
    Return whether a guard asks how many there are of something, and not only what changes.
    """
    return code.partition(":")[0] in {*COUNTED, *OF_A_GROUP, LOCK_OUT, "group-peopled"}


class Facts(Struct, frozen=True, kw_only=True):
    """
    What the guards judge by.

    `degraded` are the reasons why the export cannot prove an absence, `unread` why the target cannot. `linked`
    counts linked and active users, `groups` linked groups, `members` live members by key of each
    group that loses some, `memberships` all of them. `armed` are the
    target ids of active administrators, `privileged` the elements of `roles` that make one. `recent` are removals
    of the last 24 hours by guard; `emptied` groups that were put away before, `reviewed` those of which somebody
    looked at each member who leaves. `approval` is what a person approved, if anybody did.
    """

    guards: Guards
    target: str
    now: str
    linked: int
    groups: int
    armed: frozenset[str]
    privileged: frozenset[str]
    equality: Equality = Equality()
    members: Mapping[str, int]
    memberships: int
    names: Mapping[str, str]
    recent: Mapping[str, Sequence[tuple[str, int]]]
    waivers: Sequence[Waiver]
    degraded: Sequence[str] = ()
    unread: str = ""
    emptied: frozenset[str] = frozenset()
    reviewed: frozenset[str] = frozenset()
    approval: Approval | None = None


class Trip(Struct, frozen=True, kw_only=True):
    """
    A guard that tripped: its code, which changes it holds, why, and what would release them.
    """

    code: str
    changes: frozenset[str]
    reason: str
    release: str


def unproved(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield what a bad reading holds: of the source, everything but adds and updates; of the target, creates, too.
    """
    unproved = frozenset(one.change.id for one in drafts if _needs_proof(one))
    if facts.degraded and unproved:
        reason = "; ".join(facts.degraded)
        yield _trip("export-degraded", unproved, f"{reason}: nothing is removed on such an export", facts)
    unseen = frozenset(one.change.id for one in drafts if "created" in one.tags or _removes(one))
    if facts.unread and unseen:
        told = f"{facts.unread}: nothing is created and nothing removed on such a reading"
        yield _trip("target-unread", unseen, told, facts)


def _needs_proof(one: Draft) -> bool:
    """
    Return whether a change rests on the source having been read whole: a removal, or what gives power back.
    """
    return _removes(one) or bool(one.tags & {"reactivated", "administrators-added"})


def _removes(one: Draft) -> bool:
    """
    Return whether a change removes something; a person whom the source calls a leaver is no absence.
    """
    removal = "removal" in one.change.risk or one.change.action in {*ENDING, *PUT_AWAY}
    return removal and "leavers" not in one.tags


def limits(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield each kind of which there is more than the policy allows, at once or over 24 hours.
    """
    for code in COUNTED:
        ids = [one.change.id for one in drafts if code in one.tags]
        yield from _over(code, ids, _total(code, facts), facts)
    for key, ids in _leaving(one for one in drafts if "memberships-removed" in one.tags):
        yield from _over(_of_group("memberships-removed", key, facts), ids, facts.members.get(key, 0), facts)


def _leaving(drafts: Iterable[Draft]) -> list[tuple[str, list[str]]]:
    """
    Return the groups that somebody would leave, by key and sorted, each with the ids of those changes.
    """
    found: dict[str, list[str]] = {}
    for one in drafts:
        if key := group_left(one):
            found.setdefault(key, []).append(one.change.id)
    return sorted(found.items())


def unapproved(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield what nobody has approved: it waits before groups and administrators are counted, as it will not be made.
    """
    waiting: dict[str, set[str]] = {}
    for one in drafts:
        if reason := why_not(one.change, facts.approval):
            waiting.setdefault(reason, set()).add(one.change.id)
    for reason, changes in sorted(waiting.items()):
        yield Trip(code=GUARD, changes=frozenset(changes), reason=reason, release=RELEASE)


def _total(code: str, facts: Facts) -> int:
    """
    Return how many there are of what a guard counts.
    """
    if code.startswith("groups"):
        return facts.groups
    if code == "memberships-removed":
        return facts.memberships
    return len(facts.armed) if code == "administrators-added" else facts.linked


def _of_group(code: str, key: str, facts: Facts) -> str:
    return f"{code}:{facts.names.get(key, key)}"


def _over(code: str, ids: Sequence[str], total: int, facts: Facts) -> Iterator[Trip]:
    """
    Yield the trip of one guard, if there are too many in this plan, or with those of the last 24 hours.
    """
    guards, what = facts.guards, code.replace("-", " ")
    limit = guards.leavers if code == "leavers" else guards.limit
    if ids and not limit.allows(len(ids), total):
        reason = f"{len(ids)} {what}, of {total}: more than {_largest(limit)}"
        yield _trip(code, frozenset(ids), reason, facts)
        return
    day = earlier(facts.now, "24h")
    before = sum(count for time, count in facts.recent.get(code, ()) if time > day)
    daily = guards.daily
    if code == "leavers":
        daily = Limit(count=max(limit.count, daily.count), percent=max(limit.percent, daily.percent))
    if ids and not daily.allows(before + len(ids), total):
        reason = f"{len(ids)} {what} and {before} in the last 24 hours, of {total}: more than {_largest(daily)}"
        yield _trip(code, frozenset(ids), reason, facts)


def _largest(limit: Limit) -> str:
    return f"max({limit.count}, {limit.percent:g} %)"


def emptied(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield each group that would lose its last member, except one that this plan puts away or replaces.
    """
    joined = Counter(key for one in drafts for key in elements(one.change.after.get("groups")))
    spared = facts.emptied | facts.reviewed | put_away(drafts)
    for key, ids in _leaving(drafts):
        empty = facts.members.get(key, 0) - len(ids) + joined[key] <= 0
        if empty and key not in spared:
            told = f"the group {facts.names.get(key, key)!r} would become empty"
            yield _trip(_of_group("group-emptied", key, facts), frozenset(ids), told, facts)


def peopled(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield each group that would be deleted with somebody in it whom this plan does not take out.
    """
    leaving = {key: len(ids) for key, ids in _leaving(drafts)}
    for one in drafts:
        key = one.change.key
        left = facts.members.get(key, 0) - leaving.get(key, 0)
        if "groups-deleted" in one.tags and left > 0:
            yield Trip(
                code="group-peopled",
                changes=frozenset({one.change.id}),
                reason=f"{left} who are not this plan's to take out are in the group {one.change.name!r}",
                release="take them out in the target, or let the policy keep such groups; no waiver releases this",
            )


def lock_out(drafts: Sequence[Draft], facts: Facts) -> Iterator[Trip]:
    """
    Yield the changes that would leave fewer active administrators than configured, or than there are.
    """
    lost = {one.change.link: one.change.id for one in drafts if "power-lost" in one.tags}
    gained = {one.change.link or one.change.key for one in drafts if "administrators-added" in one.tags}
    floor = min(facts.guards.minimum_administrators, len(facts.armed))
    remaining = len(facts.armed) - len(lost) + len(gained - facts.armed)
    if lost and remaining < floor:
        yield Trip(
            code=LOCK_OUT,
            changes=frozenset(one.change.id for one in drafts if "power-lost" in one.tags),
            reason=f"{remaining} active administrators would remain: fewer than {floor}",
            release="make somebody else an administrator first; no waiver releases this",
        )


def _trip(code: str, ids: frozenset[str], reason: str, facts: Facts) -> Trip:
    release = (
        f"correct the source, or waive it in state/overrides/waivers.yaml: - {{target: {facts.target}, guard: "
        f"{encode(code).decode()}, count: {len(ids)}, until: {facts.now[:10]}, reason: ...}}"
    )
    return Trip(code=code, changes=ids, reason=reason, release=release)
