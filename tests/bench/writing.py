"""
The writes of a run that creates everybody: through the product's target, and with the bare driver.

    python -m tests.bench.writing prepare CHANGES DATABASE SIZE    what is to be created, and where
    python -m tests.bench.writing apply CHANGES DATABASE           as `reconciler apply` writes
    python -m tests.bench.writing executemany CHANGES DATABASE     the bare driver, in batches of the same length

The last two print the CPU seconds of the writes alone, once everything is read.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from reconciler.apply.fence import take
from reconciler.apply.writing import BATCH, Writing, write
from reconciler.core.ledger import Head
from reconciler.core.model import Change
from reconciler.files.rows import collector_paused
from reconciler.targets.sql import SqlTarget
from reconciler.wiring.surroundings import order
from tests.bench import organisation as made
from tests.bench.measure import cpu_seconds
from tests.bench.registry import insert, new_registry

_COLUMNS = (
    "user_name, email, first_name, last_name, description, locale,"
    " can_change_password, locked, password_expires_in_days, temporary_password"
)
_CREATED = f"INSERT INTO users (id, external_id, {_COLUMNS}) VALUES (?, ?, {', '.join('?' * 10)})"


def prepare(changes: Path, database: Path, size: int) -> None:
    """
    Write what is to be created for so many people, and a registry that holds their groups.
    """
    if changes.exists():
        return
    org = made.organisation(size)
    new_registry(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        insert(connection, made.live_groups(org), clock=0)
    groups = {row.key: row for row in org.groups}
    encoder = msgspec.json.Encoder()
    with changes.open("wb") as file:
        for row in org.users:
            after = {**made.fields_of(row, groups), "groups": row.groups}
            change = Change(id=row.key, action="create", kind="user", key=row.key, name=row.user_name, after=after)
            file.write(encoder.encode(change) + b"\n")


def apply(changes: Sequence[Change], database: Path) -> float:
    """
    Return the CPU seconds of the writes as a run makes them, every one of which must land.
    """
    ordered = order({}, now=lambda: datetime.now(UTC), wait=0, lineage=made.LINEAGE, life="1h")
    with closing(SqlTarget.open(f"sqlite:///{database}")) as target:
        head = Head(version=1, lineage=made.LINEAGE, target=made.TARGET, serial=1)
        writing = Writing(fence=take(target, head, ordered.holder, ordered.patience))
        writing.groups = {str(live.external_id): live.id for live in target.read().groups}
        begun = cpu_seconds()
        write(changes, target, order=ordered, writing=writing, run="run-2")
        spent = cpu_seconds() - begun
    if len(writing.landed) != len(changes):
        raise AssertionError(f"{len(writing.landed)} of {len(changes)} landed")
    return spent


def executemany(changes: Sequence[Change], database: Path) -> float:
    """
    Return the CPU seconds of the bare driver for the same rows, one transaction for as many as the product takes.
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -65536")
        groups = dict(connection.execute("SELECT external_id, id FROM groups"))
        begun = cpu_seconds()
        for start in range(0, len(changes), BATCH):
            _write_bare(connection, changes[start : start + BATCH], groups, first=start + 1)
        return cpu_seconds() - begun


def _write_bare(
    connection: sqlite3.Connection, batch: Sequence[Change], groups: dict[str, int], *, first: int
) -> None:
    """
    Insert a batch in one transaction, signed as the schema's triggers want it.
    """
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE writer SET run = 'run-2', began = clock")
    names = _COLUMNS.replace(",", "").split()
    users = [(id_, one.key, *map(one.after.__getitem__, names)) for id_, one in enumerate(batch, first)]
    connection.executemany(_CREATED, users)
    for name in ("profiles", "roles"):
        connection.executemany(f"INSERT INTO user_{name} VALUES (?, ?)", _pairs(batch, name, first))
    members = ((id_, groups[key]) for id_, key in _pairs(batch, "groups", first))
    connection.executemany("INSERT INTO memberships VALUES (?, ?)", members)
    connection.execute("UPDATE writer SET run = NULL")
    connection.execute("COMMIT")


def _pairs(batch: Sequence[Change], name: str, first: int) -> Iterator[tuple[int, str]]:
    """
    Yield each user's id with each element of one of their sets.
    """
    for id_, one in enumerate(batch, first):
        elements = one.after[name]
        if isinstance(elements, tuple):
            yield from ((id_, element) for element in elements)


MODES: dict[str, Callable[[Sequence[Change], Path], float]] = {"apply": apply, "executemany": executemany}


def main(mode: str, changes: Path, database: Path, *size: str) -> None:
    """
    Do what the command line says.
    """
    if mode == "prepare":
        prepare(changes, database, int(size[0]))
        return
    with collector_paused():
        decoder = msgspec.json.Decoder(Change)
        wanted = decoder.decode_lines(changes.read_bytes())
        sys.stdout.write(f"{MODES[mode](wanted, database)}\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
