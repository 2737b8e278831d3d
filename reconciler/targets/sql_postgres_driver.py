"""
The driver's connection to PostgreSQL, on which every statement, and every end of a transaction, is an effect.

As with SQLite (sql_driver) what is told is the statement as it was prepared; its values are bound, and not told.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import psycopg

from reconciler.effects import effect
from reconciler.targets.sql_words import POSTGRES

_AT_ONCE = 5000
"""Rows that a server-side cursor fetches in one go: some megabytes."""


class _Cursor(psycopg.Cursor[Any]):
    """
    A cursor that announces what it executes.
    """

    def execute(self, query: Any, params: Any = None, **settings: Any) -> Self:  # noqa: ANN401 - as the driver has it
        """
        Return the cursor, with the statement's rows to fetch.
        """
        with effect("sql", query):
            return super().execute(query, params, **settings)

    def executemany(self, query: Any, params_seq: Iterable[Any], **settings: Any) -> None:  # noqa: ANN401 - the same
        """
        Execute the statement for each of the parameters, without waiting for the answers one by one.
        """
        with effect("sql", query):
            super().executemany(query, params_seq, **settings)


class Announced(psycopg.Connection[Any]):
    """
    A connection that announces what it does to its server.
    """

    words = POSTGRES

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - as the driver has it
        super().__init__(*arguments, **settings)
        self.cursor_factory = _Cursor

    def execute(self, sql: Any, parameters: Sequence[Any] = (), /, **_: Any) -> psycopg.Cursor[Any]:  # type: ignore[override]  # noqa: ANN401 - the registry's wording
        """
        Return a cursor with the statement's rows to fetch; `?` in it stands for the parameters.
        """
        return self.cursor().execute(sql.replace("?", "%s"), parameters or None)

    def stream(self, sql: str, /) -> Iterator[tuple[Any, ...]]:
        """
        Yield the rows of a query, fetched from a cursor that the server keeps.
        """
        with effect("sql", sql), self.cursor(name="registry") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(sql.encode())
            yield from cursor

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
        Close the connection.
        """
        with effect("close", "database"):
            super().close()
