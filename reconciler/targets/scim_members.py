"""
Who joins and who leaves a group, folded from the changes of many people into as few requests as can be.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from reconciler.errors import TargetError, WireError
from reconciler.targets.scim_convert import PATCH, encoded
from reconciler.targets.scim_known import Known, members_of
from reconciler.targets.scim_paths import Json, member
from reconciler.targets.scim_send import each, read_back
from reconciler.targets.scim_server import Server, body_of, quoted, refusal
from reconciler.wire.message import Answer, Request

_LOOKED_AT = 5
"""Groups that are asked for by themselves where the list shows no members at all."""


class Move(Struct, frozen=True, kw_only=True):
    """
    Who joins and who leaves one group, by target ids, sorted.
    """

    group: str
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()


def hidden(server: Server, groups: Sequence[Json]) -> str:
    """
    Return that the list of groups hides who is in them, where a group that is asked for by itself shows it.

    Asked only where no group of the list has members: then they are all empty, or not shown there.
    """
    if any(member(one, "members") is not None for one in groups):
        return ""
    ids = [str(member(one, "id")) for one in groups[:_LOOKED_AT]]
    if any(one is not None and members_of(one) for one in server.gotten("group", ids)):
        return "the server's list of groups does not show who is in them"
    return ""


def folded(people: Iterable[tuple[str, Iterable[str], Iterable[str]]]) -> list[Move]:
    """
    Return one move a group from (user, groups to join, groups to leave), sorted by group.
    """
    join: dict[str, set[str]] = {}
    leave: dict[str, set[str]] = {}
    for user, joined, left in people:
        for group in joined:
            join.setdefault(group, set()).add(user)
        for group in left:
            leave.setdefault(group, set()).add(user)
    return [
        Move(group=one, join=tuple(sorted(join.get(one, ()))), leave=tuple(sorted(leave.get(one, ()))))
        for one in sorted(join.keys() | leave.keys())
    ]


def chunks(move: Move, size: int) -> list[Move]:
    """
    Return a move in parts of at most `size` changes, those who join first.
    """
    changes = [(user, True) for user in move.join] + [(user, False) for user in move.leave]
    parts = [changes[start : start + size] for start in range(0, len(changes), size)]
    return [
        Move(
            group=move.group,
            join=tuple(user for user, joins in part if joins),
            leave=tuple(user for user, joins in part if not joins),
        )
        for part in parts
    ]


def body(move: Move) -> Json:
    """
    Return the PATCH of a move (RFC 7644 section 3.5.2): who leaves is named one by one, or all would go.
    """
    added = (
        [{"op": "add", "path": "members", "value": [{"value": user} for user in move.join]}] if move.join else []
    )
    removed = [{"op": "remove", "path": f"members[value eq {quoted(user)}]"} for user in move.leave]
    return {"schemas": [PATCH], "Operations": [*added, *removed]}


def moved(group: Json, move: Move) -> Json:
    """
    Return a group whose members have moved, everything else of it and of them as it was: what a PUT sends.
    """
    had = member(group, "members")
    gone, there = set(move.leave), set(members_of(group))
    stay = [one for one in (had if isinstance(had, list) else ()) if member(one, "value") not in gone]
    come = [{"value": user} for user in move.join if user not in there]
    rest = {name: value for name, value in group.items() if name.lower() not in {"meta", "members"}}
    return {**rest, "members": [*stay, *come]}


def make(server: Server, known: Known, moves: Sequence[Move]) -> Iterator[tuple[Move, str]]:
    """
    Yield each part of the moves, and why it was not made; empty where it was, as read back.

    Parts of one group follow each other. One that the server refuses is halved, down to the one it refuses.
    """
    waiting = [chunks(move, server.quirks.changes) for move in moves]
    while waiting:
        now = [parts[0] for parts in waiting]
        came = zip(now, _sent(server, known, now), strict=True)
        rest: dict[str, list[Move]] = {parts[0].group: parts[1:] for parts in waiting}
        for part, why in came:
            size = len(part.join) + len(part.leave)
            if why and _halvable(why) and size > 1:
                rest[part.group] = [*chunks(part, (size + 1) // 2), *rest[part.group]]
            else:
                yield part, why.removeprefix(_ONE)
        waiting = [parts for parts in rest.values() if parts]


_UNSEEN = (
    "the server shows nobody's members, and without PATCH whoever is in this one would be put out: "
    "if all groups are empty, put one person into one of them by hand"
)
_ONE = "\0"
"""Marks, inside this module, a refusal that may be about one of several members."""


def _halvable(why: str) -> bool:
    return why.startswith(_ONE)


def _sent(server: Server, known: Known, parts: Sequence[Move]) -> list[str]:
    """
    Return, for each part, why it was not made.
    """
    if server.able.patch:
        return _made(server, [(part, _patch(server, part)) for part in parts])
    groups = [group or {} for group in server.gotten("group", [part.group for part in parts])]
    told = [(part, _told(server, known, group)) for part, group in zip(parts, groups, strict=True)]
    sure = [(part, group) for part, group in told if group is not None]
    made = _made(server, [(part, _put(server, part, group)) for part, group in sure])
    whys = {part: why for (part, _), why in zip(sure, made, strict=True)}
    return [whys.get(part, _UNSEEN) for part in parts]


def _told(server: Server, known: Known, group: Json) -> Json | None:
    """
    Return a group with all who are in it; None where nobody tells who that is.

    That a schema says that members are shown proves little: servers publish the RFC's own. So a group that shows
    none is asked for them by name, and whoever says to be in it is looked for.
    """
    if known.tells(group):
        return group
    if not group or not server.able.members:
        return None
    id_ = str(member(group, "id"))
    try:
        [asked] = server.gotten("group", [id_], only="members")
    except TargetError:  # it knows no `attributes`: its people are asked all the same
        asked = None
    if member(asked, "id") == id_ and member(asked, "members") is not None:
        return {**group, "members": member(asked, "members")}
    return None if _is_anybodys(server, id_) else group


def _is_anybodys(server: Server, group: str) -> bool:
    """
    Return whether people say of themselves that they are in a group (RFC 7643 section 4.1.2, `groups`).
    """
    try:
        people = server.matching("user", f"groups.value eq {quoted(group)}") if server.able.filters else []
    except TargetError:  # it cannot look for people by group: nobody says anything
        return False
    theirs = [member(one, "groups") for one in people]
    return any(member(one, "value") == group for some in theirs if isinstance(some, list) for one in some)


def _made(server: Server, asked: Sequence[tuple[Move, Request]]) -> list[str]:
    """
    Return why each part was not made, one a group; what the answer does not show is read back.
    """
    came, since = each(server, [request for _, request in asked])
    told = {part: _outcome(part, one) for (part, _), one in zip(asked, came, strict=True)}
    unread = {part.group: part for part, why in told.items() if why is None}
    for group, one in read_back(server, "group", [*unread], since=since, right=partial(_right, unread)):
        part = unread[group]
        told[part] = one.message if isinstance(one, TargetError) else _missing(part, one)
    return [told[part] or "" for part, _ in asked]


def _right(parts: Mapping[str, Move], group: Json) -> bool:
    part = parts.get(str(member(group, "id")))
    return part is not None and not _missing(part, group)


def _patch(server: Server, part: Move) -> Request:
    # the write is its own read-back
    query = {"attributes": "members"} if server.able.echo else {}
    return server.send("PATCH", server.path("group", part.group), encoded(body(part)), query=query)


def _put(server: Server, part: Move, group: Json) -> Request:
    match = str(member(member(group, "meta"), "version") or "") if server.able.etag else ""
    return server.send("PUT", server.path("group", part.group), encoded(moved(group, part)), match=match)


def _outcome(part: Move, came: Answer | WireError) -> str | None:
    """
    Return why a part was not made, empty where the answer shows that it was; None where it does not tell.
    """
    if isinstance(came, WireError):
        return came.message
    if not came.good:
        one = _ONE if came.status in {400, 404, 409, 413, 422} else ""
        return f"{one}its membership: {refusal(came)}"
    try:
        said = body_of(came) if came.body else {}
    except TargetError as error:
        return error.message
    told = member(said, "id") == part.group and isinstance(member(said, "members"), list)
    return _missing(part, said) if told else None


def _missing(part: Move, group: Json) -> str:
    """
    Return that not everybody has moved; empty where everybody has.
    """
    members = set(members_of(group))
    if members.issuperset(part.join) and members.isdisjoint(part.leave):
        return ""
    return f"{_ONE}the server did not move everybody in group {part.group}"
