"""
The files into which somebody saved what a cloud printed: found, read strictly, cut into pages.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct

from reconciler.errors import Fault, InputError, SourceError, UsageError
from reconciler.sources import rawjson

Piece = TypeVar("Piece")

_WRITTEN = "write it as 2026-11-20T06:00:00Z"


class Printed(Struct, Generic[Piece], frozen=True):
    """
    The pages of all files, when they were printed (UTC), and what is worth knowing of that.
    """

    pages: tuple[Piece, ...]
    at: datetime
    notes: tuple[str, ...]


def printed(
    paths: Sequence[Path],
    cut: Callable[[object, Path], Iterable[Piece]],
    *,
    fetched_at: str | None,
    suffix: str = ".json",
    read: Callable[[Path], tuple[object, float]] = rawjson.read,
) -> Printed[Piece]:
    """
    Return what `cut` makes of each file, and of each file of that suffix in the folders.

    `fetched_at` None takes the time of the oldest file. Raises InputError with the faults of all files, SourceError
    where there is nothing to read, UsageError where `fetched_at` is no time.
    """
    moment = None if fetched_at is None else moment_of(fetched_at)
    files = _files(paths, suffix)
    found: list[Piece] = []
    faults: list[Fault] = []
    times: list[float] = []
    for path in files:
        try:
            document, modified = read(path)
            found += cut(document, path)
            times.append(modified)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(tuple(faults))
    present = {one for path in paths if _is_folder(path) for one in _inside(path)}
    at = moment or time_of(min(times))
    notes = []
    if passed_over := len(present.difference(files)):
        notes.append(f"files in the folders that are not *{suffix}, and were not read: {passed_over}")
    if moment is None:
        told = f"fetched_at is {stamp(at)}, the time of the oldest file; --fetched-at says it better"
        notes.append(told)
    return Printed(tuple(found), at, tuple(sorted(notes)))


def stamp(moment: datetime) -> str:
    """
    Return a time in UTC as a manifest writes it: `2026-11-20T06:00:00Z`.
    """
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """
    Return the moment that a person typed, in UTC; raises UsageError.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise UsageError(f"{text!r} has no time zone", hint=_WRITTEN)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no time", hint=_WRITTEN) from error


def time_of(seconds: float) -> datetime:
    """
    Return a file's time in UTC, to the second; raises SourceError where no calendar has it.
    """
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SourceError("the oldest file has an impossible time", hint="say it with --fetched-at") from error


def _files(paths: Sequence[Path], suffix: str) -> list[Path]:
    """
    Return the files to read, each once, sorted; folders are walked for those of that suffix.
    """
    found: set[Path] = set()
    for path in paths:
        inside = {one for one in _inside(path) if one.suffix == suffix} if _is_folder(path) else {path}
        if not inside:
            raise SourceError(f"{path}: holds no {suffix} file", hint="give the folder into which you exported")
        found |= inside
    if not found:
        raise SourceError("no files to read", hint="say which: reconciler export SOURCE --from PATH...")
    return sorted(found)


def _is_folder(path: Path) -> bool:
    """
    Return whether this is a folder; what cannot be looked at is not, and reading it will say why.
    """
    try:
        return path.is_dir()
    except OSError:
        return False


def _inside(folder: Path) -> list[Path]:
    """
    Return every file below the folder, sorted; raises SourceError where a part of it cannot be looked into.
    """

    def refuse(error: OSError) -> None:
        told = f"{error.filename}: cannot be read: {error.strerror}"
        raise SourceError(told, hint="let this user read it, or name the files that are meant") from error

    return sorted(Path(parent, name) for parent, _, names in os.walk(folder, onerror=refuse) for name in names)
