"""
The way in to a directory server: encrypted and verified, or on this machine; the first of several that answers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.effects import effect
from reconciler.errors import UsageError, WireError
from reconciler.wire.ldap import Directory, told
from reconciler.wire.ldap_lean import lean

if TYPE_CHECKING:
    from ldap3 import Connection

    from reconciler.wire.ldap_tls import VerifiedTls

_NEARBY = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"ldap": 389, "ldaps": 636}
_LET_IN = "look at `bind_dn` and `password`"


class Channel(Struct, frozen=True, kw_only=True):
    """
    How a directory is reached: servers in order of preference, who we are there, whom we trust, seconds to wait.
    """

    servers: tuple[str, ...]
    bind_dn: str = ""
    password: str = ""
    start_tls: bool = False
    ca_file: Path | None = None
    timeout: int = 30


def connect(channel: Channel) -> Directory:
    """
    Return the first of the servers that answers, and lets us in.

    Raises UsageError for an address to which a password would go in the clear, WireError where none answers.
    """
    failures = []
    for url in channel.servers:
        _check(url, channel)
    for url in channel.servers:
        try:
            return Directory(_bound(url, channel), url)
        except WireError as error:
            failures.append(error)
            if error.hint == _LET_IN:
                break
    raise WireError("; ".join(error.message for error in failures), hint=failures[-1].hint)


def _check(url: str, channel: Channel) -> None:
    """
    Raise UsageError for what is no address of a directory, or one where nobody proves who answers.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.username or parts.path.strip("/"):
        raise UsageError("a directory's address cannot be read as one", hint="write it as ldaps://ldap.example.com")
    safe = parts.scheme == "ldaps" or channel.start_tls or parts.hostname in _NEARBY
    if not safe:
        told = f"{url} is not encrypted, and nobody proves who answers"
        raise UsageError(told, hint="write ldaps://, or set start_tls: true")


def _bound(url: str, channel: Channel) -> "Connection":
    """
    Return a connection on which the server has let us in.
    """
    try:
        import ldap3  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        hint = "python3 -m pip install 'identity-reconciler[ldap]'"
        raise UsageError("ldap3 is not installed, which speaks to directories", hint=hint) from error

    parts = urlsplit(url)
    server = ldap3.Server(
        parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        use_ssl=parts.scheme == "ldaps",
        get_info=ldap3.NONE,
        tls=_trust(channel),
        connect_timeout=channel.timeout,
    )
    connection = ldap3.Connection(
        server,
        user=channel.bind_dn or None,
        password=channel.password or None,
        check_names=False,
        auto_referrals=False,
        auto_range=False,
        auto_encode=False,
        receive_timeout=channel.timeout,
        return_empty_attributes=False,
    )
    connection.strategy.decode_response_fast = lean(connection.strategy.decode_response_fast)
    with effect("ldap", f"bind {url}"), told(url, "connect"), _closed_on_failure(connection):
        connection.open()
        if channel.start_tls and parts.scheme == "ldap":
            connection.start_tls()
        if not connection.bind():
            raise WireError(f"{url} does not let us in: {connection.result['description']}", hint=_LET_IN)
    return connection


def _trust(channel: Channel) -> "VerifiedTls":
    """
    Return whom we trust to say who a server is; raises UsageError for a file that holds no certificate.
    """
    from reconciler.wire.ldap_tls import VerifiedTls  # noqa: PLC0415 - as above

    try:
        return VerifiedTls(channel.ca_file)
    except OSError as error:
        raise UsageError(f"ca_file {channel.ca_file} cannot be used: {error}", hint="name a file in PEM") from error


@contextmanager
def _closed_on_failure(connection: "Connection") -> Iterator[None]:
    """
    Close the socket of a connection that comes to nothing; the library would leave it open.
    """
    try:
        yield
    except BaseException:
        if connection.socket is not None:
            connection.socket.close()
        raise
