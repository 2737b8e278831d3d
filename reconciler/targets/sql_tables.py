"""
The registry's tables as SQLAlchemy Core knows them, and where each field of a user or group is kept.
"""

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from reconciler.core.model import Kind, Value

_METADATA = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    """
    Return a table for statements alone; what it is made of stands in the migrations.
    """
    return Table(name, _METADATA, *columns)


WRITER = _table("writer", Column("run", Text), Column("began", BigInteger), Column("clock", BigInteger))
USERS = _table(
    "users",
    Column("id", BigInteger, primary_key=True),
    Column("user_name", Text),
    Column("external_id", Text),
    Column("email", Text),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("display_name", Text),
    Column("distinguished_name", Text),
    Column("description", Text),
    Column("locale", Text),
    Column("enabled", Boolean),
    Column("locked", Boolean),
    Column("can_change_password", Boolean),
    Column("temporary_password", Boolean),
    Column("password_expires_in_days", BigInteger),
    Column("changed_by", Text),
    Column("version", BigInteger),
)
GROUPS = _table(
    "groups",
    Column("id", BigInteger, primary_key=True),
    Column("name", Text),
    Column("external_id", Text),
    Column("description", Text),
    Column("parent", Text),
    Column("active", Boolean),
    Column("deleted", Boolean),
    Column("changed_by", Text),
    Column("version", BigInteger),
)
PROFILES = _table("profiles", Column("name", Text, primary_key=True))
MEMBERSHIPS = _table("memberships", Column("user_id", BigInteger), Column("group_id", BigInteger))
USER_ROLES = _table("user_roles", Column("user_id", BigInteger), Column("role", Text))
USER_PROFILES = _table("user_profiles", Column("user_id", BigInteger), Column("profile", Text))
GROUP_ROLES = _table("group_roles", Column("group_id", BigInteger), Column("role", Text))


class Scalar(Struct, frozen=True):
    """
    Where one field is kept: its column, its type, whether it may be empty (None), and its value when not given.
    """

    column: str
    type: type
    nullable: bool = True
    default: Value = None


class Side(Struct, frozen=True):
    """
    Where one set is kept: its table, the column of its owner and that of its elements.
    """

    table: Table
    owner: Column[Any]
    element: Column[Any]


class Shape(Struct, frozen=True, kw_only=True):
    """
    Where everything about one kind is kept; `name` is the column of its unique name.
    """

    kind: Kind
    table: Table
    name: str
    scalars: dict[str, Scalar]
    sets: dict[str, Side]

    @property
    def defaults(self) -> dict[str, Value]:
        """
        Return the row of somebody of whom nothing but the name is said.
        """
        return {scalar.column: scalar.default for scalar in self.scalars.values()}


SHAPES: Final[dict[Kind, Shape]] = {
    "user": Shape(
        kind="user",
        table=USERS,
        name="user_name",
        scalars={
            "user_name": Scalar("user_name", str, nullable=False),
            "email": Scalar("email", str),
            "first_name": Scalar("first_name", str),
            "last_name": Scalar("last_name", str),
            "display_name": Scalar("display_name", str),
            "distinguished_name": Scalar("distinguished_name", str),
            "description": Scalar("description", str),
            "locale": Scalar("locale", str),
            "active": Scalar("enabled", bool, nullable=False, default=True),
            "locked": Scalar("locked", bool, nullable=False, default=False),
            "can_change_password": Scalar("can_change_password", bool, nullable=False, default=True),
            "temporary_password": Scalar("temporary_password", bool, nullable=False, default=False),
            "password_expires_in_days": Scalar("password_expires_in_days", int, default=0),
        },
        sets={
            "profiles": Side(USER_PROFILES, USER_PROFILES.c.user_id, USER_PROFILES.c.profile),
            "roles": Side(USER_ROLES, USER_ROLES.c.user_id, USER_ROLES.c.role),
        },
    ),
    "group": Shape(
        kind="group",
        table=GROUPS,
        name="name",
        scalars={
            "name": Scalar("name", str, nullable=False),
            "description": Scalar("description", str),
            "parent": Scalar("parent", str),
            "active": Scalar("active", bool, nullable=False, default=True),
            "deleted": Scalar("deleted", bool, nullable=False, default=False),
        },
        sets={"roles": Side(GROUP_ROLES, GROUP_ROLES.c.group_id, GROUP_ROLES.c.role)},
    ),
}
