"""
A repository on GitHub as its people and its jobs see it: a bare remote on disk, a stand-in for the REST interface.

Each job begins as a job does: in a shallow clone of its own, with nothing but what the workflow gives it.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.cli.main import run
from tests.github.stand_in import READ_ONLY, REPOSITORY, TOKEN, Hub
from tests.targets.sql_admin import SqlAdmin

LEDGER = "reconciler-ledger"
NOW = "2026-11-20T08:00:00Z"


class Job(NamedTuple):
    """
    What a job left behind: exit code, log, summary, outputs.
    """

    code: int
    out: str
    err: str
    summary: str
    outputs: dict[str, str]


class Forge:
    """
    The verbs of those who work with the repository, below `home`.
    """

    def __init__(self, home: Path, hub: Hub, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.hub, self.patch, self.capsys = home, hub, patch, capsys
        self.remote = home / "remote.git"
        self.desk = home / "desk"
        self.database = home / "openpages.db"
        self.admin = SqlAdmin(self.database)
        self.now = NOW
        self.jobs = 0

    def git(self, *arguments: str, at: Path | None = None) -> str:
        """
        Return what Git prints, by default where people work.
        """
        who = ("-c", "user.name=Ann", "-c", "user.email=ann.muster@example.com", "-c", "protocol.file.allow=always")
        command = ["git", "-C", str(at or self.desk), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.removesuffix("\n")

    def pushes(self, *, message: str = "Decide", branch: str = "main") -> None:
        """
        Commit what lies on the desk, and push it.
        """
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")

    def proposes(self, files: Mapping[str, str], *, mails: tuple[str, ...] = ()) -> int:
        """
        Return the number of a pull request with these files, on a branch made from `main` as it is.
        """
        number = self.hub.opens_pull(head=f"change-{len(self.hub.issues) + 1}", mails=mails)
        self.git("fetch", "--quiet", "origin", "main")
        self.git("switch", "--quiet", "--detach", "origin/main")
        for name, text in files.items():
            path = self.desk / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.pushes(message=f"Change {number}", branch=f"change-{number}")
        self.merge_ref(number)
        return number

    def merge_ref(self, number: int) -> None:
        """
        Make what GitHub makes for each pull request: the commit that merging it now would give.
        """
        self.git("fetch", "--quiet", "origin", "main", f"change-{number}")
        self.git("switch", "--quiet", "--detach", "origin/main")
        self.git("merge", "--quiet", "--no-ff", "--no-edit", f"origin/change-{number}")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/merge")

    def squashes(self, number: int) -> None:
        """
        Merge a pull request as one commit.
        """
        self.git("fetch", "--quiet", "origin", "main", f"change-{number}")
        self.git("switch", "--quiet", "--detach", "origin/main")
        self.git("merge", "--quiet", "--squash", f"origin/change-{number}")
        self.pushes(message=f"Change (#{number})")
        self.hub.merges(number, "2026-11-20T08:30:00Z")

    def checkout(self, ref: str, *, depth: int = 1) -> Path:
        """
        Return the clone of a new job, made as actions/checkout makes it.
        """
        self.jobs += 1
        folder = self.home / f"job-{self.jobs}"
        folder.mkdir()
        self.git("init", "--quiet", "--template=", "--initial-branch=main", at=folder)
        self.git("remote", "add", "origin", f"file://{self.remote}", at=folder)
        branch = ref.startswith("refs/heads/")
        place = ref.replace("refs/heads/", "refs/remotes/origin/") if branch else "refs/remotes/" + ref[5:]
        self.git("fetch", "--quiet", "--no-tags", f"--depth={depth}", "origin", f"+{ref}:{place}", at=folder)
        if branch:
            self.git("checkout", "--quiet", "-B", ref.removeprefix("refs/heads/"), place, at=folder)
        else:
            self.git("checkout", "--quiet", "--detach", place, at=folder)
        return folder

    def environ(self, folder: Path, ref: str, *, pull: int = 0, fork: bool = False) -> dict[str, str]:
        """
        Return what Actions tells a job, and what the workflow gives it.
        """
        repository = {"full_name": REPOSITORY}
        event = {
            "pull_request": {
                "number": pull,
                "head": {"ref": f"change-{pull}", "repo": {"full_name": "mallory/access"} if fork else repository},
                "base": {"ref": "main", "repo": repository},
            }
        }
        path = folder.parent / f"{folder.name}.event.json"
        path.write_text(json.dumps(event if pull else {}), encoding="utf-8")
        return {
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": self.git("rev-parse", "HEAD", at=folder),
            "GITHUB_REF": ref,
            "GITHUB_RUN_ID": "77",
            "GITHUB_ACTOR": "ann",
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_STEP_SUMMARY": str(folder.parent / f"{folder.name}.summary.md"),
            "GITHUB_OUTPUT": str(folder.parent / f"{folder.name}.output"),
            "GITHUB_TOKEN": READ_ONLY if fork else TOKEN,
            "RECONCILER_NOW": self.now,
            **({} if fork else {"OPENPAGES_DB": str(self.database)}),
        }

    def job(self, folder: Path, environ: Mapping[str, str], *arguments: str) -> Job:
        """
        Return what a command left behind that a job's step ran.
        """
        for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
            Path(environ[name]).write_text("", encoding="utf-8")
        with self.patch.context() as patch:
            patch.chdir(folder)
            patch.delenv("OPENPAGES_DB", raising=False)
            for name, value in environ.items():
                patch.setenv(name, value)
            self.capsys.readouterr()
            code = run(["github", *arguments])
            out, err = self.capsys.readouterr()
        lines = Path(environ["GITHUB_OUTPUT"]).read_text("utf-8").splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        return Job(code, out, err, Path(environ["GITHUB_STEP_SUMMARY"]).read_text("utf-8"), outputs)

    def plans(self, number: int, *, fork: bool = False) -> Job:
        """
        Return what job plan of a pull request left behind.
        """
        ref = f"refs/pull/{number}/merge"
        folder = self.checkout(ref, depth=2)
        return self.job(folder, self.environ(folder, ref, pull=number, fork=fork), "plan")

    def on_main(self, *arguments: str, folder: Path | None = None) -> Job:
        """
        Return what a job on the default branch left behind.
        """
        folder = folder or self.checkout("refs/heads/main")
        return self.job(folder, self.environ(folder, "refs/heads/main"), *arguments)

    def applies(self, *, meanwhile: Callable[[], object] = lambda: None) -> tuple[Job, Job]:
        """
        Return what the two jobs of a run of apply left behind; `meanwhile` happens between them.
        """
        first = self.checkout("refs/heads/main")
        planned = self.on_main("apply-plan", folder=first)
        meanwhile()
        second = self.checkout("refs/heads/main") if planned.code == 0 else first
        if (first / "plan.json").is_file():
            shutil.copy(first / "plan.json", second / "plan.json")
        return planned, self.on_main("apply", folder=second)

    def subjects(self, ref: str = LEDGER) -> list[str]:
        """
        Return the subjects of a branch of the remote, the oldest first.
        """
        return self.git("log", "--reverse", "--format=%s", ref, at=self.remote).split("\n")

    def person(self, user_name: str, column: str) -> object:
        """
        Return what the target has of somebody.
        """
        [[value]] = self.admin.run(f"SELECT {column} FROM users WHERE user_name = ?", user_name)
        return value

    def comment(self, number: int) -> str:
        """
        Return our one comment on a pull request.
        """
        [text] = self.hub.ours(number)
        return text
