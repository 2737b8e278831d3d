"""
The records of runs as the ledger keeps them: decoded, and checked against each other.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from reconciler.core.canonical import REFUSALS, digest, digest_bytes, encode
from reconciler.core.ledger import Head, RunChange, RunClaim, RunHeader, RunLine
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


def state_of(head: Head) -> str:
    """
    Return the digest of what a run left: of the head, and of the rows whose digest stands in it.

    It goes into the run's record, whose own hash goes into the head's `previous`: so that is left out.
    """
    return digest(replace(head, previous=""))


def sealed(content: bytes, head: Head) -> bytes:
    """
    Return a run's record with the state that the run left in its first line, whatever stood there before.
    """
    first, _, rest = content.partition(b"\n")
    header = replace(msgspec.json.decode(first, type=RunHeader), state=state_of(head))
    return encode(header) + b"\n" + rest


def same_record(one: bytes, other: bytes) -> bool:
    """
    Return whether two records are of one run that did one thing, whichever state it left.
    """
    return _unsealed(one) == _unsealed(other)


def _unsealed(content: bytes) -> tuple[RunHeader | None, bytes]:
    header = _header(content)
    return (replace(header, state=UNSET), content.partition(b"\n")[2]) if header else (None, content)


class Link(Struct, frozen=True, kw_only=True):
    """
    One record as a link of the chain: its serial, the hash of its bytes, and which one it names as the one before.

    `header` is None where the record's first line cannot be read.
    """

    path: str
    serial: int
    hash: str
    header: RunHeader | None


def links(files: Iterable[tuple[str, bytes]]) -> tuple[Link, ...]:
    """
    Return the records in `files` (path, content), however broken they are, in the order in which they say they ran.
    """
    found = (_link(path, content) for path, content in files)
    return tuple(sorted(found, key=lambda link: (link.serial, link.path)))


def _link(path: str, content: bytes) -> Link:
    header = _header(content)
    serial = header.run if header else _serial(path)
    return Link(path=path, serial=serial, hash=digest_bytes(content), header=header)


def _header(content: bytes) -> RunHeader | None:
    try:
        line = _DECODER.decode(content.partition(b"\n")[0])
    except REFUSALS:
        return None
    return line if isinstance(line, RunHeader) else None


def _serial(path: str) -> int:
    """
    Return the run that a record's name tells; -1 where it tells none.
    """
    stem = path.rpartition("/")[2].removesuffix(".jsonl")
    return int(stem) if stem.isdecimal() and stem.isascii() else -1


def verify_chain(runs: Sequence[Run], *, last: str | None = None) -> tuple[Fault, ...]:
    """
    Return every break in the chain of records: each names the hash of the one before it, the first names none.

    A record that was changed, dropped or reordered breaks it at the next one; `last`, the hash that the ledger's
    head holds, shows the same of the last record.
    """
    return verify_links(links((run.path, run.content) for run in runs), last=last)


def verify_links(chain: Sequence[Link], *, last: str | None = None) -> tuple[Fault, ...]:
    """
    Return every break in a chain whose records need not be readable: see `verify_chain`.
    """
    paths = {link.hash: link.path for link in chain}
    faults = [fault for link in chain if (fault := _misnamed(link))]
    for before, link in zip((None, *chain), chain, strict=False):
        named = link.header.previous if link.header else None
        if named is not None and named != (before.hash if before else ""):
            faults.append(_break(before, link, named, paths))
    found = chain[-1].hash if chain else ""
    if last is not None and last != found:
        where = f", {chain[-1].path}," if chain else ""
        told = f"names {last or 'no record'} as the last one, but that{where} is {found or 'no record'}"
        faults.append(Fault("head.json", 0, f"{told}: it was changed, or runs after it were dropped", _HINT))
    return tuple(faults)


def _misnamed(link: Link) -> Fault | None:
    """
    Return what is wrong where a file's name is not that of the run whose record it holds.
    """
    if link.header is None:
        return Fault(link.path, 1, "no record of a run begins here: it was changed", _HINT)
    header = link.header
    if link.path.endswith(f"/{header.time[:4]}/{header.run:06d}.jsonl"):
        return None
    told = f"the record says run {header.run} of {header.time[:4]}, its file another: it was moved or renamed"
    return Fault(link.path, 1, told, _HINT)


def _break(before: Link | None, link: Link, named: str, paths: Mapping[str, str]) -> Fault:
    """
    Return what became of the record before `link`, as far as the hash that `link` names tells.

    | the hash it names | the records | |
    |---|---|---|
    | another record's | whatever they are | reordered, or one was put in |
    | nobody's, or none | one serial is missing between | dropped |
    | nobody's, or none | follow each other | the one before was changed |
    """
    first = before.serial + 1 if before else 1
    names = f"names {named or 'no record'} as the one before it"
    if named in paths:
        told = f"{names}, and that is {paths[named]}: records were reordered, or one was put in"
        return Fault(link.path, 1, told, _HINT)
    if link.serial > first:
        missing = f"run {first}" if link.serial - first == 1 else f"runs {first} to {link.serial - 1}"
        return Fault(link.path, 1, f"{names}, but the record of {missing} is missing: it was dropped", _HINT)
    if before is None:
        return Fault(link.path, 1, f"{names}, but it is the first", _HINT)
    return Fault(before.path, 0, f"was changed: run {link.serial} {names}, but that is {before.hash} now", _HINT)
