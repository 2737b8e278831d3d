"""
The ledger in Git: loaded at one commit, changed by commits on top of it, and never lost in between.

A run makes two commits: its intents before the first write, and its record after the last. A record that cannot
be committed stays in the journal until `apply --resume`.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.canonical import digest_bytes
from reconciler.core.ledger import Head, Ledger, LedgerRow
from reconciler.core.message import commit_message
from reconciler.core.record import Delta, Recorded
from reconciler.core.runs import same_record, sealed
from reconciler.errors import HeldError, LedgerError, OvertakenError, StoreError
from reconciler.files.document import encode_document
from reconciler.files.few import FewLedger
from reconciler.files.journal import VERSION, Journal, drop_journal, read_journal, write_journal
from reconciler.files.ledger import HEAD, OpenLedger, decode_ledger, open_ledger
from reconciler.files.new_ledger import encode_delta, encode_run, run_path
from reconciler.ports import Store

_Rows: TypeAlias = Mapping[str, LedgerRow | None]
_Taken: TypeAlias = tuple[Ledger, tuple[int, int]]

AGAIN = "nothing was written by this run; try again"


class Book(Struct, frozen=True, kw_only=True):
    """
    Where the ledger of one target is kept: its store, the folder of the journal, and whether commits are pushed.
    """

    target: str
    store: Store
    folder: Path
    push: bool = False


class Opened(Struct, frozen=True, kw_only=True):
    """
    The ledger as it stood at one commit (`revision`; empty: there was none yet), read whole or as far as needed.
    """

    ledger: Ledger | OpenLedger | FewLedger
    revision: str


def glance(book: Book) -> Opened:
    """
    Return the ledger as the store has it now; its people are read when somebody asks for them.
    """
    revision = book.store.revision()
    read = partial(book.store.read, at=revision)
    ledger = open_ledger(read, book.store.paths(at=revision), target=book.target)
    return Opened(ledger=ledger, revision=revision)


def load(book: Book) -> Opened:
    """
    Return the ledger as the store has it now, all of its files read.
    """
    revision = book.store.revision()
    return Opened(ledger=decode_ledger(book.store.read(at=revision), target=book.target), revision=revision)


def overtaken(book: Book, opened: Opened) -> HeldError | None:
    """
    Return what to say where another run has been recorded since the ledger was opened; None where none has.
    """
    # a runner elsewhere publishes what it recorded before it gives the fence back
    book.store.follow(published=book.push)
    serial = glance(book).ledger.head.serial
    if serial <= opened.ledger.head.serial:
        return None
    return HeldError(f"run {serial} on {book.target} was recorded while this one planned", hint=AGAIN)


def unmoved(book: Book, opened: Opened) -> Opened:
    """
    Return the ledger as it was opened, at the commit where it stands now. Who asks holds the fence.

    A run that was killed may have noted its intents meanwhile, and the target may have been read with its writes: a
    decision that does not know of the one would take the other for an administrator's. Raises HeldError there.
    """
    if book.store.revision() == opened.revision:
        return opened
    present = load(book)
    if present.ledger == opened.ledger.whole():
        return present
    raise HeldError(f"the ledger of {book.target} has moved on while this run planned", hint=AGAIN)


def commit_intents(book: Book, opened: Opened, delta: Delta, *, lineage: str, run: int) -> Opened:
    """
    Return the ledger with the intents of a run made durable. Where that fails nothing may be written.

    Raises HeldError where another run has pushed first.
    """
    head = replace(opened.ledger.head, lineage=lineage)
    taken, files = _encoded(opened, head, delta.users, delta.groups)
    message = commit_message(f"Intend run {run} on {book.target}", [], {"Run": str(run)})
    revision = book.store.commit(files, message, parent=opened.revision)
    try:
        return _after(book, opened, taken, _published(book, revision))
    except OvertakenError as error:
        raise HeldError(f"another run holds the ledger of {book.target}: {error.message}", hint=AGAIN) from error


def commit_record(book: Book, opened: Opened, recorded: Recorded, *, trailers: Mapping[str, str]) -> Opened:
    """
    Return the ledger with a run's record in it. Raises StoreError, with the record kept in the journal, where not.
    """
    journal = _journal(book, opened, recorded, trailers)
    kept = write_journal(book.folder, journal)
    try:
        after = _commit(book, opened, journal)
    except StoreError as error:
        told = f"the record of run {journal.run} could not be committed: {error.message}"
        hint = f"what was written is kept in {kept}; mend the cause, then: reconciler apply --resume"
        raise StoreError(told, hint=hint) from error
    drop_journal(book.folder, book.target)
    return after


def unrecorded(book: Book) -> Journal | None:
    """
    Return the record that an earlier run could not commit, if there is one.
    """
    return read_journal(book.folder, book.target)


def resume(book: Book) -> Opened:
    """
    Return the ledger with the journal's record laid over it, wherever the ledger has moved to since.

    Raises LedgerError where there is no journal, or another run was recorded in its place.
    """
    journal = unrecorded(book)
    if journal is None:
        raise LedgerError(f"no run on {book.target} waits to be recorded", hint="run `reconciler apply`")
    opened = load(book)
    if opened.ledger.head.serial >= journal.run:
        if _is_recorded(book, journal):
            _published(book, opened.revision)
            drop_journal(book.folder, book.target)
            return opened
        told = (
            f"run {journal.run} of the journal cannot be recorded: the ledger is at run {opened.ledger.head.serial}"
        )
        raise LedgerError(told, hint="keep the journal as evidence, move it away, and apply again")
    after = _commit(book, opened, journal)
    drop_journal(book.folder, book.target)
    return after


def _is_recorded(book: Book, journal: Journal) -> bool:
    return any(
        path == journal.run_path and same_record(content, journal.run_file)
        for path, content in book.store.read("runs")
    )


def _journal(book: Book, opened: Opened, recorded: Recorded, trailers: Mapping[str, str]) -> Journal:
    header = recorded.header
    return Journal(
        version=VERSION,
        target=book.target,
        run=header.run,
        head=recorded.head,
        users=recorded.delta.users,
        groups=recorded.delta.groups,
        run_path=run_path(header.time, header.run),
        run_file=encode_run(header, recorded.lines),
        message=commit_message(f"Record run {header.run} on {book.target}", [], trailers),
        parent=opened.revision,
    )


def _commit(book: Book, opened: Opened, journal: Journal) -> Opened:
    """
    Return the ledger with the record in it: the record vouches for the state it leaves, the head for the record.
    """
    (ledger, others), files = _encoded(opened, journal.head, journal.users, journal.groups)
    record = sealed(journal.run_file, ledger.head)
    ledger = Ledger(replace(ledger.head, previous=digest_bytes(record)), ledger.users, ledger.groups)
    changed = {**files, HEAD: encode_document(ledger.head), journal.run_path: record}
    revision = book.store.commit(changed, journal.message, parent=opened.revision)
    return _after(book, opened, (ledger, others), _published(book, revision))


def _encoded(opened: Opened, head: Head, users: _Rows, groups: _Rows) -> tuple[_Taken, dict[str, bytes | None]]:
    """
    Return the ledger with the rows in it, as far as it was read, how many others it has, and the files that change.
    """
    ledger, others = opened.ledger, (0, 0)
    if isinstance(ledger, FewLedger):
        ledger, others = ledger.beside(users, groups)
    after, files = encode_delta(ledger.whole(), head, users, groups, others=others)
    return (after, others), files


def _after(book: Book, opened: Opened, taken: _Taken, revision: str) -> Opened:
    """
    Return the ledger at the commit that a run made; who had read few of its rows goes on with few.
    """
    ledger, others = taken
    if not isinstance(opened.ledger, FewLedger):
        return Opened(ledger=ledger, revision=revision)
    few = opened.ledger.later(ledger, others, partial(book.store.read, at=revision))
    return Opened(ledger=few, revision=revision)


def _published(book: Book, revision: str) -> str:
    """
    Return where the ledger stands once its branch is pushed, if that is asked for, to `revision` or beyond.

    So is a commit of a run that was killed before it could.
    """
    if not book.push:
        return revision
    book.store.push()
    return book.store.revision()
