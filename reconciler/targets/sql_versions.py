"""
The versions of a registry's tables: which one a database has, and how it comes to the newest.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from reconciler.errors import TargetError
from reconciler.targets.sql_words import Driver


class Registry(Protocol):
    """
    Where a registry is kept: a file or a server's database.
    """

    @property
    def identity(self) -> str:
        """
        Return what the database is called in messages.
        """
        ...

    @property
    def migrations(self) -> tuple[tuple[str, ...], ...]:
        """
        Return the statements that lead from each version to the next.
        """
        ...

    @property
    def enough(self) -> int:
        """
        Return the version from which on nothing but indexes is added.
        """
        ...

    @property
    def engine(self) -> tuple[str, dict[str, bool], str]:
        """
        Return what SQLAlchemy is told: the url, its settings, and how a transaction begins.
        """
        ...

    def make_room(self) -> None:
        """
        Make what a new database needs to be in.
        """
        ...

    def connect(self) -> Driver:
        """
        Return a new connection.
        """
        ...

    def reading(self, doing: str) -> AbstractContextManager[Driver]:
        """
        Give a connection that sees the database as of one moment.
        """
        ...

    def writing(self, doing: str) -> AbstractContextManager[Driver]:
        """
        Give a connection whose changes are kept when the block ends well.
        """
        ...

    def migrating(self) -> AbstractContextManager[Driver]:
        """
        Give a connection on which nobody else makes tables.
        """
        ...

    def told(self, doing: str) -> AbstractContextManager[None]:
        """
        Turn the driver's errors into ours.
        """
        ...


def prepare(registry: Registry) -> None:
    """
    Create or migrate the database, where it needs to be.

    The version is looked at again under the lock: another program may have migrated in between. Where nothing but
    an index is missing, whoever may not make it, or not now, goes on without.
    """
    with registry.reading("read its version") as driver:
        version = _version(driver, registry)
    if version == len(registry.migrations):
        return
    try:
        with registry.migrating() as driver:
            _migrate(driver, registry)
    except TargetError:
        if version < registry.enough:
            raise


def _migrate(driver: Driver, registry: Registry) -> None:
    version = _version(driver, registry)
    if version == 0:
        driver.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT)")
    for number, statements in enumerate(registry.migrations[version:], start=version + 1):
        for statement in statements:
            driver.execute(statement)
        driver.execute("INSERT INTO schema_version VALUES (?, CURRENT_TIMESTAMP)", (number,))


def _version(driver: Driver, registry: Registry) -> int:
    """
    Return the version of the database's schema, 0 for an empty one; raises TargetError where it is not ours.
    """
    identity, newest = registry.identity, len(registry.migrations)
    tables = {row[0] for row in driver.execute(driver.words.tables)}
    if not tables:
        return 0
    if "schema_version" not in tables:
        named = ", ".join(sorted(tables)[:3])
        raise TargetError(f"{identity} holds tables that are not ours ({named})", hint="name a file of its own")
    (latest,) = driver.execute("SELECT max(version) FROM schema_version").fetchone()
    version = int(latest or 0)
    if version > newest:
        raise TargetError(
            f"{identity} has schema version {version}, this program knows {newest}",
            hint="upgrade the reconciler: python3 -m pip install --upgrade identity-reconciler",
        )
    return version
