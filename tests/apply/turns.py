"""
Jobs that take turns as a seed says: each stops before every effect of its ports, until it is its turn again.
"""

import threading
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Generic, TypeVar, cast

from reconciler.errors import ReconcilerError

T = TypeVar("T")
P = TypeVar("P")


class Turns(Generic[T]):
    """
    Runs jobs in threads of which only one goes on at a time. `who` is the job whose turn it is.
    """

    def __init__(self, seed: int) -> None:
        self.who = ""
        self._random = Random(seed)
        self._mine: dict[str, threading.Semaphore] = {}
        self._given_back = threading.Semaphore(0)

    def run(self, jobs: Mapping[str, Callable[[], T]]) -> dict[str, T | BaseException]:
        """
        Return what became of each job: its result, or what it raised.
        """
        ends: dict[str, T | BaseException] = {}
        self._mine = {name: threading.Semaphore(0) for name in jobs}
        threads = [threading.Thread(target=self._work, args=(*job, ends), daemon=True) for job in jobs.items()]
        for thread in threads:
            thread.start()
        while len(ends) < len(jobs):
            self.who = self._random.choice(sorted(jobs.keys() - ends.keys()))
            self._mine[self.who].release()
            self._given_back.acquire()
        for thread in threads:
            thread.join()
        return ends

    def switch(self) -> None:
        """
        Let the next one go on, which may be the same; return when it is the caller's turn again.
        """
        mine = self._mine[self.who]
        self._given_back.release()
        mine.acquire()

    def taken_by(self, port: P) -> P:
        """
        Return the port with a switch before each call.
        """
        return cast("P", _Port(port, self.switch))

    def _work(self, name: str, job: Callable[[], T], ends: dict[str, T | BaseException]) -> None:
        self._mine[name].acquire()
        try:
            ends[name] = job()
        except (ReconcilerError, AssertionError) as error:
            ends[name] = error
        self._given_back.release()


class _Port:
    """
    A port that calls `switch` before it does anything.
    """

    def __init__(self, port: object, switch: Callable[[], None]) -> None:
        self._port = port
        self._switch = switch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            self._switch()
            return found(*arguments, **options)

        return call
