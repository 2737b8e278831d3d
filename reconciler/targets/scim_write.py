"""
Writes to a SCIM server: each entity's own fields with compare-and-set, then memberships, folded by group.
"""

from collections.abc import Sequence

from reconciler.core.model import Fields, Live
from reconciler.errors import WireError
from reconciler.ports import Result, Write
from reconciler.targets.scim_answer import found_earlier, read_all_back, take
from reconciler.targets.scim_convert import CORE, PATCH, changed, encoded, operations
from reconciler.targets.scim_job import NAMES, Job, begun, checked, gone, parts, unsettled
from reconciler.targets.scim_known import Known, members_of
from reconciler.targets.scim_members import Move, folded, make
from reconciler.targets.scim_paths import Json, member
from reconciler.targets.scim_send import together
from reconciler.targets.scim_server import Server
from reconciler.wire.message import Answer, Request


def write_all(server: Server, known: Known, writes: Sequence[Write]) -> list[Result]:
    """
    Make the writes and return one result each, in the same order.

    What may run at once does; a second write of one entity, and every delete, waits for those before it.
    """
    results: list[Result] = []
    for part in parts(writes):
        jobs = [begun(write, known) for write in part]
        checked(server.quirks, known, jobs)
        _look(server, known, unsettled(jobs))
        _send(server, known, unsettled(jobs))
        _move(server, known, jobs)
        results += [_result(server, known, job) for job in jobs]
    return results


def _look(server: Server, known: Known, jobs: Sequence[Job]) -> None:
    """
    Read what must be read before it is written, and leave what is no longer as the plan saw it.
    """
    given = [job for job in jobs if job.write.action != "create" and job.last is None]
    read = [job for job in given if not _guarded(server, known, job)]
    for kind in CORE:
        asked = [job for job in read if job.write.kind == kind]
        for job, found in zip(asked, server.gotten(kind, [job.write.id or "" for job in asked]), strict=True):
            job.before = found
            if found is None:
                gone(job)
            elif known.live(kind, found, etag=server.able.etag).version != job.write.expects:
                job.end("left", f"{kind} {job.write.name!r} was changed since the plan was made")
            elif kind == "group" and job.write.action == "delete":
                _still_empty(known, job, found)


def _still_empty(known: Known, job: Job, group: Json) -> None:
    """
    Leave a group that is to be deleted, and that somebody was put into: a group's version does not tell of members.
    """
    if set(members_of(group)) - known.inside(job.write.id or ""):
        job.end("left", f"somebody was put into group {job.write.name!r} since the plan was made")


def _guarded(server: Server, known: Known, job: Job) -> bool:
    """
    Return whether the server itself compares, so that nothing need be read: it does for who has an ETag.
    """
    write = job.write
    tagged = not write.expects.startswith(("~", "|")) and server.able.etag and write.kind == "user"
    if write.action == "delete":
        return tagged
    return tagged and bool(job.fields) and server.able.patch and known.blind(write.id or "", job.fields)


def _send(server: Server, known: Known, jobs: Sequence[Job]) -> None:
    """
    Write each entity's own fields, many at once where the server takes that, and read back what it holds then.

    A group of a name that is known is not made a second time.
    """
    for job in jobs:
        if job.write.action == "create" and job.write.kind == "group":
            _find_group(server, known, job)
    writes = [job for job in unsettled(jobs) if job.write.action != "update" or job.fields]
    waiting = [(job, _request(server, known, job)) for job in writes if job.after is None]
    sent = together(server, [request for _, request in waiting])
    told = [(job, came) for (job, _), came in zip(waiting, sent.came, strict=True) if came is not None]
    for job, came in told:
        if isinstance(came, Answer):
            take(server, known, job, came)
    _look_up(server, known, [(job, came) for job, came in told if isinstance(came, WireError)])
    alone = [(job, request) for job, request in waiting if not (job.outcome or job.after or job.unread)]
    for (job, _), came in zip(alone, server.client.ask_all(request for _, request in alone), strict=True):
        if isinstance(came, WireError):
            job.end("failed", came.message)
        else:
            take(server, known, job, came)
    written = [job for job, _ in waiting]
    read_all_back(server, known, written, since=sent.since)
    _part_twins(
        server, [job for job in unsettled(written) if job.write.action == "create" and job.write.kind == "group"]
    )


def _look_up(server: Server, known: Known, unsure: Sequence[tuple[Job, WireError]]) -> None:
    """
    Find the creates, of requests that failed whole, which were made all the same; the others may be made alone.

    But for a group while the server may still be at it: nothing keeps it from having two of one name.
    """
    for kind in CORE:
        creates = {
            job.write.key: (job, error)
            for job, error in unsure
            if job.write.kind == kind and job.write.action == "create"
        }
        listing = server.every(kind) if creates else None
        for one in listing.resources if listing else ():
            key = str(member(one, "externalId"))
            if key in creates:
                found_earlier(known, creates[key][0], one)
        for job, error in creates.values():
            doubtful = error.lost or (listing and listing.problem)
            if kind == "group" and doubtful and not job.outcome and job.after is None:
                job.end("failed", error.message)


def _part_twins(server: Server, jobs: Sequence[Job]) -> None:
    """
    Delete what a request that the network delivered twice has made besides: an empty group of our key and name.

    Nothing else keeps a server from having two groups of one name, and nobody could tell later which was meant.
    """
    if not jobs or server.quirks.unique_groups:
        return
    made = {(job.write.key, job.write.name): _id(job) for job in jobs}
    for group in server.every("group").resources:
        meant = made.get((str(member(group, "externalId")), str(member(group, "displayName"))))
        if meant not in {None, member(group, "id")} and not member(group, "members"):
            server.client.ask(server.send("DELETE", server.path("group", str(member(group, "id"))), None))


def _find_group(server: Server, known: Known, job: Job) -> None:
    ids = [id_ for id_, name in known.groups.items() if name == job.write.name]
    for found in server.gotten("group", ids):
        if found is not None and not job.outcome:
            found_earlier(known, job, found)


def _request(server: Server, known: Known, job: Job) -> Request:
    write, kind = job.write, job.write.kind
    match = _match(server, job)
    places = known.places[kind]
    if write.action == "delete":
        return server.send("DELETE", server.path(kind, write.id or ""), None, match=match)
    if write.action == "create":
        named = {NAMES[kind]: write.name, **({"active": True} if "active" in places else {}), **job.fields}
        given: Fields = {name: value for name, value in named.items() if value not in (None, ())}
        base: Json = {"schemas": [CORE[kind], *server.able.required[kind]], "externalId": write.key}
        return server.send("POST", server.path(kind), encoded(changed(base, given, places)))
    path = server.path(kind, write.id or "")
    if not server.able.patch:
        whole = changed(job.before or {}, job.fields, places)
        rest = {name: value for name, value in whole.items() if name.lower() != "meta"}
        return server.send("PUT", path, encoded(rest), match=match)
    body = {"schemas": [PATCH], "Operations": operations(job.before or {}, job.fields, places)}
    # the write is its own read-back
    asked = {"externalId", "meta"} | {at.root for at in places.values()}
    query = {"attributes": ",".join(sorted(asked))} if kind == "user" and server.able.echo else {}
    return server.send("PATCH", path, encoded(body), match=match, query=query)


def _match(server: Server, job: Job) -> str:
    """
    Return the version that the server shall compare: of what was just read, else what the plan saw.
    """
    if not server.able.etag:
        return ""
    if job.before is not None:
        return str(member(member(job.before, "meta"), "version") or "")
    return job.write.expects.rpartition("|")[0]


def _move(server: Server, known: Known, jobs: Sequence[Job]) -> None:
    """
    Make the memberships of everybody whose own fields are as they shall be; tell each whose was refused.
    """
    moving = {_id(job): job for job in unsettled(jobs) if job.write.kind == "user" and (job.join or job.leave)}
    people = ((id_, job.join, job.leave) for id_, job in moving.items())
    for part, why in make(server, known, folded(people)):
        _moved(known, moving, part, why)


def _moved(known: Known, moving: dict[str, Job], part: Move, why: str) -> None:
    if not why:
        known.moved(part.group, part.join, part.leave)
        return
    for id_ in (*part.join, *part.leave):
        moving[id_].end("failed", f"group {known.groups.get(part.group, part.group)!r}: {why}")


def _id(job: Job) -> str:
    return str(member(job.after, "id") or job.write.id)


def _result(server: Server, known: Known, job: Job) -> Result:
    change = job.write.change
    if job.outcome:
        return Result(change=change, outcome=job.outcome, message=job.message)
    return Result(change=change, outcome="landed", live=_now(server, known, job))


def _now(server: Server, known: Known, job: Job) -> Live:
    resource = job.after or job.before
    if resource is not None:
        return known.live(job.write.kind, resource, etag=server.able.etag)
    person = known.person(_id(job))
    assert person is not None  # noqa: S101  only who is known is written to unread
    return person
