"""
Who gains and who loses an administrator's power by a plan, held directly or through a group: what really changes.

Somebody who leaves one group keeps what a second one gives; an account that is made unusable has no power left, and
whoever is in a group gains what the group is given.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.approval import awaiting
from reconciler.core.claims import elements, power_of
from reconciler.core.model import Change, Equality, Live, Plan, Snapshot, Value
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


class _About(Struct, frozen=True, kw_only=True):
    """
    What everybody is weighed by: what roles carry, which group is which, what groups give before and after.
    """

    weigh: Callable[[Value], frozenset[str]]
    ids: Mapping[str, str]
    before: _Powers
    after: _Powers


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
    listed = tuple(changes)
    weigh = cache(partial(power_of, privileged=scale.privileged, equality=scale.equality))
    before = {one.id: given for one in snapshot.groups if (given := weigh(one.fields.get("roles")))}
    grants = {one.link or one.key: one for one in listed if one.kind == "group" and _names_roles(one)}
    after = {**before, **{link: weigh(one.after.get("roles")) for link, one in grants.items()}}
    about = _About(weigh=weigh, ids=scale.ids, before=before, after=after)
    own = _own(listed, about)
    moved = {link for link in after if after[link] != before.get(link, frozenset())}
    changed = {link for _, link in own}
    live = {one.id: one for one in snapshot.users if one.id in changed or not moved.isdisjoint(one.groups)}
    told = [_told(mine[0], live.get(link or ""), mine, about) for (_, link), mine in own.items()]
    told += [_told(one, one, (), about) for link, one in live.items() if link not in changed]
    return tuple(sorted((one for one in told if one.gains or one.loses), key=lambda one: (one.name, one.key)))


def _names_roles(change: Change) -> bool:
    return "roles" in change.before or "roles" in change.after


def _own(changes: Iterable[Change], about: _About) -> dict[tuple[str, str | None], list[Change]]:
    """
    Return the changes of everybody whose power they may move. Of most people none does, and there are many.
    """
    own: dict[tuple[str, str | None], list[Change]] = {}
    moving: set[tuple[str, str | None]] = set()
    for change in changes:
        if change.kind == "user":
            place = (change.key, change.link)
            own.setdefault(place, []).append(change)
            if _moves(change, about):
                moving.add(place)
    return {place: own[place] for place in own if place in moving}


def _moves(change: Change, about: _About) -> bool:
    if change.action in {"activate", "deactivate", "delete"}:
        return True
    for fields in (change.before, change.after):
        if about.weigh(fields.get("roles")):
            return True
        groups = fields.get("groups")
        if groups and about.after and any(about.ids.get(key, key) in about.after for key in elements(groups)):
            return True
    return False


def _told(who: Change | Live, live: Live | None, mine: Iterable[Change], about: _About) -> Entitled:
    """
    Return what one person gains and loses.
    """
    groups, roles = (frozenset(live.groups), live.fields.get("roles")) if live else (frozenset[str](), None)
    then = _Standing(usable=live is not None and live.active, roles=about.weigh(roles), groups=groups)
    now = replace(then, usable=live is None or live.active)
    for change in mine:
        now = _changed(now, change, about)
    had, has = frozenset(_held(then, about.before)), frozenset(_held(now, about.after))
    key = who.key if isinstance(who, Change) else f"target:{who.id}"
    return Entitled(key=key, name=who.name, gains=tuple(sorted(has - had)), loses=tuple(sorted(had - has)))


def _changed(one: _Standing, change: Change, about: _About) -> _Standing:
    joined = elements(change.after.get("groups"))
    left = elements(change.before.get("groups")) - joined
    groups = (one.groups - {about.ids.get(key, key) for key in left}) | {about.ids.get(key, key) for key in joined}
    roles = about.weigh(change.after.get("roles")) if "roles" in change.after else one.roles
    usable = change.action != "delete" and change.after.get("active", one.usable) is not False
    return _Standing(usable=usable, roles=roles, groups=groups)


def _held(one: _Standing, given: _Powers) -> Iterator[str]:
    """
    Yield every privileged role that an account holds in effect.
    """
    if one.usable:
        yield from one.roles
        yield from (role for group in one.groups for role in given.get(group, ()))
