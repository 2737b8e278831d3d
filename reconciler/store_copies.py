"""
What committed files hold, read from their copies in the work tree where these are the same to the byte.

Git unpacks each object by itself, which costs several times what it costs to read the copy and name its content.
"""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice

from reconciler.files.regular import read_regular
from reconciler.store_git import Git

_TOGETHER = 500
_SHA1 = 40


def contents_of(git: Git, tree: Mapping[str, str]) -> Iterator[bytes]:
    """
    Yield the content of each file of `tree` (object names by path from the top), in its order.

    A copy that is missing, or holds anything else, is asked of Git. Where all of many are, none is tried any more:
    the ledger is on a branch that is not checked out, or Git converts the ends of lines.
    """
    files = iter(tree.items())
    while batch := list(islice(files, _TOGETHER)):
        copies = [_copy(f"{git.folder}/{path}", name) for path, name in batch]
        missing = [name for (_, name), copy in zip(batch, copies, strict=True) if copy is None]
        asked = dict(zip(missing, git.blobs(missing), strict=True)) if missing else {}
        yield from (asked[name] if copy is None else copy for (_, name), copy in zip(batch, copies, strict=True))
        if len(missing) == len(batch):
            yield from git.blobs(name for _, name in files)


def _copy(path: str, name: str) -> bytes | None:
    """
    Return what a plain file holds, if Git gives that content this name.
    """
    try:
        content = read_regular(path)
    except OSError:
        return None
    return content if content is not None and _named(content, width=len(name)) == name else None


def _named(content: bytes, *, width: int) -> str:
    """
    Return the name that Git gives a file's content, in a repository whose names are `width` digits long.

    SHA-1 is Git's choice; whoever could forge it here could as well write the file.
    """
    algorithm = "sha1" if width == _SHA1 else "sha256"
    hashed = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    hashed.update(content)
    return hashed.hexdigest()
