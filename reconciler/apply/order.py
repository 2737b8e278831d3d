"""
Who applies, and how patiently. What may be made is not its matter: the plan says that.
"""

from collections.abc import Callable

from msgspec import Struct

from reconciler.apply.fence import Patience


class Order(Struct, frozen=True, kw_only=True):
    """
    Who applies, and how.

    `holder` names this process in the fence, `lineage` a ledger that begins now; `progress` is told how many
    changes are done; `stopped` says that the run shall end.
    """

    who: str
    holder: str
    lineage: str
    patience: Patience
    progress: Callable[[int], None] = lambda _done: None
    stopped: Callable[[], bool] = lambda: False
