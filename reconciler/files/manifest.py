"""
An export's manifest: what it says of the rows, and whether that holds for them.
"""

import errno
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

from reconciler.core.export import Counts, GroupRow, Manifest, UserRow
from reconciler.core.memory import Note
from reconciler.errors import Fault, InputError
from reconciler.files.document import decode_document, encode_document
from reconciler.files.regular import read_regular
from reconciler.files.rows import shown

VERSION = 1
MANIFEST = "manifest.json"

_DEEPEST = 3
_TOLD = {errno.ENOENT: "is missing", errno.ELOOP: "is a link", errno.EISDIR: "is a folder"}
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


class Tally:
    """
    Counts and digest of an export's rows, taken as they pass: users before groups, shard after shard.

    The digest is over the lines in the order of their keys' SHA-256. So it does not depend on the depth of the
    shards, and only one shard need be in memory.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._users = self._groups = self._memberships = 0

    def add(self, rows: Sequence[UserRow] | Sequence[GroupRow], hashes: Sequence[bytes], content: bytes) -> None:
        """
        Count the rows of one shard, with the hashes of their keys; their lines are `content`.
        """
        lines = sorted(zip(hashes, BytesIO(content), strict=True))
        self._hash.update(b"".join([line for _, line in lines]))
        people = [row for row in rows if isinstance(row, UserRow)]
        self._users += len(people)
        self._groups += len(rows) - len(people)
        self._memberships += sum([len(row.groups) for row in people])

    def recall(self, note: Note, content: bytes) -> None:
        """
        Count the same of a shard of people of which all this is known.
        """
        lines = BytesIO(content).readlines()
        self._hash.update(b"".join([lines[index] for index in note.order]))
        self._users += len(lines)
        self._memberships += note.memberships

    @property
    def counts(self) -> Counts:
        """
        Return how many rows passed, by kind, and how many memberships they hold.
        """
        return Counts(users=self._users, groups=self._groups, memberships=self._memberships)

    @property
    def digest(self) -> str:
        """
        Return `sha256:` and the hex SHA-256 of the lines that passed.
        """
        return f"sha256:{self._hash.hexdigest()}"


def read_manifest(folder: Path) -> Manifest:
    """
    Return the manifest of the export in `folder`, which says nothing that contradicts itself.

    Raises InputError with every fault of the manifest, each with its line.
    """
    path = folder / MANIFEST
    manifest = decode_document(content_of(path), Manifest, str(path), version=VERSION)
    check_manifest(manifest, path)
    return manifest


def check_manifest(manifest: Manifest, path: Path) -> None:
    """
    Return where the manifest contradicts nothing that it says itself.

    Raises InputError with every contradiction, and the line of `path` that it has when written there.
    """
    content = encode_document(manifest)
    faults = tuple(Fault(str(path), _line(content, name), text) for name, text in _contradictions(manifest))
    if faults:
        raise InputError(faults)


def _is_time(text: str) -> bool:
    """
    Return whether the text is a moment in UTC, one that a calendar has: 2026-02-30 looks like one, and is none.
    """
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _contradictions(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """
    Yield field and message of what a manifest cannot say.
    """
    for name in ("source", "account"):
        if not getattr(manifest, name):
            yield name, f"{name} is empty: it must say where the rows are from"
    if not _is_time(manifest.fetched_at):
        yield "fetched_at", f"'{shown(manifest.fetched_at)}' is no time in UTC such as 2026-11-22T10:00:00Z"
    for name, depth in (("depth", manifest.depth), ("groups_depth", manifest.groups_depth)):
        if not 0 <= depth <= _DEEPEST:
            yield name, f"{name} {depth} is not between 0 and {_DEEPEST}"
    for name, part in sorted(manifest.read.items()):
        if manifest.complete and part.total is not None and part.total != part.rows:
            yield "read", f"calls itself complete, but read {part.rows:,} of {part.total:,} {shown(name)}"


def mismatches(manifest: Manifest, tally: Tally, folder: Path) -> Iterator[Fault]:
    """
    Yield a fault for each thing the manifest says of the rows that does not hold for them.
    """
    path = folder / MANIFEST
    content = encode_document(manifest)
    for name in ("users", "groups", "memberships"):
        said, found = getattr(manifest.counts, name), getattr(tally.counts, name)
        if said != found:
            yield Fault(str(path), _line(content, "counts"), f"says {said:,} {name}; the rows have {found:,}")
    if manifest.digest != tally.digest:
        text = f"says the digest is {shown(manifest.digest)}; that of the rows is {tally.digest}"
        yield Fault(str(path), _line(content, "digest"), text)


def _line(content: bytes, name: str) -> int:
    """
    Return the line on which a written document has its field `name`; 0 where it has none.
    """
    lines = content.split(b"\n")
    return next((number for number, line in enumerate(lines, 1) if line.startswith(f'  "{name}":'.encode())), 0)


def content_of(path: Path | str) -> bytes:
    """
    Return the bytes of a regular file.

    Raises InputError where it is none: a link could lead out of the repository, a pipe to a wait.
    """
    try:
        content = read_regular(str(path))
    except OSError as error:
        message = _TOLD.get(error.errno or 0, f"cannot be read: {error.strerror}")
        raise InputError((Fault(str(path), 0, message),)) from error
    if content is None:
        raise InputError((Fault(str(path), 0, "is no regular file"),))
    return content
