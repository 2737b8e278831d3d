"""
Whether a request is made again, and after how long: decided on values, so that a test needs no server and no time.

| what came                     | repeatable | not repeatable                        |
|-------------------------------|------------|---------------------------------------|
| no connection                 | again      | again: the server never saw it        |
| 425, 429                      | again      | again: the server put it off (RFC 6585)|
| 408, 500, 502, 503, 504       | again      | answered as it is                     |
| no answer, or half of one     | again      | lost: the caller looks what became    |
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.wire.message import Answer, UnsentError
from reconciler.wire.settings import Retries

PUT_OFF = frozenset({425, 429})
"""Answers that say the request was not looked at."""

_UNWELL = frozenset({408, 500, 502, 503, 504})


def again(came: Answer | Exception, *, repeatable: bool) -> bool:
    """
    Return whether a request that ended so may be made again: see the table.
    """
    if isinstance(came, Answer):
        return came.status in PUT_OFF or (repeatable and came.status in _UNWELL)
    return repeatable or isinstance(came, UnsentError)


def pause(
    came: Answer | Exception,
    attempt: int,
    *,
    left: float,
    retries: Retries,
    now: datetime,
    draw: Callable[[], float],
) -> float | None:
    """
    Return how many seconds to wait before the next attempt, the first being 1; None: no more.

    Full jitter: anything up to twice the last bound. What the server asks for in `Retry-After` is waited whole,
    up to `longest`, and a little more, so that not all come back at once. `left` is what remains of all seconds.
    """
    if attempt >= retries.attempts:
        return None
    bound = min(retries.longest, retries.first * 2 ** (attempt - 1))
    asked = _asked(came.headers.get("retry-after", ""), now) if isinstance(came, Answer) else None
    seconds = draw() * bound if asked is None else min(asked, retries.longest) + draw() * retries.first
    return seconds if seconds <= left else None


def _asked(text: str, now: datetime) -> float | None:
    """
    Return the seconds that a `Retry-After` asks for (RFC 9110 section 10.2.3: seconds or a date); None for neither.
    """
    if text.strip().isascii() and text.strip().isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
