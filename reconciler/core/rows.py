"""
The ledger's rows: as they are once an entity is settled, before a write, and after one landed.

A row records what holds: claims of every shared field, what we last wrote or saw of Git's fields, the state that
we (nobody else) gave the account.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.changes import switched_off_by_us
from reconciler.core.claims import earlier, forget, intend, written
from reconciler.core.ledger import Claim, CreateIntent, Intent, Last, LedgerRow, Names
from reconciler.core.lifecycle import Rules, absence
from reconciler.core.model import Change, Fields, Live
from reconciler.core.ownership import NO_CLAIM, Moment
from reconciler.core.settle import Settled

State: TypeAlias = Literal["active", "inactive", "retired"]
STATE = "active"
"""The key under which intents about the lifecycle state are kept among the claims."""


def row_as_settled(settled: Settled, rules: Rules, read_at: str) -> LedgerRow | None:
    """
    Return the entity's row if nothing of it is written; None for one that the ledger does not keep.

    `read_at` is when the live side was read: intents so old that nothing of theirs can still land are forgotten.
    """
    pair, fate = settled.pair, settled.fate
    kept = pair.row
    if fate.verb == "hold" or (
        kept is None and (pair.live is None or pair.desired is None or settled.goal is None)
    ):
        return kept
    row = kept or LedgerRow(key=pair.key)
    before = earlier(read_at, rules.policy.max_request_life)
    row = _aged(replace(row, claims=settled.claims), pair.live, rules, before)
    row = replace(row, absent=absence(pair, rules) if pair.desired is None and pair.live else None)
    if settled.goal is None or pair.live is None:
        return row
    return replace(
        row,
        link=pair.live.id,
        names=_named(row.names, pair.live.name),
        intent=None,
        last=_last(settled, pair.live, rules),
        policy=rules.policy.digest,
        tombstones=_with_tombstone(row, pair.live.id),
    )


def _aged(row: LedgerRow, live: Live | None, rules: Rules, before: str) -> LedgerRow:
    """
    Return the row without intents that can no longer land.
    """
    if not row.intent and not any(claim.intents for claim in row.claims.values()):
        return row
    claims = {}
    for name, claim in row.claims.items():
        value = (live.active if name == STATE else live.fields.get(name, UNSET)) if live else UNSET
        claims[name] = forget(claim, value, name=name, equality=rules.equality, before=before)
    intent = row.intent if row.intent and row.intent.at > before else None
    return replace(row, claims={name: claim for name, claim in claims.items() if claim != NO_CLAIM}, intent=intent)


def _named(names: Names | None, present: str) -> Names:
    if names is None:
        return Names(present=present)
    if names.present == present:
        return names
    return Names(present=present, previous=tuple(sorted({*names.previous, names.present} - {present})))


def _with_tombstone(row: LedgerRow, link: str) -> tuple[str, ...]:
    """
    Return the predecessors of the entity: the one that was linked before joins them.
    """
    if row.link is None or row.link == link or row.link in row.tombstones:
        return row.tombstones
    return (*row.tombstones, row.link)


def _last(settled: Settled, live: Live, rules: Rules) -> Last:
    """
    Return what we saw hold: of Git's fields those that are as they shall be, and the state if it is ours.
    """
    row, goal = settled.pair.row, settled.goal
    last = row.last if row and row.last else Last(groups=settled.groups)
    wanted: Fields = goal.fields if goal else {}
    holding = {
        name: live.fields[name]
        for name, value in wanted.items()
        if _is_source(name, rules) and name in live.fields and rules.equality.same(name, live.fields[name], value)
    }
    fields = {**last.fields, **holding}
    wrote = {name: value for name, value in last.wrote.items() if fields.get(name) == last.fields.get(name)}
    state = _group_state(settled, live, last) if live.kind == "group" else _user_state(settled, live, last)
    groups = settled.groups if goal and goal.groups == settled.groups else last.groups
    return Last(state=state, fields=fields, wrote=wrote, groups=groups)


def _user_state(settled: Settled, live: Live, last: Last) -> State:
    """
    Return the state we gave an account; one that somebody else switched off is still `active` to us.
    """
    if live.active and settled.fate.verb == "keep":
        return "active"
    return "inactive" if not live.active and switched_off_by_us(settled.pair.row) else last.state


def _group_state(settled: Settled, live: Live, last: Last) -> State:
    """
    Return whether the group stands put away, or back in its place, as its goal wants it.
    """
    wanted = settled.goal.fields if settled.goal else {}
    is_live = {**live.fields, "active": live.active}
    if any(name in wanted and wanted[name] != is_live.get(name) for name in ("active", "deleted", "parent")):
        return last.state
    return "retired" if settled.fate.verb == "off" else "active"


def _is_source(name: str, rules: Rules) -> bool:
    rule = rules.fields.get(name)
    return rule is not None and rule.authority == "source"


def row_intended(row: LedgerRow | None, change: Change, shared: frozenset[str], moment: Moment) -> LedgerRow:
    """
    Return the row with what a change is about to write: an intent for each shared field, the state, a create.
    """
    row = row or LedgerRow(key=change.key)
    claims = dict(row.claims)
    for name, value in change.after.items():
        if name in shared or name == STATE:
            intent = Intent(value=value, replaces=change.before.get(name, UNSET), at=moment.now, run=moment.run)
            claims[name] = intend(claims.get(name, NO_CLAIM), intent)
    if change.action != "create":
        return replace(row, claims=claims)
    made = CreateIntent(name=change.name, external_id=change.key, at=moment.now, run=moment.run)
    return replace(row, claims=claims, intent=made)


def row_landed(
    row: LedgerRow | None, change: Change, live: Live | None, *, settled: Settled, rules: Rules
) -> LedgerRow | None:
    """
    Return the row after a change landed; `live` is what was read back. None: the ledger keeps it no longer.
    """
    if change.action == "delete" or live is None:
        return None
    if row is None and not settled.pair.key:
        return None
    row = row or LedgerRow(key=change.key)
    if change.link is not None and row.link is not None and change.link != row.link:
        return row
    if change.action == "create":
        row = replace(
            row,
            link=live.id,
            names=_named(row.names, live.name),
            intent=None,
            policy=rules.policy.digest,
            last=Last(),
            tombstones=_with_tombstone(row, live.id),
        )
    claims = {**row.claims, **_claims_landed(row, change, live, settled)}
    return replace(
        row,
        claims={name: claim for name, claim in claims.items() if claim != NO_CLAIM},
        names=_named(row.names, live.name),
        last=_last_landed(row.last or Last(), change, live, rules),
    )


def _claims_landed(row: LedgerRow, change: Change, live: Live, settled: Settled) -> Mapping[str, Claim]:
    """
    Return the claims of the fields that were written: W is what was sent, B what was read back.

    A set that got its gains but not its losses yet is ours all the same; the goal's claim comes with the last.
    """
    claims: dict[str, Claim] = {}
    if STATE in change.after and STATE in row.claims:
        claims[STATE] = replace(row.claims[STATE], intents=())
    goal = settled.goal.fields if settled.goal else {}
    for name, value in change.after.items():
        reached = settled.reached.get(name)
        if reached is None:
            continue
        base = reached if value == goal.get(name) else replace(reached, override=_acted_on(row, name))
        claims[name] = written(base, value, live.fields.get(name, value))
    return claims


def _acted_on(row: LedgerRow, name: str) -> str:
    return row.claims[name].override if name in row.claims else ""


def _last_landed(last: Last, change: Change, live: Live, rules: Rules) -> Last:
    fields, wrote = dict(last.fields), dict(last.wrote)
    for name, value in change.after.items():
        if _is_source(name, rules) and name in live.fields:
            fields[name] = live.fields[name]
            wrote.pop(name, None)
            if live.fields[name] != value:
                wrote[name] = value
    gained = set(_elements(change.after.get("groups")))
    lost = set(_elements(change.before.get("groups"))) - gained
    return Last(
        state=_state(last, change),
        fields=fields,
        wrote=wrote,
        groups=tuple(sorted((set(last.groups) | gained) - lost)),
    )


def _elements(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _state(last: Last, change: Change) -> State:
    """
    Return the state that we gave the entity, once the change has landed.
    """
    if change.kind == "group" and change.action in {"move", "retire", "deactivate"}:
        return "retired"
    if change.action == "deactivate":
        return "inactive"
    return "active" if change.action in {"activate", "restore", "create"} else last.state
