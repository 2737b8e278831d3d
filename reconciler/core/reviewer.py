"""
Whether a plan needs a person's yes before it is applied, and what of it nobody was shown before.

A removal that only corrects drift (the ledger's last is what Git says still) takes nothing that was not decided
already; every other removal, a gain of privilege and what is dangerous wait for a reviewer (github.md).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from reconciler.core.approval import awaiting
from reconciler.core.claims import elements
from reconciler.core.ledger import Last, Ledger
from reconciler.core.model import SETS, Change, Plan


def risky(plan: Plan, ledger: Ledger) -> tuple[Change, ...]:
    """
    Return the changes for which a reviewer is needed, those that only wait for approval among them.
    """
    rows = {"user": ledger.users, "group": ledger.groups}
    found = (*plan.changes, *awaiting(plan.held))
    lasts = {change.id: row.last if (row := rows[change.kind].get(change.key)) else None for change in found}
    return tuple(change for change in found if _is_risky(change, lasts[change.id]))


def _is_risky(change: Change, last: Last | None) -> bool:
    if "privileged" in change.risk or "dangerous" in change.risk:
        return True
    return "removal" in change.risk and not (last and _corrects_drift(change, last))


def _corrects_drift(change: Change, last: Last) -> bool:
    """
    Return whether the change takes only what was not there when a run last looked.

    | change | corrects drift where the ledger's last |
    |---|---|
    | deactivate | is inactive already: somebody switched the account on again |
    | move, retire | is put away already |
    | memberships end | has none of them |
    | another set loses elements | is what Git says still |
    | delete | never |
    """
    if change.action == "deactivate":
        return last.state == "inactive"
    if change.action in {"move", "retire"}:
        return last.state == "retired"
    sets = SETS & {*change.before}
    lost = [name for name in sets if elements(change.before[name]) - elements(change.after.get(name))]
    return change.action == "update" and all(_was_away(change, last, name) for name in lost)


def _was_away(change: Change, last: Last, name: str) -> bool:
    if name == "groups":
        return not elements(change.before.get(name)) & {*last.groups}
    return last.fields.get(name) == change.after.get(name)


class Shown(Struct, frozen=True, kw_only=True):
    """
    What a plan that people saw said: its digest, and its changes by the beginning of their ids, each with its sort.

    `whole` is False where it was too many to be kept beside the text.
    """

    digest: str
    sorts: Mapping[str, str]
    whole: bool = True


ID_SHOWN = 12
"""Characters of a change's id that tell it from all others of a plan."""

MOST_SHOWN = 400


def shown(plan: Plan) -> Shown:
    """
    Return what is to be kept of a plan beside its text, so that a later one can be held against it.
    """
    found = (*plan.changes, *awaiting(plan.held))
    return Shown(digest=plan.digest, sorts=_sorts(found[:MOST_SHOWN]), whole=len(found) <= MOST_SHOWN)


def sort_of(change: Change) -> str:
    """
    Return in one word what a change does to access: `removal`, `privileged`, or its action.
    """
    return "removal" if "removal" in change.risk else "privileged" if "privileged" in change.risk else change.action


def since_review(plan: Plan, earlier: Iterable[Shown]) -> str:
    """
    Return how a plan differs from what was shown before: `+1 removal, -2 update`; empty where it does not.
    """
    found = tuple(earlier)
    if not all(one.whole for one in found):
        same = plan.digest in {one.digest for one in found}
        return "" if same else "another plan, with more changes than could be held against it one by one"
    seen = {key: sort for one in found for key, sort in one.sorts.items()}
    now = _sorts((*plan.changes, *awaiting(plan.held)))
    more = Counter(sort for key, sort in now.items() if key not in seen)
    less = Counter(sort for key, sort in seen.items() if key not in now)
    words = [f"+{count:,} {sort}" for sort, count in sorted(more.items())]
    return ", ".join([*words, *(f"-{count:,} {sort}" for sort, count in sorted(less.items()))])


def _sorts(found: Iterable[Change]) -> dict[str, str]:
    return {change.id.removeprefix("sha256:")[:ID_SHOWN]: sort_of(change) for change in found}
