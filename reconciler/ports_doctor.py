"""
What a target may tell of the system behind it.
"""

from typing import Protocol, runtime_checkable

from msgspec import Struct


class Finding(Struct, frozen=True, kw_only=True):
    """
    One thing that is found out about a target: what was looked at, what was found, what that means for a run.
    """

    what: str
    found: str
    means: str = ""


@runtime_checkable
class Diagnosed(Protocol):
    """
    A target that can tell what the system behind it can and cannot do.
    """

    def diagnose(self, *, probe: bool) -> tuple[Finding, ...]:
        """
        Return what it says of itself and, with `probe`, what throw-away objects show, which are gone afterwards.
        """
        ...
