"""
The records of runs as the ledger keeps them: decoded, and checked against each other.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from reconciler.core.canonical import REFUSALS, digest_bytes, encode
from reconciler.core.ledger import RunChange, RunClaim, RunHeader, RunLine
from reconciler.errors import Fault, InputError


class Commit(Struct, frozen=True, kw_only=True):
    """
    A commit as an auditor names it: its hash, its author, when it was made (ISO 8601, UTC).
    """

    commit: str
    who: str
    time: str


class Run(Struct, frozen=True, kw_only=True):
    """
    One run's record as it lies in the ledger, and the commit that added it (None: not in this clone's history).
    """

    path: str
    content: bytes
    header: RunHeader
    changes: tuple[RunChange, ...]
    claims: tuple[RunClaim, ...]
    commit: Commit | None = None


def decode_runs(files: Iterable[tuple[str, bytes, Commit | None]]) -> tuple[Run, ...]:
    """
    Return the runs recorded in `files` (path, content, the commit that added it), in the order in which they ran.
    """
    runs: list[Run] = []
    faults: list[Fault] = []
    for path, content, commit in files:
        lines, wrong = _lines(path, content)
        faults += wrong
        if not wrong:
            runs.append(_run(path, content, lines, commit))
    if faults:
        raise InputError(tuple(faults))
    return tuple(sorted(runs, key=lambda run: (run.header.run, run.path)))


_DECODER = msgspec.json.Decoder(RunLine)
_HINT = "the ledger is written by apply alone: `git log -p -- FILE` shows who changed it"


def _lines(path: str, content: bytes) -> tuple[list[RunLine], list[Fault]]:
    lines: list[RunLine] = []
    faults: list[Fault] = []
    *raws, rest = content.split(b"\n")
    for number, raw in enumerate(raws, start=1):
        try:
            line = _DECODER.decode(raw)
        except REFUSALS as error:
            faults.append(Fault(path, number, f"no line of a run's record: {error}", _HINT))
            continue
        if encode(line) != raw:
            faults.append(Fault(path, number, "is not as apply writes it: another order, or a key twice", _HINT))
        if isinstance(line, RunHeader) != (number == 1):
            faults.append(Fault(path, number, "a run's record has one header, and it comes first", _HINT))
        lines.append(line)
    if rest or not raws:
        faults.append(Fault(path, len(raws) + 1, "is cut off: the last line has no line break", _HINT))
    return lines, faults


def _run(path: str, content: bytes, lines: Sequence[RunLine], commit: Commit | None) -> Run:
    header = next(line for line in lines if isinstance(line, RunHeader))
    return Run(
        path=path,
        content=content,
        header=header,
        changes=tuple(line for line in lines if isinstance(line, RunChange)),
        claims=tuple(line for line in lines if isinstance(line, RunClaim)),
        commit=commit,
    )


def verify_chain(runs: Sequence[Run], *, last: str | None = None) -> tuple[Fault, ...]:
    """
    Return every break in the chain of records: each names the hash of the one before it, the first names none.

    A record that was changed, dropped or reordered breaks it at the next one; `last`, the hash that the ledger's
    head holds, shows the same of the last record.
    """
    faults: list[Fault] = []
    previous = ""
    for run in runs:
        if _serial(run.path) != run.header.run:
            faults.append(Fault(run.path, 1, f"the record says run {run.header.run}, its file another", _HINT))
        if run.header.previous != previous:
            faults.append(Fault(run.path, 1, _break(run.header.previous, previous), _HINT))
        previous = digest_bytes(run.content)
    if last is not None and last != previous:
        faults.append(Fault("head.json", 0, _break(last, previous), _HINT))
    return tuple(faults)


def _serial(path: str) -> int | None:
    stem = path.rpartition("/")[2].removesuffix(".jsonl")
    return int(stem) if stem.isdecimal() and stem.isascii() else None


def _break(named: str, found: str) -> str:
    return f"names {named or 'no record'} as the one before it, but that is {found or 'no record'}"
