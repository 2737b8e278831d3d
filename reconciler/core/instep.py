"""
Whether an entity is so much in step that settling it would change neither the target nor the ledger.

It answers for the many of whom nothing has moved, and only saves work: whatever it does not know for sure it
leaves to `settle.py`, which comes to the same. A property test holds the two together.
"""

from collections.abc import Mapping

from reconciler.core.correlate import Pair
from reconciler.core.ledger import Last, LedgerRow
from reconciler.core.lifecycle import Rules
from reconciler.core.model import NO_DECISIONS, Desired, Fields, Live


def in_step(pair: Pair, rules: Rules, managed: Mapping[str, str]) -> bool:
    """
    Return whether desired, live and the ledger's row of a linked, active user say the same.

    `managed` maps target ids of managed groups to their keys.
    """
    desired, live, row = pair.desired, pair.live, pair.row
    if desired is None or live is None or row is None or row.last is None or pair.via != "link":
        return False
    return (
        _untroubled(pair, desired, row, rules)
        and live.active
        and row.last.state == "active"
        and row.names is not None
        and row.names.present == live.name
        and _same_groups(desired, live, row.last, rules=rules, managed=managed)
        and _same_fields(desired, live, row, last=row.last, rules=rules)
    )


def _untroubled(pair: Pair, desired: Desired, row: LedgerRow, rules: Rules) -> bool:
    """
    Return whether nothing is decided, intended or pending, and the row was settled under this policy.
    """
    return (
        desired.state == "active"
        and desired.decisions == NO_DECISIONS
        and pair.predecessor is None
        and row.link == (pair.live.id if pair.live else None)
        and row.intent is None
        and row.absent is None
        and row.policy == rules.policy.digest
        and row.claims.keys() <= rules.shared.keys()
    )


def _same_groups(desired: Desired, live: Live, last: Last, *, rules: Rules, managed: Mapping[str, str]) -> bool:
    """
    Return whether the managed groups are those desired, and those last seen.
    """
    if rules.policy.groups.membership != "exact":
        return False
    there = sorted([managed[one] for one in live.groups if one in managed])
    return there == list(last.groups) and rules.reachable.intersection(desired.groups) == set(there)


def _same_fields(desired: Desired, live: Live, row: LedgerRow, *, last: Last, rules: Rules) -> bool:
    """
    Return whether every governed field is as desired, as last seen, and Git's.
    """
    wanted, held = desired.fields, live.fields
    return (
        wanted.items() <= held.items()
        and not last.wrote
        and last.fields.items() <= held.items()
        and last.fields.keys() >= rules.source & wanted.keys()
        and all(type(wanted[name]) is type(held[name]) for name in rules.numbers & wanted.keys())
        and all(_is_gits(name, wanted, row) for name in rules.shared)
    )


def _is_gits(name: str, wanted: Fields, row: LedgerRow) -> bool:
    """
    Return whether a shared field is desired, and claimed as written and seen just so.
    """
    claim = row.claims.get(name)
    if claim is None or name not in wanted or claim.owner != "git" or claim.intents:
        return False
    return claim.saw == wanted[name] and claim.wrote == wanted[name]
