"""
What no cloud prints, or no whole export holds: refused with its place, or named as missing.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InputError, SourceError
from reconciler.ports import Reading
from reconciler.wiring.registry import source_adapter
from tests.sources.test_clouds import asking

OKTA = {"id": "1", "status": "ACTIVE", "profile": {"login": "ann"}}
OKTA_GROUP = {"id": "g", "profile": {"name": "G"}}
GOOGLE = {"id": "1", "primaryEmail": "ann@example.com", "suspended": False}
GOOGLE_GROUP = {"id": "g", "email": "g@example.com", "name": "G", "directMembersCount": "1"}
ENTRA = {"id": "1", "userPrincipalName": "ann@example.com", "accountEnabled": True}
ENTRA_GROUP = {"id": "g", "displayName": "G"}
AWS = {"UserId": "1", "UserName": "ann", "UserStatus": "ENABLED", "IdentityStoreId": "d-1"}
SCIM = {"id": "1", "userName": "ann", "active": True}
LIST = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]


def read(folder: Path, cloud: str, files: dict[str, Any], account: str | None = "example") -> Reading:
    """
    Return what a cloud's adapter makes of files with these contents.
    """
    for name, content in files.items():
        path = folder / "printed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    adapter = source_adapter(cloud)
    assert adapter.files
    return adapter.files([folder / "printed"], asking(account))


@pytest.mark.parametrize(
    ("cloud", "name", "content", "told"),
    [
        pytest.param(
            "okta", "users.json", [{**OKTA, "id": 7}], "record 1: id is the number 7, not text", id="number"
        ),
        pytest.param(
            "okta", "users.json", [{**OKTA, "profile": []}], "record 1: is nothing we know", id="no-profile"
        ),
        pytest.param("okta", "users.json", [OKTA, OKTA_GROUP], "record 2: is groups, where the list", id="mixture"),
        pytest.param("okta", "users.json", [OKTA, 7], "record 2: is no object", id="no-object"),
        pytest.param("okta", "users.json", {"a": 1}, "is no list of users, groups or members", id="no-list"),
        pytest.param("okta", "users.json", 7, "is no list of users, groups or members", id="single"),
        pytest.param("okta", "odd.json", [], "is an empty list, and nothing says of what", id="empty"),
        pytest.param("okta", "members/g.json", [{}], "record 1: id is missing or empty", id="member"),
        pytest.param("okta", "users.json", [OKTA, {**OKTA, "status": "STAGED"}], "other contents than", id="twice"),
        pytest.param(
            "google", "users.json", {"users": 7, "kind": "admin#directory#users"}, "not a list", id="kind"
        ),
        pytest.param("google", "users.json", [{**GOOGLE, "suspended": "no"}], "not true or false", id="truth"),
        pytest.param("google", "users.json", [{**GOOGLE, "name": "Ann"}], "name is the text 'Ann'", id="inner"),
        pytest.param("entra", "users.json", [{**ENTRA, "accountEnabled": "False"}], "not true or false", id="text"),
        pytest.param("entra", "users.json", {"value": {}}, "value is an object, not a list", id="entra-value"),
        pytest.param("entra", "users.json", {"value": [], "@odata.count": -1}, "not a whole number", id="count"),
        pytest.param(
            "aws", "users.json", [{**AWS, "Emails": ["x"]}], "holds something that is no object", id="mail"
        ),
        pytest.param(
            "aws", "m.json", {"GroupMemberships": [{"MemberId": {"UserId": "1"}}]}, "which group", id="whose"
        ),
        pytest.param(
            "aws", "users.json", [AWS, {**AWS, "UserId": "2", "IdentityStoreId": "e"}], "of account e", id="of"
        ),
        pytest.param("scim", "users.json", {"schemas": ERROR, "detail": "no"}, "is an error answer: no", id="scim"),
        pytest.param("scim", "users.json", {"schemas": ERROR}, "it does not say which", id="scim-silent"),
        pytest.param("scim", "users.json", [{**SCIM, "roles": [{}]}], "value is missing or empty", id="role"),
    ],
)
def test_what_cannot_be_right_is_refused(
    tmp_path: Path, cloud: str, name: str, content: object, *, told: str
) -> None:
    """
    The message has the file, the page, the record and the reason.
    """
    with pytest.raises(InputError) as refused:
        read(tmp_path, cloud, {name: content}, account=None if cloud == "aws" else "example")

    assert name in refused.value.message
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("cloud", "files", "told"),
    [
        pytest.param("okta", {"users.json": [OKTA]}, "no groups were given", id="no-groups"),
        pytest.param("okta", {"groups.json": []}, "no users were given", id="no-users"),
        pytest.param(
            "okta", {"users.json": [], "groups.json": [OKTA_GROUP]}, "members of g (G) were not", id="list"
        ),
        pytest.param(
            "okta", {"users.json": [], "members/g.json": []}, "members of g were given, which", id="astray"
        ),
        pytest.param(
            "okta",
            {"users.json": [], "groups.json": [OKTA_GROUP], "members/g.json": [OKTA]},
            "1 is a member of g (G), and not among",
            id="stranger",
        ),
        pytest.param(
            "okta",
            {"users.json": [{**OKTA, "id": str(number)} for number in range(200)]},
            "users: exactly a full page of 200",
            id="full-page",
        ),
        pytest.param(
            "google", {"users.json": {"users": [GOOGLE], "nextPageToken": "x"}}, "last page of", id="chain"
        ),
        pytest.param("google", {"users.json": [{"users": [GOOGLE]}, {"users": []}]}, "2 pages of users", id="ends"),
        pytest.param(
            "google",
            {
                "u.json": [
                    {"users": [GOOGLE], "nextPageToken": "x"},
                    {"users": [{**GOOGLE, "id": "2"}], "nextPageToken": "x"},
                    {"users": []},
                ]
            },
            "2 different pages of users have the same next page: x",
            id="loop",
        ),
        pytest.param(
            "google",
            {"groups.json": {"groups": [GOOGLE_GROUP]}, "members/g.json": {"kind": "admin#directory#members"}},
            "members of g: the group says 1, and 0 were read",
            id="count",
        ),
        pytest.param(
            "google",
            {
                "users.json": {"users": [GOOGLE]},
                "groups.json": {"groups": [GOOGLE_GROUP]},
                "members/g.json": {"members": [{"id": "9", "email": "x@Example.com", "type": "USER"}]},
            },
            "9 is a member of g (G), and not among",
            id="own-domain",
        ),
        pytest.param(
            "entra",
            {"groups.json": {"value": [{**ENTRA_GROUP, "visibility": "HiddenMembership"}]}, "members/g.json": []},
            "members of g are hidden",
            id="hidden",
        ),
        pytest.param(
            "entra",
            {"groups.json": {"value": [{**ENTRA_GROUP, "members@delta": [{"id": "2", "@removed": {}}]}]}},
            "delta pages say what changed",
            id="delta",
        ),
        pytest.param(
            "entra",
            {"users.json": {"value": [ENTRA], "@odata.count": 2}},
            "users: the total is 2, and 1 were read",
            id="total",
        ),
        pytest.param(
            "scim",
            {
                "users.json": [
                    {"schemas": LIST, "totalResults": 1, "Resources": [SCIM]},
                    {"schemas": LIST, "totalResults": 2, "Resources": [{**SCIM, "id": "2"}]},
                ]
            },
            "pages of users name different totals: 1, 2",
            id="totals",
        ),
        pytest.param(
            "scim",
            {"groups.json": [{"id": "g", "displayName": "G", "members": [{"value": "9"}]}]},
            "9 is a member of g (G), and not among the users and groups",
            id="unknown-member",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, cloud: str, files: dict[str, Any], told: str) -> None:
    """
    The reading is made all the same, and is not whole.
    """
    found = read(tmp_path, cloud, files)

    assert [fault for fault in found.faults if told in fault]
    assert not found.complete


def test_full_page_with_a_shorter_one_after_it_is_whole(tmp_path: Path) -> None:
    """
    An empty page is the proof that Okta has no more.
    """
    full = [{**OKTA, "id": str(number)} for number in range(200)]

    assert read(tmp_path, "okta", {"users.json": [full, []], "groups.json": []}).complete


def test_delta_pages_add_and_take_nobody_out(tmp_path: Path) -> None:
    """
    Who is removed in a delta page is not read; who joins is.
    """
    delta = [{"@odata.type": "#microsoft.graph.user", "id": "1"}]
    files = {
        "users.json": {
            "value": [ENTRA, {"id": "2", "@removed": {"reason": "deleted"}}],
            "@odata.deltaLink": "https://x",
        },
        "groups.json": {"value": [{**ENTRA_GROUP, "members@delta": delta}]},
    }
    found = read(tmp_path, "entra", files)

    assert [(one.key, one.groups) for one in found.users] == [("1", ("g",))]


def test_members_may_come_by_group_in_one_file(tmp_path: Path) -> None:
    """
    An object of lists by the groups' ids is as good as a file a group.
    """
    files = {"users.json": [OKTA], "groups.json": [OKTA_GROUP], "all.json": {"g": [OKTA]}}

    assert [one.groups for one in read(tmp_path, "okta", files).users] == [("g",)]


def test_list_with_nothing_in_it_is_told_by_its_name(tmp_path: Path) -> None:
    """
    A server without groups answers a list without resources.
    """
    empty = {"schemas": LIST, "totalResults": 0}
    found = read(tmp_path, "scim", {"users-1.json": [SCIM], "groups_1.json": empty})

    assert found.complete
    assert found.groups == ()


def test_somebody_must_say_which_directory_it_is(tmp_path: Path) -> None:
    """
    Where no record names an account, the command line or reconciler.yaml must.
    """
    with pytest.raises(SourceError, match="of which account"):
        read(tmp_path, "entra", {"users.json": [ENTRA], "groups.json": []}, account=None)
