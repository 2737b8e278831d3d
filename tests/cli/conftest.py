"""
A person at a command line, in a repository of their own that holds the example organisation.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reconciler.cli.main import run
from reconciler.core.export import GroupRow, UserRow
from reconciler.files.exports import read_export
from reconciler.files.new_export import write_export
from tests.targets.sql_admin import SqlAdmin

ROOT = Path(__file__).parents[2]
NOW = "2026-11-20T08:00:00Z"
ANN, BOB, CLARA = "ann.muster@example.com", "bob.keller@example.com", "clara.vogt@example.com"


class Answer(NamedTuple):
    """
    What a command left behind.
    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """
        What was printed, read as JSON.
        """
        return json.loads(self.out)


class Desk:
    """
    The verbs of a person at the command line. The administrator of the target works next door.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.export = self.state / "exports" / "ibmcloud"
        self.admin = SqlAdmin(folder / ".reconciler" / "openpages.db")
        self.capsys = capsys

    def run(self, *arguments: str) -> Answer:
        """
        Run one command here and return its exit code and what it printed.
        """
        self.capsys.readouterr()
        code = run(arguments)
        return Answer(code, *self.capsys.readouterr())

    def git(self, *arguments: str) -> str:
        """
        Return what Git prints.
        """
        return git(self.folder, *arguments)

    def commit(self) -> None:
        """
        Commit everything that lies here.
        """
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "Decide")

    def decides(self, text: str, *, name: str = "decided.yaml") -> None:
        """
        Commit an override file with this text.
        """
        (self.state / "overrides" / name).write_text(text)
        self.commit()

    def configures(self, old: str, new: str) -> None:
        """
        Commit reconciler.yaml with a part of it replaced.
        """
        path = self.state / "reconciler.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.commit()

    def cloud(
        self,
        edit: Callable[[UserRow], UserRow | None] = lambda row: row,
        *,
        groups: Callable[[GroupRow], GroupRow] = lambda row: row,
        complete: bool = True,
        at: str = "2026-11-20T07:00:00Z",
    ) -> None:
        """
        Commit an export in which the cloud says something else of people (None: it no longer has them) and groups.
        """
        before = read_export(self.export)
        write_export(
            self.export,
            source="ibmcloud",
            account=before.manifest.account,
            fetched_at=at,
            complete=complete,
            faults=() if complete else ("a page of users is missing",),
            read={},
            users=[row for placed in before.users if (row := edit(placed.row))],
            groups=[groups(placed.row) for placed in before.groups],
        )
        self.commit()

    def people(self) -> list[UserRow]:
        """
        Return everybody in the export.
        """
        return [placed.row for placed in read_export(self.export).users]


def git(folder: Path, *arguments: str) -> str:
    """
    Return what Git prints when Ann runs it in `folder`.
    """
    ann = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(["git", "-C", folder, *ann, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="session")
def unplanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Return a repository with the example organisation, made once, to be copied; no run has seen it.

    Of the example's overrides it has the one that parts two groups of one name, so that nothing is held.
    """
    folder = tmp_path_factory.mktemp("desk") / "unplanned"
    people = shutil.ignore_patterns("ledger", "people.yaml", "year-end.yaml")
    shutil.copytree(ROOT / "state", folder / "state", ignore=people)
    (folder / ".gitignore").write_text(".reconciler/\n")
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "Begin")
    _packed(folder)
    return folder


@pytest.fixture(scope="session")
def converged(unplanned: Path) -> Path:
    """
    Return the same repository after one apply, made once, to be copied.
    """
    folder = shutil.copytree(unplanned, unplanned.parent / "converged")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("RECONCILER_NOW", NOW)
        assert run(["apply", "--yes", "--quiet"]) == 0
    _packed(folder)
    return folder


def _packed(folder: Path) -> None:
    """
    Put all objects of a repository into one file: it is copied for each test.
    """
    git(folder, "repack", "-a", "-d", "--quiet")


@pytest.fixture
def desk(unplanned: Path, tmp_path: Path, seated: Callable[[Path], Desk]) -> Desk:
    """
    Return a desk of the test's own at which no run was made yet.
    """
    return seated(shutil.copytree(unplanned, tmp_path / "desk"))


@pytest.fixture
def settled(converged: Path, tmp_path: Path, seated: Callable[[Path], Desk]) -> Desk:
    """
    Return a desk of the test's own at which target and Git say the same.
    """
    return seated(shutil.copytree(converged, tmp_path / "settled"))


@pytest.fixture
def seated(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], Desk]:
    """
    Return the function that sits down at a folder: from there commands run, at a time that stands still.
    """

    def sit(folder: Path) -> Desk:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("RECONCILER_NOW", NOW)
        monkeypatch.delenv("NO_COLOR", raising=False)
        return Desk(folder, capsys)

    return sit
