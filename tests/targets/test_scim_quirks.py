"""
What SCIM servers do otherwise, and what the target makes of it: on a server in memory that is told to.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import ValidationError
from msgspec.json import decode
from msgspec.structs import replace

from reconciler.core.policy import (
    Administrator,
    FieldRule,
    GroupLifecycle,
    GroupPolicy,
    MoveTo,
    Policy,
    RolePolicy,
    UserPolicy,
)
from reconciler.errors import TargetError, UsageError
from reconciler.ports_adapter import Opening
from reconciler.targets.scim import ADAPTER
from reconciler.targets.scim_profiles import PROFILES, Quirks
from reconciler.targets.scim_settings import ScimSettings, fit, places, quirks
from reconciler.testing.writes import creation, group, landed, update, user, written
from reconciler.wire.message import Answer, LostError
from tests.targets.scim_memory import ROOT, MemoryScim

SETTINGS = ScimSettings()


def answering(
    method: str, path: str, answer: Answer | Exception, *, times: int = 99
) -> Callable[[str, str], Answer | None]:
    """
    Return a hook that answers requests of one kind otherwise, so many times.
    """
    left = [answer] * times

    def hook(asked: str, where: str) -> Answer | None:
        if asked != method or not where.startswith(path) or not left:
            return None
        come = left.pop()
        if isinstance(come, Exception):
            raise come
        return come

    return hook


def test_one_update_is_one_request() -> None:
    """
    Where the server compares versions an update is one PATCH, read back in its own answer.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    ann = landed(target, creation("ann", email="ann@example.com"))
    server.asked.clear()
    landed(target, update(ann, last_name="Miller"))

    assert [method for method, _ in server.asked] == ["PATCH"]


def test_update_of_a_list_that_holds_more_is_read_first() -> None:
    """
    What an administrator put beside our value of an attribute stays there.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    ann = landed(target, creation("ann", email="ann@example.com"))
    home = {"value": "home@example.com", "type": "home"}
    server.resources["Users"][ann.id]["emails"].append(home)
    after = landed(target, update(user(target, "ann"), email="new@example.com"))

    assert after.fields["email"] == "new@example.com"
    assert home in server.resources["Users"][ann.id]["emails"]


def test_members_of_many_are_one_request_a_group() -> None:
    """
    Twenty people who join two groups are two requests.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    groups = tuple(sorted(landed(target, creation(name, kind="group")).id for name in ("A", "B")))
    people = target.write([creation(f"user{number}") for number in range(20)], run="run-1")
    server.asked.clear()
    joined = target.write([update(one.live, join=groups) for one in people if one.live], run="run-1")

    assert [one.live.groups for one in joined if one.live] == [groups] * 20
    assert [method for method, _ in server.asked] == ["PATCH", "PATCH"]


def test_member_that_the_server_refuses_stops_nobody() -> None:
    """
    Of many who join a group the one who cannot is found, told, and the others are in.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    where = landed(target, creation("A", kind="group"))
    people = [one.live for one in target.write([creation(f"user{n}") for n in range(8)], run="r") if one.live]
    plain = server.answers

    def refuse(method: str, path: str, body: Any, *, match: str = "") -> tuple[int, Any]:
        if method == "PATCH" and f'"{people[5].id}"' in str(body).replace("'", '"'):
            return 400, {"detail": "no such member"}
        return plain(method, path, body, match=match)

    server.answers = refuse  # type: ignore[method-assign]
    results = target.write([update(one, join=(where.id,)) for one in people], run="r")

    assert [one.outcome for one in results] == ["landed"] * 5 + ["failed"] + ["landed"] * 2
    assert "no such member" in results[5].message
    assert len(server.resources["Groups"][where.id]["members"]) == 7


def test_patch_that_changes_nothing_has_failed() -> None:
    """
    A server that answers 200 and leaves the resource as it was is not believed.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    ann = landed(target, creation("ann"))
    lie = Answer(status=200)
    server.on_ask = answering("PATCH", "/Users", lie)
    result = written(target, update(ann, last_name="Miller"))

    assert (result.outcome, "changed nothing" in result.message) == ("failed", True)


def test_member_patch_that_changes_nothing_has_failed() -> None:
    """
    A membership is read back like everything else.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    where = landed(target, creation("A", kind="group"))
    ann = landed(target, creation("ann"))
    server.on_ask = answering("PATCH", "/Groups", Answer(status=204))
    result = written(target, update(ann, join=(where.id,)))

    assert (result.outcome, "did not move" in result.message) == ("failed", True)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(LostError("reset"), id="lost"),
        pytest.param(Answer(status=503), id="unwell"),
        pytest.param(Answer(status=200, body=b"<html>"), id="HTML"),
        pytest.param(Answer(status=201), id="empty"),
        pytest.param(Answer(status=200, body=b"[]"), id="list"),
        pytest.param(Answer(status=401, body=b'{"detail": "who?"}'), id="nobody"),
    ],
)
def test_create_that_is_not_answered_has_failed_and_is_found_later(answer: Answer | Exception) -> None:
    """
    Whatever comes instead of an answer, nobody is doubled: the next create finds what there is.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    server.on_ask = answering("POST", "/Users", answer, times=1)
    first = written(target, creation("ann"))
    second = written(target, creation("ann"))

    assert (first.outcome, second.outcome) == ("failed", "landed")
    assert len(server.resources["Users"]) == 1


def test_group_that_was_made_already_is_not_made_again() -> None:
    """
    A name is no key to a SCIM group, so a group of the same name and key is found, not doubled.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    landed(target, creation("A", kind="group"))
    again = server.target(SETTINGS)
    landed(again, creation("A", kind="group"))

    assert len(server.resources["Groups"]) == 1


def test_request_that_is_delivered_twice_makes_one_group() -> None:
    """
    The twin that the network made of a new group is gone again; a stranger of that name stays.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    twin = {"displayName": "A", "externalId": "key of A"}
    server.resources["Groups"]["g0"] = {"id": "g0", "displayName": "A", "meta": {"version": "0"}}
    server.on_ask = lambda method, _path: (
        server.answers("POST", "/Groups", twin) and None if method == "POST" else None
    )
    made = landed(target, creation("A", kind="group"))

    assert sorted(server.resources["Groups"]) == sorted(["g0", made.id])


def test_list_that_stops_early_is_not_whole() -> None:
    """
    Fewer people than the server says there are prove nobody's absence.
    """
    server = MemoryScim(page=2)
    target = server.target(SETTINGS)
    target.write([creation(f"user{n}") for n in range(5)], run="r")
    server.on_ask = answering(
        "GET", "/Users?startIndex=5", Answer(status=200, body=b'{"totalResults": 5, "Resources": []}')
    )
    snapshot = target.read()

    assert not snapshot.complete
    assert "lists 4 users and says there are 5" in snapshot.problem


def test_page_that_is_shorter_than_the_first_is_made_whole() -> None:
    """
    What is missing of a short page is asked for.
    """
    server = MemoryScim(page=3)
    target = server.target(SETTINGS)
    target.write([creation(f"user{n}") for n in range(8)], run="r")
    whole = server.answers("GET", "/Users?startIndex=4&count=1", {})[1]
    server.on_ask = answering("GET", "/Users?startIndex=4&count=3", _json(whole), times=1)

    assert len(target.read().users) == 8
    assert target.read().complete


@pytest.mark.parametrize(
    ("body", "word"),
    [
        pytest.param({"Resources": []}, "how many", id="no total"),
        pytest.param({"totalResults": 1, "Resources": [{"userName": "ann"}]}, "without an id", id="no id"),
    ],
)
def test_list_that_is_none_is_told(body: dict[str, Any], word: str) -> None:
    """
    A list that lacks what makes it one cannot be read.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    server.on_ask = answering("GET", "/Users", _json(body))
    with pytest.raises(TargetError, match=word):
        target.read()


def test_refused_credentials_are_told_as_such() -> None:
    """
    Whom the server does not know is told where to look.
    """
    server = MemoryScim()
    server.on_ask = answering("GET", "/ServiceProviderConfig", Answer(status=401, body=b'{"detail": "who?"}'))
    with pytest.raises(TargetError, match="401: who") as refused:
        server.target(SETTINGS)

    assert "auth" in refused.value.hint


def test_server_that_cannot_be_reached_is_told() -> None:
    """
    A read without answer names the server.
    """
    server = MemoryScim()
    server.on_ask = answering("GET", "/", LostError("reset"))
    with pytest.raises(TargetError, match=r"scim\.example\.com"):
        server.target(SETTINGS)


def test_group_of_administrators_expresses_a_role() -> None:
    """
    To hold the role is to be in the group, and the group is no membership.
    """
    server = MemoryScim()
    target = server.target(SETTINGS, roles=frozenset({"Admins"}))
    admins = landed(target, creation("Admins", kind="group"))
    ann = landed(target, creation("ann", roles=("Admins", "Viewer")))
    fewer = landed(target, update(ann, roles=("Viewer",)))

    assert (ann.fields["roles"], ann.groups) == (("Admins", "Viewer"), ())
    assert fewer.fields["roles"] == ("Viewer",)
    assert server.resources["Groups"][admins.id]["members"] == []


def test_role_whose_group_is_missing_is_refused() -> None:
    """
    A role that is a group needs the group.
    """
    target = MemoryScim().target(SETTINGS, roles=frozenset({"Admins"}))

    refused = written(target, creation("ann", roles=("Admins",))).message
    found = {one.what: one.found for one in target.diagnose(probe=False)}

    assert "no group expresses the role 'Admins'" in refused
    assert found["group Admins"] == "not there"


def test_role_group_serves_a_server_without_roles() -> None:
    """
    Where people have no attribute for roles, groups still express some.
    """
    server = MemoryScim()
    target = server.target(ScimSettings(users={"roles": None}), roles=frozenset({"Admins"}))
    landed(target, creation("Admins", kind="group"))
    ann = landed(target, creation("ann", roles=("Admins",)))

    assert user(target, "ann") == ann
    assert "roles" in written(target, update(ann, roles=("Viewer",))).message


def test_group_is_no_person_in_a_group() -> None:
    """
    A group among the members is left where it is and counted as nobody.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    where = landed(target, creation("A", kind="group"))
    server.resources["Groups"][where.id]["members"] = [{"value": "g9", "type": "Group"}, {"value": "u9"}]
    ann = landed(target, creation("ann"))
    landed(target, update(ann, join=(where.id,)))
    told = server.resources["Groups"][where.id]["members"]

    assert told == [{"value": "g9", "type": "Group"}, {"value": "u9"}, {"value": ann.id}]


def test_server_that_cannot_rename_groups_is_not_asked_to() -> None:
    """
    The write fails with words, and nothing is sent.
    """
    server = MemoryScim()
    target = server.target(ScimSettings(profile="atlassian"))
    made = landed(target, creation("A", kind="group"))
    server.asked.clear()
    result = written(target, update(made, name="B"))

    assert "cannot rename" in result.message
    assert server.asked == []


def test_group_that_cannot_be_inactive_is_refused() -> None:
    """
    A core SCIM group has no state: active goes without saying, inactive cannot be said.
    """
    target = MemoryScim().target(SETTINGS)
    made = landed(target, creation("A", kind="group", active=True))

    assert "active has no place" in written(target, update(made, active=False)).message
    assert group(target, "A") == made


def test_group_that_disappears_fails_its_people_alone() -> None:
    """
    Who was to join a group that is gone by now is told; nobody else is.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    here, gone = (landed(target, creation(name, kind="group")) for name in "AB")
    ann, bob = (landed(target, creation(name)) for name in ("ann", "bob"))
    del server.resources["Groups"][gone.id]
    results = target.write([update(ann, join=(here.id,)), update(bob, join=(gone.id,))], run="r")

    assert [one.outcome for one in results] == ["landed", "failed"]
    assert "group 'B'" in results[1].message


def test_texts_are_taken_for_what_they_mean() -> None:
    """
    A state that a server writes as text, numbers where texts are meant: read for what they are.
    """
    server = MemoryScim()
    target = server.target(SETTINGS)
    server.resources["Users"]["u1"] = {"id": "u1", "userName": "ann", "active": "False", "locale": 7, "roles": "x"}
    ann = user(target, "ann")

    assert (ann.active, ann.fields["locale"], ann.fields["email"]) == (False, "7", None)


def test_settings_overrule_the_profile_and_the_profile_the_server() -> None:
    """
    A path can be given, taken away, and a limit set, over what the profile says.
    """
    found = quirks(ScimSettings(profile="atlassian", users={"locale": None, "nick": "nickName"}, page=7, etag=True))

    assert (found.page, found.etag, found.rename_groups) == (7, True, False)
    assert ("locale" in found.users, found.users["nick"]) == (False, "nickName")


def test_paths_that_are_none_are_told_all_at_once() -> None:
    """
    Every path of the settings that cannot be parsed is named.
    """
    with pytest.raises(UsageError, match=r"users\.locale.*groups\.parent"):
        places(quirks(ScimSettings(users={"locale": "a b"}, groups={"parent": "emails[x].y"})))


@pytest.mark.parametrize(
    ("policy", "known", "word"),
    [
        pytest.param({"locked": FieldRule(authority="source")}, Quirks(), "users.locked", id="no place"),
        pytest.param(
            {"user_name": FieldRule(authority="source")}, PROFILES["aws"], "without their members", id="aws"
        ),
    ],
)
def test_policy_that_does_not_fit_the_server_is_refused(
    policy: dict[str, FieldRule], known: Quirks, word: str
) -> None:
    """
    What a policy writes must have a place, and who is in a group must be readable, before anything is planned.
    """
    with pytest.raises(UsageError, match=word):
        fit(Policy(users=UserPolicy(fields=policy), groups=GroupPolicy()), known)


@pytest.mark.parametrize(
    ("groups", "told", "instead"),
    [
        pytest.param(GroupPolicy(parent="Cloud"), "groups.parent", "groups: {parent: null}", id="parent"),
        pytest.param(
            GroupPolicy(lifecycle=GroupLifecycle(missing=MoveTo(move_to="Gone"))),
            "groups.lifecycle.missing (by parent)",
            "groups: {lifecycle: {missing: keep}}",
            id="moved",
        ),
        pytest.param(
            GroupPolicy(lifecycle=GroupLifecycle(missing="flag")),
            "groups.lifecycle.missing (by deleted)",
            "groups: {lifecycle: {missing: keep}}",
            id="flagged",
        ),
        pytest.param(
            GroupPolicy(lifecycle=GroupLifecycle(renamed="replace")),
            "groups.lifecycle.renamed (by active)",
            "groups: {lifecycle: {renamed: update}}",
            id="replaced",
        ),
    ],
)
def test_group_that_could_not_be_placed_or_put_away_is_refused(
    groups: GroupPolicy, told: str, instead: str
) -> None:
    """
    Where groups lie and how they end needs a place on the server, and what to write without one is said.
    """
    policy = Policy(users=UserPolicy(), groups=groups)
    with pytest.raises(UsageError) as refused:
        fit(policy, Quirks())

    assert told in refused.value.message
    assert instead in refused.value.hint
    fit(policy, Quirks(groups={"parent": "x:parent", "deleted": "x:deleted", "active": "x:active"}))


def test_policy_that_renames_groups_where_nothing_can_is_refused() -> None:
    """
    `update` is no use to a server that refuses another name, and what to write instead is said.
    """
    policy = Policy(users=UserPolicy(), groups=GroupPolicy())
    with pytest.raises(UsageError, match="cannot rename groups") as refused:
        fit(policy, PROFILES["atlassian"])

    assert "groups: {lifecycle: {renamed: ask}}" in refused.value.hint
    fit(replace(policy, groups=GroupPolicy(lifecycle=GroupLifecycle(renamed="ask"))), PROFILES["atlassian"])


def test_policy_that_fits_is_taken() -> None:
    """
    A field that is the target's needs no place, and roles may be groups alone.
    """
    fields = {"locked": FieldRule(authority="target"), "roles": FieldRule(authority="shared")}
    policy = Policy(
        users=UserPolicy(fields=fields),
        groups=GroupPolicy(membership="none"),
        roles=RolePolicy(administrator=Administrator(roles=("Admin",), groups=("Admins",))),
    )

    fit(policy, replace(PROFILES["aws"], users={}))

    with pytest.raises(UsageError):
        fit(replace(policy, groups=GroupPolicy()), replace(PROFILES["aws"], users={}))


def test_adapter_opens_what_the_configuration_says() -> None:
    """
    The identity is the address, and a policy that does not fit is refused before anything is asked.
    """
    where: Opening[ScimSettings] = Opening(name="x", url=f"{ROOT}/", written="", settings=SETTINGS, home=Path())
    target = ADAPTER.open(where)
    target.close()
    locked = UserPolicy(fields={"locked": FieldRule(authority="source")})

    assert target.identity == f"scim:{ROOT}"
    with pytest.raises(UsageError, match=r"users\.locked"):
        ADAPTER.open(replace(where, policy=Policy(users=locked, groups=GroupPolicy())))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"width": 0}', id="nobody at work"),
        pytest.param('{"timeout": 0}', id="no time"),
        pytest.param('{"retries": {"attempts": 0}}', id="no attempt"),
        pytest.param('{"auth": {"type": "magic"}}', id="unknown kind"),
        pytest.param('{"verify": false}', id="certificates unseen"),
    ],
)
def test_settings_that_cannot_work_are_refused(text: str) -> None:
    """
    Every bound is checked with the file, and there is no word for not looking at certificates.
    """
    with pytest.raises(ValidationError):
        decode(text, type=ScimSettings)


def _json(body: Any) -> Answer:
    return Answer(status=200, body=json.dumps(body).encode())
