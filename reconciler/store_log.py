"""
Which commit added a file, and which changed one that is only ever added, as Git's log tells it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from reconciler.core.runs import Commit
from reconciler.store_git import Git

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FORMAT = "%x01%H %ct %an <%ae>"


def additions(git: Git, revision: str, folder: str) -> Iterator[tuple[str, Commit]]:
    """
    Yield path and commit of each addition of a file below `folder`, up to `revision`, the latest first.
    """
    options = ("-z", "--diff-filter=A", "--no-renames", "--name-only", f"--format={_FORMAT}")
    yield from _logged(git.run("log", *options, revision, "--", folder).decode("utf-8", "replace"))


def edits(git: Git, revision: str, folder: str) -> dict[str, tuple[str, Commit]]:
    """
    Return what became of each file below `folder` after it was added, and the first commit that did it.

    A merge is looked at from each of its parents, so that nothing hides in one.
    """
    options = ("-z", "-m", "--reverse", "--diff-filter=MTD", "--no-renames", "--name-status", f"--format={_FORMAT}")
    found: dict[str, tuple[str, Commit]] = {}
    letter = ""
    for part, commit in _logged(git.run("log", *options, revision, "--", folder).decode("utf-8", "replace")):
        # letter and path come in turn
        if not letter:
            letter = part
            continue
        found.setdefault(part, ("taken away" if letter == "D" else "changed", commit))
        letter = ""
    return found


def _logged(logged: str) -> Iterator[tuple[str, Commit]]:
    commit = Commit(commit="", who="", time="")
    for part in logged.split("\0"):
        # a path begins with the ledger's root, and Git lets no NUL into a name: nobody can forge a header
        if part.startswith("\x01"):
            name, seconds, who = part[1:].split(" ", 2)
            commit = Commit(commit=name, who=who, time=f"{datetime.fromtimestamp(int(seconds), UTC):{_TIME}}")
        elif part:
            yield part.removeprefix("\n"), commit
