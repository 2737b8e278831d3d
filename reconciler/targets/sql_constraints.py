"""
What an application's own tables hold to, whoever writes them: names and memberships that stand there once.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, inspect

from reconciler.ports_doctor import Finding
from reconciler.targets.sql_own_read import Schema

_TWICE = "another program may make it twice; add a unique index"


def constraints(connection: Connection, known: Schema) -> Iterator[Finding]:
    """
    Yield whether names, and memberships, are unique, and by what rows are compared.
    """
    for own in (known.users, known.groups):
        yield _unique(connection, own.table, {own.name.name})
        by = "its version" if own.rows.version else "its values"
        yield Finding(what=f"a row of {own.table.name}", found=f"compared by {by}", means="under its lock")
    yield _unique(connection, known.members, {known.at.user, known.at.group})


def _unique(connection: Connection, table: Table, columns: set[str]) -> Finding:
    """
    Return whether no two rows have the same in these columns.
    """
    inspector = inspect(connection)
    name, schema = table.name, table.schema
    sets = [{*inspector.get_pk_constraint(name, schema)["constrained_columns"]}]
    sets += ({*one["column_names"]} for one in inspector.get_unique_constraints(name, schema))
    indexes = (one for one in inspector.get_indexes(name, schema) if one["unique"])
    sets += ({str(column) for column in one["column_names"]} for one in indexes)
    unique = any(one and one <= columns for one in sets)
    found = "unique" if unique else "not unique"
    return Finding(what=f"{', '.join(sorted(columns))} of {name}", found=found, means="" if unique else _TWICE)
