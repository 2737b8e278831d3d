"""
A write to a directory on its way: what it sets, whom it moves, and what has become of it.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from reconciler.core.model import Fields
from reconciler.ports import Write
from reconciler.targets.ldap_convert import RefusedError, checked
from reconciler.targets.ldap_known import Known
from reconciler.wire.ldap_entry import Entry


class Job:
    """
    One write on its way: what it sets, the entry as it was and is, and what has become of it.

    `touched` tells that something was done to the entry itself, `moved` that groups list it otherwise.
    """

    def __init__(self, write: Write) -> None:
        self.write = write
        self.fields: Fields = {}
        self.join = set(write.join)
        self.leave = set(write.leave)
        self.entry: Entry | None = None
        self.groups: set[str] = set()
        self.dn = ""
        self.touched = self.moved = False
        self.outcome: Literal["", "landed", "failed", "left"] = ""
        self.message = ""

    def end(self, outcome: Literal["landed", "failed", "left"], message: str = "") -> None:
        """
        Say what has become of it; the first word counts.
        """
        if not self.outcome:
            self.outcome, self.message = outcome, message


def parts(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """
    Yield writes in their order; a delete, and a second write of one entity, waits for those before it.
    """
    part: list[Write] = []
    seen: set[str | None] = set()
    for write in writes:
        turns = bool(part) and (write.action == "delete") != (part[-1].action == "delete")
        if turns or write.id in seen:
            yield part
            part, seen = [], set()
        part.append(write)
        seen |= {write.id} - {None}
    if part:
        yield part


def begun(known: Known, write: Write) -> Job:
    """
    Return a write, ready to be made or refused already.
    """
    job = Job(write)
    try:
        job.fields = checked(write, known.settings)
        _part_roles(known, job)
        _check_groups(known, job)
    except RefusedError as error:
        job.end("failed", str(error))
    return job


def _check_groups(known: Known, job: Job) -> None:
    unknown = sorted(job.join - known.groups.keys())
    if unknown:
        raise RefusedError(f"no group has the id {unknown[0]!r}")


def _part_roles(known: Known, job: Job) -> None:
    """
    Turn those roles that groups express into memberships of these groups.
    """
    if "roles" not in job.fields or job.write.kind != "user":
        return
    value = job.fields["roles"]
    wanted = set(value) if isinstance(value, tuple) else set()
    expressed = {name: id_ for id_, (_, name) in known.groups.items() if name in known.roles}
    missing = sorted((wanted & known.roles) - expressed.keys())
    if missing:
        raise RefusedError(f"no group expresses the role {missing[0]!r}: an administrator makes it")
    plain = wanted - known.roles
    if plain and "roles" not in known.settings.users.fields:
        raise RefusedError(f"no attribute keeps roles, such as {min(plain)!r}: name one in the target's settings")
    job.join |= {expressed[name] for name in wanted & expressed.keys()}
    job.leave |= {id_ for name, id_ in expressed.items() if name not in wanted}
    job.fields["roles"] = tuple(sorted(plain))
