"""
Several writes in one request: how they are put together, and how each answer finds its own write.
"""

import json

import pytest

from reconciler.targets.scim_bulk import answers, body, fits, id_at, operation, parcels
from reconciler.wire.message import Answer, Request

CREATE = Request(method="POST", path="Users", body=b'{"userName":"ann"}')
UPDATE = Request(method="PATCH", path="Groups/7", body=b'{"Operations":[]}', headers={"If-Match": 'W/"3"'})
DELETE = Request(method="DELETE", path="Groups/9")


def test_operations_say_what_single_requests_would() -> None:
    """
    A create bears a mark, a guarded write the version it replaces, a delete no content; nothing stops at an error.
    """
    said = json.loads(body({mark: operation(one, mark) for mark, one in enumerate((CREATE, UPDATE, DELETE))}))

    assert said == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Users", "bulkId": "0", "data": {"userName": "ann"}},
            {"method": "PATCH", "path": "/Groups/7", "version": 'W/"3"', "data": {"Operations": []}},
            {"method": "DELETE", "path": "/Groups/9"},
        ],
    }


@pytest.mark.parametrize(
    ("request_", "may"),
    [
        (CREATE, True),
        (DELETE, True),
        (Request(method="POST", path="Users", body=b'{"displayName":"BulkId:0"}'), False),
        (Request(method="PATCH", path="Users/a%2Fb", body=b"{}"), False),
    ],
    ids=["create", "delete", "a name that is a reference", "an id that needs escapes"],
)
def test_write_that_would_mean_something_else_among_others_goes_alone(request_: Request, *, may: bool) -> None:
    """
    `bulkId:0` in a name would become the id of somebody else, and few servers unescape a path within a request.
    """
    assert fits(request_) is may


@pytest.mark.parametrize(
    ("most", "size", "expected"),
    [(2, 10_000, [[0, 1], [2]]), (9, 10_000, [[0, 1, 2]]), (9, 170, [[0, 1], [2]]), (9, 10, [[0], [1], [2]])],
    ids=["by number", "all", "by bytes", "each too large"],
)
def test_parcels_are_no_larger_than_the_server_takes(most: int, size: int, expected: list[list[int]]) -> None:
    """
    Neither more operations nor more bytes than it says; one that is too large by itself stays alone.
    """
    found = list(parcels([(mark, b"x" * 40) for mark in range(3)], most=most, size=size))

    assert [list(one) for one in found] == expected
    assert all(len(body(one)) <= size or len(one) == 1 for one in found)


def test_each_answer_finds_its_write_whatever_the_order() -> None:
    """
    A create is known by its mark, anything else by method and place; who is not told of has no answer.
    """
    told = {
        "operations": [
            {"method": "DELETE", "location": "https://x/v2/Groups/9", "status": {"code": "204"}},
            {"method": "patch", "location": "/Groups/7/", "status": 412, "response": {"detail": "late"}},
            {"method": "POST", "bulkId": "0", "location": "https://x/v2/Users/a%40b", "status": "201"},
            {"method": "POST", "bulkId": "5", "status": "soon"},
            "nothing",
        ]
    }
    found = answers(told, {0: CREATE, 3: UPDATE, 4: DELETE, 5: CREATE, 6: CREATE})

    assert found == {
        0: Answer(status=201, headers={"location": "https://x/v2/Users/a%40b"}),
        3: Answer(status=412, headers={"location": "/Groups/7/"}, body=b'{"detail":"late"}'),
        4: Answer(status=204, headers={"location": "https://x/v2/Groups/9"}),
        5: None,
        6: None,
    }
    assert id_at("https://x/v2/Users/a%40b") == "a@b"


@pytest.mark.parametrize("said", [None, [], {"Operations": None}, {"Operations": {}}], ids=repr)
def test_answer_of_another_form_tells_of_nobody(said: object) -> None:
    """
    What is no list of operations answers none of them.
    """
    assert answers(said, {0: CREATE}) == {0: None}
