"""
Who applies, on whose approval, and which changes that allows.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from reconciler.apply.fence import Patience
from reconciler.core.canonical import digest
from reconciler.core.model import Change, Held


class Order(Struct, frozen=True, kw_only=True):
    """
    Who applies, on whose approval, and how.

    `approved` are the change ids of an approved plan; None: everything but what is dangerous. `holder` names this
    process in the fence; `progress` is told how many changes are done; `stopped` says that the run shall end.
    """

    who: str
    holder: str
    lineage: str
    patience: Patience
    approval: str = ""
    approved: frozenset[str] | None = None
    progress: Callable[[int], None] = lambda _done: None
    stopped: Callable[[], bool] = lambda: False


def approve(changes: Sequence[Change], order: Order, target: str) -> tuple[tuple[Change, ...], tuple[Held, ...]]:
    """
    Return the changes that may be made, and those that nobody has approved (with what needs them).
    """
    chosen: list[Change] = []
    held: list[Held] = []
    refused: set[str] = set()
    for change in changes:
        if not _approved(change, order) or refused & set(change.needs):
            refused.add(change.id)
            held.append(_unapproved(change, order, target))
        else:
            chosen.append(change)
    return tuple(chosen), tuple(held)


def _approved(change: Change, order: Order) -> bool:
    return "dangerous" not in change.risk if order.approved is None else change.id in order.approved


def _unapproved(change: Change, order: Order, target: str) -> Held:
    dangerous = order.approved is None
    return Held(
        id=digest(target, change.id, "unapproved"),
        kind=change.kind,
        key=change.key,
        name=change.name,
        reason="it is dangerous, and needs an approved plan" if dangerous else "it is not in the approved plan",
        release="review `reconciler plan --out plan.json`, then: reconciler apply --approved plan.json",
        guard="approval",
        change=change,
    )
