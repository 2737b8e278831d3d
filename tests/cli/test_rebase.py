"""
A restored target, or a lost ledger: refused, looked at, confirmed, recorded, and then planned as it is.
"""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from reconciler.cli.session import Session
from reconciler.core.export import UserRow
from tests.cli.conftest import ANN, BOB, CLARA, Desk
from tests.once import Once

REASON = ("--reason", "OPS-31: restored")


def copied(database: Path, to: Path) -> None:
    """
    Copy a database as a backup does: whole, whatever lies in its log.
    """
    with sqlite3.connect(database) as source, sqlite3.connect(to) as target:
        source.backup(target)


def restored(desk: Desk, backup: Path) -> None:
    """
    Put the backup in the database's place.
    """
    for path in desk.admin.path.parent.glob("openpages.db*"):
        path.unlink()
    shutil.copy(backup, desk.admin.path)


@pytest.fixture
def rewound(settled: Desk, once: Once) -> Desk:
    """
    Return a desk whose database was restored from before its last three runs.

    Since the backup Git has set Ann's locale twice, an administrator has set Clara's, and somebody new was made.
    """
    once("rewound", settled.folder, lambda: _rewind(settled))
    return settled


def _rewind(settled: Desk) -> None:
    backup = settled.folder / "backup.db"
    settled.decides(f"- {{user: {ANN}, set: {{locale: fr_FR}}}}\n")
    settled.run("apply", "--yes", "--quiet")
    copied(settled.admin.path, backup)
    settled.decides(f"- {{user: {ANN}, set: {{locale: it_IT}}}}\n")
    settled.run("apply", "--yes", "--quiet")
    settled.admin.admin_sets(CLARA, locale="pt_PT")
    settled.run("apply", "--yes", "--quiet")
    settled.cloud(lambda row: _gone(row, BOB), at="2026-11-20T07:30:00Z")
    settled.run("apply", "--yes", "--quiet")
    restored(settled, backup)


def _gone(row: UserRow, name: str) -> UserRow | None:
    return None if row.user_name == name else row


def owner(desk: Desk, name: str) -> tuple[str, str] | None:
    """
    Return who owns somebody's locale, and what it held, as the ledger has it; None where nobody does.
    """
    told = desk.run("owners", name, "--field", "locale", "--format", "json").json
    return (told[0]["owner"], told[0]["value"]) if told else None


def test_restored_target_is_refused_with_what_to_type(rewound: Desk) -> None:
    """
    Neither plan nor apply goes near a target that is not at the ledger's last run.
    """
    answers = [rewound.run("plan"), rewound.run("apply", "--yes")]

    assert [one.code for one in answers] == [1, 1]
    assert all("reconciler rebase-ledger --reason TEXT" in one.err for one in answers)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        pytest.param((), 2, "--reason", id="no reason"),
        pytest.param(("--reason", " "), 2, "a reason is needed", id="an empty one"),
        pytest.param(REASON, 2, "nobody can be asked here", id="nobody confirms"),
        pytest.param((*REASON, "--yes", "another"), 2, "no target 'another'", id="another target"),
    ],
)
def test_nothing_is_accepted_without_a_reason_and_a_word(
    rewound: Desk, arguments: tuple[str, ...], code: int, told: str
) -> None:
    """
    What it found is printed, and nothing is written.
    """
    before = rewound.git("rev-parse", "HEAD"), rewound.admin.run("SELECT * FROM fence")
    answer = rewound.run("rebase-ledger", *arguments)

    assert answer.code == code
    assert told in answer.err
    assert (rewound.git("rev-parse", "HEAD"), rewound.admin.run("SELECT * FROM fence")) == before


def test_person_at_a_terminal_may_decline(rewound: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No answer is no, and ends with 3.
    """
    monkeypatch.setattr(Session, "on_terminal", property(lambda _session: True))
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt="": "")

    assert rewound.run("rebase-ledger", *REASON).code == 3
    assert rewound.run("plan").code == 1


def test_both_sides_are_told(rewound: Desk) -> None:
    """
    The serial here, the serial there, what would be recorded, and that nobody is touched.
    """
    told = rewound.run("rebase-ledger", *REASON).out

    assert "run 2 of lineage" in told.splitlines()[0]
    assert "run 5 of lineage" in told.splitlines()[1]
    assert f"locale of {ANN}: Git's -> Git's, \"fr_FR\"" in told
    assert f"locale of {CLARA}: the administrators' -> the administrators', \"en_US\"" in told
    assert "It would be run 6; nobody in the target is touched." in told


def test_users_are_not_touched_and_the_reason_is_recorded(rewound: Desk) -> None:
    """
    The target's people stay as the backup has them; the ledger has one more run, chained, that says why.
    """
    before = rewound.admin.run("SELECT * FROM people")
    done = rewound.run("rebase-ledger", *REASON, "--yes")
    header = json.loads(rewound.git("show", "HEAD:state/ledger/openpages/runs/2026/000006.jsonl").splitlines()[0])

    assert (done.code, rewound.admin.run("SELECT * FROM people")) == (0, before)
    assert (header["scope"], header["reason"]) == ("rebase", "OPS-31: restored")
    assert "OPS-31" not in rewound.git("log", "-1", "--format=%B")
    assert rewound.run("validate").code == 0


def test_old_values_are_neither_the_admins_nor_held(rewound: Desk) -> None:
    """
    An older write of ours is ours, and is brought up to date; an administrator's field stays theirs.
    """
    rewound.run("rebase-ledger", *REASON, "--yes")
    claims = rewound.run("plan", "--format", "json").json["claims"]
    done = rewound.run("apply", "--yes")

    assert [(one["name"], one["text"]) for one in claims] == [(CLARA, "agrees with Git, can be taken back")]
    assert done.code == 0
    assert owner(rewound, ANN) == ("git", "it_IT")
    assert owner(rewound, CLARA) == ("admin", "en_US")
    assert rewound.admin.run("SELECT enabled FROM users WHERE user_name = ?", BOB) == [(0,)]
    assert rewound.run("plan", "--check").code == 0


def test_value_that_nobody_knows_waits_for_a_decision(rewound: Desk) -> None:
    """
    What an administrator set after the restore is never overwritten: the policy's `foreign` asks whose it is.
    """
    rewound.admin.admin_sets(ANN, locale="pl_PL")
    rewound.run("rebase-ledger", *REASON, "--yes")
    plan = rewound.run("plan", "--format", "json")
    rewound.run("apply", "--yes")

    assert plan.code == 3
    assert [(one["name"], one["field"]) for one in plan.json["held"]] == [(ANN, "locale")]
    assert rewound.admin.run("SELECT locale FROM users WHERE user_name = ?", ANN) == [("pl_PL",)]


def test_id_that_was_given_to_somebody_else_is_nobodys_link(settled: Desk) -> None:
    """
    Whoever got the id of an account that the restore lost is not taken for that account.
    """
    backup = settled.folder / "backup.db"
    (last,) = settled.admin.run("SELECT id, user_name FROM users ORDER BY id DESC LIMIT 1")
    settled.admin.run("DELETE FROM memberships WHERE user_id = ?", last[0])
    copied(settled.admin.path, backup)
    settled.run("apply", "--yes", "--quiet")
    restored(settled, backup)
    settled.admin.run(
        "UPDATE users SET user_name = 'intruder', external_id = NULL, email = NULL WHERE id = ?", last[0]
    )
    done = settled.run("rebase-ledger", *REASON, "--yes")
    plan = settled.run("plan", "--format", "json").json
    made = [(one["action"], one["name"]) for one in plan["changes"] if one["name"] in {last[1], "intruder"}]

    assert "1 are not, or are somebody else's" in done.out
    assert ("create", last[1]) in made
    assert ("update", "intruder") not in made


def test_lost_ledger_begins_anew_and_deactivates_nobody(settled: Desk) -> None:
    """
    With the ledger gone every account was there before: nobody unlinked is switched off, and privilege waits.
    """
    settled.admin.admin_creates("local@example.com")
    settled.git("rm", "-r", "--quiet", "state/ledger")
    settled.commit()
    refused = settled.run("plan")
    done = settled.run("rebase-ledger", *REASON, "--yes")
    plan = settled.run("plan", "--format", "json").json

    assert (refused.code, done.code) == (1, 0)
    assert [one["name"] for one in plan["changes"] if one["action"] == "deactivate"] == []
    assert {one["guard"] for one in plan["held"]} >= {"adoption"}
    settled.run("apply", "--yes")
    assert settled.admin.run("SELECT enabled FROM users WHERE user_name = 'local@example.com'") == [(1,)]


def test_other_copies_are_refused_from_then_on(rewound: Desk) -> None:
    """
    Two that are one need no rebase; a second copy of the target, or of the ledger, is not the one any more.
    """
    before = rewound.git("rev-parse", "HEAD").strip()
    rewound.run("rebase-ledger", *REASON, "--yes")
    again = rewound.run("rebase-ledger", *REASON, "--yes")
    rewound.git("reset", "--quiet", "--hard", before)

    assert (again.code, "are one already" in again.err) == (1, True)
    assert rewound.run("plan").code == 1
