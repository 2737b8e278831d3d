"""
The registry passes the contract against administrators who work on it with plain SQL, and keeps its own laws.
"""

import gc
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine, inspect

from reconciler.core.ledger import Fence
from reconciler.core.model import Live, Value
from reconciler.errors import TargetError
from reconciler.targets import sql_schema
from reconciler.targets.sql import SqlTarget
from reconciler.targets.sql_tables import SHAPES
from reconciler.testing.targets import TargetContract
from reconciler.testing.writes import creation, group, landed, update, user, written
from tests.targets.sql_admin import SqlAdmin

ROLE_GROUPS = frozenset({"OPAdministrators"})
KEPT = {"version", "changed_by", "changed_at"}
COLUMNS = {
    "users": (*SHAPES["user"].table.c.keys(), "created_by"),
    "groups": (*SHAPES["group"].table.c.keys(), "created_by"),
}
EDITED = [(table, column) for table, columns in COLUMNS.items() for column in columns if column not in KEPT]
SIDES = {
    "memberships": ("users", "user_id", "group_id", "2", "3"),
    "user_roles": ("users", "user_id", "role", "'a'", "'b'"),
    "user_profiles": ("users", "user_id", "profile", "'Default'", "'Risk'"),
    "group_roles": ("groups", "group_id", "role", "'a'", "'b'"),
    "group_product_access": ("groups", "group_id", "product", "'a'", "'b'"),
    "group_sites": ("groups", "group_id", "site", "'a'", "'b'"),
}
"""Each side table with its owner, the column that names it, that of the element, and two values for it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    Return where the database is kept.
    """
    return tmp_path / "state" / "registry.db"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Return a new registry's file, made once for all tests of this module.
    """
    path = tmp_path_factory.mktemp("fresh") / "registry.db"
    SqlTarget.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def target(path: Path, fresh: Path) -> Iterator[SqlTarget]:
    """
    Return an empty registry.
    """
    path.parent.mkdir()
    shutil.copy(fresh, path)
    opened = SqlTarget.open(f"sqlite:///{path}", role_groups=ROLE_GROUPS, patience=5)
    yield opened
    opened.close()


@pytest.fixture
def admin(target: SqlTarget, path: Path) -> SqlAdmin:
    """
    Return the registry's administrator, once it is there.
    """
    assert target.identity == f"sqlite:{path.as_posix()}"
    return SqlAdmin(path)


class TestSqlTarget(TargetContract):
    """
    The contract, on SQLite, with an administrator who types SQL.
    """


# Opening.


@pytest.mark.parametrize(
    ("url", "word"),
    [
        pytest.param("mysql://ann:s3cret@db.example.com/iam?sslkey=s3cret", "mysql", id="another database"),
        pytest.param("sqlite://", "memory", id="memory"),
        pytest.param("sqlite:///:memory:", "memory", id="memory by name"),
        pytest.param("sqlite:///x.db?password=s3cret", "more than a path", id="query"),
        pytest.param("s3cret", "cannot be read", id="no url"),
        pytest.param("", "cannot be read", id="empty"),
    ],
)
def test_url_that_is_no_sqlite_file_is_refused(url: str, word: str) -> None:
    """
    A url we cannot use is refused with an example, and nothing secret in it is repeated.
    """
    with pytest.raises(TargetError, match=word) as caught:
        SqlTarget.open(url)

    assert "s3cret" not in caught.value.message
    assert "sqlite:///" in caught.value.hint


def test_identity_is_the_path_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The identity names the file as the configuration does, so it is the same on every machine.
    """
    monkeypatch.chdir(tmp_path)
    target = SqlTarget.open("sqlite:///.reconciler/registry.db")
    monkeypatch.chdir("/")
    target.read()
    target.close()

    assert target.identity == "sqlite:.reconciler/registry.db"
    assert (tmp_path / ".reconciler" / "registry.db").is_file()


def test_database_keeps_what_it_promises(target: SqlTarget, admin: SqlAdmin) -> None:
    """
    The file is in write-ahead mode, of the present schema version, and sound.
    """
    written(target, creation("ann"))

    assert admin.run("PRAGMA journal_mode") == [("wal",)]
    assert admin.run("SELECT version FROM schema_version") == [
        (one,) for one in range(1, len(sql_schema.MIGRATIONS) + 1)
    ]
    assert admin.run("PRAGMA integrity_check") == [("ok",)]
    assert admin.run("PRAGMA foreign_key_check") == []


def test_opening_again_keeps_everything(target: SqlTarget, path: Path) -> None:
    """
    A second opening migrates nothing and reads what the first one wrote.
    """
    ann = landed(target, creation("ann"))
    again = SqlTarget.open(f"sqlite:///{path}")

    assert again.read().users == (ann,)
    again.close()


def test_two_may_create_the_file_at_once(path: Path) -> None:
    """
    Programs that open a new file at the same moment all find it whole.
    """
    failed: list[BaseException] = []

    def open_it() -> None:
        try:
            SqlTarget.open(f"sqlite:///{path}", patience=30).close()
        except TargetError as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert SqlAdmin(path).run("SELECT count(*) FROM schema_version") == [(len(sql_schema.MIGRATIONS),)]


def test_newer_database_is_refused(target: SqlTarget, admin: SqlAdmin, path: Path) -> None:
    """
    A file that a newer program made is not touched.
    """
    target.close()
    admin.run("INSERT INTO schema_version VALUES (99, 'tomorrow')")

    with pytest.raises(TargetError, match="schema version 99") as caught:
        SqlTarget.open(f"sqlite:///{path}")
    assert "upgrade" in caught.value.hint


def test_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """
    A file with tables that are not ours gets none of ours.
    """
    stranger = SqlAdmin(tmp_path / "other.db")
    stranger.run("CREATE TABLE invoices (id INTEGER)")

    with pytest.raises(TargetError, match="invoices"):
        SqlTarget.open(f"sqlite:///{stranger.path}")
    assert stranger.run("SELECT name FROM sqlite_master") == [("invoices",)]


def test_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """
    The driver's word becomes an error of ours that names the file first, and what to do about it.
    """
    (tmp_path / "note.txt").write_text("not a database, though long enough to look at" * 30)

    with pytest.raises(TargetError, match=r"^sqlite:.*note\.txt: cannot .*: file is not a database$") as caught:
        SqlTarget.open(f"sqlite:///{tmp_path}/note.txt")
    assert "restore it" in caught.value.hint


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """
    A path below a file is an error of ours.
    """
    (tmp_path / "file").write_text("")

    with pytest.raises(TargetError, match="cannot open it"):
        SqlTarget.open(f"sqlite:///{tmp_path}/file/registry.db")


@pytest.mark.usefixtures("target")
def test_core_tables_are_those_of_the_migrations(path: Path) -> None:
    """
    Every column that statements name is in the database, and all columns of users and groups are known.
    """
    engine = create_engine(f"sqlite:///{path}")
    there = {table: [column["name"] for column in inspect(engine).get_columns(table)] for table in COLUMNS}
    engine.dispose()

    assert {table: sorted(set(columns) - {"changed_at"}) for table, columns in there.items()} == {
        table: sorted(columns) for table, columns in COLUMNS.items()
    }
    assert {side.table.name for shape in SHAPES.values() for side in shape.sets.values()} <= SIDES.keys()


def test_what_nobody_says_is_the_same_by_hand_and_by_us(target: SqlTarget, admin: SqlAdmin) -> None:
    """
    An account of which only the name is known has the same fields whether we make it or an administrator does.
    """
    admin.admin_creates("x")
    admin.admin_creates_group("x")
    by_hand = user(target, "x"), group(target, "x")
    by_us = landed(target, creation("y")), landed(target, creation("y", kind="group"))

    assert [{**live.fields, "user_name": "", "name": ""} for live in by_us] == [
        {**live.fields, "user_name": "", "name": ""} for live in by_hand
    ]
    assert [live.active for live in (*by_us, *by_hand)] == [True] * 4


# Versions, and who changed what.


@pytest.fixture
def populated(target: SqlTarget, admin: SqlAdmin) -> SqlAdmin:
    """
    Return the administrator of a registry with user 1 and groups 1, 2 and 3, all made by run-1.
    """
    admin.admin_adds_profile("Risk")
    target.write([creation(f"group {number}", kind="group") for number in (1, 2, 3)], run="run-1")
    landed(target, creation("ann"), run="run-1")
    return admin


def stamp(admin: SqlAdmin, table: str) -> tuple[Value, ...]:
    """
    Return version and last writer of row 1.
    """
    return admin.run(f"SELECT version, changed_by FROM {table} WHERE id = 1")[0]


@pytest.mark.parametrize("pragma", ["recursive_triggers = 0", "recursive_triggers = 1"], ids=["plain", "recursive"])
@pytest.mark.parametrize(("table", "column"), EDITED)
def test_edit_of_any_column_moves_the_version(populated: SqlAdmin, table: str, column: str, pragma: str) -> None:
    """
    There is no column that an administrator can change behind the version's back.
    """
    [(clock,)] = populated.run("SELECT clock + 1 FROM writer")
    connection = sqlite3.connect(populated.path, isolation_level=None)
    connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"UPDATE {table} SET {column} = {column} WHERE id = 1")
    connection.close()

    assert stamp(populated, table) == (clock, "admin")
    assert populated.run("SELECT clock FROM writer") == [(clock,)]


@pytest.mark.parametrize("side", SIDES)
def test_edit_of_a_side_table_moves_its_owners_version(populated: SqlAdmin, side: str) -> None:
    """
    What belongs to a user or group changes its version when it is added, changed or removed.
    """
    owner, of, what, old, new = SIDES[side]
    stamps = [stamp(populated, owner)]
    for statement in (
        f"INSERT INTO {side} ({of}, {what}) VALUES (1, {old})",
        f"UPDATE {side} SET {what} = {new} WHERE {of} = 1",
        f"DELETE FROM {side} WHERE {of} = 1",
    ):
        populated.run(statement)
        stamps.append(stamp(populated, owner))

    assert [changed_by for _, changed_by in stamps] == ["run-1", "admin", "admin", "admin"]
    assert len({version for version, _ in stamps}) == 4


def test_renamed_profile_moves_its_holders_version(populated: SqlAdmin, target: SqlTarget) -> None:
    """
    A profile renamed in the catalogue is a change of everybody who has it.
    """
    populated.admin_sets("ann", profiles=("Risk",))
    before = user(target, "ann")
    populated.run("UPDATE profiles SET name = 'Risk 2' WHERE name = 'Risk'")
    after = user(target, "ann")

    assert after.fields["profiles"] == ("Risk 2",)
    assert after.version != before.version


@pytest.mark.parametrize("column", sorted(KEPT))
@pytest.mark.parametrize("value", ["1", "999", "'run-1'"])
@pytest.mark.parametrize("table", ["users", "groups"])
def test_stamp_cannot_be_forged(populated: SqlAdmin, table: str, column: str, value: str) -> None:
    """
    Version, last writer and time are the triggers' alone, also beside an honest change.
    """
    before = stamp(populated, table)

    with pytest.raises(sqlite3.IntegrityError, match="kept by triggers"):
        populated.run(f"UPDATE {table} SET {column} = {value}, external_id = 'x' WHERE id = 1")
    assert stamp(populated, table) == before


def test_replaced_row_never_bears_an_old_version(populated: SqlAdmin, target: SqlTarget) -> None:
    """
    A row deleted and inserted under its old id is not taken for the one that was seen.
    """
    before = user(target, "ann")
    populated.run("REPLACE INTO users (id, user_name) VALUES (1, 'ann')")
    populated.run("DELETE FROM users")
    populated.run("INSERT INTO users (id, user_name, created_by, changed_by) VALUES (1, 'ann', 'run-1', 'run-1')")
    result = written(target, update(before, locale="de_DE"))

    assert result.outcome == "left"
    assert populated.run("SELECT created_by, changed_by FROM users") == [("admin", "admin")]


def test_ids_are_not_given_twice(populated: SqlAdmin, target: SqlTarget) -> None:
    """
    The id of somebody deleted is nobody else's later.
    """
    populated.admin_deletes("ann")

    assert landed(target, creation("bob")).id == "2"


def test_our_run_is_seen_by_nobody_else(populated: SqlAdmin, target: SqlTarget) -> None:
    """
    While a write of ours is under way the row `writer` names it, and everybody else sees no run there.
    """
    ours = sqlite3.connect(populated.path, isolation_level=None)
    ours.execute("BEGIN IMMEDIATE")
    ours.execute("UPDATE writer SET run = 'run-2', began = clock")
    seen = populated.run("SELECT run FROM writer")
    ours.close()
    written(target, creation("bob"), run="run-3")

    assert seen == [(None,)]
    assert populated.run("SELECT run FROM writer") == [(None,)]
    assert populated.run("SELECT changed_by FROM users WHERE user_name = 'bob'") == [("run-3",)]


def test_each_batch_gives_a_new_version(target: SqlTarget) -> None:
    """
    Sets and memberships alone move the version too, though a batch of ours stamps a row only once.
    """
    live = landed(target, creation("ann", roles=("Viewer", "Editor")))
    versions = [live.version]
    for roles in (("Viewer",), (), ("Operator", "Viewer")):
        live = landed(target, update(live, roles=roles))
        versions.append(live.version)

    assert len(set(versions)) == 4


def test_programs_without_foreign_keys_do_no_harm(populated: SqlAdmin, target: SqlTarget) -> None:
    """
    Rows that belong to nobody, which a program with foreign keys off can make, are not part of what is read.
    """
    connection = sqlite3.connect(populated.path, isolation_level=None)
    connection.execute("INSERT INTO memberships (user_id, group_id) VALUES (1, 77), (88, 1), (1, 2)")
    connection.execute("DELETE FROM groups WHERE id = 2")
    connection.close()
    read = user(target, "ann")
    read_back = landed(target, update(read, locale="de_DE"))

    assert (read.groups, read_back.groups) == ((), ())
    assert populated.run("SELECT user_id, group_id FROM memberships ORDER BY 1") == [(1, 77), (88, 1)]


# Roles that groups express.


def test_membership_of_a_role_group_is_a_role(target: SqlTarget, admin: SqlAdmin) -> None:
    """
    A group that expresses a role is no group of the snapshot, and its members hold the role.
    """
    admin.admin_creates_group("OPAdministrators")
    admin.admin_creates("root", roles=("Viewer",))
    admin.admin_joins("root", "OPAdministrators")
    root = user(target, "root")

    assert (root.groups, root.fields["roles"]) == ((), ("OPAdministrators", "Viewer"))
    assert target.read().groups == ()


def test_role_is_granted_and_taken_by_membership(target: SqlTarget, admin: SqlAdmin) -> None:
    """
    Writing such a role joins its group, which is made if it is missing; writing the set without it leaves it.
    """
    members = "SELECT user_name FROM group_members WHERE group_name = 'OPAdministrators'"
    made = target.write([creation("ann", roles=("OPAdministrators", "Viewer")), creation("bob")], run="run-1")
    granted = admin.run(members)
    lives = [result.live for result in made if result.live]
    bob = landed(target, update(lives[1], roles=("OPAdministrators",)), run="run-2")
    both = admin.run(f"{members} ORDER BY 1")
    ann = landed(target, update(lives[0], roles=("Viewer",)), run="run-3")

    assert (granted, both, admin.run(members)) == ([("ann",)], [("ann",), ("bob",)], [("bob",)])
    assert (bob.fields["roles"], ann.fields["roles"]) == (("OPAdministrators",), ("Viewer",))
    assert admin.run("SELECT created_by FROM groups") == [("run-1",)]
    assert admin.run("SELECT role FROM user_roles") == [("Viewer",)]


def test_role_group_keeps_its_members_through_other_writes(target: SqlTarget) -> None:
    """
    A write that does not name the roles changes no such membership.
    """
    ann = landed(target, creation("ann", roles=("OPAdministrators",)))
    after = landed(target, update(ann, locale="de_DE", profiles=("Default",)))

    assert after.fields["roles"] == ("OPAdministrators",)


# Batches, locks and faults.


def test_large_batch_with_refused_ones_lands_the_rest(target: SqlTarget, admin: SqlAdmin) -> None:
    """
    More than one statement's worth of writes, some of them refused or outdated, each have their own outcome.
    """
    admin.admin_creates("user0500")
    made = target.write([creation(f"user{number:04}", roles=("Viewer",)) for number in range(1200)], run="run-1")
    admin.admin_sets("user0007", locale="de_DE")
    lives = [result.live for result in made if result.live]
    changed = target.write([update(live, roles=("Editor",), locked=True) for live in lives], run="run-2")

    assert [number for number, result in enumerate(made) if result.outcome == "failed"] == [500]
    assert [number for number, result in enumerate(changed) if result.outcome == "left"] == [7]
    assert tuple(sorted((result.live for result in changed if result.live), key=lambda live: live.id)) == tuple(
        live for live in target.read().users if live.name not in {"user0007", "user0500"}
    )


def test_message_tells_the_statement_that_helps(target: SqlTarget, admin: SqlAdmin) -> None:
    """
    The statement that a refusal shows for a missing profile is the one that makes the write land.
    """
    write = replace(creation("ann"), fields={"profiles": ("Board's Risk",)})
    message = written(target, write).message
    admin.run(message.partition("adds one with ")[2])

    assert landed(target, write).fields["profiles"] == ("Board's Risk",)


@pytest.mark.usefixtures("target")
def test_locked_database_is_told(path: Path) -> None:
    """
    A write that cannot begin in time fails with what to do, reading goes on, and nothing is written.
    """
    hasty = SqlTarget.open(f"sqlite:///{path}", patience=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(TargetError, match="locked") as caught:
        hasty.write([creation("ann")], run="run-1")
    with pytest.raises(TargetError, match="locked"):
        hasty.move_fence(None, Fence(lineage="a", serial=1))
    assert "another program" in caught.value.hint
    assert (hasty.read().users, hasty.fence()) == ((), None)
    other.close()
    hasty.close()


def test_write_waits_for_another_to_finish(target: SqlTarget, path: Path) -> None:
    """
    A lock that is given up in time delays a write and does not fail it.
    """
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, other.rollback)
    timer.start()
    result = written(target, creation("ann"))
    timer.join()
    other.close()

    assert result.outcome == "landed"


@pytest.fixture
def copied(target: SqlTarget, path: Path) -> Iterator[sqlite3.Connection]:
    """
    Return a lock on a registry that a copying tool took out of write-ahead mode.
    """
    target.close()
    SqlAdmin(path).run("PRAGMA journal_mode = DELETE")
    lock = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    yield lock
    lock.close()


@pytest.mark.usefixtures("copied")
def test_opening_gives_up_in_the_end(path: Path) -> None:
    """
    A file that stays locked while it must be put in write-ahead mode is told as locked.
    """
    with pytest.raises(TargetError, match="locked"):
        SqlTarget.open(f"sqlite:///{path}", patience=0.05)

    assert path.is_file()


def test_opening_waits_for_another_to_finish(path: Path, copied: sqlite3.Connection) -> None:
    """
    A lock that is given up in time delays the opening and does not fail it.
    """
    timer = threading.Timer(0.1, copied.rollback)
    timer.start()
    SqlTarget.open(f"sqlite:///{path}", patience=5).close()
    timer.join()

    assert SqlAdmin(path).run("PRAGMA journal_mode") == [("wal",)]


def test_fence_has_one_winner(target: SqlTarget) -> None:
    """
    Of several who move the fence from what they all saw, exactly one does.
    """
    seen = Fence(lineage="abc", serial=1)
    target.move_fence(None, seen)
    moved: list[bool] = []

    def move(number: int) -> None:
        moved.append(target.move_fence(seen, Fence(lineage="abc", serial=2, holder=str(number))))

    threads = [threading.Thread(target=move, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(moved) == [False] * 7 + [True]


def test_bytes_that_are_no_text_are_told(populated: SqlAdmin, target: SqlTarget) -> None:
    """
    What an administrator's program stored in a wrong encoding is an error of ours, not a crash.
    """
    populated.run("UPDATE users SET last_name = CAST(x'4dfc6c6c6572' AS TEXT)")

    with pytest.raises(TargetError, match="cannot read"):
        target.read()


@pytest.mark.parametrize("column", ["user_name", "locale"])
def test_blob_is_no_text(populated: SqlAdmin, column: str) -> None:
    """
    The tables take texts where texts are read.
    """
    with pytest.raises(sqlite3.IntegrityError):
        populated.run(f"UPDATE users SET {column} = x'00ff'")

    assert populated.run("SELECT user_name FROM users") == [("ann",)]


def test_rule_of_the_database_is_passed_on(target: SqlTarget, admin: SqlAdmin) -> None:
    """
    What an administrator's own trigger refuses fails with its word.
    """
    admin.run(
        "CREATE TRIGGER no_bobs BEFORE INSERT ON users WHEN NEW.user_name = 'bob'"
        " BEGIN SELECT RAISE(ABORT, 'no Bobs here'); END"
    )
    ann, bob = target.write([creation("ann"), creation("bob")], run="run-1")

    assert (ann.outcome, bob.outcome, bob.message) == ("landed", "failed", "no Bobs here")


@pytest.mark.parametrize("switch", [gc.enable, gc.disable], ids=["on", "off"])
def test_garbage_collector_is_left_as_it_was(target: SqlTarget, switch: Callable[[], None]) -> None:
    """
    Whoever runs with the collector off, or on, does so after a reading and a write, too.
    """
    switch()
    was = gc.isenabled()
    written(target, creation("ann"))
    target.read()
    now = gc.isenabled()
    gc.enable()

    assert now == was


# What administrators look at.


def test_views_tell_people_and_groups(populated: SqlAdmin, target: SqlTarget) -> None:
    """
    The views show names where the tables have ids.
    """
    ann: Live = user(target, "ann")
    landed(target, update(ann, join=("2", "1"), roles=("Viewer", "Editor"), profiles=("Default",)), run="run-2")
    populated.run("INSERT INTO group_sites VALUES (1, 'Zurich'), (1, 'Ulm')")

    assert populated.run("SELECT user_name, group_names, roles, profiles, changed_by FROM people") == [
        ("ann", "group 1, group 2", "Editor, Viewer", "Default", "run-2")
    ]
    assert populated.run("SELECT group_name, user_name FROM group_members ORDER BY 1") == [
        ("group 1", "ann"),
        ("group 2", "ann"),
    ]
    assert populated.run("SELECT name, members, sites, created_by FROM group_overview WHERE id = 1") == [
        ("group 1", 1, "Ulm, Zurich", "run-1")
    ]
    assert populated.run("SELECT kind, name FROM changed_by_admin") == [("group", "group 1")]
