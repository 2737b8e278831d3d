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
    return _hex(sum(_number(path, content) for path, content in files.items()))


def moved(digest: str, *, gone: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """
    Return the digest once some files are gone, or replaced, and others there.
    """
    return _hex(int(digest, 16) - int(tally(gone), 16) + int(tally(new), 16))


def _number(path: str, content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(path.encode() + b"\0" + content).digest())


def _hex(number: int) -> str:
    return f"{number % 2**256:064x}"
