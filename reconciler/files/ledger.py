"""
The ledger of one target as files: `head.json`, rows of users and groups, one record a run (formats.md).

Nothing here touches a disk: the store gives and takes paths and bytes.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Literal

import msgspec
from msgspec import Struct, structs

from reconciler.core.ledger import Head, Ledger, LedgerRow, RunChange, RunClaim, RunHeader
from reconciler.errors import Fault, InputError, LedgerError
from reconciler.files.document import decode_document, encode_document
from reconciler.files.rows import ENCODER, Form, collector_paused, decode, encode, refusal
from reconciler.files.shards import depth_for, key_hash, misplaced, shard_depth, shard_path, spread
from reconciler.files.sharing import Pool, share_ledger_row
from reconciler.files.tally import NONE, moved, tally

VERSION = 1
HEAD = "head.json"
ROWS: Form[LedgerRow] = Form(
    decoder=msgspec.json.Decoder(LedgerRow),
    names=("last.groups",),
    sets=lambda row: (row.last.groups,) if row.last else (),
)

_RUNS = "runs/"
_HINT = "the ledger is written by `reconciler apply` alone; bring back its last commit, or upgrade the reconciler"


class _Reading(Struct):
    """
    What has been read so far, and what was wrong with it.
    """

    rows: dict[str, dict[str, LedgerRow]]
    depths: dict[str, int]
    faults: list[Fault]
    pool: Pool
    head: Head | None = None
    digest: str = NONE


def decode_ledger(files: Iterable[tuple[str, bytes]], *, target: str) -> Ledger:
    """
    Return the ledger that the files of one target hold; where there are none, one that no run has written yet.

    Paths are relative to the target's folder; the records of runs are passed over. Raises LedgerError, with every
    fault, where anything is broken, newer than we know, or another target's.
    """
    reading = _Reading(rows={"users": {}, "groups": {}}, depths={}, faults=[], pool=Pool())
    with collector_paused():
        for path, content in files:
            if not path.startswith(_RUNS):
                _read(reading, path, content)
    head = reading.head or Head(version=VERSION, lineage="", target=target)
    faults = reading.faults or _inconsistencies(reading, head, target)
    if faults:
        told = refusal(faults, folder=f"ledger/{target}", hint="")
        raise LedgerError(str(told), hint=_HINT) from told
    return Ledger(head, reading.rows["users"], reading.rows["groups"])


def _read(reading: _Reading, path: str, content: bytes) -> None:
    """
    Add one file to what has been read.
    """
    placed = shard_depth(path)
    try:
        if path == HEAD:
            reading.head = decode_document(content, Head, path, version=VERSION)
        elif placed is None:
            reading.faults.append(Fault(path, 0, "is no file of a ledger"))
        else:
            plural, reading.depths[path] = placed
            reading.digest = moved(reading.digest, gone={}, new={path: content})
            rows = decode(content, ROWS, path)
            reading.faults.extend(misplaced(rows, [key_hash(row.key) for row in rows], path, shard=path))
            reading.rows[plural].update((row.key, share_ledger_row(row, reading.pool)) for row in rows)
    except InputError as error:
        reading.faults.extend(error.faults)


def _inconsistencies(reading: _Reading, head: Head, target: str) -> list[Fault]:
    """
    Return what is wrong with the files as a whole.
    """
    if reading.head is None:
        return [Fault(HEAD, 0, "is missing, but rows are there")] if reading.depths else []
    if head.target != target:
        return [Fault(HEAD, 0, f"this is the ledger of target {head.target!r}, not of {target!r}")]
    astray = [
        Fault(path, 0, f"is no file of this ledger, whose depth is {head.depth}")
        for path, depth in sorted(reading.depths.items())
        if depth != head.depth
    ]
    if not astray and head.rows and head.rows != reading.digest:
        told = f"says that the files of its rows have the digest {head.rows}, but that is {reading.digest}"
        return [Fault(HEAD, 0, told, "a row was edited by hand, or a file is missing: `git log -p` shows which")]
    return astray


def encode_delta(
    ledger: Ledger,
    head: Head,
    users: Mapping[str, LedgerRow | None],
    groups: Mapping[str, LedgerRow | None],
) -> tuple[Ledger, dict[str, bytes | None]]:
    """
    Return the ledger once the rows (None: removed) and the head are taken in, and the files that this changes.

    A file that goes is None. A row that says nothing is removed. The depth of the shards is chosen here; when it
    changes, every file does.
    """
    after = Ledger(head, _taken_in(ledger.users, users), _taken_in(ledger.groups, groups))
    depth = depth_for(max(len(after.users), len(after.groups)), ledger.head.depth)
    after = Ledger(structs.replace(head, depth=depth), after.users, after.groups)
    files = _rewritten("users", ledger, after, changed=users) | _rewritten("groups", ledger, after, changed=groups)
    after = Ledger(structs.replace(after.head, rows=_digest(ledger, after, files)), after.users, after.groups)
    if ledger.head.serial == 0 or encode_document(after.head) != encode_document(ledger.head):
        files[HEAD] = encode_document(after.head)
    return after, dict(sorted(files.items()))


def _digest(before: Ledger, after: Ledger, files: Mapping[str, bytes | None]) -> str:
    """
    Return the digest of the rows' files once some are rewritten; all of them are taken where there was none yet.
    """
    if not before.head.rows:
        return tally(_files_of(after, None))
    new = {path: content for path, content in files.items() if content is not None}
    return moved(before.head.rows, gone=_files_of(before, files.keys()), new=new) if files else before.head.rows


def _files_of(ledger: Ledger, paths: AbstractSet[str] | None) -> dict[str, bytes]:
    """
    Return the files of a ledger's rows as they are written: those at `paths`, or all.
    """
    found: dict[str, bytes] = {}
    kinds: tuple[tuple[str, Mapping[str, LedgerRow]], ...] = (("users", ledger.users), ("groups", ledger.groups))
    for plural, rows in kinds:
        for path, shard in spread(plural, rows.values(), ledger.head.depth).items():
            if paths is None or path in paths:
                found[path] = encode(shard)
    return found


def _taken_in(rows: Mapping[str, LedgerRow], changes: Mapping[str, LedgerRow | None]) -> dict[str, LedgerRow]:
    """
    Return the rows with the changes in place, without those that say nothing.
    """
    gone = {key for key, row in changes.items() if row is None or row == LedgerRow(key=key)}
    return {key: row for key, row in {**rows, **changes}.items() if row is not None and key not in gone}


def _rewritten(
    plural: Literal["users", "groups"], before: Ledger, after: Ledger, *, changed: Iterable[str]
) -> dict[str, bytes | None]:
    """
    Return the files of one kind that hold something else after than before.
    """
    old: dict[str, LedgerRow] = getattr(before, plural)
    new: dict[str, LedgerRow] = getattr(after, plural)
    depth = after.head.depth
    if depth != before.head.depth:
        gone: Iterable[str] = spread(plural, old.values(), before.head.depth)
        return dict.fromkeys(gone) | _encoded(plural, new.values(), depth)
    # Compared as bytes: to Python, True and 1 are equal
    moved = (key for key in changed if ENCODER.encode(old.get(key)) != ENCODER.encode(new.get(key)))
    touched = {shard_path(plural, key, depth) for key in moved}
    if not touched:
        return {}
    beside = (row for key, row in new.items() if shard_path(plural, key, depth) in touched)
    return dict.fromkeys(touched) | _encoded(plural, beside, depth)


def _encoded(plural: str, rows: Iterable[LedgerRow], depth: int) -> dict[str, bytes | None]:
    """
    Return the files that hold the rows.
    """
    return {path: encode(shard) for path, shard in spread(plural, rows, depth).items()}


def run_path(time: str, serial: int) -> str:
    """
    Return the file of a run's record: `runs/2026/000001.jsonl`.
    """
    return f"{_RUNS}{time[:4]}/{serial:06d}.jsonl"


def encode_run(header: RunHeader, lines: Iterable[RunChange | RunClaim]) -> bytes:
    """
    Return the record of a run: the header, then the lines in the order given, which is that of the plan.
    """
    return ENCODER.encode_lines([header, *lines])
