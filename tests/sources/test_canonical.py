"""
Rows that a program of one's own printed: read whole, tidied, or refused with every fault.
"""

import json
import os
from pathlib import Path

import pytest

from reconciler.core.export import GroupRow, UserRow
from reconciler.errors import InputError, ReconcilerError
from reconciler.ports import Reading
from reconciler.sources.canonical import read_rows

ANN = {"key": "2", "user_name": "ann", "state": "active", "groups": ["b", "a", "a"], "roles": ["Viewer"]}
BOB = {"key": "1", "user_name": "bo\u0308b", "state": "left", "attributes": {"site": ["x"]}}
GROUPS = [{"key": "b", "name": "B"}, {"key": "a", "name": "A", "roles": ["Editor"]}]


def reading(folder: Path, users: object, groups: object = GROUPS, *, account: str | None = "berlin") -> Reading:
    """
    Return what is read of these two files.
    """
    (folder / "users.json").write_text(json.dumps(users))
    (folder / "groups.json").write_text(json.dumps(groups))
    return read_rows([folder], account=account, fetched_at="2026-11-20T06:00:00Z")


def test_rows_are_sorted_and_tidied(tmp_path: Path) -> None:
    """
    Rows come by key, sets sorted and distinct, text in NFC, whatever the order in the files.
    """
    found = reading(tmp_path, [ANN, BOB])

    assert found.users == (
        UserRow(key="1", user_name="b\u00f6b", state="left", attributes={"site": ("x",)}),
        UserRow(key="2", user_name="ann", state="active", groups=("a", "b"), roles=("Viewer",)),
    )
    assert found.groups == (GroupRow(key="a", name="A", roles=("Editor",)), GroupRow(key="b", name="B"))
    assert (found.complete, found.account, found.fetched_at) == (True, "berlin", "2026-11-20T06:00:00Z")


def test_time_is_that_of_the_older_file(tmp_path: Path) -> None:
    """
    Where nobody says when the directory was read, it was when the older of the two files was written.
    """
    reading(tmp_path, [ANN])
    os.utime(tmp_path / "users.json", (1_700_000_000, 1_700_000_000))
    files = [tmp_path / "groups.json", tmp_path / "users.json"]

    assert read_rows(files, account="berlin", fetched_at=None).fetched_at == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize(
    ("users", "told"),
    [
        pytest.param({}, "users.json: is no array of records", id="object"),
        pytest.param([{**ANN, "state": "here"}], "record 1: Invalid enum value 'here'", id="state"),
        pytest.param([{"key": "1", "state": "active"}], "record 1: Object missing required field", id="missing"),
        pytest.param([{**BOB, "rôle": "x"}], "record 1: Object contains unknown field", id="unknown-field"),
        pytest.param([{**BOB, "key": 1}], "record 1: Expected `str`, got `int`", id="number"),
        pytest.param([BOB, 7], "record 2: Expected `object`, got `int`", id="no-record"),
        pytest.param([BOB, BOB], "record 2: a second one of key '1'", id="twice"),
        pytest.param([{**ANN, "groups": ["c"]}], "is in group 'c', of which there is no record", id="astray"),
        pytest.param([{"key": "1"}, {"key": "2"}], "record 2", id="all-at-once"),
    ],
)
def test_record_that_is_no_row_is_refused(tmp_path: Path, users: object, told: str) -> None:
    """
    What does not fit the schema of a row is told with its file and record.
    """
    with pytest.raises(InputError) as refused:
        reading(tmp_path, users)

    assert told in refused.value.message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"account": None}, "nobody says which directory", id="account"),
        pytest.param({"fetched_at": "yesterday"}, "'yesterday' is no time", id="time"),
        pytest.param({"paths": []}, "there is no users.json", id="files"),
    ],
)
def test_what_is_not_said_is_asked_for(tmp_path: Path, change: dict[str, str | None], told: str) -> None:
    """
    Without an account, a time that is one, or a file there is no reading.
    """
    reading(tmp_path, [ANN])
    arguments = {"paths": [tmp_path], "account": "berlin", "fetched_at": None} | change
    with pytest.raises(ReconcilerError, match=told):
        read_rows(**arguments)  # type: ignore[arg-type]
