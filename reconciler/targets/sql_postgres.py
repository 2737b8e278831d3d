"""
A registry's database on a PostgreSQL server: its url, connections and transactions, and its errors as ours.

The driver comes with the extra `postgresql`. Connections to other machines are encrypted and their certificate is
verified (libpq: `sslmode=verify-full`), against `sslrootcert` of the url or else what the system trusts.
https://www.postgresql.org/docs/15/libpq-ssl.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from reconciler.effects import effect
from reconciler.errors import TargetError, UsageError
from reconciler.targets.sql_postgres_schema import ENOUGH, MIGRATIONS
from reconciler.targets.sql_transaction import transaction

if TYPE_CHECKING:
    from reconciler.targets.sql_postgres_driver import Announced

SCHEMES = ("postgresql://", "postgres://")

_EXAMPLE = "url: postgresql://reconciler:${DATABASE_PASSWORD}@db.example.com/iam"
_NEARBY = frozenset({"", "localhost", "127.0.0.1", "::1"})
_HINTS = {
    "lock timeout": "another program holds the rows: end its transaction, then run this again",
    "authentication failed": "is the password in the environment that the url names?",
    "permission denied": "grant the role what it lacks; it needs a schema of its own in which it may create tables",
    "does not exist": "create the role and the database first: CREATE DATABASE iam OWNER reconciler",
    "certificate": "name the authority that signed it: ?sslrootcert=/path/to/ca.pem",
    "refused": "is the server running, and does it listen on that address?",
}
_MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(7236852917)"


class RegistryServer(Struct, frozen=True):
    """
    A database on a server, called `identity` in messages; a lock is waited for `patience` seconds.

    `engine` is what SQLAlchemy is told of it; the driver begins transactions by itself.
    """

    settings: dict[str, str]
    identity: str
    patience: float

    migrations: ClassVar[tuple[tuple[str, ...], ...]] = MIGRATIONS
    enough: ClassVar[int] = ENOUGH
    engine: ClassVar[tuple[str, dict[str, bool], str]] = ("postgresql+psycopg://", {"use_native_hstore": False}, "")

    def connect(self) -> "Announced":
        """
        Return a new connection, on which a statement waits for locks no longer than our patience.
        """
        from reconciler.targets.sql_postgres_driver import Announced  # noqa: PLC0415 - an extra, and slow to load

        limits = f"-c lock_timeout={int(self.patience * 1000)}"
        options = " ".join(filter(None, [self.settings.get("options", ""), limits]))
        with effect("open", self.identity):
            connection: Any = Announced.connect(**{**self.settings, "options": options})  # type: ignore[arg-type]
        return connection  # type: ignore[no-any-return]

    def make_room(self) -> None:
        """
        Do nothing: who runs the server makes databases.
        """

    @contextmanager
    def reading(self, doing: str) -> Iterator["Announced"]:
        """
        Give a connection that sees the database as of one moment. Raises TargetError where the driver fails.
        """
        with self._transaction(doing, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY") as driver:
            yield driver

    @contextmanager
    def writing(self, doing: str) -> Iterator["Announced"]:
        """
        Give a connection whose changes are kept when the block ends well.
        """
        with self._transaction(doing, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED") as driver:
            yield driver

    @contextmanager
    def migrating(self) -> Iterator["Announced"]:
        """
        Give the connection on which the tables are made, once nobody else makes them.
        """
        with self._transaction("migrate it", _MIGRATION_LOCK) as driver:
            yield driver

    @contextmanager
    def _transaction(self, doing: str, begin: str) -> Iterator["Announced"]:
        with self.told(doing), transaction(self.connect(), begin) as driver:
            yield driver

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """
        Turn the driver's errors into ours: what was tried on which database, and the driver's word on it.
        """
        import psycopg  # noqa: PLC0415 - an extra

        try:
            yield
        except (psycopg.Error, OSError) as error:
            reason = " ".join(str(error).split())
            hint = next((hint for word, hint in _HINTS.items() if word in reason), "")
            raise TargetError(f"{self.identity}: cannot {doing}: {reason}", hint=hint) from error


def server_of(url: str, *, patience: float, identity: str | None) -> RegistryServer:
    """
    Return the server and database that `url` names.

    Raises TargetError for one that names no database, that would send secrets where nobody checked whose server
    it is; UsageError where the driver is not installed.
    """
    try:
        from psycopg import ProgrammingError  # noqa: PLC0415 - an extra
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - an extra
    except ImportError as error:
        hint = "python3 -m pip install 'identity-reconciler[postgresql]'"
        raise UsageError("PostgreSQL's driver is not installed", hint=hint) from error
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError as error:
        raise TargetError("the target's url cannot be read as one", hint=_EXAMPLE) from error
    if not given.get("dbname"):
        raise TargetError("the target's url names no database", hint=_EXAMPLE)
    settings = {"connect_timeout": "10", **_verified(given)}
    return RegistryServer(settings, identity or _identity(given), patience)


def _verified(given: dict[str, str]) -> dict[str, str]:
    """
    Return the settings with the server's certificate verified, unless it is on this machine.
    """
    host = given.get("host", "")
    if host in _NEARBY or host.startswith("/"):
        return given
    if given.get("sslmode", "verify-full") != "verify-full":
        told = f"the target's url says sslmode={given['sslmode']}: anybody could pass for {host}"
        raise TargetError(told, hint="leave it out; name the authority with sslrootcert=/path/to/ca.pem")
    return {"sslmode": "verify-full", "sslrootcert": "system", **given}


def _identity(given: dict[str, str]) -> str:
    """
    Return what names the database without any secret.
    """
    return f"postgresql:{given.get('host', '')}:{given.get('port', '5432')}/{given['dbname']}"
