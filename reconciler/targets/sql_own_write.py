"""
Writes to an application's own tables: one transaction for a batch, a savepoint and a locked row for each write.

What the plan saw is compared under the lock: on PostgreSQL that of the row (`FOR UPDATE`, which keeps memberships
with a foreign key away, too), on SQLite that of the file: a compare-and-set, also without a version column.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Integer, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from reconciler.core.model import Fields, Kind, Live, Value
from reconciler.ports import Result, Write
from reconciler.targets.sql_own_read import NAMES, Own, Schema, group_names, read
from reconciler.targets.sql_prepare import RefusedError, refuse_unstorable
from reconciler.targets.sql_refusal import is_refusal


class MissedError(Exception):
    """
    A row is not as the plan saw it; the message says how.
    """


def write_one(
    connection: Connection,
    known: Schema,
    write: Write,
    *,
    run: str,
    seen: Mapping[str, Container[str]] | None = None,
) -> Result:
    """
    Return what became of one write, made whole or not at all; `seen` are the users of each group as last read.
    """
    try:
        with connection.begin_nested():
            if write.action == "delete" and write.kind == "group" and seen is not None:
                _refuse_newcomers(connection, known, write, seen)
            live = _made(connection, known, write, run)
    except RefusedError as error:
        return Result(change=write.change, outcome="failed", message=str(error))
    except MissedError as error:
        return Result(change=write.change, outcome="left", message=str(error))
    except DBAPIError as error:
        if not is_refusal(error):
            raise
        return Result(change=write.change, outcome="failed", message=" ".join(str(error.orig).split()))
    return Result(change=write.change, outcome="landed", live=live)


def _made(connection: Connection, known: Schema, write: Write, run: str) -> Live | None:
    own = known.of(write.kind)
    fields = _checked(own, write, known)
    join, leave = _moves(connection, known, write, fields)
    if write.action == "create":
        earlier = _earlier(connection, known, write, fields=fields, join=join)
        if earlier is not None:
            return earlier
        id_ = _inserted(connection, own, _columns(own, write, fields, run))
    else:
        id_ = own.id_of(write.id)
        _lock(connection, own, id_)
        found = read(connection, known, write.kind, [id_]) if id_ is not None else []
        if write.action == "delete":
            if found:  # what is gone already was deleted
                _compare(write, found)
                _delete(connection, known, write.kind, id_)
            return None
        _compare(write, found)
        _free(connection, own, fields, id_)
        connection.execute(update(own.table).where(own.key == id_).values(_columns(own, write, fields, run)))
    for name in own.sides.keys() & fields.keys():
        _replace(connection, own, id_, name=name, value=fields[name])
    _join(connection, known, id_, join=join, leave=leave)
    [live] = read(connection, known, write.kind, [id_])
    return live


def _checked(own: Own, write: Write, known: Schema) -> Fields:
    """
    Return what a write sets; raises RefusedError for what has no column, or does not fit it.
    """
    name = NAMES[own.kind]
    fields = {name: write.name, **write.fields} if write.action == "create" else dict(write.fields)
    if own.kind == "group" and (write.join or write.leave):
        raise RefusedError("a group is no member of groups")
    for field, value in fields.items():
        if field == "active":
            _check_state(own, value)
        elif field in own.rows.fields:
            _check_scalar(own, field, value)
        elif field in own.sides or (field == "roles" and own.kind == "user" and known.roles):
            _check_set(field, value)
        else:
            raise RefusedError(f"a {own.kind} has no field {field!r}")
    if write.action != "delete" and fields.get(name, write.name) in {None, ""}:
        raise RefusedError(f"{name} cannot be empty")
    refuse_unstorable("external_id", write.key)
    return fields


def _check_state(own: Own, value: Value) -> None:
    if not isinstance(value, bool):
        raise RefusedError(f"active takes true or false, not {value!r}")
    if own.rows.active is None and not value:
        raise RefusedError(f"active: no column says whether a {own.kind} is; name one in the target's settings")


def _check_scalar(own: Own, field: str, value: Value) -> None:
    column = own.table.c[own.rows.fields[field]]
    if value is None:
        if not column.nullable:
            raise RefusedError(f"{field} cannot be empty")
        return
    wanted = column.type.python_type
    if type(value) is not wanted:
        raise RefusedError(f"{field} takes {wanted.__name__}, not {value!r}")
    if isinstance(value, str):
        refuse_unstorable(field, value)
    elif abs(int(value)) >= 2**63:  # type: ignore[arg-type]
        raise RefusedError(f"{field} is beyond 64 bits: {value}")


def _check_set(field: str, value: Value) -> None:
    if value is not None and not isinstance(value, tuple):
        raise RefusedError(f"{field} takes a list, not {value!r}")
    for element in value or ():
        refuse_unstorable(field, element)


def _moves(connection: Connection, known: Schema, write: Write, fields: Fields) -> tuple[set[str], set[str]]:
    """
    Return the groups to join and to leave; roles that groups express are among them, and no longer in `fields`.
    """
    join, leave = set(write.join), set(write.leave)
    if write.kind == "group" or not (join or (known.roles and "roles" in fields)):
        return join, leave
    names = group_names(connection, known)
    unknown = sorted(join - names.keys())
    if unknown:
        raise RefusedError(f"no group has the id {unknown[0]!r}")
    if known.roles and "roles" in fields:
        value = fields.pop("roles")
        wanted = set(value) if isinstance(value, tuple) else set()
        ids = {name: id_ for id_, name in names.items() if name in known.roles}
        if wanted & known.roles - ids.keys():
            raise RefusedError(f"no group expresses the role {min(wanted & known.roles - ids.keys())!r}")
        if "roles" in known.users.sides:
            fields["roles"] = tuple(sorted(wanted - known.roles))
        elif wanted - known.roles:
            raise RefusedError(f"no table keeps roles, such as {min(wanted - known.roles)!r}")
        join |= {ids[name] for name in wanted & ids.keys()}
        leave |= {id_ for name, id_ in ids.items() if name not in wanted}
    return join, leave


def _columns(own: Own, write: Write, fields: Fields, run: str) -> dict[str, Any]:
    """
    Return the values of the row's own columns.
    """
    rows = own.rows
    values: dict[str, Any] = {rows.fields[name]: value for name, value in fields.items() if name in rows.fields}
    if rows.active is not None and ("active" in fields or write.action == "create"):
        values[rows.active.column] = rows.active.on if fields.get("active", True) else rows.active.off
    if rows.external_id and write.action == "create":
        values[rows.external_id] = write.key
    if rows.changed_by:
        values[rows.changed_by] = run
    if rows.version and write.action == "update" and isinstance(own.table.c[rows.version].type, Integer):
        values[rows.version] = own.table.c[rows.version] + 1
    return values or {own.name.name: own.name}


def _earlier(connection: Connection, known: Schema, write: Write, *, fields: Fields, join: set[str]) -> Live | None:
    """
    Return what an earlier create of ours made, if it holds all that is asked for; raises where the name is taken.
    """
    own = known.of(write.kind)
    id_ = connection.scalar(select(own.key).where(own.name == write.name))
    if id_ is None:
        return None
    [there] = read(connection, known, write.kind, [id_])
    if own.rows.external_id is None or there.external_id != write.key:
        raise RefusedError(f"the name {write.name!r} is taken by {there.name!r} (id {there.id})")
    held = {**there.fields, "active": there.active}
    asked = {**fields, **({"roles": write.fields["roles"]} if "roles" in write.fields else {})}
    wrong = sorted(name for name, value in asked.items() if held.get(name) != value)
    if wrong or not join <= {*there.groups, *_expressed(connection, known, there)}:
        told = f"an earlier request of ours made {there.name!r} with other values: plan again"
        raise MissedError(told)
    return there


def _expressed(connection: Connection, known: Schema, there: Live) -> set[str]:
    held = there.fields.get("roles")
    roles = set(held) & known.roles if isinstance(held, tuple) else set()
    return {id_ for id_, name in group_names(connection, known).items() if name in roles}


def _inserted(connection: Connection, own: Own, values: dict[str, Any]) -> Any:  # noqa: ANN401 - a key
    connection.execute(insert(own.table).values(values))
    return connection.scalar(select(own.key).where(own.name == values[own.name.name]))


def _lock(connection: Connection, own: Own, id_: object) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(own.key).where(own.key == id_).with_for_update())


def _compare(write: Write, found: Sequence[Live]) -> None:
    """
    Raise MissedError where the row is gone, or not what the plan saw.
    """
    if not found:
        raise MissedError(f"{write.kind} {write.name!r} (id {write.id}) is no longer there")
    if found[0].version != write.expects:
        by = f" by {found[0].changed_by}" if found[0].changed_by else ", by an admin or by another program"
        raise MissedError(f"{write.kind} {write.name!r} was changed since the plan was made{by}")


def _refuse_newcomers(
    connection: Connection, known: Schema, write: Write, seen: Mapping[str, Container[str]]
) -> None:
    """
    Raise MissedError, under the row's lock, for a group into which somebody was put since it was read.
    """
    id_ = known.groups.id_of(write.id)
    _lock(connection, known.groups, id_)
    user, group = known.members.c[known.at.user], known.members.c[known.at.group]
    there = select(user).where(group == id_, user.in_(select(known.users.key)))
    known_there = seen.get(write.id or "", ())
    if any(str(one) not in known_there for one in connection.scalars(there)):
        raise MissedError(f"group {write.name!r}: somebody was put into it since the plan was made")


def _free(connection: Connection, own: Own, fields: Fields, id_: object) -> None:
    name = fields.get(NAMES[own.kind])
    if name is None:
        return
    other = connection.scalar(select(own.key).where(own.name == name, own.key != id_))
    if other is not None:
        raise RefusedError(f"the name {name!r} is taken by {name!r} (id {other})")


def _delete(connection: Connection, known: Schema, kind: Kind, id_: object) -> None:
    """
    Delete a row and all that belongs to it.
    """
    own = known.of(kind)
    mine = known.members.c[known.at.user if kind == "user" else known.at.group]
    connection.execute(delete(known.members).where(mine == id_))
    for name, side in own.rows.sets.items():
        connection.execute(delete(own.sides[name]).where(own.sides[name].c[side.owner] == id_))
    connection.execute(delete(own.table).where(own.key == id_))


def _replace(connection: Connection, own: Own, id_: object, *, name: str, value: Value) -> None:
    """
    Make a set hold exactly these elements, which are compared as the text they are read as.

    The row of an element that stays is not touched: what its other columns hold is the application's.
    """
    side, table = own.rows.sets[name], own.sides[name]
    owner, element = table.c[side.owner], table.c[side.element]
    wanted = set(value) if isinstance(value, tuple) else set()
    held = {str(one): one for one in connection.scalars(select(element).where(owner == id_))}
    gone = [held[one] for one in sorted(held.keys() - wanted)]
    if gone:
        connection.execute(delete(table).where(owner == id_, element.in_(gone)))
    if wanted - held.keys():
        rows = [{side.owner: id_, side.element: _typed(element, one)} for one in sorted(wanted - held.keys())]
        connection.execute(insert(table), rows)


def _typed(element: Column[Any], text: str) -> Any:  # noqa: ANN401 - elements are numbers or text
    """
    Return an element of a set as its column's own type; raises RefusedError for what is no number where one is.
    """
    if not isinstance(element.type, Integer):
        return text
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004 - 64 bits
        raise RefusedError(f"{element.name} takes numbers, not {text!r}")
    return int(text)


def _join(connection: Connection, known: Schema, id_: object, *, join: set[str], leave: set[str]) -> None:
    user, group = known.members.c[known.at.user], known.members.c[known.at.group]
    if not join and not leave:
        return
    held = {str(one) for one in connection.scalars(select(group).where(user == id_))}
    gone = [known.groups.id_of(one) for one in sorted(leave & held - join)]
    new = [{known.at.user: id_, known.at.group: known.groups.id_of(one)} for one in sorted(join - held)]
    if gone:
        connection.execute(delete(known.members).where(user == id_, group.in_(gone)))
    if new:
        connection.execute(insert(known.members), new)
