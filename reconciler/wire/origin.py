"""
Where requests may go: one server's origin (RFC 6454), by TLS or to this machine itself.
"""

import re
from urllib.parse import urljoin, urlsplit

from reconciler.errors import UsageError, WireError

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"(?:[\w~-][\w.~%-]*)(?:/[\w~-][\w.~%-]*)*", re.ASCII)
"""A path that can only lie below: no `..`, no scheme, no other host."""
_WHOLE = re.compile(r"([a-z]+://[^/?#]+)([^#]*)", re.IGNORECASE)


def root_of(url: str) -> str:
    """
    Return a server's address without its last slash; raises UsageError for one that secrets must not be sent to.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError as error:
        raise UsageError(f"{url!r} is no address: {error}", hint="write https://host/path") from error
    if not known:
        raise UsageError(f"{url!r} is no address of a server", hint="write https://host/path")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            "an address has no name, password, query or fragment in it", hint="credentials go to `auth`"
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise UsageError(f"{url!r} is not encrypted: a credential sent there is anybody's", hint="write https://")
    return url.rstrip("/")


def address(root: str, path: str) -> str:
    """
    Return the whole address of a path below `root`, or of a link that the server gave.

    Raises WireError for a link to another origin: no credential is sent there.
    """
    if _PLAIN.fullmatch(path):
        return f"{root}/{path}"
    whole = urljoin(f"{root}/", path)
    if origin(whole) != origin(root):
        raise WireError(f"the server points to {_named(whole)}, which is not {_named(root)}: not followed")
    return whole


def origin(url: str) -> tuple[str, str, int]:
    """
    Return scheme, host and port of an address; raises WireError where it has none.
    """
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise WireError(f"{url!r} is no address: {error}") from error


def parted(url: str) -> tuple[str, str]:
    """
    Return the origin of a whole address, and what is asked for there (RFC 9112 section 3.2.1).
    """
    whole = _WHOLE.match(url)
    assert whole is not None  # noqa: S101  `address` and `root_of` let nothing else through
    return whole[1], whole[2] if whole[2].startswith("/") else f"/{whole[2]}"


def _named(url: str) -> str:
    scheme, host, port = origin(url)
    return f"{scheme}://{host}:{port}"
