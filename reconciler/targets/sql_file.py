"""
The registry's SQLite file: its url, its connections, its transactions, and the driver's errors as ours.

Everything but a write of users and groups goes through the driver itself: to look at a registry, nobody need wait
for SQLAlchemy to load.
"""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from reconciler.errors import TargetError
from reconciler.files.atomic import make_folder
from reconciler.targets.sql_driver import Announced
from reconciler.targets.sql_schema import ENOUGH, MIGRATIONS
from reconciler.targets.sql_transaction import transaction

_URL = re.compile(r"(?P<name>[\w+]+)://(?P<host>[^/?]*)(?:/(?P<path>[^?]*))?(?P<query>\?.*)?", re.DOTALL)
_NAMES = frozenset({"sqlite", "sqlite+pysqlite"})
_EXAMPLE = "url: sqlite:///.reconciler/openpages.db"
_BUSY = "another program holds the database: end its transaction, then run this again"
_HINTS = {
    "locked": _BUSY,
    "busy": _BUSY,
    "not a database": "the file is none, or was damaged: restore it from a backup, or name another file in `url:`",
    "malformed": "the file was damaged: restore it from a backup",
    "is full": "make room, then run again: what was not committed was taken back",
    "unable to open": "is its folder there, and may you write to it?",
}
_PAUSE = 0.01
"""Seconds between two tries to put a file that others hold in write-ahead mode."""


class RegistryFile(Struct, frozen=True):
    """
    A SQLite file at an absolute `path`, called `identity` in messages; a lock is waited for `patience` seconds.

    `engine` tells SQLAlchemy to take the lock at once, so that it never finds its snapshot outdated half-way.
    """

    path: Path
    identity: str
    patience: float

    migrations: ClassVar[tuple[tuple[str, ...], ...]] = MIGRATIONS
    enough: ClassVar[int] = ENOUGH
    engine: ClassVar[tuple[str, dict[str, bool], str]] = ("sqlite:///", {}, "BEGIN IMMEDIATE")

    def make_room(self) -> None:
        """
        Make the folder that the file is in.
        """
        with self.told("open it"):
            make_folder(self.path.parent)

    def connect(self) -> Announced:
        """
        Return a new connection: foreign keys are kept, readers and the writer do not wait for each other.

        Transactions begin where we say; the driver would begin one at the first write only, so that a read would
        not be of one moment. `synchronous` stays FULL: a commit that a power cut takes back would look like an
        administrator's edit. 64 MiB of pages hold the index of a million memberships; with the usual two, writing
        them is a third slower.
        """
        driver = self.opened()
        driver.execute("PRAGMA cache_size = -65536")
        deadline = time.monotonic() + self.patience
        while not _write_ahead(driver, last_try=time.monotonic() >= deadline):
            time.sleep(_PAUSE)
        return driver

    def opened(self) -> Announced:
        """
        Return a new connection to the file as it is.
        """
        driver = Announced(str(self.path), timeout=self.patience, isolation_level=None, check_same_thread=False)
        driver.execute("PRAGMA foreign_keys = ON")
        return driver

    @contextmanager
    def reading(self, doing: str) -> Iterator[Announced]:
        """
        Give a connection that sees the file as of one moment. Raises TargetError where the driver fails.
        """
        with self._transaction(doing, "BEGIN") as driver:
            yield driver

    @contextmanager
    def writing(self, doing: str) -> Iterator[Announced]:
        """
        Give a connection whose changes are kept when the block ends well; the same, and it takes the lock at once.

        So it never finds what it read outdated half-way.
        """
        with self._transaction(doing, "BEGIN IMMEDIATE") as driver:
            yield driver

    @contextmanager
    def migrating(self) -> Iterator[Announced]:
        """
        Give the connection on which the tables are made, once nobody else makes them.
        """
        with self.writing("migrate it") as driver:
            yield driver

    @contextmanager
    def _transaction(self, doing: str, begin: str) -> Iterator[Announced]:
        with self.told(doing), transaction(self.connect(), begin) as driver:
            yield driver

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """
        Turn the driver's errors into ours: what was tried on which database, and the driver's word on it.
        """
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = str(error)
            hint = next((hint for word, hint in _HINTS.items() if word in reason), "")
            raise TargetError(f"{self.identity}: cannot {doing}: {reason}", hint=hint) from error


class ForeignFile(RegistryFile, frozen=True):
    """
    A file that is an application's: how it is kept on disk is left as it is.
    """

    def connect(self) -> Announced:
        """
        Return a new connection.
        """
        return self.opened()


def path_of(url: str) -> Path:
    """
    Return the file that `url` (`sqlite:///PATH`) names, as given.

    Raises TargetError for any other url, told without what may be secret in it.
    """
    parts = _URL.fullmatch(url)
    if parts is None:
        raise TargetError("the target's url cannot be read as one", hint=_EXAMPLE)
    if parts["name"] not in _NAMES:
        raise TargetError(f"target type sql knows SQLite and PostgreSQL, not {parts['name']!r}", hint=_EXAMPLE)
    if parts["path"] in {None, "", ":memory:"} and not parts["host"]:
        raise TargetError("the target's url names no file: what lives in memory is gone tomorrow", hint=_EXAMPLE)
    if parts["query"] or parts["host"]:
        raise TargetError("the target's url has more than a path", hint=_EXAMPLE)
    return Path(parts["path"])


def _write_ahead(driver: Announced, *, last_try: bool) -> bool:
    """
    Put the file in write-ahead mode, where it is not; return whether it now is.

    SQLite does not wait for others here, as it does elsewhere, so two programs that open a new file at the same
    moment would fail each other.
    """
    try:
        mode = driver.execute("PRAGMA journal_mode").fetchone()
        return mode == ("wal",) or driver.execute("PRAGMA journal_mode = WAL").fetchone() is not None
    except sqlite3.OperationalError:
        if last_try:
            raise
        return False
