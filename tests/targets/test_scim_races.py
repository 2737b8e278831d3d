"""
What a SCIM server does not tell, or what changes while it is read or written: nobody is lost by it.
"""

from typing import Any

import pytest

from reconciler.targets.scim_settings import ScimSettings
from reconciler.testing.writes import creation, deletion, landed, update, user, written
from reconciler.wire.message import Answer
from tests.targets.scim_memory import MemoryScim

SETTINGS = ScimSettings()


class Hiding(MemoryScim):
    """
    A server that shows members on no list, and by itself only where `single`, or asked for them (`asks`).
    """

    def __init__(self, *, patch: bool, single: bool) -> None:
        super().__init__(patch=patch, etag=False)
        self.single = single
        self.asks = False

    def answers(self, method: str, path: str, body: Any, *, match: str = "") -> tuple[int, Any]:
        """
        Return the answer without members where they are hidden.
        """
        status, said = super().answers(method, path, body, match=match)
        if method == "GET" and path.startswith("/Groups?"):
            return status, {**said, "Resources": [_bare(one) for one in said.get("Resources", ())]}
        shows = self.single or (self.asks and "attributes=members" in path)
        return status, _bare(said) if method == "GET" and path.startswith("/Groups/") and not shows else said


def _bare(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "members"}


@pytest.mark.parametrize(("often", "complete"), [(1, True), (99, False)])
def test_page_that_moves_under_the_reader_hides_nobody(often: int, *, complete: bool) -> None:
    """
    One leaves the first page while another comes: the totals agree, so the ids are looked at a second time.
    """
    server = MemoryScim(page=3)
    target = server.target(SETTINGS)
    for number in range(6):
        landed(target, creation(f"u{number}"))
    left = [*range(often)]

    def move(_: str, path: str) -> Answer | None:
        if "startIndex=4" in path and path.startswith("/Users") and "attributes" not in path and left:
            server.resources["Users"].pop(next(iter(server.resources["Users"])))
            name = f"new{left.pop()}"
            server.resources["Users"][name] = {"id": name, "userName": name, "meta": {"version": "W/1"}}
        return None

    server.on_ask = move
    found = target.read()

    assert found.complete is complete
    assert bool(found.problem) is not complete
    assert {one.id for one in found.users} == {*server.resources["Users"]} or not complete


@pytest.mark.parametrize("patch", [True, False], ids=["patch", "put"])
def test_element_that_we_cannot_read_is_kept(*, patch: bool) -> None:
    """
    A role without a value is none of ours: a write of the set keeps it.
    """
    server = MemoryScim(patch=patch)
    target = server.target(SETTINGS)
    ann = landed(target, creation("ann", roles=("r1",)))
    strange = {"display": "Auditor", "$ref": "../Roles/7"}
    server.resources["Users"][ann.id]["roles"].append(strange)
    target.read()
    landed(target, update(user(target, "ann"), roles=("r2",)))

    assert server.resources["Users"][ann.id]["roles"] == [strange, {"value": "r2"}]


def test_members_that_nobody_shows_are_not_overwritten() -> None:
    """
    Without PATCH the whole group is sent: where nobody says who is in it, that would put everybody out.
    """
    server = Hiding(patch=False, single=False)
    target = server.target(SETTINGS)
    ann, bob = landed(target, creation("ann")), landed(target, creation("bob"))
    team = landed(target, creation("Team", kind="group"))
    server.resources["Groups"][team.id]["members"] = [{"value": ann.id}]
    target.read()
    result = written(target, update(bob, join=(team.id,)))

    assert (result.outcome, "shows nobody's members" in result.message) == ("failed", True)
    assert server.resources["Groups"][team.id]["members"] == [{"value": ann.id}]


@pytest.mark.parametrize(("returned", "outcome"), [("default", "landed"), ("request", "failed")])
def test_group_that_a_dead_run_left_empty_is_joined_where_the_schema_shows_members(
    returned: str, outcome: str
) -> None:
    """
    Where no group shows members, the server's schema tells whether that is because they have none.
    """
    server = MemoryScim(patch=False)
    urn = "urn:ietf:params:scim:schemas:core:2.0:Group"
    attributes = [{"name": "displayName"}, {"name": "members", "returned": returned}]
    server.pages["Schemas"] = {"Resources": [{"id": urn, "attributes": attributes}]}
    before = server.target(SETTINGS)
    ann, team = landed(before, creation("ann")), landed(before, creation("Team", kind="group"))
    result = written(server.target(SETTINGS), update(ann, join=(team.id,)))

    assert result.outcome == outcome


@pytest.mark.parametrize("refused", ["attributes", "filter"])
def test_server_that_refuses_to_tell_more_is_believed(refused: str) -> None:
    """
    What a server does not know how to answer is no word against its schema.
    """
    server = MemoryScim(patch=False)
    urn = "urn:ietf:params:scim:schemas:core:2.0:Group"
    server.pages["Schemas"] = {
        "Resources": [{"id": urn, "attributes": [{"name": "members", "returned": "default"}]}]
    }
    before = server.target(SETTINGS)
    ann, team = landed(before, creation("ann")), landed(before, creation("Team", kind="group"))
    target = server.target(SETTINGS)
    server.on_ask = lambda _, path: Answer(status=400) if f"{refused}=" in path else None

    assert written(target, update(ann, join=(team.id,))).outcome == "landed"


@pytest.mark.parametrize("shown", ["on request", "with the person"])
def test_schema_that_says_too_much_puts_nobody_out(shown: str) -> None:
    """
    Servers publish the RFC's own schema, whatever they show: a group is asked for its members, and people for it.
    """
    server = Hiding(patch=False, single=False)
    urn = "urn:ietf:params:scim:schemas:core:2.0:Group"
    server.pages["Schemas"] = {
        "Resources": [{"id": urn, "attributes": [{"name": "members", "returned": "default"}]}]
    }
    server.asks = shown == "on request"
    target = server.target(SETTINGS)
    ann, bob = landed(target, creation("ann")), landed(target, creation("bob"))
    team = landed(target, creation("Team", kind="group"))
    server.resources["Groups"][team.id]["members"] = [{"value": ann.id}]
    server.resources["Users"][ann.id]["groups"] = [] if server.asks else [{"value": team.id}]
    target.read()
    written(target, update(bob, join=(team.id,)))

    assert {"value": ann.id} in server.resources["Groups"][team.id]["members"]


def test_new_group_is_empty_whatever_is_shown() -> None:
    """
    Who joins a group that this run made puts nobody out, although an empty one shows no members.
    """
    server = MemoryScim(patch=False)
    target = server.target(SETTINGS)
    ann, team = landed(target, creation("ann")), landed(target, creation("Team", kind="group"))
    landed(target, update(ann, join=(team.id,)))

    assert server.resources["Groups"][team.id]["members"] == [{"value": ann.id}]


def test_list_that_hides_members_is_not_the_whole() -> None:
    """
    A group that is asked for by itself shows its members, and no group of the list does.
    """
    server = Hiding(patch=True, single=True)
    target = server.target(SETTINGS)
    ann, team = landed(target, creation("ann")), landed(target, creation("Team", kind="group"))
    before = target.read().complete
    server.resources["Groups"][team.id]["members"] = [{"value": ann.id}]
    found = target.read()

    assert (before, found.complete) == (True, False)
    assert "does not show who is in them" in found.problem


@pytest.mark.parametrize("filled", [True, False])
def test_group_that_was_filled_meanwhile_is_not_deleted(*, filled: bool) -> None:
    """
    A group's version does not tell of its members: they are looked at right before.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    ann, team = landed(target, creation("ann")), landed(target, creation("Team", kind="group"))
    if filled:
        server.resources["Groups"][team.id]["members"] = [{"value": ann.id}]
    result = written(target, deletion(team))

    assert result.outcome == ("left" if filled else "landed")
    assert (team.id in server.resources["Groups"]) is filled
    assert ("somebody was put into" in result.message) is filled
