"""
A ledger's files, proved: the chain of records from the first run, and that head and rows follow from it.

| what was touched | what tells |
|---|---|
| a record: changed, dropped, reordered, put in | the next one's `previous`; of the last one, the head's |
| the head | the digest in the last record's `state` |
| a row | the head's digest of all rows' files; who owns what is replayed from the records besides |
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter

from msgspec import Struct, UnsetType

from reconciler.core.ledger import Head, Ledger
from reconciler.core.replay import contradictions, replay
from reconciler.core.runs import Run, decode_runs, links, state_of, verify_links
from reconciler.errors import Fault, InputError, LedgerError
from reconciler.files.document import decode_document
from reconciler.files.ledger import HEAD, RUNS, VERSION, decode_ledger


class Proof(Struct, frozen=True, kw_only=True):
    """
    The records that can be read, in their order; the ledger, if it can be; and everything that does not hold.

    `unsealed` is told where the ledger is not as the last run left it, and the chain knows of no reason.
    """

    runs: tuple[Run, ...]
    ledger: Ledger | None
    faults: tuple[Fault, ...]
    unsealed: tuple[Fault, ...]


def prove(files: Mapping[str, bytes], *, target: str) -> Proof:
    """
    Return what the files of one target's ledger prove of each other; nothing is believed, and all faults are told.
    """
    records = {path: content for path, content in files.items() if path.startswith(RUNS)}
    found = [_run(path, content) for path, content in records.items()]
    runs = sorted((run for run in found if isinstance(run, Run)), key=attrgetter("header.run"))
    faults = [fault for one in found if isinstance(one, tuple) for fault in one]
    head, ledger = _head(files, faults), _ledger(files, target, faults)
    faults += verify_links(links(records.items()), last=head.previous if head else None)
    replayed = replay(runs)
    if not faults:
        # where a record or a row cannot be believed, everything after it would be a consequence
        faults += [*replayed.faults, *(contradictions(replayed, ledger) if ledger else ())]
    return Proof(
        runs=tuple(runs), ledger=ledger, faults=tuple(sorted(set(faults))), unsealed=tuple(_unsealed(runs, head))
    )


def _run(path: str, content: bytes) -> Run | tuple[Fault, ...]:
    try:
        return decode_runs([(path, content, None)])[0]
    except InputError as error:
        return error.faults


def _head(files: Mapping[str, bytes], faults: list[Fault]) -> Head | None:
    """
    Return the head, or None where there is none; a ledger with records has one.
    """
    if HEAD not in files:
        faults += [Fault(HEAD, 0, "is missing, but there are other files of a ledger")] if files else []
        return None
    try:
        return decode_document(files[HEAD], Head, HEAD, version=VERSION)
    except InputError as error:
        faults += error.faults
        return None


def _ledger(files: Mapping[str, bytes], target: str, faults: list[Fault]) -> Ledger | None:
    try:
        return decode_ledger(files.items(), target=target)
    except LedgerError as error:
        cause = error.__cause__
        faults += cause.faults if isinstance(cause, InputError) else [Fault(HEAD, 0, error.message)]
        return None


def _unsealed(runs: list[Run], head: Head | None) -> Iterator[Fault]:
    """
    Yield what the last record says of the state it left, where that is not the one there is.
    """
    state = runs[-1].header.state if runs else None
    if head is None or state is None or isinstance(state, UnsetType) or state == state_of(head):
        return
    told = f"is not as run {runs[-1].header.run} left it: the record names {state}, but that is {state_of(head)}"
    yield Fault(HEAD, 0, told, "the ledger is written by apply alone: `git log -p` shows who changed it")
