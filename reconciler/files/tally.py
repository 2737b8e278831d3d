"""
A digest over all files of a ledger's rows that is kept up to date by the files that change, and no others.

It is the sum of the files' SHA-256, modulo 2^256, so each commit costs what it writes. It tells an edit by hand, a
lost file or a half-done merge from what `apply` wrote; against somebody who means to deceive stands the history.
"""

import hashlib
from collections.abc import Mapping

NONE = f"{0:064x}"
"""The digest where there is no file."""


def tally(files: Mapping[str, bytes]) -> str:
    """
    Return the digest of these files, path and content, in whatever order: 64 hex digits.
    """
    return written(sum(share(path, content) for path, content in files.items()))


def moved(digest: str, *, gone: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """
    Return the digest once some files are gone, or replaced, and others there.
    """
    return written(int(digest, 16) - int(tally(gone), 16) + int(tally(new), 16))


def share(path: str, content: bytes) -> int:
    """
    Return what one file adds to the digest of all, before it is written.
    """
    return int.from_bytes(hashlib.sha256(path.encode() + b"\0" + content).digest())


def written(total: int) -> str:
    """
    Return the sum of the shares of all files as their digest is written.
    """
    return f"{total % 2**256:064x}"
