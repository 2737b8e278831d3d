"""
Writes to the registry through SQLAlchemy Core: its engine, whose every transaction is one batch.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from reconciler.ports import Result, Write
from reconciler.targets.sql_terms import Terms
from reconciler.targets.sql_versions import Registry
from reconciler.targets.sql_write import write_all


class RegistryEngine:
    """
    SQLAlchemy on one registry's database. Its errors hold no values.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        url, settings, begin = registry.engine
        self._engine = create_engine(url, creator=registry.connect, hide_parameters=True, **settings)
        begin_by_hand(self._engine, begin)

    def write(self, writes: Sequence[Write], terms: Terms) -> list[Result]:
        """
        Make the writes in one transaction and return one result each. Raises TargetError where the driver fails.
        """
        with self._registry.told("write"):
            try:
                with self._engine.begin() as connection:
                    return write_all(connection, writes, terms)
            except DBAPIError as error:
                raise drivers(error) from error

    def close(self) -> None:
        """
        Give back every connection.
        """
        self._engine.dispose()


def begin_by_hand(engine: Engine, statement: str) -> None:
    """
    Let transactions begin with a statement of ours; with an empty one the driver begins them.
    """
    if statement:
        event.listen(engine, "begin", partial(_begin, statement))


def _begin(statement: str, connection: Connection) -> None:
    """
    Begin a transaction where the driver does not do so itself.
    """
    connection.exec_driver_sql(statement)


def drivers(error: SQLAlchemyError) -> BaseException:
    """
    Return what the driver said, without the statement that SQLAlchemy adds.
    """
    return getattr(error, "orig", None) or OSError(str(error))
