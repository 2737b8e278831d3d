"""
A proxy of our own between the reconciler and a server, which does one thing wrong to some of the writes.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple


class Said(NamedTuple):
    """
    What the server behind answered.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class FaultyHandler(BaseHTTPRequestHandler):
    """
    Passes requests on to `behind`; `fault` is done to the writes that `meant` picks. `asked` is what came.
    """

    protocol_version = "HTTP/1.1"
    behind: str
    fault: Callable[["FaultyHandler"], None]
    meant: Callable[[str, str], bool]
    asked: list[str]
    body: bytes

    def handle_any(self) -> None:
        """
        Pass one request on, or do it wrong.
        """
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(f"{self.command} {self.path}")
        if self.meant(self.command, self.path):
            type(self).fault(self)
        else:
            self.say(self.ask())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815  the library's names

    def ask(self) -> Said:
        """
        Return what the server behind says to this request.
        """
        kept = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        request = urllib.request.Request(  # noqa: S310  a server of this machine
            f"{self.behind}{self.path}", data=self.body or None, headers=kept, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  the same
                return Said(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as answer:
            with answer:
                return Said(answer.code, dict(answer.headers), answer.read())

    def say(self, said: Said, *, cut: bool = False) -> None:
        """
        Answer, or begin to.
        """
        self.send_response(said.status)
        for name in ("Content-Type", "ETag", "Location", "Retry-After"):
            if name in said.headers:
                self.send_header(name, said.headers[name])
        self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body[: len(said.body) // 2] if cut else said.body)
        self.close_connection = cut

    def hang_up(self) -> None:
        """
        End the connection without a word.
        """
        self.close_connection = True

    def log_message(self, *_words: object) -> None:
        """
        Keep quiet.
        """


def _drop_request(one: FaultyHandler) -> None:
    one.hang_up()


def _drop_response(one: FaultyHandler) -> None:
    one.ask()
    one.hang_up()


def _duplicate(one: FaultyHandler) -> None:
    said = one.ask()
    one.ask()
    one.say(said)


def _delay(one: FaultyHandler) -> None:
    time.sleep(0.7)
    one.ask()
    one.hang_up()


def _truncate(one: FaultyHandler) -> None:
    said = one.ask()
    one.say(said if said.body else Said(200, {}, b'{"id": "x"}'), cut=True)


def _wrong_type(one: FaultyHandler) -> None:
    one.ask()
    one.say(Said(200, {"Content-Type": "text/html"}, b"<html>signed out</html>"))


def _late_error(one: FaultyHandler) -> None:
    one.ask()
    one.say(Said(500, {}, b""))


def _refusing(status: int, **headers: str) -> Callable[[FaultyHandler], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda one: one.say(Said(status, named, b'{"detail": "not now"}'))


FAULTS: dict[str, Callable[[FaultyHandler], None]] = {
    "request dropped": _drop_request,
    "response dropped": _drop_response,
    "request doubled": _duplicate,
    "late beyond the timeout": _delay,
    "response cut": _truncate,
    "response of another type": _wrong_type,
    "error after the write": _late_error,
    "409": _refusing(409),
    "412": _refusing(412),
    "413": _refusing(413),
    "429": _refusing(429, Retry_After="0"),
    "500": _refusing(500),
    "501": _refusing(501),
    "503": _refusing(503, Retry_After="Sun, 06 Nov 1994 08:49:37 GMT"),
}


class Proxy(NamedTuple):
    """
    Its address, and the switch: `fail(fault, every)` does the fault to every so-manieth write, `heal` to none.
    """

    url: str
    handler: Any

    def fail(self, fault: Callable[[FaultyHandler], None], *, every: int = 3) -> None:
        """
        Do the fault to every so-manieth write of each kind, the first included.
        """
        seen: dict[str, int] = {}
        lock = Lock()

        def meant(method: str, path: str) -> bool:
            if method == "GET":
                return False
            with lock:
                kind = f"{method} {path.split('/')[2:3]}"
                seen[kind] = seen.get(kind, 0) + 1
                return seen[kind] % every == 1

        self.handler.fault, self.handler.meant = fault, staticmethod(meant)

    def heal(self) -> None:
        """
        Pass everything on from now.
        """
        self.handler.meant = staticmethod(lambda _method, _path: False)


@contextmanager
def fault_proxy(behind: str) -> Iterator[Proxy]:
    """
    Run a proxy before the server at `behind`.
    """
    handler = type("Handler", (FaultyHandler,), {"behind": behind, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        proxy = Proxy(f"http://127.0.0.1:{server.server_port}", handler)
        proxy.heal()
        yield proxy
        server.shutdown()
