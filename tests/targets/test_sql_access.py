"""
What the registry's groups give, and a registry that an older program made.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.core.ruling import GroupAccess
from reconciler.targets import sql_schema
from reconciler.targets.sql import SqlTarget
from tests.targets.sql_admin import SqlAdmin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    Return where the database is kept.
    """
    return tmp_path / "registry.db"


@pytest.fixture
def admin(path: Path) -> SqlAdmin:
    """
    Return the administrator of a new registry, who has made the groups `staff` and `desk`.
    """
    SqlTarget.open(f"sqlite:///{path}").close()
    admin = SqlAdmin(path)
    for name in ("staff", "desk"):
        admin.admin_creates_group(name)
    return admin


def access(path: Path) -> dict[str, GroupAccess]:
    """
    Return what each group gives, as the target says.
    """
    target = SqlTarget.open(f"sqlite:///{path}")
    try:
        return target.read().catalogue.access
    finally:
        target.close()


def test_access_of_a_group_is_read_whole(path: Path, admin: SqlAdmin) -> None:
    """
    Products, sites, and of which site and product it is the default; a group that gives nothing is not told of.
    """
    admin.admin_gives_access("staff", "Jira", "Confluence", sites=("emea",))
    admin.admin_makes_default("staff", site="emea", product="Jira")

    assert access(path) == {
        "1": GroupAccess(products=("Confluence", "Jira"), sites=("emea",), default=(("emea", "Jira"),))
    }


def test_default_access_goes_with_its_group(path: Path, admin: SqlAdmin) -> None:
    """
    A group that is deleted, also by a program that keeps no foreign keys, leaves no default behind.
    """
    admin.admin_makes_default("staff", site="emea", product="Jira")
    with closing(sqlite3.connect(path, isolation_level=None)) as careless:
        careless.execute("DELETE FROM groups WHERE name = 'staff'")

    assert (access(path), admin.run("SELECT count(*) FROM group_default_access")) == ({}, [(0,)])


def test_default_access_moves_the_version_of_its_group(admin: SqlAdmin) -> None:
    """
    What makes a group default is a change of that group, and of no other.
    """
    before = admin.run("SELECT name, version FROM groups")
    admin.admin_makes_default("staff", site="emea", product="Jira")
    moved = {*admin.run("SELECT name, version FROM groups")}.difference(before)

    assert [name for name, _ in moved] == ["staff"]


def test_registry_of_an_older_program_is_brought_up_to_date(path: Path) -> None:
    """
    A file of version 1 keeps its groups and their versions, and gets what version 2 has.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT)")
        for statement in sql_schema.MIGRATIONS[0]:
            older.execute(statement)
        older.execute("INSERT INTO schema_version VALUES (1, '')")
        older.execute("INSERT INTO groups (name) VALUES ('staff')")
    before = SqlAdmin(path).run("SELECT name, version FROM groups")
    found, after = access(path), SqlAdmin(path).run("SELECT name, version FROM groups")
    SqlAdmin(path).admin_makes_default("staff", site="emea", product="Jira")

    assert (found, after) == ({}, before)
    assert access(path)["1"].default == (("emea", "Jira"),)
