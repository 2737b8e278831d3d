"""
Sets kept in side tables, written as what is added and what is removed.

A user's role that a group expresses (`OPAdministrators`) is membership of the group of that name; all else that
`roles` and `profiles` hold are rows of their own.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or_keep

from reconciler.targets.sql_tables import GROUPS, MEMBERSHIPS, SHAPES, Shape, Side

Elements: TypeAlias = list[tuple[int, str]]
"""Elements of sets, each with the id of its owner."""


def add(connection: Connection, shape: Shape, field: str, elements: Elements, *, roles: frozenset[str]) -> None:
    """
    Add elements that their owners do not hold yet; `roles` are those that groups express.
    """
    grouped = _grouped(shape, field, roles)
    _add_rows(connection, shape.sets[field], [pair for pair in elements if pair[1] not in grouped])
    _join_roles(connection, [pair for pair in elements if pair[1] in grouped])


def replace(
    connection: Connection, side: tuple[Shape, str], owner: int, elements: Collection[str], *, roles: frozenset[str]
) -> None:
    """
    Make one owner's set hold exactly `elements`; `side` is the kind's shape and the field.
    """
    shape, field = side
    grouped = _grouped(shape, field, roles)
    rows = shape.sets[field]
    wanted = set(elements)
    held = set(connection.scalars(select(rows.element).where(rows.owner == owner)))
    _remove_rows(connection, rows, owner, held - (wanted - grouped))
    _add_rows(connection, rows, [(owner, element) for element in sorted(wanted - grouped - held)])
    if grouped:
        joined = _joined_roles(connection, owner, grouped)
        leave(connection, owner, [group for role, group in joined.items() if role not in wanted])
        _join_roles(connection, [(owner, role) for role in sorted((wanted & grouped) - joined.keys())])


def join(connection: Connection, members: Iterable[tuple[int, int]]) -> None:
    """
    Add memberships, (user id, group id) each; one that is there already stays.
    """
    rows = [{"user_id": user, "group_id": group} for user, group in members]
    if rows:
        connection.execute(insert_or_keep(MEMBERSHIPS).on_conflict_do_nothing(), rows)


def leave(connection: Connection, user: int, groups: Sequence[int]) -> None:
    """
    Remove memberships of one user; one that is not there does not matter.
    """
    if groups:
        ours = MEMBERSHIPS.c.user_id == user
        connection.execute(delete(MEMBERSHIPS).where(ours, MEMBERSHIPS.c.group_id.in_(groups)))


def _grouped(shape: Shape, field: str, roles: frozenset[str]) -> frozenset[str]:
    """
    Return those elements of a field that groups express: roles of users, and nothing else.
    """
    return roles if field == "roles" and shape is SHAPES["user"] else frozenset()


def _add_rows(connection: Connection, side: Side, elements: Elements) -> None:
    """
    Insert one row for each element.
    """
    if elements:
        rows = [{side.owner.name: owner, side.element.name: element} for owner, element in elements]
        connection.execute(insert(side.table), rows)


def _remove_rows(connection: Connection, side: Side, owner: int, elements: Collection[str]) -> None:
    """
    Delete one owner's rows of these elements.
    """
    if elements:
        connection.execute(delete(side.table).where(side.owner == owner, side.element.in_(sorted(elements))))


def _joined_roles(connection: Connection, user: int, roles: frozenset[str]) -> dict[str, int]:
    """
    Return the ids of the groups by which the user holds any of these roles, by role.
    """
    joined = select(GROUPS.c.name, GROUPS.c.id).join(MEMBERSHIPS, MEMBERSHIPS.c.group_id == GROUPS.c.id)
    held = joined.where(MEMBERSHIPS.c.user_id == user, GROUPS.c.name.in_(sorted(roles)))
    return dict(connection.execute(held).tuples().all())


def _join_roles(connection: Connection, elements: Elements) -> None:
    """
    Make users members of the groups that express these roles; a group that is missing is made.
    """
    if not elements:
        return
    names = sorted({role for _, role in elements})
    connection.execute(insert_or_keep(GROUPS).on_conflict_do_nothing(), [{"name": name} for name in names])
    found = connection.execute(select(GROUPS.c.name, GROUPS.c.id).where(GROUPS.c.name.in_(names)))
    ids = dict(found.tuples().all())
    join(connection, [(user, ids[role]) for user, role in elements])
