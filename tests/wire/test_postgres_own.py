"""
An application's own tables pass the contract on a real PostgreSQL, too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.ports_adapter import Opening
from reconciler.targets.sql import ADAPTER
from reconciler.targets.sql_own import OwnTables
from reconciler.targets.sql_settings import SqlSettings
from tests.targets.own_tables import NUMBER, STATEMENTS, TABLES, AppAdmin, OwnTablesContract
from tests.wire.postgres import PostgresAdmin, postgres

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """
    Return the url of a database that holds the application's tables.
    """
    with postgres() as url:
        admin = PostgresAdmin(url)
        for statement in STATEMENTS:
            admin.run(statement.format(number=NUMBER["postgresql"]))
        admin.close()
        yield url


@pytest.fixture
def admin(server: str) -> Iterator[AppAdmin]:
    """
    Return the application's administrator, before whom nobody was there.
    """
    connected = PostgresAdmin(server)
    connected.run("TRUNCATE accounts, teams, team_members, account_rights, account_views RESTART IDENTITY")
    yield AppAdmin(connected.run)
    connected.close()


@pytest.fixture(scope="module")
def opened(server: str) -> Iterator[OwnTables]:
    """
    Return the tables as a target, looked at once.
    """
    told = Opening(name="app", url=server, written=server, settings=SqlSettings(tables=TABLES), home=Path())
    target = ADAPTER.open(told)
    assert isinstance(target, OwnTables)
    yield target
    target.close()


@pytest.fixture
def target(opened: OwnTables, admin: AppAdmin) -> OwnTables:
    """
    Return the tables, empty.
    """
    assert admin
    return opened


class TestOwnTablesOnPostgres(OwnTablesContract):
    """
    The contract, on an application's tables in PostgreSQL.
    """
