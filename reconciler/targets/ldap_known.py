"""
What is known of a directory's people and groups: who is which entry, and how groups are read and named.
"""

from collections.abc import Iterable, Sequence

from reconciler.core.model import Catalogue, Kind, Live, Snapshot
from reconciler.errors import WireError
from reconciler.files.rows import collector_paused
from reconciler.targets.ldap_convert import NAMES, asked, live, place, said
from reconciler.targets.ldap_settings import LdapSettings
from reconciler.wire.ldap import Directory, Found
from reconciler.wire.ldap_entry import Entry
from reconciler.wire.ldap_names import asserted, normal

AT_ONCE = 100
"""Entries that one search asks for by their ids."""
FEW = 20
"""People whose groups are asked for one by one."""


class Known:
    """
    A directory, and its groups as they were read last: id -> (dn, name); `members` are the ids of whom lists whom.

    `roles` names groups that express a role; `people` is how many there were, and were made by us.
    """

    def __init__(self, directory: Directory, settings: LdapSettings, roles: frozenset[str]) -> None:
        self.directory = directory
        self.settings = settings
        self.roles = roles
        self.groups: dict[str, tuple[str, str]] = {}
        self.members: dict[str, set[str]] = {}
        self._normal: dict[str, str] = {}
        self.people = 0

    def snapshot(self) -> Snapshot:
        """
        Return everybody with their groups; groups that express a role are not among those.
        """
        with collector_paused():
            self.groups, self._normal = {}, {}
            found, members = self._members()
            self.members = members
            people = self.every("user")
            users = [self.person(one, members.get(self._spelled(self.member(one)), ())) for one in people.entries]
            groups = [self.team(one) for one in found.entries if self.name_of(one) not in self.roles]
        self.people = len(users)
        problem = "; ".join((*found.faults, *people.faults, *_elsewhere(found, people)))
        return Snapshot(
            users=tuple(sorted(users, key=_id)),
            groups=tuple(sorted(groups, key=_id)),
            catalogue=Catalogue(),
            complete=not problem,
            problem=problem,
        )

    def every(self, kind: Kind, *more: str) -> Found:
        """
        Return all entries of a kind, with what they are made of and these attributes.
        """
        classes = place(self.settings, kind).object_classes
        return self._search(kind, f"(objectClass={classes[0]})", [*asked(self.settings, kind), *more])

    def by_id(self, kind: Kind, ids: Sequence[str]) -> dict[str, Entry]:
        """
        Return those of the entries that are there, by id: asked for by their ids, or all where they are most.
        """
        if len(ids) > AT_ONCE and len(ids) * 2 > (self.people if kind == "user" else len(self.groups)):
            everybody = self.every(kind)
            _refuse_part(everybody)
            there = {entry.first(self.settings.id) or "": entry for entry in everybody.entries}
            return {id_: there[id_] for id_ in ids if id_ in there}
        found: dict[str, Entry] = {}
        for start in range(0, len(ids), AT_ONCE):
            wanted = "".join(f"({self.settings.id}={asserted(id_)})" for id_ in ids[start : start + AT_ONCE])
            for entry in self._search(kind, f"(|{wanted})", asked(self.settings, kind)).entries:
                found[entry.first(self.settings.id) or ""] = entry
        return found

    def by_dn(self, kind: Kind, names: Sequence[str]) -> dict[str, Entry]:
        """
        Return the entries that bear these names, by DN as it is compared: below one base, a name can be several's.
        """
        attribute = place(self.settings, kind).fields[NAMES[kind]]
        found: dict[str, Entry] = {}
        for start in range(0, len(names), AT_ONCE):
            wanted = "".join(f"({attribute}={asserted(name)})" for name in names[start : start + AT_ONCE])
            for entry in self._search(kind, f"(|{wanted})", asked(self.settings, kind)).entries:
                found[normal(entry.dn)] = entry
        return found

    def groups_of_each(self, entries: Sequence[Entry]) -> list[set[str]]:
        """
        Return the ids of the groups of each of these people: asked one by one while they are few, else all at once.
        """
        if len(entries) <= FEW:
            return [self.groups_of(self.member(one)) for one in entries]
        found, members = self._members()
        _refuse_part(found)
        return [set(members.get(self._spelled(self.member(one)), ())) for one in entries]

    def groups_of(self, member: str) -> set[str]:
        """
        Return the ids of the groups that list somebody, without their members.
        """
        wanted = f"({self.settings.groups.member}={asserted(member)})"
        found = self._search("group", wanted, asked(self.settings, "group"))
        for entry in found.entries:
            self.note(entry)
        return {entry.first(self.settings.id) or "" for entry in found.entries}

    def newcomers(self, group: str) -> list[str]:
        """
        Return who is in a group now and was not when it was read last, nor was put into it by us.
        """
        attribute = self.settings.groups.member
        found = self._search("group", f"({self.settings.id}={asserted(group)})", [attribute]).entries
        there = [
            one
            for entry in found
            for one in entry.all(attribute)
            if one not in {"", self.settings.groups.placeholder}
        ]
        return [one for one in there if group not in self.members.get(self._spelled(one), ())]

    def joined(self, member: str, group: str) -> None:
        """
        Remember that we put somebody into a group.
        """
        self.members.setdefault(self._spelled(member), set()).add(group)

    def note(self, entry: Entry) -> None:
        """
        Remember where a group is and what it is called.
        """
        self.groups[entry.first(self.settings.id) or ""] = (entry.dn, self.name_of(entry))

    def person(self, entry: Entry, groups: Iterable[str]) -> Live:
        """
        Return a user with these groups, those that express a role as roles.
        """
        named = {id_: self.groups[id_][1] for id_ in groups}
        plain = [id_ for id_, name in named.items() if name not in self.roles]
        roles = [name for name in named.values() if name in self.roles]
        return live(entry, self.settings, "user", groups=plain, roles=roles)

    def team(self, entry: Entry) -> Live:
        """
        Return a group.
        """
        return live(entry, self.settings, "group", groups=(), roles=())

    def member(self, entry: Entry) -> str:
        """
        Return what groups list somebody by: the name of the entry, or the login where members are `memberUid`.
        """
        if self.settings.groups.member.lower() == "memberuid":
            return said(entry, self.settings.users.fields["user_name"]) or ""
        return entry.dn

    def name_of(self, entry: Entry) -> str:
        """
        Return what a group is called.
        """
        return said(entry, self.settings.groups.fields["name"]) or ""

    def _members(self) -> tuple[Found, dict[str, set[str]]]:
        """
        Return all groups, and the ids of those that list somebody, by how they are compared.
        """
        found = self.every("group", self.settings.groups.member)
        members: dict[str, set[str]] = {}
        for entry in found.entries:
            self.note(entry)
            for member in entry.all(self.settings.groups.member):
                members.setdefault(self._spelled(member), set()).add(entry.first(self.settings.id) or "")
        return found, members

    def _spelled(self, member: str) -> str:
        """
        Return how a member is compared; most are spelled alike in all their groups.
        """
        if member not in self._normal:
            by_login = self.settings.groups.member.lower() == "memberuid"
            try:
                self._normal[member] = member if by_login else normal(member)
            except ValueError:
                self._normal[member] = member
        return self._normal[member]

    def _search(self, kind: Kind, filter_: str, attributes: Sequence[str]) -> Found:
        base = place(self.settings, kind).base
        return self.directory.search(base, filter_, attributes, page=self.settings.page)


def _refuse_part(found: Found) -> None:
    """
    Raise WireError for a reading that was cut short: who is missing in it might be there.
    """
    if found.faults:
        raise WireError("; ".join(found.faults), hint="let the reconciler's account read everything")


def _elsewhere(*found: Found) -> list[str]:
    uris = sorted({uri for one in found for uri in one.referrals})
    return [f"a part of the directory that another server has, not read: {uri}" for uri in uris]


def _id(one: Live) -> str:
    return one.id
