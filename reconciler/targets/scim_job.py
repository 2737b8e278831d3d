"""
One write on its way to a SCIM server, and what can be said of it before the server is asked.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from reconciler.core.model import Fields, Kind, Live
from reconciler.ports import Write
from reconciler.targets.scim_convert import RefusedError, check, version
from reconciler.targets.scim_known import Known
from reconciler.targets.scim_paths import Json
from reconciler.targets.scim_profiles import Quirks

NAMES: dict[Kind, str] = {"user": "user_name", "group": "name"}
"""The field that names an entity."""


class Job(Struct, kw_only=True):
    """
    One write on its way: what is sent for it, and what became of it so far (`outcome` empty: still to do).

    `last` is who it is for, where only groups move; else `before` and `after` are the resources that were read.
    `unread` is the id of what was written, until it is read back.
    """

    write: Write
    fields: Fields
    join: set[str]
    leave: set[str]
    last: Live | None = None
    before: Json | None = None
    after: Json | None = None
    unread: str = ""
    outcome: Literal["", "landed", "failed", "left"] = ""
    message: str = ""

    def end(self, outcome: Literal["landed", "failed", "left"], message: str = "") -> None:
        """
        Settle what became of it.
        """
        self.outcome, self.message = outcome, message


def parts(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """
    Yield the writes in runs that do not depend on each other's order.
    """
    part: list[Write] = []
    seen: set[tuple[str, str | None]] = set()
    for write in writes:
        entity = (write.kind, write.id or f"{write.key}\0{write.name}")
        deletes = bool(part) and (write.action == "delete") != (part[-1].action == "delete")
        if entity in seen or deletes:
            yield part
            part, seen = [], set()
        part.append(write)
        seen.add(entity)
    if part:
        yield part


def begun(write: Write, known: Known) -> Job:
    """
    Return a write on its way, with what it comes to here: some roles are groups.
    """
    fields, join, leave = known.role_moves(write.id or "", write.fields)
    if write.kind == "group" and "active" not in known.places["group"] and fields.get("active") is True:
        fields = {name: value for name, value in fields.items() if name != "active"}
    return Job(write=write, fields=fields, join={*write.join, *join}, leave={*write.leave, *leave})


def unsettled(jobs: Sequence[Job]) -> list[Job]:
    """
    Return those of which nobody knows yet what becomes of them.
    """
    return [job for job in jobs if not job.outcome]


def checked(quirks: Quirks, known: Known, jobs: Sequence[Job]) -> None:
    """
    Refuse what cannot be written as it is, and leave what is not as the plan saw it as far as is known already.
    """
    for job in jobs:
        write = job.write
        named = {NAMES[write.kind]: write.name, **job.fields} if write.action == "create" else job.fields
        try:
            check(named, known.places[write.kind], kind=write.kind)
            _check_target(quirks, known, job)
        except RefusedError as error:
            job.end("failed", str(error))
            continue
        if write.kind == "user" and write.action == "update":
            _compare(known, job)


def _check_target(quirks: Quirks, known: Known, job: Job) -> None:
    """
    Refuse what this server cannot do, and memberships of groups that are not there.
    """
    write = job.write
    if write.kind == "group" and (job.join or job.leave):
        raise RefusedError("a group is no member of groups")
    if write.kind == "group" and write.action == "update" and "name" in job.fields and not quirks.rename_groups:
        raise RefusedError(f"this server cannot rename group {write.name!r}")
    for group in sorted(job.join):
        if group not in known.groups and group in known.roles:
            raise RefusedError(f"no group expresses the role {group!r}: an administrator makes it")
        if group not in known.groups:
            raise RefusedError(f"no group has the id {group!r}")


def _compare(known: Known, job: Job) -> None:
    """
    Leave a user whose groups, or who itself where nothing else of it is written, is not as the plan saw it.

    Who only joins and leaves groups is not read for that: such changes undo nobody else's.
    """
    write = job.write
    now = known.person(write.id or "")
    seen = version("", known.within.get(write.id or "", ()))
    moves = now if not job.fields and (job.join or job.leave) else None
    if not write.expects.endswith(seen) or (moves and moves.version != write.expects):
        job.end("left", f"{write.name!r} or its groups were changed since the plan was made")
    job.last = moves


def gone(job: Job) -> None:
    """
    Settle a write whose entity is no longer there: that is what a delete wants.
    """
    if job.write.action == "delete":
        job.end("landed")
    else:
        job.end("left", f"{job.write.kind} {job.write.name!r} is no longer there")
