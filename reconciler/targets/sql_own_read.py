"""
An application's rows as live users and groups; what they are compared by is all that was read of them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Connection, MetaData, Select, Table, select
from sqlalchemy.exc import NoSuchTableError

from reconciler.core.model import Fields, Kind, Live, Value
from reconciler.errors import TargetError
from reconciler.targets.sql_settings import Members, Rows, Tables

NAMES: dict[Kind, str] = {"user": "user_name", "group": "name"}


class Own(Struct, frozen=True, kw_only=True):
    """
    The tables of one kind, as the database has them: rows, sets, and what stands in which column.
    """

    kind: Kind
    rows: Rows
    table: Table
    sides: dict[str, Table]

    @property
    def key(self) -> Column[Any]:
        """
        Return the column that names a row for good.
        """
        return self.table.c[self.rows.key]

    @property
    def name(self) -> Column[Any]:
        """
        Return the column of the unique name.
        """
        return self.table.c[self.rows.fields[NAMES[self.kind]]]

    def id_of(self, text: str | None) -> Any:  # noqa: ANN401 - keys are numbers or text
        """
        Return an id of ours as the key's own type; None where it cannot be one.
        """
        if text is None or self.key.type.python_type is not int:
            return text
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 - 64 bits


class Schema(Struct, frozen=True, kw_only=True):
    """
    All of an application's tables that were named; `roles` are the names of groups that express one.
    """

    users: Own
    groups: Own
    members: Table
    at: Members
    roles: frozenset[str]

    def of(self, kind: Kind) -> Own:
        """
        Return the tables of a kind.
        """
        return self.users if kind == "user" else self.groups


def schema(connection: Connection, tables: Tables, roles: frozenset[str]) -> Schema:
    """
    Return the tables as they are; raises TargetError, with every fault, for a table or column that is not there.
    """
    metadata = MetaData()
    faults: list[str] = []

    def there(name: str, columns: Iterable[str]) -> Table:
        table = _reflected(connection, metadata, name, faults)
        faults.extend(f"{name} has no column {one!r}" for one in columns if one not in table.c and len(table.c))
        return table

    def own(kind: Kind, rows: Rows) -> Own:
        if NAMES[kind] not in rows.fields:
            faults.append(f"tables.{kind}s.fields says no column for {NAMES[kind]}")
        return Own(
            kind=kind,
            rows=rows,
            table=there(rows.table, _columns(rows)),
            sides={name: there(side.table, (side.owner, side.element)) for name, side in rows.sets.items()},
        )

    users, groups = own("user", tables.users), own("group", tables.groups)
    members = there(tables.memberships.table, (tables.memberships.user, tables.memberships.group))
    if faults:
        raise TargetError("; ".join(faults), hint="look at `tables` in the target's settings")
    return Schema(users=users, groups=groups, members=members, at=tables.memberships, roles=roles)


def read(connection: Connection, known: Schema, kind: Kind, ids: Collection[Any] | None = None) -> list[Live]:
    """
    Return the users or groups, all or those of the ids, sorted by id.
    """
    own = known.of(kind)
    sets = {name: _elements(connection, own, name, ids) for name in own.sides}
    groups = _groups(connection, known, ids) if kind == "user" else {}
    names = group_names(connection, known) if kind == "user" else {}
    found = [
        _live(own, dict(row._mapping), sets=sets, groups=groups, names=names, roles=known.roles)  # noqa: SLF001 - public
        for row in connection.execute(_chosen(own, select(own.table), ids).execution_options(yield_per=5000))
    ]
    return sorted(found, key=lambda live: live.id)


def group_names(connection: Connection, known: Schema) -> dict[str, str]:
    """
    Return the names of groups by id.
    """
    rows = connection.execute(select(known.groups.key, known.groups.name))
    return {str(row[0]): str(row[1]) for row in rows}


def _reflected(connection: Connection, metadata: MetaData, name: str, faults: list[str]) -> Table:
    place, _, plain = name.rpartition(".")
    try:
        return Table(plain, metadata, autoload_with=connection, schema=place or None)
    except NoSuchTableError:
        faults.append(f"there is no table {name!r}")
        return Table(f"absent {name}", MetaData())


def _columns(rows: Rows) -> list[str]:
    told = [rows.external_id, rows.version, rows.changed_by, rows.active.column if rows.active else None]
    return [rows.key, *rows.fields.values(), *(one for one in told if one)]


def _chosen(own: Own, query: Select[Any], ids: Collection[Any] | None) -> Select[Any]:
    return query if ids is None else query.where(own.key.in_(ids))


def _elements(connection: Connection, own: Own, name: str, ids: Collection[Any] | None) -> dict[str, set[str]]:
    table, side = own.sides[name], own.rows.sets[name]
    query = select(table.c[side.owner], table.c[side.element])
    found: dict[str, set[str]] = defaultdict(set)
    for owner, element in connection.execute(query if ids is None else query.where(table.c[side.owner].in_(ids))):
        found[str(owner)].add(str(element))
    return found


def _groups(connection: Connection, known: Schema, ids: Collection[Any] | None) -> dict[str, set[str]]:
    user, group = known.members.c[known.at.user], known.members.c[known.at.group]
    query = select(user, group)
    found: dict[str, set[str]] = defaultdict(set)
    for owner, joined in connection.execute(query if ids is None else query.where(user.in_(ids))):
        found[str(owner)].add(str(joined))
    return found


def _live(
    own: Own,
    row: dict[str, Any],
    *,
    sets: dict[str, dict[str, set[str]]],
    groups: dict[str, set[str]],
    names: dict[str, str],
    roles: frozenset[str],
) -> Live:
    """
    Return one row as the engine sees it, groups that express a role as roles.
    """
    id_ = str(row[own.rows.key])
    mine = groups.get(id_, set())
    fields: Fields = {name: _value(row[column]) for name, column in own.rows.fields.items()}
    fields |= {name: tuple(sorted(held.get(id_, ()))) for name, held in sets.items()}
    expressed = {names[one] for one in mine if names.get(one) in roles}
    if own.kind == "user" and (expressed or (roles and "roles" not in fields)):
        held = fields.get("roles", ())
        fields["roles"] = tuple(sorted({*(held if isinstance(held, tuple) else ()), *expressed}))
    state, version, by = own.rows.active, own.rows.version, own.rows.changed_by
    active = state is None or row[state.column] == state.on
    external_id = row[own.rows.external_id] if own.rows.external_id else None
    seen = repr((sorted(fields.items()), active, external_id, sorted(mine), row[version] if version else None))
    return Live(
        kind=own.kind,
        id=id_,
        name=str(fields[NAMES[own.kind]]),
        fields=fields,
        active=active,
        external_id=None if external_id is None else str(external_id),
        groups=tuple(sorted(one for one in mine if names.get(one) not in roles)),
        version=hashlib.sha256(seen.encode()).hexdigest()[:16],
        changed_by=_writer(row[by]) if by else None,
    )


def _writer(value: object) -> str:
    """
    Return the run that wrote last; everybody else is an administrator.
    """
    return value if isinstance(value, str) and value.startswith("run-") else "admin"


def _value(value: object) -> Value:
    """
    Return a column's value as one that is compared; what is neither text, number nor truth is shown as text.
    """
    return value if value is None or isinstance(value, str | bool | int) else str(value)
