"""
A few of the registry's people, found by what they are known by; nothing that is looked for so is searched for.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.core.near import Ask
from reconciler.errors import TargetError
from reconciler.targets import sql_schema
from reconciler.targets.sql import SqlTarget
from reconciler.targets.sql_words import SQLITE
from reconciler.testing.writes import deletion, written
from tests.targets.sql_admin import SqlAdmin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    Return where the database is kept.
    """
    return tmp_path / "registry.db"


@pytest.fixture
def target(path: Path) -> Iterator[SqlTarget]:
    """
    Return a registry with people of several spellings, three of them in a group.
    """
    target = SqlTarget.open(f"sqlite:///{path}")
    admin = SqlAdmin(path)
    for name, mail in {"ann": "Ann@Example.com", "bob": "bob@example.com", "eve": "\u00e9ve@example.com"}.items():
        admin.admin_creates(name, email=mail)
    admin.admin_creates_group("staff")
    admin.admin_joins("ann", "staff")
    admin.admin_joins("eve", "staff")
    yield target
    target.close()


def found(target: SqlTarget, *asks: Ask) -> list[str]:
    """
    Return the names of those to whom these lead.
    """
    with target.looking() as sight:
        return sorted(one.name for one in sight.look(frozenset(asks)))


def older(path: Path, *, versions: int) -> None:
    """
    Make a registry as a program of an earlier version left it, with one person in it.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as driver:
        driver.execute("PRAGMA journal_mode = WAL")
        driver.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT)")
        for number, statements in enumerate(sql_schema.MIGRATIONS[:versions], start=1):
            for statement in statements:
                driver.execute(statement)
            driver.execute("INSERT INTO schema_version VALUES (?, '')", (number,))
        driver.execute("INSERT INTO users (user_name, email) VALUES ('ann', 'Ann@Example.com')")


@pytest.mark.parametrize(
    ("ask", "names"),
    [
        (("user", "mail", "ANN@example.com"), ["ann", "eve"]),
        (("user", "mail", "nobody@example.com"), ["eve"]),
        (("user", "in", "1"), ["ann", "eve"]),
        (("group", "id", "1"), ["staff"]),
        (("user", "called", "bob"), ["bob"]),
    ],
    ids=" ".join,
)
def test_people_are_found_by_what_they_are_known_by(target: SqlTarget, ask: Ask, names: list[str]) -> None:
    """
    By mail also those whose letters the database cannot fold: who asks compares them.
    """
    assert found(target, ask) == names


def test_group_that_was_looked_at_is_not_deleted_over_a_newcomers_head(target: SqlTarget, path: Path) -> None:
    """
    Whoever reads a few notices as well as whoever reads all that somebody came later.
    """
    with target.looking() as sight:
        [staff] = sight.look(frozenset({("group", "id", "1")}))
    SqlAdmin(path).admin_joins("bob", "staff")

    assert written(target, deletion(staff)).outcome == "left"


def test_mails_are_looked_up_and_not_searched_for(target: SqlTarget, path: Path) -> None:
    """
    Both parts of the question are answered by an index.
    """
    assert found(target, ("user", "mail", "bob@example.com")) == ["bob", "eve"]
    steps = SqlAdmin(path).run(f"EXPLAIN QUERY PLAN {SQLITE.mails.format(SQLITE.among)}", "[]")
    told = [str(step[3]) for step in steps if " users" in str(step[3])]

    assert [" ".join(step.split(" ")[3:5]) for step in told] == [
        "INDEX users_by_mail",
        "INDEX users_by_strange_mail",
    ]


def test_registry_that_lacks_an_index_is_used_without(path: Path) -> None:
    """
    Whoever may not make it now, because somebody writes, reads all the same; the next one makes it.
    """
    older(path, versions=sql_schema.ENOUGH)
    url = f"sqlite:///{path}"
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        with closing(SqlTarget.open(url, patience=0)) as target:
            names = found(target, ("user", "mail", "ann@example.com"))
    before = SqlAdmin(path).run("SELECT max(version) FROM schema_version")
    SqlTarget.open(url).close()
    after = SqlAdmin(path).run("SELECT max(version) FROM schema_version")

    assert names == ["ann"]
    assert (before, after) == ([(sql_schema.ENOUGH,)], [(len(sql_schema.MIGRATIONS),)])


def test_registry_that_lacks_more_than_an_index_is_not_used(path: Path) -> None:
    """
    What is read would not be there.
    """
    older(path, versions=sql_schema.ENOUGH - 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")

        with pytest.raises(TargetError, match="cannot migrate it"):
            SqlTarget.open(f"sqlite:///{path}", patience=0)
