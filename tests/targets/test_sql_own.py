"""
An application's own tables pass the contract on SQLite, stay as they are, and are named where they do not fit.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.model import Value
from reconciler.errors import TargetError
from reconciler.ports_adapter import Opening
from reconciler.targets.sql import ADAPTER
from reconciler.targets.sql_own import OwnTables
from reconciler.targets.sql_settings import Members, Side, SqlSettings, Tables
from reconciler.testing.writes import creation, deletion, group, landed, update, user, written
from tests.targets.own_tables import NUMBER, STATEMENTS, TABLES, AppAdmin, OwnTablesContract
from tests.targets.sql_admin import SqlAdmin

NO_MEMBERS = replace(TABLES, memberships=Members(table="nobody", user="a", group="b"))
CLOSED = """
    CREATE TRIGGER closed BEFORE INSERT ON accounts WHEN NEW.login = 'bob'
    BEGIN SELECT RAISE(ABORT, 'no Bobs'); END"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    Return the application's database.
    """
    path = tmp_path / "app.db"
    with sqlite3.connect(path) as connection:
        for statement in STATEMENTS:
            connection.execute(statement.format(number=NUMBER["sqlite"]))
    connection.close()
    return path


def opened(path: Path, tables: Tables = TABLES, *, roles: frozenset[str] = frozenset()) -> OwnTables:
    """
    Return the tables as reconciler.yaml would name them.
    """
    url = f"sqlite:///{path.name}"
    told = Opening(
        name="app", url=url, written=url, settings=SqlSettings(tables=tables), home=path.parent, role_groups=roles
    )
    target = ADAPTER.open(told)
    assert isinstance(target, OwnTables)
    return target


@pytest.fixture
def target(path: Path) -> Iterator[OwnTables]:
    """
    Return the tables as a target.
    """
    target = opened(path)
    yield target
    target.close()


@pytest.fixture
def admin(path: Path) -> AppAdmin:
    """
    Return the application's administrator.
    """
    return AppAdmin(SqlAdmin(path).run)


class TestOwnTables(OwnTablesContract):
    """
    The contract, on an application's tables in SQLite.
    """


def test_doctor_tells_what_the_tables_hold_to(path: Path, target: OwnTables) -> None:
    """
    Whether names and memberships are unique is told, throw-away rows show the rest, and none of them is left.
    """
    before = target.read()
    told = {one.what: one.found for one in target.diagnose(probe=True)}
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE loose (login TEXT, team TEXT)")
    connection.close()
    tables = replace(TABLES, memberships=replace(TABLES.memberships, table="loose", user="login", group="team"))
    loose = {one.what: one.found for one in opened(path, tables).diagnose(probe=False)}

    assert told["login of accounts"] == "unique"
    assert (told["a late write"], told["a membership"], target.read()) == ("refused", "done", before)
    assert loose["login, team of loose"] == "not unique"


def test_nothing_is_added_to_the_application(path: Path, target: OwnTables) -> None:
    """
    No table, no trigger and no other way of keeping the file comes from us; unmapped columns keep their values.
    """
    admin = SqlAdmin(path)
    before = admin.run("SELECT name FROM sqlite_master ORDER BY 1")
    landed(target, creation("ann"))
    admin.run("UPDATE accounts SET shoe_size = '38'")
    landed(target, update(user(target, "ann"), last_name="Lee"))

    assert admin.run("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1") == [
        one for one in before if not str(one[0]).startswith("sqlite_")
    ]
    assert admin.run("PRAGMA journal_mode") == [("delete",)]
    assert admin.run("SELECT shoe_size, rev, by_whom FROM accounts") == [("38", 2, "run-1")]


def test_identity_names_file_and_table(target: OwnTables) -> None:
    """
    What is recorded of where we wrote is the path as it was given, and the table of people.
    """
    assert target.identity == "sqlite:app.db#accounts"


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        pytest.param(
            NO_MEMBERS,
            ["no table 'nobody'"],
            id="table",
        ),
        pytest.param(
            replace(
                TABLES,
                users=replace(TABLES.users, key="id", fields={"email": "e_mail"}),
                groups=replace(TABLES.groups, version="etag"),
            ),
            ["accounts has no column 'id'", "'e_mail'", "teams has no column 'etag'", "no column for user_name"],
            id="columns",
        ),
    ],
)
def test_table_or_column_that_is_not_there_is_told(path: Path, tables: Tables, words: list[str]) -> None:
    """
    Every name that the database does not know is told at once, before anything is read.
    """
    target = opened(path, tables)

    with pytest.raises(TargetError) as caught:
        target.read()
    target.close()
    assert [word for word in words if word not in caught.value.message] == []


def test_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """
    An application's database is the application's to make.
    """
    with pytest.raises(TargetError, match="there is no database"):
        opened(tmp_path / "none.db")

    assert list(tmp_path.iterdir()) == []


def test_without_version_and_writer_what_was_read_is_compared(path: Path, admin: AppAdmin) -> None:
    """
    Where the application keeps neither revision nor writer, an edit is seen by the values alone.
    """
    plain = replace(TABLES.users, version=None, changed_by=None, active=None, external_id=None, sets={})
    target = opened(path, replace(TABLES, users=plain))
    ann = landed(target, creation("ann", locale="en_US"))
    admin.admin_sets("ann", locale="de_DE")
    late = written(target, update(ann, locale="fr_FR"))
    taken = written(target, creation("ann"))
    inactive = written(target, creation("bob", active=False))
    target.close()

    assert (ann.changed_by, ann.external_id, ann.active) == (None, None, True)
    assert (late.outcome, taken.outcome, inactive.outcome) == ("left", "failed", "failed")
    assert "another program" in late.message


@pytest.mark.parametrize("kept", [True, False], ids=["roles kept", "no table of roles"])
def test_role_is_expressed_by_a_group(path: Path, admin: AppAdmin, *, kept: bool) -> None:
    """
    A role that a group expresses is granted and taken by membership, and is no membership to the engine.
    """
    tables = TABLES if kept else replace(TABLES, users=replace(TABLES.users, sets={}))
    plain: tuple[str, ...] = ("Viewer",) if kept else ()
    admin.admin_creates_group("Admins")
    target = opened(path, tables, roles=frozenset({"Admins", "Owners"}))
    ann = landed(target, creation("ann", roles=("Admins", *plain)))
    again = landed(target, creation("ann", roles=("Admins", *plain)))
    after = landed(target, update(ann, roles=plain))
    missing = written(target, update(after, roles=("Owners",)))
    unkept = written(target, update(after, roles=("Editor",)))
    snapshot = target.read()
    target.close()

    assert (ann.fields["roles"], ann.groups, again) == (("Admins", *plain), (), ann)
    assert (after.fields["roles"], snapshot.groups) == (plain, ())
    assert (missing.outcome, unkept.outcome) == ("failed", "landed" if kept else "failed")
    assert "Owners" in missing.message


def test_rule_of_the_application_is_passed_on(target: OwnTables, admin: AppAdmin) -> None:
    """
    What the application's own trigger refuses fails with its words, and stops nobody else.
    """
    admin.run(CLOSED)
    results = target.write([creation(name) for name in ("ann", "bob", "eve")], run="run-1")

    assert [result.outcome for result in results] == ["landed", "failed", "landed"]
    assert "no Bobs" in results[1].message


def test_database_that_fails_is_told(target: OwnTables, path: Path) -> None:
    """
    A file that somebody damaged ends it with the driver's word, and no traceback.
    """
    path.write_bytes(b"nonsense" * 1000)

    with pytest.raises(TargetError, match="not a database"):
        target.read()


def test_row_of_an_element_that_stays_is_not_touched(path: Path, admin: AppAdmin) -> None:
    """
    Elements that are numbers are compared as they are read, so that other columns of an unchanged row stay.
    """
    admin.run("CREATE TABLE rights (account BIGINT NOT NULL, code BIGINT NOT NULL, since TEXT)")
    admin.run("INSERT INTO accounts (login) VALUES ('ann')")
    admin.run("INSERT INTO rights SELECT no, 7, '2020' FROM accounts UNION SELECT no, 8, '2021' FROM accounts")
    rights = Side(table="rights", owner="account", element="code")
    target = opened(path, replace(TABLES, users=replace(TABLES.users, sets={"roles": rights})))
    after = landed(target, update(user(target, "ann"), roles=("7", "9")))
    refused = written(target, update(after, roles=("7", "Viewer")))
    target.close()

    assert admin.run("SELECT code, since FROM rights ORDER BY code") == [(7, "2020"), (9, None)]
    assert (after.fields["roles"], refused.outcome) == (("7", "9"), "failed")


def test_group_is_not_deleted_over_a_newcomers_head(target: OwnTables, admin: AppAdmin) -> None:
    """
    Who was put into a group after it was read keeps it: the delete is left; whom we put there does not hinder it.
    """
    team = landed(target, creation("Team", kind="group"))
    admin.admin_creates("bob")
    target.read()
    landed(target, creation("ann", join=(team.id,)))
    admin.admin_joins("bob", "Team")
    left = written(target, deletion(team))
    admin.admin_leaves("bob", "Team")
    gone = written(target, deletion(team))

    assert (left.outcome, gone.outcome) == ("left", "landed")
    assert "somebody was put into it" in left.message


def test_group_keeps_its_members_under_another_name(target: OwnTables) -> None:
    """
    A group's key is not its name.
    """
    auditors = landed(target, creation("Auditors", kind="group"))
    ann = landed(target, creation("ann", join=(auditors.id,)))
    landed(target, update(auditors, name="Reviewers"))
    value: Value = group(target, "Reviewers").id

    assert value == auditors.id
    assert user(target, "ann").groups == ann.groups
