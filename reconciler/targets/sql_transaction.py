"""
How a transaction ends, whichever the database.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

from reconciler.targets.sql_words import Driver

Connected = TypeVar("Connected", bound=Driver)


@contextmanager
def transaction(driver: Connected, begin: str) -> Iterator[Connected]:
    """
    Give the connection once `begin` was executed: kept when the block ends well, else taken back, and closed.
    """
    with closing(driver):
        driver.execute(begin)
        try:
            yield driver
        except BaseException:
            driver.rollback()
            raise
        driver.commit()
