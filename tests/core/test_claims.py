"""
The life of a claim: intents are added, served by a confirmed write, and forgotten when they can no longer land.
"""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.claims import earlier, elements, foreign, forget, intend, written
from reconciler.core.ledger import Claim, Intent
from reconciler.core.model import Equality, Value

EXACT = Equality()
OLD = Intent(value="I", replaces="B", at="2026-11-22T09:00:00Z", run=6)
NEW = Intent(value="J", replaces="B", at="2026-11-22T09:50:00Z", run=7)
GIT = Claim(owner="git", wrote="W", saw="B", intents=(OLD, NEW))
BEFORE = "2026-11-22T09:45:00Z"


def test_intents_accumulate() -> None:
    """
    A later intent does not replace an earlier one; the very same is noted once.
    """
    claim = intend(intend(intend(Claim(), OLD), NEW), OLD)

    assert claim.intents == (OLD, NEW)
    assert intend(claim, replace(OLD, run=8)).intents == (OLD, NEW, replace(OLD, run=8))


def test_a_confirmed_write_serves_every_intent() -> None:
    """
    W is what was sent, B what was read back, and nothing is open any more.
    """
    assert written(GIT, "D", "d") == Claim(owner="git", wrote="D", saw="d")


@pytest.mark.parametrize(
    ("claim", "live", "wrote", "saw", "intents"),
    [
        pytest.param(GIT, "B", "W", "B", (NEW,), id="the old one is forgotten"),
        pytest.param(GIT, "I", "I", "I", (NEW,), id="it landed: it is what we wrote"),
        pytest.param(GIT, "J", "W", "B", (NEW,), id="only the new one landed"),
        pytest.param(replace(GIT, saw="I"), "I", "W", "I", (NEW,), id="seen already"),
        pytest.param(replace(GIT, owner="admin"), "I", "W", "B", (NEW,), id="the admin's"),
        pytest.param(replace(GIT, owner=None), "I", "W", "B", (OLD, NEW), id="no one's, and live: kept"),
        pytest.param(replace(GIT, owner=None), "X", "W", "B", (NEW,), id="no one's, and not live"),
        pytest.param(replace(GIT, intents=(NEW,)), "J", "W", "B", (NEW,), id="nothing is old"),
        pytest.param(GIT, UNSET, "W", "B", (OLD, NEW), id="unreadable"),
    ],
)
def test_what_can_no_longer_land_is_forgotten(
    claim: Claim, live: Value, *, wrote: Value, saw: Value, intents: tuple[Intent, ...]
) -> None:
    """
    An intent older than any request is dropped after a reading; if it holds, it first becomes what we wrote.
    """
    after = forget(claim, live, name="locale", equality=EXACT, before=BEFORE)

    assert (after.wrote, after.saw, after.intents) == (wrote, saw, intents)


def test_an_intent_made_at_the_last_moment_is_old() -> None:
    """
    The border belongs to what is forgotten.
    """
    claim = forget(GIT, "B", name="locale", equality=EXACT, before=NEW.at)

    assert claim.intents == ()


@pytest.mark.parametrize(
    ("live", "intents", "expected"),
    [
        pytest.param("X", (OLD,), True, id="neither"),
        pytest.param("I", (OLD,), False, id="intended"),
        pytest.param("B", (OLD,), False, id="what it replaces"),
        pytest.param("X", (), False, id="no intents"),
        pytest.param(None, (replace(OLD, replaces=UNSET),), True, id="empty, after a create"),
        pytest.param(None, (replace(OLD, replaces=None),), False, id="empty, as it was"),
    ],
)
def test_a_value_is_foreign_to_intents(live: Value, intents: tuple[Intent, ...], *, expected: bool) -> None:
    """
    Foreign is what is neither intended nor about to be replaced; without intents nothing is.
    """
    assert foreign(live, intents, "locale", EXACT) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(("a", "b"), {"a", "b"}, id="set"),
        pytest.param("a", {"a"}, id="text"),
        pytest.param(None, set(), id="nothing"),
        pytest.param(True, {"True"}, id="yes"),
    ],
)
def test_elements_of_a_value(value: Value, expected: set[str]) -> None:
    """
    A set has elements; any other value is its own.
    """
    assert elements(value) == expected


def test_earlier_crosses_days() -> None:
    """
    Times are reckoned in UTC and written as they were.
    """
    assert earlier("2026-03-01T00:10:00Z", "15m") == "2026-02-28T23:55:00Z"
