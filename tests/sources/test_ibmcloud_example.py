"""
The example organisation: its raw files in both forms, and the export under `state/` that they give.
"""

from pathlib import Path

import pytest

from reconciler.core.canonical import encode
from reconciler.files.exports import read_export
from reconciler.files.new_export import write_export
from reconciler.ports import Reading
from reconciler.sources.ibmcloud import read_files
from reconciler.sources.ibmcloud_rows import STATES
from tests.sources.ibmcloud_account import AT

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "data" / "ibmcloud"
STATE = ROOT / "state" / "exports" / "ibmcloud"
ACCOUNT = "1f2e3d4c5b6a47988a7b6c5d4e3f2a1b"


@pytest.fixture(scope="module")
def example() -> Reading:
    """
    Return the example organisation as its API files give it.
    """
    return read_files([EXAMPLE / "api"], account=ACCOUNT, fetched_at=AT)


def test_api_and_command_line_give_the_same_rows(example: Reading) -> None:
    """
    What the API prints and what the command line prints of one account are the same rows.
    """
    printed = read_files([EXAMPLE / "cli"], account=None, fetched_at=AT)

    assert encode((printed.users, printed.groups)) == encode((example.users, example.groups))
    assert (printed.account, printed.complete, example.complete) == (ACCOUNT, True, True)


def test_api_and_command_line_together_contradict_nothing(example: Reading) -> None:
    """
    Both forms read together are the same people and groups, once.
    """
    both = read_files([EXAMPLE], account=None, fetched_at=AT)

    assert (both.users, both.groups, both.faults) == (example.users, example.groups, ())


def test_committed_export_is_what_the_raw_files_give(example: Reading, tmp_path: Path) -> None:
    """
    The export of the example organisation under `state/` is, byte for byte, what its raw files give.
    """
    write_export(
        tmp_path / "ibmcloud",
        source="ibmcloud",
        account=example.account,
        fetched_at=example.fetched_at,
        complete=example.complete,
        faults=example.faults,
        read=example.read,
        users=example.users,
        groups=example.groups,
    )
    written = {path.name: path.read_bytes() for path in (tmp_path / "ibmcloud").iterdir()}

    assert written == {path.name: path.read_bytes() for path in STATE.iterdir()}
    assert read_export(STATE).manifest.fetched_at == AT


def test_example_has_what_happens_in_life(example: Reading) -> None:
    """
    The example holds every state, two groups of one name, an empty group, and administrators of both kinds.
    """
    names = [row.name for row in example.groups]
    administrators = {row.key for row in example.groups if "Administrator" in row.roles}

    assert {row.source_state for row in example.users} > set(STATES)
    assert names.count("Reviewers") == 2
    assert {"Risk Officers", "Auditors", "Traders"} < set(names)
    assert {row.key for row in example.groups} > {key for row in example.users for key in row.groups}
    assert any(administrators & set(row.groups) for row in example.users)
    assert any("Administrator" in row.roles for row in example.users)
    assert any(row.dynamic for row in example.groups)


def test_time_bound_grants_of_the_example_follow_the_clock(example: Reading) -> None:
    """
    A grant counts inside its window and not outside: the closing of the books has not begun in November.
    """
    later = read_files([EXAMPLE / "api"], account=None, fetched_at="2027-01-04T06:00:00+01:00")
    roles = [{row.name: row.roles for row in reading.groups} for reading in (example, later)]

    assert [one["Contractors 2026"] for one in roles] == [("OpenPages User",), ()]
    assert [one["Year-End Closing"] for one in roles] == [(), ("Operator",)]


def test_order_of_files_changes_no_byte(example: Reading) -> None:
    """
    The files of the example, named one by one in any order, give the same reading.
    """
    files = sorted((EXAMPLE / "api").rglob("*.json"))

    for order in (files[::-1], files[7:] + files[:7], files + files[:3]):
        assert encode(read_files(order, account=None, fetched_at=AT)) == encode(example)
