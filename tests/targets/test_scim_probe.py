"""
What is found out about a SCIM server: said by itself, and measured on objects that are gone afterwards.
"""

import json
from collections.abc import Callable

import pytest

from reconciler.targets.scim_settings import ScimSettings
from reconciler.wire.message import Answer
from tests.targets.scim_bulk_memory import BulkScim
from tests.targets.scim_memory import MemoryScim
from tests.wire.scim_places import SETTINGS


def findings(server: MemoryScim, settings: ScimSettings = SETTINGS, *, probe: bool = True) -> dict[str, str]:
    """
    Return what was found, by what was looked at; what is measured stands for what was said.
    """
    return {one.what: one.found for one in server.target(settings).diagnose(probe=probe)}


def test_server_that_can_everything_is_found_to() -> None:
    """
    What it says of itself, and what throw-away objects show.
    """
    server = MemoryScim()
    found = findings(server)

    assert (found["ETag"], found["case of user names"], found["spaces around a text"]) == (
        "compared",
        "ignored",
        "kept",
    )
    assert (found["PATCH"], found["two groups of one name"]) == ("answered 200, done", "possible")
    assert found["members by PATCH"] == "answered 200, done"
    assert found["write window without ETag"].startswith("read ")


def test_nothing_is_left_of_a_probe() -> None:
    """
    Every throw-away object is removed again, and nothing is written without being asked to.
    """
    server = MemoryScim()
    findings(server)

    assert server.resources == {"Users": {}, "Groups": {}}
    assert findings(server, probe=False)["PATCH"] == "yes"
    assert {method for method, _ in server.asked} == set()


def _standing(server: MemoryScim) -> None:
    plain = server.answers

    def still(method: str, path: str, body: object, *, match: str = "") -> tuple[int, object]:
        del match
        status, said = plain(method, path, body)
        return status, {**said, "meta": {"version": "1"}} if said and "id" in said else said

    server.answers = still  # type: ignore[method-assign]


def _deaf(server: MemoryScim) -> None:
    server.on_ask = lambda method, _path: Answer(status=204) if method == "PATCH" else None


def _closed(server: MemoryScim) -> None:
    server.on_ask = lambda method, path: Answer(status=403) if (method, path) == ("POST", "/Groups") else None


def _sticky(server: MemoryScim) -> None:
    server.on_ask = lambda method, _path: Answer(status=403) if method == "DELETE" else None


@pytest.mark.parametrize(
    ("make", "what", "word"),
    [
        pytest.param(_standing, "ETag", "stands still, a late write is taken", id="versions that stand still"),
        pytest.param(_deaf, "PATCH", "answered 204, not done", id="PATCH that does nothing"),
        pytest.param(_deaf, "members by PATCH", "answered 204, not done", id="members that do not move"),
        pytest.param(_closed, "create a group", "refused (403)", id="no groups"),
    ],
)
def test_server_that_lies_is_found_out(make: Callable[[MemoryScim], None], what: str, word: str) -> None:
    """
    What a server does counts, not what it says.
    """
    server = MemoryScim()
    make(server)

    assert findings(server)[what] == word


def _unguarded(server: BulkScim) -> None:
    plain = server.answers

    def unread(method: str, path: str, body: object, *, match: str = "") -> tuple[int, object]:
        return plain(method, path, body, match="" if server.seen else match)

    server.answers = unread  # type: ignore[method-assign]


def _unheard(server: BulkScim) -> None:
    server.on_ask = lambda _method, path: Answer(status=501) if path == "/Bulk" else None


@pytest.mark.parametrize(
    ("make", "word"),
    [
        pytest.param(lambda _server: None, "done", id="as it says"),
        pytest.param(_unguarded, "done, a late write is taken", id="version that is not compared"),
        pytest.param(_unheard, "not done", id="no bulk"),
    ],
)
def test_bulk_is_tried(make: Callable[[BulkScim], None], word: str) -> None:
    """
    A server that offers bulk, and does not do it or compares no version there, is told to be written one by one.
    """
    server = BulkScim()
    make(server)

    assert findings(server)["bulk"] == word


def test_what_cannot_be_removed_is_told() -> None:
    """
    A throw-away object that stays is named, so that somebody can remove it.
    """
    server = MemoryScim()
    _sticky(server)
    found = findings(server)
    user = next(iter(server.resources["Users"]))

    assert found[f"remove user {user}"] == "refused (403)"


def test_server_that_makes_no_user_is_not_probed_further() -> None:
    """
    Without a throw-away user there is nothing to measure.
    """
    server = MemoryScim()
    server.on_ask = lambda method, _path: Answer(status=403) if method == "POST" else None

    assert findings(server)["create a user"] == "refused (403)"


def test_poor_server_is_measured_by_put() -> None:
    """
    Without ETag and PATCH the window is what counts.
    """
    found = findings(MemoryScim(etag=False, patch=False))

    assert (found["ETag"], found["PUT"], "members by PATCH" in found) == ("compared", "answered 200, done", False)


def test_place_that_the_server_does_not_have_is_named() -> None:
    """
    A field that is mapped to what is in none of the server's schemas is told before a run needs it.
    """
    server = MemoryScim()
    core = {"id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": [{"name": "userName"}]}
    told = Answer(status=200, body=json.dumps({"Resources": [core]}).encode())
    server.on_ask = lambda _method, path: told if path == "/Schemas" else None
    found = findings(server, ScimSettings(users={"locked": "urn:x:User:locked"}), probe=False)

    assert found["users.locale"] == "locale is not in its schemas"
    assert found["users.locked"] == "urn:x:User:locked is not in its schemas"
    assert "users.user_name" not in found
