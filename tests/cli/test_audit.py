"""
`reconciler audit`: who owned what and what it held, over time, from Git alone.
"""

import csv
import io
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.conftest import ANN, BOB, NOW, Desk
from tests.once import Once

LATER = "2026-11-21T09:00:00Z"


@pytest.fixture
def lived(settled: Desk, monkeypatch: pytest.MonkeyPatch, once: Once) -> Desk:
    """
    Return a desk with a past: an administrator changed Ann's locale, and a day later the cloud her first name.
    """
    once("lived", settled.folder, lambda: _live(settled, monkeypatch))
    monkeypatch.setenv("RECONCILER_NOW", LATER)
    return settled


def _live(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    settled.admin.admin_sets(ANN, locale="de_AT")
    assert settled.run("apply", "--yes").code == 0
    monkeypatch.setenv("RECONCILER_NOW", LATER)
    settled.cloud(
        lambda row: replace(row, first_name="=cmd()") if row.user_name == ANN else row, at="2026-11-21T08:00:00Z"
    )
    assert settled.run("apply", "--yes").code == 0


def test_audit_tells_when_a_field_changed_hands(lived: Desk) -> None:
    """
    Owner and value of one field over time, each with the run and the commit that recorded it.
    """
    told = lived.run("audit", "--user", ANN, "--field", "locale", "--format", "json").json
    commits = lived.git("log", "--reverse", "--format=%H", "--grep=^Record run").split()

    assert [(one["run"], one["owner"], one["value"]) for one in told if one["action"] == "claim"] == [
        (1, "git", "en_US"),
        (2, "admin", "de_AT"),
    ]
    assert {(one["run"], one["commit"]) for one in told} == {(1, commits[0]), (2, commits[1])}


def test_audit_tells_each_change_that_landed(lived: Desk) -> None:
    """
    A change is told with its values, its cause and its time.
    """
    told = lived.run("audit", "--user", ANN, "--field", "first_name", "--format", "json").json

    assert [(one["time"], one["action"], one.get("before"), one["value"]) for one in told] == [
        (NOW, "create", None, "Ann"),
        (LATER, "update", "Ann", "=cmd()"),
    ]
    assert told[1]["because"].startswith("state/exports/ibmcloud/users.jsonl:")


@pytest.mark.parametrize("since", ["2026-11-21", LATER])
def test_since_leaves_out_what_was_before(lived: Desk, since: str) -> None:
    """
    A day and a time both begin the answer.
    """
    told = lived.run("audit", "--since", since, "--format", "json").json

    assert {one["run"] for one in told} == {3}


def test_field_that_was_never_recorded_is_no_empty_answer(lived: Desk) -> None:
    """
    A misspelt field is told with the one that was meant: nothing recorded would be another answer.
    """
    told = lived.run("audit", "--field", "locle")

    assert (told.code, told.out) == (1, "")
    assert "did you mean 'locale'?" in told.err


def test_since_that_is_no_day_is_a_usage_error(lived: Desk) -> None:
    """
    What is no day is refused with the way to write one.
    """
    told = lived.run("audit", "--since", "last week")

    assert told.code == 2
    assert "2026-11-01" in told.err


def test_spreadsheet_takes_no_cell_for_a_formula(lived: Desk) -> None:
    """
    A value that begins like a formula is text in the CSV form.
    """
    out = lived.run("audit", "--user", ANN, "--field", "first_name", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert rows[1]["value"] == "'=cmd()"
    assert rows[1]["before"] == "Ann"


def test_repository_alone_is_enough(lived: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A clone tells the same, and no database is opened or made.
    """
    here = lived.run("audit", "--format", "json").out
    clone = tmp_path / "clone"
    lived.git("clone", "--quiet", str(lived.folder), str(clone))
    monkeypatch.chdir(clone)
    shutil.rmtree(clone / "state" / "exports")
    there = lived.run("audit", "--format", "json").out

    assert there == here
    assert not (clone / ".reconciler").exists()


def test_faulty_overrides_keep_nobody_from_auditing(lived: Desk) -> None:
    """
    What somebody wrote wrong today does not hide what happened yesterday.
    """
    (lived.state / "overrides" / "wrong.yaml").write_text("- nonsense\n")

    assert lived.run("audit").code == 0


def test_faulty_configuration_is_told(lived: Desk) -> None:
    """
    Where nobody can say which target is meant the faults are told.
    """
    (lived.state / "reconciler.yaml").write_text("version: one\n")
    told = lived.run("audit")

    assert told.code == 1
    assert "reconciler.yaml:1:" in told.err


def test_leaver_is_found_by_a_name_of_then(lived: Desk) -> None:
    """
    Who is in no export any more is found by the name borne at the time.
    """
    lived.cloud(lambda row: None if row.user_name == BOB else row, at="2026-11-21T08:30:00Z")
    lived.run("apply", "--yes")
    told = lived.run("audit", "--user", BOB, "--field", "active", "--format", "json").json

    assert [(one["action"], one["value"]) for one in told] == [("create", True), ("deactivate", False)]


def test_name_that_nobody_ever_bore_is_told(lived: Desk) -> None:
    """
    A name that stands in no record is exit code 1, not an empty answer.
    """
    told = lived.run("audit", "--user", "nobody@example.com")

    assert told.code == 1
    assert "no run knows anybody as 'nobody@example.com'" in told.err


def test_empty_answer_is_told_on_stderr(desk: Desk) -> None:
    """
    Before the first run JSON is an empty list, and stderr says why.
    """
    told = desk.run("audit", "--format", "json")

    assert (told.code, told.json) == (0, [])
    assert "no run is recorded yet" in told.err


@pytest.mark.parametrize(("day", "code"), [("2026-11-19", 1), ("2026-11-20", 0)])
def test_day_before_the_record_is_not_known(lived: Desk, day: str, code: int) -> None:
    """
    Of a day before the first run nobody is listed, and that is told as not known, never as nobody.
    """
    told = lived.run("audit", "--administrators", "--on", day)

    assert told.code == code
    assert ("the record begins on 2026-11-20" in told.err) is bool(code)
    assert bool(told.out) is not bool(code)


def test_administrators_of_no_run_are_not_known(desk: Desk) -> None:
    """
    Before the first run nothing is known of any day.
    """
    told = desk.run("audit", "--administrators")

    assert (told.code, told.out) == (1, "")
    assert "no run is recorded yet" in told.err


def test_audit_needs_a_repository(desk: Desk) -> None:
    """
    Without Git there is no past to tell.
    """
    shutil.rmtree(desk.folder / ".git")
    told = desk.run("audit")

    assert told.code == 1
    assert "no Git repository" in told.err


def test_broken_record_is_named(lived: Desk) -> None:
    """
    A record that somebody changed into nonsense is named by file and line.
    """
    path = lived.state / "ledger" / "openpages" / "runs" / "2026" / "000002.jsonl"
    path.write_text("nonsense\n")
    lived.commit()
    told = lived.run("audit")

    assert told.code == 1
    assert "000002.jsonl:1:" in told.err


def test_record_that_was_changed_is_not_told(settled: Desk) -> None:
    """
    An audit of records that are no chain is none: it ends with 1 and names the place, also of the last record.
    """
    (path,) = (settled.state / "ledger" / "openpages" / "runs").rglob("*.jsonl")
    path.write_text(path.read_text().replace('"outcome":"landed"', '"outcome":"failed"', 1))
    settled.commit()
    told = settled.run("audit")

    assert (told.code, told.out) == (1, "")
    assert "head.json" in told.err


def test_row_that_was_edited_by_hand_is_refused(settled: Desk) -> None:
    """
    Who owns what is written by runs alone: a committed edit of a row stops every command that reads it.
    """
    path = settled.state / "ledger" / "openpages" / "users.jsonl"
    text = path.read_text()
    path.write_text(text.replace('"owner":"git"', '"owner":"admin"', 1))
    settled.commit()
    answers = [settled.run(*command) for command in (("owners",), ("plan",), ("apply", "--yes"), ("validate",))]

    assert text != path.read_text()
    assert [one.code for one in answers] == [1, 1, 1, 1]
    assert all("a row was edited by hand" in one.err + one.out for one in answers)
