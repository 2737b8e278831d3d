"""
A commit made without the work tree and without the user's index.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from reconciler.store_git import Git, index_entries
from reconciler.store_scratch import put, scratch


def make_commit(
    git: Git, files: Mapping[str, bytes | None], message: str, *, tip: str, signature: Mapping[str, str]
) -> str:
    """
    Return a new commit of `files` (None: removed) on top of `tip`, or `tip` where none of them differs from it.

    Nothing points at it yet: until a ref is moved, nobody sees it and Git will clear it away.
    """
    with scratch() as folder:
        names = _stored(git, files, folder)
    return commit_names(git, names, message, tip=tip, signature=signature)


def commit_names(
    git: Git, names: Mapping[str, str | None], message: str, *, tip: str, signature: Mapping[str, str]
) -> str:
    """
    Return the same of files that Git has already: their objects by path (None: removed).
    """
    with scratch() as folder:
        index = str(folder / "index")
        entries = index_entries(names, width=len(tip) or 40)
        git.run("read-tree", tip or "--empty", GIT_INDEX_FILE=index)
        git.run("update-index", "-z", "--index-info", feed=entries, GIT_INDEX_FILE=index)
        tree = _name(git.run("write-tree", GIT_INDEX_FILE=index))
    if tip and tree == git.line("rev-parse", f"{tip}^{{tree}}"):
        return tip
    onto = ("-p", tip) if tip else ()
    return _name(git.run("commit-tree", tree, *onto, "-F", "-", feed=message.encode(), **signature))


def known_to(git: Git, otherwise: tuple[str, str]) -> tuple[str, str]:
    """
    Return name and e-mail of the person whom Git knows here; `otherwise`, where it lacks one of them.
    """
    own = git.line("config", "user.name"), git.line("config", "user.email")
    return own if all(own) else otherwise


def signature(author: tuple[str, str], now: datetime) -> dict[str, str]:
    """
    Return what tells Git who commits, by name and e-mail, and when (to the second, in UTC).
    """
    parts = {"NAME": author[0], "EMAIL": author[1], "DATE": f"@{int(now.timestamp())} +0000"}
    return {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in parts.items()}


def _stored(git: Git, files: Mapping[str, bytes | None], folder: Path) -> dict[str, str | None]:
    present = {path: content for path, content in sorted(files.items()) if content is not None}
    places = [folder / str(number) for number in range(len(present))]
    for place, content in zip(places, present.values(), strict=True):
        put(place, content)
    feed = "".join(f"{place}\n" for place in places).encode()
    # without filters: the bytes that are digested are the bytes that are committed, whatever .gitattributes says
    names = git.run("hash-object", "-w", "--no-filters", "--stdin-paths", feed=feed).decode().split()
    return dict.fromkeys(sorted(files)) | dict(zip(present, names, strict=True))


def _name(output: bytes) -> str:
    return output.decode().removesuffix("\n")
