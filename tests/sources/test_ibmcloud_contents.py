"""
Records that cannot be right: refused, all at once, each with its file, page and record.
"""

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InputError, SourceError
from tests.sources.ibmcloud_account import RISK, group, member, policy, read, user, world


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"users": [user(iam_id=6620010001)]}, "record 1: iam_id is the number 6620010001", id="number"
        ),
        pytest.param({"users": b'[{"iam_id": 1e3, "user_id": "a"}]'}, "iam_id is the number 1e3", id="exponent"),
        pytest.param(
            {"users": b'[{"iam_id": 9007199254740993, "user_id": "a"}]'}, "the number 90071992547", id="2-53"
        ),
        pytest.param({"users": [user(), user("")]}, "record 2: iam_id is missing or empty", id="no-id"),
        pytest.param({"users": [user(user_id="")]}, "user_id is missing or empty", id="no-user-name"),
        pytest.param({"users": [user(state=True)]}, "state is true, not text", id="state-is-true"),
        pytest.param({"users": [user(email=["a"])]}, "email is a list, not text", id="email-is-a-list"),
        pytest.param(
            {"users": [user(), user(firstname="Eve")]}, "IBMid-ann has other contents than in", id="twice"
        ),
        pytest.param({"groups": [group(name="")]}, "name is missing or empty", id="group-without-name"),
        pytest.param(
            {"groups": [group(), group(name="x")]}, f"{RISK} has other contents than in", id="group-twice"
        ),
        pytest.param({"members": {RISK: [member(7)]}}, "iam_id is the number 7", id="member-number"),
        pytest.param(
            {"policies": [policy(), policy(state="deleted")]}, "p1 (v1) has other contents", id="policy-twice"
        ),
        pytest.param({"policies": [policy(roles=5)]}, "roles is the number 5, not a list", id="roles"),
        pytest.param(
            {"groups": [group(account_id="foreign")]}, "is of account foreign, not of acc", id="foreign-group"
        ),
        pytest.param(
            {"users": [user(), user("IBMid-b", accountId="foreign", account_id=None)]},
            "record 2: is of account foreign, not of acc",
            id="foreign-user",
        ),
        pytest.param(
            {"policies": [policy(resources=[{"attributes": [{"name": "accountId", "value": "foreign"}]}])]},
            "is of account foreign, not of acc",
            id="foreign-policy",
        ),
        pytest.param({"users": b"<html>"}, "is HTML", id="html"),
        pytest.param(
            {"users": b'[{"iam_id": "a", "iam_id": "b"}]'}, "has the key 'iam_id' twice", id="doubled-key"
        ),
    ],
)
def test_record_that_cannot_be_right_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """
    A record that is wrong, contradicted or of another account is refused with its file, page and record.
    """
    with pytest.raises(InputError) as refused:
        read(tmp_path, world(**changes))

    assert f"{tmp_path / next(iter(changes))}.json" in str(refused.value)
    assert message in str(refused.value)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """
    Wrong records of several files are several faults of one refusal.
    """
    wrong = world(
        users=[user(iam_id=1), user(), user(user_id=None)], groups=[group(id=2)], members={RISK: [member(3)]}
    )

    with pytest.raises(InputError) as refused:
        read(tmp_path, wrong)

    assert len(refused.value.faults) == 4


def test_foreign_account_is_one_fault_a_page(tmp_path: Path) -> None:
    """
    A page of another account is told once, with how many records it has.
    """
    with pytest.raises(InputError) as refused:
        read(tmp_path, world(users=[user(f"IBMid-{one}") for one in range(50)]), account="other")

    assert "is of account acc, not of other, and 49 more here" in str(refused.value)
    assert len(refused.value.faults) == 3


def test_account_that_nobody_names_must_be_said(tmp_path: Path) -> None:
    """
    Where no record names its account, --account must.
    """
    bare = world(
        users=[user(account_id=None)],
        groups=[group(account_id=None)],
        policies=[policy(resources=[])],
        members={RISK: []},
    )

    with pytest.raises(SourceError, match="no record says of which account"):
        read(tmp_path, bare)
    assert read(tmp_path, bare, account="acc").account == "acc"
