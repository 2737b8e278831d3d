"""
`reconciler undo`: the override file that takes back what a run changed, and its plan.
"""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.conftest import ANN, BOB, Desk

AT = "2026-11-20T07:30:00Z"


@pytest.fixture
def renamed(settled: Desk) -> Desk:
    """
    Return a desk whose second run renamed Ann.
    """
    settled.cloud(lambda row: replace(row, first_name="Wrong") if row.user_name == ANN else row)
    assert settled.run("apply", "--yes").code == 0
    return settled


def written(desk: Desk) -> list[Path]:
    """
    Return the files that undo wrote.
    """
    return sorted((desk.state / "overrides").glob("undo-*.yaml"))


def test_g08_run_is_undone_by_a_reviewed_override(renamed: Desk) -> None:
    """
    The file is written and shown, the plan restores the value, and an apply of it leaves nothing to do.
    """
    told = renamed.run("undo", "2", "--reason", "OPS-8")
    (path,) = written(renamed)
    renamed.commit()

    assert told.code == 0
    assert f"state/overrides/{path.name}:" in told.out
    assert "set: {first_name: Ann}" in told.out
    assert "run 2: 1 change of 1 will be as before" in told.out
    assert '"Wrong" -> "Ann"' in told.out
    assert renamed.run("apply", "--yes").code == 0
    assert renamed.run("plan", "--check").code == 0
    assert renamed.admin.run("SELECT first_name FROM users WHERE user_name = ?", ANN) == [("Ann",)]


def test_what_cannot_be_restored_is_told(settled: Desk) -> None:
    """
    Somebody whom the cloud no longer has stays inactive: that is said, with exit code 1, and no file is written.
    """
    settled.cloud(lambda row: None if row.user_name == BOB else row, at=AT)
    settled.run("apply", "--yes")
    told = settled.run("undo", "2", "--reason", "OPS-8")

    assert (told.code, written(settled)) == (1, [])
    assert "! user " in told.out
    assert "the source no longer has it" in told.out


def test_programs_read_it_as_json(settled: Desk) -> None:
    """
    JSON has the file, what does not come back, and the plan.
    """
    settled.cloud(lambda row: None if row.user_name == BOB else row, at=AT)
    settled.run("apply", "--yes")
    told = settled.run("undo", "2", "--reason", "OPS-8", "--format", "json").json

    assert (told["file"], told["plan"]["version"]) == (None, 1)
    assert {one["name"] for one in told["not_restored"]} == {BOB}
    assert "active" in {one["field"] for one in told["not_restored"]}


def test_overrides_may_end_by_themselves(renamed: Desk) -> None:
    """
    A last day is written; one that has passed is refused, and nothing is written.
    """
    late = renamed.run("undo", "2", "--reason", "OPS-8", "--until", "2020-01-01")
    before = written(renamed)
    told = renamed.run("undo", "2", "--reason", "OPS-8", "--until", "2026-12-24")

    assert (late.code, before, told.code) == (2, [], 0)
    assert "until: " in written(renamed)[0].read_text()


@pytest.mark.parametrize("until", ["soon", "2027-02-30", "20270131"])
def test_last_day_that_is_none_is_a_usage_error(renamed: Desk, until: str) -> None:
    """
    What is no day is told as such, and nothing is written.
    """
    told = renamed.run("undo", "2", "--reason", "OPS-8", "--until", until)

    assert (told.code, written(renamed)) == (2, [])
    assert "is no day" in told.err


def test_run_that_never_was_is_told(settled: Desk, desk: Desk) -> None:
    """
    A number that no run bears is refused, with the last one that was.
    """
    del desk
    told = settled.run("undo", "9", "--reason", "OPS-8")

    assert told.code == 1
    assert "no run 9 is recorded: " in told.err


def test_undo_of_the_first_run_says_what_stays(settled: Desk) -> None:
    """
    Of a run that made everything it is said, before the entries, that nothing goes, and which guard holds the rest.
    """
    told = settled.run("undo", "1", "--reason", "OPS-8")

    assert told.code == 1
    assert "what it made stays: " in told.out
    assert "! guard leavers holds " in told.out
    assert "before a waiver for that count" in told.out


def test_run_that_is_no_number_is_told_where_the_numbers_are(settled: Desk) -> None:
    """
    Whoever asks for `last` is led to the list of runs.
    """
    told = settled.run("undo", "last", "--reason", "OPS-8")

    assert told.code == 2
    assert "`reconciler audit` shows them" in told.err


def test_run_that_changed_nothing_needs_nothing(settled: Desk) -> None:
    """
    A run that only noted whose a field is has nothing to undo in the target.
    """
    settled.admin.admin_sets(ANN, locale="de_AT")
    settled.run("apply", "--yes")
    told = settled.run("undo", "2", "--reason", "OPS-8")

    assert (told.code, written(settled)) == (0, [])
    assert "run 2: 0 changes of 0 will be as before" in told.out
