"""
A SCIM service, asked live: the ListResponse pages that files would hold (RFC 7644 section 3.4.2.4).
"""

from itertools import chain
from pathlib import Path

from reconciler.errors import SourceError, WireError
from reconciler.sources import rawjson
from reconciler.sources.printed_pages import Page, Shapes, pages
from reconciler.sources.printed_records import Record, Wrong, count, entries
from reconciler.wire.client import Client
from reconciler.wire.message import Request
from reconciler.wire.settings import HttpSettings

MOST_PAGES = 20_000
"""Pages of one list, beyond which a server only seems to go on."""

_TRIES = 3


class Settings(HttpSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Where the service is (`url`; without it only files are read), and how many resources are asked for at once.
    """

    url: str = ""
    page: int = 100


def live_pages(client: Client, shapes: Shapes, *, size: int) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """
    Return every page of users and groups, and why some may be missing.

    Raises SourceError where the service refuses or cannot be reached.
    """
    found: list[Page] = []
    gaps: list[str] = []
    for kind in ("users", "groups"):
        documents, steady = _steady(client, kind.capitalize(), size)
        found += pages(documents, Path(f"{kind}.json"), shapes)
        gaps += () if steady else (f"{kind}: some came or went each time that the list was read",)
    return tuple(found), tuple(gaps)


def _steady(client: Client, endpoint: str, size: int) -> tuple[list[Record], bool]:
    """
    Return the pages of one endpoint, and whether a second look at the ids found the same.

    One who leaves the first page while another comes moves the pages under a reader, and no total tells of it.
    """
    found: list[Record] = []
    for _ in range(_TRIES):
        found = _all(client, endpoint, size)
        if len(found) == 1 or _ids(found) == _ids(_all(client, endpoint, size, only="id")):
            return found, True
    return found, False


def _ids(documents: list[Record]) -> set[str]:
    rows = chain.from_iterable(entries(page, "Resources") for page in documents)
    return {str(row.get("id")) for row in rows if isinstance(row, dict)}


def _all(client: Client, endpoint: str, size: int, *, only: str = "") -> list[Record]:
    """
    Return the pages of one endpoint, each from where the one before ended, however long that was.
    """
    found: list[Record] = []
    start = 1
    while len(found) < MOST_PAGES:
        page = _page(client, endpoint, start, size, only=only)
        found.append(page)
        total = _total(client, endpoint, page)
        rows = len(entries(page, "Resources"))
        start += rows
        if not rows or start > total:
            break
    return found


def _total(client: Client, endpoint: str, page: Record) -> int:
    """
    Return how many there are in all; without it nobody knows that a list has ended. Raises SourceError.
    """
    try:
        total = count(page, "totalResults")
    except Wrong as wrong:
        raise SourceError(f"{client.root}/{endpoint}: {wrong}") from wrong
    if total is None:
        told = f"{client.root}/{endpoint} does not say how many there are in all (totalResults)"
        raise SourceError(told, hint="RFC 7644 section 3.4.2 demands it: is the url right?")
    return total


def _page(client: Client, endpoint: str, start: int, size: int, *, only: str) -> Record:
    """
    Return one page, read as strictly as a file.
    """
    query = {"startIndex": str(start), "count": str(size), **({"attributes": only} if only else {})}
    headers = {"accept": "application/scim+json, application/json"}
    request = Request(method="GET", path=endpoint, query=query, headers=headers, repeatable=True)
    try:
        answer = client.ask(request)
    except WireError as error:
        raise SourceError(f"{client.root}/{endpoint}: {error.message}", hint=error.hint) from error
    if not answer.good:
        told = rawjson.shown(answer.body[:500].decode("utf-8", "replace"))
        hint = "is the credential right, and may it read?" if answer.status in {401, 403} else "is the url right?"
        raise SourceError(f"{client.root}/{endpoint} answers {answer.status}: {told}", hint=hint)
    document = rawjson.parse(answer.body, Path(f"{endpoint}?startIndex={start}"))
    if not isinstance(document, dict):
        raise SourceError(f"{client.root}/{endpoint} answers no ListResponse", hint="is the url right?")
    return document
