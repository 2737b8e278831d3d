"""
The wire itself: urllib3 in threads, the fastest of the well-kept clients that verify certificates by themselves.

Follows no redirect, repeats nothing, unpacks nothing, and reads no more than a bounded answer.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.effects import effect
from reconciler.errors import UsageError, WireError
from reconciler.wire.message import Answer, LostError, UnsentError
from reconciler.wire.origin import parted
from reconciler.wire.settings import HttpSettings

if TYPE_CHECKING:
    import urllib3

LARGEST = 256 * 1024 * 1024
"""Bytes of the largest answer that is read."""

_CONNECT = 10.0
_CHUNK = 1 << 20


class Wire:
    """
    Connections that are kept open, as many as run at once.
    """

    def __init__(self, settings: HttpSettings, *, largest: int = LARGEST) -> None:
        try:
            import urllib3  # noqa: PLC0415  only who speaks HTTP needs it
        except ModuleNotFoundError as error:
            hint = "python3 -m pip install 'identity-reconciler[scim]'"
            raise UsageError("to speak HTTP the library urllib3 is needed", hint=hint) from error

        if settings.ca_file is not None and not Path(settings.ca_file).is_file():
            raise UsageError(f"ca_file {settings.ca_file!r} is no file", hint="name a file of certificates (PEM)")
        self._largest = largest
        self._origins: dict[str, urllib3.HTTPConnectionPool] = {}
        self._pools = urllib3.PoolManager(
            maxsize=settings.width,
            cert_reqs="CERT_REQUIRED",
            ca_certs=settings.ca_file,
            timeout=urllib3.Timeout(connect=min(_CONNECT, settings.timeout), read=settings.timeout),
            retries=False,
        )

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """
        Return the answer, redirects as they are; raises UnsentError or LostError.

        Raises WireError for a certificate that cannot be verified: to ask again would not help.
        """
        import urllib3  # noqa: PLC0415  only who speaks HTTP needs it

        origin, target = parted(url)
        told = {"User-Agent": f"identity-reconciler/{__version__}", "Accept-Encoding": "identity", **headers}
        try:
            with effect(method.lower(), url.partition("?")[0]):
                answer = self._pool(origin).urlopen(
                    method,
                    target,
                    headers=told,
                    body=body,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
                return self._read(answer)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise UnsentError(unreached(error)) from error
        except urllib3.exceptions.SSLError as error:
            why = f"{url.partition('?')[0]}: no safe connection: {_word(error)}"
            raise WireError(
                why, hint="where the server has a certificate of your own authority, name it: ca_file"
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise LostError(_word(error)) from error

    def close(self) -> None:
        """
        Give back the connections.
        """
        self._origins.clear()
        self._pools.clear()

    def _pool(self, origin: str) -> "urllib3.HTTPConnectionPool":
        """
        Return the connections to one server: to look for them anew would be a seventh of the work of a request.
        """
        if origin not in self._origins:
            self._origins[origin] = self._pools.connection_from_url(origin)
        return self._origins[origin]

    def _read(self, answer: "urllib3.BaseHTTPResponse") -> Answer:
        """
        Return the whole answer, and its connection to the others.
        """
        body = bytearray()
        while chunk := answer.read(_CHUNK):  # to the end: only there urllib3 tells that some of it is missing
            body += chunk
            if len(body) > self._largest:
                answer.close()
                raise LostError(f"its answer is longer than {self._largest:,} bytes")
        answer.release_conn()
        return Answer(
            status=answer.status, headers={k.lower(): v for k, v in answer.headers.items()}, body=bytes(body)
        )


def unreached(error: Exception) -> str:
    """
    Return why nothing could be sent, in our words where the cause is known: the library's hold its own objects.
    """
    import urllib3  # noqa: PLC0415  only who speaks HTTP needs it

    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "nobody knows the name of this machine"
    if isinstance(error.__cause__, ConnectionRefusedError):
        return "refused: nothing listens there"
    if not isinstance(error, urllib3.exceptions.NewConnectionError):
        return "it did not answer in time"
    return (isinstance(error.__cause__, OSError) and error.__cause__.strerror) or _word(error)


def _word(error: Exception) -> str:
    """
    Return what an error says, without the address of the object that says it.
    """
    return f"{type(error).__name__.removesuffix('Error')}: {str(error).rpartition('>: ')[2]}"
