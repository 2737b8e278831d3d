"""
Who gains and who loses an administrator's power by a plan, held directly or through a group: what really changes.

Somebody who leaves one group keeps what a second one gives; an account that is made unusable has no power left, and
whoever is in a group gains what the group is given.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.approval import awaiting
from reconciler.core.claims import elements, power_of
from reconciler.core.model import Change, Equality, Fields, Live, Plan, Snapshot
from reconciler.core.policy import Policy
from reconciler.core.ruling import Entitled

_Powers: TypeAlias = Mapping[str, frozenset[str]]
"""What each group gives that has power, by its target id, or its key where it is yet to be made."""


class Scale(Struct, frozen=True, kw_only=True):
    """
    What power is: the roles that carry it, compared as the target compares; and which group of the target is which.
    """

    privileged: frozenset[str]
    equality: Equality
    ids: Mapping[str, str]


class _Standing(Struct, frozen=True, kw_only=True):
    """
    What one account may do: whether it is usable, its own privileged roles, its groups.
    """

    usable: bool
    roles: frozenset[str]
    groups: frozenset[str]


def scale_of(policy: Policy, equality: Equality, ids: Mapping[str, str]) -> Scale:
    """
    Return what power is under a policy.
    """
    return Scale(privileged=policy.roles.administrator.privileged, equality=equality, ids=ids)


def with_powers(plan: Plan, snapshot: Snapshot, scale: Scale) -> Plan:
    """
    Return the plan with who gains and loses power once it is made, and with it what waits for an approval.
    """
    changes = (*plan.changes, *awaiting(plan.held))
    return replace(plan, powers=powers(changes, snapshot, scale)) if scale.privileged else plan


def powers(changes: Iterable[Change], snapshot: Snapshot, scale: Scale) -> tuple[Entitled, ...]:
    """
    Return who gains and loses which privileged roles once the changes are made, by name.
    """
    own: dict[tuple[str, str | None], list[Change]] = {}
    grants: list[Change] = []
    for change in changes:
        if change.kind == "user":
            own.setdefault((change.key, change.link), []).append(change)
        elif "roles" in {*change.before, *change.after}:
            grants.append(change)
    before = {one.id: given for one in snapshot.groups if (given := _power(one.fields, scale))}
    after = {**before, **{one.link or one.key: _power(one.after, scale) for one in grants}}
    moved = {link for link in after if after[link] != before.get(link, frozenset())}
    changed = {link for _, link in own}
    live = {
        one.id: one for one in snapshot.users if one.id in changed or (moved and not moved.isdisjoint(one.groups))
    }
    told = [
        _told(mine[0], live.get(link) if link else None, mine, before, after=after, scale=scale)
        for (_, link), mine in own.items()
    ]
    told += [
        _told(one, one, (), before, after=after, scale=scale) for link, one in live.items() if link not in changed
    ]
    return tuple(sorted((one for one in told if one.gains or one.loses), key=lambda one: (one.name, one.key)))


def _power(fields: Fields, scale: Scale) -> frozenset[str]:
    return power_of(fields.get("roles"), scale.privileged, scale.equality)


def _told(
    who: Change | Live, live: Live | None, mine: Iterable[Change], before: _Powers, *, after: _Powers, scale: Scale
) -> Entitled:
    """
    Return what one person gains and loses.
    """
    groups = frozenset(live.groups if live else ())
    then = _Standing(
        usable=live is not None and live.active, roles=_power(live.fields if live else {}, scale), groups=groups
    )
    now = replace(then, usable=live is None or live.active)
    for change in mine:
        now = _changed(now, change, scale)
    had, has = frozenset(_held(then, before)), frozenset(_held(now, after))
    key = who.key if isinstance(who, Change) else f"target:{who.id}"
    return Entitled(key=key, name=who.name, gains=tuple(sorted(has - had)), loses=tuple(sorted(had - has)))


def _changed(one: _Standing, change: Change, scale: Scale) -> _Standing:
    joined = elements(change.after.get("groups"))
    left = elements(change.before.get("groups")) - joined
    groups = (one.groups - {scale.ids.get(key, key) for key in left}) | {scale.ids.get(key, key) for key in joined}
    roles = _power(change.after, scale) if "roles" in change.after else one.roles
    usable = change.action != "delete" and change.after.get("active", one.usable) is not False
    return _Standing(usable=usable, roles=roles, groups=groups)


def _held(one: _Standing, given: _Powers) -> Iterator[str]:
    """
    Yield every privileged role that an account holds in effect.
    """
    if one.usable:
        yield from one.roles
        yield from (role for group in one.groups for role in given.get(group, ()))
