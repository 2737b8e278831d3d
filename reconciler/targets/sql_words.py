"""
How each database words what the registry reads, and what it must be able to do for that.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct


class Words(Struct, frozen=True, kw_only=True):
    """
    One database's wording of the registry's readings; `?` stands for a value in all of them.

    `theirs` narrows `elevated` to users of given ids,
    `some` narrows `users` and `groups` to ids that are given as `given` makes them; `tables` lists those there are.
    `among` asks whether a text is among those given. `mails` finds e-mails, given in lower case, and all that are
    not plain: those a caller compares himself. `moment` is what a reading remembers of when it was, and `newcomers`
    are groups, of those given, with members that anybody but this run put there, or changed, since such a moment.
    """

    tables: str
    users: str
    groups: str
    some: str
    role_groups: str
    elevated: str
    theirs: str
    groups_of: str
    among: str
    mails: str
    moment: str
    newcomers: str
    given: Callable[[Sequence[Any]], Any]


class Rows(Protocol):
    """
    The rows of a statement, or how many it changed.
    """

    @property
    def rowcount(self) -> int:
        """
        Return how many rows were changed.
        """
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - rows are as the statement asked for them
        """
        Return the next row; None where there is none.
        """
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Driver(Protocol):
    """
    A connection to the database that holds a registry, below SQLAlchemy.
    """

    words: Words

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """
        Return what a statement gives; `?` in it stands for the parameters.
        """
        ...

    def stream(self, sql: str, /) -> Iterable[tuple[Any, ...]]:
        """
        Yield the rows of a query without holding them all.
        """
        ...

    def commit(self) -> None:
        """
        Commit the transaction.
        """
        ...

    def rollback(self) -> None:
        """
        Take the transaction back.
        """
        ...

    def close(self) -> None:
        """
        Close the connection.
        """
        ...


_GROUPS_OF = "SELECT DISTINCT m.group_id FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id"

_USER = """
    SELECT u.id, u.user_name, u.external_id, u.enabled, u.version, u.changed_by,
        u.email, u.first_name, u.last_name, u.display_name, u.distinguished_name, u.description, u.locale,
        u.locked, u.can_change_password, u.temporary_password, u.password_expires_in_days,
        (SELECT {groups} FROM memberships m WHERE m.user_id = u.id),
        (SELECT {profiles} FROM user_profiles p WHERE p.user_id = u.id),
        (SELECT {roles} FROM user_roles r WHERE r.user_id = u.id)
    FROM users u"""
_GROUP = """
    SELECT g.id, g.name, g.external_id, g.active, g.version, g.changed_by, g.description, g.parent, g.deleted,
        (SELECT {roles} FROM group_roles r WHERE r.group_id = g.id)
    FROM groups g"""

_NEWCOMERS = """
    SELECT m.group_id FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE {since} AND u.changed_by <> ? AND m.group_id {listed}"""

_LISTED = "IN (SELECT value FROM json_each(?))"
SQLITE = Words(
    tables="SELECT name FROM sqlite_master WHERE type = 'table'",
    users=_USER.format(
        groups="'[\"' || group_concat(m.group_id, '\",\"') || '\"]'",
        profiles="json_group_array(p.profile)",
        roles="json_group_array(r.role)",
    ),
    groups=_GROUP.format(roles="json_group_array(r.role)"),
    some=f" WHERE id {_LISTED}",
    role_groups=f"SELECT id, name FROM groups WHERE name {_LISTED}",  # noqa: S608 - fixed text
    elevated=f"SELECT user_id, group_id FROM memberships WHERE group_id {_LISTED}",  # noqa: S608 - fixed text
    theirs=f" AND user_id {_LISTED}",
    groups_of=f"{_GROUPS_OF} {_LISTED}",
    among=_LISTED,
    mails="SELECT id FROM users WHERE lower(email) {} UNION SELECT id FROM users WHERE email GLOB '*[^ -~]*'",
    moment="SELECT clock FROM writer",
    newcomers=_NEWCOMERS.format(since="u.version > ?", listed=_LISTED),
    given=json.dumps,
)

POSTGRES = Words(
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
    users=_USER.format(
        groups="'[\"' || string_agg(m.group_id::text, '\",\"') || '\"]'",
        profiles="coalesce(json_agg(p.profile)::text, '[]')",
        roles="coalesce(json_agg(r.role)::text, '[]')",
    ),
    groups=_GROUP.format(roles="coalesce(json_agg(r.role)::text, '[]')"),
    some=" WHERE id = ANY (?::bigint[])",
    role_groups="SELECT id, name FROM groups WHERE name = ANY (?::text[])",
    elevated="SELECT user_id, group_id FROM memberships WHERE group_id = ANY (?::bigint[])",
    theirs=" AND user_id = ANY (?::bigint[])",
    groups_of=f"{_GROUPS_OF} = ANY (?::bigint[])",
    among="= ANY (?::text[])",
    mails=(
        'SELECT id FROM users WHERE lower(email COLLATE "C") {}'
        " UNION SELECT id FROM users WHERE email COLLATE \"C\" ~ '[^ -~]'"
    ),
    # a membership that a transaction wrote which had not ended when we read: its row is as old as that at most
    moment="SELECT pg_snapshot_xmin(pg_current_snapshot())::text",
    newcomers=_NEWCOMERS.format(since="age(m.xmin) <= age(?::xid8::xid)", listed="= ANY (?::bigint[])"),
    given=list,
)
