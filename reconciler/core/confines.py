"""
How far a goal may go in the scope of a run: which memberships may move, what a set may lose, which decisions wait.
"""

from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.claims import elements
from reconciler.core.correlate import Pair
from reconciler.core.ledger import Claim, Last
from reconciler.core.lifecycle import Rules
from reconciler.core.model import SETS, Fields, Live
from reconciler.core.ownership import Verdict

BY_TRANSFER = 7
"""The row of ownership's table in which a reviewed override acts, once."""


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


def put_off(verdict: Verdict, claim: Claim, rules: Rules) -> Verdict:
    """
    Return the verdict, but for that of an override that acts once: it waits for a run that may take what it takes.

    Half of it would use it up. What is held of it is told all the same.
    """
    if rules.scope.remove == "all" or verdict.row != BY_TRANSFER or verdict.held:
        return verdict
    return Verdict(row=verdict.row, goal=UNSET, claim=claim, reached=claim)


def spared(pair: Pair, rules: Rules) -> Pair:
    """
    Return the group's pair without the group it replaces, where the run may put none away: the next full run does.
    """
    return pair if rules.scope.remove == "all" else replace(pair, predecessor=None)
