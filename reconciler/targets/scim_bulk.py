"""
Several writes in one request (RFC 7644 section 3.7), and each one's own answer out of what comes back.
"""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

import msgspec

from reconciler.targets.scim_convert import encoded
from reconciler.targets.scim_paths import Json, member
from reconciler.wire.message import Answer, Request

MESSAGE = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_HEAD, _TAIL = b'{"schemas":["' + MESSAGE.encode() + b'"],"Operations":[', b"]}"
_REFERENCE = b"bulkid:"


def fits(request: Request) -> bool:
    """
    Return whether a write may be one of several.

    A server puts somebody's id in place of any text that begins with `bulkId:` (section 3.7.2): who is named so
    goes alone, and so does an id that a path cannot bear as it is.
    """
    return _REFERENCE not in (request.body or b"").lower() and "%" not in request.path


def operation(request: Request, mark: int) -> bytes:
    """
    Return a write as one of several; `mark` tells a create's answer from the others'.

    Its `version` is compared as `If-Match` would be. What it asks to be shown of the outcome has no place here.
    """
    match = request.headers.get("If-Match", "")
    told: Json = {"method": request.method, "path": f"/{request.path}"}
    told |= {"bulkId": str(mark)} if request.method == "POST" else {}
    told |= {"version": match} if match else {}
    return encoded(told | ({"data": msgspec.Raw(request.body)} if request.body else {}))


def parcels(operations: Iterable[tuple[int, bytes]], *, most: int, size: int) -> Iterator[dict[int, bytes]]:
    """
    Yield operations by their marks, in order: at most `most` at once, and no more than `size` bytes as a request.
    """
    room = size - len(_HEAD) - len(_TAIL)
    parcel: dict[int, bytes] = {}
    taken = 0
    for mark, one in operations:
        if parcel and (len(parcel) == most or taken + len(one) + 1 > room):
            yield parcel
            parcel, taken = {}, 0
        parcel[mark] = one
        taken += len(one) + 1
    if parcel:
        yield parcel


def body(parcel: Mapping[int, bytes]) -> bytes:
    """
    Return the request. It does not say `failOnErrors`: one that is refused stops no other.
    """
    return _HEAD + b",".join(parcel.values()) + _TAIL


def answers(said: object, requests: Mapping[int, Request]) -> dict[int, Answer | None]:
    """
    Return each write's own answer by its mark, as if it had been sent alone; None where the server tells of none.

    A create is known by its mark, anything else by its method and where it lies: only a create bears a mark. Of a
    write of which it tells twice, and not the same, it tells nothing.
    """
    told = member(said, "Operations")
    every = [one for one in (told if isinstance(told, list) else ()) if isinstance(one, dict)]
    by_place: dict[tuple[str, ...], Answer | None] = {}
    for one in every:
        place, answer = _place(one), _answer(one)
        by_place[place] = answer if by_place.get(place, answer) == answer else None
    return {mark: by_place.get(_asked(request, mark)) for mark, request in requests.items()}


def _asked(request: Request, mark: int) -> tuple[str, ...]:
    return ("POST", str(mark)) if request.method == "POST" else (request.method, *request.path.split("/")[-2:])


def _place(told: Json) -> tuple[str, ...]:
    method = str(member(told, "method")).upper()
    if method == "POST":
        return (method, str(member(told, "bulkId")))
    return (method, *str(member(told, "location")).rstrip("/").split("/")[-2:])


def _answer(told: Json) -> Answer | None:
    """
    Return what is told of one write as an answer; a status is a text there, and was an object in earlier drafts.
    """
    status = member(told, "status")
    code = str(member(status, "code") if isinstance(status, dict) else status)
    if len(code) != 3 or not (code.isascii() and code.isdigit()):  # noqa: PLR2004  RFC 9110 section 15
        return None
    response = member(told, "response")
    where = member(told, "location")
    return Answer(
        status=int(code),
        headers={"location": where} if isinstance(where, str) else {},
        body=encoded(response) if isinstance(response, dict) else b"",
    )


def id_at(location: str) -> str:
    """
    Return the id of what lies at an address; nothing but its last part is looked at.
    """
    return unquote(location.rstrip("/").rpartition("/")[2])
