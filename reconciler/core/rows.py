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
from reconciler.core.claims import STATE, earlier, elements, forget, intend, written
from reconciler.core.ledger import Claim, CreateIntent, Intent, Last, LedgerRow, Names
from reconciler.core.lifecycle import Rules, absence, seen
from reconciler.core.model import SETS, Change, Fields, Live
from reconciler.core.ownership import NO_CLAIM, Moment
from reconciler.core.settle import Settled, last_of
from reconciler.core.successor import external_id

State: TypeAlias = Literal["active", "inactive", "retired"]


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
    row = replace(kept or LedgerRow(key=pair.key), claims=settled.claims)
    row = _aged(row, settled, rules, read_at)
    absent = absence(pair, rules) if pair.desired is None and pair.live else None
    row = replace(row, absent=absent, seen=seen(pair, rules))
    if settled.goal is None or pair.live is None:
        return row
    return replace(
        row,
        link=pair.live.id,
        names=_named(row.names, pair.live.name),
        intent=None,
        last=_last(settled, pair.live, rules),
        policy=rules.policy.digest if fate.verb == "keep" else row.policy,
        tombstones=_with_tombstone(row, pair.live.id),
    )


def _aged(row: LedgerRow, settled: Settled, rules: Rules, read_at: str) -> LedgerRow:
    """
    Return the row without intents that can no longer land.

    What they tell of the state is noted first. An entity that is still to be made may have been, unseen.
    """
    live = settled.pair.live
    if not row.intent and not any(claim.intents for claim in row.claims.values()):
        return row
    before = earlier(read_at, rules.policy.max_request_life)
    if live and live.kind == "user" and not live.active and switched_off_by_us(row):
        row = replace(row, last=replace(row.last or Last(), state="inactive"))
    claims = {
        name: _since(claim, before)
        if name == STATE
        else forget(
            claim,
            live.fields.get(name, UNSET) if live else UNSET,
            name=name,
            equality=rules.equality,
            before=before,
        )
        for name, claim in row.claims.items()
    }
    open_still = row.intent is not None and (row.intent.at > before or settled.fate.verb == "create")
    return replace(
        row,
        claims={name: claim for name, claim in claims.items() if claim != NO_CLAIM},
        intent=row.intent if open_still else None,
    )


def _since(claim: Claim, before: str) -> Claim:
    return replace(claim, intents=tuple(one for one in claim.intents if one.at > before))


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
    goal = settled.goal
    last = last_of(settled.pair) or Last(groups=settled.groups)
    wanted: Fields = goal.fields if goal else {}
    holding = {
        name: live.fields[name]
        for name, value in wanted.items()
        if _is_source(name, rules) and name in live.fields and rules.equality.same(name, live.fields[name], value)
    }
    known = {
        name: value for name, value in last.fields.items() if settled.fate.verb != "keep" or _is_source(name, rules)
    }
    fields = {**known, **holding}
    wrote = {
        name: value
        for name, value in last.wrote.items()
        if name in fields and fields[name] == last.fields.get(name)
    }
    state = _group_state(settled, live, last, rules) if live.kind == "group" else _user_state(settled, live, last)
    return Last(state=state, fields=fields, wrote=wrote, groups=_groups(settled, last, rules))


def _groups(settled: Settled, last: Last, rules: Rules) -> tuple[str, ...]:
    """
    Return the memberships that are ours: all there are once they are as they shall be; or only those that we added.
    """
    there = settled.groups if settled.goal and settled.goal.groups == settled.groups else last.groups
    ours = {*last.groups}.intersection(settled.groups) if last_of(settled.pair) else frozenset[str]()
    return tuple(key for key in there if key in ours or not rules.only_adds(key))


def _user_state(settled: Settled, live: Live, last: Last) -> State:
    """
    Return the state we gave an account; one that somebody else switched off is still `active` to us.
    """
    if live.active and settled.fate.verb == "keep":
        return "active"
    return "inactive" if not live.active and switched_off_by_us(settled.pair.row) else last.state


def _group_state(settled: Settled, live: Live, last: Last, rules: Rules) -> State:
    """
    Return whether the group stands put away, or back in its place, as its goal wants it.
    """
    wanted = settled.goal.fields if settled.goal else {}
    is_live = {**live.fields, "active": live.active}
    places = {name: wanted[name] for name in ("active", "deleted", "parent") if name in wanted}
    if any(not rules.equality.same(name, is_live.get(name), value) for name, value in places.items()):
        return last.state
    return "retired" if settled.fate.verb == "off" else "active"


def _is_source(name: str, rules: Rules) -> bool:
    rule = rules.fields.get(name)
    return rule is not None and rule.authority == "source"


def row_intended(row: LedgerRow | None, change: Change, shared: frozenset[str], moment: Moment) -> LedgerRow:
    """
    Return the row with what a change is about to write: an intent for each shared field, the state, a create.

    What a create does not send, it leaves empty. That is ours too: otherwise a claim of an account that is gone, or
    the intent of another create, would tell of an edit.
    """
    row = row or LedgerRow(key=change.key)
    claims = dict(row.claims)
    for name in change.after:
        if name in shared or name == STATE:
            claims[name] = intend(claims.get(name, NO_CLAIM), _intent(change, name, moment))
    if change.action != "create":
        return replace(row, claims=claims)
    for name in sorted(shared - change.after.keys()):
        blank = Intent(value=() if name in SETS else None, at=moment.now, run=moment.run)
        claims[name] = intend(claims.get(name, NO_CLAIM), blank)
    made = CreateIntent(name=change.name, external_id=external_id(change), at=moment.now, run=moment.run)
    return replace(row, claims=claims, intent=made)


def _intent(change: Change, name: str, moment: Moment) -> Intent:
    replaced = change.before.get(name, UNSET)
    return Intent(value=change.after[name], replaces=replaced, at=moment.now, run=moment.run)


def row_landed(
    row: LedgerRow | None, change: Change, live: Live, *, settled: Settled, rules: Rules, moment: Moment
) -> LedgerRow:
    """
    Return the row after a change other than a delete landed; `live` is what was read back.
    """
    row = row or LedgerRow(key=change.key)
    if change.action == "create":
        row = replace(_made(row, live, rules), seen=seen(settled.pair, rules))
    claims = {**row.claims, **_claims_landed(row, change, live, settled=settled, rules=rules, moment=moment)}
    return replace(
        row,
        claims={name: claim for name, claim in claims.items() if claim != NO_CLAIM},
        names=_named(row.names, live.name),
        last=_last_landed(row.last or Last(), change, live, settled=settled, rules=rules),
    )


def _made(row: LedgerRow, live: Live, rules: Rules) -> LedgerRow:
    """
    Return the row of an entity that was made (again): nothing that held of an earlier one holds of it.
    """
    acted_on = {name: Claim(override=claim.override) for name, claim in row.claims.items() if claim.override}
    return replace(
        row,
        link=live.id,
        names=_named(row.names, live.name),
        claims=acted_on,
        intent=None,
        policy=rules.policy.digest,
        last=Last(),
        tombstones=_with_tombstone(row, live.id),
    )


def _claims_landed(
    row: LedgerRow, change: Change, live: Live, *, settled: Settled, rules: Rules, moment: Moment
) -> Mapping[str, Claim]:
    """
    Return the claims of the fields that were written: W is what was sent, B what was read back.
    """
    claims: dict[str, Claim] = {}
    if STATE in change.after and STATE in row.claims:
        claims[STATE] = replace(row.claims[STATE], intents=())
    goal = settled.goal.fields if settled.goal else {}
    for name, value in change.after.items():
        reached = settled.reached.get(name)
        if reached is None:
            continue
        whole = rules.equality.same(name, value, goal.get(name))
        claim = written(reached, value, live.fields.get(name, value))
        claims[name] = (
            claim if whole else _half_way(claim, row.claims.get(name, NO_CLAIM), _intent(change, name, moment))
        )
    return claims


def _half_way(claim: Claim, before: Claim, intent: Intent) -> Claim:
    """
    Return the claim on a set that has its gains and not yet its losses: no override has been acted on yet.

    What it holds now stays an intent, so that the run that finishes it knows it for ours.
    """
    return replace(claim, override=before.override, intents=(intent,))


def _last_landed(last: Last, change: Change, live: Live, *, settled: Settled, rules: Rules) -> Last:
    fields, wrote = dict(last.fields), dict(last.wrote)
    for name, value in change.after.items():
        if _is_source(name, rules) and name in live.fields:
            fields[name] = live.fields[name]
            wrote.pop(name, None)
            if live.fields[name] != value:
                wrote[name] = value
    gained = elements(change.after.get("groups"))
    lost = elements(change.before.get("groups")) - gained
    return Last(
        state=_state(last, change),
        fields=fields,
        wrote=wrote,
        groups=tuple(sorted(gained.union(last.groups, _as_they_shall_be(settled, rules)) - lost)),
    )


def _as_they_shall_be(settled: Settled, rules: Rules) -> frozenset[str]:
    """
    Return the memberships that needed no change, and are ours all the same: a run that died may have given them.
    """
    exact = rules.policy.groups.membership == "exact"
    held = frozenset(settled.groups).intersection(settled.goal.groups) if settled.goal and exact else frozenset()
    return held - rules.merged


def _state(last: Last, change: Change) -> State:
    """
    Return the state that we gave the entity, once the change has landed.
    """
    if change.kind == "group" and change.action in {"move", "retire", "deactivate"}:
        return "retired"
    if change.action == "deactivate" or (change.action == "create" and change.after.get("active") is False):
        return "inactive"
    return "active" if change.action in {"activate", "restore", "create"} else last.state
