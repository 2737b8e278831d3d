"""
Who of some people gains by a plan: an author should not be the one whose access grows unseen.
"""

from collections.abc import Collection, Iterable, Iterator

from reconciler.core.approval import awaiting
from reconciler.core.claims import elements
from reconciler.core.export import UserRow
from reconciler.core.model import SETS, Change, Plan

_GIVES = frozenset({"create", "activate", "restore"})


def gainers(plan: Plan, people: Iterable[UserRow], addresses: Collection[str]) -> tuple[tuple[str, str], ...]:
    """
    Return name and gain of each of `people` at `addresses` who gets an account, a group, a role or a profile.

    Addresses are e-mail addresses or user names, whatever their case. What a group gains, its members gain too.
    """
    wanted = {address.casefold() for address in addresses}
    meant = {one.key: one for one in people if wanted & {_folded(one.user_name), _folded(one.email)}}
    changes = (*plan.changes, *awaiting(plan.held))
    return tuple(sorted({gain for change in changes for gain in _gains(change, plan, meant)}))


def _folded(text: object) -> str:
    return text.casefold() if isinstance(text, str) else ""


def _gains(change: Change, plan: Plan, meant: dict[str, UserRow]) -> Iterator[tuple[str, str]]:
    if change.kind == "user" and change.key in meant:
        yield from ((change.name, text) for text in _texts(change, plan))
    if change.kind == "group":
        roles = elements(change.after.get("roles")) - elements(change.before.get("roles"))
        members = [one for one in meant.values() if change.key in elements(one.groups)]
        for one in members if roles else ():
            yield str(one.user_name), f"roles of group {change.name}: {', '.join(sorted(roles))}"


def _texts(change: Change, plan: Plan) -> Iterator[str]:
    if change.action in _GIVES:
        yield f"{change.action} of the account"
    for name in sorted(SETS & {*change.after}):
        gained = elements(change.after[name]) - elements(change.before.get(name))
        if gained:
            yield f"{name}: {', '.join(sorted(plan.names.get(one, one) for one in gained))}"
