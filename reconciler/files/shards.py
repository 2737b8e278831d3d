"""
Which file holds which row: spread by the key's SHA-256, so that a change rewrites some tens of rows (formats.md).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence

from reconciler.errors import Fault
from reconciler.files.rows import Row, shown

_CAPACITY = (1_000, 16_000, 260_000)
_DIGITS = (0, 2, 3, 4)
_SHARD = re.compile(r"(users|groups)(?:/([0-9a-f]{2})(?:/([0-9a-f]{1,2}))?)?\.jsonl")


def depth_for(count: int, present: int = 0) -> int:
    """
    Return how deep `count` rows are sharded: 0 is one file, then 256, 4,096 and 65,536 files.

    Rows move to a deeper form as soon as they outgrow the `present` one, but back only when the shallower form
    would be less than half full: a count that swings about a limit does not rewrite every file each time.
    """
    needed = sum(count > capacity for capacity in _CAPACITY)
    if needed >= present:
        return needed
    return sum(count * 2 > capacity for capacity in _CAPACITY[:present])


def key_hash(key: str) -> str:
    """
    Return the hex SHA-256 of the UTF-8 key.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def key_hashes(rows: Iterable[Row]) -> list[bytes]:
    """
    Return the SHA-256 of the UTF-8 key of each row.
    """
    sha256 = hashlib.sha256
    return [sha256(row.key.encode()).digest() for row in rows]


def shard_path(plural: str, key: str, depth: int) -> str:
    """
    Return the file that holds the row of `key`: `users.jsonl`, `users/ab.jsonl`, `users/ab/c.jsonl`...

    `plural` is `users` or `groups`.
    """
    return path_of(plural, key_hash(key)[: _DIGITS[depth]] if depth else "")


def path_of(plural: str, digits: str) -> str:
    """
    Return the file whose keys' hashes begin with these hex digits.
    """
    return "/".join((plural, *filter(None, (digits[:2], digits[2:])))) + ".jsonl"


def shard_depth(path: str) -> tuple[str, int] | None:
    """
    Return kind (`users` or `groups`) and depth of a shard, told from its path; None where it is no shard.
    """
    match = _SHARD.fullmatch(path)
    if match is None:
        return None
    plural, outer, inner = match.groups()
    return plural, _DIGITS.index(len(outer or "") + len(inner or ""))


def digits_of(depth: int) -> int:
    """
    Return how many hex digits of their keys' hashes the rows of one file have in common.
    """
    return _DIGITS[depth] if 0 <= depth < len(_DIGITS) else 0


def shard_digits(path: str) -> str:
    """
    Return the hex digits that the hashes of a shard's keys begin with, told from its path.
    """
    return path.partition("/")[2].removesuffix(".jsonl").replace("/", "")


def spread(plural: str, rows: Iterable[Row], depth: int) -> dict[str, list[Row]]:
    """
    Return the rows by the file that holds them.
    """
    shards: dict[str, list[Row]] = {}
    for row in rows:
        shards.setdefault(shard_path(plural, row.key, depth), []).append(row)
    return shards


def within(paths: Iterable[str], keys: Iterable[str]) -> list[str]:
    """
    Return those of the keys whose rows the files hold; all files are of one kind and depth.

    Of a million keys a thousand files hold a hundredth: each costs a hash here, and no more.
    """
    prefixes = {shard_digits(path) for path in paths}
    length, sha256 = max(map(len, prefixes), default=0), hashlib.sha256
    return [key for key in keys if sha256(key.encode()).hexdigest()[:length] in prefixes]


def misplaced(rows: Sequence[Row], hashes: Sequence[bytes], path: str, *, shard: str) -> list[Fault]:
    """
    Return a fault for each row of the file at `path` that belongs in another shard than `shard`.

    `hashes` are the rows' key hashes.
    """
    digits = shard_digits(shard)
    if not hashes or (min(hashes).hex().startswith(digits) and max(hashes).hex().startswith(digits)):
        return []  # then all that lie between the two begin so, too
    plural, depth = shard_depth(shard) or ("", 0)
    return [
        Fault(path, number, f"key '{shown(row.key)}' belongs in {shard_path(plural, row.key, depth)}")
        for number, (row, found) in enumerate(zip(rows, hashes, strict=True), 1)
        if not found.hex().startswith(digits)
    ]
