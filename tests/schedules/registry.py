"""
The target of the schedules: the one in memory, that can be put aside and taken up again, compare or not.
"""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.model import Live, Snapshot, Value
from reconciler.ports import Result, Write
from tests.schedules.disk import FIELD
from tests.targets.memory import MemoryTarget

NAME = "ann"
FIRST = 10


class Compare(Enum):
    """
    When the target compares the version: as it writes, as the write is sent (read, then write), or never.
    """

    ATOMIC = "compare-and-set"
    BEFORE = "read before the write"
    NEVER = "no comparison"


class Rows(Struct, frozen=True):
    """
    The accounts at one moment; the last version and the last id that were given.
    """

    users: tuple[Live, ...] = ()
    version: int = 0
    ids: int = 0

    @property
    def ann(self) -> Live | None:
        """
        Return Ann's account.
        """
        return self.users[0] if self.users else None

    @property
    def value(self) -> Value:
        """
        Return what Ann's field holds.
        """
        return self.users[0].fields[FIELD] if self.users else None

    @property
    def likeness(self) -> tuple[object, ...]:
        """
        Return what tells these rows from others: all but who wrote last, from which nothing is inferred.
        """
        ann = self.ann
        return (
            self.version,
            self.ids,
            ann and (ann.id, ann.version, ann.active, ann.external_id, *ann.fields.items()),
        )


class Registry(MemoryTarget):
    """
    The target in memory, as it stood at one moment.
    """

    def __init__(self, rows: Rows, *, blind: bool = False) -> None:
        super().__init__()
        self._rows["user"] = {live.id: live for live in rows.users}
        self._clock, self._ids = rows.version, rows.ids
        self._blind = blind

    def rows(self) -> Rows:
        """
        Return the accounts as they stand now.
        """
        return Rows(users=self.read().users, version=self._clock, ids=self._ids)

    def _seen(self, write: Write) -> Live:
        """
        Return the entity that a write is for; a target that does not compare takes it as it is.
        """
        live = self._rows[write.kind].get(write.id or "")
        return super()._seen(replace(write, expects=live.version) if self._blind and live else write)


def read(rows: Rows) -> Snapshot:
    """
    Return what a reading of the target gives.
    """
    return Registry(rows).read()


def edited(rows: Rows, value: Value) -> Rows:
    """
    Return the accounts once an administrator has set Ann's field.
    """
    registry = Registry(rows)
    registry.admin_sets(NAME, **{FIELD: value})
    return registry.rows()


def written(rows: Rows, write: Write, *, blind: bool) -> tuple[Rows, list[Result]]:
    """
    Return the accounts after a write, and what the target answers.
    """
    registry = Registry(rows, blind=blind)
    results = registry.write([write], run="run-0")
    return registry.rows(), results


def renumbered(rows: Rows, flying: Sequence[Write]) -> tuple[Rows, list[Write]]:
    """
    Return the accounts with versions counted from a fixed one, and writes that expect it where they did before.
    """
    ann = rows.ann
    if ann is None:
        return rows, list(flying)
    expected = {ann.version: str(FIRST), "": ""}
    writes = [replace(write, expects=expected.get(write.expects, "past")) for write in flying]
    return replace(rows, users=(replace(ann, version=str(FIRST)),), version=FIRST), writes
