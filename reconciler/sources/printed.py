"""
A reading, made from the pages that a cloud printed, by what is special about that cloud.

    files -> pages -> proof of completeness
               `----> people, groups, members -> rows

Records that cannot be right are refused, all at once. What is merely missing is named, and makes the reading
incomplete: then nothing may be removed because of it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.export import GroupRow, UserRow
from reconciler.errors import InputError
from reconciler.files.rows import collector_paused
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking
from reconciler.sources import printed_members
from reconciler.sources.printed_accounts import account_of, foreign
from reconciler.sources.printed_files import printed, stamp
from reconciler.sources.printed_members import Held, Member, domain, joined
from reconciler.sources.printed_pages import Kind, Page, Shapes, pages
from reconciler.sources.printed_proof import distinct, prove
from reconciler.sources.printed_records import Found, Record, Wrong, each, unique


def _nothing(*_: object) -> Iterator[str]:
    return iter(())


class Dialect(Struct, frozen=True, kw_only=True):
    """
    What is special about one cloud: the shapes of its lists, and what its records say. Each function raises Wrong.

    `account` returns the account that a record names, `whose` the group that a member's record names, `within` the
    members that a group's own record holds; each None where it says nothing. `gaps` and `notes` tell what only this
    cloud has.
    """

    shapes: Shapes
    user: Callable[[Record], UserRow]
    group: Callable[[Record], GroupRow]
    member: Callable[[Record], Member]
    account: Callable[[Record], str | None] = lambda _: None
    whose: Callable[[Record], str | None] = lambda _: None
    within: Callable[[Record], Sequence[Record] | None] = lambda _: None
    gaps: Callable[[Sequence[Page], Held], Iterator[str]] = _nothing
    notes: Callable[[Sequence[Page], Held], Iterator[str]] = _nothing


def read_printed(paths: Sequence[Path], asking: Asking[Any], dialect: Dialect) -> Reading:
    """
    Return what the files, and the `*.json` files in the folders, say of one account.

    Raises InputError with every fault of every file, SourceError where there is nothing to read or no account,
    UsageError where `fetched_at` is no time.
    """
    with collector_paused():
        saved = printed(
            paths, lambda document, path: pages(document, path, dialect.shapes), fetched_at=asking.fetched_at
        )
        reading = read_pages(saved.pages, dialect, account=asking.account, at=saved.at)
    return replace(reading, notes=(*saved.notes, *reading.notes))


def read_pages(found: Iterable[Page], dialect: Dialect, *, account: str | None, at: datetime) -> Reading:
    """
    Return what the pages say of one account at one moment; raises as `read_printed` does.
    """
    whole = distinct(found)
    held = _held(whole, dialect, account)
    read, unproved = prove(whole)
    kinds = {page.kind for page in whole}
    absent = [f"no {kind} were given" for kind in ("users", "groups") if kind not in kinds]
    faults = sorted({*unproved, *absent, *printed_members.gaps(held), *dialect.gaps(whole, held)})
    groups = joined(held)
    notes = {*printed_members.notes(held), *printed_members.unknown_states(held.users), *dialect.notes(whole, held)}
    return Reading(
        users=tuple(
            replace(row, groups=tuple(sorted(groups.get(key, ())))) for key, row in sorted(held.users.items())
        ),
        groups=tuple(row for _, row in sorted(held.groups.items())),
        account=held.account,
        fetched_at=stamp(at),
        complete=not faults,
        read=read,
        faults=tuple(faults),
        notes=tuple(sorted(notes)),
    )


def _held(whole: Sequence[Page], dialect: Dialect, account: str | None) -> Held:
    """
    Return what the pages hold, all of one account; raises InputError with every record that cannot be right.
    """
    people, wrong_people = each(_of(whole, "users"), lambda record, _: dialect.user(record))
    users, mixed_users = unique(people, key=attrgetter("key"))
    listed, wrong_groups = each(_of(whole, "groups"), lambda record, _: dialect.group(record))
    groups, mixed_groups = unique(listed, key=attrgetter("key"))
    lists, wrong_members = each(_of(whole, "groups", "members"), partial(_membership, dialect=dialect))
    said, _ = each(whole, lambda record, _: dialect.account(record))
    accounts = [Found(one.value, one.page, one.index) for one in said if one.value]
    wrong = (wrong_people, wrong_groups, wrong_members, mixed_users, mixed_groups)
    faults = {*chain(*wrong), *foreign(accounts, account)}
    if faults:
        raise InputError(tuple(faults))
    asked = {page.whose for page in whole if page.whose}
    return Held(
        account=account_of(accounts, account),
        users=users,
        groups=groups,
        domains=frozenset(domain(row.user_name) for row in users.values()),
        members=_by_key(groups, asked, [one.value for one in lists if one.value]),
    )


def _membership(record: Record, page: Page, *, dialect: Dialect) -> tuple[str, tuple[Member, ...]] | None:
    """
    Return a group's key, or what else names it, and the members that a record tells; None: it tells none.
    """
    if page.kind == "groups":
        inside = dialect.within(record)
        return None if inside is None else (dialect.group(record).key, tuple(map(dialect.member, inside)))
    whose = page.whose or dialect.whose(record)
    if not whose:
        raise Wrong("does not say of which group this is a member: name the file members/<group id>.json")
    return whose, (dialect.member(record),)


def _by_key(
    groups: Mapping[str, GroupRow], asked: Iterable[str], lists: Iterable[tuple[str, tuple[Member, ...]]]
) -> dict[str, tuple[Member, ...]]:
    """
    Return the members by the group's key, where the list may be named by the group's e-mail address.
    """
    keys = {row.attributes["email"]: key for key, row in groups.items() if "email" in row.attributes}
    found: dict[str, dict[Member, None]] = defaultdict(dict)
    for whose in asked:
        found[keys.get(whose, whose)].update({})
    for whose, members in lists:
        found[keys.get(whose, whose)].update(dict.fromkeys(members))
    return {key: tuple(members) for key, members in found.items()}


def _of(whole: Iterable[Page], *kinds: Kind) -> Iterator[Page]:
    return (page for page in whole if page.kind in kinds)
