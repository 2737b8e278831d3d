"""
Sets kept in side tables, written as what is added and what is removed.

A user's role that a group expresses (`OPAdministrators`) is membership of the group of that name; all else that
`roles` and `profiles` hold are rows of their own.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from sqlalchemy import Connection, select

from reconciler.targets.sql_bulk import add_pairs, insert_groups, remove_pairs
from reconciler.targets.sql_tables import GROUPS, MEMBERSHIPS, SHAPES, Shape, Side

_MEMBERS = Side(MEMBERSHIPS, MEMBERSHIPS.c.user_id, MEMBERSHIPS.c.group_id)

Elements: TypeAlias = list[tuple[int, str]]
"""Elements of sets, each with the id of its owner."""


def add(connection: Connection, shape: Shape, field: str, elements: Elements, *, roles: frozenset[str]) -> None:
    """
    Add elements that their owners do not hold yet; `roles` are those that groups express.
    """
    grouped = _grouped(shape, field, roles)
    add_pairs(connection, shape.sets[field], [pair for pair in elements if pair[1] not in grouped])
    _join_roles(connection, [pair for pair in elements if pair[1] in grouped])


def replace(
    connection: Connection, shape: Shape, field: str, sets: Mapping[int, Collection[str]], *, roles: frozenset[str]
) -> None:
    """
    Make the sets of these owners, by id, hold exactly what is given.
    """
    grouped = _grouped(shape, field, roles)
    side = shape.sets[field]
    wanted = {(owner, element) for owner, elements in sets.items() for element in elements}
    rows = {pair for pair in wanted if pair[1] not in grouped}
    found = connection.execute(select(side.owner, side.element).where(side.owner.in_(sorted(sets))))
    held = {(row[0], row[1]) for row in found}
    remove_pairs(connection, side, sorted(held - rows))
    add_pairs(connection, side, sorted(rows - held))
    if grouped:
        joined = _joined_roles(connection, sets, grouped)
        leave(connection, sorted((owner, joined[owner, role]) for owner, role in joined.keys() - wanted))
        _join_roles(connection, sorted(wanted - rows - joined.keys()))


def join(connection: Connection, members: Iterable[tuple[int, int]]) -> None:
    """
    Add memberships, (user id, group id) each; one that is there already stays.
    """
    add_pairs(connection, _MEMBERS, list(members))


def leave(connection: Connection, members: Iterable[tuple[int, int]]) -> None:
    """
    Remove memberships, (user id, group id) each; one that is not there does not matter.
    """
    remove_pairs(connection, _MEMBERS, list(members))


def _grouped(shape: Shape, field: str, roles: frozenset[str]) -> frozenset[str]:
    """
    Return those elements of a field that groups express: roles of users, and nothing else.
    """
    return roles if field == "roles" and shape is SHAPES["user"] else frozenset()


def _joined_roles(
    connection: Connection, users: Iterable[int], roles: frozenset[str]
) -> dict[tuple[int, str], int]:
    """
    Return the groups by which these users hold any of these roles: the group's id by user id and role.
    """
    joined = select(MEMBERSHIPS.c.user_id, GROUPS.c.name, GROUPS.c.id).join(
        GROUPS, GROUPS.c.id == MEMBERSHIPS.c.group_id
    )
    held = joined.where(MEMBERSHIPS.c.user_id.in_(sorted(users)), GROUPS.c.name.in_(sorted(roles)))
    return {(user, role): group for user, role, group in connection.execute(held)}


def _join_roles(connection: Connection, elements: Elements) -> None:
    """
    Make users members of the groups that express these roles; a group that is missing is made.
    """
    if not elements:
        return
    names = sorted({role for _, role in elements})
    insert_groups(connection, names)
    found = connection.execute(select(GROUPS.c.name, GROUPS.c.id).where(GROUPS.c.name.in_(names)))
    ids = {row[0]: row[1] for row in found}
    join(connection, [(user, ids[role]) for user, role in elements])
