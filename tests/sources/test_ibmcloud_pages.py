"""
Files of IBM Cloud recognised by content: pages, lists of pages, bare lists, members by group.
"""

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InputError
from reconciler.sources.ibmcloud_pages import offset_of, pages

USER = {"iam_id": "IBMid-ann", "user_id": "ann@example.com"}
CLI_USER = {"ibmUniqueId": "IBMid-ann", "userId": "ann@example.com"}
GROUP = {"id": "AccessGroupId-1", "name": "Risk Officers"}
MEMBER = {"iam_id": "IBMid-ann", "type": "user", "name": "Ann Muster"}
POLICY = {"id": "p1", "subjects": [], "resources": [], "roles": []}
POLICY_V2 = {"id": "p2", "subject": {}, "resource": {}, "control": {}}
HREF = {"href": "https://iam.cloud.ibm.com/v2/groups/AccessGroupId-1/members?limit=2&offset=0"}
NAMED = "members/AccessGroupId-1.json"


@pytest.mark.parametrize(
    ("document", "name", "found"),
    [
        pytest.param({"resources": [USER], "total_results": 1}, "a.json", [("users", None, 1)], id="users-api"),
        pytest.param([CLI_USER], "groups.json", [("users", None, 1)], id="users-cli-misnamed"),
        pytest.param({"groups": [GROUP]}, "a.json", [("groups", None, 1)], id="groups-api"),
        pytest.param([GROUP, GROUP], "a.json", [("groups", None, 2)], id="groups-cli"),
        pytest.param(
            [{"groups": [GROUP]}, {"groups": []}], "a.json", [("groups", None, 1), ("groups", None, 0)], id="array"
        ),
        pytest.param(
            {"members": [MEMBER], "first": HREF}, "a.json", [("members", "AccessGroupId-1", 1)], id="address"
        ),
        pytest.param({"members": [MEMBER]}, NAMED, [("members", "AccessGroupId-1", 1)], id="members-by-name"),
        pytest.param(
            {"members": [], "first": HREF}, "members/1.json", [("members", "AccessGroupId-1", 0)], id="page-1"
        ),
        pytest.param([MEMBER], NAMED, [("members", "AccessGroupId-1", 1)], id="members-cli"),
        pytest.param([], NAMED, [("members", "AccessGroupId-1", 0)], id="no-members-cli"),
        pytest.param([MEMBER], "members/g-7.json", [("members", "g-7", 1)], id="members-of-any-id"),
        pytest.param([MEMBER], "AccessGroupId-1/2.json", [("members", "AccessGroupId-1", 1)], id="folder-of-group"),
        pytest.param(
            {"g1": [MEMBER], "g2": []}, "a.json", [("members", "g1", 1), ("members", "g2", 0)], id="by-group"
        ),
        pytest.param({"g1": {"members": [MEMBER]}}, "a.json", [("members", "g1", 1)], id="pages-by-group"),
        pytest.param({"policies": [POLICY, POLICY_V2]}, "a.json", [("policies", None, 2)], id="policies-api"),
        pytest.param([POLICY], "a.json", [("policies", None, 1)], id="policies-cli"),
        pytest.param(
            [POLICY_V2], "policies/AccessGroupId-1.json", [("policies", "AccessGroupId-1", 1)], id="of-group"
        ),
        pytest.param([], "policies/AccessGroupId-1.json", [("policies", "AccessGroupId-1", 0)], id="none-of-group"),
        pytest.param([], "users.json", [("users", None, 0)], id="no-users"),
        pytest.param([], "access-groups.json", [("groups", None, 0)], id="no-groups"),
    ],
)
def test_document_is_recognised_by_what_it_holds(document: Any, name: str, found: list[Any]) -> None:
    """
    Kind, owner and records of each page come from the content, and from the name only where nothing else says it.
    """
    assert [(page.kind, page.whose, len(page.rows)) for page in pages(document, Path(name))] == found


@pytest.mark.parametrize(
    ("document", "name", "message"),
    [
        pytest.param("x", "a.json", "holds a single value", id="text"),
        pytest.param(7, "a.json", "holds a single value", id="number"),
        pytest.param({}, "a.json", "is no page", id="empty-object"),
        pytest.param({"limit": 5}, "a.json", "is no page", id="no-list"),
        pytest.param(
            {"errors": [{"code": "invalid_token", "message": "expired"}], "trace": "t"},
            "a.json",
            "is an error answer of IBM Cloud, no page: invalid_token: expired",
            id="error-answer",
        ),
        pytest.param({"groups": [], "members": []}, "a.json", "is no page", id="two-lists"),
        pytest.param({"groups": ["x"]}, "a.json", "page 1, record 1: is no object", id="record-is-text"),
        pytest.param([GROUP, 5], "a.json", "page 1, record 2: is no object", id="record-is-a-number"),
        pytest.param(
            [GROUP, MEMBER], "a.json", "record 2: is members, where the list began with groups", id="mixed"
        ),
        pytest.param([{"x": 1}], "a.json", "record 1: is nothing we know", id="nothing-known"),
        pytest.param([GROUP, {"x": 1}], "a.json", "record 2: is nothing we know", id="nothing-known-later"),
        pytest.param([], "a.json", "is an empty list, and nothing says of what", id="empty-list"),
        pytest.param([MEMBER], "a.json", "does not say whose members", id="members-of-nobody"),
        pytest.param({"members": [MEMBER], "first": HREF}, "AccessGroupId-2.json", "and of", id="two-owners"),
        pytest.param({"a": [GROUP]}, "a.json", "no members of groups", id="groups-by-id"),
        pytest.param({"groups": [], "limit": "50"}, "a.json", "limit is the text '50'", id="limit-is-text"),
        pytest.param({"groups": [], "total_count": 1.5}, "a.json", "total_count is", id="total-is-no-integer"),
        pytest.param(
            {"groups": [], "total_count": -1}, "a.json", "total_count is the number -1", id="total-negative"
        ),
        pytest.param({"groups": [], "next": {"href": 5}}, "a.json", "href is the number 5", id="next-is-a-number"),
        pytest.param({"groups": [], "offset": True}, "a.json", "offset is true", id="offset-is-true"),
    ],
)
def test_document_of_no_known_shape_is_refused(document: Any, name: str, message: str) -> None:
    """
    What is none of the shapes is refused with the file's name and, within it, page and record.
    """
    with pytest.raises(InputError) as refused:
        pages(document, Path(name))

    assert name in str(refused.value)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("address", "offset"),
    [
        pytest.param("https://iam.cloud.ibm.com/v2/groups?limit=100&offset=200", 200, id="absolute"),
        pytest.param("/v2/groups?offset=0", 0, id="relative"),
        pytest.param("/v2/groups?_start=abc", None, id="token"),
        pytest.param("/v2/groups?offset=-1", None, id="negative"),
        pytest.param("/v2/groups?offset=1&offset=2", None, id="twice"),
        pytest.param("/v2/groups?offset=99999999999999999999", None, id="absurd"),
        pytest.param("https://[broken?offset=5", None, id="no-address"),
    ],
)
def test_offset_is_read_from_an_address(address: str, offset: int | None) -> None:
    """
    The offset of a next page is what its address says, or nothing where that is in doubt.
    """
    assert offset_of(address) == offset
