"""
Real repositories for the tests of the store, and the verbs a person uses on them.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from reconciler.store import GitStore

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Repository:
    """
    A folder in which a person uses Git, and in which `root` is the ledger's place and `rows` what it holds first.
    """

    noon = NOON
    root = "state/ledger/sql"
    rows: ClassVar[dict[str, bytes]] = {
        "head.json": b'{"serial":1}\n',
        "runs/2026/1.jsonl": b"{}\n",
        "users.jsonl": b'{"key":"ann"}\n',
    }

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / self.root

    def git(self, *arguments: str) -> str:
        """
        Return what Git prints, run by Ann.
        """
        ann = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        done = subprocess.run(
            ["git", "-C", self.folder, *ann, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    def status(self) -> str:
        """
        Return what Git calls changed, staged or new.
        """
        return self.git("status", "--porcelain")

    def store(
        self,
        folder: str = "",
        *,
        root: str = root,
        branch: str | None = None,
        now: Callable[[], datetime] = lambda: NOON,
    ) -> GitStore:
        """
        Return the store of the ledger, opened in `folder`.
        """
        author = ("Reconciler", "reconciler@localhost")
        return GitStore.open(self.folder / folder, root=root, branch=branch, author=author, now=now)

    def record(self, store: GitStore, files: Mapping[str, bytes | None] | None = None) -> str:
        """
        Return the commit of `files` (`rows` if none are given) on top of what the store stands at.
        """
        return store.commit(self.rows if files is None else files, "Record run 1\n", parent=store.revision())

    def beside(self, name: str) -> "Repository":
        """
        Return the folder of that name beside this one.
        """
        return Repository(self.folder.parent / name)

    def hook(self, path: str, script: str) -> None:
        """
        Put a hook that runs `script` at `path`.
        """
        hook = self.folder / path
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)


@pytest.fixture
def place(tmp_path: Path) -> Repository:
    """
    Return an empty folder, in no repository.
    """
    (tmp_path / "place").mkdir()
    return Repository(tmp_path / "place")


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """
    Return a repository with one commit of one file, `notes.txt`, on branch `main`: made once, to be copied.
    """
    begun = Repository(tmp_path_factory.mktemp("begun"))
    begun.git("init", "--quiet", "--template=", "--initial-branch=main")
    (begun.folder / "notes.txt").write_text("one\n")
    begun.git("add", "notes.txt")
    begun.git("commit", "--quiet", "-m", "Begin")
    return begun


@pytest.fixture
def repo(begun: Repository, tmp_path: Path) -> Repository:
    """
    Return a repository of the test's own, as `begun` describes it.
    """
    return Repository(shutil.copytree(begun.folder, tmp_path / "repo"))
