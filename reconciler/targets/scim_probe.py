"""
What a SCIM server does, measured on throw-away objects: what it says of itself need not be true.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex

from reconciler.core.matching import folded
from reconciler.core.model import Kind
from reconciler.errors import TargetError, WireError
from reconciler.ports_doctor import Finding
from reconciler.targets import scim_bulk as bulk
from reconciler.targets.scim_convert import CORE, PATCH, encoded
from reconciler.targets.scim_members import Move, body
from reconciler.targets.scim_paths import Json, member
from reconciler.targets.scim_server import Server, body_of, settled
from reconciler.wire.message import Answer, Request

_CONFLICT, _PRECONDITION = 409, 412
_NAME = "displayName"
_SHOWN: dict[Kind, str] = {"user": "userName", "group": "displayName"}


class Bench:
    """
    A server, and the throw-away objects that stand there by now.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.made: list[tuple[Kind, str]] = []

    def ask(self, method: str, path: str, body: Json | None = None, *, match: str = "") -> Answer:
        """
        Return the server's answer, whatever it is; raises TargetError where none came.
        """
        return self.send(self.server.send(method, path, None if body is None else encoded(body), match=match))

    def send(self, request: Request) -> Answer:
        """
        Return the server's answer to a request, whatever it is; raises TargetError where none came.
        """
        try:
            return self.server.client.ask(request)
        except WireError as error:
            return settled(error)

    def make(self, kind: Kind, **attributes: object) -> Answer:
        """
        Return the answer to a create; what it makes is noted, to be removed.

        Raises TargetError where the server shows another for it: that is not ours to write to, or to remove.
        """
        given = {"schemas": [CORE[kind], *self.server.able.required[kind]], **attributes}
        answer = self.ask("POST", self.server.path(kind), given)
        if answer.good:
            id_ = str(member(body_of(answer), "id"))
            asked, shown = (str(member(one, _SHOWN[kind])) for one in (given, self.read(kind, id_)))
            if folded(shown) != folded(asked):
                raise TargetError(f"the server says that it made {kind} {asked!r}, and shows {shown!r}: {id_}")
            self.made.append((kind, id_))
        return answer

    def user(self, name: str) -> Answer:
        """
        Return the answer to the create of a user who cannot log in.
        """
        person = {"givenName": "Throw-away", "familyName": "Probe", "formatted": "Throw-away Probe"}
        return self.make("user", userName=name, active=False, name=person)

    def read(self, kind: Kind, id_: str) -> Json:
        """
        Return an object as it is now.
        """
        return body_of(settled(self.server.client.ask(self.server.get(kind, id_))))

    def set(self, id_: str, name: str, *, match: str = "") -> Answer:
        """
        Return the answer to a new display name of a user.
        """
        return self.send(self.setting(id_, name, match=match))

    def setting(self, id_: str, name: str, *, match: str) -> Request:
        """
        Return the request for it.
        """
        path = self.server.path("user", id_)
        if self.server.able.patch:
            operations = [{"op": "replace", "path": _NAME, "value": name}]
            asked = encoded({"schemas": [PATCH], "Operations": operations})
            return self.server.send("PATCH", path, asked, match=match)
        now = {key: value for key, value in self.read("user", id_).items() if key != "meta"}
        return self.server.send("PUT", path, encoded({**now, _NAME: name}), match=match)


def probe(server: Server, *, clock: Callable[[], float] = time.perf_counter) -> tuple[Finding, ...]:
    """
    Return what throw-away objects show; they are removed again, and what could not be is told.
    """
    name = f"reconciler-probe-{token_hex(4)}"
    with _cleared(Bench(server)) as (bench, left):
        answer = bench.user(name)
        if not answer.good:
            return (
                Finding(what="create a user", found=f"refused ({answer.status})", means="nothing else was probed"),
            )
        id_ = bench.made[0][1]
        found = (
            _case(bench, name),
            _trimming(bench, id_),
            _patch(bench, id_),
            _versions(bench, id_),
            *_bulk(bench, id_),
            _window(bench, id_, clock),
            *_groups(bench, id_, name),
            _page(server),
        )
    return (*found, *left)


@contextmanager
def _cleared(bench: Bench) -> Iterator[tuple[Bench, list[Finding]]]:
    """
    Give the bench, and a list that tells afterwards what could not be removed.
    """
    left: list[Finding] = []
    try:
        yield bench, left
    finally:
        for kind, id_ in reversed(bench.made):
            left += _kept(bench, kind, id_)


def _kept(bench: Bench, kind: Kind, id_: str) -> Iterator[Finding]:
    """
    Remove one throw-away object, and yield why it could not be: the others are removed all the same.
    """
    try:
        answer = bench.ask("DELETE", bench.server.path(kind, id_))
        why = "" if answer.good else f"refused ({answer.status})"
    except TargetError as error:
        why = error.message
    if why:
        yield Finding(what=f"remove {kind} {id_}", found=why, means="do it")


def _case(bench: Bench, name: str) -> Finding:
    taken = bench.user(name.upper()).status == _CONFLICT
    found = "ignored" if taken else "counts"
    return Finding(
        what="case of user names", found=found, means="as expected" if taken else "two people may differ by it"
    )


def _trimming(bench: Bench, id_: str) -> Finding:
    bench.set(id_, "  Probe  ")
    kept = member(bench.read("user", id_), _NAME)
    found = {"  Probe  ": "kept", "Probe": "trimmed"}.get(str(kept), f"becomes {kept!r}")
    return Finding(what="spaces around a text", found=found)


def _patch(bench: Bench, id_: str) -> Finding:
    answer = bench.set(id_, "Patched")
    done = member(bench.read("user", id_), _NAME) == "Patched"
    found = f"answered {answer.status}, {'done' if done else 'not done'}"
    honest = done == answer.good
    return Finding(
        what="PATCH" if bench.server.able.patch else "PUT", found=found, means="" if honest else "it lies"
    )


def _versions(bench: Bench, id_: str) -> Finding:
    first = member(member(bench.read("user", id_), "meta"), "version")
    if not first:
        return Finding(what="ETag", found="none", means="read before each write, read back after it")
    bench.set(id_, "Version")
    moved = member(member(bench.read("user", id_), "meta"), "version") != first
    refused = bench.set(id_, "Late", match=str(first)).status == _PRECONDITION
    if moved and refused:
        return Finding(what="ETag", found="compared", means="no window: a late write is refused")
    found = f"{'moves' if moved else 'stands still'}, a late write is {'refused' if refused else 'taken'}"
    return Finding(what="ETag", found=found, means="say `etag: false` in the target's settings")


def _bulk(bench: Bench, id_: str) -> Iterator[Finding]:
    """
    Yield whether a write among several is done, and whether one that comes too late is refused there as elsewhere.
    """
    if bench.server.able.bulk < 1:
        return
    version = str(member(member(bench.read("user", id_), "meta"), "version") or "")
    done = _among(bench, bench.setting(id_, "Bulk", match=""))
    if not done or member(bench.read("user", id_), _NAME) != "Bulk":
        yield Finding(what="bulk", found="not done", means="say `bulk: 0` in the target's settings")
    elif bench.server.able.etag and _among(bench, bench.setting(id_, "Late", match=version)):
        found = "done, a late write is taken"
        yield Finding(what="bulk", found=found, means="say `bulk: 0` in the target's settings")
    else:
        yield Finding(what="bulk", found="done", means="a late write is refused" if bench.server.able.etag else "")


def _among(bench: Bench, request: Request) -> bool:
    """
    Return whether a write is said to be done, sent as several are.
    """
    answer = bench.send(bench.server.send("POST", "Bulk", bulk.body({0: bulk.operation(request, 0)})))
    told = bulk.answers(body_of(answer), {0: request})[0] if answer.good else None
    return told is not None and told.good


def _window(bench: Bench, id_: str, clock: Callable[[], float]) -> Finding:
    began = clock()
    bench.read("user", id_)
    read = clock()
    bench.set(id_, "Window")
    ended = clock()
    found = f"read {1000 * (read - began):.0f} ms, write {1000 * (ended - read):.0f} ms"
    means = "an administrator's edit within it is not seen" if not bench.server.able.etag else "not needed: ETag"
    return Finding(what="write window without ETag", found=found, means=means)


def _groups(bench: Bench, user: str, name: str) -> Iterator[Finding]:
    first = bench.make("group", displayName=name)
    if not first.good:
        yield Finding(what="create a group", found=f"refused ({first.status})")
        return
    group = str(member(body_of(first), "id"))
    twice = bench.make("group", displayName=name).good
    yield Finding(
        what="two groups of one name",
        found="possible" if twice else "refused",
        means="looked for before and after each create" if twice else "",
    )
    if bench.server.able.patch:
        answer = bench.ask("PATCH", bench.server.path("group", group), body(Move(group=group, join=(user,))))
        there = any(member(one, "value") == user for one in member(bench.read("group", group), "members") or ())
        yield Finding(what="members by PATCH", found=f"answered {answer.status}, {'done' if there else 'not done'}")


def _page(server: Server) -> Finding:
    size, total = server.first_page("user")
    found = f"{size} of {total} users in one answer (asked for {server.able.page})"
    return Finding(what="page", found=found, means="the rest is read page after page" if size < total else "")
