"""
The copy of the ledger in the work tree, and its entries in the user's index: kept in step with the commit.

A file that is not as the last commit has it is ours to write again only while file and index both hold what one
of the ledger's last two states held: that is what a killed run leaves. Anything else is somebody's work, and is
refused before a byte is written.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from reconciler.errors import StoreError
from reconciler.files.atomic import remove_file, remove_folder, replace_file
from reconciler.store_git import Git, failure, index_entries, printable

LOCK_WAIT = 2.0
"""Seconds for which another Git process may hold the index before we give up."""


def catch_up(git: Git, revision: Callable[[], str], root: str) -> None:
    """
    Heal the files below `root` at whatever commit the ledger stands.

    What another run commits meanwhile is no change by hand: then they are looked at again.
    """
    tip = revision()
    try:
        heal(git, tip, root, ())
    except StoreError:
        if revision() == tip:
            raise
    if revision() != tip:
        catch_up(git, revision, root)


def heal(git: Git, tip: str, root: str, paths: Sequence[str]) -> None:
    """
    Write again the files below `root` that a killed run left behind at `tip`, and see that `paths` can be written.

    Raises StoreError, before anything is written, where they hold somebody's work, lie behind a link, or where
    the index is locked.
    """
    _refuse_links(git.folder, paths)
    _wait_for_index(git)
    changed = git.changed([root])
    if not changed:
        return
    states = (git.tree(tip, root), _before(git, tip, root))
    # a file that the ledger neither had nor is to have is somebody's own, and no concern of ours
    ours = sorted(changed & set(paths).union(*states))
    if ours:
        _refuse_links(git.folder, ours)
        _refuse_work(git, root, ours, states=states)
        write(git, tip, root, ours)


def write(git: Git, tip: str, root: str, paths: Iterable[str]) -> None:
    """
    Make files and index entries of `paths` what `tip` holds; what it does not hold is removed.

    Raises StoreError where that fails; the commit stands, and `heal` makes up for it.
    """
    tree = git.tree(tip, root)
    names = {path: tree.get(path) for path in sorted(paths)}
    try:
        _write_files(git, names, top=git.folder / root)
    except OSError as error:
        raise StoreError(
            f"the ledger is committed as {tip}, but {error.filename} cannot be written: {error.strerror}",
            hint="put that right, then run again: the files are brought in step first",
        ) from error
    _update_index(git, index_entries(names, width=len(tip)))


def _before(git: Git, tip: str, root: str) -> dict[str, str]:
    last = git.line("rev-list", "--max-count=1", tip, "--", root) if tip else ""
    return git.tree(git.line("rev-parse", "--verify", "--quiet", f"{last}^"), root) if last else {}


def _refuse_work(git: Git, root: str, paths: Sequence[str], *, states: Sequence[Mapping[str, str]]) -> None:
    staged = git.staged(root)
    known = {path: {state.get(path) for state in states} for path in paths}
    names = sorted({name for held in known.values() for name in held if name})
    contents: dict[str | None, bytes | None] = {None: None, **dict(zip(names, git.blobs(names), strict=True))}
    foreign = [
        path
        for path in paths
        if staged.get(path) not in known[path]
        or _on_disk(git.folder / path) not in {contents[name] for name in known[path]}
    ]
    if foreign:
        raise StoreError(
            "the ledger's files were changed by hand: " + printable(", ".join(foreign)),
            hint=f"apply alone writes it: `git checkout HEAD -- {printable(foreign[0])}`, or move away what is new",
        )


def _on_disk(path: Path) -> bytes | None:
    if path.is_symlink() or path.is_dir():
        return b"\0 no plain file"
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        told = f"{path} cannot be read: {error.strerror}"
        raise StoreError(told, hint="let this user read the ledger's files, then run again") from error


def _refuse_links(top: Path, paths: Iterable[str]) -> None:
    nearest = {(top / path).parent for path in paths}
    folders = {folder for each in nearest for folder in (each, *each.parents) if top in folder.parents}
    for folder in sorted(folders):
        if folder.is_symlink():
            raise StoreError(
                f"{folder} is a symbolic link", hint="the ledger's folders are plain folders: replace it"
            )


def _write_files(git: Git, names: Mapping[str, str | None], *, top: Path) -> None:
    present = [path for path, name in names.items() if name]
    for path, name in names.items():
        if not name:
            _remove(git.folder / path, top=top)
    for path, content in zip(present, git.blobs(names[path] or "" for path in present), strict=True):
        replace_file(git.folder / path, content)


def _remove(path: Path, *, top: Path) -> None:
    remove_file(path)
    for folder in path.parents:
        if top not in folder.parents or not folder.is_dir() or any(folder.iterdir()):
            return
        remove_folder(folder)


def _wait_for_index(git: Git) -> None:
    lock = git.folder / git.line("rev-parse", "--git-path", "index.lock")
    deadline = time.monotonic() + LOCK_WAIT
    while lock.exists():
        if time.monotonic() > deadline:
            raise StoreError(
                f"Git's index is locked: {lock} is there",
                hint="when no other Git command runs here, remove that file",
            )
        time.sleep(0.05)


def _update_index(git: Git, entries: bytes) -> None:
    deadline = time.monotonic() + LOCK_WAIT
    while (answer := git.ask("update-index", "-z", "--index-info", feed=entries)).status:
        if "index.lock" not in answer.error or time.monotonic() > deadline:
            raise failure("update-index", answer)
        time.sleep(0.05)
