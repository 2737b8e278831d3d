"""
Who applies, on whose approval, and which changes that allows.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.fence import Patience
from reconciler.core.canonical import digest
from reconciler.core.model import Change, Held


class Order(Struct, frozen=True, kw_only=True):
    """
    Who applies, on whose approval, and how.

    `approved` are the change ids of an approved plan; None: everything but what is dangerous. `reviewed` has its
    changes as they were shown, by id. `holder` names this process in the fence; `progress` is told how many
    changes are done; `stopped` says that the run shall end.
    """

    who: str
    holder: str
    lineage: str
    patience: Patience
    approval: str = ""
    approved: frozenset[str] | None = None
    reviewed: Mapping[str, Change] = field(default_factory=dict)
    progress: Callable[[int], None] = lambda _done: None
    stopped: Callable[[], bool] = lambda: False


def approve(
    changes: Sequence[Change], order: Order, target: str, *, told: frozenset[str] = frozenset()
) -> tuple[tuple[Change, ...], tuple[Held, ...]]:
    """
    Return the changes that may be made, and those that nobody has approved (with what needs them).
    """
    chosen: list[Change] = []
    held: list[Held] = []
    refused: set[str] = set()
    for change in changes:
        if not _approved(change, order) or refused & set(change.needs):
            refused.add(change.id)
            one = _unapproved(change, order, target)
            held.append(replace(one, standing=one.id in told))
        else:
            chosen.append(change)
    return tuple(chosen), tuple(held)


def _approved(change: Change, order: Order) -> bool:
    if order.approved is None:
        return "dangerous" not in change.risk
    return change.id in order.approved and _as_reviewed(change, order.reviewed.get(change.id, change))


def _as_reviewed(change: Change, reviewed: Change) -> bool:
    """
    Return whether a change is what a person was shown: the same values of the same one, as risky as then.

    What is dangerous was approved for the account as it stood: one that was disabled again since is another case.
    """
    dangerous = "dangerous" in change.risk
    now, then = (
        (one.name, one.before, one.after, {*one.risk}, one.expects if dangerous else "")
        for one in (change, reviewed)
    )
    return now == then


def _unapproved(change: Change, order: Order, target: str) -> Held:
    return Held(
        id=digest(target, change.id, "unapproved"),
        kind=change.kind,
        key=change.key,
        name=change.name,
        reason=_why_not(change, order),
        release="review `reconciler plan --out plan.json`, then: reconciler apply --approved plan.json",
        guard="approval",
        change=change,
    )


def _why_not(change: Change, order: Order) -> str:
    if order.approved is None:
        return "it is dangerous, and needs an approved plan"
    if change.id in order.reviewed:
        return "it is not what was approved: the plan was edited, or the account has changed since"
    return "it is not in the approved plan"
