"""
Files that are replaced whole or not at all.
"""

import os
from pathlib import Path

PUBLIC = 0o666
PRIVATE = 0o600


def replace_file(path: Path, content: bytes, *, mode: int = PUBLIC, durable: bool = False) -> None:
    """
    Make `path` hold `content`, and its folders as needed; a reader sees the old file or the new one.

    The new file is written beside the old one under a fixed name, so that what a killed run leaves behind is
    taken up by the next. `mode` is narrowed by the umask, as always. `durable`: it also outlives a power cut.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if mode == PRIVATE else 0o777)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    # O_EXCL, so that nobody can lay a link there for us to write through
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    beside.replace(path)
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """
    Make the names in `folder` outlive a power cut.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
