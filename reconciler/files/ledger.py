"""
The ledger of one target as files: `head.json`, rows of users and groups, one record a run (formats.md).

Nothing here touches a disk: the store gives and takes paths and bytes. What the head's digest proves to be as
`apply` wrote it is canonical, and only decoded; where it does not hold, every row is looked at, to say which.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from reconciler.core.canonical import REFUSALS
from reconciler.core.ledger import Absent, Claim, CreateIntent, Head, Hold, Last, Ledger, LedgerRow, Names, Time
from reconciler.errors import Fault, InputError, LedgerError
from reconciler.files.document import decode_document
from reconciler.files.leaf import LedgerLeaf
from reconciler.files.rows import Form, collector_paused, decode, refusal, shown
from reconciler.files.shards import digits_of, key_hashes, misplaced, shard_depth, shard_digits
from reconciler.files.tally import share, written

VERSION = 1
HEAD = "head.json"
RUNS = "runs/"
ROWS: Form[LedgerRow] = Form(
    decoder=msgspec.json.Decoder(LedgerRow),
    names=("last.groups",),
    sets=lambda row: (row.last.groups,) if row.last else (),
)

_STRANGE = "is no file of a ledger"
_USERS = ("users", "users.jsonl")
_GROUPS = ("groups", "groups.jsonl")
_HINT = "the ledger is written by `reconciler apply` alone; bring back its last commit, or upgrade the reconciler"

_CLAIMS = msgspec.json.Decoder(dict[str, Claim])

Read = Callable[..., Iterator[tuple[str, bytes]]]
"""Yields path and content of every file at or below the paths it is given, sorted by path; of all, without one."""


class _Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """
    A row of which the claims are not decoded yet: half of what a row costs, and most have the same as many others.
    """

    key: str
    link: str | None = None
    names: Names | None = None
    claims: msgspec.Raw = msgspec.Raw(b"{}")
    intent: CreateIntent | None = None
    last: Last | None = None
    policy: str = ""
    holds: tuple[Hold, ...] = ()
    absent: Absent | None = None
    tombstones: tuple[str, ...] = ()
    seen: Time = ""


_LINES = msgspec.json.Decoder(_Line)


class _Claims(dict[bytes, dict[str, Claim]]):
    """
    Claims as they are written, each decoded once. Rows share them, and change none.
    """

    def __missing__(self, written: bytes) -> dict[str, Claim]:
        claims = self[written] = _CLAIMS.decode(written)
        return claims


class _Reading(Struct, kw_only=True):
    """
    What has been read so far: head, groups by key, the depth of each file, the sum of all their shares.

    `trusting`: rows are decoded and not looked at, because the sum will prove them, or prove nothing.
    """

    head: Head | None
    trusting: bool
    groups: dict[str, LedgerRow]
    depths: dict[str, int]
    faults: list[Fault]
    claims: _Claims
    total: int = 0


class OpenLedger(Struct, frozen=True, kw_only=True):
    """
    The ledger of one target of which head and groups have been read; its people are read shard by shard.

    `total` is the sum of the shares of the groups' files.
    """

    head: Head
    groups: dict[str, LedgerRow]
    read: Read
    total: int

    @property
    def digits(self) -> int:
        """
        Return how many hex digits of their keys' hashes the people of one file have in common.
        """
        return digits_of(self.head.depth)

    def shards(self) -> Iterator[tuple[str, LedgerLeaf]]:
        """
        Yield the digits of each file, ascending, and its people by key, who are read if they are looked at.

        Where nothing proves the files, everybody is. Raises LedgerError, once all have passed, with every fault of
        all files: what was yielded is not to be believed then.
        """
        reading = _begun(self.head, trusting=bool(self.head.rows))
        reading.total = self.total
        for path, content in self.read(*_USERS):
            added = _noted(reading, path, content)
            if added is None:
                continue
            leaf = LedgerLeaf(content, added.to_bytes(32), partial(_rows, reading, path, content))
            yield shard_digits(path), leaf
            if not reading.trusting:
                leaf.read()
        if reading.trusting and (reading.faults or written(reading.total) != self.head.rows):
            decode_ledger(self.read(), target=self.head.target)
        _proved(reading, self.head.target)

    def whole(self) -> Ledger:
        """
        Return the ledger with everybody in it; raises what `shards` raises.
        """
        with collector_paused():
            users = {key: row for _, leaf in self.shards() for key, row in leaf.read().items()}
        return Ledger(self.head, users, self.groups)


def open_ledger(read: Read, paths: Iterable[str], *, target: str) -> OpenLedger:
    """
    Return the ledger of one target, all of it read but its people, who are read when they are asked for.

    `paths` are those of all files. Raises LedgerError as `decode_ledger` does, of what it reads.
    """
    faults = [
        Fault(path, 0, _STRANGE)
        for path in paths
        if path != HEAD and not path.startswith(RUNS) and not shard_depth(path)
    ]
    with collector_paused():
        files = dict(read(HEAD, *_GROUPS))
        head = _head(files.pop(HEAD), faults) if HEAD in files else None
        reading = _begun(head, trusting=head is not None and bool(head.rows))
        reading.faults += faults
        for path, content in files.items():
            if _noted(reading, path, content) is not None:
                reading.groups |= _rows(reading, path, content)
    if reading.trusting and reading.faults:
        decode_ledger(read(), target=target)
    return OpenLedger(head=_sound(reading, target), groups=reading.groups, read=read, total=reading.total)


def decode_ledger(files: Iterable[tuple[str, bytes]], *, target: str) -> Ledger:
    """
    Return the ledger that the files of one target hold; where there are none, one that no run has written yet.

    Paths are relative to the target's folder; the records of runs are passed over. Raises LedgerError, with every
    fault, where anything is broken, newer than we know, or another target's.
    """
    reading, users = _begun(None, trusting=False), dict[str, LedgerRow]()
    with collector_paused():
        for path, content in files:
            if path == HEAD:
                reading.head = _head(content, reading.faults)
            elif not path.startswith(RUNS) and _noted(reading, path, content) is not None:
                rows = _rows(reading, path, content)
                (users if path.startswith(_USERS[0]) else reading.groups).update(rows)
    return Ledger(_proved(reading, target), users, reading.groups)


def _begun(head: Head | None, *, trusting: bool) -> _Reading:
    return _Reading(head=head, trusting=trusting, groups={}, depths={}, faults=[], claims=_Claims())


def _head(content: bytes, faults: list[Fault]) -> Head | None:
    """
    Return the head of a ledger, or note in `faults` why there is none.
    """
    try:
        return decode_document(content, Head, HEAD, version=VERSION)
    except InputError as error:
        faults.extend(error.faults)
        return None


def _noted(reading: _Reading, path: str, content: bytes) -> int | None:
    """
    Return the share of a file of rows, and note what it adds to the reading; None where it is no such file.
    """
    placed = shard_depth(path)
    if placed is None:
        reading.faults.append(Fault(path, 0, _STRANGE))
        return None
    added = share(path, content)
    reading.depths[path] = placed[1]
    reading.total += added
    return added


def _rows(reading: _Reading, path: str, content: bytes) -> dict[str, LedgerRow]:
    """
    Return the rows of one file by key; none, where it is not sound.
    """
    try:
        rows = _decoded(content, reading.claims) if reading.trusting else decode(content, ROWS, path)
    except InputError as error:
        reading.faults.extend(error.faults)
        return {}
    except REFUSALS as error:
        reading.faults.append(Fault(path, 0, str(error)))
        return {}
    if not reading.trusting:
        reading.faults.extend(misplaced(rows, key_hashes(rows), path, shard=path))
        reading.faults.extend(_mute(rows, path))
    return {row.key: row for row in rows}


def _mute(rows: Sequence[LedgerRow], path: str) -> Iterator[Fault]:
    """
    Yield a fault for each row that says nothing: `apply` writes none.
    """
    for number, row in enumerate(rows, 1):
        if row == LedgerRow(key=row.key):
            yield Fault(path, number, f"the row of '{shown(row.key)}' says nothing")


def _decoded(content: bytes, claims: _Claims) -> list[LedgerRow]:
    """
    Return the rows of a file that is known to be canonical.
    """
    return [
        LedgerRow(
            key=line.key,
            link=line.link,
            names=line.names,
            claims=claims[bytes(line.claims)],
            intent=line.intent,
            last=line.last,
            policy=line.policy,
            holds=line.holds,
            absent=line.absent,
            tombstones=line.tombstones,
            seen=line.seen,
        )
        for line in _LINES.decode_lines(content)
    ]


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
    if head.rows and head.rows != written(reading.total):
        told = f"says that the files of its rows have the digest {head.rows}, but that is {written(reading.total)}"
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
    known = {path: head.groups_depth if path.startswith(_GROUPS[0]) else head.depth for path in reading.depths}
    return [
        Fault(path, 0, f"is no file of this ledger, whose depth is {known[path]}")
        for path, depth in sorted(reading.depths.items())
        if depth != known[path]
    ]
