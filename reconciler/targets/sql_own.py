"""
An application's own tables as a target: whatever they are called, on SQLite or PostgreSQL. Nothing is added.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError

from reconciler.core.model import Catalogue, Equality, Live, Snapshot
from reconciler.errors import TargetError
from reconciler.files.rows import collector_paused
from reconciler.ports import Result, Write
from reconciler.ports_doctor import Finding
from reconciler.targets import probing
from reconciler.targets.sql_constraints import constraints
from reconciler.targets.sql_engine import begin_by_hand, drivers
from reconciler.targets.sql_own_read import Schema, read, schema
from reconciler.targets.sql_own_write import write_one
from reconciler.targets.sql_settings import Tables
from reconciler.targets.sql_versions import Registry


class OwnTables:
    """
    The tables of an application, as a target. They have no place for a fence, which is kept beside the ledger.
    """

    def __init__(self, registry: Registry, tables: Tables, *, role_groups: frozenset[str] = frozenset()) -> None:
        self.identity = f"{registry.identity}#{tables.users.table}"
        self.equality = Equality()
        self._registry = registry
        self._tables = tables
        self._roles = role_groups
        self._known: Schema | None = None
        self._seen: dict[str, set[str]] | None = None
        self._reader, self._writer = (_engine(registry, begin) for begin in ("BEGIN", registry.engine[2]))

    def read(self) -> Snapshot:
        """
        Return everything as of one moment, users and groups each sorted by id.
        """
        with self._transaction("read", self._reader, "REPEATABLE READ") as connection, collector_paused():
            known = self._schema(connection)
            groups = [one for one in read(connection, known, "group") if one.name not in self._roles]
            users = read(connection, known, "user")
        self._seen = {}
        for user in users:
            self._note(user)
        return Snapshot(users=tuple(users), groups=tuple(groups), catalogue=Catalogue())

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in one transaction, each atomic for itself; return one result each, in the same order.
        """
        if run in {"", "admin"}:
            raise TargetError(f"{run!r} cannot name a run: it would pass for an administrator")
        with self._transaction("write", self._writer, "READ COMMITTED") as connection:
            known = self._schema(connection)
            return [self._made(connection, known, write, run) for write in writes]

    def diagnose(self, *, probe: bool) -> tuple[Finding, ...]:
        """
        Return what the tables themselves hold to and, with `probe`, what throw-away rows show.
        """
        with self._transaction("look at", self._reader, "REPEATABLE READ") as connection:
            told = tuple(constraints(connection, self._schema(connection)))
        return (*told, *probing.probe(self)) if probe else told

    def close(self) -> None:
        """
        Give back every connection.
        """
        self._reader.dispose()
        self._writer.dispose()

    def _made(self, connection: Connection, known: Schema, write: Write, run: str) -> Result:
        result = write_one(connection, known, write, run=run, seen=self._seen)
        if result.live is not None:
            self._note(result.live)
        return result

    def _note(self, user: Live) -> None:
        """
        Remember in which groups somebody was seen: a group is deleted over nobody else's head.
        """
        if self._seen is None:
            return
        for group in user.groups:
            self._seen.setdefault(group, set()).add(user.id)

    def _schema(self, connection: Connection) -> Schema:
        """
        Return the tables as they were when they were first looked at.
        """
        if self._known is None:
            self._known = schema(connection, self._tables, self._roles)
        return self._known

    @contextmanager
    def _transaction(self, doing: str, engine: Engine, isolation: str) -> Iterator[Connection]:
        """
        Give a connection in one transaction; raises TargetError where the database fails.
        """
        levels = {"isolation_level": isolation} if engine.dialect.name == "postgresql" else {}
        with self._registry.told(doing):
            try:
                with engine.connect().execution_options(**levels) as connection, connection.begin():
                    yield connection
            except SQLAlchemyError as error:
                raise drivers(error) from error


def _engine(registry: Registry, begin: str) -> Engine:
    """
    Return SQLAlchemy's engine; where the driver begins no transactions, they begin as is said here.
    """
    url, settings, by_hand = registry.engine
    engine = create_engine(url, creator=registry.connect, hide_parameters=True, **settings)
    begin_by_hand(engine, begin if by_hand else "")
    return engine
