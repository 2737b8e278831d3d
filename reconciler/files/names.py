"""
An index of names: where in an export, or in a ledger, the rows are to which a name, a link or a group leads.

It lies under `.reconciler/`, is made when it is missing, follows what has changed, and is thrown away on any doubt.
It holds 32 bits of each name and says where to look, never what is there: what two names share, or what led there
once, costs a look.
"""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import msgspec
from msgspec import Struct

from reconciler.core.directory import names_in_export
from reconciler.core.export import GroupRow, UserRow
from reconciler.core.memory import Note
from reconciler.core.model import Kind
from reconciler.core.near import Ask, forms
from reconciler.effects import effect
from reconciler.files.atomic import make_folder

VERSION: Final = "2"
PLACES: Final = 16
"""Bits of a place: the four hex digits that the hashes of a file's keys begin with."""

_TABLES = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    """
    CREATE TABLE files (path TEXT PRIMARY KEY, side TEXT, rows INTEGER, digest BLOB, joined INTEGER, ranks BLOB)
    WITHOUT ROWID""",
    "CREATE INDEX files_by_side ON files (side, rows)",
    "CREATE TABLE entries (entry INTEGER PRIMARY KEY)",
)
_FOUND = "SELECT entry FROM entries WHERE entry BETWEEN ? AND ?"
_BATCH = 500_000
_BETWEEN = "\0"
_LAST = (1 << PLACES) - 1

_TAGS = {
    ("user", "name"): 1,
    ("user", "recorded"): 1,
    ("user", "link"): 2,
    ("user", "within"): 3,
    ("group", "name"): 4,
    ("group", "recorded"): 4,
    ("group", "link"): 5,
}
"""Where the sum over each kind of name begins; the names of export and ledger are mostly the same ones."""


class File(Struct, frozen=True, kw_only=True):
    """
    What the index knows of one file: how many rows of which side it has, its digest, how its rows are passed over.
    """

    side: str
    rows: int
    digest: bytes
    note: Note | None = None


class _Mail(Struct, frozen=True, gc=False):
    email: Any = None


class _Last(Struct, frozen=True, gc=False):
    fields: _Mail = _Mail()


class _Names(Struct, frozen=True, gc=False):
    present: str = ""
    previous: tuple[str, ...] = ()


class _Known(Struct, frozen=True, gc=False):
    """
    Of a row of the ledger what it is found by; the rest is not decoded.
    """

    key: str
    link: str | None = None
    names: _Names = _Names()
    last: _Last = _Last()
    tombstones: tuple[str, ...] = ()


_KNOWN = msgspec.json.Decoder(_Known)


class Names:
    """
    One target's index, open. What it is of is told by `fact`: the export's digest, the ledger's commit.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        with effect("open", path):
            self._driver = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        self._driver.execute("PRAGMA synchronous = OFF")
        self._driver.execute("PRAGMA cache_size = -65536")
        self._new = array("q")

    def fact(self, name: str) -> str:
        """
        Return what the index says of itself; empty where it says nothing, or is none.
        """
        with suppress(sqlite3.Error):
            for (value,) in self._driver.execute("SELECT value FROM facts WHERE name = ?", (name,)):
                return str(value)
        return ""

    @contextmanager
    def rewritten(self) -> Iterator[None]:
        """
        Give the time in which the index is made anew, or brought up to date; all of it counts, or nothing.
        """
        self._driver.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._driver.execute("ROLLBACK")
            raise
        self._driver.execute("COMMIT")

    def begin(self) -> None:
        """
        Forget everything.
        """
        for (table,) in self._driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self._driver.execute(f"DROP TABLE {table}")
        for statement in _TABLES:
            self._driver.execute(statement)

    def end(self, **facts: str) -> None:
        """
        Say what the index is of, once everything is in it.
        """
        self._flush()
        self._driver.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def add(self, path: str, file: File, marks: Iterable[int]) -> None:
        """
        Take in one file, or take it in again: what leads to its rows. What led there before leads there still.
        """
        note = (file.note.memberships, file.note.order) if file.note else (None, None)
        row = (path, file.side, file.rows, file.digest, *note)
        self._driver.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", row)
        place = int(digits_in(path).ljust(4, "0"), 16)
        self._new.extend({mark << PLACES | place for mark in marks})
        if len(self._new) > _BATCH:
            self._flush()

    def _flush(self) -> None:
        """
        Write what has been taken in; in order, which is many times faster than otherwise.
        """
        self._driver.executemany("INSERT OR IGNORE INTO entries VALUES (?)", zip(sorted(self._new), strict=True))
        del self._new[:]

    def drop(self, path: str) -> None:
        """
        Forget a file that is gone.
        """
        self._driver.execute("DELETE FROM files WHERE path = ?", (path,))

    def places(self, asks: Iterable[Ask]) -> set[str]:
        """
        Return the digits of the places to which any of these leads, in whatever form it is written.
        """
        marks = {crc32(form.encode(), _TAGS[kind, how]) for kind, how, text in asks for form in _forms(how, text)}
        found = (
            entry
            for mark in sorted(marks)
            for (entry,) in self._driver.execute(_FOUND, (mark << PLACES, mark << PLACES | _LAST))
        )
        return {f"{entry & _LAST:04x}" for entry in found}

    def digest(self, path: str) -> bytes | None:
        """
        Return the digest that a file had when the index was made; None where there was none.
        """
        row = self._driver.execute("SELECT digest FROM files WHERE path = ?", (path,)).fetchone()
        return row[0] if row else None

    def files(self, side: str) -> dict[str, File]:
        """
        Return what is known of the files of one side.
        """
        query = "SELECT path, rows, digest, joined, ranks FROM files WHERE side = ?"
        return {
            path: File(side=side, rows=rows, digest=digest, note=None if ranks is None else Note(ranks, joined))
            for path, rows, digest, joined, ranks in self._driver.execute(query, (side,))
        }

    def counts(self, side: str) -> dict[Kind, int]:
        """
        Return how many rows the files of one side hold, by kind.
        """
        query = "SELECT coalesce(sum(rows), 0) FROM files WHERE side = ?"
        kinds: tuple[Kind, ...] = ("user", "group")
        return {kind: int(self._driver.execute(query, (f"{side} {kind}",)).fetchone()[0]) for kind in kinds}

    def close(self) -> None:
        """
        Give back the file.
        """
        self._driver.close()


def index_path(folder: Path, target: str) -> Path:
    """
    Return where the index of `target` lies; `folder` is the one that holds `.reconciler`.
    """
    return folder / ".reconciler" / "names" / f"{target}.db"


def digits_in(path: str) -> str:
    """
    Return the hex digits that the hashes of a file's keys begin with: `abc` of `export/users/ab/c.jsonl`.
    """
    return "".join(path.removesuffix(".jsonl").split("/")[2:])


def _forms(how: str, text: str) -> frozenset[str]:
    return forms(text) if how in {"name", "recorded"} else frozenset((text,))


def _marks(kind: Kind, names: Iterable[str]) -> Iterator[int]:
    """
    Return a mark of every form of each name; plain ones are folded all at once.
    """
    plain, others = set[str](), set[str]()
    for name in names:
        (plain if name.isascii() and _BETWEEN not in name else others).add(name)
    told = set(_BETWEEN.join(plain).lower().split(_BETWEEN)) if plain else set[str]()
    told.update(map(str.strip, tuple(told)), (form for name in others for form in forms(name)))
    tag = _TAGS[kind, "name"]
    return (crc32(form.encode(), tag) for form in told)


def of_export(kind: Kind, rows: Iterable[UserRow | GroupRow]) -> Iterator[int]:
    """
    Yield a mark of everything by which rows of an export are asked for, but their keys: these tell the file.
    """
    return _marks(kind, (name for row in rows for name in names_in_export(row)))


def of_members(rows: Iterable[UserRow]) -> Iterator[int]:
    """
    Yield a mark of every group that people of an export are in.
    """
    tag = _TAGS["user", "within"]
    return (crc32(key.encode(), tag) for key in {key for row in rows for key in row.groups})


def of_ledger(kind: Kind, content: bytes) -> tuple[int, Iterator[int]]:
    """
    Return how many rows a file of a ledger has, and a mark of everything by which they are asked for.

    It need be decoded no further; raises msgspec.DecodeError where it cannot be.
    """
    rows, tag = _KNOWN.decode_lines(content), _TAGS[kind, "link"]
    links = (link for row in rows for link in (row.link, *row.tombstones) if link)
    names = (name for row in rows for name in _names_of(row))
    marks = (crc32(link.encode(), tag) for link in links)
    return len(rows), (mark for found in (marks, _marks(kind, names)) for mark in found)


def _names_of(row: _Known) -> Iterator[str]:
    yield row.key
    yield from filter(None, (row.names.present, *row.names.previous, str(row.last.fields.email or "")))
