"""
The record of a run that could not be committed, kept until `apply --resume` brings it into the ledger.

It holds what the run changed as data, not as files, so that it can be laid over a ledger that has moved since.
"""

import re
from pathlib import Path

import msgspec
from msgspec import Struct

from reconciler.core.canonical import REFUSALS, encode
from reconciler.core.ledger import Head, LedgerRow
from reconciler.errors import LedgerError
from reconciler.files.atomic import PRIVATE, remove_file, replace_file, sync_folder

VERSION = 1

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


class Journal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What one run had to say to the ledger of `target`.

    `users` and `groups` hold the rows to set (None: to remove) by key, `head` the head as it would have been,
    `run_path` and `run_file` the run's own record, `message` the commit's; `parent` is the commit it was made on.
    """

    version: int
    target: str
    run: int
    head: Head
    users: dict[str, LedgerRow | None]
    groups: dict[str, LedgerRow | None]
    run_path: str
    run_file: bytes
    message: str
    parent: str


class _Version(Struct, frozen=True):
    version: int


def journal_path(folder: Path, target: str) -> Path:
    """
    Return where the journal of `target` lies; `folder` is the one that holds `.reconciler`.
    """
    if not _NAME.fullmatch(target):
        raise LedgerError(f"{target!r} cannot name a journal", hint="name the target in [A-Za-z0-9._-]")
    return folder / ".reconciler" / "journal" / f"{target}.json"


def write_journal(folder: Path, journal: Journal) -> Path:
    """
    Return where `journal` now lies: whole, readable by its owner alone, and safe from a power cut.
    """
    path = journal_path(folder, journal.target)
    try:
        replace_file(path, encode(journal) + b"\n", mode=PRIVATE, durable=True)
    except OSError as error:
        told = f"{path}: the journal cannot be written: {error.strerror}"
        hint = (
            "make room or let this user write there, then: reconciler apply; the open intents tell what was written"
        )
        raise LedgerError(told, hint=hint) from error
    return path


def read_journal(folder: Path, target: str) -> Journal | None:
    """
    Return the journal of `target`, or None where no run left one.

    Raises LedgerError where it is broken, another target's, or of a newer format.
    """
    path = journal_path(folder, target)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        told = f"{path}: the journal cannot be read: {error.strerror}"
        raise LedgerError(told, hint="let this user read it, or run as the one who left it") from error
    journal = _decode(path, content)
    if journal.target != target:
        raise LedgerError(f"{path} is the journal of {journal.target!r}, not of {target!r}", hint=_KEEP)
    return journal


def drop_journal(folder: Path, target: str) -> None:
    """
    Remove the journal of `target`; none is fine.
    """
    path = journal_path(folder, target)
    if not path.exists():
        return
    try:
        remove_file(path)
        sync_folder(path.parent)
    except OSError as error:
        told = f"{path}: the journal cannot be removed: {error.strerror}"
        raise LedgerError(told, hint="its run is in the ledger: remove the file by hand") from error


_KEEP = "keep the file: it holds what a run did; move it aside to go on without it"


def _decode(path: Path, content: bytes) -> Journal:
    # the version first: a newer format must not look like a broken file
    try:
        version = msgspec.json.decode(content, type=_Version).version
        if version > VERSION:
            raise LedgerError(
                f"{path}: format {version} is newer than this reconciler knows ({VERSION})",
                hint="use the newer reconciler that wrote it",
            )
        return msgspec.json.decode(content, type=Journal)
    except REFUSALS as error:
        raise LedgerError(f"{path}: no journal can be read here: {error}", hint=_KEEP) from error
