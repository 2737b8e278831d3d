"""
Writes to the registry: one transaction for a batch, a savepoint for each write, a compare-and-set on each row.

Writes of one shape that follow each other are made together; where one of them cannot be, the two halves are tried
for themselves, so one bad record among thousands costs a few statements and stops nobody else.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, Delete, Update, bindparam, delete, select, update
from sqlalchemy.exc import DBAPIError

from reconciler.core.model import Kind, Live
from reconciler.files.rows import collector_paused
from reconciler.ports import Result, Write
from reconciler.targets import sql_bulk, sql_refusal, sql_sets
from reconciler.targets.sql_driver import driver_of
from reconciler.targets.sql_prepare import Ready, RefusedError, prepare
from reconciler.targets.sql_read import live, newcomers
from reconciler.targets.sql_tables import GROUPS
from reconciler.targets.sql_terms import Terms

_TOGETHER = 1000
_KINDS: tuple[Kind, ...] = ("user", "group")


class _MissedError(Exception):
    """
    A row was not as the plan saw it: gone, or changed since; the text says how, where no look at it would.
    """


class _Fate(Struct, frozen=True, kw_only=True):
    """
    What became of one write, before the rows are read back.
    """

    write: Write
    outcome: Literal["landed", "failed", "left"]
    id: int | None = None
    message: str = ""


def write_all(connection: Connection, writes: Sequence[Write], terms: Terms) -> list[Result]:
    """
    Make the writes inside the caller's transaction; return one result each.

    The run signs for as long as we write: see sql_triggers.
    """
    fates: list[_Fate] = []
    with collector_paused():
        sql_bulk.sign(connection, terms.run)
        for part in _parts(map(_prepared, writes)):
            fates += [part] if isinstance(part, _Fate) else _make(connection, part, terms)
        sql_bulk.unsign(connection)
        return _read_back(connection, fates, terms.roles)


def _prepared(write: Write) -> Ready | _Fate:
    """
    Return the write ready to be made, or already refused.
    """
    try:
        return prepare(write)
    except RefusedError as error:
        return _Fate(write=write, outcome="failed", message=str(error))


def _parts(prepared: Iterable[Ready | _Fate]) -> Iterator[list[Ready] | _Fate]:
    """
    Yield the writes in their order, those that follow each other and can share their statements together.
    """
    for _, part in groupby(prepared, key=_statements):
        while chunk := list(islice(part, _TOGETHER)):
            ready = [write for write in chunk if isinstance(write, Ready)]
            yield from [ready] if ready else (fate for fate in chunk if isinstance(fate, _Fate))


def _statements(prepared: Ready | _Fate) -> tuple[str, ...]:
    """
    Return what two writes must have in common to be made by the same statements: action, kind, columns, sets.
    """
    if isinstance(prepared, _Fate):
        return ()
    return (prepared.write.action, prepared.write.kind, *sorted(prepared.columns), "", *sorted(prepared.sets))


def _make(connection: Connection, batch: list[Ready], terms: Terms) -> list[_Fate]:
    """
    Make all of `batch`; where the database refuses, each half for itself, down to the one it refuses.
    """
    verb = {"create": _create, "update": _update, "delete": _delete}[batch[0].write.action]
    try:
        with connection.begin_nested():
            ids = verb(connection, batch, terms)
            return [
                _Fate(write=ready.write, outcome="landed", id=id_) for ready, id_ in zip(batch, ids, strict=True)
            ]
    except (DBAPIError, _MissedError) as error:
        if isinstance(error, DBAPIError) and not sql_refusal.is_refusal(error):
            raise
        if len(batch) == 1:
            return [_unmade(connection, batch[0], error, terms.roles)]
    half = len(batch) // 2
    return [*_make(connection, batch[:half], terms), *_make(connection, batch[half:], terms)]


def _create(connection: Connection, batch: list[Ready], terms: Terms) -> list[int]:
    """
    Insert rows of one kind with all that belongs to them; return their ids.
    """
    shape = batch[0].shape
    by_name = sql_bulk.insert_named(connection, shape, [ready.columns for ready in batch])
    ids = [by_name[str(ready.columns[shape.name])] for ready in batch]
    for field in batch[0].sets:
        elements = [(id_, element) for id_, ready in zip(ids, batch, strict=True) for element in ready.sets[field]]
        sql_sets.add(connection, shape, field, elements, roles=terms.roles)
    sql_sets.join(connection, _members(ids, [ready.join for ready in batch]))
    return ids


def _update(connection: Connection, batch: list[Ready], terms: Terms) -> list[int]:
    """
    Update rows, all of the same columns, with what belongs to them; return their ids.

    A write that changes side tables alone touches the row nevertheless: that is its compare-and-set.
    """
    shape = batch[0].shape
    changed = update(shape.table)
    if not batch[0].columns:
        changed = changed.values({shape.name: shape.table.c[shape.name]})
    ids = _compare_and_set(connection, changed, batch)
    for field in batch[0].sets:
        sets = {id_: ready.sets[field] for id_, ready in zip(ids, batch, strict=True)}
        sql_sets.replace(connection, shape, field, sets, roles=terms.roles)
    sql_sets.leave(connection, _members(ids, [ready.leave for ready in batch]))
    sql_sets.join(connection, _members(ids, [ready.join for ready in batch]))
    return ids


def _delete(connection: Connection, batch: list[Ready], terms: Terms) -> list[int]:
    """
    Delete rows and, by trigger, all that belongs to them; return their ids.
    """
    if batch[0].shape.kind == "group":
        _refuse_newcomers(connection, batch, terms)
    return _compare_and_set(connection, delete(batch[0].shape.table), batch)


def _refuse_newcomers(connection: Connection, batch: list[Ready], terms: Terms) -> None:
    """
    Raise _MissedError, under the rows' locks, where somebody was put into one of these groups since they were read.
    """
    ids = [ready.id for ready in batch if ready.id is not None]
    if connection.dialect.name == "postgresql":
        connection.execute(select(GROUPS.c.id).where(GROUPS.c.id.in_(ids)).with_for_update())
    if terms.since is not None and newcomers(driver_of(connection), ids, since=terms.since, run=terms.run):
        raise _MissedError(f"group {batch[0].write.name!r}: somebody was put into it since the plan was made")


def _compare_and_set(connection: Connection, statement: Update | Delete, batch: list[Ready]) -> list[int]:
    """
    Run `statement` for each row that still has the version the plan saw; raise _MissedError if any has not.
    """
    columns = batch[0].shape.table.c
    expected = statement.where(columns.id == bindparam("its_id"), columns.version == bindparam("seen"))
    rows = [{**ready.columns, "its_id": ready.id, "seen": ready.expects} for ready in batch]
    if connection.execute(expected, rows).rowcount != len(batch):
        raise _MissedError
    return [ready.id for ready in batch if ready.id is not None]


def _members(users: Sequence[int], groups: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    """
    Return (user id, group id) of every group of every user.
    """
    return [(user, group) for user, theirs in zip(users, groups, strict=True) for group in theirs]


def _unmade(connection: Connection, ready: Ready, error: Exception, roles: frozenset[str]) -> _Fate:
    """
    Return what became of a write that the database did not make: no longer as expected, refused, or made before.

    Gone already is what a delete wants: its answer may have been lost the first time. So may a create's.
    """
    write = ready.write
    if isinstance(error, _MissedError):
        gone = write.action == "delete" and not sql_refusal.is_there(connection, ready)
        message = "" if gone else str(error) or sql_refusal.missed(connection, ready)
        return _Fate(write=write, outcome="landed" if gone else "left", message=message)
    earlier = sql_refusal.earlier(connection, ready, roles=roles) if write.action == "create" else None
    if earlier is None:
        return _Fate(write=write, outcome="failed", message=sql_refusal.why(connection, ready, error))
    landed = earlier.id is not None
    return _Fate(write=write, outcome="landed" if landed else "left", id=earlier.id, message=earlier.message)


def _read_back(connection: Connection, fates: list[_Fate], roles: frozenset[str]) -> list[Result]:
    """
    Return the results, with what the database now holds of everything that landed.
    """
    lives: dict[tuple[Kind, str], Live] = {}
    for kind in _KINDS:
        ids = [fate.id for fate in fates if fate.write.kind == kind and fate.id is not None]
        found = live(driver_of(connection), kind, ids, roles) if ids else {}
        lives.update({(kind, id_): entity for id_, entity in found.items()})
    return [
        Result(
            change=fate.write.change,
            outcome=fate.outcome,
            live=lives.get((fate.write.kind, str(fate.id))),
            message=fate.message,
        )
        for fate in fates
    ]
