"""
Who is so much in step that settling would change neither the target nor the ledger: most people, on most days.

It only saves work: whatever it does not know for sure it leaves to `correlate.py` and `settle.py`, which come to
the same. A property test holds the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from reconciler.core.access import may_log_in
from reconciler.core.correlate import Pair
from reconciler.core.desired import fields_given
from reconciler.core.export import Placed, UserRow
from reconciler.core.ledger import Claim, Last, LedgerRow, Names
from reconciler.core.lifecycle import Rules
from reconciler.core.matching import folded
from reconciler.core.model import NO_DECISIONS, Fields, Live, Value
from reconciler.core.organisation import Organisation
from reconciler.core.rules import user_matching

NOT_THERE = ""
"""Stands for the id of a managed group that the target has not got: nobody is in it."""

UNKNOWN = (None, None)
"""Stands for a group of which the source has no row."""


class Ground(Struct, frozen=True, kw_only=True):
    """
    What everybody is measured by: Git's side, the rules, and the managed groups.

    `exact`: membership is, and everybody belongs to the population that was not chosen one by one; otherwise nobody
    is measured. `managed` are the target ids of all managed groups; `places` has of each group of the source, by
    key, its id there (None: it is not managed) and its number among what groups give. `protected` are names as
    `name_key` gives them, `named` those of people who are not to be passed over, folded. `constants` are fields
    that the policy gives a value, each with its type: to Python, True and 1 are equal.
    """

    org: Organisation
    rules: Rules
    exact: bool
    managed: AbstractSet[str]
    places: Mapping[str, tuple[str | None, int | None]]
    name_key: Callable[[str], str]
    protected: frozenset[str]
    named: frozenset[str]
    constants: tuple[tuple[str, type], ...]


def ground(org: Organisation, rules: Rules, *, managed: Mapping[str, str], named: frozenset[str]) -> Ground:
    """
    Return what everybody is measured by. `managed` maps target ids of managed groups to their keys.
    """
    policy = rules.policy
    name_key = user_matching(policy, rules.equality).name_key
    ids = {key: link for link, key in managed.items()}
    return Ground(
        org=org,
        rules=rules,
        exact=policy.groups.membership == "exact" and policy.users.population != "selected",
        managed=managed.keys(),
        places={
            key: (ids.get(key, NOT_THERE) if key in org.managed else None, sort)
            for key, sort in org.given.sort_of.items()
        },
        name_key=name_key,
        protected=frozenset(map(name_key, policy.users.protected)),
        named=named,
        constants=tuple((name, type(rules.fields[name].value)) for name in sorted(rules.numbers - rules.initial)),
    )


def is_in_step(placed: Placed, live: Live, row: LedgerRow, ground: Ground) -> bool:
    """
    Return whether the source's row, the account and the ledger's row of one person say the same.
    """
    said, last = placed.row, row.last
    if last is None or last.state != "active" or said.state != "active" or not live.active:
        return False
    if last.wrote or not _is_untroubled(said, live, row, ground):
        return False
    found = [ground.places.get(key, UNKNOWN) for key in said.groups]
    if not _same_groups(said.groups, [one for one, _ in found], last.groups, live=live.groups, ground=ground):
        return False
    given = ground.org.given.together(frozenset([sort for _, sort in found]))
    if not given.login and not may_log_in(said.roles, ground.rules.policy):
        return False
    wanted = fields_given(ground.org, placed, given)
    return _same_fields(wanted, live.fields, row.claims, last=last.fields, ground=ground)


def _is_untroubled(said: UserRow, live: Live, row: LedgerRow, ground: Ground) -> bool:
    """
    Return whether nothing is decided, intended, held or pending, and the row was settled under this policy.
    """
    names = row.names
    return (
        said.user_name == live.name
        and names is not None
        and names.present == live.name
        and not names.previous
        and row.intent is None
        and row.absent is None
        and not row.tombstones
        and not row.holds
        and not row.seen
        and row.policy == ground.rules.policy.digest
        and row.claims.keys() == ground.rules.shared.keys()
        and ground.name_key(live.name) not in ground.protected
        and not (ground.named and _is_named(said, ground.named))
    )


def _is_named(said: UserRow, names: frozenset[str]) -> bool:
    """
    Return whether the person answers to any of the names.
    """
    mail = said.email if isinstance(said.email, str) else ""
    return folded(said.user_name) in names or folded(said.key) in names or folded(mail) in names


def _same_groups(
    desired: tuple[str, ...],
    ids: Sequence[str | None],
    last: tuple[str, ...],
    *,
    live: tuple[str, ...],
    ground: Ground,
) -> bool:
    """
    Return whether the managed groups are those desired, and those last seen. `ids` are the desired ones' own.
    """
    wanted, there = desired, set(ids)
    if None in there:
        wanted = tuple(key for key, one in zip(desired, ids, strict=True) if one is not None)
        there.discard(None)
    held = set(live)
    return wanted == last and (held == there or held & ground.managed == there)


def _same_fields(
    wanted: Fields, held: Fields, claims: Mapping[str, Claim], *, last: Fields, ground: Ground
) -> bool:
    """
    Return whether every governed field is as desired, as last seen, and Git's.
    """
    for name in ground.rules.initial:
        wanted.pop(name, None)
    if not wanted.items() <= held.items():
        return False
    for name, kind in ground.constants:
        if type(held[name]) is not kind:
            return False
    for name, claim in claims.items():
        if name not in wanted or not _is_gits(wanted.pop(name), claim):
            return False
    return last == wanted or (last.items() <= held.items() and last.keys() >= ground.rules.source & wanted.keys())


def _is_gits(value: Value, claim: Claim) -> bool:
    """
    Return whether a shared field that holds `value` is claimed for Git, as written and as seen.
    """
    return claim.owner == "git" and claim.saw == value and claim.wrote == value and not claim.intents


def is_group_in_step(pair: Pair, row: LedgerRow | None, rules: Rules) -> bool:
    """
    Return whether Git, the target and the ledger's row of that key say the same of a group, and nothing is decided.
    """
    desired, live = pair.desired, pair.live
    if desired is None or live is None or row is None or row.last is None or row.names is None or rules.shared:
        return False
    settled = LedgerRow(
        key=desired.key,
        link=live.id,
        names=Names(present=live.name, previous=row.names.previous),
        last=Last(fields={name: value for name, value in desired.fields.items() if name in rules.fields}),
        policy=rules.policy.digest,
        tombstones=row.tombstones,
    )
    return (
        row == settled
        and pair.predecessor is None
        and live.active
        and desired.state == "active"
        and desired.decisions == NO_DECISIONS
        and desired.fields.items() <= live.fields.items()
    )
