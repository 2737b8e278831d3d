"""
The triggers over HTTP: who may ask, how much and how long, and what is answered.

The requests are awaited here; whatever is done, one thread does (`server_work.py`).
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from reconciler import server_api as api
from reconciler.core import scope
from reconciler.core.canonical import REFUSALS, encode
from reconciler.core.scope import Scope
from reconciler.errors import HeldError, ReconcilerError, UnknownNameError, UsageError
from reconciler.server_metrics import CONTENT_TYPE, Metrics
from reconciler.server_page import page
from reconciler.server_tokens import bears, holds, issue
from reconciler.server_work import BugError, BusyError, Job, Writer

LARGEST = 1 << 20
"""Bytes of a body."""

ARRIVES_WITHIN = 10.0
"""Seconds in which a body must have arrived."""

SEARCHES = 4
"""Searches that read the export at a time; who asks for one more is told to come again."""

ANSWERED_WITHIN = 5.0
"""Seconds that a trigger may take before it is answered with a run to ask about."""

STATUSES: tuple[tuple[type[ReconcilerError], int], ...] = (
    (UnknownNameError, 404),
    (UsageError, 409),
    (HeldError, 409),
    (BusyError, 429),
    (BugError, 500),
)
"""What an expected failure is answered with; any other is 503."""

Handler = Callable[[Request], Awaitable[Response]]
Given = TypeVar("Given")


class RefusedError(Exception):
    """
    A request that is answered with a refusal: its status, and what is told.
    """

    def __init__(self, status: int, error: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.told = api.Refusal(error=error, hint=hint, field=field)


class Service(Struct, frozen=True, kw_only=True):
    """
    What the service works with. `search` returns the scope of the users that a text finds.
    """

    secret: str
    writer: Writer
    metrics: Metrics
    search: Callable[[str], Scope]


def application(service: Service) -> Starlette:
    """
    Return the service as an ASGI application; it begins to work when the server starts it, and ends with it.
    """

    @asynccontextmanager
    async def living(_app: Starlette) -> AsyncIterator[None]:
        service.writer.start()
        try:
            yield
        finally:
            await asyncio.to_thread(service.writer.stop)

    handlers = _handlers(service)
    routes = [
        Route(path, _guarded(service, one, handlers[one.name]), methods=[one.method])
        for one in api.OPERATIONS
        for path in one.paths
    ]
    routes.append(Route("/openapi.json", _openapi, methods=["GET"]))
    return Starlette(routes=routes, lifespan=living, exception_handlers={HTTPException: _elsewhere(service)})


def _handlers(service: Service) -> dict[str, Handler]:
    """
    Return what answers each operation.
    """

    def triggers(of: Callable[[Any], Scope | None]) -> Handler:
        return lambda request: _triggered(service, of(request.state.body))

    looking = asyncio.Semaphore(SEARCHES)

    async def search(request: Request) -> Response:
        if looking.locked():
            raise RefusedError(429, "too many searches at a time", hint="ask again in a moment")
        async with looking:
            found = await asyncio.to_thread(_told, lambda: service.search(request.state.body.query))
        return await _triggered(service, found)

    return {
        "login": triggers(lambda body: scope.login([body.user])),
        "search": search,
        "start": triggers(lambda _body: scope.START),
        "run": triggers(lambda _body: None),
        "users_sync": triggers(lambda body: scope.sync_users(body.users)),
        "groups_sync": triggers(lambda body: scope.sync_groups(body.groups)),
        **_answers(service),
    }


def _answers(service: Service) -> dict[str, Handler]:
    """
    Return what answers the operations that make no run.
    """

    async def token(request: Request) -> Response:
        life = int(request.state.body.requested_lifetime)
        made = issue(service.secret, now=time.time(), lifetime=life)
        return _json(200, api.Token(csrf_token=made, expiration=life))

    async def asked(request: Request) -> Response:
        job = service.writer.find(request.path_params["id"])
        if job is None:
            raise RefusedError(404, "no trigger has that id, or it was long ago")
        return _json(200, _ran(job))

    async def metrics(_request: Request) -> Response:
        return Response(service.metrics.text(), headers={"content-type": CONTENT_TYPE})

    async def healthz(_request: Request) -> Response:
        return _json(200, api.Health(status="ok", waiting=service.writer.waiting))

    async def docs(_request: Request) -> Response:
        return HTMLResponse(page())

    return {"token": token, "asked": asked, "metrics": metrics, "healthz": healthz, "docs": docs}


def _guarded(service: Service, one: api.Operation, handler: Handler) -> Handler:
    """
    Return the handler behind everything that is asked of a request first; what it refuses is answered, and counted.
    """

    async def answered(request: Request) -> Response:
        try:
            _admit(service, one, request)
            if one.body:
                request.state.body = await _body(request, one.body)
            response = await handler(request)
        except RefusedError as refused:
            response = _json(refused.status, refused.told)
        except ClientDisconnect:
            response = _json(408, api.Refusal(error="the caller has gone"))
        if response.status_code == 401:  # noqa: PLR2004  the status itself
            response.headers["WWW-Authenticate"] = "Bearer"
        service.metrics.add("requests_total", status=str(response.status_code))
        return response

    return answered


def _admit(service: Service, one: api.Operation, request: Request) -> None:
    """
    Refuse whoever may not ask.
    """
    if one.secret and not bears(request.headers.get("authorization", ""), service.secret):
        raise RefusedError(401, "this needs the service's secret", hint="send it as: Authorization: Bearer SECRET")
    sent = request.headers.get("bpmcsrftoken", "")
    if one.csrf and not holds(sent, service.secret, now=time.time()):
        raise RefusedError(403, "this needs a BPMCSRFToken that has not ended", hint="POST /system/login gives one")


async def _body(request: Request, kind: type[api.Body]) -> api.Body:
    """
    Return what a request says, once all of it is there and is what it should be.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "the body must be application/json", hint="Content-Type: application/json")
    try:
        async with asyncio.timeout(ARRIVES_WITHIN):
            content = await _read(request)
    except TimeoutError as error:
        raise RefusedError(408, f"the body did not arrive within {ARRIVES_WITHIN:g} seconds") from error
    if not content:
        raise RefusedError(422, "the body is empty", hint="{} is the one that says nothing; see /docs")
    try:
        return msgspec.json.decode(content, type=kind)
    except REFUSALS as error:
        told = str(error)
        at = re.search(r"`\$\.?([^`]*)`$", told) or re.search(r"field `([^`]*)`", told)
        raise RefusedError(422, told, hint="see /docs", field=at[1] if at else "") from error


async def _read(request: Request) -> bytes:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LARGEST:
            raise RefusedError(413, f"the body is larger than {LARGEST} bytes")
    return content


async def _triggered(service: Service, about: Scope | None) -> Response:
    """
    Return what a trigger came to, if it took a few seconds at most; else where to ask about it.
    """
    job = _told(lambda: service.writer.ask(about))
    await asyncio.wait([asyncio.wrap_future(job.ended)], timeout=ANSWERED_WITHIN)
    if not job.ended.done():
        return _json(202, _ran(job))
    if job.error:
        raise _refused(job.error)
    return _json(200, _ran(job))


def _told(act: Callable[[], Given]) -> Given:
    """
    Return what a function returns; what it refuses becomes what the caller is told.
    """
    try:
        return act()
    except ReconcilerError as error:
        raise _refused(error) from error


def _refused(error: ReconcilerError) -> RefusedError:
    """
    Return an expected failure with its status.
    """
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 503)
    return RefusedError(status, error.message, hint=error.hint)


def _ran(job: Job) -> api.Ran:
    """
    Return how far a trigger is.
    """
    result = job.result
    return api.Ran(
        id=job.id,
        state=job.state,
        scope=job.kind,
        run=result.run,
        counts=api.Counts(landed=result.landed, failed=result.failed, held=result.held),
        notices=result.notices,
        error=job.error.message if job.error else result.trouble,
        hint=job.error.hint if job.error else "",
    )


def _json(status: int, told: Struct) -> Response:
    return Response(encode(told), status_code=status, media_type="application/json")


async def _openapi(_request: Request) -> Response:
    return JSONResponse(api.document())


def _elsewhere(service: Service) -> Callable[[Request, Exception], Awaitable[Response]]:
    """
    Return what answers a path or a method that there is not.
    """

    async def answered(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        told = api.Refusal(error=str(getattr(error, "detail", "a bug")), hint="see /docs")
        service.metrics.add("requests_total", status=str(status))
        return Response(encode(told), status_code=status, media_type="application/json", headers=headers)

    return answered
