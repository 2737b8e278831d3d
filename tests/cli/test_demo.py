"""
`reconciler demo`: the story is told whole, checks itself, and leaves no trace outside its folder.
"""

import io
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.cli.main import run
from reconciler.cli.stage import Stage, stage
from reconciler.cli.stories import STORIES
from reconciler.cli.story import STEPS
from reconciler.errors import ReconcilerError
from reconciler.files.policies import presets


class Telling(NamedTuple):
    """
    One telling of the story: how it ended, what it printed, where, and in how many seconds.
    """

    code: int
    out: str
    err: str
    folder: Path
    seconds: float


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Telling:
    """
    Return the story, told once to the end, where Git knows no name and the home folder is empty.
    """
    folder = tmp_path_factory.mktemp("demo") / "story"
    said, complained = io.StringIO(), io.StringIO()
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(complained):
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        code = run(["demo", str(folder)])
    return Telling(code, said.getvalue(), complained.getvalue(), folder, time.monotonic() - began)


def test_story_goes_as_told(telling: Telling) -> None:
    """
    The demo ends with 0 and complains of nothing.
    """
    assert (telling.code, telling.err) == (0, "")
    assert "The story went as told" in telling.out


def test_story_takes_seconds(telling: Telling) -> None:
    """
    Nobody waits 20 seconds, on a shared core either.
    """
    assert telling.seconds < 20


def test_story_can_be_read(telling: Telling) -> None:
    """
    All six steps are announced, in order, in fewer lines than anybody scrolls back.
    """
    titles = [line for line in telling.out.splitlines() if line.startswith("Step ")]

    assert titles == [f"Step {number} of 6: {step.title}" for number, step in enumerate(STEPS, 1)]
    assert len(telling.out.splitlines()) < 400


def test_every_command_is_shown_before_it_runs(telling: Telling) -> None:
    """
    The main commands of the product, the administrator's SQL and Git's commits stand there to be copied.
    """
    shown = [line.removeprefix("$ ") for line in telling.out.splitlines() if line.startswith("$ ")]
    commands = {line.split()[1] for line in shown if line.startswith("reconciler ")}

    assert commands == {"init", "validate", "plan", "apply", "owners", "export", "audit"}
    assert [line for line in shown if line.startswith('sqlite3 .reconciler/openpages.db "UPDATE users SET locale')]
    assert [line for line in shown if line.startswith("git log")]


def test_days_go_by(telling: Telling) -> None:
    """
    The story has a clock of its own: each day is later than the one before, and the ledger has them.
    """
    dates = [line.removeprefix("date: ") for line in telling.out.splitlines() if line.startswith("date: ")]
    logged = subprocess.run(
        ["git", "-C", telling.folder, "log", "--reverse", "--format=%cs"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(dates) == 6
    assert dates == sorted(set(dates))
    assert sorted(set(logged.stdout.split())) == [date[:10] for date in dates]


def test_administrators_choice_outlives_the_story(telling: Telling) -> None:
    """
    At the end Ann bears the cloud's surname and the administrator's locale, and Bob's account is active.
    """
    with closing(sqlite3.connect(telling.folder / ".reconciler/openpages.db")) as database:
        rows = database.execute("SELECT first_name, last_name, locale, enabled FROM users WHERE id < 3").fetchall()

    assert rows == [("Ann", "Weber", "de_DE", 1), ("Bob", "Keller", "en_US", 1)]


def test_reasons_are_on_the_screen(telling: Telling) -> None:
    """
    What is withheld, why Bob was set inactive, and why a broken export removes nobody can be read.
    """
    for text in ('withheld: "fr_FR"', "absent from the export of", "the export is incomplete", "has shrunk"):
        assert text in telling.out, text


def test_nothing_is_left_uncommitted(telling: Telling) -> None:
    """
    Whoever goes on in the folder finds it clean.
    """
    status = ["git", "-C", str(telling.folder), "status", "--porcelain"]

    assert subprocess.run(status, capture_output=True, text=True, check=True).stdout == ""


def test_nobodys_git_configuration_is_touched(telling: Telling) -> None:
    """
    The repository's own configuration names nobody, and neither does a new file at home.
    """
    config = (telling.folder / ".git" / "config").read_text()

    assert "user" not in config


def test_folder_that_holds_anything_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The demo writes into no folder that is somebody's.
    """
    (tmp_path / "mine").touch()
    code = run(["demo", str(tmp_path)])

    assert code == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_every_preset_has_a_story() -> None:
    """
    Whoever chooses a preset can see it at work first.
    """
    assert set(STORIES) == set(presets())


@pytest.mark.parametrize("name", sorted({*STORIES} - {"openpages"}))
def test_other_systems_stories_go_as_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """
    Each story is told to its end, shows the commands it runs, and leaves a state folder in which nothing is wrong.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    code = run(["demo", "--system", name, str(tmp_path / "story")])
    told = capsys.readouterr()
    monkeypatch.chdir(tmp_path / "story")

    assert (code, told.err) == (0, "")
    assert "The story went as told" in told.out
    assert told.out.count("$ reconciler ") >= len(STORIES[name].steps)
    assert run(["validate", "--quiet"]) == 0


@pytest.mark.parametrize("name", sorted(STORIES))
def test_story_checks_itself(tmp_path: Path, name: str) -> None:
    """
    Where no command does anything, no story gets beyond its first step.
    """
    story = STORIES[name]
    with (
        stage(tmp_path, lambda _arguments: 0, database=story.database) as told,
        pytest.raises((ReconcilerError, OSError, sqlite3.Error)),
    ):
        story.steps[0].play(told)


def test_stage_leaves_place_and_time_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    After the story the process is in the folder where it was, at the time it had.
    """
    monkeypatch.setenv("RECONCILER_NOW", "2020-01-01T00:00:00Z")
    before = Path.cwd()
    with stage(tmp_path / "story", run) as told:
        told.date("2026-11-20T08:00:00Z")

    assert Path.cwd() == before
    assert os.environ["RECONCILER_NOW"] == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize("code", [0, 1, 70])
def test_story_that_goes_otherwise_is_not_told_on(tmp_path: Path, code: int) -> None:
    """
    Where a command does nothing, or ends otherwise than the story says, the demo stops and says so.
    """

    def nothing(_arguments: Sequence[str]) -> int:
        return code

    with stage(tmp_path, nothing) as told, pytest.raises(ReconcilerError, match="the story went otherwise"):
        STEPS[0].play(told)


def test_pipe_shortens_what_is_said_and_not_what_is_complained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `head` and `tail` act on stdout alone, as in a shell, and the exit code is told.
    """

    def talkative(_arguments: Sequence[str]) -> int:
        print("one\ntwo\nthree")  # noqa: T201  the command's own words
        sys.stderr.write("error: four\n")
        return 3

    told = Stage(tmp_path, talkative)
    head, tail = told.run("plan", expect=3, pipe="head -n 1"), told.run("plan", expect=3, pipe="tail -n 2")

    assert head == "one\nerror: four\n"
    assert tail == "two\nthree\nerror: four\n"
    assert "$ reconciler plan | head -n 1\none\nerror: four\nexit code 3" in capsys.readouterr().out


def test_folder_that_cannot_be_made_is_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A folder below a file is refused with the reason, and is no bug.
    """
    (tmp_path / "file").touch()

    assert run(["demo", str(tmp_path / "file" / "story")]) == 2
    assert "cannot be made" in capsys.readouterr().err
