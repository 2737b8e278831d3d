"""
`reconciler audit --verify`: nobody touches what the runs recorded without being named.
"""

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.conftest import ANN, Desk

LEDGER = Path("ledger/openpages")
RECORD = LEDGER / "runs/2026/000001.jsonl"


def edit(desk: Desk, path: Path, old: str, new: str) -> None:
    """
    Commit a file of the ledger in which one part is replaced.
    """
    text = (desk.state / path).read_text()
    assert old in text
    (desk.state / path).write_text(text.replace(old, new, 1))
    desk.commit()


def dies_after_its_intents(desk: Desk) -> None:
    """
    Let a second run be killed between its two commits.
    """
    desk.cloud(lambda row: replace(row, first_name="Anne", locale="fr_FR") if row.user_name == ANN else row)
    assert desk.run("apply", "--yes").code == 0
    desk.git("reset", "--quiet", "--hard", "HEAD~1")


def test_untouched_history_is_verified(settled: Desk) -> None:
    """
    What the runs left is told with the number of runs and the hash in which the chain ends.
    """
    told = settled.run("audit", "--verify")

    assert (told.code, told.err) == (0, "")
    assert re.search(r"openpages: 1 run, \d+ changes, \d+ changes of owner; from 2026-11-20T08:00:00Z", told.out)
    assert "the chain ends in run 1, whose record is sha256:" in told.out
    assert "verified: every state follows" in told.out


def test_edit_that_is_not_committed_is_told(settled: Desk) -> None:
    """
    What was checked is what is committed: a file that the work tree has otherwise is named, and is no fault.
    """
    path = settled.state / RECORD
    path.write_text(path.read_text().replace('"outcome":"landed"', '"outcome":"failed"', 1))
    told = settled.run("audit", "--verify")

    assert told.code == 0
    assert "the work tree differs from them in runs/2026/000001.jsonl" in told.err


def test_of_many_edited_files_three_are_named(settled: Desk) -> None:
    """
    A ledger that was taken out of the work tree is told in one line.
    """
    for number in range(5):
        (settled.state / LEDGER / f"stray-{number}").write_text("")
    told = settled.run("audit", "--verify")

    assert "stray-0, stray-1, stray-2 and 2 more" in told.err


def test_programs_are_told_the_same(settled: Desk) -> None:
    """
    JSON has the verdict, the faults and where the chain ends.
    """
    told = settled.run("audit", "--verify", "--format", "json").json

    assert (told["verified"], told["runs"], told["faults"], told["notes"]) == (True, 1, [], [])
    assert told["end"] in settled.run("audit", "--verify").out


def test_changed_record_is_named_with_the_commit_that_changed_it(settled: Desk) -> None:
    """
    A record that somebody edited is a fault, and the commit is told.
    """
    edit(settled, RECORD, '"outcome":"landed"', '"outcome":"failed"')
    told = settled.run("audit", "--verify", "--format", "json")
    commit = settled.git("rev-parse", "HEAD").strip()

    assert told.code == 1
    assert any("runs/2026/000001.jsonl" in one["path"] and commit in one["message"] for one in told.json["faults"])
    assert any(one["path"] == "head.json" for one in told.json["faults"])


def test_edit_that_was_taken_back_is_still_named(settled: Desk) -> None:
    """
    A record that is as it was again was still touched, and by whom is told.
    """
    edit(settled, RECORD, '"outcome":"landed"', '"outcome":"failed"')
    settled.git("revert", "--no-edit", "HEAD")
    told = settled.run("audit", "--verify")

    assert told.code == 1
    assert "000001.jsonl: was changed after it had been recorded, by Ann <ann@example.com>" in told.out
    assert "1 fault: the history is not what the runs left" in told.out


def test_record_that_was_taken_away_is_named(settled: Desk) -> None:
    """
    Where no record is left, the head and the commit that removed it tell.
    """
    (settled.state / RECORD).unlink()
    settled.commit()
    told = settled.run("audit", "--verify")

    assert told.code == 1
    assert "head.json: names sha256:" in told.out
    assert "no run can be read" in told.out


def test_head_that_was_edited_is_named(settled: Desk) -> None:
    """
    What the head says of the export last applied is what the last run left.
    """
    edit(settled, LEDGER / "head.json", '"fetched_at": "2026', '"fetched_at": "2025')
    told = settled.run("audit", "--verify")

    assert told.code == 1
    assert "head.json: is not as run 1 left it" in told.out


def test_run_that_died_after_its_intents_is_no_fault(settled: Desk) -> None:
    """
    Intents without a record are what a killed run leaves: it is told, and the rest is as it was.
    """
    dies_after_its_intents(settled)
    told = settled.run("audit", "--verify")

    assert told.code == 0
    assert "a run was begun and is not recorded yet" in told.err


@pytest.mark.parametrize("at", ["intents", "record"])
def test_more_than_intents_is_a_fault(settled: Desk, at: str) -> None:
    """
    Whoever changes the head behind a killed run's intents is found, and so is who changed what it began from.
    """
    if at == "record":
        edit(settled, LEDGER / "head.json", '"fetched_at": "2026', '"fetched_at": "2025')
        settled.git("reset", "--quiet", "--soft", "HEAD~1")
        settled.git("commit", "--quiet", "--amend", "--no-edit")
    dies_after_its_intents(settled)
    if at == "intents":
        edit(settled, LEDGER / "head.json", '"fetched_at": "2026', '"fetched_at": "2025')
    told = settled.run("audit", "--verify")

    assert told.code == 1
    assert "head.json: is not as run 1 left it" in told.out


def test_shallow_clone_is_deepened_for_it(settled: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A clone of the last commit alone fetches what is needed, and says so.
    """
    for name in ("Anna", "Anne"):
        settled.cloud(lambda row, name=name: replace(row, first_name=name) if row.user_name == ANN else row)  # type: ignore[misc]
        assert settled.run("apply", "--yes").code == 0
    clone = tmp_path / "clone"
    settled.git("clone", "--quiet", "--depth=1", f"file://{settled.folder}", str(clone))
    monkeypatch.chdir(clone)
    told = settled.run("audit", "--verify")

    assert told.code == 0
    assert "the ledger's older commits were fetched" in told.err


def test_history_without_its_commits_is_proved_as_far_as_it_goes(
    settled: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A shallow copy with nowhere to fetch from proves the chain, and says which commits it lacks.
    """
    clone = tmp_path / "clone"
    settled.git("clone", "--quiet", "--depth=1", f"file://{settled.folder}", str(clone))
    settled.git("-C", str(clone), "remote", "remove", "origin")
    monkeypatch.chdir(clone)
    told = settled.run("audit", "--verify", "--format", "json")

    assert (told.code, told.json["verified"]) == (0, True)
    assert json.dumps(told.json["notes"]).count("does not reach back") == 1


def test_nothing_recorded_is_nothing_to_doubt(desk: Desk) -> None:
    """
    Before the first run there is no history.
    """
    told = desk.run("audit", "--verify")

    assert (told.code, told.out) == (0, "openpages: no run is recorded yet\n")


def test_it_goes_with_no_other_question(settled: Desk) -> None:
    """
    The whole history is verified, and not that of one person.
    """
    assert settled.run("audit", "--verify", "--user", ANN).code == 2
    assert settled.run("audit", "--verify", "--administrators").code == 2
