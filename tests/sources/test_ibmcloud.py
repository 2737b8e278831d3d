"""
IBM Cloud IAM from files: canonical rows, the time they are of, and what was left out of them.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.canonical import encode
from reconciler.core.export import Collection, GroupRow, UserRow
from reconciler.errors import InputError, SourceError, UsageError
from reconciler.ports import Reading
from reconciler.sources.ibmcloud import read_files
from reconciler.sources.ibmcloud_rows import STATES
from reconciler.sources.printed_files import time_of
from tests.sources.ibmcloud_account import AT, RISK, group, member, policy, read, user, world


def test_small_account_is_read_whole(tmp_path: Path) -> None:
    """
    Person, group, role and membership of a small account come out as canonical rows.
    """
    reading = read(tmp_path, world())

    assert reading == Reading(
        users=(
            UserRow(
                key="IBMid-ann",
                user_name="IBMid-ann@example.com",
                state="active",
                source_state="ACTIVE",
                email="ann@example.com",
                first_name="Ann",
                last_name="Muster",
                groups=(RISK,),
            ),
        ),
        groups=(GroupRow(key=RISK, name="Risk Officers", description="", roles=("OpenPages User",)),),
        account="acc",
        fetched_at=AT,
        complete=True,
        read={kind: Collection(rows=1, pages=1) for kind in ("users", "groups", "members", "policies")},
        faults=(),
        notes=(),
    )


@pytest.mark.parametrize(
    ("source_state", "state"),
    [
        *((name, state) for name, state in STATES.items()),
        ("ERROR_WHILE_DELETING", "unknown"),
        ("active", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_o02_state_is_known_or_unknown(tmp_path: Path, source_state: str | None, state: str) -> None:
    """
    Each state of IBM Cloud has its meaning; any other, and none at all, is unknown and told.
    """
    reading = read(tmp_path, world(users=[user(state=source_state)]))

    assert (reading.users[0].state, reading.users[0].source_state) == (state, source_state or "")
    assert bool(reading.notes) == (state == "unknown")


def test_absent_names_stay_absent_and_empty_ones_are_values(tmp_path: Path) -> None:
    """
    A name that the source does not give is not a name that it gives as empty.
    """
    record = user(firstname="", lastname=None)
    del record["email"]

    row = json.loads(encode(read(tmp_path, world(users=[record])).users[0]))

    assert row["first_name"] == ""
    assert not {"last_name", "email"} & row.keys()


def test_text_is_composed_and_otherwise_kept(tmp_path: Path) -> None:
    """
    Names come out in NFC, with every other oddity they hold.
    """
    reading = read(tmp_path, world(users=[user(firstname="Zoe\u0308", lastname="x\u202e\x1b[31m\u0000")]))

    assert (reading.users[0].first_name, reading.users[0].last_name) == ("Zoë", "x\u202e\x1b[31m\x00")


def test_invited_person_without_an_id_is_left_out(tmp_path: Path) -> None:
    """
    Somebody invited who has no iam_id yet has no row, and is counted.
    """
    reading = read(tmp_path, world(users=[user(), user("", user_id="new@example.com", state="PENDING")]))

    assert [row.key for row in reading.users] == ["IBMid-ann"]
    assert "invited people who have no id yet, left out: 1" in reading.notes


def test_services_and_profiles_are_no_people(tmp_path: Path) -> None:
    """
    Service ids and trusted profiles among the members are counted, and join nothing.
    """
    others = [member("iam-ServiceId-1", type="service"), member("iam-Profile-2", type="profile"), member("crn-x:y")]
    reading = read(tmp_path, world(members={RISK: [member(), *others]}))

    assert reading.complete
    assert reading.notes == (
        "members that are no people (service id), left out: 2",
        "members that are no people (trusted profile), left out: 1",
    )


def test_member_let_in_by_a_rule_makes_the_group_dynamic(tmp_path: Path) -> None:
    """
    A dynamic member is a member, and the group is dynamic.
    """
    reading = read(tmp_path, world(members={RISK: [member(membership_type="dynamic")]}))

    assert reading.groups[0].dynamic
    assert reading.users[0].groups == (RISK,)


def test_two_groups_of_one_name_are_two_groups(tmp_path: Path) -> None:
    """
    Groups are told apart by id, never by name.
    """
    reading = read(
        tmp_path, world(groups=[group(), group("AccessGroupId-2")], members={RISK: [], "AccessGroupId-2": []})
    )

    assert [row.key for row in reading.groups] == ["AccessGroupId-2", RISK]


def test_v2_policy_speaks_for_its_v1_placeholder(tmp_path: Path) -> None:
    """
    A policy that v1 only announces and v2 tells counts as v2 tells it.
    """
    second = {
        "id": "p1",
        "subject": {"attributes": [{"key": "access_group_id", "operator": "stringEquals", "value": RISK}]},
        "resource": {"attributes": [{"key": "serviceName", "operator": "stringEquals", "value": "openpages"}]},
        "control": {"grant": {"roles": [{"role_id": "openpages.service.administer"}]}},
    }
    announced = policy(roles=[{"role_id": "crn:v1:bluemix:public:iam::::role:UnsupportedVersion"}])
    reading = read(tmp_path, world(policies=[announced, second]))

    assert reading.groups[0].roles == ("Administrator",)
    assert reading.complete


@pytest.mark.parametrize("fetched_at", ["yesterday", "2026-11-20T06:00:00", "2026-13-01T00:00:00Z", ""])
def test_time_that_is_none_is_refused(fetched_at: str) -> None:
    """
    A time that is no time, or has no zone, is a fault of the command.
    """
    with pytest.raises(UsageError, match="time"):
        read_files([], account=None, fetched_at=fetched_at)


def test_time_comes_from_the_oldest_file(tmp_path: Path) -> None:
    """
    Without a time of its own the export has that of its oldest file, and a note says so.
    """
    read(tmp_path, world())
    os.utime(tmp_path / "groups.json", (0, 1_700_000_000.9))
    reading = read_files([tmp_path], account=None, fetched_at=None)

    assert reading.fetched_at == "2023-11-14T22:13:20Z"
    assert reading.notes[0].startswith("fetched_at is 2023-11-14T22:13:20Z, the time of the oldest file")


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    """
    No path, an empty folder and a path that is not there are refused, each by name.
    """
    with pytest.raises(SourceError, match="no files to read"):
        read_files([], account=None, fetched_at=AT)
    with pytest.raises(SourceError, match=r"holds no \.json file"):
        read_files([tmp_path], account=None, fetched_at=AT)
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
        read_files([tmp_path / "none.json"], account=None, fetched_at=AT)


def test_other_files_of_a_folder_are_counted(tmp_path: Path) -> None:
    """
    A file that is not *.json is passed over in a folder, and a note says how many were.
    """
    (tmp_path / "README.md").write_text("how this was exported")

    assert read(tmp_path, world()).notes == ("files in the folders that are not *.json, and were not read: 1",)


def test_file_with_an_impossible_time_needs_a_given_one() -> None:
    """
    Where the oldest file's time is in no calendar, the time must be given.
    """
    with pytest.raises(SourceError, match="impossible time"):
        time_of(1e18)


def test_folder_that_cannot_be_looked_into_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A part of a folder that cannot be read is refused by name, never passed over.
    """

    def walk(folder: Path, onerror: Callable[[OSError], None]) -> list[tuple[str, list[str], list[str]]]:
        onerror(PermissionError(13, "Permission denied", str(folder / "secret")))
        return []

    monkeypatch.setattr(os, "walk", walk)

    with pytest.raises(SourceError, match="secret: cannot be read: Permission denied"):
        read_files([tmp_path], account=None, fetched_at=AT)
