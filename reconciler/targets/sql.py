"""
Target `sql`: a registry of users and groups in a database; SQLite is the embedded default.

It is created on first use: one file, or the tables of a schema on PostgreSQL. Administrators work on it at the same
time with plain SQL; sql_triggers and sql_postgres_schema tell how their changes are told from ours.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self

from reconciler.core.ledger import Fence
from reconciler.core.model import Equality, Snapshot
from reconciler.errors import TargetError
from reconciler.ports import Result, Write
from reconciler.ports_adapter import Opening, TargetAdapter
from reconciler.targets.sql_file import ForeignFile, RegistryFile, path_of
from reconciler.targets.sql_look import SqlSight
from reconciler.targets.sql_postgres import SCHEMES, server_of
from reconciler.targets.sql_read import Moment, moment, snapshot
from reconciler.targets.sql_settings import SqlSettings, Tables
from reconciler.targets.sql_terms import Terms
from reconciler.targets.sql_versions import Registry, prepare

if TYPE_CHECKING:
    from reconciler.targets.sql_engine import RegistryEngine
    from reconciler.targets.sql_own import OwnTables

PATIENCE = 30.0
"""Seconds that a write waits for others."""

_FENCE = "SELECT lineage, serial, holder, until FROM fence"
_FIRST_FENCE = """
    INSERT INTO fence (one, lineage, serial, holder, until) VALUES (1, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_MOVED_FENCE = """
    UPDATE fence SET lineage = ?, serial = ?, holder = ?, until = ?
    WHERE lineage = ? AND serial = ? AND holder = ? AND until = ?"""


class SqlTarget:
    """
    A registry of users and groups in a database, as a target.
    """

    def __init__(self, registry: Registry, *, role_groups: frozenset[str]) -> None:
        self._registry = registry
        self._role_groups = role_groups
        self.identity = registry.identity
        self.equality = Equality()
        self._read_at: Moment | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        role_groups: frozenset[str] = frozenset(),
        patience: float = PATIENCE,
        identity: str | None = None,
    ) -> Self:
        """
        Return the target at `url` (`sqlite:///PATH`, `postgresql://...`), its tables made or brought up to date.

        `identity` names the database where its path depends on the folder one stands in.
        Membership of a group named in `role_groups` is an element of `roles`, not of `groups`. A write waits
        `patience` seconds for others to finish theirs. Raises TargetError for a url of neither, a database
        that is not ours, or one that a newer program made.
        """
        registry = _registry_at(url, patience=patience, identity=identity)
        registry.make_room()
        prepare(registry)
        return cls(registry, role_groups=role_groups)

    def read(self) -> Snapshot:
        """
        Return everything as of one moment, users and groups each sorted by id (as text).
        """
        with self._registry.reading("read") as driver:
            self._read_at = moment(driver)
            return snapshot(driver, self._role_groups)

    @contextmanager
    def looking(self) -> Iterator[SqlSight]:
        """
        Give a sight of a few users and groups as of one moment.
        """
        with self._registry.reading("look at it") as driver:
            self._read_at = moment(driver)
            yield SqlSight(driver, self._role_groups)

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in one transaction, each atomic for itself; return one result each, in the same order.

        What is read back is what holds when the whole batch is done. Raises TargetError, with nothing written,
        where the database cannot be written at all. A group is deleted over nobody's head who came after the last
        reading.
        """
        if run in {"", "admin"}:
            raise TargetError(f"{run!r} cannot name a run: it would pass for an administrator")
        return self._engine.write(writes, Terms(run=run, roles=self._role_groups, since=self._read_at))

    def fence(self) -> Fence | None:
        """
        Return the fence as it stands in the database; None where none was set yet.
        """
        with self._registry.reading("read its fence") as driver:
            row = driver.execute(_FENCE).fetchone()
        return None if row is None else Fence(lineage=row[0], serial=row[1], holder=row[2], until=row[3])

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence to `new` if it still is `seen`, in one step; return whether it was.
        """
        with self._registry.writing("move its fence") as driver:
            if seen is None:
                return driver.execute(_FIRST_FENCE, _columns(new)).rowcount == 1
            return driver.execute(_MOVED_FENCE, _columns(new) + _columns(seen)).rowcount == 1

    def close(self) -> None:
        """
        Give back every connection; the last one to go folds the write-ahead log into the file.
        """
        if "_engine" in vars(self):
            self._engine.close()

    @cached_property
    def _engine(self) -> "RegistryEngine":
        # SQLAlchemy takes a third of a second to load, and only a write needs it
        from reconciler.targets.sql_engine import RegistryEngine  # noqa: PLC0415 - see above

        return RegistryEngine(self._registry)


def _columns(fence: Fence) -> tuple[str | int, ...]:
    return fence.lineage, fence.serial, fence.holder, fence.until


def _registry_at(url: str, *, patience: float, identity: str | None) -> Registry:
    """
    Return the database that a url names, by its scheme.
    """
    if url.startswith(SCHEMES):
        return server_of(url, patience=patience, identity=identity)
    path = path_of(url)
    return RegistryFile(path.absolute(), identity or f"sqlite:{path.as_posix()}", patience)


def _opened(opening: Opening[SqlSettings]) -> "SqlTarget | OwnTables":
    """
    Return the target that reconciler.yaml means; a file is named by the path that stands there, wherever it starts.
    """
    if opening.settings.tables is not None:
        return _own(opening, opening.settings.tables)
    if opening.url.startswith(SCHEMES):
        return SqlTarget.open(opening.url, role_groups=opening.role_groups)
    url = f"sqlite:///{(opening.home / path_of(opening.url)).as_posix()}"
    identity = f"sqlite:{opening.url.removeprefix('sqlite:///')}"
    return SqlTarget.open(url, identity=identity, role_groups=opening.role_groups)


def _own(opening: Opening[SqlSettings], tables: Tables) -> "OwnTables":
    """
    Return an application's own tables; raises TargetError where there is no such file.
    """
    from reconciler.targets.sql_own import OwnTables  # noqa: PLC0415 - SQLAlchemy takes its time to load

    if opening.url.startswith(SCHEMES):
        registry: Registry = server_of(opening.url, patience=PATIENCE, identity=None)
    else:
        path = opening.home / path_of(opening.url)
        registry = ForeignFile(path, f"sqlite:{opening.url.removeprefix('sqlite:///')}", PATIENCE)
        if not path.is_file():
            raise TargetError(
                f"there is no database {path_of(opening.url)}", hint="name the application's own file"
            )
    return OwnTables(registry, tables, role_groups=opening.role_groups)


def _address(url: str) -> None:
    """
    Raise TargetError for an address of another kind of database; a server's is read by its driver alone.
    """
    if not url.startswith(SCHEMES):
        path_of(url)


ADAPTER = TargetAdapter(settings=SqlSettings, open=_opened, address=_address)
"""What is plugged in under the name `sql`."""
