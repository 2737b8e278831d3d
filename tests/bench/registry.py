"""
A SQLite registry that holds an organisation's live side, as the product and administrators would have left it.

The rows go in with plain SQL, triggers and indexes set aside meanwhile: a million people in a minute, not an hour.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from reconciler.core.ledger import Fence
from reconciler.core.model import Live
from reconciler.targets.sql import SqlTarget
from reconciler.targets.sql_tables import SHAPES
from tests.bench import organisation as made
from tests.bench.organisation import Organisation

RUN = "1"
_WRITTEN = "2026-01-01T06:00:00Z"


def new_registry(database: Path) -> None:
    """
    Make an empty registry at `database`, fenced for the ledger of the benchmark.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    with closing(SqlTarget.open(f"sqlite:///{database}")) as target:
        target.move_fence(None, Fence(lineage=made.LINEAGE, serial=1))


def fill_target(database: Path, org: Organisation) -> None:
    """
    Make a registry that holds the organisation's live side, as the product and administrators would leave it.
    """
    new_registry(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        with _bare(connection):
            insert(connection, made.live_groups(org), clock=0)
            insert(connection, made.before_edits(org), clock=len(org.groups))
            connection.execute("UPDATE writer SET clock = ?", (len(org.groups) + len(org.before),))
        _administer(connection, org)


@contextmanager
def _bare(connection: sqlite3.Connection) -> Iterator[None]:
    """
    Set the triggers and the indexes aside while the block lasts, then make them again as they were.
    """
    named = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
    ).fetchall()
    for kind, name, _ in named:
        connection.execute(f"DROP {kind} {name}")
    yield
    for _, _, statement in named:
        connection.execute(statement)


def insert(connection: sqlite3.Connection, entities: Iterable[Live], *, clock: int) -> None:
    """
    Insert entities of one kind, stamped as the product's first run would, with the versions after `clock`.
    """
    for entity in entities:
        clock += 1
        shape, id_ = SHAPES[entity.kind], int(entity.id)
        row = {
            **{shape.scalars[name].column: value for name, value in entity.fields.items() if name in shape.scalars},
            "id": id_,
            "external_id": entity.external_id,
            "created_by": RUN,
            "changed_by": RUN,
            "changed_at": _WRITTEN,
            "version": clock,
        }
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {shape.table.name} ({', '.join(row)}) VALUES ({marks})", [*row.values()])
        for name, side in shape.sets.items():
            elements: Sequence[str] = entity.fields[name]  # type: ignore[assignment]  # a set, by its shape
            pairs = [(id_, element) for element in elements]
            connection.executemany(f"INSERT INTO {side.table.name} VALUES (?, ?)", pairs)
        members = sorted((id_, int(group)) for group in entity.groups)
        connection.executemany("INSERT INTO memberships VALUES (?, ?)", members)


def _administer(connection: sqlite3.Connection, org: Organisation) -> None:
    """
    Do with plain SQL what the organisation's administrators did.
    """
    connection.execute("INSERT OR IGNORE INTO profiles (name) VALUES ('Audit')")
    for edit in org.edits:
        _edit(connection, edit)
    connection.executemany("INSERT INTO users (user_name) VALUES (?)", [(name,) for name in org.extra])


def _edit(connection: sqlite3.Connection, edit: made.Edit) -> None:
    """
    Set one shared field of one person.
    """
    if not isinstance(edit.value, tuple):
        connection.execute(f"UPDATE users SET {edit.field} = ? WHERE external_id = ?", (edit.value, edit.key))
        return
    (user,) = connection.execute("SELECT id FROM users WHERE external_id = ?", (edit.key,)).fetchone()
    element = {"profiles": "profile", "roles": "role"}[edit.field]
    connection.execute(f"DELETE FROM user_{edit.field} WHERE user_id = ?", (user,))
    rows = [(user, value) for value in edit.value]
    connection.executemany(f"INSERT INTO user_{edit.field} (user_id, {element}) VALUES (?, ?)", rows)
