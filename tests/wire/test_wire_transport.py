"""
The wire itself, against a server of a few lines on this machine.
"""

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from reconciler.errors import UsageError, WireError
from reconciler.wire.message import LostError, UnsentError
from reconciler.wire.settings import HttpSettings
from reconciler.wire.transport import Wire

pytestmark = pytest.mark.ci


class Strange(BaseHTTPRequestHandler):
    """
    Answers each path in its own strange way.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """
        Answer.
        """
        short = self.path == "/cut"
        body = b"x" * (10 if short else 5000 if self.path == "/long" else 4)
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body) + 90 * short))
        self.end_headers()
        if self.path != "/silent":
            self.wfile.write(body)
        self.close_connection = short

    def log_message(self, *_words: object) -> None:
        """
        Keep quiet.
        """


@pytest.fixture
def root() -> Iterator[str]:
    """
    Return the address of the strange server.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    """
    Return an impatient wire.
    """
    wire = Wire(HttpSettings(timeout=0.5), largest=1000)
    yield wire
    wire.close()


def test_answer_is_read_whole(wire: Wire, root: str) -> None:
    """
    Status, headers in lower case, body.
    """
    answer = wire.send("GET", f"{root}/", {}, None)

    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "4", b"xxxx")


def test_redirect_is_an_answer(wire: Wire, root: str) -> None:
    """
    The wire follows no redirect.
    """
    assert wire.send("GET", f"{root}/moved", {}, None).status == 302


@pytest.mark.parametrize("path", ["cut", "silent", "long"])
def test_half_an_answer_is_lost(wire: Wire, root: str, path: str) -> None:
    """
    A body that is cut, never comes or never ends is no answer.
    """
    with pytest.raises(LostError):
        wire.send("GET", f"{root}/{path}", {}, None)


def test_nobody_there_means_nothing_sent(wire: Wire) -> None:
    """
    A refused connection is told from a lost answer.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UnsentError):
        wire.send("GET", f"http://127.0.0.1:{port}/", {}, None)


def test_server_that_speaks_no_tls_is_not_trusted(wire: Wire, root: str) -> None:
    """
    Where a certificate cannot be verified nothing is sent, and it is not tried again.
    """
    with pytest.raises(WireError, match="no safe connection"):
        wire.send("GET", root.replace("http:", "https:"), {}, None)


def test_missing_certificates_are_told() -> None:
    """
    A `ca_file` that is not there is a mistake of the configuration.
    """
    with pytest.raises(UsageError, match="nowhere"):
        Wire(HttpSettings(ca_file="nowhere.pem"))
