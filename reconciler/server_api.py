"""
What can be asked of the service: one table, from which requests are checked and the OpenAPI page is made.

A trigger says whom to look at, and carries nothing about them: what they are, the source says.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from reconciler import __version__

Name = Annotated[str, Meta(min_length=1, max_length=320, description="A key, a user name or an e-mail address.")]
GroupName = Annotated[str, Meta(min_length=1, max_length=320, description="A key or a name.")]
LONGEST_LIFE = 86400
ABOUT = (
    "A trigger says whom to look at. It is answered with what was done if that took 5 seconds at most, else with "
    "202 and a run to ask about."
)


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What a request may say, and nothing else.
    """


class LoginEvent(Body, frozen=True):
    """
    Somebody has logged in.
    """

    user: Name


class SearchEvent(Body, frozen=True):
    """
    Somebody searches for users.
    """

    query: Annotated[str, Meta(min_length=1, max_length=320, description="Text that names contain; * is anything.")]


class Nothing(Body, frozen=True):
    """
    There is nothing to say.
    """


class Users(Body, frozen=True):
    """
    The users to synchronise; empty: all known ones.
    """

    users: Annotated[tuple[Name, ...], Meta(max_length=200)]


class Groups(Body, frozen=True):
    """
    The groups to synchronise; empty: all known ones.
    """

    groups: Annotated[tuple[GroupName, ...], Meta(max_length=200)]


class Login(Body, frozen=True):
    """
    Asks for the token that `BPMCSRFToken` must hold. There is no session, so no group of the caller's is refreshed.
    """

    refresh_groups: bool = field(default=False, name="refresh-groups")
    requested_lifetime: Annotated[float, Meta(ge=1, le=LONGEST_LIFE, multiple_of=1, description="In seconds.")] = (
        7200
    )


class Token(Struct, frozen=True):
    """
    The token, and for how many seconds it holds.
    """

    csrf_token: str
    expiration: int


class Counts(Struct, frozen=True, kw_only=True):
    """
    Changes that landed, did not land, and wait for a decision.
    """

    landed: int = 0
    failed: int = 0
    held: int = 0


class Ran(Struct, frozen=True, kw_only=True):
    """
    How far a trigger is. `run` is its run in the ledger, which may be that of others too; 0: nothing was to do.

    `notices` are the warnings of that run's plan: why somebody was not made, for example.
    """

    id: str
    state: Literal["waiting", "running", "done", "failed"]
    scope: str
    run: int = 0
    counts: Counts = Counts()
    notices: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""


class Health(Struct, frozen=True):
    """
    That the service answers, and how many triggers wait.
    """

    status: Literal["ok"]
    waiting: int


class Refusal(Struct, frozen=True, kw_only=True):
    """
    Why nothing was done; `field` is the part of the request that is wrong.
    """

    error: str
    hint: str = ""
    field: str = ""


class Operation(Struct, frozen=True, kw_only=True):
    """
    One thing to ask. `paths` all do the same; `body` None: there is none.

    `secret`: the caller bears the secret; `csrf`: it sends the token of `/system/login`, too.
    """

    method: Literal["GET", "POST"]
    paths: tuple[str, ...]
    name: str
    summary: str
    answers: Mapping[int, tuple[str, type | str]]
    body: type[Body] | None = None
    secret: bool = True
    csrf: bool = False


_DONE = {200: ("What was done.", Ran), 202: ("It takes longer: ask GET /runs/{id}.", Ran)}
_ASKED = {
    408: ("The request took too long to arrive.", Refusal),
    409: ("Nothing was done: something needs a decision first, or a search found too many.", Refusal),
    413: ("The body is larger than 1 MiB.", Refusal),
    415: ("The body is not application/json.", Refusal),
    422: ("The body is not what it should be; `field` says where.", Refusal),
    429: ("Too many triggers wait.", Refusal),
    500: ("A bug.", Refusal),
    503: ("State, ledger or target cannot be used now, or the service stops.", Refusal),
}
_UNKNOWN = {404: ("Nobody has that name.", Refusal)}
_DENIED = {401: ("No bearer token, or not the service's secret.", Refusal)}
_BASES = ("", "/ops", "/bas/ops")
_READ = {200: ("The page.", "text/html")}


def _below(path: str) -> tuple[str, ...]:
    return tuple(base + path for base in _BASES)


def _trigger(name: str, summary: str, *paths: str, body: type[Body], csrf: bool = False) -> Operation:
    unknown = {} if body is Nothing else _UNKNOWN
    forbidden = {403: ("No BPMCSRFToken, or one that has ended.", Refusal)} if csrf else {}
    answers = {**_DONE, **_ASKED, **unknown, **forbidden}
    return Operation(method="POST", paths=paths, name=name, summary=summary, answers=answers, body=body, csrf=csrf)


OPERATIONS = (
    _trigger("login", "Look at one user who has just logged in.", "/events/login", body=LoginEvent),
    _trigger("search", "Make the users that a search finds.", "/events/search", body=SearchEvent),
    _trigger("start", "Look at all groups, and at no user.", "/events/start", body=Nothing),
    _trigger(
        "run", "Make the run that the policy makes by itself: `reconciler apply --yes`.", "/runs", body=Nothing
    ),
    _trigger("users_sync", "Make users what Git says.", *_below("/system/users_sync"), body=Users, csrf=True),
    _trigger("groups_sync", "Make groups what Git says.", *_below("/system/groups_sync"), body=Groups, csrf=True),
    Operation(
        method="POST",
        paths=_below("/system/login"),
        name="token",
        summary="Get the token that the header BPMCSRFToken must hold.",
        body=Login,
        answers={200: ("The token.", Token), **{code: _ASKED[code] for code in (408, 413, 415, 422)}},
    ),
    Operation(
        method="GET",
        paths=("/runs/{id}",),
        name="asked",
        summary="How far a trigger is.",
        answers={200: ("How far it is.", Ran), 404: ("No trigger has that id, or it was long ago.", Refusal)},
    ),
    Operation(
        method="GET",
        paths=("/metrics",),
        name="metrics",
        summary="Numbers for Prometheus.",
        answers={200: ("The numbers.", "text/plain")},
    ),
    Operation(
        method="GET",
        paths=("/healthz",),
        name="healthz",
        summary="Whether the service answers.",
        answers={200: ("It does.", Health)},
        secret=False,
    ),
    Operation(method="GET", paths=("/docs",), name="docs", summary="This page.", answers=_READ, secret=False),
)


def document() -> dict[str, Any]:
    """
    Return the description of the service (OpenAPI 3.1).
    """
    schemas, parts = _schemas()
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        for number, path in enumerate(one.paths):
            paths.setdefault(path, {})[one.method.lower()] = _described(one, number, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Reconciler",
            "version": __version__,
            "description": ABOUT,
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": parts,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "csrf": {"type": "apiKey", "in": "header", "name": "BPMCSRFToken"},
            },
        },
    }


def answers(one: Operation) -> dict[int, tuple[str, type | str]]:
    """
    Return everything that an operation may be answered with, by status.
    """
    return {**one.answers, **(_DENIED if one.secret else {})}


def _types() -> Iterator[type]:
    for one in OPERATIONS:
        yield from ([one.body] if one.body else [])
        yield from (kind for _, kind in one.answers.values() if isinstance(kind, type))


def _schemas() -> tuple[dict[type, dict[str, Any]], dict[str, Any]]:
    types = list(dict.fromkeys((*_types(), Refusal)))
    found, parts = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return dict(zip(types, found, strict=True)), dict(sorted(parts.items()))


def _described(one: Operation, number: int, schemas: Mapping[type, dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.name if not number else f"{one.name}_{number}",
        "summary": one.summary,
        "responses": {str(code): _answer(*found, schemas) for code, found in sorted(answers(one).items())},
    }
    if one.body:
        content = {"application/json": {"schema": schemas[one.body]}}
        told["requestBody"] = {"required": True, "content": content}
    if one.secret:
        told["security"] = [{"bearer": [], **({"csrf": []} if one.csrf else {})}]
    if "{id}" in one.paths[number]:
        told["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return told


def _answer(told: str, kind: type | str, schemas: Mapping[type, dict[str, Any]]) -> dict[str, Any]:
    if isinstance(kind, str):
        return {"description": told, "content": {kind: {"schema": {"type": "string"}}}}
    return {"description": told, "content": {"application/json": {"schema": schemas[kind]}}}
