"""
A real PostgreSQL with ten thousand people and a thousand groups under parents: adopted, changed in a hundredth.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from reconciler.targets.sql import SqlTarget
from tests.systems.office import NOW, Office, person
from tests.wire import large
from tests.wire.postgres import postgres, statement

pytestmark = pytest.mark.ci

CONFIG = """\
version: 1
sources:
  directory: {{type: rows, account: directory}}
targets:
  registry: {{type: sql, url: "{url}", sources: [directory], policy: registry.yaml}}
"""
POLICY = f"{large.POLICY}  fields: {{parent: target}}\n"


@pytest.fixture
def url() -> Iterator[str]:
    """
    Return the url of a registry that people filled by themselves.
    """
    with postgres() as server:
        statement(server, "CREATE DATABASE registry")
        url = server.replace("/postgres", "/registry")
        SqlTarget.open(url).close()
        with psycopg.connect(url) as connection:
            fill(connection)
        yield url


def fill(connection: psycopg.Connection) -> None:
    """
    Put everybody and every group there, each group below the one that contains it.
    """
    cursor = connection.cursor()
    with cursor.copy("COPY users (id, user_name, external_id, email) FROM STDIN") as copy:
        for number in range(large.PEOPLE):
            called = large.name(number)
            copy.write_row((number, called, f"id-{called}", f"{called}@example.org"))
    with cursor.copy("COPY groups (id, name, external_id, parent) FROM STDIN") as copy:
        above = {large.inner(group): large.team_name(group) for group in range(large.GROUPS)}
        for group in range(large.GROUPS):
            called = large.team_name(group)
            copy.write_row((group, called, f"id-{called}", above.get(group)))
    with cursor.copy("COPY memberships (user_id, group_id) FROM STDIN") as copy:
        for number in range(large.PEOPLE):
            for group in large.direct(number):
                copy.write_row((number, group))
    for table in ("users", "groups"):
        cursor.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH 1000000".encode())


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str) -> Office:
    """
    Return a repository whose target is the registry.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    office.begins(policy="registry.yaml")
    office.writes("state/reconciler.yaml", CONFIG.format(url=url))
    office.writes("state/policies/registry.yaml", POLICY)
    return office


def test_large_registry_is_changed_in_a_hundredth(url: str, office: Office) -> None:
    """
    Of those that others made, a hundredth is told to change: exactly that is changed, and parents stay.
    """
    wanted = {number: large.direct(number) for number in range(large.PEOPLE)}
    moved = {number: [*groups[1:], 999] for number, groups in wanted.items() if number < 50}
    rows = large.people(wanted | moved)
    rows[50:90] = [replace(row, email=f"new.{row.email}") for row in rows[50:90]]
    office.source_says([*rows, *(person(f"new{number}") for number in range(10))], large.teams())
    with psycopg.connect(url, autocommit=True) as connection:
        before = held(connection)
        told = office.applied()
        after = held(connection)

    assert "users: 10 create, 40 update; memberships: 50 gained, 50 lost" in told.out
    assert {name for name in after if after[name] != before.get(name)} == {
        *(f"new{number}" for number in range(10)),
        *(large.name(number) for number in range(90)),
    }
    assert before.keys() <= after.keys()


def held(connection: psycopg.Connection) -> dict[str, tuple[object, ...]]:
    """
    Return what the registry holds of everybody and of every group, by name.
    """
    users = connection.execute(
        "SELECT user_name, external_id, email, enabled, array_agg(group_id ORDER BY group_id) FROM users "
        "LEFT JOIN memberships ON user_id = id GROUP BY id"
    ).fetchall()
    groups = connection.execute("SELECT name, external_id, parent, active FROM groups").fetchall()
    return {str(row[0]): tuple(row[1:]) for row in (*users, *groups)}
