"""
`reconciler apply`: what it does, what it refuses, and how it ends.
"""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.cli.session import Session
from reconciler.core.export import UserRow
from reconciler.core.ledger import Fence
from reconciler.errors import TargetError
from reconciler.targets.sql import SqlTarget
from tests.cli.conftest import ANN, BOB, Desk


def renamed(name: str, first_name: str) -> Callable[[UserRow], UserRow]:
    """
    Return the edit of an export that gives one person another first name.
    """
    return lambda row: replace(row, first_name=first_name) if row.user_name == name else row


def locale(desk: Desk, name: str = ANN) -> object:
    """
    Return what the target holds as somebody's locale.
    """
    return desk.admin.run("SELECT locale FROM users WHERE user_name = ?", name)[0][0]


def enabled(desk: Desk, name: str = ANN) -> object:
    """
    Return whether the target lets somebody in.
    """
    return desk.admin.run("SELECT enabled FROM users WHERE user_name = ?", name)[0][0]


def test_apply_says_what_landed_and_commits_it(desk: Desk) -> None:
    """
    After an apply the ledger is committed, and the work tree is clean.
    """
    told = desk.run("apply", "--yes")

    assert told.code == 0
    assert "changes landed and are recorded" in told.err
    assert desk.git("status", "--porcelain") == ""
    assert desk.git("log", "--format=%s").splitlines()[:2] == [
        "Record run 1 on openpages",
        "Intend run 1 on openpages",
    ]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [pytest.param((), 20, id="usual"), pytest.param(("--limit", "2"), 2, id="two")],
)
def test_limit_bounds_the_plan_that_is_shown(desk: Desk, *, arguments: tuple[str, ...], shown: int) -> None:
    """
    `--limit` shows so many people of a kind before anything is done, and leaves what is done as it is.
    """
    told = desk.run("apply", "--yes", *arguments)
    people = told.out.partition("Users to create")[2].partition("Groups to create")[0]

    assert told.code == 0
    assert people.count("+ user ") == shown
    assert len(desk.people()) > shown


def test_apply_again_has_nothing_to_do(settled: Desk) -> None:
    """
    A second apply leaves with 0, and makes no commit.
    """
    before = settled.git("rev-parse", "HEAD")
    told = settled.run("apply", "--yes")

    assert told.code == 0
    assert "Nothing to apply" in told.err
    assert settled.git("rev-parse", "HEAD") == before


def test_what_the_administrator_changed_survives_and_is_recorded(settled: Desk) -> None:
    """
    A run with ownership news and no change leaves the administrator's value and commits the news.
    """
    settled.admin.admin_sets(ANN, locale="de_AT")
    told = settled.run("apply", "--yes")

    assert told.code == 0
    assert "the ledger has the news" in told.err
    assert locale(settled) == "de_AT"


def test_nobody_to_ask_needs_yes(desk: Desk) -> None:
    """
    Without a terminal and without --yes nothing is applied, and the plan is on the screen.
    """
    told = desk.run("apply")

    assert told.code == 2
    assert "--yes" in told.err
    assert "changes to openpages" in told.out
    assert desk.git("log", "--format=%s") == "Begin\n"


@pytest.mark.parametrize(
    ("typed", "code", "runs"),
    [pytest.param("y\n", 0, 1, id="yes"), pytest.param("n\n", 3, 0, id="no"), pytest.param("\n", 3, 0, id="enter")],
)
def test_terminal_is_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, typed: str, code: int, runs: int
) -> None:
    """
    On a terminal the person who sits there decides, and no answer is no.
    """
    monkeypatch.setattr(Session, "on_terminal", property(lambda _session: True))
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt="": typed.strip())
    told = desk.run("apply")

    assert told.code == code
    assert desk.git("log", "--format=%s").count("Record run") == runs


def test_dangerous_change_is_held_although_yes_was_said(settled: Desk) -> None:
    """
    An account that an administrator disabled stays so under --yes; the message says how to approve it.
    """
    settled.admin.admin_sets(ANN, active=False)
    told = settled.run("apply", "--yes")

    assert told.code == 3
    assert "--approved" in told.err
    assert enabled(settled) == 0


def test_dangerous_change_that_was_told_is_no_news(settled: Desk) -> None:
    """
    What an earlier run has told as waiting for approval is told again, and ends the next run with 0.
    """
    settled.admin.admin_sets(ANN, active=False)
    first = settled.run("apply", "--yes")
    second = settled.run("apply", "--yes")

    assert (first.code, second.code) == (3, 0)
    assert "--approved" in second.err
    assert enabled(settled) == 0


def test_quiet_run_says_why_it_failed(settled: Desk) -> None:
    """
    --quiet keeps back what went well; a new hold, and a change that did not land, are told all the same.
    """
    settled.admin.admin_sets(ANN, active=False)
    settled.cloud(renamed(BOB, "Bobby"))
    settled.admin.run(
        "CREATE TRIGGER refuse BEFORE UPDATE OF first_name ON users BEGIN SELECT RAISE(ABORT, 'no Bobbys'); END"
    )
    told = settled.run("apply", "--yes", "--quiet")

    assert told.code == 1
    assert f"held: {ANN}" in told.err
    assert f"user {BOB}" in told.err
    assert "Run 2" not in told.err


def test_approved_plan_makes_the_dangerous_change(settled: Desk) -> None:
    """
    What stands in a reviewed plan is done, dangerous or not.
    """
    settled.admin.admin_sets(ANN, active=False)
    settled.run("plan", "--out", "plan.json")
    told = settled.run("apply", "--yes", "--approved", "plan.json")

    assert told.code == 0
    assert enabled(settled) == 1


def test_approval_is_spent_when_the_account_is_disabled_again(settled: Desk) -> None:
    """
    An old plan does not undo what an administrator decided after it: the same change is another case now.
    """
    settled.admin.admin_sets(ANN, active=False)
    settled.run("plan", "--out", "plan.json")
    settled.run("apply", "--yes", "--approved", "plan.json")
    settled.admin.admin_sets(ANN, active=False)
    told = settled.run("apply", "--yes", "--approved", "plan.json")

    assert told.code == 3
    assert "it is not what was approved" in told.err
    assert enabled(settled) == 0


def test_edited_plan_approves_nothing_else(settled: Desk) -> None:
    """
    Who is shown one value does not approve another, though the change bears the same id.
    """
    settled.cloud(renamed(ANN, "Anna"))
    settled.run("plan", "--out", "plan.json")
    path = settled.folder / "plan.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"Anna"', '"Anne"'), encoding="utf-8")
    told = settled.run("apply", "--yes", "--approved", "plan.json")

    assert told.code == 3
    assert "it is not what was approved" in told.err


def test_approved_plan_does_nothing_that_is_not_in_it(settled: Desk) -> None:
    """
    What came up after the review waits for the next one, and exit code 3 says so.
    """
    settled.cloud(renamed(ANN, "Anna"))
    settled.run("plan", "--out", "plan.json")
    settled.cloud(renamed(BOB, "Bobby"))
    told = settled.run("apply", "--yes", "--approved", "plan.json")
    names = settled.admin.run("SELECT first_name FROM users WHERE user_name IN (?, ?) ORDER BY 1", ANN, BOB)

    assert told.code == 3
    assert names == [("Anna",), ("Bob",)]
    assert "it is not in the approved plan" in told.err


def test_approved_change_that_holds_no_longer_is_told(settled: Desk) -> None:
    """
    What was reviewed and need not be done any more is named, not passed over in silence.
    """
    settled.cloud(renamed(ANN, "Anna"))
    settled.run("plan", "--out", "plan.json")
    settled.cloud(renamed(ANN, "Ann"))
    told = settled.run("apply", "--yes", "--approved", "plan.json")

    assert told.code == 0
    assert f"Of the approved changes, 1 of 1 hold no longer:\n  update user {ANN}\n" in told.err


def test_plan_of_another_target_approves_nothing(settled: Desk) -> None:
    """
    A plan that was made for another database is refused before anything is asked or written.
    """
    settled.cloud(renamed(ANN, "Anna"))
    settled.run("plan", "--out", "plan.json")
    settled.configures("openpages.db", "another.db")
    told = settled.run("apply", "--yes", "--approved", "plan.json")

    assert told.code == 2
    assert "plan.json is a plan of openpages (sqlite:" in told.err


@pytest.mark.parametrize(
    ("content", "code"),
    [pytest.param(None, 2, id="missing"), pytest.param("{}", 1, id="no plan"), pytest.param("", 1, id="empty")],
)
def test_plan_file_that_is_none_is_refused(settled: Desk, content: str | None, code: int) -> None:
    """
    A file that holds no plan approves nothing.
    """
    if content is not None:
        Path("plan.json").write_text(content)
    told = settled.run("apply", "--yes", "--approved", "plan.json")

    assert told.code == code
    assert "plan.json" in told.err


@pytest.mark.parametrize(
    "name",
    ["reconciler.yaml", "overrides/new.yaml", "policies/openpages.yaml"],
    ids=["config", "override", "policy"],
)
def test_uncommitted_input_is_refused(settled: Desk, name: str) -> None:
    """
    What no commit holds is not what Git says: it is planned, and not applied.
    """
    with (settled.state / name).open("a") as file:
        file.write("# a thought\n")
    planned, applied = settled.run("plan"), settled.run("apply", "--yes")

    assert planned.code == 0
    assert applied.code == 1
    assert f"  state/{name}\n" in applied.err
    assert "git commit" in applied.err


def test_apply_needs_a_repository(desk: Desk) -> None:
    """
    Without a repository nobody could record anything, so nothing is applied.
    """
    shutil.rmtree(desk.folder / ".git")
    told = desk.run("apply", "--yes")

    assert told.code == 1
    assert "git init" in told.err


def test_apply_needs_a_target_that_is_there(settled: Desk) -> None:
    """
    A target of an unknown name is a usage error that names those there are.
    """
    told = settled.run("apply", "--yes", "--target", "nowhere")

    assert told.code == 2
    assert "one of: openpages" in told.err


def test_change_that_the_target_refuses_is_partial(settled: Desk) -> None:
    """
    Where one change does not land the others do; exit code 1, and the next run makes up for it.
    """
    settled.cloud(lambda row: renamed(BOB, "Bobby")(renamed(ANN, "Anna")(row)))
    settled.admin.run(
        "CREATE TRIGGER refuse BEFORE UPDATE OF first_name ON users WHEN NEW.first_name = 'Anna' "
        "BEGIN SELECT RAISE(ABORT, 'no Annas here'); END"
    )
    partial = settled.run("apply", "--yes")
    settled.admin.run("DROP TRIGGER refuse")
    rest = settled.run("apply", "--yes")

    assert partial.code == 1
    assert "1 of 2 changes did not land" in partial.err
    assert ANN in partial.err
    assert rest.code == 0
    assert settled.run("plan", "--check").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_interrupted_run_records_what_landed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """
    A signal lets the write in hand finish, records it, and leaves with 130; the next run does the rest.
    """

    @contextmanager
    def progress(_session: Session, _what: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield lambda _done: signal.raise_signal(number)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "progress", progress)
        stopped = desk.run("apply", "--yes")
    recorded = desk.git("log", "-1", "--format=%s")
    rest = desk.run("apply", "--yes")

    assert stopped.code == 130
    assert "stopping after the write in hand" in stopped.err
    assert recorded == "Record run 1 on openpages\n"
    assert rest.code == 0
    assert "Run 2: " in rest.err
    assert desk.run("plan", "--check").code == 0


def test_fence_that_stays_behind_is_told(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Everything landed and is recorded, but the next run will have to wait: whoever looks at it knows why.
    """
    moved = SqlTarget.move_fence

    def move(target: SqlTarget, seen: Fence | None, new: Fence) -> bool:
        if not new.holder:
            raise TargetError("the database does not answer", hint="the next run waits for the fence")
        return moved(target, seen, new)

    monkeypatch.setattr(SqlTarget, "move_fence", move)
    settled.cloud(renamed(ANN, "Anna"))
    told = settled.run("apply", "--yes")

    assert told.code == 0
    assert "1 of 1 changes landed" in told.err
    assert "error: the database does not answer\nhint: the next run waits for the fence\n" in told.err


def test_signals_are_given_back(settled: Desk) -> None:
    """
    After a run Ctrl-C means again what it meant before.
    """
    before = signal.getsignal(signal.SIGINT)
    settled.run("apply", "--yes")

    assert signal.getsignal(signal.SIGINT) is before


def test_record_that_git_refuses_is_resumed(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where Git refuses the record the message says what to type, and typing it puts the record into the ledger.
    """
    settled.cloud(renamed(ANN, "Anna"))
    lock = settled.folder / ".git" / "refs" / "heads" / "main.lock"

    @contextmanager
    def progress(_session: Session, _what: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield lambda _done: lock.touch()

    with monkeypatch.context() as patch:
        patch.setattr(Session, "progress", progress)
        refused = settled.run("apply", "--yes")
    lock.unlink()
    resumed = settled.run("apply", "--resume")

    assert refused.code == 1
    assert "apply --resume" in refused.err
    assert resumed.code == 0
    assert settled.git("log", "-1", "--format=%s") == "Record run 2 on openpages\n"
    assert settled.run("plan", "--check").code == 0


def test_nothing_to_resume_is_told(settled: Desk) -> None:
    """
    Where no run waits to be recorded --resume says so.
    """
    told = settled.run("apply", "--resume")

    assert told.code == 1
    assert "waits to be recorded" in told.err
