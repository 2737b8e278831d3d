"""
A PostgreSQL server for tests, and an administrator who types SQL on it.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from reconciler.core.model import Value
from tests.targets.sql_admin import SqlAdmin
from tests.wire.servers import account, folder, free_port, program, running

FOLDERS = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


@contextmanager
def postgres() -> Iterator[str]:
    """
    Give the url of a running server's maintenance database; nothing on it outlives the block.
    """
    initdb, server = program("initdb", folders=FOLDERS), program("postgres", folders=FOLDERS)
    user, port = account("postgres"), free_port()
    with folder(user) as home:
        made = [initdb, "-D", str(home / "data"), "-U", "reconciler", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(made, user=user, cwd="/", check=True, capture_output=True)
        command = [server, "-D", str(home / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", str(home), "-F"]
        with running(command, port=port, user=user, log=home / "log"):
            url = f"postgresql://reconciler@127.0.0.1:{port}/postgres"
            _await_readiness(url)
            yield url


def _await_readiness(url: str) -> None:
    """
    Wait until the server, which listens already, has read its files.
    """
    for _ in range(600):
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            continue
        return


def statement(url: str, sql: str) -> None:
    """
    Run one statement outside any transaction.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


class PostgresAdmin(SqlAdmin):
    """
    The administrator's verbs on the database at `url`, over one connection, each statement committed at once.
    """

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def run(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        """
        Run one statement with its values bound, commit, and return its rows.
        """
        cursor = self._connection.execute(sql.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """
        Hang up.
        """
        self._connection.close()
