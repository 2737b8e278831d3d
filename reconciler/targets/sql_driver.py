"""
The driver's connection to SQLite, on which every statement, and every end of a transaction, is an effect.

It stands below SQLAlchemy, where nothing passes beside it: pragmas, savepoints, migrations and reads are seen too.
What is told is the statement as it was prepared; its values are bound, and not told.
"""

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from reconciler.effects import effect
from reconciler.targets.sql_words import SQLITE, Driver

if TYPE_CHECKING:
    from sqlalchemy import Connection


class _Cursor(sqlite3.Cursor):
    """
    A cursor that announces what it executes.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> Self:  # noqa: ANN401 - as the driver has it
        """
        Return the cursor, with the statement's rows to fetch.
        """
        with effect("sql", sql):
            return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Self:
        """
        Return the cursor, once the statement was executed for each of the parameters.
        """
        with effect("sql", sql):
            return super().executemany(sql, parameters)


class Announced(sqlite3.Connection):
    """
    A connection that announces what it does to its file.
    """

    words = SQLITE

    def __init__(self, database: str, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - the same
        with effect("open", database):
            super().__init__(database, *arguments, **settings)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - the same
        """
        Return a cursor with the statement's rows to fetch; the driver's own would not ask `cursor` for it.
        """
        cursor: sqlite3.Cursor = self.cursor()
        return cursor.execute(sql, parameters)

    def stream(self, sql: str, /) -> sqlite3.Cursor:
        """
        Return the rows of a query, read as they are asked for.
        """
        return self.execute(sql)

    def cursor(self, factory: Any = _Cursor) -> Any:  # noqa: ANN401 - typeshed has two signatures for it
        """
        Return a cursor that announces what it executes.
        """
        return super().cursor(factory)

    def commit(self) -> None:
        """
        Commit the transaction, where there is one.
        """
        with effect("sql", "COMMIT"):
            super().commit()

    def rollback(self) -> None:
        """
        Take the transaction back, where there is one.
        """
        with effect("sql", "ROLLBACK"):
            super().rollback()

    def close(self) -> None:
        """
        Close the connection; the last one folds the write-ahead log into the file.
        """
        with effect("close", "database"):
            super().close()


def driver_of(connection: "Connection") -> Driver:
    """
    Return the driver's own connection below one of SQLAlchemy, in the same transaction.
    """
    driver: Any = connection.connection.driver_connection
    return driver  # type: ignore[no-any-return]
