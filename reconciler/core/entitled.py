"""
Who gains and who loses access to which product: a view on a plan's memberships and states, folded by person.

What one group gives, another may give too: nobody loses by leaving one group what a second still gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from reconciler.core.claims import elements
from reconciler.core.lifecycle import FORMER
from reconciler.core.model import Change, Live, Snapshot
from reconciler.core.ruling import Entitled, GroupAccess

_Accesses: TypeAlias = Mapping[str, GroupAccess]


def entitled(changes: Iterable[Change], snapshot: Snapshot, ids: Mapping[str, str]) -> tuple[Entitled, ...]:
    """
    Return whose access the changes move, by name. `ids` has the target's id of each group key that is there.
    """
    access = snapshot.catalogue.access
    if not access:
        return ()
    own: dict[tuple[str, str | None], list[Change]] = {}
    for change in changes:
        if change.kind == "user":
            own.setdefault((change.key, change.link), []).append(change)
    links = {link for _, link in own}
    live = {one.id: one for one in snapshot.users if one.id in links}
    found = (_moved(mine, live.get(link) if link else None, access, ids) for (_, link), mine in own.items())
    return tuple(sorted((one for one in found if one.gains or one.loses), key=lambda one: (one.name, one.key)))


def _moved(mine: Sequence[Change], live: Live | None, access: _Accesses, ids: Mapping[str, str]) -> Entitled:
    """
    Return what one person's changes, in their order, make of the products it has access to.
    """
    groups, usable = set(live.groups if live else ()), live is not None and live.active
    before = _products(groups, access) if usable else frozenset()
    for change in mine:
        joined = elements(change.after.get("groups"))
        groups -= {_id(key, ids) for key in elements(change.before.get("groups")) - joined}
        groups |= {_id(key, ids) for key in joined}
        usable = change.action != "delete" and change.after.get("active", usable or live is None) is not False
    after = _products(groups, access) if usable else frozenset()
    gains, loses = tuple(sorted(after - before)), tuple(sorted(before - after))
    return Entitled(key=mine[0].key, name=mine[0].name, gains=gains, loses=loses)


def _id(key: str, ids: Mapping[str, str]) -> str:
    """
    Return the target's id of a group; of one that is yet to be made, its key: it gives nothing yet.
    """
    return key.removeprefix(FORMER) if key.startswith(FORMER) else ids.get(key, key)


def _products(groups: Iterable[str], access: _Accesses) -> frozenset[str]:
    return frozenset(product for group in groups if group in access for product in access[group].products)
