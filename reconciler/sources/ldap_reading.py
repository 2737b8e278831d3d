"""
What was gathered of a directory, as one reading: rows with their groups, and all that keeps it from being whole.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.export import Collection, GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.sources.ldap_members import memberships
from reconciler.sources.ldap_rows import Person, Team, people, teams
from reconciler.sources.ldap_settings import Settings
from reconciler.wire.ldap_entry import Entry

One = TypeVar("One", Person, Team)


class Gathered(Struct, frozen=True, kw_only=True):
    """
    The entries of people and of groups, of which directory and when, in how many pages, and what was odd.
    """

    persons: Sequence[Entry]
    groups: Sequence[Entry]
    account: str
    at: str
    pages: tuple[int, int]
    faults: Sequence[str]
    notes: Sequence[str]


def reading(gathered: Gathered, settings: Settings) -> Reading:
    """
    Return entries as rows with their groups, sorted by key.
    """
    faults, notes = list(gathered.faults), list(gathered.notes)
    known = _once(people(gathered.persons, settings, faults), faults)
    bodies = _once(teams(gathered.groups, settings, faults), faults)
    members = memberships(known, bodies)
    users = [replace(one.row, groups=members.groups.get(one.row.key, ())) for one in known]
    unknown = sum(row.state == "unknown" for row in users)
    if unknown:
        notes.append(f"people of whom nothing says whether they may log in, left alone: {unknown}")
    if not gathered.persons:
        faults.append("there are no people in it")
    faults += members.faults
    return Reading(
        users=tuple(sorted(users, key=_key)),
        groups=tuple(sorted((one.row for one in bodies), key=_key)),
        account=gathered.account,
        fetched_at=gathered.at,
        complete=not faults,
        read={
            "users": Collection(rows=len(gathered.persons), pages=gathered.pages[0]),
            "groups": Collection(rows=len(gathered.groups), pages=gathered.pages[1]),
        },
        faults=tuple(sorted(set(faults))),
        notes=tuple(sorted({*notes, *members.notes})),
    )


def _once(found: Sequence[One], faults: list[str]) -> list[One]:
    """
    Return those whose key is theirs alone; the others are noted.
    """
    keys = Counter(one.row.key for one in found)
    faults += sorted(f"several entries bear the key {key!r}" for key, number in keys.items() if number > 1)
    return [one for one in found if keys[one.row.key] == 1]


def _key(row: UserRow | GroupRow) -> str:
    return row.key
