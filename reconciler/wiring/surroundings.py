"""
What a command is told by its surroundings: the time, who runs it, whether another run is still alive, secrets.
"""

import getpass
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from reconciler.apply.fence import Patience
from reconciler.apply.order import Order
from reconciler.core.policy import seconds
from reconciler.errors import UsageError

FIRST_YEAR, LAST_YEAR = 2000, 9000
"""Years in which days before and after can still be counted."""


class Clock(Protocol):
    """
    Returns the present time, in UTC.
    """

    def __call__(self) -> datetime: ...  # noqa: D102


def stamp(moment: datetime) -> str:
    """
    Return a time in UTC as `2026-11-22T10:00:00Z`.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(environ: Mapping[str, str]) -> Clock:
    """
    Return the clock: the machine's, or a fixed one where RECONCILER_NOW names a time (to repeat a plan).

    Raises UsageError for a time that is none.
    """
    fixed = environ.get("RECONCILER_NOW")
    if not fixed:
        return lambda: datetime.now(UTC)
    try:
        moment = datetime.strptime(fixed, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError(fixed)  # noqa: TRY301  one way out for what is no time of ours
    except ValueError as error:
        told = f"RECONCILER_NOW is {fixed!r}, and no time"
        raise UsageError(told, hint="write it like 2026-11-22T10:00:00Z, or unset it") from error
    return lambda: moment


def order(
    environ: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    wait: float,
    lineage: str,
    life: str,
    waiting: Callable[[str], None] = lambda _told: None,
) -> Order:
    """
    Return who applies. `life` is how long a request may live, and so the fence's term; `waiting` is told of a wait.
    """

    def later(moment: str) -> str:
        begun = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return stamp(begun + timedelta(seconds=seconds(life)))

    patience = Patience(
        now=lambda: stamp(now()), later=later, sleep=time.sleep, alive=_alive, seconds=wait, waiting=waiting
    )
    who = environ.get("GITHUB_ACTOR") or getpass.getuser()
    return Order(
        who=who,
        holder=f"{stamp(now())}@{socket.gethostname()}:{os.getpid()}",
        lineage=lineage,
        patience=patience,
    )


def _alive(holder: str) -> bool:
    """
    Return False only for a process of this machine that is no longer there.
    """
    host, _, process = holder.partition("@")[2].rpartition(":")
    if host != socket.gethostname() or not process.isdigit():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def expanded(text: str, environ: Mapping[str, str], *, where: str) -> str:
    """
    Return text of reconciler.yaml with each `${NAME}` replaced by that environment variable.

    Raises UsageError where one is unset.
    """
    missing = sorted({name for name in re.findall(r"\$\{(\w+)\}", text) if name not in environ})
    if missing:
        told = f"{where}: the environment has no {', '.join(missing)}"
        raise UsageError(told, hint="set it where the command runs; it never belongs into a file")
    return re.sub(r"\$\{(\w+)\}", lambda match: environ[match[1]], text)
