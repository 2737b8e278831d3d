"""
The files into which somebody saved what IBM Cloud printed: found, read strictly, cut into pages.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from reconciler.errors import Fault, InputError, SourceError
from reconciler.sources import rawjson
from reconciler.sources.ibmcloud_pages import Page, pages


class Printed(Struct, frozen=True):
    """
    The pages of all files, when the oldest file was written (seconds since 1970), and how many were passed over.
    """

    pages: tuple[Page, ...]
    oldest: float
    passed_over: int


def pages_of(paths: Sequence[Path]) -> Printed:
    """
    Return what the files, and the `*.json` files in the folders, hold.

    Raises InputError with the faults of all files, SourceError where there is nothing to read.
    """
    files = _files(paths)
    found: list[Page] = []
    faults: list[Fault] = []
    times: list[float] = []
    for path in files:
        try:
            document, modified = rawjson.read(path)
            found += pages(document, path)
            times.append(modified)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(tuple(faults))
    present = {one for path in paths if _is_folder(path) for one in _inside(path)}
    return Printed(tuple(found), min(times), len(present.difference(files)))


def time_of(seconds: float) -> datetime:
    """
    Return a file's time in UTC, to the second; raises SourceError where no calendar has it.
    """
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SourceError("the oldest file has an impossible time", hint="say it with --fetched-at") from error


def _files(paths: Sequence[Path]) -> list[Path]:
    """
    Return the files to read, each once, sorted; folders are walked for `*.json`.
    """
    found: set[Path] = set()
    for path in paths:
        inside = {one for one in _inside(path) if one.suffix == ".json"} if _is_folder(path) else {path}
        if not inside:
            raise SourceError(f"{path}: holds no .json file", hint="give the folder into which you exported")
        found |= inside
    if not found:
        raise SourceError("no files to read", hint="say which: reconciler export ibmcloud --from PATH...")
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
