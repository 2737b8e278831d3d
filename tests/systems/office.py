"""
A person at a command line, in a repository of their own under any preset: the verbs that tests of commands share.
"""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.core.export import GroupRow, UserRow
from reconciler.files.new_export import write_export
from tests.cli.conftest import Answer
from tests.targets.sql_admin import SqlAdmin

NOW = "2026-11-20T08:00:00Z"
CONFIG = """\
version: 1
sources:
{sources}
targets:
  registry:
    type: sql
    url: sqlite:///.reconciler/registry.db
    sources: [{names}]
    policy: {policy}
"""


class Office:
    """
    The folder `folder`, which `begins` makes a repository.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.admin = SqlAdmin(folder / ".reconciler" / "registry.db")
        self._capsys = capsys

    def begins(self, *, policy: str, sources: Sequence[str] = ("directory",)) -> None:
        """
        Make the repository; `policy` is the name of a preset, or of a file in `policies/`.
        """
        self.writes(".gitignore", ".reconciler/\n")
        listed = "\n".join(f"  {name}: {{type: rows, account: {name}}}" for name in sources)
        config = CONFIG.format(sources=listed, names=", ".join(sources), policy=policy)
        self.writes("state/reconciler.yaml", config)
        self.git("init", "--quiet", "--template=", "--initial-branch=main")
        self.commit()

    def writes(self, path: str, text: str) -> None:
        """
        Write a file below the folder.
        """
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, "utf-8")

    def git(self, *arguments: str) -> str:
        """
        Return what Git prints when Ann runs it here.
        """
        ann = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        command = ["git", "-C", str(self.folder), *ann, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def commit(self, message: str = "Decide") -> None:
        """
        Commit everything that lies here.
        """
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)

    def source_says(
        self,
        users: Iterable[UserRow],
        groups: Iterable[GroupRow] = (),
        *,
        source: str = "directory",
        complete: bool = True,
        at: str = "2026-11-20T07:00:00Z",
    ) -> None:
        """
        Commit an export of a source, read at this time, whole or not.
        """
        write_export(
            self.state / "exports" / source,
            source=source,
            account=source,
            fetched_at=at,
            complete=complete,
            faults=() if complete else ("a page is missing",),
            read={},
            users=sorted(users, key=lambda row: row.key),
            groups=sorted(groups, key=lambda row: row.key),
        )
        self.commit()

    def decides(self, text: str, *, name: str = "decided.yaml") -> None:
        """
        Commit an override file with this text.
        """
        self.writes(f"state/overrides/{name}", text)
        self.commit()

    def run(self, *arguments: str) -> Answer:
        """
        Run one command here and return its exit code and what it printed.
        """
        self._capsys.readouterr()
        return Answer(run(arguments), *self._capsys.readouterr())

    def applied(self) -> Answer:
        """
        Commit all there is, apply it, and return the answer; nothing is left to do.
        """
        self.commit()
        told = self.run("apply", "--yes")

        assert (told.code, self.run("plan", "--check").code) == (0, 0), told
        return told

    def overrides(self) -> str:
        """
        Return the text of all override files.
        """
        return "".join(path.read_text("utf-8") for path in sorted((self.state / "overrides").glob("*.yaml")))


def person(name: str, **fields: object) -> UserRow:
    """
    Return an active person whose key is `id-NAME`; `groups` are names of groups.
    """
    groups = tuple(sorted(f"id-{group}" for group in fields.pop("groups", ())))  # type: ignore[attr-defined]
    return UserRow(**{"key": f"id-{name}", "user_name": name, "state": "active", "groups": groups} | fields)  # type: ignore[arg-type]


def team(name: str, **fields: object) -> GroupRow:
    """
    Return a group whose key is `id-NAME`.
    """
    return GroupRow(**{"key": f"id-{name}", "name": name} | fields)  # type: ignore[arg-type]
