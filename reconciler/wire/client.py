"""
One server over HTTP: requests one by one or many at once, each with credentials, patience and a bound on both.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from random import SystemRandom
from typing import Self
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import WireError
from reconciler.wire.credentials import Credentials, TokenRequest
from reconciler.wire.gate import Gate
from reconciler.wire.message import Answer, LostError, Request, Transport, UnsentError
from reconciler.wire.origin import address, root_of
from reconciler.wire.retry import PUT_OFF, again, pause
from reconciler.wire.settings import HttpSettings, Retries
from reconciler.wire.transport import Wire

_UNAUTHORISED = 401
_UNREACHED = "see that the address is right, that the server runs, and that no firewall or proxy stands between"
_QUEUED = 4
"""Requests per place that wait in line: enough that no place is ever empty."""


class Pace(Struct, frozen=True, kw_only=True):
    """
    Clock, sleep and randomness, as arguments: a test gives its own.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = SystemRandom().random


class Client:
    """
    One server. `root` is the address below which its paths lie.
    """

    def __init__(self, root: str, settings: HttpSettings, *, transport: Transport, pace: Pace = Pace()) -> None:  # noqa: B008 - frozen
        self.root = root_of(root)
        self._transport = transport
        self._pace = pace
        self._retries: Retries = settings.retries
        self._width = settings.width
        self._gate = Gate(settings.width)
        self._credentials = Credentials(settings.auth, ask=self._ask_token, now=pace.now)

    @classmethod
    def open(cls, root: str, settings: HttpSettings) -> Self:
        """
        Return a client of a real server; raises UsageError for an address that secrets must not be sent to.
        """
        return cls(root, settings, transport=Wire(settings))

    @property
    def asked(self) -> int:
        """
        Return how many requests were made so far, each repetition and each request for a token counted.
        """
        return self._gate.entered

    def now(self) -> datetime:
        """
        Return what time it is, by the clock that this client goes by.
        """
        return self._pace.now()

    def ask(self, request: Request) -> Answer:
        """
        Return the server's answer, whatever its status, once it is not worth asking again.

        Raises WireError where none came: `lost` then says that the server may have done it all the same.
        Redirects raise it too: they are not followed, since credentials go to one origin.
        """
        url = address(self.root, request.path)
        whole = replace(request, path=f"{url}?{urlencode(request.query)}" if request.query else url)
        header = self._credentials.header()
        answer = self._patiently(whole, header)
        if answer.status == _UNAUTHORISED and self._credentials.spoiled(header):
            answer = self._patiently(whole, self._credentials.header())
        if answer.status in {301, 302, 303, 307, 308}:
            where = answer.headers.get("location", "nowhere")
            raise WireError(f"{url} redirects to {where!r}: not followed", hint="name the address that answers")
        return answer

    def ask_all(self, requests: Iterable[Request]) -> Iterator[Answer | WireError]:
        """
        Yield what became of each request, in their order; up to `width` of them run at once.
        """
        waiting = iter(requests)
        with ThreadPoolExecutor(self._width) as pool:
            running = [pool.submit(self._attempt, one) for one in islice(waiting, self._width * _QUEUED)]
            while running:
                done = running.pop(0).result()
                running.extend(pool.submit(self._attempt, one) for one in islice(waiting, 1))
                yield done

    def close(self) -> None:
        """
        Give back the connections.
        """
        self._transport.close()

    def _attempt(self, request: Request) -> Answer | WireError:
        try:
            return self.ask(request)
        except WireError as error:
            return error

    def _ask_token(self, wanted: TokenRequest) -> Answer:
        """
        Return the token server's answer. To ask twice is no harm: a token that nobody has is nobody's.
        """
        url = root_of(wanted.url)
        request = Request(method="POST", path=url, headers=wanted.headers, body=wanted.body, repeatable=True)
        return self._patiently(request, {})

    def _patiently(self, request: Request, header: dict[str, str]) -> Answer:
        """
        Make a request until it is answered, refused for good, or out of time.
        """
        began = self._pace.now()
        attempt = 0
        while True:
            attempt += 1
            came = self._once(request, header)
            now = self._pace.now()
            left = self._retries.seconds - (now - began).total_seconds()
            wait = None
            if again(came, repeatable=request.repeatable):
                wait = pause(came, attempt, left=left, retries=self._retries, now=now, draw=self._pace.draw)
            if wait is None:
                return _settled(came, request, attempt)
            self._pace.sleep(wait)

    def _once(self, request: Request, header: dict[str, str]) -> Answer | UnsentError | LostError:
        with self._gate.place():
            try:
                answer = self._transport.send(
                    request.method, request.path, {**request.headers, **header}, request.body
                )
            except (UnsentError, LostError) as error:
                return error
        (self._gate.refused if answer.status in PUT_OFF else self._gate.served)()
        return answer


def _settled(came: Answer | UnsentError | LostError, request: Request, attempts: int) -> Answer:
    """
    Return the answer; raise WireError where there is none.
    """
    if isinstance(came, Answer):
        return came
    where = request.path.partition("?")[0]
    lost = isinstance(came, LostError)
    told = (
        f"{request.method} {where}: {'no whole answer' if lost else 'no connection'} in {attempts} attempts: {came}"
    )
    raise WireError(told, lost=lost, hint="" if lost else _UNREACHED) from came
