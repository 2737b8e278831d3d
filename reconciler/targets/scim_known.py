"""
What is known of a server since it was last read: who is in which group, and whom to read before a write.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.core.model import Fields, Kind, Live
from reconciler.targets.scim_convert import live, plain, tag_of, version
from reconciler.targets.scim_paths import Json, Place, member


class Known:
    """
    Memberships, groups by id, and odd people: those whose lists hold more than our fields say.

    `roles` are the names of groups that express a role: to be in one is an element of the field `roles`.
    """

    def __init__(self, places: dict[Kind, dict[str, Place]], *, roles: frozenset[str]) -> None:
        self.places = places
        self.groups: dict[str, str] = {}
        self.within: dict[str, set[str]] = {}
        self.roles = roles
        self._shown = False
        self._made: set[str] = set()
        self._people: dict[str, Live] = {}
        self._plain: set[str] = set()

    def read(self, groups: Iterable[Json]) -> None:
        """
        Take in all groups with their members, and forget what was known before.
        """
        self.groups, self.within, self._people, self._plain, self._made = {}, {}, {}, set(), set()
        self._shown = False
        for one in groups:
            self._shown |= member(one, "members") is not None
            id_ = str(member(one, "id"))
            self.groups[id_] = str(member(one, "displayName"))
            self.moved(id_, members_of(one), ())

    def moved(self, group: str, joined: Iterable[str], left: Iterable[str]) -> None:
        """
        Take in who came into a group and who went.
        """
        for user in joined:
            self.within.setdefault(user, set()).add(group)
        for user in left:
            self.within.get(user, set()).discard(group)

    def made(self, group: str) -> None:
        """
        Take in that a group is new: nobody can be in it yet.
        """
        self._made.add(group)

    def tells(self, group: Json) -> bool:
        """
        Return whether a group, as it was read, tells who is in it: without `members` only where others have them.

        A server may show them to nobody, or only on request (RFC 7643 section 7, `returned`).
        """
        shown = member(group, "members") is not None
        self._shown |= shown
        return shown or self._shown or str(member(group, "id")) in self._made

    def inside(self, group: str) -> set[str]:
        """
        Return who is in a group, as far as is known.
        """
        return {user for user, groups in self.within.items() if group in groups}

    def forget(self, kind: Kind, id_: str) -> None:
        """
        Take in that somebody, or a group, was deleted.
        """
        if kind == "user":
            self.within.pop(id_, None)
            self._people.pop(id_, None)
            return
        self.groups.pop(id_, None)
        for groups in self.within.values():
            groups.discard(id_)

    def live(self, kind: Kind, resource: Json, *, etag: bool) -> Live:
        """
        Return a resource as a live entity, with the groups that are known, and remember it.
        """
        id_ = str(member(resource, "id"))
        tag = tag_of(kind, resource, etag=etag)
        if kind == "group":
            self.groups[id_] = str(member(resource, "displayName"))
            return live(kind, resource, self.places[kind], tag=tag)
        (self._plain.add if plain(resource, self.places[kind]) else self._plain.discard)(id_)
        self._people[id_] = live(kind, resource, self.places[kind], tag=tag)
        return self._told(self._people[id_])

    def has(self, kind: Kind, id_: str) -> bool:
        """
        Return whether somebody, or a group, of that id was read or written before.
        """
        return id_ in (self._people if kind == "user" else self.groups)

    def person(self, id_: str) -> Live | None:
        """
        Return a user as last read or written, in the groups that it is in by now; None where nobody has read it.
        """
        last = self._people.get(id_)
        return last and self._told(last)

    def blind(self, id_: str, fields: Fields) -> bool:
        """
        Return whether these fields of a user can be written without being read first.
        """
        places = self.places["user"]
        return id_ in self._plain or not any(name in places and places[name].several for name in fields)

    def role_moves(self, id_: str, fields: Fields) -> tuple[Fields, set[str], set[str]]:
        """
        Return the fields without roles that are groups here, and the ids of groups to join and to leave for them.
        """
        wanted = fields.get("roles")
        if not self.roles or not isinstance(wanted, tuple | None) or "roles" not in fields:
            return fields, set(), set()
        names = set(wanted or ())
        ids = {group: name for group, name in self.groups.items() if name in self.roles}
        missing = (names & self.roles) - set(ids.values())
        rest = tuple(sorted(names - self.roles))
        kept = {**fields, "roles": rest} if rest or "roles" in self.places["user"] else {**fields}
        if "roles" not in self.places["user"] and not rest:
            kept.pop("roles")
        within = self.within.get(id_, set())
        join = {group for group, name in ids.items() if name in names} | missing
        return kept, join - within, {group for group in ids if group not in join} & within

    def _told(self, last: Live) -> Live:
        """
        Return a user with its groups, those that express a role among its roles.
        """
        within = self.within.get(last.id, set())
        roles = {group for group in within if self.groups.get(group) in self.roles}
        fields = last.fields
        if self.roles:
            own = fields.get("roles") or ()
            names = {self.groups[group] for group in roles}.union(own if isinstance(own, tuple) else ())
            fields = {**fields, "roles": tuple(sorted(names))}
        told = version(last.version, within)
        return replace(last, groups=tuple(sorted(within - roles)), fields=fields, version=told)


def members_of(group: Json) -> list[str]:
    """
    Return the ids of the people in a group; a group in it is no person.
    """
    members = member(group, "members")
    return [
        str(member(one, "value"))
        for one in (members if isinstance(members, list) else ())
        if member(one, "value") and str(member(one, "type") or "User").lower() == "user"
    ]
