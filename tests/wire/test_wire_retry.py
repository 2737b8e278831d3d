"""
Whether a request is made again, and when: every case of the table in `retry.py`.
"""

import pytest

from reconciler.wire.message import Answer, LostError, UnsentError
from reconciler.wire.retry import again, pause
from reconciler.wire.settings import Retries
from tests.wire.wires import BEGAN

RETRIES = Retries(attempts=4, seconds=60, first=1, longest=20)


@pytest.mark.parametrize(
    ("came", "repeatable", "expected"),
    [
        pytest.param(UnsentError(), False, True, id="never sent"),
        pytest.param(LostError(), False, False, id="lost create"),
        pytest.param(LostError(), True, True, id="lost read"),
        pytest.param(Answer(status=429), False, True, id="put off"),
        pytest.param(Answer(status=503), False, False, id="unwell create"),
        pytest.param(Answer(status=503), True, True, id="unwell read"),
        pytest.param(Answer(status=409), True, False, id="conflict"),
        pytest.param(Answer(status=501), True, False, id="not implemented"),
        pytest.param(Answer(status=200), True, False, id="well"),
    ],
)
def test_only_what_does_no_harm_is_made_again(
    came: Answer | Exception, *, repeatable: bool, expected: bool
) -> None:
    """
    A request that may not be doubled is made again only where the server did not look at it.
    """
    assert again(came, repeatable=repeatable) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("7", 7.5, id="seconds"),
        pytest.param("0", 0.5, id="at once"),
        pytest.param("Sun, 22 Nov 2026 10:00:05 GMT", 5.5, id="date"),
        pytest.param("Sun, 22 Nov 2026 10:00:05 -0000", 5.5, id="date without a zone"),
        pytest.param("Sun, 22 Nov 2020 10:00:05 GMT", 0.5, id="date gone by"),
        pytest.param("Sun, 22 Nov 2099 10:00:05 GMT", 20.5, id="date far off"),
        pytest.param("99999999999999999999", 20.5, id="absurd"),
        pytest.param("soon", 0.5, id="neither"),
        pytest.param("", 0.5, id="nothing"),
        pytest.param("\u0663", 0.5, id="digit of another script"),
    ],
)
def test_what_the_server_asks_for_is_waited(asked: str, expected: float) -> None:
    """
    `Retry-After` is waited whole, in seconds or to a date, but never longer than the longest pause.
    """
    came = Answer(status=429, headers={"retry-after": asked})
    waited = pause(came, 1, left=60, retries=RETRIES, now=BEGAN, draw=lambda: 0.5)

    assert waited == expected


def test_bound_of_a_pause_doubles_and_ends() -> None:
    """
    Pauses are drawn below a bound that doubles up to the longest, and after the last attempt there is none.
    """
    retries = Retries(attempts=7, first=1, longest=20)
    pauses = [pause(LostError(), n, left=60, retries=retries, now=BEGAN, draw=lambda: 1.0) for n in range(1, 8)]

    assert pauses == [1, 2, 4, 8, 16, 20, None]


def test_no_pause_goes_beyond_the_time_that_is_left() -> None:
    """
    Who would have to wait longer than all attempts may take does not wait at all.
    """
    came = Answer(status=429, headers={"retry-after": "10"})

    assert pause(came, 1, left=9, retries=RETRIES, now=BEGAN, draw=lambda: 0.0) is None
