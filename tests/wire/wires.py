"""
A wire that goes nowhere, and a clock that only sleep moves: what a client's patience is tested with.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from reconciler.wire.client import Client, Pace
from reconciler.wire.message import Answer
from reconciler.wire.settings import HttpSettings

BEGAN = datetime(2026, 11, 22, 10, tzinfo=UTC)
ROOT = "https://scim.example.com/v2"


class ScriptedWire:
    """
    Answers with what was written down, in order (an exception is raised), and remembers what was asked.
    """

    def __init__(self, *script: Answer | Exception) -> None:
        self.script = list(script)
        self.sent: list[tuple[str, str, dict[str, str], bytes | None]] = []
        self.closed = False

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """
        Return, or raise, what comes next.
        """
        self.sent.append((method, url, headers, body))
        came = self.script.pop(0)
        if isinstance(came, Exception):
            raise came
        return came

    def close(self) -> None:
        """
        Note that the connections were given back.
        """
        self.closed = True


class SleepingClock:
    """
    Time that passes while somebody sleeps, and then only.
    """

    def __init__(self) -> None:
        self.slept: list[float] = []

    def pace(self, draw: Callable[[], float] = lambda: 0.5) -> Pace:
        """
        Return the pace of this clock.
        """
        return Pace(now=lambda: BEGAN + timedelta(seconds=sum(self.slept)), sleep=self.slept.append, draw=draw)


def client(
    script: Sequence[Answer | Exception],
    settings: HttpSettings = HttpSettings(),  # noqa: B008 - frozen
) -> tuple[Client, ScriptedWire, SleepingClock]:
    """
    Return a client, the wire below it and the clock beside it.
    """
    wire, clock = ScriptedWire(*script), SleepingClock()
    return Client(ROOT, settings, transport=wire, pace=clock.pace()), wire, clock
