"""
Target `sql`: a registry of users and groups in a database; SQLite is the embedded default.

One file, created on first use. Administrators work on it at the same time with plain SQL; sql_triggers tells how
their changes are told from ours.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self

from reconciler.core.ledger import Fence
from reconciler.core.model import Equality, Snapshot
from reconciler.errors import TargetError
from reconciler.files.atomic import make_folder
from reconciler.ports import Result, Write
from reconciler.ports_adapter import NoSettings, Opening, TargetAdapter
from reconciler.targets import sql_schema
from reconciler.targets.sql_file import RegistryFile, path_of
from reconciler.targets.sql_read import snapshot

if TYPE_CHECKING:
    from reconciler.targets.sql_engine import RegistryEngine

_FENCE = "SELECT lineage, serial, holder, until FROM fence"
_FIRST_FENCE = """
    INSERT OR IGNORE INTO fence (one, lineage, serial, holder, until)
    VALUES (1, :lineage, :serial, :holder, :until)"""
_MOVED_FENCE = """
    UPDATE fence SET lineage = :lineage, serial = :serial, holder = :holder, until = :until
    WHERE lineage = :was_lineage AND serial = :was_serial AND holder = :was_holder AND until = :was_until"""


class SqlTarget:
    """
    A registry of users and groups in a SQLite file, as a target.
    """

    def __init__(self, file: RegistryFile, *, role_groups: frozenset[str]) -> None:
        self._file = file
        self._role_groups = role_groups
        self.identity = file.identity
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
        path = path_of(url)
        file = RegistryFile(path.absolute(), identity or f"sqlite:{path.as_posix()}", patience)
        with file.told("open it"):
            make_folder(path.parent)
        _prepare(file)
        return cls(file, role_groups=role_groups)

    def read(self) -> Snapshot:
        """
        Return everything as of one moment, users and groups each sorted by id (as text).
        """
        with self._file.reading("read") as driver:
            return snapshot(driver, self._role_groups)

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in one transaction, each atomic for itself; return one result each, in the same order.

        What is read back is what holds when the whole batch is done. Raises TargetError, with nothing written,
        where the database cannot be written at all.
        """
        if run in {"", "admin"}:
            raise TargetError(f"{run!r} cannot name a run: it would pass for an administrator")
        return self._engine.write(writes, run=run, roles=self._role_groups)

    def fence(self) -> Fence | None:
        """
        Return the fence as it stands in the database; None where none was set yet.
        """
        with self._file.reading("read its fence") as driver:
            row = driver.execute(_FENCE).fetchone()
        return None if row is None else Fence(lineage=row[0], serial=row[1], holder=row[2], until=row[3])

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence to `new` if it still is `seen`, in one step; return whether it was.
        """
        values = {"lineage": new.lineage, "serial": new.serial, "holder": new.holder, "until": new.until}
        with self._file.writing("move its fence") as driver:
            if seen is None:
                return driver.execute(_FIRST_FENCE, values).rowcount == 1
            still = {
                "was_lineage": seen.lineage,
                "was_serial": seen.serial,
                "was_holder": seen.holder,
                "was_until": seen.until,
            }
            return driver.execute(_MOVED_FENCE, values | still).rowcount == 1

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

        return RegistryEngine(self._file)


def _prepare(file: RegistryFile) -> None:
    """
    Create or migrate the database, where it needs to be.
    """
    with file.reading("read its version") as driver:
        needed = sql_schema.pending(driver, file.identity)
    if needed:
        with file.writing("migrate it") as driver:
            sql_schema.migrate(driver, file.identity)


def _opened(opening: Opening[NoSettings]) -> SqlTarget:
    """
    Return the target that reconciler.yaml means. It is named by the path that stands there, wherever that starts.
    """
    url = f"sqlite:///{(opening.home / path_of(opening.url)).as_posix()}"
    identity = f"sqlite:{opening.url.removeprefix('sqlite:///')}"
    return SqlTarget.open(url, identity=identity, role_groups=opening.role_groups)


ADAPTER = TargetAdapter(settings=NoSettings, open=_opened)
"""What is plugged in under the name `sql`."""
