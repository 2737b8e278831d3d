"""
The service as a process: its secret, its socket, and how it ends.
"""

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import uvicorn

from reconciler.core.scope import Scope
from reconciler.effects import effect
from reconciler.errors import ReconcilerError, UsageError
from reconciler.server import Service, application
from reconciler.server_metrics import Metrics
from reconciler.server_tokens import SECRET, SHORTEST
from reconciler.server_work import Make, Writer
from reconciler.wiring.triggering import Result

LATEST = 10
"""Seconds that a stopping service waits for answers under way."""


def secret_of(environ: Mapping[str, str]) -> str:
    """
    Return the secret that callers must bear; raises UsageError where there is none, or one that can be guessed.
    """
    secret = environ.get(SECRET, "")
    if len(secret) < SHORTEST:
        told = f"{SECRET} is {'shorter than ' + str(SHORTEST) + ' characters' if secret else 'not set'}"
        raise UsageError(told, hint=f"export {SECRET}=$(openssl rand -hex 32)")
    return secret


def logged(make: Make, say: Callable[[str], None]) -> Make:
    """
    Return what makes runs as `make` does, and says of each what it was about and came to, without a name.
    """

    def made(scope: Scope | None, stopped: Callable[[int], bool]) -> Result:
        about = "run" if scope is None else f"{scope.name} of {len(scope.named) or 'all'}"
        try:
            result = make(scope, stopped)
        except ReconcilerError as error:
            say(f"{about}: refused, {type(error).__name__}")
            raise
        say(f"{about}: run {result.run}, {result.landed} landed, {result.failed} failed, {result.held} held")
        return result

    return made


def service(secret: str, *, make: Make, search: Callable[[str], Scope]) -> Service:
    """
    Return a service that makes runs by `make` and finds users by `search`; nothing of it has begun.
    """
    metrics = Metrics()
    return Service(secret=secret, writer=Writer(make, metrics), metrics=metrics, search=search)


def run(made: Service, *, host: str, port: int, say: Callable[[str], None]) -> None:
    """
    Answer until a signal says to stop. Raises UsageError where the address cannot be had.
    """
    with _listening(host, port) as listening:
        where = listening.getsockname()
        say(f"answering at http://{where[0]}:{where[1]}; what can be asked: /docs")
        config = uvicorn.Config(
            application(made),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=LATEST,
            h11_max_incomplete_event_size=16384,
        )
        _Server(config).run(sockets=[listening])
    say("stopped")


class _Server(uvicorn.Server):
    """
    The server, which takes a signal for the order to end, and nothing else.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """
        Let Ctrl-C and an orderly kill end the service; afterwards they mean again what they meant before.
        """

        def end(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listening(host: str, port: int) -> socket.socket:
    """
    Return a socket that listens at the address.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with effect("listen", f"{host}:{port}"):
            return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        told = f"{host}:{port} cannot be answered at: {error.strerror or error}"
        raise UsageError(told, hint="choose another: --host, --port") from error
