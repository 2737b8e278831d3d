"""
One SCIM server: what it says it can do, its resources by id, by filter and page after page.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from urllib.parse import quote

from msgspec import Struct

from reconciler.core.model import Kind
from reconciler.errors import TargetError, WireError
from reconciler.targets.scim_able import Abilities, abilities, resources_of
from reconciler.targets.scim_paths import Json, member
from reconciler.targets.scim_profiles import Quirks
from reconciler.wire.client import Client
from reconciler.wire.message import Answer, Request

_TYPE = "application/scim+json"
_NOT_FOUND = 404
_TRIES = 3
_BESIDE = 4
"""How many times as many resources are listed as are looked for: others may change them, too."""


class Listing(Struct, frozen=True, kw_only=True):
    """
    All resources of a kind, by id, of how many pages; `problem` says why some may be missing.
    """

    resources: tuple[Json, ...]
    paged: bool = False
    problem: str = ""


class Server:
    """
    A SCIM server, as far as its protocol goes; fewer than `fewest` writes are each a request of its own.
    """

    fewest = 2

    def __init__(self, client: Client, quirks: Quirks) -> None:
        self.client = client
        self.quirks = quirks

    @cached_property
    def able(self) -> Abilities:
        """
        Return what the server can do: asked once, overruled by its quirks.
        """
        config, types, schemas = (
            self._about(path) for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas")
        )
        return abilities(config, resources_of(types), resources_of(schemas), self.quirks)

    @cached_property
    def bulk(self) -> int:
        """
        Return how many writes one request may hold; lowered, down to none, where the server does not take them.
        """
        return self.able.bulk

    def path(self, kind: Kind, id_: str = "") -> str:
        """
        Return the path of a kind's resources, or of one; nothing in an id can leave it.
        """
        return f"{self.able.endpoints[kind]}/{quote(id_, safe='')}" if id_ else self.able.endpoints[kind]

    def get(self, kind: Kind, id_: str, *, only: str = "") -> Request:
        """
        Return the request for one resource.
        """
        query = {"attributes": only} if only else {}
        return Request(method="GET", path=self.path(kind, id_), query=query, headers=_headers(), repeatable=True)

    def send(
        self, method: str, path: str, body: bytes | None, *, match: str = "", query: dict[str, str] | None = None
    ) -> Request:
        """
        Return the request for a write; `match` is the version that it replaces. Only a POST may not be repeated.

        A guarded write that was done although its answer was lost comes back as 412: it is left to the next run.
        """
        return Request(
            method=method,
            path=path,
            query=query or {},
            headers=_headers(match),
            body=body,
            repeatable=method != "POST",
        )

    def gotten(self, kind: Kind, ids: Sequence[str], *, only: str = "") -> Iterator[Json | None]:
        """
        Yield each resource, None where it is not there; raises TargetError where nobody answers.
        """
        for came in self.client.ask_all(self.get(kind, id_, only=only) for id_ in ids):
            answer = settled(came)
            yield None if answer.status == _NOT_FOUND else body_of(answer)

    def matching(self, kind: Kind, filter_: str) -> list[Json]:
        """
        Return the resources that a filter finds; raises TargetError where the server refuses it.
        """
        return list(self._page(kind, 1, self.able.page, filter_)[0])

    def changed(self, kind: Kind, since: str, *, until: set[str]) -> dict[str, Json]:
        """
        Return by id what a list says has changed since a time (RFC 7644 section 3.4.2.2), until these are among it.

        Empty, or cut short, where the server does not answer such a question, or lists too much beside: nobody
        relies on it.
        """
        found: dict[str, Json] = {}
        start, end = 1, 2 if self.able.filters else 0
        try:
            while start < end and until - found.keys():
                some, total = self._page(kind, start, self.able.page, f'meta.lastModified ge "{since}"')
                found |= {str(member(one, "id")): one for one in some}
                start += len(some)
                end = min(total + 1, _BESIDE * max(len(until), self.able.page)) if some else 0
        except TargetError:
            pass
        return found

    def first_page(self, kind: Kind) -> tuple[int, int]:
        """
        Return how many resources the first page holds, and how many there are.
        """
        resources, total = self._page(kind, 1, self.able.page)
        return len(resources), total

    def every(self, kind: Kind) -> Listing:
        """
        Return all resources of a kind, sorted by id as text.

        Whoever comes or goes meanwhile moves the pages: then it is read again, and at last said to be incomplete.
        No total tells of one who goes while another comes: several pages need a second look at the ids.
        """
        problem = ""
        for _ in range(_TRIES):
            listing = self._once(kind)
            problem = listing.problem
            if not problem and listing.paged and _ids(self._once(kind, only="id")) != _ids(listing):
                problem = f"{kind}s came or went while the server listed them"
            if not problem:
                return listing
        return Listing(resources=listing.resources, problem=problem)

    def _once(self, kind: Kind, *, only: str = "") -> Listing:
        resources, total = self._page(kind, 1, self.able.page, only=only)
        found = {str(member(one, "id")): one for one in resources}
        size, totals = len(resources), {total}
        if 0 < size < total:
            starts = range(1 + size, total + 1, size)
            asked = (self._listed(kind, start, size, only=only) for start in starts)
            for start, came in zip(starts, self.client.ask_all(asked), strict=True):
                some, said = _listing(settled(came))
                totals.add(said)
                found |= {str(member(one, "id")): one for one in some}
                found |= self._rest(kind, start + len(some), min(start + size, total + 1), only)
        whole = tuple(found[id_] for id_ in sorted(found))
        if totals == {len(found)}:
            return Listing(resources=whole, paged=size < total)
        said_ = ", ".join(map(str, sorted(totals)))
        return Listing(resources=whole, problem=f"the server lists {len(found)} {kind}s and says there are {said_}")

    def _rest(self, kind: Kind, start: int, end: int, only: str) -> dict[str, Json]:
        """
        Return what is missing of a page that came shorter than the first.
        """
        found: dict[str, Json] = {}
        while start < end:
            some, _ = self._page(kind, start, end - start, only=only)
            if not some:
                break
            found |= {str(member(one, "id")): one for one in some}
            start += len(some)
        return found

    def _page(
        self, kind: Kind, start: int, count: int, filter_: str = "", *, only: str = ""
    ) -> tuple[list[Json], int]:
        return _listing(settled(_attempt(self.client, self._listed(kind, start, count, filter_, only=only))))

    def _listed(self, kind: Kind, start: int, count: int, filter_: str = "", *, only: str = "") -> Request:
        asked = {"startIndex": str(start)} | ({"count": str(count)} if self.quirks.page else {})
        query = asked | ({"filter": filter_} if filter_ else {}) | ({"attributes": only} if only else {})
        return Request(method="GET", path=self.path(kind), query=query, headers=_headers(), repeatable=True)

    def _about(self, path: str) -> Json:
        """
        Return what the server says of itself under a path; nothing where it has no such page.
        """
        answer = settled(
            _attempt(self.client, Request(method="GET", path=path, headers=_headers(), repeatable=True)),
        )
        if answer.status in {401, 403}:
            raise TargetError(refusal(answer), hint="look at `auth` in the target's settings")
        return body_of(answer) if answer.good else {}


def settled(came: Answer | WireError) -> Answer:
    """
    Return the answer; raises TargetError where none came.
    """
    if isinstance(came, WireError):
        raise TargetError(came.message, hint=came.hint) from came
    return came


def body_of(answer: Answer) -> Json:
    """
    Return the object that a good answer holds; raises TargetError for anything else.
    """
    if not answer.good:
        raise TargetError(refusal(answer))
    try:
        body = answer.json()
    except WireError as error:
        raise TargetError(error.message) from error
    if not isinstance(body, dict):
        raise TargetError(f"the server answered {answer.status} with something that is no resource")
    return body


def refusal(answer: Answer) -> str:
    """
    Return the server's own word on why it refused (RFC 7644 section 3.12), bounded in length.
    """
    try:
        body = answer.json()
    except WireError:
        body = None
    words = [member(body, "scimType"), member(body, "detail")]
    told = ": ".join(str(word) for word in words if word)
    return f"the server answered {answer.status}" + (f": {told[:500]}" if told else "")


def _ids(listing: Listing) -> list[str]:
    return [str(member(one, "id")) for one in listing.resources]


def quoted(text: str) -> str:
    """
    Return a text as a filter's literal (RFC 7644 section 3.4.2.2: a JSON string).
    """
    from msgspec import json  # noqa: PLC0415  used here alone

    return json.encode(text).decode()


def _attempt(client: Client, request: Request) -> Answer | WireError:
    try:
        return client.ask(request)
    except WireError as error:
        return error


def _headers(match: str = "") -> dict[str, str]:
    return {"Accept": f"{_TYPE}, application/json", "Content-Type": _TYPE} | ({"If-Match": match} if match else {})


def _listing(answer: Answer) -> tuple[list[Json], int]:
    """
    Return the resources of a page and how many the server says there are in all.

    `Resources` may be missing where there are none. Raises TargetError for a page without a total.
    """
    body = body_of(answer)
    resources, total = resources_of(body), member(body, "totalResults")
    if type(total) is not int or total < 0:
        raise TargetError("the server's list does not say how many there are in all (totalResults)")
    if any(not isinstance(member(one, "id"), str) or not member(one, "id") for one in resources):
        raise TargetError("the server's list holds a resource without an id")
    return resources, total
