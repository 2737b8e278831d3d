"""
What a run about few asks of a target: users and groups, by what they are known by.
"""

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from reconciler.core.model import Catalogue, Live
from reconciler.core.near import Ask


class Sight(Protocol):
    """
    A system as of one moment, of which no more is read than is asked for.
    """

    def look(self, asks: frozenset[Ask]) -> tuple[Live, ...]:
        """
        Return the users and groups to which an id, external id, name or e-mail leads, and the users in a group.

        They may be more than that.
        """
        ...

    def catalogue(self) -> Catalogue:
        """
        Return what the system offers.
        """
        ...


@runtime_checkable
class Selective(Protocol):
    """
    A target in which a few are found without reading all: by what they are known by, as the target compares it.
    """

    def looking(self) -> AbstractContextManager[Sight]:
        """
        Give a sight of it.
        """
        ...
