"""
Target `sql`: a registry of users and groups in a database, on SQLAlchemy Core; SQLite is the embedded default.

One file, created on first use. Administrators work on it at the same time with plain SQL; sql_schema tells how
their changes are told from ours.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, make_url, select, update
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from reconciler.core.ledger import Fence
from reconciler.core.model import Equality, Snapshot
from reconciler.errors import TargetError
from reconciler.files.atomic import make_folder
from reconciler.ports import Result, Write
from reconciler.targets import sql_schema
from reconciler.targets.sql_driver import Announced
from reconciler.targets.sql_read import snapshot
from reconciler.targets.sql_tables import FENCE
from reconciler.targets.sql_write import write_all

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


class SqlTarget:
    """
    A registry of users and groups in a SQLite file, as a target.
    """

    def __init__(self, engine: Engine, *, identity: str, role_groups: frozenset[str]) -> None:
        self._reading = engine
        self._writing = engine.execution_options(begin="BEGIN IMMEDIATE")
        self._role_groups = role_groups
        self.identity = identity
        self.equality = Equality()

    @classmethod
    def open(
        cls,
        url: str,
        *,
        role_groups: frozenset[str] = frozenset(),
        patience: float = 30.0,
        identity: str | None = None,
    ) -> Self:
        """
        Return the target at `url` (`sqlite:///PATH`), its file created or brought up to date where needed.

        `identity` names the database where its path depends on the folder one stands in.
        Membership of a group named in `role_groups` is an element of `roles`, not of `groups`. A write waits
        `patience` seconds for others to finish theirs. Raises TargetError for a url that is not SQLite's, a file
        that is not ours, or one that a newer program made.
        """
        path = _path(url)
        identity = identity or f"sqlite:{path.as_posix()}"
        with _told(identity, "open it"):
            make_folder(path.parent)
            target = cls(_engine(path, patience), identity=identity, role_groups=role_groups)
        try:
            target._prepare()
        except BaseException:
            target.close()
            raise
        return target

    def read(self) -> Snapshot:
        """
        Return everything as of one moment, users and groups each sorted by id (as text).
        """
        with self._transaction(self._reading, "read") as connection:
            return snapshot(connection, self._role_groups)

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in one transaction, each atomic for itself; return one result each, in the same order.

        What is read back is what holds when the whole batch is done. Raises TargetError, with nothing written,
        where the database cannot be written at all.
        """
        if run in {"", "admin"}:
            raise TargetError(f"{run!r} cannot name a run: it would pass for an administrator")
        with self._transaction(self._writing, "write") as connection:
            return write_all(connection, writes, run=run, roles=self._role_groups)

    def fence(self) -> Fence | None:
        """
        Return the fence as it stands in the database; None where none was set yet.
        """
        columns = FENCE.c.lineage, FENCE.c.serial, FENCE.c.holder, FENCE.c.until
        with self._transaction(self._reading, "read its fence") as connection:
            row = connection.execute(select(*columns)).first()
        return None if row is None else Fence(lineage=row[0], serial=row[1], holder=row[2], until=row[3])

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence to `new` if it still is `seen`, in one step; return whether it was.
        """
        values = {"lineage": new.lineage, "serial": new.serial, "holder": new.holder, "until": new.until}
        with self._transaction(self._writing, "move its fence") as connection:
            if seen is not None:
                still = _is_still(seen)
                return connection.execute(update(FENCE).where(*still).values(values)).rowcount == 1
            if connection.scalar(select(FENCE.c.one)) is not None:
                return False
            connection.execute(insert(FENCE).values(one=1, **values))
            return True

    def close(self) -> None:
        """
        Give back every connection; the last one to go folds the write-ahead log into the file.
        """
        self._reading.dispose()

    def _prepare(self) -> None:
        """
        Create or migrate the database, where it needs to be.
        """
        with self._transaction(self._reading, "read its version") as connection:
            needed = sql_schema.pending(connection, self.identity)
        if needed:
            with self._transaction(self._writing, "migrate it") as connection:
                sql_schema.migrate(connection, self.identity)

    @contextmanager
    def _transaction(self, engine: Engine, doing: str) -> Iterator[Connection]:
        """
        Give a connection in a transaction that ends with the block; the driver's errors become ours.
        """
        with _told(self.identity, doing), engine.begin() as connection:
            yield connection


def _path(url: str) -> Path:
    """
    Return the file that `url` names, as given; a url that is refused is told without what may be secret in it.
    """
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise TargetError("the target's url cannot be read as one", hint=_EXAMPLE) from error
    if parts.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise TargetError(f"target type sql knows SQLite, not {parts.drivername!r}", hint=_EXAMPLE)
    if parts.database in {None, "", ":memory:"}:
        raise TargetError("the target's url names no file: what lives in memory is gone tomorrow", hint=_EXAMPLE)
    if parts.query or parts.host:
        raise TargetError("the target's url has more than a path", hint=_EXAMPLE)
    return Path(str(parts.database))


def _engine(path: Path, patience: float) -> Engine:
    """
    Return an engine whose transactions begin where we say, and whose errors hold no values.

    The driver would begin a transaction at the first write only, so a read would not be of one moment.
    """
    url = URL.create("sqlite", database=str(path.absolute()))
    settings = {"isolation_level": None, "timeout": patience, "factory": Announced}
    engine = create_engine(url, connect_args=settings, hide_parameters=True)
    event.listen(engine, "connect", lambda driver, _record: _connected(driver, patience))
    event.listen(engine, "begin", _begin)
    return engine


def _connected(driver: sqlite3.Connection, patience: float) -> None:
    """
    Set up one connection: foreign keys are kept, readers and the writer do not wait for each other.

    `synchronous` stays FULL: a commit that a power cut takes back would look like an administrator's edit. 64 MiB
    of pages hold the index of a million memberships; with the usual two, writing them is a third slower.
    """
    driver.execute("PRAGMA foreign_keys = ON")
    driver.execute("PRAGMA cache_size = -65536")
    deadline = time.monotonic() + patience
    while not _write_ahead(driver, last_try=time.monotonic() >= deadline):
        time.sleep(_PAUSE)


def _write_ahead(driver: sqlite3.Connection, *, last_try: bool) -> bool:
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


def _begin(connection: Connection) -> None:
    """
    Begin a transaction: a write takes the lock at once, so that it never finds its snapshot outdated half-way.
    """
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _is_still(seen: Fence) -> list[Any]:
    """
    Return the conditions under which the fence is the one that was seen.
    """
    return [
        FENCE.c.lineage == seen.lineage,
        FENCE.c.serial == seen.serial,
        FENCE.c.holder == seen.holder,
        FENCE.c.until == seen.until,
    ]


@contextmanager
def _told(identity: str, doing: str) -> Iterator[None]:
    """
    Turn the driver's errors into ours: what was tried on which database, and the driver's word on it.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error)
        hint = next((hint for word, hint in _HINTS.items() if word in reason), "")
        raise TargetError(f"{identity}: cannot {doing}: {reason}", hint=hint) from error
