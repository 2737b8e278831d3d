"""
What a cloud's API and command line print, as pages of records: recognised by content, in any order.

A document is a page as the API answers it, a list of such pages, a bare list as command lines print it, or members
by group (`{"<group id>": [...]}`). Whose members a bare list holds its file's name says: `members/<group id>.json`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from reconciler.errors import Fault, InputError
from reconciler.sources.printed_errors import error_answer
from reconciler.sources.printed_records import Record, Wrong

Kind: TypeAlias = Literal["users", "groups", "members"]

_NAMES = "name it users.json, groups.json or members/<group id>.json"


class Paging(Struct, frozen=True, kw_only=True):
    """
    What a page says of the whole: how many records there are in all, and what to ask for next; None: nothing.
    """

    total: int | None = None
    next: str | None = None


class Listed(Struct, frozen=True, kw_only=True):
    """
    The records of one page of the API, their kind where the page says it, and its place in the whole.
    """

    rows: Sequence[object]
    kind: Kind | None = None
    paging: Paging = Paging()


class Shapes(Struct, frozen=True, kw_only=True):
    """
    How one cloud prints its lists.

    `listed` returns what a page of the API holds, None where an object is no page, and raises Wrong. `kind` tells
    what a record is; None where it is nothing known. `hint` says what to export.
    """

    listed: Callable[[Record], Listed | None]
    kind: Callable[[Record], Kind | None]
    hint: str


class Sheet(Struct, frozen=True, kw_only=True):
    """
    A page of one collection, of whichever cloud: its place, its records, what it says of the whole.

    `whose` is the group that members are of.
    """

    kind: str
    path: str
    number: int
    rows: tuple[Record, ...]
    whose: str | None = None
    paging: Struct | None = None

    def fault(self, row: int | None, message: str, hint: str = "") -> Fault:
        """
        Return a fault at one record (counted from 0) of this page, or at the page as a whole.
        """
        record = "" if row is None else f", record {row + 1}"
        return Fault(self.path, 0, f"page {self.number}{record}: {message}", hint)


class Page(Sheet, frozen=True, kw_only=True):
    """
    One page of users, groups or members. `paging` is None for a bare list.
    """

    kind: Kind
    paging: Paging | None = None


def pages(document: object, path: Path, shapes: Shapes) -> tuple[Page, ...]:
    """
    Return the pages of one decoded file. Raises InputError where it is not one of the shapes above.
    """
    if isinstance(document, dict) and _is_by_group(document, path, shapes):
        return tuple(one for key in sorted(document) for one in _cut(document[key], path, shapes, whose=key))
    return _cut(document, path, shapes, whose=path.stem if path.parent.name == "members" else None)


def _cut(document: object, path: Path, shapes: Shapes, *, whose: str | None) -> tuple[Page, ...]:
    """
    Return the pages of one page, of a list of pages, or of a bare list of records.
    """
    several = (
        isinstance(document, list)
        and document
        and all(_is_page(one, path, shapes, number) for number, one in enumerate(document, 1))
    )
    parts = document if isinstance(document, list) and several else [document]
    return tuple(_page(one, path, shapes, number=number, whose=whose) for number, one in enumerate(parts, 1))


def _page(part: object, path: Path, shapes: Shapes, *, number: int, whose: str | None) -> Page:
    """
    Return one page, or one bare list, whatever its records are.
    """
    listed = Listed(rows=part) if isinstance(part, list) else _listed(part, path, shapes, number)
    if listed is None:
        raise _refusal(path, f"page {number}: is no list of users, groups or members", shapes.hint)
    rows = tuple(row for row in listed.rows if isinstance(row, dict))
    if len(rows) < len(listed.rows):
        at = next(index for index, row in enumerate(listed.rows, 1) if not isinstance(row, dict))
        raise _refusal(path, f"page {number}, record {at}: is no object", shapes.hint)
    return Page(
        kind="members" if whose else listed.kind or _kind(rows, path, shapes, number),
        path=str(path),
        number=number,
        rows=rows,
        whose=whose,
        paging=None if isinstance(part, list) else listed.paging,
    )


def _listed(part: object, path: Path, shapes: Shapes, number: int) -> Listed | None:
    """
    Return what a page of the API holds; None for what is no page. Raises InputError for an error answer.
    """
    if not isinstance(part, dict):
        return None
    error = error_answer(part)
    if error is not None:
        hint = "mend what the error says, and export it again"
        raise InputError((Fault(str(path), 1 if number == 1 else 0, f"page {number}: {error}", hint),))
    try:
        return shapes.listed(part)
    except Wrong as wrong:
        raise _refusal(path, f"page {number}: {wrong}") from wrong


def _kind(rows: tuple[Record, ...], path: Path, shapes: Shapes, number: int) -> Kind:
    """
    Return what all the records are; of none, what the file's name says.
    """
    kinds = [shapes.kind(row) for row in rows]
    for at, one in enumerate(kinds, 1):
        if one is None or one != kinds[0]:
            told = f"is {one or 'nothing we know'}" + (f", where the list began with {kinds[0]}" if at > 1 else "")
            raise _refusal(path, f"page {number}, record {at}: {told}", shapes.hint)
    named = {"users": kinds[0] if kinds else "users", "groups": kinds[0] if kinds else "groups"}
    found = kinds[0] if kinds else named.get(path.stem.rstrip("0123456789-_."))
    if found is None:
        raise _refusal(path, f"page {number}: is an empty list, and nothing says of what", _NAMES)
    return found


def _is_page(part: object, path: Path, shapes: Shapes, number: int) -> bool:
    return isinstance(part, list) or _listed(part, path, shapes, number) is not None


def _is_by_group(document: Record, path: Path, shapes: Shapes) -> bool:
    """
    Return whether each value of an object is a list of members, or a page of them.
    """
    if not document or _listed(document, path, shapes, 1) is not None:
        return False
    return all(_is_page(one, path, shapes, 1) for one in document.values())


def _refusal(path: Path, message: str, hint: str = "") -> InputError:
    return InputError((Fault(str(path), 0, message, hint),))
