"""
What a story can do in its folder: run commands, administer the database, write files, commit, and check itself.

Time is the story's own, not the machine's, so that one telling is like another.
"""

import io
import os
import shlex
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import click
from msgspec import Struct

from reconciler.effects import effect
from reconciler.errors import ReconcilerError, UsageError
from reconciler.render.escape import escape
from reconciler.wiring.scaffold import begin, commit, history
from reconciler.wiring.surroundings import clock

DATABASE = Path(".reconciler/openpages.db")
MEANINGS = {0: "done", 1: "failed, partial or incomplete", 3: "a decision is needed", 4: "there are changes"}


class Stage:
    """
    The folder in which a story is told, which is the current one, and the words said there.

    `again` runs a command line in this process and returns its exit code. `database` is the target's, below the
    folder.
    """

    def __init__(self, folder: Path, again: Callable[[Sequence[str]], int], *, database: Path = DATABASE) -> None:
        self.folder = folder
        self._again = again
        self._database = database

    def begin(self) -> None:
        """
        Make the folder a repository that leaves the database out.
        """
        click.echo("\n$ git init --quiet && echo .reconciler/ > .gitignore")
        begin(self.folder)
        with effect("write", ".gitignore"):
            (self.folder / ".gitignore").write_text(".reconciler/\n", "utf-8")

    def title(self, text: str) -> None:
        """
        Begin a step.
        """
        click.echo(f"\n{text}\n{'-' * len(text)}")

    def say(self, text: str) -> None:
        """
        Say a sentence.
        """
        click.echo(f"\n{text}")

    def date(self, moment: str) -> None:
        """
        Let it be `moment`, as `2026-11-20T08:00:00Z`, until the story says otherwise.
        """
        os.environ["RECONCILER_NOW"] = moment
        click.echo(f"\ndate: {moment}")

    def run(self, command: str, *, expect: int = 0, pipe: str = "") -> str:
        """
        Show a command, run it, print what it prints, and return what was shown.

        `pipe` shortens what stands on stdout, as the shell would: `head -n 8` or `tail -n 1`. Raises
        ReconcilerError where the exit code is not the expected one.
        """
        click.echo(f"\n$ reconciler {command}" + (f" | {pipe}" if pipe else ""))
        said, complained = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(complained):
            code = self._again(shlex.split(command))
        shown = _piped(said.getvalue(), pipe) + complained.getvalue()
        click.echo(shown, nl=False)
        if code:
            click.echo(f"exit code {code}: {MEANINGS.get(code, 'not expected')}")
        self.check(code == expect, f"`reconciler {command}` ended with {code}, not {expect}")
        return shown

    def administer(self, statement: str) -> None:
        """
        Show and run one statement of SQL, as the target's administrator does.
        """
        click.echo(f'\n$ sqlite3 {self._database.as_posix()} "{statement}"')
        self.rows(statement)

    def ask(self, question: str) -> None:
        """
        Show a query of the database, and its answer as the sqlite3 shell prints it.
        """
        click.echo(f'\n$ sqlite3 {self._database.as_posix()} "{question}"')
        for row in self.rows(question):
            click.echo(escape("|".join("" if value is None else str(value) for value in row)))

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """
        Return what the database answers; what the statement changes is committed.
        """
        path = self.folder / self._database
        with effect("sql", statement), closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    def write(self, path: str, text: str) -> None:
        """
        Write a file, and show it.
        """
        place = self.folder / path
        if not place.parent.is_dir():
            with effect("mkdir", place.parent):
                place.parent.mkdir(parents=True)
        with effect("write", path):
            place.write_text(text, "utf-8")
        click.echo(f"\n$ cat {path}\n{text}", nl=False)

    def commit(self, message: str) -> None:
        """
        Commit everything in the folder.
        """
        click.echo(f'\n$ git add --all && git commit --quiet --message "{message}"')
        commit(self.folder, message, now=clock(os.environ)())

    def log(self) -> None:
        """
        Show the commits of the folder.
        """
        click.echo("\n$ git log --oneline")
        click.echo(history(self.folder), nl=False)

    def check(self, fact: object, otherwise: str) -> None:
        """
        Raise ReconcilerError, which says how the story went otherwise, unless the fact holds.
        """
        if not fact:
            hint = f"this is a bug: report it with what stands above; the folder is {self.folder}"
            raise ReconcilerError(f"the story went otherwise: {otherwise}", hint=hint)


class Step(Struct, frozen=True):
    """
    One step of a story: its title, and what happens in it.
    """

    title: str
    play: Callable[[Stage], None]


@contextmanager
def stage(folder: Path, again: Callable[[Sequence[str]], int], *, database: Path = DATABASE) -> Iterator[Stage]:
    """
    Yield the stage in `folder`, made if need be; afterwards the process is where it was, at its own time.

    Raises UsageError where it cannot be made.
    """
    try:
        with effect("mkdir", folder):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        told = f"{folder} cannot be made: {error.strerror}"
        raise UsageError(told, hint="name a new folder in one that you may write to") from error
    with chdir(folder), _restored(os.environ.copy()):
        yield Stage(folder, again, database=database)


@contextmanager
def _restored(before: Mapping[str, str]) -> Iterator[None]:
    try:
        yield
    finally:
        os.environ.pop("RECONCILER_NOW", None)
        if "RECONCILER_NOW" in before:
            os.environ["RECONCILER_NOW"] = before["RECONCILER_NOW"]


def _piped(text: str, pipe: str) -> str:
    """
    Return the lines that `head -n N` or `tail -n N` lets pass; all of them without a pipe.
    """
    if not pipe:
        return text
    program, _, count = pipe.split()
    lines = text.splitlines(keepends=True)
    return "".join(lines[: int(count)] if program == "head" else lines[-int(count) :])
