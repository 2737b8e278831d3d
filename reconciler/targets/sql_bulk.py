"""
Many rows in one statement, as each database does it best, and who is writing them.

A thousand memberships are one statement. SQLite is given them as one JSON array: within a savepoint every statement
keeps copies of the pages it changes, so a statement for each row would cost four times as much. PostgreSQL is given
arrays of its own, and fires the trigger that stamps their owners once.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.sqlite import insert as insert_or_keep

from reconciler.core.model import Fields
from reconciler.targets.sql_tables import GROUPS, WRITER, Shape, Side

_SIGN = text(
    "SELECT set_config('reconciler.run', :run, true), set_config('reconciler.began', nextval('clock')::text, true)"
)


# without WHERE, SQLite would read ON CONFLICT as a condition of a join (https://www.sqlite.org/lang_upsert.html)
_LISTED = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:pairs) WHERE true"


def sign(connection: Connection, run: str) -> None:
    """
    Tell the database's triggers which run is writing, for this transaction alone.
    """
    if _takes_arrays(connection):
        connection.execute(_SIGN, {"run": run})
    else:
        connection.execute(update(WRITER).values(run=run, began=WRITER.c.clock))


def unsign(connection: Connection) -> None:
    """
    Take out who was writing, where it would outlive the transaction.
    """
    if not _takes_arrays(connection):
        connection.execute(update(WRITER).values(run=None))


def insert_named(connection: Connection, shape: Shape, rows: Sequence[Fields]) -> dict[str, int]:
    """
    Insert rows of one kind; return their new ids by name.

    On SQLite they are those above the highest that was there: nobody else can insert while we hold the lock.
    """
    table, name = shape.table, shape.table.c[shape.name]
    if _takes_arrays(connection):
        new = connection.execute(insert(table).returning(name, table.c.id), rows)
    else:
        last = connection.scalar(select(func.max(table.c.id))) or 0
        connection.execute(insert(table), rows)
        new = connection.execute(select(name, table.c.id).where(table.c.id > last))
    return {row[0]: row[1] for row in new}


def insert_groups(connection: Connection, names: Sequence[str]) -> None:
    """
    Make groups of these names; one that is there already stays.
    """
    if _takes_arrays(connection):
        kept = text("INSERT INTO groups (name) SELECT unnest(CAST(:names AS text[])) ON CONFLICT DO NOTHING")
        connection.execute(kept, {"names": list(names)})
    else:
        connection.execute(insert_or_keep(GROUPS).on_conflict_do_nothing(), [{"name": name} for name in names])


def add_pairs(connection: Connection, side: Side, pairs: Sequence[tuple[int, Any]]) -> None:
    """
    Insert rows of two columns; one that is there already stays.
    """
    if not pairs:
        return
    table, one, other = side.table.name, side.owner.name, side.element.name
    if _takes_arrays(connection):
        given = f"INSERT INTO {table} ({one}, {other}) {_unnested(side)} ON CONFLICT DO NOTHING"
        connection.execute(text(given), _arrays(pairs))
    else:
        given = f"INSERT INTO {table} ({one}, {other}) {_LISTED} ON CONFLICT DO NOTHING"
        connection.execute(text(given), {"pairs": json.dumps(pairs)})


def remove_pairs(connection: Connection, side: Side, pairs: Sequence[tuple[int, Any]]) -> None:
    """
    Delete rows of two columns; one that is not there does not matter.
    """
    if not pairs:
        return
    table, one, other = side.table.name, side.owner.name, side.element.name
    if _takes_arrays(connection):
        gone = f"DELETE FROM {table} WHERE ({one}, {other}) IN ({_unnested(side)})"  # noqa: S608 - fixed text
        connection.execute(text(gone), _arrays(pairs))
    else:
        same = (side.owner == bindparam("of")) & (side.element == bindparam("what"))
        rows = [{"of": left, "what": right} for left, right in pairs]
        connection.execute(delete(side.table).where(same), rows)


def _takes_arrays(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _unnested(side: Side) -> str:
    """
    Return the query that makes rows of two arrays, each of its column's type.
    """
    kinds = ["text[]" if column.type.python_type is str else "bigint[]" for column in (side.owner, side.element)]
    return f"SELECT * FROM unnest(CAST(:left AS {kinds[0]}), CAST(:right AS {kinds[1]}))"  # noqa: S608 - fixed text


def _arrays(pairs: Sequence[tuple[int, Any]]) -> dict[str, list[Any]]:
    return {"left": [left for left, _ in pairs], "right": [right for _, right in pairs]}
