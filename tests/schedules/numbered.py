"""
Values by number, so that a state of the world is a few numbers.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Numbered(Generic[T]):
    """
    Values by number; two that are alike have one number, and the first of them stands for both.
    """

    def __init__(self, likeness: Callable[[T], Hashable]) -> None:
        self._likeness = likeness
        self._numbers: dict[Hashable, int] = {}
        self._values: list[T] = []

    def number(self, value: T) -> int:
        """
        Return the number of a value.
        """
        likeness = self._likeness(value)
        if likeness not in self._numbers:
            self._numbers[likeness] = len(self._values)
            self._values.append(value)
        return self._numbers[likeness]

    def __getitem__(self, number: int) -> T:
        return self._values[number]
