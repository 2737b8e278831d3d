"""
How many requests run at once: at most `width`, fewer while the server says that it is too much.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Gate:
    """
    Lets so many in at once; halved by every refusal, widened again by one for every round that went well.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._limit = float(width)
        self._inside = 0
        self._entered = 0
        self._moved = Condition()

    @property
    def limit(self) -> int:
        """
        Return how many may be inside now.
        """
        return int(self._limit)

    @property
    def entered(self) -> int:
        """
        Return how many have been let in so far.
        """
        return self._entered

    @contextmanager
    def place(self) -> Iterator[None]:
        """
        Wait for a place, and give it back at the end.
        """
        with self._moved:
            self._moved.wait_for(lambda: self._inside < self.limit)
            self._inside += 1
            self._entered += 1
        try:
            yield
        finally:
            with self._moved:
                self._inside -= 1
                self._moved.notify()

    def refused(self) -> None:
        """
        Take in that the server was asked too much.
        """
        with self._moved:
            self._limit = max(1.0, self._limit / 2)

    def served(self) -> None:
        """
        Take in that the server answered.
        """
        with self._moved:
            self._limit = min(float(self._width), self._limit + 1 / self._limit)
            self._moved.notify()
