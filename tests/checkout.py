"""
A repository with the example organisation, its database beside it, and a remote to push to: real ones, in a folder.
"""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from reconciler.core.export import GroupRow, UserRow
from reconciler.files.exports import read_export
from reconciler.files.new_export import write_export
from tests.doomed import Ended, Listener, let, reconciler

ROOT = Path(__file__).parents[1]
ANN = "IBMid-6620010001"
LEDGER = "state/ledger/openpages"


class Checkout:
    """
    The repository at `folder`/repository, and the verbs of those who work on it.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.folder = folder / "repository"
        self.remote = folder / "remote.git"

    @classmethod
    def new(cls, folder: Path) -> "Checkout":
        """
        Return a checkout below `folder` that no run has seen.
        """
        made = cls(folder)
        shutil.copytree(
            ROOT / "state", made.folder / "state", ignore=shutil.ignore_patterns("ledger", "people.yaml")
        )
        (made.folder / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")
        made.git("init", "--quiet", "--template=", "--initial-branch=main")
        made.save("Begin")
        return made

    def copy(self, folder: Path) -> "Checkout":
        """
        Return the same once more, remote and database and all, below `folder`, which is new.
        """
        return Checkout(shutil.copytree(self.home, folder))

    def git(self, *arguments: str) -> str:
        """
        Return what Git answers.
        """
        who = ["-c", "user.name=Ops", "-c", "user.email=ops@example.com"]
        command = ["git", "-C", str(self.folder), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.removesuffix("\n")

    def save(self, subject: str) -> None:
        """
        Commit what people write: all but the ledger, whose files a killed run may have left half-way.
        """
        self.git("add", "--all", "--", ".", ":!state/ledger")
        self.git("commit", "-q", "-m", subject)

    def pushes(self) -> None:
        """
        Have runs push what they commit to a remote of ours.
        """
        config = self.folder / "state/reconciler.yaml"
        config.write_text(config.read_text("utf-8").replace("durability: commit", "durability: push"), "utf-8")
        self.save("Push")
        self.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(self.remote))
        self.git("remote", "add", "origin", "../remote.git")
        self.git("push", "--quiet", "--set-upstream", "origin", "main")

    def is_lost(self) -> None:
        """
        Lose the machine, and clone the remote again: what was not pushed is gone, and the target is not.
        """
        kept = self.home / "kept"
        shutil.move(self.folder / ".reconciler", kept)
        shutil.rmtree(self.folder)
        subprocess.run(["git", "clone", "--quiet", self.remote, self.folder], check=True)
        self.git("remote", "set-url", "origin", "../remote.git")
        shutil.rmtree(kept / "journal", ignore_errors=True)
        shutil.move(kept, self.folder / ".reconciler")

    def run(self, *arguments: str, now: str, listener: Listener = let, path: str = "") -> Ended:
        """
        Return what the command line left in a process of its own at the time `now`.
        """
        return reconciler(self.folder, *arguments, now=now, listener=listener, path=path)

    def wants_locale(self, locale: str) -> None:
        """
        Merge an override that gives Ann a locale.
        """
        text = f"- user: ann.muster@example.com\n  set: {{locale: {locale}}}\n  reason: T-1\n"
        (self.folder / "state/overrides/ann-locale.yaml").write_text(text, encoding="utf-8")
        self.save(f"Want {locale}")

    def cloud_says(
        self,
        edit: Callable[[UserRow], list[UserRow]],
        *,
        fetched_at: str,
        groups: Callable[[GroupRow], GroupRow] = lambda row: row,
    ) -> None:
        """
        Merge an export in which each person is what `edit` makes of them.
        """
        place = self.folder / "state/exports/ibmcloud"
        export = read_export(place)
        manifest = export.manifest
        write_export(
            place,
            source=manifest.source,
            account=manifest.account,
            fetched_at=fetched_at,
            complete=True,
            faults=(),
            read=manifest.read,
            users=[row for one in export.users for row in edit(one.row)],
            groups=[groups(one.row) for one in export.groups],
        )
        self.save(f"Export of {fetched_at}")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """
        Return what the administrator's own statement gives.
        """
        with closing(sqlite3.connect(self.folder / ".reconciler/openpages.db")) as database, database:
            return database.execute(statement).fetchall()

    def ann(self, column: str) -> object:
        """
        Return what the target has of Ann.
        """
        return self.sql(f"SELECT {column} FROM users WHERE external_id = '{ANN}'")[0][0]

    def owner(self, field: str) -> str:
        """
        Return who owns Ann's field, as the committed ledger says.
        """
        ann = next(row for row in self.rows("users") if row["key"] == ANN)
        return str(ann["claims"][field]["owner"])

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """
        Return the rows of the committed ledger, of users or of groups.
        """
        return [json.loads(line) for line in self.git("show", f"HEAD:{LEDGER}/{kind}.jsonl").splitlines()]

    def runs(self) -> list[list[dict[str, Any]]]:
        """
        Return the committed records of runs, by their paths, a line each as it was written.
        """
        paths = self.git("ls-tree", "-r", "--name-only", "HEAD", f"{LEDGER}/runs").splitlines()
        return [[json.loads(line) for line in self.git("show", f"HEAD:{path}").splitlines()] for path in paths]
