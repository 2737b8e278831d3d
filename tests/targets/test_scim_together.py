"""
Writes that go together to a SCIM server: how few requests they are, and that each is its own write all the same.
"""

import json

import pytest

from reconciler.core.model import Kind
from reconciler.targets.scim_settings import ScimSettings
from reconciler.testing.writes import creation, landed, update
from tests.targets.scim_bulk_memory import MANY, PLAIN, BulkScim, creations, made, outcomes
from tests.targets.test_scim import MemoryAdmin


@pytest.fixture
def server() -> BulkScim:
    """
    Return a server that can do everything.
    """
    return BulkScim()


@pytest.mark.parametrize("kind", ["user", "group"])
def test_many_creates_are_one_request_and_one_list(server: BulkScim, kind: Kind) -> None:
    """
    What was made is read back in one list of what changed, however many they are.
    """
    target = server.target(PLAIN)
    found = made(target, kind)
    there = server.resources[f"{kind.capitalize()}s"]

    assert [method for method, _ in server.asked][:2] == ["POST", "GET"]
    assert "meta.lastModified%20ge%20%222026-11-22T10%3A00%3A2" in server.asked[1][1].replace("+", "%20")
    assert len(server.asked) == 2 + (kind == "group")
    assert sorted(one.id for one in found) == sorted(there)


def test_many_updates_are_guarded_each(server: BulkScim) -> None:
    """
    Each operation bears its version: who was changed meanwhile is left, all others land.
    """
    target = server.target(PLAIN)
    people = made(target)
    server.asked.clear()
    MemoryAdmin(server).admin_sets(people[7].name, last_name="Other")
    results = target.write([update(one, last_name="Miller") for one in people], run="run-1")

    assert [one.outcome for one in results] == ["landed"] * 7 + ["left"] + ["landed"] * (MANY - 8)
    assert server.resources["Users"][people[7].id]["name"] == {"familyName": "Other"}
    assert {one["version"] for one in server.seen[-1]} == {one.version.partition("|")[0] for one in people}


def test_members_of_many_groups_are_one_request(server: BulkScim) -> None:
    """
    One PATCH a group, all of them together, and the groups read back in one list.
    """
    target = server.target(PLAIN)
    groups, ann = made(target, "group"), landed(target, creation("ann"))
    server.asked.clear()
    joined = landed(target, update(ann, join=tuple(one.id for one in groups)))

    assert len(joined.groups) == MANY
    assert [method for method, _ in server.asked] == ["POST", "GET"]


def test_one_that_is_refused_stops_no_other(server: BulkScim) -> None:
    """
    A name that is taken is told with the server's word, and whose it is.
    """
    target = server.target(PLAIN)
    MemoryAdmin(server).admin_creates("user5")
    results = target.write(creations(), run="run-1")

    assert [one.outcome for one in results] == ["landed"] * 5 + ["failed"] + ["landed"] * (MANY - 6)
    assert "'user5' is taken by" in results[5].message


def test_list_that_lags_is_not_believed(server: BulkScim) -> None:
    """
    A list that shows nobody, or what was before, does not stand for what was written: then each is read alone.
    """
    target = server.target(PLAIN)
    server.lags = True
    people = made(target)
    server.before = json.loads(json.dumps(list(server.resources["Users"].values())))
    results = target.write([update(one, last_name="Miller") for one in people], run="run-1")

    assert outcomes(results) == {"landed"}
    assert {one.live.fields["last_name"] for one in results if one.live} == {"Miller"}


@pytest.mark.parametrize("number", [0, 1], ids=["never", "alone"])
def test_bulk_can_be_turned_off(server: BulkScim, number: int) -> None:
    """
    With `bulk: 0` each write is a request of its own, whatever the server offers.
    """
    made(server.target(ScimSettings(bulk=number)))

    assert server.seen == []
    assert len(server.resources["Users"]) == MANY


@pytest.mark.parametrize(("able", "sizes"), [({"most": 12}, [12, 12, 6]), ({"size": 2000}, [12, 12, 6])])
def test_no_more_is_sent_at_once_than_the_server_takes(able: dict[str, int], sizes: list[int]) -> None:
    """
    `maxOperations` and `maxPayloadSize` are kept.
    """
    server = BulkScim(**able)
    made(server.target(PLAIN))

    assert max(len(one) for one in server.seen) <= sizes[0]
    assert len(server.resources["Users"]) == sum(sizes)


def test_server_that_takes_less_than_it_says_is_sent_less() -> None:
    """
    413 says that nothing was done: half as many are tried, until it takes them.
    """
    server = BulkScim()
    target = server.target(PLAIN)
    target.server.able  # noqa: B018  it is read before the limit falls
    server.most = 8
    found = made(target)

    assert {len(one) for one in server.seen} == {7, 2}
    assert len(found) == len(server.resources["Users"]) == MANY
