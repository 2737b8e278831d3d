"""
A few rows of an export and of a ledger, each from the one file that holds it; an index of names says which.

A file of the export must still be what it was when the index was made of it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Self

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.directory import names_in_export, names_in_ledger
from reconciler.core.export import Manifest, Placed, PlacedGroup
from reconciler.core.ledger import Head, Ledger, LedgerRow
from reconciler.core.model import Kind
from reconciler.core.near import Ask, Near, forms
from reconciler.errors import InputError
from reconciler.files.exports import GROUPS, USERS, ExportRow, places
from reconciler.files.ledger import ROWS, Read, open_ledger
from reconciler.files.manifest import content_of
from reconciler.files.names import Names
from reconciler.files.rows import Form, decode
from reconciler.files.shards import depth_for, digits_of, key_hashes, misplaced, path_of, shard_path

SIDES: dict[Kind, str] = {"user": "users", "group": "groups"}


class DoubtError(Exception):
    """
    The index does not fit what is there: everything is read, and the index made anew.
    """


class FewExport(Struct, frozen=True, kw_only=True):
    """
    An export of which only those files are read that an ask leads to.
    """

    folder: Path
    manifest: Manifest
    names: Names
    people: dict[str, list[Placed]] = field(default_factory=dict)
    teams: dict[str, list[PlacedGroup]] = field(default_factory=dict)

    def look(self, asks: frozenset[Ask]) -> Near:
        """
        Return the rows to which any of these leads. Raises DoubtError where a file is not what the index knows.
        """
        users, groups = _wanted("user", asks, "name"), _wanted("group", asks, "name")
        people = (one for path in self._paths("user", asks) for one in self._people(path))
        teams = (one for path in self._paths("group", asks) for one in self._groups(path))
        return Near(
            users={
                one.row.key: one
                for one in people
                if users.has(one.row.key, names_in_export(one.row)) or not users.within.isdisjoint(one.row.groups)
            },
            groups={one.row.key: one for one in teams if groups.has(one.row.key, names_in_export(one.row))},
        )

    def _paths(self, kind: Kind, asks: frozenset[Ask]) -> set[str]:
        depth = self.manifest.depth if kind == "user" else self.manifest.groups_depth
        keys = {text for its, how, text in asks if (its, how) == (kind, "key")}
        places = self.names.places(ask for ask in asks if ask[0] == kind and ask[1] in {"name", "within"})
        return _files(kind, places, depth) | {shard_path(SIDES[kind], key, depth) for key in keys}

    def _people(self, path: str) -> list[Placed]:
        if path not in self.people:
            self.people[path] = list(map(Placed, self._rows(path, USERS), places(f"{self.folder}/{path}")))
        return self.people[path]

    def _groups(self, path: str) -> list[PlacedGroup]:
        if path not in self.teams:
            self.teams[path] = list(map(PlacedGroup, self._rows(path, GROUPS), places(f"{self.folder}/{path}")))
        return self.teams[path]

    def _rows(self, path: str, form: Form[ExportRow]) -> list[ExportRow]:
        """
        Return the rows of a file that is what it was when the export was proved; of one that was not there, none.
        """
        known = self.names.digest(f"export/{path}")
        if known is None:
            return []
        try:
            content = content_of(f"{self.folder}/{path}")
        except InputError as error:
            raise DoubtError from error
        if hashlib.sha256(content).digest() != known:
            raise DoubtError
        return decode(content, form, path)


class FewLedger(Struct, frozen=True, kw_only=True):
    """
    A ledger of which only those files are read that an ask leads to; `near` are the rows that a run is about.

    `counts` are how many rows it has by kind.
    """

    head: Head
    files: Read
    names: Names
    counts: dict[Kind, int]
    near: Near = Near()
    read: dict[str, list[LedgerRow]] = field(default_factory=dict)

    digits: ClassVar[int] = 0

    @property
    def groups(self) -> dict[str, LedgerRow]:
        """
        Return the rows of the groups that the run is about.
        """
        return self.near.group_rows

    def shards(self) -> Iterator[tuple[str, Mapping[str, LedgerRow]]]:
        """
        Yield the people whom the run is about.
        """
        yield "", self.near.user_rows

    def about(self, near: Near) -> Self:
        """
        Return the same, once it is known whom a run is about.
        """
        return replace(self, near=near)

    def whole(self) -> Ledger:
        """
        Return the ledger with everybody in it.
        """
        return open_ledger(self.files, (), target=self.head.target).whole()

    def look(self, asks: frozenset[Ask]) -> Near:
        """
        Return the rows to which any of these leads. Raises DoubtError where a file cannot be right.
        """
        paths = {kind: self._paths(kind, asks) for kind in SIDES}
        self._load(path for some in paths.values() for path in some)
        users, groups = (dict(self._asked(kind, some, asks)) for kind, some in paths.items())
        return Near(user_rows=users, group_rows=groups)

    def _asked(self, kind: Kind, paths: Iterable[str], asks: frozenset[Ask]) -> Iterator[tuple[str, LedgerRow]]:
        wanted = _wanted(kind, asks, "recorded")
        for row in (row for path in paths for row in self.read[path]):
            linked = not wanted.links.isdisjoint((row.link, *row.tombstones))
            if linked or wanted.has(row.key, names_in_ledger(row)):
                yield row.key, row

    def beside(self, users: Iterable[str], groups: Iterable[str]) -> tuple[Ledger, tuple[int, int]]:
        """
        Return of the ledger all rows that share a file with these keys, and how many others there are.

        Where so many change that the files may be divided otherwise, it is the whole ledger, and no others.
        """
        keys: dict[Kind, list[str]] = {"user": list(users), "group": list(groups)}
        for kind, changed in keys.items():
            depth, count = self._depth(kind), self.counts[kind]
            if any(depth_for(count + step, depth) != depth for step in (-len(changed), 0, len(changed))):
                return self.whole(), (0, 0)
        paths = {kind: {shard_path(SIDES[kind], key, self._depth(kind)) for key in keys[kind]} for kind in keys}
        self._load(path for some in paths.values() for path in some)
        rows = {kind: {row.key: row for path in some for row in self.read[path]} for kind, some in paths.items()}
        others = self.counts["user"] - len(rows["user"]), self.counts["group"] - len(rows["group"])
        return Ledger(self.head, rows["user"], rows["group"]), others

    def later(self, ledger: Ledger, others: tuple[int, int], files: Read) -> Self:
        """
        Return the same after a commit: `ledger` has all rows but `others`, `files` reads what was committed.
        """
        counts: dict[Kind, int] = {"user": others[0] + len(ledger.users), "group": others[1] + len(ledger.groups)}
        return replace(self, head=ledger.head, files=files, counts=counts, read={})

    def _paths(self, kind: Kind, asks: frozenset[Ask]) -> set[str]:
        keys = {text for its, how, text in asks if (its, how) == (kind, "key")}
        places = self.names.places(ask for ask in asks if ask[0] == kind and ask[1] in {"link", "recorded"})
        depth = self._depth(kind)
        return _files(kind, places, depth) | {shard_path(SIDES[kind], key, depth) for key in keys}

    def _depth(self, kind: Kind) -> int:
        return self.head.depth if kind == "user" else self.head.groups_depth

    def _load(self, paths: Iterable[str]) -> None:
        new = sorted(set(paths) - self.read.keys())
        self.read.update({path: [] for path in new})
        self.read.update({path: sound_rows(path, content) for path, content in (self.files(*new) if new else ())})


def sound_rows(path: str, content: bytes) -> list[LedgerRow]:
    """
    Return the rows of one file of a ledger; raises DoubtError where they are not written as they should be.
    """
    try:
        rows = decode(content, ROWS, path)
    except InputError as error:
        raise DoubtError from error
    if misplaced(rows, key_hashes(rows), path, shard=path):
        raise DoubtError
    return rows


class _Wanted(Struct, frozen=True):
    """
    What is asked for of one kind: keys, names in all their forms, links, keys of groups.
    """

    keys: frozenset[str]
    names: frozenset[str]
    links: frozenset[str]
    within: frozenset[str]

    def has(self, key: str, names: Iterable[str]) -> bool:
        """
        Return whether somebody is asked for by key or by a name.
        """
        return key in self.keys or any(not self.names.isdisjoint(forms(name)) for name in names)


def _wanted(kind: Kind, asks: frozenset[Ask], naming: str) -> _Wanted:
    return _Wanted(
        keys=frozenset(text for its, how, text in asks if (its, how) == (kind, "key")),
        names=frozenset(form for its, how, text in asks if (its, how) == (kind, naming) for form in forms(text)),
        links=frozenset(text for its, how, text in asks if (its, how) == (kind, "link")),
        within=frozenset(text for its, how, text in asks if (its, how) == (kind, "within")),
    )


def _files(kind: Kind, places: Iterable[str], depth: int) -> set[str]:
    return {path_of(SIDES[kind], place[: digits_of(depth)]) for place in places}
