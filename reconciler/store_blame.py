"""
Which commit a line of a file comes from.
"""

from datetime import UTC, datetime
from pathlib import Path

from reconciler.core.runs import Commit
from reconciler.store_git import Git

_UNSAVED = "0" * 40


def commit_of(root: Path, path: str, line: int) -> Commit | None:
    """
    Return the commit that gave a line of a file below the folder `root` its present text.

    None where no commit has it: it was changed and not committed, or the folder lies in no repository.
    """
    answer = Git(root).ask("blame", "--porcelain", "-L", f"{line},{line}", "--", path)
    said = answer.output.decode("utf-8", "replace").split("\n")
    name = said[0].partition(" ")[0]
    if answer.status or name == _UNSAVED:
        return None
    # the line itself comes last, behind a tab: nothing in it can pass for one of Git's
    known = dict(one.partition(" ")[::2] for one in said[1:] if not one.startswith("\t"))
    when = datetime.fromtimestamp(int(known["committer-time"]), UTC)
    return Commit(
        commit=name,
        who=f"{known['author']} {known['author-mail']}",
        time=when.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
