"""
What Git is given to read besides its arguments: a file without a name, and a folder that is soon gone.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from reconciler.effects import effect
from reconciler.errors import StoreError


@contextmanager
def spool(feed: bytes) -> Iterator[IO[bytes]]:
    """
    Yield a file that holds `feed`, to be read from its start.

    A file, not a pipe: Git may answer before it has read everything, and neither side then waits.
    """
    with _told():
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below; what is told is whether it can be made
    with file:
        if feed:
            with _told(), effect("write", "what Git is to read"):
                file.write(feed)
                file.seek(0)
        yield file


@contextmanager
def scratch() -> Iterator[Path]:
    """
    Yield a folder of our own for an index and for what is to be stored.
    """
    with _told(), effect("mkdir", "scratch"):
        folder = tempfile.TemporaryDirectory()
    try:
        yield Path(folder.name)
    finally:
        with _told(), effect("rmtree", "scratch"):
            folder.cleanup()


def put(place: Path, content: bytes) -> None:
    """
    Make `place`, in such a folder, hold `content`.
    """
    with _told(), effect("write", "what Git is to store"):
        place.write_bytes(content)


@contextmanager
def _told() -> Iterator[None]:
    """
    Turn an error of the system into ours; Git, which may work on another disk, does not tell of it.
    """
    try:
        yield
    except OSError as error:
        told = f"the folder for temporary files does not take what Git is to read: {error.strerror or error}"
        hint = "make room there, or name another folder in TMPDIR, then run again: nothing was lost"
        raise StoreError(told, hint=hint) from error
