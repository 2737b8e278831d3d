"""
Rows that a program of your own printed, in the fields of an export: `users.json` and `groups.json`, an array each.

It is the way in for any directory that has no reader here. What a record may hold is what the schemas of user and
group rows say; the order of records, of sets and of keys does not matter.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from reconciler.core.export import Collection, GroupRow, UserRow
from reconciler.errors import Fault, InputError, SourceError, UsageError
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, NoSettings, SourceAdapter
from reconciler.sources import rawjson
from reconciler.sources.printed_files import moment_of, stamp, time_of

Row = TypeVar("Row", UserRow, GroupRow)

USERS, GROUPS = "users.json", "groups.json"

_HINT = "the fields are those of schemas/user.schema.json and schemas/group.schema.json"


def read_rows(paths: Sequence[Path], *, account: str | None, fetched_at: str | None) -> Reading:
    """
    Return the rows in `users.json` and `groups.json` among the files, or in the folders, as one whole reading.

    `fetched_at` None takes the time of the older file. Raises InputError with every fault of both, SourceError
    where one of them is missing, UsageError where no account is named or `fetched_at` is no time.
    """
    if account is None:
        told = "nobody says which directory this is"
        raise UsageError(told, hint="name it: --account, or `account` in reconciler.yaml")
    files = {name: _file(paths, name) for name in (USERS, GROUPS)}
    faults: list[Fault] = []
    users, one = _read(files[USERS], UserRow, faults)
    groups, other = _read(files[GROUPS], GroupRow, faults)
    known = {row.key for row in groups}
    for row in users:
        faults += (_astray(files[USERS], row.key, key) for key in row.groups if key not in known)
    if faults:
        raise InputError(tuple(faults))
    at = time_of(min(one, other)) if fetched_at is None else moment_of(fetched_at)
    return Reading(
        users=tuple(sorted(users, key=lambda row: row.key)),
        groups=tuple(sorted(groups, key=lambda row: row.key)),
        account=account,
        fetched_at=stamp(at),
        complete=True,
        read={
            "groups": Collection(rows=len(groups), pages=1),
            "users": Collection(rows=len(users), pages=1),
        },
        faults=(),
        notes=(),
    )


def _astray(path: Path, user: str, group: str) -> Fault:
    return Fault(str(path), 0, f"user {user!r} is in group {group!r}, of which there is no record", f"see {GROUPS}")


def _file(paths: Sequence[Path], name: str) -> Path:
    """
    Return the file of that name; raises SourceError where there is none.
    """
    for path in paths:
        if path.name == name:
            return path
        if (path / name).exists():
            return path / name
    raise SourceError(f"there is no {name} among the files", hint=f"print both: {USERS} and {GROUPS}")


def _read(path: Path, kind: type[Row], faults: list[Fault]) -> tuple[list[Row], float]:
    """
    Return the rows of one file and when it was written; what is wrong with it is noted in `faults`.
    """
    document, written = rawjson.read(path)
    if not isinstance(document, list):
        faults.append(Fault(str(path), 0, "is no array of records", _HINT))
        return [], written
    return list(_rows(document, kind, path, faults)), written


def _rows(records: list[object], kind: type[Row], path: Path, faults: list[Fault]) -> Iterator[Row]:
    known: set[str] = set()
    for number, record in enumerate(records, 1):
        try:
            row = msgspec.convert(_tidy(record), kind)
        except (msgspec.ValidationError, TypeError) as error:
            faults.append(Fault(str(path), 0, f"record {number}: {error}", _HINT))
            continue
        if row.key in known:
            faults.append(Fault(str(path), 0, f"record {number}: a second one of key {row.key!r}", "keep one"))
        known.add(row.key)
        yield row


def _tidy(value: object) -> object:
    """
    Return a value as a row holds it: text in NFC, lists as sets.
    """
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {key: _tidy(inner) for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return sorted({unicodedata.normalize("NFC", one) for one in value})
    return value


def _files(paths: Sequence[Path], asking: Asking[NoSettings]) -> Reading:
    return read_rows(paths, account=asking.account, fetched_at=asking.fetched_at)


ADAPTER = SourceAdapter(settings=NoSettings, files=_files)
"""What is plugged in under the name `rows`."""
