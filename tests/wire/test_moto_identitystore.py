"""
AWS IAM Identity Center, as moto plays it: what boto3 answers is what the adapter reads.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.ports import Reading
from reconciler.sources.aws import ADAPTER
from tests.sources.test_clouds import asking

pytestmark = pytest.mark.ci

STORE = "d-9067642ac7"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Any:
    """
    Yield a client of an identity store that only this process has.
    """
    if "CI" not in os.environ:
        pytest.importorskip("moto")
    import boto3  # noqa: PLC0415  the tests of this module alone need it
    import moto  # noqa: PLC0415  the same

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    with moto.mock_aws():
        yield boto3.client("identitystore", region_name="us-east-1")


def exported(store: Any, folder: Path, groups: list[str]) -> Reading:
    """
    Return what is read of the answers, page by page, each saved as it came.
    """
    (folder / "members").mkdir()
    saved = {"users": store.get_paginator("list_users"), "groups": store.get_paginator("list_groups")}
    for name, pages in saved.items():
        answers = list(pages.paginate(IdentityStoreId=STORE, PaginationConfig={"PageSize": 7}))
        (folder / f"{name}.json").write_text(json.dumps(answers, default=str))
    for group in groups:
        answer = store.list_group_memberships(IdentityStoreId=STORE, GroupId=group)
        (folder / "members" / f"{group}.json").write_text(json.dumps(answer, default=str))
    assert ADAPTER.files
    return ADAPTER.files([folder], asking(STORE))


def test_answers_of_the_api_are_read(store: Any, tmp_path: Path) -> None:
    """
    Twenty people on three pages, two groups of which one is empty; no status is no active account.
    """
    users = [
        store.create_user(
            IdentityStoreId=STORE,
            UserName=f"user{number:02}",
            DisplayName=f"User {number}",
            Name={"GivenName": "User", "FamilyName": str(number)},
            Emails=[{"Value": f"user{number:02}@example.com", "Type": "work", "Primary": True}],
        )["UserId"]
        for number in range(20)
    ]
    groups = [store.create_group(IdentityStoreId=STORE, DisplayName=name)["GroupId"] for name in ("Risk", "Nobody")]
    for user in users[:5]:
        store.create_group_membership(IdentityStoreId=STORE, GroupId=groups[0], MemberId={"UserId": user})
    found = exported(store, tmp_path, groups)
    by_name = {one.user_name: one for one in found.users}

    assert found.faults == ()
    assert sorted(by_name) == [f"user{number:02}" for number in range(20)]
    assert {one.state for one in found.users} <= {"active", "unknown"}
    assert by_name["user07"].email == "user07@example.com"
    assert [one.groups for _, one in sorted(by_name.items())] == [(groups[0],)] * 5 + [()] * 15
