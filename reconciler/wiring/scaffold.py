"""
A new state repository: the example organisation, dated to the present, in Git.

It is a repository like any other from its first commit on: nothing in it remembers that it was scaffolded.
"""

import re
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

from reconciler.effects import effect
from reconciler.errors import UsageError
from reconciler.files.atomic import replace_file
from reconciler.files.config import Author
from reconciler.files.exports import read_export
from reconciler.files.new_export import write_export
from reconciler.files.schema import shipped
from reconciler.files.state import RULINGS
from reconciler.store_commit import known_to, signature
from reconciler.store_git import Git
from reconciler.wiring.scaffold_github import add_github
from reconciler.wiring.surroundings import stamp

SOURCE = "ibmcloud"
EXPORT = f"exports/{SOURCE}"
HELP_ENDS = timedelta(days=21)
"""How long the example's temporary override still holds: so little that a plan says so."""

_AUTHOR = Author()
_READ_ME = Path(__file__).with_name("scaffold.md")
_GENERATED = shutil.ignore_patterns("exports", "ledger", ".reconciler")
_PLAIN = {
    ".gitignore": "# The embedded database, and the journal of a run that is not recorded yet.\n.reconciler/\n",
    ".gitattributes": "# What is digested must be checked out byte by byte.\nstate/** -text\n",
    ".github/CODEOWNERS": (
        "# Who must approve a change before it is merged. Write your own teams here, and let the branch's\n"
        "# protection require a review from code owners. Of several lines that fit, the last one counts.\n"
        "/state/             @your-organisation/access-administrators\n"
        "/state/overrides/   @your-organisation/access-reviewers\n"
        f"/state/{RULINGS}/  @your-organisation/group-reviewers\n"
        "/.github/           @your-organisation/access-administrators\n"
    ),
}


def scaffold(folder: Path, *, now: datetime, github: bool = False) -> None:
    """
    Make `folder` a Git repository with a state folder that plans at once, all of it committed.

    `github`: with all that it needs there. The example export is dated `now`, because nothing would be removed on
    the word of a stale one. Raises UsageError where `folder` holds anything.
    """
    require_empty(folder)
    state = folder / "state"
    with effect("copy", folder):
        shutil.copytree(shipped("state"), state, ignore=_GENERATED, copy_function=shutil.copyfile)
        shutil.copytree(shipped("schemas"), folder / "schemas", copy_function=shutil.copyfile)
    for path in (state / "overrides").rglob("*.yaml"):
        replace_file(path, _dated(path.read_text("utf-8"), now.date()).encode())
    _write_export(state / EXPORT, fetched_at=stamp(now))
    replace_file(folder / "README.md", _READ_ME.read_bytes())
    for name, text in _PLAIN.items():
        replace_file(folder / name, text.encode())
    branch = begin(folder)
    if github:
        add_github(folder, branch=branch)
    commit(folder, "Start with the example organisation", now=now)


def begin(folder: Path) -> str:
    """
    Make `folder` a Git repository, on the branch that Git is told to begin with, and return that branch.
    """
    git = Git(folder)
    branch = git.line("config", "init.defaultBranch") or "main"
    git.run("init", "--quiet", "--template=", f"--initial-branch={branch}")
    return branch


def require_empty(folder: Path) -> None:
    """
    Raise UsageError where `folder` is no new or empty folder.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="name a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="name a new or empty folder; nothing was written")


def commit(folder: Path, message: str, *, now: datetime) -> None:
    """
    Commit everything in `folder`, by whom Git knows, or else by Reconciler itself; no configuration is touched.
    """
    git = Git(folder)
    by = signature(known_to(git, (_AUTHOR.name, _AUTHOR.email)), now)
    git.run("add", "--all")
    git.run("commit", "--quiet", "--no-gpg-sign", "--file=-", feed=message.encode(), **by)


def history(folder: Path) -> str:
    """
    Return the commits of `folder`, the latest first, a line each.
    """
    return Git(folder).run("log", "--oneline", "--no-decorate", "--no-color").decode()


def cloud_example() -> Path:
    """
    Return the folder with what IBM Cloud's command line printed of the example organisation.
    """
    return shipped(SOURCE) / "cli"


def _dated(text: str, today: date) -> str:
    """
    Return overrides of which those that end do so soon after `today`.
    """
    return re.sub(r"(?m)^  until: \S+$", f"  until: {today + HELP_ENDS}", text)


def _write_export(folder: Path, *, fetched_at: str) -> None:
    """
    Write the example export anew, as if it had been read at `fetched_at`.
    """
    example = read_export(shipped("state") / EXPORT)
    write_export(
        folder,
        source=example.manifest.source,
        account=example.manifest.account,
        fetched_at=fetched_at,
        complete=example.manifest.complete,
        faults=example.manifest.faults,
        read=example.manifest.read,
        users=[placed.row for placed in example.users],
        groups=[placed.row for placed in example.groups],
    )
