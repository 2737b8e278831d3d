"""
What a person approved; and which changes wait for that, so that a plan already says what apply will not make.

Without an approved plan that is what is dangerous; with one it is everything that it does not show, or shows
otherwise.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from reconciler.core.model import Change, Held, Plan

GUARD = "approval"
"""The guard of changes that nothing but an approved plan releases."""

RELEASE = "review `reconciler plan --out plan.json`, then: reconciler apply --approved plan.json"


class Approval(Struct, frozen=True, kw_only=True):
    """
    What was approved: the digest of the plan that a person was shown, and its changes as they were shown, by id.
    """

    plan: str
    changes: Mapping[str, Change]


def approval_of(plan: Plan) -> Approval:
    """
    Return what who approves a plan approves: all that it would make, and all that only waits for that.
    """
    shown = (*plan.changes, *awaiting(plan.held))
    return Approval(plan=plan.digest, changes={change.id: change for change in shown})


def awaiting(held: Iterable[Held]) -> tuple[Change, ...]:
    """
    Return the changes that nothing holds but that nobody has approved them.
    """
    return tuple(one.change for one in held if one.guard == GUARD and one.change is not None)


def why_not(change: Change, approval: Approval | None) -> str:
    """
    Return why a change may not be made yet; empty where it may.
    """
    if approval is None:
        return "it is dangerous, and needs an approved plan" if "dangerous" in change.risk else ""
    shown = approval.changes.get(change.id)
    if shown is None:
        return "it is not in the approved plan"
    same = _as_shown(change, shown)
    return "" if same else "it is not what was approved: the plan was edited, or the account has changed since"


def _as_shown(change: Change, shown: Change) -> bool:
    """
    Return whether a change is what a person was shown: the same values of the same one, as risky as then.

    What is dangerous was approved for the account as it stood: one that was disabled again since is another case.
    """
    dangerous = "dangerous" in change.risk
    now, then = (
        (one.name, one.before, one.after, {*one.risk}, one.expects if dangerous else "") for one in (change, shown)
    )
    return now == then
