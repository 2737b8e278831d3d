"""
What the registry says when it does not make a write: which row stands in the way, and what would help.

A database says no more than `UNIQUE constraint failed` or `FOREIGN KEY constraint failed`; who has the name, and
which profile is missing, is looked up here, after the refused write was rolled back.
"""

from msgspec import Struct
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from reconciler.core.model import Live
from reconciler.targets.sql_driver import driver_of
from reconciler.targets.sql_prepare import Ready
from reconciler.targets.sql_read import live
from reconciler.targets.sql_tables import GROUPS, PROFILES

_REFUSALS = frozenset({"22", "23", "44", "54", "P0"})
"""Data that does not fit, a constraint, a view's check, a limit, a trigger's own error."""


class Standing(Struct, frozen=True, kw_only=True):
    """
    A row that a create came upon under its own external id and name: an earlier create of ours, answer lost.

    `id` is set where the row is what the create would have made; else `message` says in what it differs.
    """

    id: int | None
    message: str = ""


def earlier(connection: Connection, ready: Ready, *, roles: frozenset[str]) -> Standing | None:
    """
    Return the row that an earlier request for this very create has made, if there is one.

    Only a row that holds all that was asked for counts as this write landed. One with other values (asked for by
    an earlier run, or changed since) must be read and planned anew: to record it as written would freeze it.
    """
    table, name = ready.shape.table, ready.shape.table.c[ready.shape.name]
    same = select(table.c.id).where(table.c.external_id == ready.write.key, name == ready.columns[ready.shape.name])
    id_ = connection.scalar(same)
    if id_ is None:
        return None
    there = live(driver_of(connection), ready.write.kind, [id_], roles)[str(id_)]
    wrong = _differing(ready, there)
    if not wrong:
        return Standing(id=id_)
    told = f"an earlier request of ours made {there.name!r} (id {id_}) with other {', '.join(wrong)}: plan again"
    return Standing(id=None, message=told)


def is_refusal(error: DBAPIError) -> bool:
    """
    Return whether the database refused one write, and would take another: a rule is broken, a value does not fit.

    PostgreSQL says so by the class of its SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html).
    """
    state = getattr(error.orig, "sqlstate", None) or ""
    return isinstance(error, IntegrityError) or state[:2] in _REFUSALS


def why(connection: Connection, ready: Ready, error: Exception) -> str:
    """
    Return what stands in the way of a write that broke a rule of the database.
    """
    found = _taken(connection, ready) or _no_profile(connection, ready) or _no_group(connection, ready)
    return found or " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())


def is_there(connection: Connection, ready: Ready) -> bool:
    """
    Return whether the row to be written is there, whatever its version.
    """
    table = ready.shape.table
    return connection.scalar(select(table.c.id).where(table.c.id == ready.id)) is not None


def missed(connection: Connection, ready: Ready) -> str:
    """
    Return why a row was not as the plan saw it: gone, or changed by whom.
    """
    table, name = ready.shape.table, ready.write.name
    row = connection.execute(select(table.c.version, table.c.changed_by).where(table.c.id == ready.id)).first()
    if row is None:
        return f"{ready.shape.kind} {name!r} (id {ready.write.id}) is no longer there"
    seen = f"the plan saw version {ready.write.expects!r}, now it is {str(row.version)!r}"
    return f"{ready.shape.kind} {name!r} (id {ready.id}) was changed by {row.changed_by}: {seen}"


def _differing(ready: Ready, there: Live) -> list[str]:
    """
    Return the names of what was asked for and is not so.
    """
    asked = {**ready.write.fields, **ready.sets}
    held = {**there.fields, "active": there.active}
    wrong = [name for name, value in asked.items() if held.get(name) != value]
    return sorted(wrong) + (["groups"] if not set(ready.write.join) <= set(there.groups) else [])


def _taken(connection: Connection, ready: Ready) -> str:
    """
    Return who else has the name that the write would set; empty where nobody has.
    """
    table, name = ready.shape.table, ready.shape.table.c[ready.shape.name]
    value = ready.columns.get(ready.shape.name)
    if value is None:
        return ""
    columns = table.c.id, table.c.external_id, table.c.changed_by
    other = connection.execute(select(*columns).where(name == value, table.c.id != (ready.id or 0))).first()
    if other is None:
        return ""
    id_, external_id, changed_by = other
    whose = f"external id {external_id!r}" if external_id is not None else "no external id"
    return f"the name {value!r} is taken by {value!r} (id {id_}, {whose}, last changed by {changed_by})"


def _no_profile(connection: Connection, ready: Ready) -> str:
    """
    Return which profiles the catalogue lacks, with the statement that adds one; empty where it lacks none.
    """
    asked = ready.sets.get("profiles", ())
    known = set(connection.scalars(select(PROFILES.c.name).where(PROFILES.c.name.in_(asked))))
    missing = [profile for profile in asked if profile not in known]
    if not missing:
        return ""
    literal = missing[0].replace("'", "''")
    add = f"INSERT INTO profiles (name) VALUES ('{literal}');"  # noqa: S608 - shown, never run
    return f"not in the catalogue of profiles: {', '.join(missing)}; an administrator adds one with {add}"


def _no_group(connection: Connection, ready: Ready) -> str:
    """
    Return which groups to join are not there; empty where all are.
    """
    known = set(connection.scalars(select(GROUPS.c.id).where(GROUPS.c.id.in_(ready.join))))
    missing = [str(group) for group in ready.join if group not in known]
    return f"no group has the id {', '.join(missing)}" if missing else ""
