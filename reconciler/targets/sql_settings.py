"""
What reconciler.yaml says of a target of type `sql` beyond its address: nothing, or an application's own tables.
"""

from msgspec import Struct, field


class State(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The column that says whether an account can be used, and its values; a truth value needs none named.
    """

    column: str
    on: str | int | bool = True
    off: str | int | bool = False


class Side(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A table with a row for each element of a set: whose it is, and what.
    """

    table: str
    owner: str
    element: str


class Rows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A table of people or groups: its key, the column of each field, and what tells us more, where it is kept.

    `external_id` keeps our key. `version`, if it is a number, is raised with each write of ours; `changed_by` is
    given the run's name. `sets` are fields of several values, in tables of their own. `table` may have a schema.
    """

    table: str
    key: str
    fields: dict[str, str]
    external_id: str | None = None
    active: State | None = None
    version: str | None = None
    changed_by: str | None = None
    sets: dict[str, Side] = field(default_factory=dict)


class Members(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The table of who is in which group, by the keys of both.
    """

    table: str
    user: str
    group: str


class Tables(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    An application's own tables.
    """

    users: Rows
    groups: Rows
    memberships: Members


class SqlSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `tables` names an application's own; without it the registry makes tables of its own.
    """

    tables: Tables | None = None
