"""
Who is so much in step that settling would change neither the target nor the ledger: most people, on most days.

It only saves work: whatever it does not know for sure it leaves to `correlate.py` and `settle.py`, which come to
the same. A property test holds the two together.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from reconciler.core.desired import fields_of
from reconciler.core.export import Placed
from reconciler.core.ledger import Claim, Last, LedgerRow
from reconciler.core.lifecycle import Rules
from reconciler.core.model import Fields, Live, Value
from reconciler.core.organisation import ACTIVE, Organisation, standing


class Ground(Struct, frozen=True, kw_only=True):
    """
    What everybody is measured by: Git's side, the rules, and the managed groups.

    `managed` maps target ids of managed groups to their keys, `joinable` are the keys of those one may be in.
    `protected` are names as the target compares them.
    """

    org: Organisation
    rules: Rules
    managed: Mapping[str, str]
    joinable: frozenset[str]
    protected: frozenset[Value]


def in_step(
    org: Organisation,
    rules: Rules,
    live: Sequence[Live],
    rows: Mapping[str, LedgerRow],
    *,
    managed: Mapping[str, str],
) -> dict[str, str]:
    """
    Return the user names of those that are in step, by key: linked, active, and the same on all three sides.
    """
    links = [row.link for row in rows.values() if row.link]
    if rules.policy.groups.membership != "exact" or len(set(links)) < len(links):
        return {}
    by_id = {one.id: one for one in live}
    ground = Ground(
        org=org,
        rules=rules,
        managed=managed,
        joinable=rules.reachable & org.managed,
        protected=frozenset(rules.equality.fold("user_name", name) for name in rules.policy.users.protected),
    )
    found: dict[str, str] = {}
    for key, placed in org.users.items():
        row = rows.get(key)
        there = by_id.get(row.link) if row is not None and row.link else None
        if row is not None and there is not None and _is_in_step(placed, there, row, ground):
            found[key] = there.name
    return found


def _is_in_step(placed: Placed, live: Live, row: LedgerRow, ground: Ground) -> bool:
    """
    Return whether the source's row, the account and the ledger's row of one person say the same.
    """
    last = row.last
    if last is None or not live.active or last.state != "active":
        return False
    return (
        _is_untroubled(placed, live, row, ground)
        and _same_groups(placed.row.groups, live.groups, last.groups, ground)
        and _same_fields(placed, live.fields, row.claims, last=last, ground=ground)
    )


def _is_untroubled(placed: Placed, live: Live, row: LedgerRow, ground: Ground) -> bool:
    """
    Return whether nothing is decided, intended or pending, and the row was settled under this policy.
    """
    return (
        standing(ground.org, placed) is ACTIVE
        and row.key not in ground.org.decided.users
        and placed.row.user_name == live.name
        and ground.rules.equality.fold("user_name", live.name) not in ground.protected
        and row.names is not None
        and row.names.present == live.name
        and row.intent is None
        and row.absent is None
        and not row.tombstones
        and row.policy == ground.rules.policy.digest
        and row.claims.keys() == ground.rules.shared.keys()
    )


def _same_groups(desired: tuple[str, ...], live: tuple[str, ...], last: tuple[str, ...], ground: Ground) -> bool:
    """
    Return whether the managed groups are those desired, and those last seen.
    """
    joinable, managed = ground.joinable, ground.managed
    wanted = desired if joinable.issuperset(desired) else tuple(key for key in desired if key in joinable)
    return wanted == last and sorted([managed[one] for one in live if one in managed]) == list(last)


def _same_fields(placed: Placed, held: Fields, claims: Mapping[str, Claim], *, last: Last, ground: Ground) -> bool:
    """
    Return whether every governed field is as desired, as last seen, and Git's.
    """
    rules = ground.rules
    wanted = fields_of(ground.org, placed)
    for name in rules.initial:
        wanted.pop(name, None)
    return (
        wanted.items() <= held.items()
        and not last.wrote
        and last.fields.items() <= held.items()
        and last.fields.keys() >= rules.source & wanted.keys()
        and all(type(wanted[name]) is type(held[name]) for name in rules.numbers & wanted.keys())
        and all(name in wanted and _is_gits(wanted[name], claim) for name, claim in claims.items())
    )


def _is_gits(value: Value, claim: Claim) -> bool:
    """
    Return whether a shared field that holds `value` is claimed for Git, as written and as seen.
    """
    return claim.owner == "git" and claim.saw == value and claim.wrote == value and not claim.intents
