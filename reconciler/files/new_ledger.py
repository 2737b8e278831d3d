"""
A ledger that a run changes, as the files to write: only those that hold something else than before.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import structs

from reconciler.core.ledger import Head, Ledger, LedgerRow, RunChange, RunClaim, RunHeader
from reconciler.files.document import encode_document
from reconciler.files.ledger import HEAD, RUNS
from reconciler.files.rows import ENCODER, encode
from reconciler.files.shards import depth_for, shard_path, spread, within
from reconciler.files.tally import moved, tally


class _Kind(NamedTuple):
    """
    The rows of one kind in a ledger, and how deep they are sharded.
    """

    plural: str
    rows: Mapping[str, LedgerRow]
    depth: int


def _kinds(ledger: Ledger) -> tuple[_Kind, _Kind]:
    """
    Return users and groups of a ledger.
    """
    head = ledger.head
    return _Kind("users", ledger.users, head.depth), _Kind("groups", ledger.groups, head.groups_depth)


def encode_delta(
    ledger: Ledger,
    head: Head,
    users: Mapping[str, LedgerRow | None],
    groups: Mapping[str, LedgerRow | None],
    *,
    others: tuple[int, int] = (0, 0),
) -> tuple[Ledger, dict[str, bytes | None]]:
    """
    Return the ledger once the rows (None: removed) and the head are taken in, and the files that this changes.

    A file that goes is None. A row that says nothing is removed. The depth of the shards is chosen here; when it
    changes, every file does. `others`: users and groups that `ledger` leaves out, none of whose files changes.
    """
    after = Ledger(head, _taken_in(ledger.users, users), _taken_in(ledger.groups, groups))
    depths = {
        "depth": depth_for(len(after.users) + others[0], ledger.head.depth),
        "groups_depth": depth_for(len(after.groups) + others[1], ledger.head.groups_depth),
    }
    after = Ledger(structs.replace(head, **depths), after.users, after.groups)
    gone: dict[str, bytes] = {}
    files: dict[str, bytes | None] = {}
    for old, new, changed in zip(_kinds(ledger), _kinds(after), (users, groups), strict=True):
        was, now = _rewritten(old, new, changed)
        gone |= was
        files |= now
    digest = _digest(ledger, after, gone, files)
    after = Ledger(structs.replace(after.head, rows=digest), after.users, after.groups)
    if ledger.head.serial == 0 or encode_document(after.head) != encode_document(ledger.head):
        files[HEAD] = encode_document(after.head)
    return after, dict(sorted(files.items()))


def _digest(before: Ledger, after: Ledger, gone: Mapping[str, bytes], files: Mapping[str, bytes | None]) -> str:
    """
    Return the digest of the rows' files once some are rewritten; all of them are taken where there was none yet.
    """
    if not before.head.rows:
        return tally(_files_of(after))
    new = {path: content for path, content in files.items() if content is not None}
    return moved(before.head.rows, gone=gone, new=new) if files else before.head.rows


def _files_of(ledger: Ledger) -> dict[str, bytes]:
    """
    Return the files of a ledger's rows as they are written.
    """
    users, groups = (_encoded(kind.plural, kind.rows.values(), kind.depth) for kind in _kinds(ledger))
    return users | groups


def _taken_in(rows: Mapping[str, LedgerRow], changes: Mapping[str, LedgerRow | None]) -> dict[str, LedgerRow]:
    """
    Return the rows with the changes in place, without those that say nothing.
    """
    taken = dict(rows)
    for key, row in changes.items():
        if row is None or row == LedgerRow(key=key):
            taken.pop(key, None)
        else:
            taken[key] = row
    return taken


def _rewritten(
    before: _Kind, after: _Kind, changed: Iterable[str]
) -> tuple[dict[str, bytes], dict[str, bytes | None]]:
    """
    Return the files of one kind that hold something else after than before: as they were, and as they are.
    """
    plural, old, new, depth = after.plural, before.rows, after.rows, after.depth
    if depth != before.depth:
        gone = _encoded(plural, old.values(), before.depth)
        return gone, {**dict.fromkeys(gone), **_encoded(plural, new.values(), depth)}
    # Compared as bytes: to Python, True and 1 are equal
    moved = [key for key in changed if ENCODER.encode(old.get(key)) != ENCODER.encode(new.get(key))]
    touched = {shard_path(plural, key, depth) for key in moved}
    if not touched:
        return {}, {}
    beside = dict.fromkeys([*within(touched, old), *moved])
    was = _encoded(plural, (old[key] for key in beside if key in old), depth)
    now = _encoded(plural, (new[key] for key in beside if key in new), depth)
    return was, {**dict.fromkeys(touched), **now}


def _encoded(plural: str, rows: Iterable[LedgerRow], depth: int) -> dict[str, bytes]:
    """
    Return the files that hold the rows.
    """
    return {path: encode(shard) for path, shard in spread(plural, rows, depth).items()}


def run_path(time: str, serial: int) -> str:
    """
    Return the file of a run's record: `runs/2026/000001.jsonl`.
    """
    return f"{RUNS}{time[:4]}/{serial:06d}.jsonl"


def encode_run(header: RunHeader, lines: Iterable[RunChange | RunClaim]) -> bytes:
    """
    Return the record of a run: the header, then the lines in the order given, which is that of the plan.
    """
    return ENCODER.encode_lines([header, *lines])
