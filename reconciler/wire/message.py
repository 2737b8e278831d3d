"""
A request and its answer, as values, and what may go wrong between them.
"""

from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

from reconciler.errors import WireError


class Request(Struct, frozen=True, kw_only=True):
    """
    One request. `path` is below the server's root, or a link that the server gave (of its own origin).

    `repeatable` says that making it twice is making it once, so that it may be repeated when its answer is lost.
    """

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    repeatable: bool = False


class Answer(Struct, frozen=True, kw_only=True):
    """
    What a server answered; the names of `headers` are in lower case.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def good(self) -> bool:
        """
        Return whether the server did what was asked.
        """
        return 200 <= self.status < 300  # noqa: PLR2004  RFC 9110 section 15.3

    def json(self) -> Any:  # noqa: ANN401  JSON is JSON
        """
        Return the body as JSON; raises WireError where it is something else.
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            kind = self.headers.get("content-type", "nothing said of its type")
            raise WireError(f"the answer ({self.status}, {kind}) is no JSON: {error}") from error


class UnsentError(Exception):
    """
    No connection: the server never saw the request.
    """


class LostError(Exception):
    """
    The request left and no whole answer came: nobody knows whether the server did it.
    """


class Transport(Protocol):
    """
    Sends one request to a whole address, once.
    """

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """
        Return the answer, redirects as they are; raises UnsentError or LostError.
        """
        ...

    def close(self) -> None:
        """
        Give back the connections.
        """
        ...
