"""
A SCIM service, asked live: the ListResponse pages that files would hold (RFC 7644 section 3.4.2.4).
"""

from pathlib import Path

from reconciler.errors import SourceError, WireError
from reconciler.sources import rawjson
from reconciler.sources.printed_pages import Page, Shapes, pages
from reconciler.sources.printed_records import Record, count, entries
from reconciler.wire.client import Client
from reconciler.wire.message import Request
from reconciler.wire.settings import HttpSettings

MOST_PAGES = 20_000
"""Pages of one list, beyond which a server only seems to go on."""


class Settings(HttpSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Where the service is (`url`; without it only files are read), and how many resources are asked for at once.
    """

    url: str = ""
    page: int = 100


def live_pages(client: Client, shapes: Shapes, *, size: int) -> tuple[Page, ...]:
    """
    Return every page of users and groups. Raises SourceError where the service refuses or cannot be reached.
    """
    found: list[Page] = []
    for kind in ("users", "groups"):
        documents = _all(client, kind.capitalize(), size)
        found += pages(documents, Path(f"{kind}.json"), shapes)
    return tuple(found)


def _all(client: Client, endpoint: str, size: int) -> list[Record]:
    """
    Return the pages of one endpoint, each from where the one before ended, however long that was.
    """
    found: list[Record] = []
    start = 1
    while len(found) < MOST_PAGES:
        page = _page(client, endpoint, start, size)
        found.append(page)
        rows = len(entries(page, "Resources"))
        start += rows
        if not rows or start > (count(page, "totalResults") or 0):
            break
    return found


def _page(client: Client, endpoint: str, start: int, size: int) -> Record:
    """
    Return one page, read as strictly as a file.
    """
    query = {"startIndex": str(start), "count": str(size)}
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
