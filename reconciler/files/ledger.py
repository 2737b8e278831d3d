"""
The ledger of one target as files: `head.json`, rows of users and groups, one record a run (formats.md).

Nothing here touches a disk: the store gives and takes paths and bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

import msgspec
from msgspec import Struct, structs

from reconciler.core.ledger import Head, Ledger, LedgerRow, RunChange, RunClaim, RunHeader
from reconciler.errors import Fault, InputError, LedgerError
from reconciler.files.document import decode_document, encode_document
from reconciler.files.rows import ENCODER, Form, collector_paused, decode, encode, refusal
from reconciler.files.shards import (
    depth_for,
    digits_of,
    key_hash,
    misplaced,
    shard_depth,
    shard_digits,
    shard_path,
    spread,
)
from reconciler.files.tally import NONE, moved, tally

VERSION = 1
HEAD = "head.json"
ROWS: Form[LedgerRow] = Form(
    decoder=msgspec.json.Decoder(LedgerRow),
    names=("last.groups",),
    sets=lambda row: (row.last.groups,) if row.last else (),
)

_RUNS = "runs/"
_STRANGE = "is no file of a ledger"
_USERS = ("users", "users.jsonl")
_GROUPS = ("groups", "groups.jsonl")
_HINT = "the ledger is written by `reconciler apply` alone; bring back its last commit, or upgrade the reconciler"


class _Reading(Struct):
    """
    What has been read so far, and what was wrong with it.
    """

    rows: dict[str, dict[str, LedgerRow]]
    depths: dict[str, int]
    faults: list[Fault]
    head: Head | None = None
    digest: str = NONE


class OpenLedger(Struct, frozen=True, kw_only=True):
    """
    The ledger of one target of which head and groups have been read; its people are read shard by shard.

    `people` yields path and content of their files, sorted by path; `digest` is that of the files of groups.
    """

    head: Head
    groups: dict[str, LedgerRow]
    people: Callable[[], Iterator[tuple[str, bytes]]]
    digest: str

    @property
    def digits(self) -> int:
        """
        Return how many hex digits of their keys' hashes the people of one file have in common.
        """
        return digits_of(self.head.depth)

    def shards(self) -> Iterator[tuple[str, dict[str, LedgerRow]]]:
        """
        Yield the digits of each file, ascending, and its people by key.

        Raises LedgerError, once all have passed, with every fault of the files: what was yielded is not to be
        believed then.
        """
        reading = _Reading(rows={}, depths={}, faults=[], head=self.head, digest=self.digest)
        for path, content in self.people():
            reading.rows["users"] = {}
            _read(reading, path, content)
            yield shard_digits(path), reading.rows["users"]
        _proved(reading, self.head.target)

    def whole(self) -> Ledger:
        """
        Return the ledger with everybody in it; raises what `shards` raises.
        """
        with collector_paused():
            users = {key: row for _, rows in self.shards() for key, row in rows.items()}
        return Ledger(self.head, users, self.groups)


def open_ledger(
    read: Callable[..., Iterator[tuple[str, bytes]]], paths: Iterable[str], *, target: str
) -> OpenLedger:
    """
    Return the ledger of one target, all of it read but its people, who are read when they are asked for.

    `read` yields path and content of every file at or below the paths it is given; `paths` are those of all files.
    Raises LedgerError as `decode_ledger` does, of what it reads.
    """
    strangers = (path for path in paths if path != HEAD and not path.startswith(_RUNS) and not shard_depth(path))
    reading = _Reading(
        rows={"users": {}, "groups": {}}, depths={}, faults=[Fault(path, 0, _STRANGE) for path in strangers]
    )
    with collector_paused():
        for path, content in read(HEAD, *_GROUPS):
            _read(reading, path, content)
    return OpenLedger(
        head=_sound(reading, target),
        groups=reading.rows["groups"],
        people=lambda: read(*_USERS),
        digest=reading.digest,
    )


def decode_ledger(files: Iterable[tuple[str, bytes]], *, target: str) -> Ledger:
    """
    Return the ledger that the files of one target hold; where there are none, one that no run has written yet.

    Paths are relative to the target's folder; the records of runs are passed over. Raises LedgerError, with every
    fault, where anything is broken, newer than we know, or another target's.
    """
    reading = _Reading(rows={"users": {}, "groups": {}}, depths={}, faults=[])
    with collector_paused():
        for path, content in files:
            if not path.startswith(_RUNS):
                _read(reading, path, content)
    return Ledger(_proved(reading, target), reading.rows["users"], reading.rows["groups"])


def _read(reading: _Reading, path: str, content: bytes) -> None:
    """
    Add one file to what has been read.
    """
    placed = shard_depth(path)
    try:
        if path == HEAD:
            reading.head = decode_document(content, Head, path, version=VERSION)
        elif placed is None:
            reading.faults.append(Fault(path, 0, _STRANGE))
        else:
            plural, reading.depths[path] = placed
            reading.digest = moved(reading.digest, gone={}, new={path: content})
            rows = decode(content, ROWS, path)
            reading.faults.extend(misplaced(rows, [key_hash(row.key) for row in rows], path, shard=path))
            reading.rows[plural].update((row.key, row) for row in rows)
    except InputError as error:
        reading.faults.extend(error.faults)


def _sound(reading: _Reading, target: str) -> Head:
    """
    Return the head of a ledger of which nothing that was read is wrong; raises LedgerError with all that is.
    """
    head = reading.head or Head(version=VERSION, lineage="", target=target)
    _refuse(reading.faults or _inconsistencies(reading, head, target), target)
    return head


def _proved(reading: _Reading, target: str) -> Head:
    """
    Return the same of a ledger whose files have all been read: they are those that the head tells of.
    """
    head = _sound(reading, target)
    if head.rows and head.rows != reading.digest:
        told = f"says that the files of its rows have the digest {head.rows}, but that is {reading.digest}"
        hint = "a row was edited by hand, or a file is missing: `git log -p` shows which"
        _refuse([Fault(HEAD, 0, told, hint)], target)
    return head


def _refuse(faults: Sequence[Fault], target: str) -> None:
    if faults:
        told = refusal(faults, folder=f"ledger/{target}", hint="")
        raise LedgerError(str(told), hint=_HINT) from told


def _inconsistencies(reading: _Reading, head: Head, target: str) -> list[Fault]:
    """
    Return what is wrong with the files as a whole.
    """
    if reading.head is None:
        return [Fault(HEAD, 0, "is missing, but rows are there")] if reading.depths else []
    if head.target != target:
        return [Fault(HEAD, 0, f"this is the ledger of target {head.target!r}, not of {target!r}")]
    return [
        Fault(path, 0, f"is no file of this ledger, whose depth is {head.depth}")
        for path, depth in sorted(reading.depths.items())
        if depth != head.depth
    ]


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
