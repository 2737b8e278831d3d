"""
How far a goal may go in the scope of a run: which memberships may move, and what a set may lose.
"""

from reconciler.core.claims import elements
from reconciler.core.correlate import Pair
from reconciler.core.ledger import Last
from reconciler.core.lifecycle import Rules
from reconciler.core.model import SETS, Fields, Live


def goal_groups(pair: Pair, rules: Rules, live: tuple[str, ...], last: Last | None) -> tuple[str, ...]:
    """
    Return the managed groups the user shall be in; `add-only` takes nobody out but whom we put in.

    `live` are those the user is in. Where the scope is about some groups alone, the others stay as they are.
    """
    rule, joinable = rules.policy.groups.membership, rules.joinable
    if rule == "none" or not rules.scope.membership:
        return live
    wanted = set(pair.desired.groups) & rules.reachable if pair.desired else set()
    if rule == "add-only" or rules.merged:
        ours = last.groups if last else ()
        wanted |= {key for key in live if rules.only_adds(key) and key not in ours}
    if joinable is not None:
        wanted = (wanted & joinable) | (set(live) - joinable)
    return tuple(sorted(wanted))


def without_losses(fields: Fields, live: Live, rules: Rules) -> Fields:
    """
    Return the goal with everything left in a set that is in it now: to take that is for a run about everybody.
    """
    kept: Fields = {}
    for name in sorted(SETS & fields.keys() & live.fields.keys()):
        fold = rules.equality.fold
        wanted = {fold(name, one) for one in elements(fields[name])}
        lost = {one for one in elements(live.fields[name]) if fold(name, one) not in wanted}
        kept[name] = tuple(sorted(elements(fields[name]) | lost))
    return fields | kept
