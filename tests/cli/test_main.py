"""
The command line as a whole: help, exit codes, and what becomes of a failure that nobody expected.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from reconciler import __version__
from reconciler.cli import main
from reconciler.cli.session import Session, complain, shared
from reconciler.errors import HeldError
from tests.cli.conftest import ROOT, Answer, Desk

NAMES = list(main.COMMANDS)
AT_ROOT = {"PYTHONPATH": str(ROOT)}
HELP = ("Examples:", "Exit codes:", "--state", "--quiet", "--verbose", "--no-color", "--help")


def lines() -> Iterator[tuple[str, ...]]:
    """
    Yield the words of every command, of those below another, too.
    """
    for name, (load, _) in main.COMMANDS.items():
        command = load()
        below = command.commands if isinstance(command, click.Group) else {}
        yield from ((name, one) for one in below) if below else [(name,)]


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> Answer:
    """
    Return what one command line left behind.
    """
    return Answer(main.run(arguments), *capsys.readouterr())


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """
    Let `plan` end in an error.
    """

    @click.command()
    def plan() -> None:
        raise error

    monkeypatch.setitem(main.COMMANDS, "plan", (lambda: plan, ""))


@pytest.mark.parametrize("line", list(lines()), ids=" ".join)
def test_every_command_has_help_with_examples_and_exit_codes(
    capsys: pytest.CaptureFixture[str], line: tuple[str, ...]
) -> None:
    """
    The help of each command tells its options, examples to type and what its exit codes mean.
    """
    told = called(capsys, *line, "--help")

    assert told.code == 0
    assert [word for word in (f"reconciler {' '.join(line)}", *HELP) if word not in told.out] == []


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The first help that anybody reads has a line for each command.
    """
    told = called(capsys, "--help")

    assert told.code == 0
    assert [line.split()[0] for line in told.out.partition("Commands:\n")[2].splitlines()[: len(NAMES)]] == NAMES


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    """
    `--version` prints name and version.
    """
    assert __version__ in called(capsys, "--version").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("plna",), "Did you mean 'plan'?", id="command"),
        pytest.param(("qqqq",), "No such command", id="nothing near"),
        pytest.param(("plan", "--fromat", "json"), "--format", id="option"),
        pytest.param(("plan", "--format", "xml"), "'text', 'deepdiff', 'json', 'markdown'", id="choice"),
        pytest.param(("take", "ann"), "FIELD", id="argument"),
        pytest.param(("take", "ann", "locale"), "--reason", id="reason"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    """
    Whoever mistypes is told what was meant, on stderr.
    """
    told = called(capsys, *arguments)

    assert told.code == 2
    assert words in told.err
    assert told.out == ""


def test_missing_state_folder_is_told_with_what_to_type(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """
    Where there is no state folder the hint says how to get one.
    """
    monkeypatch.chdir(str(tmp_path))
    told = called(capsys, "plan")

    assert told.code == 1
    assert "reconciler init" in told.err


def test_bug_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What nobody expected is exit code 70 with its place, and looks like no answer.
    """
    failing(monkeypatch, ValueError("\x1b[31m"))
    told = called(capsys, "plan")

    assert told.code == 70
    assert told.out == ""
    assert "a bug in reconciler" in told.err
    assert "Traceback" not in told.err


def test_bug_is_told_with_a_traceback_where_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    RECONCILER_DEBUG=1 adds what a developer needs.
    """
    failing(monkeypatch, ValueError("x"))
    monkeypatch.setenv("RECONCILER_DEBUG", "1")

    assert "Traceback" in called(capsys, "plan").err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        pytest.param(HeldError("wait", hint="decide"), 3, "error: wait\nhint: decide\n", id="ours"),
        pytest.param(HeldError("\x1b[31m"), 3, "error: <U+001B>[31m\n", id="hostile"),
        pytest.param(KeyboardInterrupt(), 130, "error: interrupted\n", id="ctrl-c"),
        pytest.param(click.Abort(), 130, "error: interrupted\n", id="abort"),
    ],
)
def test_failure_has_its_exit_code(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    error: BaseException,
    code: int,
    words: str,
) -> None:
    """
    Each failure we expect is told in a line or two, with its own exit code.
    """
    failing(monkeypatch, error)
    told = called(capsys, "plan")

    assert told.code == code
    assert told.err.endswith(words)


def test_reader_who_walks_away_stops_an_apply(desk: Desk) -> None:
    """
    Where nobody reads the plan any more nothing is applied, and the exit code is no success.
    """
    command = [sys.executable, "-m", "reconciler", "apply", "--yes"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=AT_ROOT | os.environ, check=False)
    os.close(writer)

    assert done.returncode == 1
    assert done.stderr.startswith(b"error: nobody reads the answer any more")
    assert b"Traceback" not in done.stderr
    assert desk.git("log", "--format=%s") == "Begin\n"


def test_command_without_stdout_does_its_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where streams were closed before the command began, as some schedulers do, it works and says nothing.
    """
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", None)
        patch.setattr(sys, "stdout", None)
        code = main.run(["apply", "--yes", "--quiet"])

    assert code == 0
    assert desk.git("log", "-1", "--format=%s") == "Record run 1 on openpages\n"


def test_every_command_understands_the_shared_options(desk: Desk) -> None:
    """
    State, quiet, verbose and no-color are understood before anything is done.
    """
    told = desk.run("validate", "--state", "state", "--quiet", "--verbose", "--no-color")

    assert told.code == 0


def test_quoted_line_break_starts_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Where a value of somebody's breaks the line, no log takes what follows for a command of its own.
    """
    complain("no group 'Risk\n::add-mask::Ann'", "look at\n::error::it")
    told = capsys.readouterr().err.splitlines()

    assert len(told) == 4
    assert [line for line in told if line.lstrip().startswith("::")] == []


def test_whisper_needs_verbose(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is whispered is heard with --verbose alone.
    """

    @click.command()
    @shared
    def plan(*, session: Session) -> int:
        session.whisper("psst")
        return 0

    monkeypatch.setitem(main.COMMANDS, "plan", (lambda: plan, ""))
    heard = [called(capsys, "plan", *more).err for more in ((), ("--verbose",))]

    assert heard == ["", "psst\n"]


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_time_without_days_around_it_is_refused(settled: Desk, monkeypatch: pytest.MonkeyPatch, year: str) -> None:
    """
    A clock so far off that no day before or after can be counted is no time.
    """
    monkeypatch.setenv("RECONCILER_NOW", f"{year}-12-31T23:59:59Z")
    told = settled.run("plan")

    assert told.code == 2
    assert "RECONCILER_NOW" in told.err
