"""
What a SCIM server's answer to a write means, and what the server then holds.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from reconciler.core.matching import folded
from reconciler.core.model import Fields, Kind, Live
from reconciler.errors import TargetError
from reconciler.targets.scim_bulk import id_at
from reconciler.targets.scim_convert import CORE, live
from reconciler.targets.scim_job import NAMES, Job, gone
from reconciler.targets.scim_known import Known
from reconciler.targets.scim_paths import Json, member
from reconciler.targets.scim_send import read_back
from reconciler.targets.scim_server import Server, body_of, quoted, refusal
from reconciler.wire.message import Answer

_SHOWN: dict[Kind, str] = {"user": "userName", "group": "displayName"}


def take(server: Server, known: Known, job: Job, answer: Answer) -> None:
    """
    Take in what the server answered.
    """
    write, kind = job.write, job.write.kind
    if write.action == "delete" and (answer.good or answer.status == 404):  # noqa: PLR2004  gone is gone
        known.forget(kind, write.id or "")
        job.end("landed")
    elif answer.status == 404 and write.action == "update":  # noqa: PLR2004  RFC 9110
        gone(job)
    elif answer.status == 412:  # noqa: PLR2004  RFC 9110 section 15.5.13
        job.end("left", f"{kind} {write.name!r} was changed by somebody else since the plan was made")
    elif answer.status == 409:  # noqa: PLR2004  RFC 7644 section 3.3
        _taken(server, known, job, answer)
    elif not answer.good:
        job.end("failed", refusal(answer))
    else:
        _done(server, known, job, answer)


def _taken(server: Server, known: Known, job: Job, answer: Answer) -> None:
    """
    Tell a create of ours, whose answer was lost, from a name that somebody else has.
    """
    write, kind = job.write, job.write.kind
    name = str(job.fields.get(NAMES[kind], write.name))
    others = server.matching(kind, f"{_SHOWN[kind]} eq {quoted(name)}") if server.able.filters else []
    if write.action == "create":
        for other in others:
            found_earlier(known, job, other)
    if not job.outcome and job.after is None:
        bearer = next((str(member(other, "id")) for other in others), "somebody")
        job.end("failed", f"the name {name!r} is taken by {bearer}: {refusal(answer)}")


def found_earlier(known: Known, job: Job, other: Json) -> None:
    """
    Take what an earlier create of the same key made for made, if it holds all that is asked for.
    """
    write = job.write
    found = live(write.kind, other, known.places[write.kind], tag="")
    if found.external_id != write.key or found.name != write.name:
        return
    if not _holds(found, {"active": True, **job.fields}) or not job.join <= known.within.get(found.id, set()):
        job.end("left", f"an earlier request of ours made {write.name!r} with other values: plan again")
    else:
        job.after = other


def _done(server: Server, known: Known, job: Job, answer: Answer) -> None:
    """
    Take in what the server holds now where its answer is the whole of it; else note what is to be read back.
    """
    write, kind = job.write, job.write.kind
    try:
        said = body_of(answer) if answer.body else {}
    except TargetError as error:
        job.end("failed", error.message)
        return
    shown = str(member(said, "id") or "")
    id_ = write.id or shown or id_at(answer.headers.get("location", ""))
    whole = bool(shown) and shown == id_ and (server.able.etag or write.action == "create")
    if whole and not (kind == "group" and write.action == "update"):
        _holding(server, known, job, said)
    elif id_:
        job.unread = id_
    else:
        job.end("failed", f"the server answered {answer.status} and does not tell the id of {write.name!r}")


def read_all_back(server: Server, known: Known, jobs: Sequence[Job], *, since: str) -> None:
    """
    Take in what the server holds now of all that is still to be read back.
    """
    for kind in CORE:
        asked: dict[str, Job] = {}
        for job in (job for job in jobs if job.unread and job.write.kind == kind):
            if asked.setdefault(job.unread, job) is not job:
                job.end(
                    "failed", f"the server says that {job.write.name!r} is what it made for another: {job.unread}"
                )
        right = partial(_right, known, kind, asked)
        for id_, came in read_back(server, kind, [*asked], since=since, right=right):
            if isinstance(came, TargetError):
                asked[id_].end("failed", came.message)
            else:
                _holding(server, known, asked[id_], came)


def _right(known: Known, kind: Kind, asked: Mapping[str, Job], resource: Json) -> bool:
    """
    Return whether a list shows what was written: all of an update, or that a create is there.
    """
    job = asked.get(str(member(resource, "id")))
    if job is None:
        return False
    own = live(kind, resource, known.places[kind], tag="")
    return job.write.action == "create" or _holds(own, job.fields)


def _holding(server: Server, known: Known, job: Job, after: Json) -> None:
    """
    Take in what the server holds after a write.
    """
    write = job.write
    if write.action == "update" and _idle(server, known, job, after):
        job.end("failed", f"the server said that it was done, and changed nothing of {write.name!r}")
        return
    if write.action == "create" and not _newly_made(known, job, after):
        job.end(
            "failed", f"the server says that it made {write.name!r}, and shows {member(after, 'id')}: another's"
        )
        return
    if write.kind == "group" and write.action == "create":
        known.made(str(member(after, "id")))
    job.after = after


def _newly_made(known: Known, job: Job, after: Json) -> bool:
    """
    Return whether what is shown for a create can be what it made: it bears our key, and was not there before.

    One that shows no key bears our name; a server may spell that its own way.
    """
    own = live(job.write.kind, after, known.places[job.write.kind], tag="")
    called = folded(own.name.strip()) == folded(job.write.name.strip())
    ours = own.external_id == job.write.key if own.external_id else called
    return ours and not known.has(job.write.kind, own.id)


def _idle(server: Server, known: Known, job: Job, after: Json) -> bool:
    """
    Return whether an update that was said to be done was not: nothing moved, and what was asked does not hold.
    """
    kind = job.write.kind
    now = known.live(kind, after, etag=server.able.etag)
    own = live(kind, after, known.places[kind], tag="")
    return now.version == job.write.expects and not _holds(own, job.fields)


def _holds(own: Live, fields: Fields) -> bool:
    """
    Return whether an entity's own fields are what was asked.
    """
    there = {**own.fields, "active": own.active}
    return all(_same(there.get(name), value) for name, value in fields.items())


def _same(one: object, other: object) -> bool:
    """
    Return whether two values are one to SCIM, which knows no difference between nothing and empty.
    """
    return one == other or (one in (None, (), "") and other in (None, (), ""))
