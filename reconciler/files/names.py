"""
An index of names: in which file of an export, or of a ledger, the rows are to which a name or a link leads.

It lies under `.reconciler/`, is made when it is missing, and thrown away on any doubt. It holds hashes, no names,
and says where to look, never what is there: a hash that two names share, or that led somewhere once, costs a look.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from reconciler.core.directory import names_in_export, names_in_ledger
from reconciler.core.export import GroupRow, UserRow
from reconciler.core.ledger import LedgerRow
from reconciler.core.model import Kind
from reconciler.core.near import Ask, forms
from reconciler.effects import effect
from reconciler.files.atomic import make_folder

VERSION: Final = "1"

_TABLES = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "CREATE TABLE files (path TEXT PRIMARY KEY, side TEXT, rows INTEGER, digest BLOB) WITHOUT ROWID",
    "CREATE TABLE places (hash INTEGER, path TEXT)",
)
_INDEX = "CREATE INDEX IF NOT EXISTS places_by_hash ON places (hash, path)"
_FOUND = "SELECT DISTINCT path FROM places WHERE hash IN ({})"
_KNOWN = "SELECT hash FROM places WHERE hash IN ({}) AND path = ?"


class Names:
    """
    One target's index, open. What it is of is told by `fact`: the export's digest, the ledger's commit.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        with effect("open", path):
            self._driver = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        self._driver.execute("PRAGMA synchronous = OFF")

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
        self._driver.execute(_INDEX)
        self._driver.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def add(self, side: str, path: str, asks: Iterable[Ask], *, rows: int, digest: bytes) -> None:
        """
        Take in one file: everything by which its rows are asked for.
        """
        self._driver.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", (path, side, rows, digest))
        self._driver.executemany("INSERT INTO places VALUES (?, ?)", ((hash_of(ask), path) for ask in set(asks)))

    def renew(self, side: str, path: str, asks: Iterable[Ask], *, rows: int, digest: bytes) -> None:
        """
        Take in a file again that was there before. What it no longer holds leads to it still, and finds nothing.
        """
        hashes = {hash_of(ask): ask for ask in asks}
        known = self._driver.execute(_KNOWN.format(",".join(map(str, hashes))), (path,)).fetchall()
        new = [ask for found, ask in hashes.items() if (found,) not in known]
        self.add(side, path, new, rows=rows, digest=digest)

    def drop(self, path: str) -> None:
        """
        Forget a file that is gone.
        """
        self._driver.execute("DELETE FROM files WHERE path = ?", (path,))

    def paths(self, asks: Iterable[Ask]) -> set[str]:
        """
        Return the files to which any of these leads, in whatever form it is written.
        """
        hashes = [hash_of((kind, how, form)) for kind, how, text in asks for form in _forms(how, text)]
        return {path for (path,) in self._driver.execute(_FOUND.format(",".join(map(str, hashes))))}

    def digest(self, path: str) -> bytes | None:
        """
        Return the digest that a file had when the index was made; None where there was none.
        """
        row = self._driver.execute("SELECT digest FROM files WHERE path = ?", (path,)).fetchone()
        return row[0] if row else None

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


def hash_of(ask: Ask) -> int:
    """
    Return the 64 bits under which something is looked for.
    """
    kind, how, text = ask
    return int.from_bytes(hashlib.blake2b(f"{kind}\0{how}\0{text}".encode(), digest_size=8).digest(), signed=True)


def _forms(how: str, text: str) -> frozenset[str]:
    return forms(text) if how in {"name", "recorded"} else frozenset((text,))


def of_export(kind: Kind, rows: Iterable[UserRow | GroupRow]) -> Iterator[Ask]:
    """
    Yield everything by which rows of an export are asked for, but their keys: these tell the file.
    """
    for row in rows:
        for name in names_in_export(row):
            yield from ((kind, "name", form) for form in forms(name))


def of_ledger(kind: Kind, rows: Iterable[LedgerRow]) -> Iterator[Ask]:
    """
    Yield the same of rows of a ledger.
    """
    for row in rows:
        yield from ((kind, "link", link) for link in (row.link, *row.tombstones) if link)
        for name in names_in_ledger(row):
            yield from ((kind, "recorded", form) for form in forms(name))
