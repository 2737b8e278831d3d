"""
Writes on the wire: several in one request where the server offers it, and afterwards read back in one list.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from msgspec import Struct

from reconciler.core.model import Kind
from reconciler.errors import TargetError, WireError
from reconciler.targets.scim_bulk import answers, body, fits, operation, parcels
from reconciler.targets.scim_paths import Json, member
from reconciler.targets.scim_server import Server, body_of, refusal, settled
from reconciler.wire.message import Answer, Request
from reconciler.wire.retry import PUT_OFF

_NOT_FOUND, _TOO_LARGE, _FAILED, _NOT_BUILT = 404, 413, 500, 501
_MANY = 10
"""Resources from which on a list of what changed is a gain."""

_UNREADY = frozenset({408, 502, 504})
"""Answers of somebody between us and the server: it may still be at it."""

_MARGIN = timedelta(seconds=1)
"""A `Date` counts in seconds (RFC 9110 section 5.6.7), and is written after what it dates."""


class Sent(Struct, frozen=True, kw_only=True):
    """
    What became of each write, in their order; None: it is still to be sent, alone.

    `since` is when the first was sent, by the server's own clock; empty where none went with others.
    """

    came: list[Answer | WireError | None]
    since: str = ""


def together(server: Server, requests: Sequence[Request]) -> Sent:
    """
    Make writes that do not depend on each other, as many in one request as the server takes.

    What failed with all the others of its request is a WireError: whether it was done is not known, and with `lost`
    the server may still be at it. Such a request is the last of its kind in this run. A server that calls it too
    large (413, RFC 7644 section 3.7.4) has done nothing of it, and is sent half as many; one that refuses it in
    other words has done nothing either, and is sent no more.
    """
    came: dict[int, Answer | WireError | None] = dict.fromkeys(range(len(requests)))
    waiting = [mark for mark, one in enumerate(requests) if fits(one)]
    since = ""
    while len(waiting) >= server.fewest and server.bulk >= server.fewest:
        boxes = _boxes(server, requests, waiting)
        began = server.client.now()
        whole = list(server.client.ask_all(_bulk(server, box) for box in boxes))
        since = since or _since(whole, server.client.now() - began)
        waiting = []
        for box, answer in zip(boxes, whole, strict=True):
            came |= _told(server, {mark: requests[mark] for mark in box}, answer)
            waiting += box if isinstance(answer, Answer) and answer.status == _TOO_LARGE else ()
    return Sent(came=[*came.values()], since=since)


def each(server: Server, requests: Sequence[Request]) -> tuple[list[Answer | WireError], str]:
    """
    Make writes that may be made twice, and return what became of each, and since when.

    What is not sure to be done with the others is sent alone.
    """
    sent = together(server, requests)
    alone = server.client.ask_all(
        one for one, came in zip(requests, sent.came, strict=True) if not isinstance(came, Answer)
    )
    return [came if isinstance(came, Answer) else next(alone) for came in sent.came], sent.since


def read_back(
    server: Server, kind: Kind, ids: Sequence[str], *, since: str, right: Callable[[Json], bool]
) -> Iterator[tuple[str, Json | TargetError]]:
    """
    Yield each resource by its id as it is now, or why it cannot be told.

    Many are found in one list of what changed `since`. A list may lag behind: who is not in it as is `right` is
    read alone.
    """
    wanted = set(ids)
    listed = server.changed(kind, since, until=wanted) if since and len(wanted) >= _MANY else {}
    found = {id_: one for id_, one in listed.items() if right(one)}
    yield from ((id_, found[id_]) for id_ in wanted & found.keys())
    rest = sorted(wanted - found.keys())
    for id_, came in zip(rest, server.client.ask_all(server.get(kind, one) for one in rest), strict=True):
        yield id_, _read(kind, id_, came)


def _read(kind: Kind, id_: str, came: Answer | WireError) -> Json | TargetError:
    try:
        answer = settled(came)
        if answer.status == _NOT_FOUND:
            return TargetError(f"what was written is not there: {kind} {id_!r}")
        body = body_of(answer)
    except TargetError as error:
        return error
    other = str(member(body, "id"))
    return body if other == id_ else TargetError(f"the server shows {kind} {other!r} where {id_!r} was asked for")


def _boxes(server: Server, requests: Sequence[Request], waiting: Sequence[int]) -> list[dict[int, bytes]]:
    """
    Return which writes go together, by their places among the requests; the few that are left over go alone.
    """
    every = ((mark, operation(requests[mark], mark)) for mark in waiting)
    boxes = parcels(every, most=server.bulk, size=server.able.payload)
    return [box for box in boxes if len(box) >= server.fewest]


def _bulk(server: Server, box: dict[int, bytes]) -> Request:
    return server.send("POST", "Bulk", body(box))


def _told(
    server: Server, requests: dict[int, Request], came: Answer | WireError
) -> dict[int, Answer | WireError | None]:
    """
    Return what became of each write of one request.

    | what came                        | each write                          | requests that hold several |
    |----------------------------------|-------------------------------------|----------------------------|
    | an answer that tells of it       | its own answer                      | go on                      |
    | one that tells nothing of it     | not known                           | go on                      |
    | 413                              | not done                            | half as large              |
    | 425, 429, after all patience     | the same answer                     | go on                      |
    | any other refusal, and 501       | not done: alone                     | no more                    |
    | another 5xx, no JSON, no answer  | not known                           | no more                    |
    """
    if isinstance(came, Answer) and came.good:
        try:
            told = answers(came.json(), requests)
        except WireError as error:
            return _unknown(server, requests, error)
        silent = WireError("the server's answer to several writes does not tell of this one")
        return {mark: one or silent for mark, one in told.items()}
    if isinstance(came, WireError) or (came.status >= _FAILED and came.status != _NOT_BUILT):
        return _unknown(server, requests, came)
    if came.status in PUT_OFF:
        return dict.fromkeys(requests, came)
    server.bulk = min(server.bulk, len(requests) // 2) if came.status == _TOO_LARGE else 0
    return dict.fromkeys(requests)


def _unknown(
    server: Server, requests: dict[int, Request], came: Answer | WireError
) -> dict[int, Answer | WireError | None]:
    server.bulk = 0
    if isinstance(came, Answer):
        came = WireError(f"{len(requests)} writes at once: {refusal(came)}", lost=came.status in _UNREADY)
    return dict.fromkeys(requests, came)


def _since(came: Sequence[Answer | WireError], took: timedelta) -> str:
    """
    Return when the first of several requests was sent, by the clock of who answered; empty where nobody tells.
    """
    dates = [one.headers.get("date", "") for one in came if isinstance(one, Answer)]
    try:
        last = max(parsedate_to_datetime(one) for one in dates if one)
    except (ValueError, TypeError):
        return ""
    return (last - took - _MARGIN).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
