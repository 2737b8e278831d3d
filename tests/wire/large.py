"""
Ten thousand people and a thousand groups, some inside each other, and what everybody is in, as arithmetic.

Groups come in chains of ten: each of the first five contains the next; in the first chain, the fifth the first.
"""

from collections.abc import Iterator, Sequence

from reconciler.core.export import GroupRow, UserRow
from tests.systems.office import person, team
from tests.wire.slapd import BASE

PEOPLE = 10_000
GROUPS = 1_000
_CHAIN = 10
_DEEP = 5
_EACH = 10
POLICY = """\
version: 1
users:
  rename: update
  foreign: take
  lifecycle: {new: create, existing: adopt, local: ignore, missing: deactivate, returned: activate}
  fields: {user_name: source, email: source}
groups:
  membership: exact
  lifecycle: {existing: adopt, missing: keep, renamed: update, returned: keep}
"""
"""For people and groups that others made; a target that has more fields adds what becomes of them."""


def direct(number: int) -> list[int]:
    """
    Return the groups that list somebody.
    """
    return sorted({(number * 7 + step * 13) % GROUPS for step in range(_EACH)})


def inner(group: int) -> int | None:
    """
    Return the group that a group contains; None without any.
    """
    chain, place = divmod(group, _CHAIN)
    if place < _DEEP - 1:
        return group + 1
    return 0 if (chain, place) == (0, _DEEP - 1) else None


def outer(group: int) -> list[int]:
    """
    Return the group and those that it is inside of, near and far.
    """
    chain, place = divmod(group, _CHAIN)
    if place >= _DEEP:
        return [group]
    return [chain * _CHAIN + one for one in range(_DEEP if chain == 0 else place + 1)]


def resolved(number: int) -> list[int]:
    """
    Return all groups that somebody is in, near and far.
    """
    return sorted({far for near in direct(number) for far in outer(near)})


def people(groups_of: dict[int, list[int]]) -> list[UserRow]:
    """
    Return everybody as rows, in these groups.
    """
    return [
        person(name(number), email=f"{name(number)}@example.org", groups=tuple(team_name(one) for one in groups))
        for number, groups in groups_of.items()
    ]


def teams() -> Sequence[GroupRow]:
    """
    Return all groups as rows.
    """
    return [team(team_name(number)) for number in range(GROUPS)]


def name(number: int) -> str:
    """
    Return what somebody is called.
    """
    return f"u{number:05}"


def team_name(number: int) -> str:
    """
    Return what a group is called.
    """
    return f"g{number:04}"


def ldif() -> Iterator[str]:
    """
    Yield everybody and every group as LDIF; our keys stand where a target keeps them.
    """
    members: dict[int, list[int]] = {group: [] for group in range(GROUPS)}
    for number in range(PEOPLE):
        called = name(number)
        for group in direct(number):
            members[group].append(number)
        yield (
            f"dn: uid={called},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {called}\ncn: {called}\nsn: -\n"
            f"mail: {called}@example.org\nemployeeNumber: id-{called}\n"
        )
    for group, numbers in members.items():
        called, within = team_name(group), inner(group)
        listed = [f"uid={name(number)},ou=people,{BASE}" for number in numbers]
        listed += [] if within is None else [f"cn={team_name(within)},ou=groups,{BASE}"]
        entry = f"dn: cn={called},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {called}\n"
        yield f"{entry}businessCategory: id-{called}\n" + "".join(f"member: {one}\n" for one in listed)
