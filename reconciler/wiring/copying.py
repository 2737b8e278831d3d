"""
What somebody may do in the target, as it is now: to be given to others, once.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from reconciler.core.decide import Decision
from reconciler.core.matching import folded
from reconciler.core.model import Live
from reconciler.errors import UsageError

_KINDS = frozenset({"group", "user"})


class Access(Struct, frozen=True, kw_only=True):
    """
    What a user, or a group, of the target has: roles, and the keys of the managed groups that the user is in.

    `beyond` are the names of groups that the policy does not manage: nobody joins these by an override.
    """

    name: str
    roles: tuple[str, ...]
    groups: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()


def access_in_target(decision: Decision, name: str) -> Access:
    """
    Return what the user or group of that name has now; raises UsageError where none, or more than one, is meant.

    `user:NAME` and `group:NAME` say which kind is meant; an id does as well as a name.
    """
    snapshot = decision.world.snapshot
    kind, _, rest = name.partition(":")
    wanted = rest if kind in _KINDS else name
    users = [] if kind == "group" else _meant(snapshot.users, wanted)
    groups = [] if kind == "user" else _meant(snapshot.groups, wanted)
    meant = [*users, *groups]
    if len(meant) > 1:
        told = f"{name!r} may be {' or '.join(f'the {one.kind} {one.name!r} (id {one.id})' for one in meant)}"
        raise UsageError(told, hint="say user:NAME or group:NAME, with the id for a name if two bear it")
    if not meant:
        near = get_close_matches(name, [one.name for one in (*snapshot.users, *snapshot.groups)], 1)
        hint = f"did you mean {near[0]!r}?" if near else "name a user or a group of the target"
        raise UsageError(f"the target has neither a user nor a group {name!r}", hint=hint)
    return _access(meant[0], decision)


def _meant(live: Iterable[Live], name: str) -> list[Live]:
    """
    Return those that have the id, or else the name or the address.
    """
    found = list(live)
    known = [one for one in found if one.id == name]
    return known or [one for one in found if folded(name) in {folded(one.name), folded(_mail(one))}]


def _mail(one: Live) -> str:
    mail = one.fields.get("email")
    return mail if isinstance(mail, str) else ""


def _access(one: Live, decision: Decision) -> Access:
    roles = one.fields.get("roles")
    keys = {link: key for key, link in decision.group_ids.items()}
    names = {group.id: group.name for group in decision.world.snapshot.groups}
    return Access(
        name=one.name,
        roles=roles if isinstance(roles, tuple) else (),
        groups=tuple(sorted(keys[link] for link in one.groups if link in keys)),
        beyond=tuple(sorted(names[link] for link in one.groups if link in names and link not in keys)),
    )
