"""
Files that are replaced whole or not at all, and the small steps of which that consists: each is one effect.
"""

import os
from pathlib import Path

from reconciler.effects import effect

PUBLIC = 0o666
PRIVATE = 0o600


def replace_file(path: Path, content: bytes, *, mode: int = PUBLIC, durable: bool = False) -> None:
    """
    Make `path` hold `content`, and its folders as needed; a reader sees the old file or the new one.

    The new file is written beside the old one under a fixed name, so that what a killed run leaves behind is
    taken up by the next. `mode` is narrowed by the umask, as always. `durable`: it also outlives a power cut.
    """
    make_folder(path.parent, mode=0o700 if mode == PRIVATE else 0o777)
    beside = path.with_name(f".{path.name}.new")
    remove_file(beside)
    with effect("create", beside):
        # O_EXCL, so that nobody can lay a link there for us to write through
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        with effect("write", beside):
            file.write(content)
            file.flush()
        if durable:
            with effect("fsync", beside):
                os.fsync(file.fileno())
    with effect("rename", path):
        beside.replace(path)
    if durable:
        sync_folder(path.parent)


def make_folder(folder: Path, *, mode: int = 0o777) -> None:
    """
    Make `folder`, where it is not there, and those above it; `mode` is narrowed by the umask, as always.
    """
    if not folder.is_dir():
        with effect("mkdir", folder):
            folder.mkdir(parents=True, exist_ok=True, mode=mode)


def remove_file(path: Path) -> None:
    """
    Remove the file at `path`, or the link; none is fine.
    """
    if path.is_symlink() or path.exists():
        with effect("unlink", path):
            path.unlink(missing_ok=True)


def remove_folder(folder: Path) -> None:
    """
    Remove `folder`, which is empty.
    """
    with effect("rmdir", folder):
        folder.rmdir()


def sync_folder(folder: Path) -> None:
    """
    Make the names in `folder` outlive a power cut.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with effect("fsync", folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
