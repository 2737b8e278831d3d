"""
What each change counts as, once the whole plan is known: whose power it takes, and what it only follows from.

A change drafted for one entity cannot tell. Whoever loses a role may stay an administrator by another; a
membership may end because its account, or its group, does.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec.structs import replace

from reconciler.core.changes import DISARMED, Draft
from reconciler.core.claims import power_of
from reconciler.core.lifecycle import FORMER
from reconciler.core.model import Equality

ENDING = frozenset({"deactivate", "delete"})
"""Actions after which an account cannot be used."""

PUT_AWAY = frozenset({"move", "retire", "deactivate", "delete"})
"""Actions after which a group is no longer in use."""


class Powers(Protocol):
    """
    Who holds an administrator's power: target ids of the active ones, and the elements of `roles` that carry it.

    `reviewed` are keys of groups of which somebody looked at each member who leaves.
    """

    @property
    def armed(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def privileged(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def equality(self) -> Equality: ...  # noqa: D102
    @property
    def reviewed(self) -> frozenset[str]: ...  # noqa: D102


def weighed(drafts: Sequence[Draft], powers: Powers) -> tuple[Draft, ...]:
    """
    Return the drafts with the tags, and the place in the order, that the whole plan gives them.
    """
    ending = frozenset(one.change.link for one in drafts if one.change.kind == "user" and _ends(one))
    away = put_away(drafts) | powers.reviewed
    return tuple(_following(_armed(one, powers), ending, away) for one in drafts)


def put_away(drafts: Iterable[Draft]) -> frozenset[str]:
    """
    Return the keys of the groups that are put away, or replaced, by these drafts.
    """
    return frozenset(key for one in drafts if (key := put_away_key(one)))


def put_away_key(one: Draft) -> str:
    """
    Return the key of the group that a draft puts away, or replaces; empty where it does not.
    """
    change = one.change
    if change.kind != "group" or change.action not in PUT_AWAY:
        return ""
    return f"{FORMER}{change.link}" if "replaced" in one.tags else change.key


def _ends(one: Draft) -> bool:
    return one.change.action in ENDING


def _armed(one: Draft, powers: Powers) -> Draft:
    """
    Return the draft with the tag `power-lost`, and last in the order, exactly where an active administrator ends.
    """
    if takes_power(one, powers):
        return replace(one, phase=DISARMED, tags=one.tags | {"power-lost"})
    return replace(one, tags=one.tags - {"power-lost"})


def takes_power(one: Draft, powers: Powers) -> bool:
    """
    Return whether an active administrator is none any more once the change has landed.
    """
    change = one.change
    if change.kind != "user" or change.link not in powers.armed:
        return False
    if _ends(one):
        return True
    return "roles" in change.after and not power_of(change.after["roles"], powers.privileged, powers.equality)


def _following(one: Draft, ending: frozenset[str | None], away: frozenset[str]) -> Draft:
    """
    Return the draft without its place among removed memberships, where it follows from another change.

    That change is guarded by itself: an account that ends, a group that is put away or has a successor. So is a
    removal from a group both of whose memberships somebody has reviewed.
    """
    group = group_left(one)
    if group and (one.change.link in ending or group in away):
        return replace(one, tags=one.tags - {"memberships-removed"} | {"memberships-ended"})
    return one


def group_left(one: Draft) -> str:
    """
    Return the key of the group that somebody leaves by the change; empty where nobody does.
    """
    return next((tag.removeprefix("left:") for tag in one.tags if tag.startswith("left:")), "")
