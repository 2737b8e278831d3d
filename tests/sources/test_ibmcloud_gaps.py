"""
What must be there and is not: named, and never taken for a whole account.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.sources.ibmcloud_account import RISK, group, member, policy, read, user, world


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param({"users": None}, "no users were given", id="users"),
        pytest.param({"groups": None}, "no access groups were given", id="groups"),
        pytest.param({"policies": None}, "no policies were given", id="policies"),
        pytest.param({"members": None}, f"members of {RISK} (Risk Officers) were not given", id="members"),
        pytest.param(
            {"members": {RISK: [member("IBMid-eve")]}},
            f"IBMid-eve is a member of {RISK} (Risk Officers), and not among the users",
            id="unknown-member",
        ),
        pytest.param(
            {"members": {RISK: [], "AccessGroupId-9": []}},
            "members of AccessGroupId-9 were given, which is not among the access groups",
            id="no-members-of-an-unknown-group",
        ),
        pytest.param(
            {"members": {RISK: [], "AccessGroupId-9": [member()]}},
            "members of AccessGroupId-9 were given, which is not among the access groups",
            id="members-of-an-unknown-group",
        ),
        pytest.param(
            {"policies": [policy(group_key="AccessGroupId-9")]},
            "AccessGroupId-9 is granted a role, and not among the access groups",
            id="grant-to-an-unknown-group",
        ),
        pytest.param(
            {"policies": [policy(subjects=[{"attributes": [{"name": "iam_id", "value": "IBMid-eve"}]}])]},
            "IBMid-eve is granted a role, and not among the users",
            id="grant-to-an-unknown-person",
        ),
        pytest.param(
            {"policies": [policy(roles=[{"role_id": "crn:v1:bluemix:public:iam::::role:UnsupportedVersion"}])]},
            "policy p1 was not given: v1 says no more than that it is one of v2",
            id="placeholder",
        ),
        pytest.param(
            {"policies": None, "policies/AccessGroupId-9": [policy()]},
            f"policies of {RISK} (Risk Officers) were not given",
            id="policies-of-another-group",
        ),
        pytest.param(
            {"users": {"resources": [user()], "total_results": 2}},
            "users: the total is 2, and 1 were read",
            id="total",
        ),
    ],
)
def test_what_is_missing_makes_the_reading_incomplete(tmp_path: Path, changes: dict[str, Any], fault: str) -> None:
    """
    A list or record that must be there and is not is named, and the reading is not complete.
    """
    reading = read(tmp_path, world(**changes), account="acc")

    assert fault in " ".join(reading.faults)
    assert not reading.complete


def test_grant_to_a_service_is_nobodys(tmp_path: Path) -> None:
    """
    A role of a service id is neither a person's nor a gap.
    """
    subject = [{"attributes": [{"name": "iam_id", "value": "iam-ServiceId-1"}]}]

    assert read(tmp_path, world(policies=[policy(), policy("p2", subjects=subject)])).complete


def test_public_access_needs_no_members(tmp_path: Path) -> None:
    """
    The built-in group to which everybody belongs lists no members, and none are asked for.
    """
    public = "AccessGroupId-PublicAccess"
    files = world(groups=[group(), group(public)], policies=[policy(), policy("p2", group_key=public)])
    reading = read(tmp_path, files)

    assert reading.complete
    assert any("Public Access" in note for note in reading.notes)


def test_policies_one_by_one_leave_direct_roles_unknown(tmp_path: Path) -> None:
    """
    Policies that were printed for groups alone are whole for groups, and a note says what they cannot tell.
    """
    reading = read(tmp_path, world(policies=None) | {f"policies/{RISK}": [policy()]})

    assert reading.complete
    assert reading.notes == ("policies were given one by one: roles granted directly to 1 people are not known",)


def test_policies_one_by_one_of_everybody_leave_nothing_open(tmp_path: Path) -> None:
    """
    Where the policies of each group and each person were printed there is nothing to note.
    """
    reading = read(tmp_path, world(policies=None) | {f"policies/{RISK}": [policy()], "policies/IBMid-ann": []})

    assert (reading.complete, reading.notes) == (True, ())
