"""
Writes that went together to a SCIM server and failed together, whole or without a word: nobody is doubled.
"""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.model import Kind
from reconciler.testing.writes import creation, deletion, landed, update
from reconciler.wire.message import Answer, LostError, UnsentError
from tests.targets.scim_bulk_memory import MANY, PLAIN, BulkScim, creations, made, outcomes


@pytest.fixture
def server() -> BulkScim:
    """
    Return a server that can do everything.
    """
    return BulkScim()


def _raise(error: Exception) -> Callable[[Any], Any]:
    def instead(_said: Any) -> Any:
        raise error

    return instead


def _nothing(_said: Any) -> Any:
    return {}


def _half(said: Any) -> Any:
    return {"Operations": said["Operations"][::2]}


def _twice(server: BulkScim) -> None:
    """
    Let the network deliver a request of several twice; the first answer is lost.
    """
    bulk = server._bulk  # noqa: SLF001  the server's own

    def again(body: Any) -> Any:
        bulk(body)
        return bulk(body)

    server._bulk = again  # type: ignore[method-assign]  # noqa: SLF001


BEFORE = {
    "not reached": UnsentError("refused"),
    "not implemented": Answer(status=501),
    "no such place": Answer(status=404),
    "not allowed": Answer(status=400, body=b'{"detail": "bulk?"}'),
    "unwell": Answer(status=500),
}
AFTER = {
    "lost": _raise(LostError("reset")),
    "tells nothing": _nothing,
    "tells half": _half,
}


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize("instead", BEFORE.values(), ids=BEFORE.keys())
def test_bulk_that_is_refused_whole_is_made_one_by_one(
    server: BulkScim, instead: Answer | Exception, kind: Kind
) -> None:
    """
    All land in the same run, and the server is not asked for a second bulk.
    """
    target = server.target(PLAIN)
    asked: list[str] = []

    def hook(_: str, path: str) -> Answer | None:
        if path != "/Bulk":
            return None
        asked.append(path)
        if isinstance(instead, Exception):
            raise instead
        return instead

    server.on_ask = hook
    found = made(target, kind)
    landed(target, creation("late", kind=kind))
    there = server.resources[f"{kind.capitalize()}s"]

    assert (len(found), len(there)) == (MANY, MANY + 1)
    assert set(asked) == {"/Bulk"}
    assert target.server.bulk == 0


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER.keys())
def test_bulk_that_was_done_without_a_word_is_found_and_not_made_again(
    server: BulkScim, after: Callable[[Any], Any], kind: Kind
) -> None:
    """
    Who was made is looked up by the source's id before anything is made again: all land, nobody twice.
    """
    target = server.target(PLAIN)
    server.on_bulk = after
    results = target.write(creations(kind), run="run-1")
    there = server.resources[f"{kind.capitalize()}s"]

    assert outcomes(results) == {"landed"}
    assert len(there) == MANY
    assert {one.live.external_id for one in results if one.live} == {one["externalId"] for one in there.values()}


@pytest.mark.parametrize("kind", ["user", "group"])
def test_bulk_that_the_network_delivers_twice_makes_nobody_twice(server: BulkScim, kind: Kind) -> None:
    """
    The second delivery finds the names taken, and twins of groups are removed again.
    """
    target = server.target(PLAIN)
    _twice(server)
    results = target.write(creations(kind), run="run-1")

    assert outcomes(results) == {"landed"}
    assert len(server.resources[f"{kind.capitalize()}s"]) == MANY


def _lost(_: str, path: str) -> None:
    if path == "/Bulk":
        raise LostError("timed out")


def test_group_that_may_still_be_made_is_left_to_the_next_run(server: BulkScim) -> None:
    """
    A request without an answer may land minutes later: a second group of the name could then not be kept away.
    """
    target = server.target(PLAIN)
    server.on_ask = _lost
    groups = target.write(creations("group"), run="run-1")
    server.on_ask = lambda _method, _path: None
    people = target.write(creations(), run="run-1")

    assert outcomes(groups) == {"failed"}
    assert "no whole answer" in groups[0].message
    assert (outcomes(people), server.resources["Groups"]) == ({"landed"}, {})


def test_updates_and_deletes_of_a_lost_bulk_are_made_alone(server: BulkScim) -> None:
    """
    They may be made twice: their versions, and that gone is gone, keep that from harm.
    """
    target = server.target(PLAIN)
    people = made(target)
    server.on_ask = _lost
    changed = target.write([update(one, last_name="Miller") for one in people], run="run-1")
    gone = target.write([deletion(one.live) for one in changed if one.live], run="run-1")

    assert (outcomes(changed), outcomes(gone)) == ({"landed"}, {"landed"})
    assert server.resources["Users"] == {}


def test_server_that_is_asked_too_much_is_not_asked_one_by_one(server: BulkScim) -> None:
    """
    429 after all patience is each one's answer: more requests would not help.
    """
    target = server.target(PLAIN)
    server.on_ask = lambda method, _path: Answer(status=429) if method == "POST" else None
    results = target.write(creations(), run="run-1")

    assert outcomes(results) == {"failed"}
    assert {path for method, path in server.asked if method == "POST"} == {"/Bulk"}


def test_create_whose_id_is_not_told_has_failed(server: BulkScim) -> None:
    """
    Nobody can be read back without an id; the next run finds who it was.
    """
    target = server.target(PLAIN)
    server.on_bulk = lambda said: {"Operations": [{**one, "location": None} for one in said["Operations"]]}
    results = target.write(creations(), run="run-1")

    assert outcomes(results) == {"failed"}
    assert "does not tell the id" in results[0].message
