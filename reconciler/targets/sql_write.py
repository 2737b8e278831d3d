"""
Writes to the registry: one transaction for a batch, a savepoint for each write, a compare-and-set on each row.

Creates that follow each other are made together; where the database refuses them, the two halves are tried one
by one, so one bad record among thousands costs a few statements and stops nobody else.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from reconciler.core.model import Kind, Live
from reconciler.ports import Result, Write
from reconciler.targets import sql_refusal, sql_sets
from reconciler.targets.sql_prepare import Ready, RefusedError, prepare
from reconciler.targets.sql_read import live
from reconciler.targets.sql_tables import WRITER

_TOGETHER = 1000
_KINDS: tuple[Kind, ...] = ("user", "group")


class _Fate(Struct, frozen=True, kw_only=True):
    """
    What became of one write, before the rows are read back.
    """

    write: Write
    outcome: Literal["landed", "failed", "left"]
    id: int | None = None
    message: str = ""


def write_all(connection: Connection, writes: Sequence[Write], *, run: str, roles: frozenset[str]) -> list[Result]:
    """
    Make the writes inside the caller's transaction, which holds the write lock; return one result each.

    `roles` are the names of groups that express a role. The run's id stands in `writer` for as long as we write,
    and is taken out before the commit: see sql_schema.
    """
    connection.execute(update(WRITER).values(run=run))
    fates = [fate for part in _parts(map(_prepared, writes)) for fate in _make(connection, part, roles)]
    connection.execute(update(WRITER).values(run=None))
    return _read_back(connection, fates, roles)


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
    Yield the writes in their order: creates of one kind that follow each other together, all else alone.
    """
    for kind, part in groupby(prepared, key=_created_kind):
        while chunk := list(islice(part, _TOGETHER if kind else 1)):
            ready = [write for write in chunk if isinstance(write, Ready)]
            yield from [ready] if ready else (fate for fate in chunk if isinstance(fate, _Fate))


def _created_kind(prepared: Ready | _Fate) -> Kind | None:
    """
    Return the kind of which this write creates one; None where it does something else.
    """
    creates = isinstance(prepared, Ready) and prepared.write.action == "create"
    return prepared.write.kind if creates else None


def _make(connection: Connection, part: list[Ready] | _Fate, roles: frozenset[str]) -> list[_Fate]:
    """
    Make one part of the batch.
    """
    if isinstance(part, _Fate):
        return [part]
    if part[0].write.action == "create":
        return _create(connection, part, roles)
    return [_change(connection, part[0], roles)]


def _create(connection: Connection, batch: list[Ready], roles: frozenset[str]) -> list[_Fate]:
    """
    Create all of `batch`; where the database refuses, each half for itself, down to the one it refuses.
    """
    try:
        with connection.begin_nested():
            return _insert(connection, batch, roles)
    except IntegrityError as error:
        if len(batch) == 1:
            return [_not_created(connection, batch[0], error, roles)]
    half = len(batch) // 2
    return [*_create(connection, batch[:half], roles), *_create(connection, batch[half:], roles)]


def _insert(connection: Connection, batch: list[Ready], roles: frozenset[str]) -> list[_Fate]:
    """
    Insert rows of one kind with all that belongs to them.

    The new ids are those above the highest that was there: nobody else can insert while we hold the lock.
    """
    shape = batch[0].shape
    table, name = shape.table, shape.table.c[shape.name]
    last = connection.scalar(select(func.max(table.c.id))) or 0
    connection.execute(insert(table), [ready.columns for ready in batch])
    ids = dict(connection.execute(select(name, table.c.id).where(table.c.id > last)).tuples().all())
    made = [(ids[ready.columns[shape.name]], ready) for ready in batch]
    for field in shape.sets:
        elements = [(id_, element) for id_, ready in made for element in ready.sets.get(field, ())]
        sql_sets.add(connection, shape, field, elements, roles=roles)
    sql_sets.join(connection, [(id_, group) for id_, ready in made for group in ready.join])
    return [_Fate(write=ready.write, outcome="landed", id=id_) for id_, ready in made]


def _not_created(connection: Connection, ready: Ready, error: IntegrityError, roles: frozenset[str]) -> _Fate:
    """
    Return what became of a create that the database refused: made before by us, or in somebody's way.
    """
    earlier = sql_refusal.earlier(connection, ready, roles=roles)
    if earlier is None:
        return _Fate(write=ready.write, outcome="failed", message=sql_refusal.why(connection, ready, error))
    outcome: Literal["landed", "left"] = "left" if earlier.id is None else "landed"
    return _Fate(write=ready.write, outcome=outcome, id=earlier.id, message=earlier.message)


def _change(connection: Connection, ready: Ready, roles: frozenset[str]) -> _Fate:
    """
    Update or delete one row, if it still has the version that the plan saw.
    """
    make = _delete if ready.write.action == "delete" else _update
    try:
        with connection.begin_nested():
            hit = make(connection, ready, roles)
    except IntegrityError as error:
        return _Fate(write=ready.write, outcome="failed", message=sql_refusal.why(connection, ready, error))
    if hit:
        return _Fate(write=ready.write, outcome="landed", id=ready.id)
    return _Fate(write=ready.write, outcome="left", message=sql_refusal.missed(connection, ready))


def _delete(connection: Connection, ready: Ready, _roles: frozenset[str]) -> bool:
    """
    Delete one row and, by trigger, all that belongs to it; return whether it was as expected or gone already.

    Gone already is what a delete wants: its answer may have been lost the first time.
    """
    table = ready.shape.table
    expected = delete(table).where(table.c.id == ready.id, table.c.version == ready.expects)
    if connection.execute(expected).rowcount == 1:
        return True
    return connection.scalar(select(table.c.id).where(table.c.id == ready.id)) is None


def _update(connection: Connection, ready: Ready, roles: frozenset[str]) -> bool:
    """
    Update one row and what belongs to it; return whether it was as expected.

    A write that changes side tables alone touches the row nevertheless: that is its compare-and-set.
    """
    shape, id_ = ready.shape, ready.id
    table = shape.table
    expected = update(table).where(table.c.id == id_, table.c.version == ready.expects)
    touch = {shape.name: table.c[shape.name]}
    if id_ is None or connection.execute(expected.values(ready.columns or touch)).rowcount != 1:
        return False
    for field, elements in ready.sets.items():
        sql_sets.replace(connection, (shape, field), id_, elements, roles=roles)
    sql_sets.leave(connection, id_, ready.leave)
    sql_sets.join(connection, [(id_, group) for group in ready.join])
    return True


def _read_back(connection: Connection, fates: list[_Fate], roles: frozenset[str]) -> list[Result]:
    """
    Return the results, with what the database now holds of everything that landed.
    """
    lives: dict[tuple[Kind, str], Live] = {}
    for kind in _KINDS:
        ids = [fate.id for fate in fates if fate.write.kind == kind and fate.id is not None]
        found = live(connection, kind, ids, roles) if ids else {}
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
