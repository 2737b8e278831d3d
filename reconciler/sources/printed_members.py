"""
Who is in which group, once groups within groups are followed, and which members nobody knows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.core.export import GroupRow, UserRow
from reconciler.sources.rawjson import shown

PERSON, GROUP, EVERYBODY, UNKNOWN = "person", "group", "everybody", "unknown"
"""What a member may be; any other word names what is neither a person nor a group."""


class Member(Struct, frozen=True, kw_only=True):
    """
    One member. `sort` is what it is, empty where the cloud does not say.

    `address` is the e-mail address of one who may be of another organisation; empty where that cannot be.
    """

    key: str
    sort: str = ""
    address: str = ""


class Held(Struct, frozen=True, kw_only=True):
    """
    People and groups by key without memberships, and the members of each group of which they were given.

    `domains` are those of the people's user names.
    """

    account: str
    users: dict[str, UserRow]
    groups: dict[str, GroupRow]
    members: dict[str, tuple[Member, ...]]
    domains: frozenset[str]

    def sort(self, member: Member) -> str:
        """
        Return what a member is; where the cloud does not say, what is known under its key.
        """
        if member.sort:
            return member.sort
        return PERSON if member.key in self.users else GROUP if member.key in self.groups else UNKNOWN

    def outside(self, member: Member) -> bool:
        """
        Return whether a member's address is of a domain that nobody here has.
        """
        return bool(member.address) and domain(member.address) not in self.domains


def joined(held: Held) -> dict[str, set[str]]:
    """
    Return the groups that each person is in, directly or through other groups.
    """
    direct = {group: set(_people(held, members)) for group, members in held.members.items()}
    inner = _inner(held)
    found: dict[str, set[str]] = defaultdict(set)
    for group in held.groups:
        for within in {group, *reached(group, inner)}:
            for person in direct.get(within, ()):
                found[person].add(group)
    return found


def gaps(held: Held) -> Iterator[str]:
    """
    Yield each group whose members are not known, and each member whom nobody knows.
    """
    for key in sorted(held.groups.keys() - held.members.keys()):
        yield f"members of {_named(held, key)} were not given"
    for key in sorted(held.members.keys() - held.groups.keys()):
        yield f"members of {shown(key)} were given, which is not among the groups"
    for group, members in sorted(held.members.items()):
        for one in members:
            if not _known(held, one) and not held.outside(one):
                yield f"{shown(one.key)} is a member of {_named(held, group)}, and not among the users and groups"


def _known(held: Held, member: Member) -> bool:
    """
    Return whether a person or group is among those that were given; what is neither need not be.
    """
    sort = held.sort(member)
    if sort == PERSON:
        return member.key in held.users
    return member.key in held.groups if sort == GROUP else sort != UNKNOWN


def notes(held: Held) -> Iterator[str]:
    """
    Yield which members were left out on purpose, and which groups contain themselves.
    """
    told = {one for members in held.members.values() for one in members}
    sorts = Counter(sort for sort in map(held.sort, told) if sort not in {PERSON, GROUP, EVERYBODY, UNKNOWN})
    for sort, number in sorted(sorts.items()):
        yield f"members that are no people ({shown(sort)}), left out: {number}"
    outside = {one.address for one in told if not _known(held, one) and held.outside(one)}
    if outside:
        yield f"members of other organisations, left out: {len(outside)}"
    inner = _inner(held)
    circles = sorted(group for group in inner if group in reached(group, inner))
    if circles:
        yield f"groups that are members of themselves, through each other: {', '.join(map(shown, circles))}"


def unknown_states(users: Mapping[str, UserRow]) -> Iterator[str]:
    """
    Yield how many people are in each state that is not known, and so are neither created nor changed.
    """
    states = Counter(row.source_state for row in users.values() if row.state == "unknown")
    for state, number in sorted(states.items()):
        label = f"the state {shown(state)}, which is not known" if state else "no state"
        yield f"people with {label}, who are neither created nor changed: {number}"


def domain(address: str) -> str:
    """
    Return the domain of an address, folded; the whole where it has none.
    """
    return address.rpartition("@")[2].casefold()


def reached(group: str, inner: Mapping[str, Sequence[str]]) -> set[str]:
    """
    Return the groups within a group, at any depth; itself among them where groups go round in a circle.
    """
    found: set[str] = set()
    waiting = list(inner.get(group, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += inner.get(one, ())
    return found


def _inner(held: Held) -> dict[str, list[str]]:
    """
    Return the groups that are direct members of each group which has any.
    """
    within = {
        group: [one.key for one in members if held.sort(one) == GROUP] for group, members in held.members.items()
    }
    return {group: keys for group, keys in within.items() if keys}


def _people(held: Held, members: Iterable[Member]) -> Iterator[str]:
    for one in members:
        sort = held.sort(one)
        if sort == EVERYBODY:
            yield from held.users
        elif sort == PERSON and one.key in held.users:
            yield one.key


def _named(held: Held, key: str) -> str:
    """
    Return a group by key and, where it is known, name.
    """
    row = held.groups.get(key)
    return f"{shown(key)} ({shown(row.name)})" if row else shown(key)
