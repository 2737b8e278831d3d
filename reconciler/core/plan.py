"""
Changes -> a plan: in the order in which they are safe to make, guarded, counted, and named by a digest.

Groups come before users, users before memberships; grants before removals; what takes power from an
administrator comes last, and only once every grant of such power has landed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.approval import awaiting
from reconciler.core.canonical import digest
from reconciler.core.changes import CHANGED, TAKEN_FIRST, Draft
from reconciler.core.claims import elements
from reconciler.core.guard import Guarded
from reconciler.core.ledger import Ledger
from reconciler.core.lifecycle import FORMER
from reconciler.core.model import Change, ClaimNews, Conflict, Expiring, Held, Inputs, Notice, Plan
from reconciler.core.ruling import Entitled
from reconciler.core.settle import Settled
from reconciler.core.weigh import group_left


class _Order(Struct, frozen=True, kw_only=True):
    """
    The ids of changes that others wait for.

    `made` are creates by entity, `grants` those that give power; by user, `taken` is what must be lost before the
    account becomes usable, `joined` what lets it join groups; `gained` what adds to a set, by user and set.
    """

    made: Mapping[tuple[str, str], str]
    grants: frozenset[str]
    taken: Mapping[str, frozenset[str]]
    joined: Mapping[str, str]
    gained: Mapping[tuple[str, str], str]


def ordered(found: Iterable[Draft]) -> tuple[Draft, ...]:
    """
    Return the drafts in the order of their phases, each with the ids of the changes that must land first.
    """
    placed = sorted(found, key=lambda one: (one.phase, one.change.kind, one.change.key, one.change.id))
    users = [one for one in placed if one.change.kind == "user"]
    taken: dict[str, frozenset[str]] = {}
    for one in users:
        if one.phase == TAKEN_FIRST:
            taken[one.change.key] = taken.get(one.change.key, frozenset()) | {one.change.id}
    order = _Order(
        made={
            (str(one.change.kind), one.change.key): one.change.id for one in placed if one.change.action == "create"
        },
        grants=frozenset(one.change.id for one in placed if "administrators-added" in one.tags),
        taken=taken,
        joined={one.change.key: one.change.id for one in users if elements(one.change.after.get("groups"))},
        gained={
            (one.change.key, name): one.change.id
            for one in users
            if one.phase == CHANGED
            for name in one.change.after
        },
    )
    return tuple(_with_needs(one, order) for one in placed)


def _with_needs(one: Draft, order: _Order) -> Draft:
    """
    Return the draft with what must land before it.

    | change | needs |
    |---|---|
    | anything of an entity that is made, or replaced | the create |
    | somebody joins groups | their creates |
    | somebody leaves a group for its successor | joining the successor |
    | a set loses elements, and gains others | what it gains: the whole set is written |
    | an administrator's power ends | every grant of such power |
    | an account becomes usable | what it loses before |
    """
    change = one.change
    needs: set[str] = set()
    if change.action != "create":
        entities = [
            (str(change.kind), change.key),
            *(("group", key) for key in elements(change.after.get("groups"))),
        ]
        needs |= {order.made[entity] for entity in entities if entity in order.made}
    if group_left(one).startswith(FORMER) and change.key in order.joined:
        needs.add(order.joined[change.key])
    if one.phase > CHANGED:
        needs |= {order.gained[change.key, name] for name in change.after if (change.key, name) in order.gained}
    if "power-lost" in one.tags:
        needs |= order.grants
    if change.action == "activate":
        needs |= order.taken.get(change.key, frozenset())
    return replace(one, change=replace(change, needs=tuple(sorted(needs))))


def plan_digest(changes: Iterable[Change], held: Iterable[Held] = ()) -> str:
    """
    Return the digest over the sorted change ids: what is to be done, not when it was planned.

    What only waits for somebody to approve the plan counts too: who approves the digest approves that.
    """
    waiting = sorted(change.id for change in awaiting(held))
    return digest(sorted(change.id for change in changes), *([waiting] if waiting else []))


class Telling(Struct, frozen=True, kw_only=True):
    """
    What a plan says of itself, beyond its changes.
    """

    target: str
    identity: str
    tool: str
    inputs: Inputs
    ledger: Ledger
    names: Mapping[str, str]
    entities: dict[str, int]
    scope: str = "all"


def told(
    telling: Telling,
    guarded: Guarded,
    *,
    settled: Iterable[Settled],
    conflicts: Iterable[Conflict],
    notices: Iterable[Notice],
    expiring: Iterable[Expiring],
    access: tuple[Entitled, ...] = (),
) -> Plan:
    """
    Return the plan: what is to be done, what is held and why, who owns what anew.
    """
    told_before = told_as_held(telling.ledger)
    changes = tuple(one.change for one in guarded.kept)
    entities = sorted(settled, key=lambda one: (one.pair.kind, one.pair.key))
    held = (*guarded.held, *(hold for one in entities for hold in _field_holds(one, telling.target)))
    news = tuple(sorted((one for entity in entities for one in entity.news), key=lambda one: (one.key, one.field)))
    standing = tuple(replace(one, standing=one.id in told_before) for one in held)
    conflicting = tuple(replace(one, standing=one.id in told_before) for one in conflicts)
    return Plan(
        version=1,
        tool=telling.tool,
        target=telling.target,
        identity=telling.identity,
        scope=telling.scope,
        inputs=telling.inputs,
        summary=_summary(changes, standing, conflicting, news),
        changes=changes,
        held=standing,
        conflicts=conflicting,
        claims=news,
        expiring=tuple(sorted(expiring, key=lambda one: (one.until, one.origin))),
        notices=(*guarded.notices, *notices),
        names=_mentioned(changes, standing, telling.names),
        entities=telling.entities,
        digest=plan_digest(changes, held),
        access=access,
    )


def told_as_held(ledger: Ledger) -> frozenset[str]:
    """
    Return the ids of everything that an earlier run has already told as held.
    """
    rows = (*ledger.users.values(), *ledger.groups.values())
    return frozenset(hold.id for holds in (ledger.head.holds, *(row.holds for row in rows)) for hold in holds)


def _field_holds(settled: Settled, target: str) -> Iterable[Held]:
    pair = settled.pair
    name = pair.live.name if pair.live else pair.desired.name if pair.desired else pair.key
    for hold in settled.holds:
        yield Held(
            id=digest(target, pair.kind, pair.key, hold.field, hold.reason),
            kind=pair.kind,
            key=pair.key,
            name=name,
            reason=hold.reason,
            release=hold.release,
            guard="ownership" if hold.field else "adoption",
            field=hold.field,
        )


def _summary(
    changes: Sequence[Change], held: Sequence[Held], conflicts: Sequence[Conflict], news: Sequence[ClaimNews]
) -> dict[str, int]:
    """
    Return counts: changes by kind and action (`user-create`), by risk, and of everything else there is to tell.
    """
    counts = Counter(f"{change.kind}-{change.action}" for change in changes)
    counts.update(risk for change in changes for risk in change.risk)
    if left_out := unsynchronised(held, conflicts):
        counts["groups-unsynchronised"] = len(left_out)
    counts.update({"changes": len(changes), "held": len(held), "conflicts": len(conflicts), "claims": len(news)})
    return {name: counts[name] for name in sorted(counts)}


def unsynchronised(held: Iterable[Held], conflicts: Iterable[Conflict]) -> dict[str, str]:
    """
    Return the groups, by key, to which nothing can be written before somebody decides, each with why.
    """
    found = {one.key: one.reason for one in held if one.kind == "group" and one.guard == "adoption"}
    told = {key: one.message for one in conflicts if one.kind == "group" for key in one.keys}
    return {**found, **told}


def _mentioned(changes: Iterable[Change], held: Iterable[Held], names: Mapping[str, str]) -> dict[str, str]:
    every = (*changes, *(one.change for one in held if one.change))
    keys = {
        key for change in every for part in (change.before, change.after) for key in elements(part.get("groups"))
    }
    return {key: names.get(key, key) for key in sorted(keys)}
