"""
Writes to the registry through SQLAlchemy Core: its engine, whose every transaction is one batch.
"""

import sqlite3
from collections.abc import Sequence

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError

from reconciler.ports import Result, Write
from reconciler.targets.sql_file import RegistryFile
from reconciler.targets.sql_write import write_all


class RegistryEngine:
    """
    SQLAlchemy on one registry's file. Its errors hold no values.
    """

    def __init__(self, file: RegistryFile) -> None:
        self._file = file
        self._engine = create_engine("sqlite:///", creator=file.connect, hide_parameters=True)
        event.listen(self._engine, "begin", _begin)

    def write(self, writes: Sequence[Write], *, run: str, roles: frozenset[str]) -> list[Result]:
        """
        Make the writes in one transaction and return one result each. Raises TargetError where the driver fails.
        """
        with self._file.told("write"):
            try:
                with self._engine.begin() as connection:
                    return write_all(connection, writes, run=run, roles=roles)
            except DBAPIError as error:
                raise _drivers(error) from error

    def close(self) -> None:
        """
        Give back every connection.
        """
        self._engine.dispose()


def _begin(connection: Connection) -> None:
    """
    Begin a transaction that takes the lock at once, so that it never finds its snapshot outdated half-way.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _drivers(error: DBAPIError) -> BaseException:
    """
    Return what the driver said, without the statement that SQLAlchemy adds.
    """
    return error.orig or sqlite3.Error(str(error))
