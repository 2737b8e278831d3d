"""
Who is in which group, however a directory says it: by DN, by login, by primary group, by the member's own entry.

Groups in groups are resolved: who is in the inner one is in the outer one. A circle is one group by several names.
"""

import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from reconciler.sources.ldap_rows import Person, Team
from reconciler.wire.ldap_names import normal

_SHOWN = 5


class Memberships(Struct, frozen=True, kw_only=True):
    """
    Keys of groups by the key of a user; what is odd, and what keeps it from being the whole.
    """

    groups: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]
    faults: tuple[str, ...]


class _Found(Struct, frozen=True):
    """
    What was found on the way: users' own groups, groups inside groups, members that are neither, and doubts.
    """

    users: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    inner: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    strangers: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def memberships(people: Sequence[Person], teams: Sequence[Team]) -> Memberships:
    """
    Return everybody's groups, those that come through other groups among them.
    """
    found = _Found()
    dns = {one.entry.dn: one.row.key for one in people} | {one.entry.dn: one.row.key for one in teams}
    keys = _Names(dns)
    kinds = {one.row.key for one in teams}
    _from_groups(teams, keys, kinds, found)
    _from_logins(people, teams, found)
    _from_members(people, keys, kinds, found)
    _from_primary(people, teams, found)
    outer = {key: _reached(key, found.inner) for key in kinds}
    whole = {user: {far for group in groups for far in outer[group]} for user, groups in found.users.items()}
    return Memberships(
        groups={user: tuple(sorted(groups)) for user, groups in whole.items()},
        notes=tuple(_notes(teams, found, outer)),
        faults=tuple(found.faults),
    )


class _Names:
    """
    Keys by distinguished names, however these are spelled; most are spelled as the entry itself is.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._spelled: dict[str, str | None] = dict(keys)
        self._normal = {normal(dn): key for dn, key in keys.items()}

    def key(self, dn: str) -> str | None:
        """
        Return the key of the entry of that name; None where it is none of ours, or no name.
        """
        if dn not in self._spelled:
            try:
                self._spelled[dn] = self._normal.get(normal(dn))
            except ValueError:
                self._spelled[dn] = None
        return self._spelled[dn]


def _from_groups(teams: Sequence[Team], keys: _Names, kinds: set[str], found: _Found) -> None:
    """
    Note who is listed by DN; uniqueMember may end in `#` and a bit string (RFC 4517, section 3.3.21).
    """
    for team in teams:
        entry, group = team.entry, team.row.key
        if any(part.next is not None for part in entry.ranges):
            found.faults.append(f"{entry.dn}: only a part of its members was printed")
        unique = (dn.partition("#'")[0] if dn.endswith("'B") else dn for dn in entry.all("uniqueMember"))
        for dn in filter(None, (*entry.all("member"), *unique)):
            key = keys.key(dn)
            if key is None:
                found.strangers.add(dn)
            elif key in kinds:
                found.inner[key].add(group)
            else:
                found.users[key].add(group)


def _from_logins(people: Sequence[Person], teams: Sequence[Team], found: _Found) -> None:
    """
    Note who is listed by login (memberUid), and whose own group a number names (gidNumber): RFC 2307.
    """
    logins: defaultdict[str, set[str]] = defaultdict(set)
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for person in people:
        for login in person.entry.all("uid"):
            logins[login].add(person.row.key)
        for number in person.entry.all("gidNumber"):
            numbers[number].add(person.row.key)
    for team in teams:
        members = {key for number in team.entry.all("gidNumber") for key in numbers.get(number, ())}
        for login in team.entry.all("memberUid"):
            members |= _meant(login, logins.get(login, set()), team, found)
        for key in members:
            found.users[key].add(team.row.key)


def _meant(login: str, known: set[str], team: Team, found: _Found) -> set[str]:
    """
    Return whom a login means, if that is one person; what else it is, is noted.
    """
    if len(known) > 1:
        found.faults.append(f"{team.entry.dn}: its member {login!r} could be each of {len(known)} people")
        return set()
    if not known:
        found.strangers.add(login)
    return known


def _from_members(people: Sequence[Person], keys: _Names, kinds: set[str], found: _Found) -> None:
    """
    Note the groups that a member's own entry names (memberOf), where they are among those read.
    """
    for person in people:
        groups = {keys.key(dn) for dn in person.entry.all("memberOf")} & kinds
        found.users[person.row.key] |= {key for key in groups if key is not None}


def _from_primary(people: Sequence[Person], teams: Sequence[Team], found: _Found) -> None:
    """
    Note the primary group, which Active Directory lists on neither side: its SID ends in the user's primaryGroupID.
    """
    by_sid = {sid: team.row.key for team in teams for sid in team.entry.attributes.get("objectsid", ())}
    for person in people:
        number = person.entry.first("primaryGroupID")
        for sid in person.entry.attributes.get("objectsid", ()):
            if number is not None and number.isdecimal() and int(number) < 2**32:
                group = by_sid.get(sid[:-4] + struct.pack("<I", int(number)))
                found.users[person.row.key] |= {group} if group else set()


def _reached(group: str, inner: Mapping[str, set[str]]) -> set[str]:
    """
    Return the group and all that it is inside of, near and far; a circle is walked once.
    """
    reached, waiting = {group}, [group]
    while waiting:
        for outer in inner.get(waiting.pop(), ()):
            if outer not in reached:
                reached.add(outer)
                waiting.append(outer)
    return reached


def _notes(teams: Sequence[Team], found: _Found, outer: Mapping[str, set[str]]) -> Iterator[str]:
    names = {team.row.key: team.row.name for team in teams}
    circles = sorted({frozenset(one for one in outer[key] if key in outer[one]) for key in names}, key=sorted)
    for circle in circles:
        if len(circle) > 1:
            told = ", ".join(sorted(names[key] for key in circle))
            yield f"groups that contain each other, taken for equal: {told}"
    if found.strangers:
        few = ", ".join(sorted(found.strangers)[:_SHOWN])
        yield f"members that are no people or groups read here, left out: {len(found.strangers)} ({few})"
    dynamic = sorted(team.row.name for team in teams if team.row.dynamic)
    if dynamic:
        yield f"groups whose members a search decides, read as they list them: {', '.join(dynamic)}"
