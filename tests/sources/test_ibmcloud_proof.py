"""
Whether pages are the whole: each gap is named, and nothing whole is called incomplete.
"""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.export import Collection
from reconciler.sources.ibmcloud_pages import Page, pages
from reconciler.sources.ibmcloud_proof import prove
from reconciler.sources.printed_proof import distinct

START = "/v2/accounts/1f/users?limit=2"


def groups(offset: int, *, total: int = 5, limit: int = 2, leads: int | None = None) -> dict[str, Any]:
    """
    Return the raw page of access groups at an offset; `leads` is where it says the next page begins.
    """
    ids = [f"AccessGroupId-{number}" for number in range(offset, min(offset + limit, total))]
    following = offset + limit if leads is None else leads
    more = {"next": {"href": f"/v2/groups?limit={limit}&offset={following}"}} if following < total else {}
    rows = [{"id": one, "name": one} for one in ids]
    return {"limit": limit, "offset": offset, "total_count": total, "groups": rows} | more


def users(*names: str, following: str | None = None, total: int = 5) -> dict[str, Any]:
    """
    Return a raw page of users; `following` is the token of the next one.
    """
    more = {"next_url": f"{START}&_start={following}"} if following else {}
    rows = [{"iam_id": name, "user_id": name} for name in names]
    return {"total_results": total, "limit": 2, "first_url": START, "resources": rows} | more


def read(*documents: Any) -> list[Page]:
    """
    Return the pages of the documents, each from a file of its own.
    """
    return [page for number, one in enumerate(documents) for page in pages(one, Path(f"{number}.json"))]


WHOLE_GROUPS = [groups(0), groups(2), groups(4)]
WHOLE_USERS = [users("a", "b", following="x"), users("c", "d", following="y"), users("e")]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0, 1)], ids=["sorted", "reversed", "repeated"])
def test_whole_lists_have_no_gaps_in_any_order(order: tuple[int, ...]) -> None:
    """
    All pages of a list are the whole, in any order, also where one was saved twice.
    """
    found = distinct(read(*(WHOLE_GROUPS[one] for one in order), *(WHOLE_USERS[one] for one in order)))

    assert prove(found) == (
        {"groups": Collection(rows=5, pages=3, total=5), "users": Collection(rows=5, pages=3, total=5)},
        (),
    )


def test_bare_lists_are_whole() -> None:
    """
    What the command line prints names no totals, and nothing is missing from it.
    """
    found = read([{"id": "AccessGroupId-1", "name": "x"}], [{"userId": "a", "ibmUniqueId": "b"}])

    assert prove(found) == ({"groups": Collection(rows=1, pages=1), "users": Collection(rows=1, pages=1)}, ())


@pytest.mark.parametrize(
    ("documents", "gaps"),
    [
        pytest.param([groups(0), groups(4)], ["page at offset 2 of access groups is missing"], id="middle"),
        pytest.param([groups(2), groups(4)], ["page at offset 0 of access groups is missing"], id="first"),
        pytest.param([groups(0), groups(2)], ["page at offset 4 of access groups is missing"], id="last"),
        pytest.param(
            [groups(0) | {"limit": None}, groups(4) | {"limit": None}],
            ["page at offset 2 of access groups is missing"],
            id="by-next-alone",
        ),
        pytest.param(
            [groups(0), groups(2, leads=2), groups(4)],
            ["the page at offset 2 of access groups leads back to offset 2"],
            id="loop",
        ),
        pytest.param(
            [groups(0), groups(2) | {"next": {"href": "/v2/groups?_start=q"}}, groups(4)],
            ["the page at offset 2 of access groups has a next page without an offset: /v2/groups?_start=q"],
            id="next-without-offset",
        ),
        pytest.param(
            [*WHOLE_GROUPS, groups(2) | {"groups": [{"id": "AccessGroupId-9", "name": "n"}]}],
            ["2 different pages at offset 2 of access groups"],
            id="two-at-one-offset",
        ),
        pytest.param(
            [groups(0), groups(2), groups(4) | {"groups": []}],
            ["access groups: the total is 5, and 4 were read"],
            id="short-page",
        ),
        pytest.param(
            [groups(0), groups(2), groups(4, total=6) | {"next": None}],
            ["pages of access groups name different totals: 5, 6"],
            id="totals-differ",
        ),
        pytest.param(
            [groups(0, limit=1, total=10**12) | {"next": None}],
            ["access groups: the total is 1000000000000, and 1 were read"],
            id="absurd-total",
        ),
        pytest.param(
            [WHOLE_USERS[0], WHOLE_USERS[2]], ["users: the total is 5, and 3 were read"], id="users-middle"
        ),
        pytest.param(
            WHOLE_USERS[:2],
            ["the last page of users is missing: every page that is there names a next one"],
            id="users-last",
        ),
        pytest.param(
            [WHOLE_USERS[0], users("c", "d", following="x"), users("e")],
            [f"2 different pages of users have the same next page: {START}&_start=x"],
            id="users-repeated-next",
        ),
        pytest.param(
            [WHOLE_USERS[0], users("c", "d") | {"next_url": START}, users("e")],
            [f"a page of users leads back to the first: {START}"],
            id="users-loop",
        ),
        pytest.param([*WHOLE_USERS, users("f")], ["2 pages of users claim to be the last"], id="users-two-ends"),
        pytest.param(
            [WHOLE_USERS[0], users("b", "c", following="y"), users("e")],
            ["users: the total is 5, and 4 were read"],
            id="users-shifted",
        ),
        pytest.param([users("a", "b", total=1)], ["users: the total is 1, and 2 were read"], id="more-than-total"),
        pytest.param(
            {"AccessGroupId-1": {"members": [{"iam_id": "a"}], "total_count": 2, "offset": 0}},
            ["members of AccessGroupId-1: the total is 2, and 1 were read"],
            id="members",
        ),
        pytest.param(
            [{"policies": [{"id": "1", "subject": {}}], "limit": 1, "next": {"href": "/v2/policies?start=q"}}],
            ["the last page of policies is missing: every page that is there names a next one"],
            id="policies",
        ),
    ],
)
def test_gap_is_named(documents: Any, gaps: list[str]) -> None:
    """
    A missing page, a loop and a total that is not met are each told in words.
    """
    found = read(*documents) if isinstance(documents, list) else read(documents)

    assert list(prove(distinct(found))[1]) == gaps


def test_many_missing_pages_are_counted() -> None:
    """
    Of very many missing pages a few are named and the rest are counted.
    """
    gaps = prove(read(groups(0, limit=10, total=1000)))[1]

    assert len(gaps) == 11
    assert "89 more pages of access groups are missing" in gaps


def test_policies_asked_for_in_different_ways_are_lists_of_their_own() -> None:
    """
    Two questions for policies, each answered on one page, are two whole lists.
    """
    answers = [
        {
            "policies": [{"id": one, "subject": {}}],
            "limit": 9,
            "first": {"href": f"/v2/policies?access_group_id={one}"},
        }
        for one in "ab"
    ]

    assert prove(read(*answers)) == ({"policies": Collection(rows=2, pages=2)}, ())


def test_someone_let_in_twice_counts_twice_against_the_total() -> None:
    """
    A member added by hand and by a rule is two records of IBM Cloud's total.
    """
    rows = [{"iam_id": "a", "membership_type": "static"}, {"iam_id": "a", "membership_type": "dynamic"}]

    assert prove(read({"AccessGroupId-1": {"members": rows, "total_count": 2}}))[1] == ()
