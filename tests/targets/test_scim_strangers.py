"""
A SCIM server that answers with somebody else: nobody is linked to another's account, and nothing is taken for done.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.model import Kind
from reconciler.errors import TargetError
from reconciler.targets.scim_probe import probe
from reconciler.testing.writes import creation, landed, update
from reconciler.wire.message import Answer
from tests.targets.scim_bulk_memory import PLAIN, BulkScim, creations, made
from tests.targets.scim_memory import ROOT
from tests.targets.test_scim import MemoryAdmin


@pytest.fixture
def server() -> BulkScim:
    """
    Return a server that can do everything.
    """
    return BulkScim()


def _turned(said: Any) -> Any:
    """
    Return answers each of which says where the next one's resource lies.
    """
    every = said["Operations"]
    places = [one["location"] for one in every]
    return {
        "Operations": [one | {"location": there} for one, there in zip(every, places[1:] + places[:1], strict=True)]
    }


def _one_place(said: Any) -> Any:
    """
    Return answers that all say where the first one's resource lies.
    """
    every = said["Operations"]
    return {"Operations": [one | {"location": every[0]["location"]} for one in every]}


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize("astray", [_turned, _one_place])
def test_create_is_not_linked_to_what_it_did_not_make(
    server: BulkScim, astray: Callable[[Any], Any], kind: Kind
) -> None:
    """
    Whatever the server says where it lies: what landed bears the key of who was asked for.
    """
    target = server.target(PLAIN)
    server.on_bulk = astray
    writes = creations(kind)
    results = target.write(writes, run="run-1")
    links = [(one.live.external_id, write.key) for one, write in zip(results, writes, strict=True) if one.live]

    assert {one.outcome for one in results} <= {"landed", "failed"}
    assert all(bears == key for bears, key in links)


def test_account_that_was_there_is_nobody_that_we_made(server: BulkScim) -> None:
    """
    A server that updates whoever has the name instead of refusing it gives us nobody else's account.
    """
    MemoryAdmin(server).admin_creates("ann")
    target = server.target(PLAIN)
    (theirs,) = server.resources["Users"].values()

    def upsert(method: str, _path: str) -> Answer | None:
        return _said({**theirs, "externalId": "key of ann"}) if method == "POST" else None

    server.on_ask = upsert
    (result,) = target.write([creation("ann")], run="run-1")

    assert (result.outcome, result.live) == ("failed", None)


def test_update_that_is_answered_with_another_is_read_back(server: BulkScim) -> None:
    """
    What an answer says of somebody else is not what became of whom we wrote to.
    """
    target = server.target(PLAIN)
    ann, bob = (landed(target, creation(name)) for name in ("ann", "bob"))

    def mixed(method: str, _path: str) -> Answer | None:
        return _said(server.resources["Users"][bob.id]) if method == "PATCH" else None

    server.on_ask = mixed
    (result,) = target.write([update(ann, last_name="Miller")], run="run-1")

    assert (result.outcome, result.live) == ("failed", None)


def test_leaver_is_not_gone_because_another_group_lacks_them(server: BulkScim) -> None:
    """
    An answer that shows another group's members tells nothing of this one's.
    """
    target = server.target(PLAIN)
    staff, other = (landed(target, creation(name, kind="group")) for name in ("staff", "other"))
    ann = landed(target, creation("ann", join=(staff.id,)))

    def mixed(method: str, _path: str) -> Answer | None:
        group = {**server.resources["Groups"][other.id], "members": []}
        return _said(group) if method == "PATCH" else None

    server.on_ask = mixed
    (result,) = target.write([update(ann, leave=(staff.id,))], run="run-1")

    assert result.outcome == "failed"


def test_two_words_on_one_write_are_none(server: BulkScim) -> None:
    """
    Of a write of which a server tells twice, and not the same, it has told nothing: it is made again, guarded.
    """
    target = server.target(PLAIN)
    people = made(target)[:3]

    def twice(_method: str, path: str) -> Answer | None:
        places = [f"{ROOT}/{target.server.path('user', one.id)}" for one in people]
        said = [
            {"method": "PATCH", "location": there, "status": status}
            for status in ("412", "200")
            for there in places
        ]
        return _said({"Operations": said}) if path == "/Bulk" else None

    server.on_ask = twice
    results = target.write([update(one, last_name="Miller") for one in people], run="run-1")

    assert [one.outcome for one in results] == ["landed"] * 3
    assert {one.live.fields["last_name"] for one in results if one.live} == {"Miller"}


@pytest.mark.parametrize("patch", [True, False], ids=["patch", "put"])
def test_probe_touches_nobody_who_was_there(*, patch: bool) -> None:
    """
    A server that calls somebody's account the one it made is probed no further, and the account stands as it was.
    """
    server = BulkScim(patch=patch)
    MemoryAdmin(server).admin_creates("ann")
    target = server.target(PLAIN)
    theirs = json.dumps(server.resources["Users"])

    def mixed(method: str, path: str) -> Answer | None:
        return (
            _said(next(iter(server.resources["Users"].values()))) if (method, path) == ("POST", "/Users") else None
        )

    server.on_ask = mixed
    with pytest.raises(TargetError, match="shows 'ann'"):
        probe(target.server)

    assert json.dumps(server.resources["Users"]) == theirs


def _said(body: Any) -> Answer:
    return Answer(status=200, body=json.dumps(body).encode())
