"""
What IBM Cloud's API and command line print, as pages of records: recognised by content, in any order.

A document is a page of the API (`{"resources": [...], "next_url": ...}`), a list of such pages, a bare list as the
command line prints it, or members by group (`{"AccessGroupId-...": [...]}`). Only whose members a bare list holds
is said by the file's name, `members/<group id>.json`.
"""

from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from reconciler.errors import Fault, InputError
from reconciler.sources.printed_errors import error_answer
from reconciler.sources.printed_pages import Sheet
from reconciler.sources.printed_records import Record, Wrong, count, entries, optional
from reconciler.sources.rawjson import shown

Kind: TypeAlias = Literal["users", "groups", "members", "policies"]

GROUP_ID = "AccessGroupId-"

_LISTS: dict[str, Kind] = {
    "policies": "policies",
    "members": "members",
    "groups": "groups",
    "resources": "users",
}
_KEYS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("policies", frozenset({"subjects", "subject", "control"})),
    ("users", frozenset({"user_id", "userId", "ibmUniqueId", "firstname", "lastname"})),
    ("members", frozenset({"iam_id"})),
    ("groups", frozenset({"name"})),
)
"""Keys that tell a record's kind; the first kind of which a record has one is its kind."""

_PAGED = frozenset({"limit", "offset", "next", "next_url", "first", "first_url", "total_count", "total_results"})
_STEMS: dict[str, Kind] = {
    "users": "users",
    "groups": "groups",
    "access-groups": "groups",
    "access_groups": "groups",
    "policies": "policies",
}
_DIGITS = 10
_SHAPES = "give pages of the API, or what the command line prints with `--output json`"
_NAMES = "name it users.json, access-groups.json, policies.json or members/<group id>.json"


class Paging(Struct, frozen=True, kw_only=True):
    """
    What a page of the API says of its place in the whole; `next` and `first` are addresses.
    """

    total: int | None = None
    limit: int | None = None
    offset: int | None = None
    next: str | None = None
    first: str | None = None


class Page(Sheet, frozen=True, kw_only=True):
    """
    One page of one collection. `paging` is None for a bare list, which says nothing of a whole.

    `whose` is the group of members, or the one that policies are about where the file's name says it.
    """

    kind: Kind
    paging: Paging | None = None


def pages(document: object, path: Path) -> tuple[Page, ...]:
    """
    Return the pages of one decoded file. Raises InputError where it is not one of the shapes above.
    """
    if not isinstance(document, dict) or not _is_members_by_group(document):
        return _listed(document, path, whose=_whose(path), kind=_kind_by_name(path))
    found = [page for key in sorted(document) for page in _listed(document[key], path, whose=key, kind="members")]
    if any(page.kind != "members" for page in found):
        raise _refusal(path, "holds lists by id that are no members of groups", _SHAPES)
    return tuple(found)


def offset_of(address: str) -> int | None:
    """
    Return the `offset` that the address of a page asks for; None where it names none.
    """
    try:
        values = parse_qs(urlsplit(address).query).get("offset", [])
    except ValueError:
        return None
    plain = len(values) == 1 and values[0].isascii() and values[0].isdigit() and len(values[0]) <= _DIGITS
    return int(values[0]) if plain else None


def _listed(document: object, path: Path, *, whose: str | None, kind: Kind | None) -> tuple[Page, ...]:
    """
    Return the pages of one page, of a list of pages, or of a bare list of records (`kind`: of an empty one).
    """
    if isinstance(document, dict):
        return (_page(document, path, number=1, whose=whose),)
    if not isinstance(document, list):
        raise _refusal(path, "holds a single value, neither a list nor an object", _SHAPES)
    if document and all(isinstance(one, dict) and _list_name(one) for one in document):
        return tuple(_page(one, path, number=number, whose=whose) for number, one in enumerate(document, 1))
    return (_bare(document, path, whose=whose, kind=kind),)


def _page(document: Record, path: Path, *, number: int, whose: str | None) -> Page:
    """
    Return one page of the API.
    """
    error = error_answer(document, of=" of IBM Cloud")
    if error is not None:
        raise _refusal(path, f"page {number}: {error}", "mend what the error says, and export it again")
    name = _list_name(document)
    if name is None:
        raise _refusal(path, f"page {number}: is no page of users, access groups, members or policies", _SHAPES)
    try:
        paging = _paging(document)
        rows = _rows(entries(document, name), path, number)
    except Wrong as wrong:
        raise _refusal(path, f"page {number}: {wrong}") from wrong
    kind = _LISTS[name]
    return Page(
        kind=kind,
        path=str(path),
        number=number,
        rows=rows,
        whose=_owner(kind, whose, paging, path),
        paging=paging if _PAGED & document.keys() else None,
    )


def _bare(document: list[object], path: Path, *, whose: str | None, kind: Kind | None) -> Page:
    """
    Return a bare list as a page; what it lists is told by its records, or by `kind` where it is empty.
    """
    rows = _rows(document, path, 1)
    kinds = [_kind_of(row) for row in rows]
    for number, one in enumerate(kinds, 1):
        if one is None or one != kinds[0]:
            message = (
                f"page 1, record {number}: is {one or 'nothing we know'}, where the list began with {kinds[0]}"
            )
            raise _refusal(path, message if number > 1 else "page 1, record 1: is nothing we know", _SHAPES)
    found = kinds[0] if kinds else kind
    if found is None:
        raise _refusal(path, "is an empty list, and nothing says of what", _NAMES)
    return Page(kind=found, path=str(path), number=1, rows=rows, whose=_owner(found, whose, Paging(), path))


def _paging(document: Record) -> Paging:
    total = count(document, "total_results")
    return Paging(
        total=count(document, "total_count") if total is None else total,
        limit=count(document, "limit"),
        offset=count(document, "offset"),
        next=_address(document, "next"),
        first=_address(document, "first"),
    )


def _address(document: Record, name: str) -> str | None:
    """
    Return the address of another page: `next_url`, or `next.href`; None where there is none.
    """
    link = document.get(name)
    if isinstance(link, dict):
        return optional(link, "href", "start") or None
    return optional(document, f"{name}_url", name) or None


def _rows(values: list[object], path: Path, number: int) -> tuple[Record, ...]:
    for index, one in enumerate(values, 1):
        if not isinstance(one, dict):
            raise _refusal(path, f"page {number}, record {index}: is no object", _SHAPES)
    return tuple(one for one in values if isinstance(one, dict))


def _kind_of(row: Record) -> Kind | None:
    return next((kind for kind, keys in _KEYS if keys & row.keys()), None)


def _list_name(document: Record) -> str | None:
    """
    Return the field that holds a page's records; None where this is no page. A policy has `resources`, too.
    """
    if _kind_of(document) == "policies":
        return None
    names = [name for name in _LISTS if isinstance(document.get(name), list)]
    return names[0] if len(names) == 1 else None


def _is_members_by_group(document: Record) -> bool:
    if not document or {"errors", "error", *_LISTS} & document.keys():
        return False
    return all(isinstance(value, list | dict) for value in document.values()) and _kind_of(document) is None


def _owner(kind: Kind, whose: str | None, paging: Paging, path: Path) -> str | None:
    """
    Return whose members or policies a page holds; the page's own address says it better than the file's name.
    """
    if kind == "policies":
        return whose if whose and whose.startswith((GROUP_ID, "IBMid-")) else None
    if kind != "members":
        return None
    stated = {_group_in(address) for address in (paging.first, paging.next) if address} - {None}
    named = {whose} if whose and (whose.startswith(GROUP_ID) or not stated) else set()
    found = stated | named
    if len(found) > 1:
        raise _refusal(path, f"holds members of {' and of '.join(sorted(shown(str(one)) for one in found))}")
    if not found:
        raise _refusal(path, "does not say whose members these are", "name it members/<group id>.json")
    return found.pop()


def _group_in(address: str) -> str | None:
    """
    Return the group in the address of a page of members: `.../v2/groups/<group id>/members?...`.
    """
    parts = address.partition("?")[0].split("/")
    return next((group for before, group in pairwise(parts) if before == "groups"), None)


def _whose(path: Path) -> str | None:
    """
    Return the id that the file's name, or its folder's, gives: `members/<id>.json`, `<group id>/1.json`.
    """
    if path.stem.startswith(GROUP_ID):
        return path.stem.partition(".")[0]
    if path.parent.name.startswith(GROUP_ID):
        return path.parent.name
    return path.stem if path.parent.name in {"members", "policies"} else None


def _kind_by_name(path: Path) -> Kind | None:
    folders: dict[str, Kind] = {"members": "members", "policies": "policies"}
    return folders.get(path.parent.name) or _STEMS.get(path.stem)


def _refusal(path: Path, message: str, hint: str = "") -> InputError:
    return InputError((Fault(str(path), 0, message, hint),))
