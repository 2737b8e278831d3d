"""
Tables as text (RFC 4180, UTF-8): `users.csv` and, if there are groups to describe, `groups.csv`, with header rows.

A column's name is the field it holds. `groups` and `roles` hold several, parted by `;`; a group is meant by its
key, and where there is no `groups.csv`, by its name. Nothing is taken for a number. An empty column says that
there is nothing, one that is not there says nothing. A state that is no word of ours is unknown.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from io import StringIO
from itertools import chain
from pathlib import Path

import msgspec
from msgspec import Struct

from reconciler.core.export import Collection, GroupRow, UserRow
from reconciler.errors import Fault, InputError
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, NoSettings, SourceAdapter
from reconciler.sources.printed_accounts import account_of
from reconciler.sources.printed_files import printed, stamp
from reconciler.sources.printed_members import unknown_states
from reconciler.sources.rawjson import content_of, shown

_TEXTS = ("email", "first_name", "last_name", "display_name", "description", "locale")
_USERS = frozenset({"key", "user_name", "state", "source_state", "groups", "roles", *_TEXTS})
_GROUPS = frozenset({"key", "name", "description", "roles"})
STATES = frozenset({"active", "invited", "suspended", "left"})
_NEAR = 0.75
_AGAIN = "export it again, as UTF-8 with commas between columns"


class Line(Struct, frozen=True, kw_only=True):
    """
    One row of a table, by column, and its place.
    """

    path: str
    number: int
    cells: dict[str, str]

    def fault(self, message: str, hint: str = "") -> Fault:
        """
        Return a fault of this line.
        """
        return Fault(self.path, self.number, message, hint)


class Table(Struct, frozen=True, kw_only=True):
    """
    One file: its columns and its lines, and whether it is of people.
    """

    path: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    of_users: bool


def _files(paths: Sequence[Path], asking: Asking[NoSettings]) -> Reading:
    """
    Return what the tables among the files, or in the folders, say.

    Raises InputError with every fault of every file, SourceError where there is none or no account is named.
    """
    saved = printed(paths, _table, fetched_at=asking.fetched_at, suffix=".csv", read=_text)
    people = [line for table in saved.pages if table.of_users for line in table.lines]
    described = [line for table in saved.pages if not table.of_users for line in table.lines]
    listed = [table for table in saved.pages if not table.of_users]
    faults = [*_twice(people, "key"), *_twice(described, "key")]
    groups = {line.cells["key"]: _group(line) for line in described} if listed else _mentioned(people)
    faults += _strangers(people, groups) if listed else ()
    if faults:
        raise InputError(tuple(faults))
    users = {line.cells["key"]: _user(line) for line in people}
    absent = () if any(table.of_users for table in saved.pages) else ("no users were given",)
    gaps = (*absent, *sorted(chain.from_iterable(_unsaid(table, listed=bool(listed)) for table in saved.pages)))
    counts = {"users": len(users), "groups": len(groups)} if listed else {"users": len(users)}
    return Reading(
        users=tuple(users[key] for key in sorted(users)),
        groups=tuple(groups[key] for key in sorted(groups)),
        account=account_of((), asking.account),
        fetched_at=stamp(saved.at),
        complete=not gaps,
        read={kind: Collection(rows=rows, pages=1) for kind, rows in counts.items()},
        faults=gaps,
        notes=(*saved.notes, *sorted({*unknown_states(users), *chain(*map(_left_out, saved.pages))})),
    )


def _text(path: Path) -> tuple[object, float]:
    """
    Return a file's text and when it was written; raises InputError for what is not UTF-8, or holds a NUL.
    """
    content, written = content_of(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError((Fault(str(path), line, "is not UTF-8", _AGAIN),)) from error
    if "\0" in text:
        raise InputError((Fault(str(path), text[: text.index("\0")].count("\n") + 1, "holds a NUL", _AGAIN),))
    return unicodedata.normalize("NFC", text), written


def _table(document: object, path: Path) -> tuple[Table]:
    """
    Return a file's text as a table; raises InputError with every line that is not as long as the header.
    """
    reader = csv.reader(StringIO(str(document), newline=""), strict=True)
    lines: list[Line] = []
    faults: list[Fault] = []
    try:
        columns = _header(next(reader, []), path)
        begins = reader.line_num + 1
        for cells in reader:
            line = Line(path=str(path), number=begins, cells=dict(zip(columns, cells, strict=False)))
            begins = reader.line_num + 1
            lines += [line] if cells else []
            faults += _wrong(line, cells, columns) if cells else ()
    except csv.Error as error:
        raise InputError((Fault(str(path), reader.line_num, f"is no table: {error}", _AGAIN),)) from error
    if faults:
        raise InputError(tuple(faults))
    return (Table(path=str(path), columns=columns, lines=tuple(lines), of_users="user_name" in columns),)


def _header(names: Sequence[str], path: Path) -> tuple[str, ...]:
    """
    Return the columns; raises InputError where one is named twice, or those that tell what this is are missing.
    """
    columns = tuple(name.strip() for name in names)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise InputError((Fault(str(path), 1, f"names columns twice: {', '.join(map(shown, twice))}", _AGAIN),))
    if "key" not in columns or not {"user_name", "name"} & set(columns):
        told = f"has no column key, and user_name (people) or name (groups): {shown(','.join(columns))}"
        raise InputError((Fault(str(path), 1, told, _AGAIN),))
    return columns


def _wrong(line: Line, cells: Sequence[str], columns: Sequence[str]) -> Iterator[Fault]:
    """
    Yield what is wrong with a line: another number of columns, or nothing where a key or name must be.
    """
    if len(cells) != len(columns):
        yield line.fault(f"has {len(cells)} columns, and the header {len(columns)}", "quote what holds a comma")
        return
    for name in ("key", "user_name", "name"):
        if not line.cells.get(name, "-").strip():
            yield line.fault(f"{name} is empty", "every line needs one")


def _user(line: Line) -> UserRow:
    said = line.cells.get("state", "")
    row: dict[str, object] = {
        name: line.cells[name] for name in ("key", "user_name", *_TEXTS) if name in line.cells
    }
    row["state"] = said if said in STATES else "unknown"
    row["source_state"] = line.cells.get("source_state", said)
    row |= {name: _several(line.cells.get(name, "")) for name in ("groups", "roles")}
    return msgspec.convert(row, UserRow)


def _group(line: Line) -> GroupRow:
    row: dict[str, object] = {
        name: line.cells[name] for name in ("key", "name", "description") if name in line.cells
    }
    return msgspec.convert({**row, "roles": _several(line.cells.get("roles", ""))}, GroupRow)


def _mentioned(people: Iterable[Line]) -> dict[str, GroupRow]:
    """
    Return the groups that people are in; nothing but a name is known of them.
    """
    names = {name for line in people for name in _several(line.cells.get("groups", ""))}
    return {name: GroupRow(key=name, name=name) for name in names}


def _several(cell: str) -> tuple[str, ...]:
    return tuple(sorted({part.strip() for part in cell.split(";") if part.strip()}))


def _twice(lines: Iterable[Line], name: str) -> Iterator[Fault]:
    """
    Yield each line whose key another had before.
    """
    first: dict[str, Line] = {}
    for line in lines:
        before = first.setdefault(line.cells[name], line)
        if before is not line:
            place = f"{before.path}:{before.number}"
            yield line.fault(f"{name} {shown(line.cells[name])} stands at {place} too", "keep one")


def _strangers(people: Iterable[Line], groups: dict[str, GroupRow]) -> Iterator[Fault]:
    for line in people:
        for name in _several(line.cells.get("groups", "")):
            if name not in groups:
                yield line.fault(f"is in group {shown(name)}, which no table has", "groups are meant by their keys")


def _unsaid(table: Table, *, listed: bool) -> Iterator[str]:
    """
    Yield which sets a table does not tell although it should: all would be taken for empty.

    That is a column whose name is nearly `groups` or `roles`, and no `groups` where groups are described.
    """
    strange = {name.casefold(): name for name in table.columns if name not in _USERS | _GROUPS}
    for column in ("groups", "roles") if table.of_users else ("roles",):
        near = get_close_matches(column, strange, 1, _NEAR) if column not in table.columns else []
        missing = listed and table.of_users and column == "groups" and column not in table.columns
        if near or missing:
            meant = f": did you mean {shown(strange[near[0]])}?" if near else ""
            yield f"{Path(table.path).name}: has no column {column}, so nobody's would be known{meant}"


def _left_out(table: Table) -> Iterator[str]:
    """
    Yield which columns mean nothing here, and which of ours each may have been meant for.
    """
    known = _USERS if table.of_users else _GROUPS
    for name in sorted(set(table.columns) - known):
        near = get_close_matches(name.lower(), sorted(known), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield f"{table.path}:1: column {shown(name)} is no field of ours, left out{hint}"


ADAPTER = SourceAdapter(settings=NoSettings, files=_files)
"""What is plugged in under the name `csv`."""
