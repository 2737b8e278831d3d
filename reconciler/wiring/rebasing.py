"""
What `rebase-ledger` needs of the world: the records of all runs, the clock, how long a request may live.
"""

from reconciler.apply.rebase import Rebasing
from reconciler.history import read_runs
from reconciler.wiring.bench import TOOL, Bench, require_repository


def rebasing(found: Bench, reason: str) -> Rebasing:
    """
    Return the terms of a rebase that begins now, for this reason.
    """
    store = require_repository(found.store)
    life = found.asked.policy.max_request_life
    return Rebasing(reason=reason, tool=TOOL, now=found.now, life=life, runs=lambda: read_runs(store))
