"""
Writes to a directory: each entry's own attributes with compare-and-set, then memberships, folded by group.

A directory has no transactions. What an entry is changed to is one modification, and asserts what the plan saw
(RFC 4528) where the server can; a new name is an operation of its own, made first and taken back if the rest fails.
"""

from collections.abc import Sequence

from reconciler.core.model import Live
from reconciler.ports import Result, Write
from reconciler.targets.ldap_convert import NAMES, added, csn, differing, is_named_by, modified, place
from reconciler.targets.ldap_job import Job, begun, parts
from reconciler.targets.ldap_known import Known
from reconciler.targets.ldap_members import Moves, relist
from reconciler.wire.ldap import Done
from reconciler.wire.ldap_controls import ASSERTION, Control, asserting
from reconciler.wire.ldap_entry import Entry
from reconciler.wire.ldap_names import escaped, leaf, named, naming, normal, parent

_DONE, _NO_SUCH_VALUE, _NO_SUCH_ENTRY, _EXISTS, _ASSERTION_FAILED = 0, 16, 32, 68, 122


def write_all(known: Known, writes: Sequence[Write]) -> list[Result]:
    """
    Make the writes and return one result each, in the same order.
    """
    controls = known.directory.controls
    results: list[Result] = []
    for part in parts(writes):
        jobs = [begun(known, write) for write in part]
        _look(known, jobs)
        for job in jobs:
            if not job.outcome:
                _make(known, job, asserted=ASSERTION in controls)
        _move(known, [job for job in jobs if not job.outcome])
        results += _read_back(known, jobs)
    return results


def _look(known: Known, jobs: Sequence[Job]) -> None:
    """
    Read what is to be written, and leave what is no longer as the plan saw it.
    """
    for kind in NAMES:
        given = [job for job in jobs if not job.outcome and job.write.kind == kind and job.write.action != "create"]
        found = known.by_id(kind, [job.write.id or "" for job in given])
        there = [job for job in given if job.write.id in found] if kind == "user" else []
        groups = known.groups_of_each([found[job.write.id or ""] for job in there])
        for job, theirs in zip(there, groups, strict=True):
            job.groups = theirs
        for job in given:
            _compare(known, job, found.get(job.write.id or ""))


def _compare(known: Known, job: Job, entry: Entry | None) -> None:
    write = job.write
    if entry is None:
        gone = write.action == "delete"
        told = "" if gone else f"{write.kind} {write.name!r} (id {write.id}) is no longer there"
        job.end("landed" if gone else "left", told)
        return
    job.entry, job.dn = entry, entry.dn
    now = known.person(entry, job.groups) if write.kind == "user" else known.team(entry)
    if now.version != write.expects:
        by = entry.first("modifiersName")
        told = f"{write.kind} {write.name!r} was changed since the plan was made, last by {now.changed_by} ({by})"
        job.end("left", told)


def _make(known: Known, job: Job, *, asserted: bool) -> None:
    """
    Write an entry's own attributes.
    """
    if job.write.action == "update" and not job.fields:
        return
    number = csn(job.write.expects) if job.write.kind == "user" else ""
    controls = [asserting(f"(entryCSN={number})")] if asserted and number else []
    job.touched = True
    if job.write.action == "create":
        _create(known, job)
    elif job.write.action == "delete":
        _delete(known, job, controls)
    else:
        _update(known, job, controls)


def _create(known: Known, job: Job) -> None:
    write, at = job.write, place(known.settings, job.write.kind)
    job.dn = named(at.fields[NAMES[write.kind]], write.name, at.base)
    done = known.directory.add(job.dn, added(write, job.fields, known.settings))
    if done.code == _EXISTS:
        _found_earlier(known, job)
    elif done.code != _DONE:
        job.end("failed", done.message)
    else:
        known.people += write.kind == "user"


def _found_earlier(known: Known, job: Job) -> None:
    """
    Tell an earlier request of our own, whose answer was lost, from somebody else who has the name.
    """
    write = job.write
    entry = known.by_dn(write.kind, [write.name]).get(normal(job.dn))
    if entry is None:
        return job.end("failed", f"the name {write.name!r} is taken by an entry that is no {write.kind}")
    there = known.person(entry, known.groups_of(known.member(entry))) if write.kind == "user" else known.team(entry)
    if there.external_id != write.key:
        by = entry.first("modifiersName")
        return job.end("failed", f"the name {write.name!r} is taken by {there.name!r} ({entry.dn}, last by {by})")
    wrong = differing(there, job.fields, job.join)
    if wrong:
        told = f"an earlier request of ours made {there.name!r} with other {', '.join(wrong)}: plan again"
        return job.end("left", told)
    job.entry, job.groups = entry, set(there.groups)
    return None


def _update(known: Known, job: Job, controls: list[Control]) -> None:
    """
    Give an entry its new name, and then the rest; a name is taken back where the rest fails.
    """
    kind = job.write.kind
    was = job.dn
    name = job.fields.get(NAMES[kind])
    if isinstance(name, str) and name != job.write.name and not _renamed(known, job, name, controls):
        return
    changes = modified(job.fields, known.settings, kind, job.entry) if job.entry else {}
    if not changes:
        return
    done = known.directory.modify(job.dn, changes, controls=controls if job.dn == was else ())
    if done.code == _DONE:
        return
    if job.dn != was:
        known.directory.modify_dn(job.dn, leaf(was))
    _refused(job, done)


def _renamed(known: Known, job: Job, name: str, controls: list[Control]) -> bool:
    """
    Return whether an entry could be given another name; its memberships then follow.

    Where its DN is made of something else, a changed attribute is the new name, and the DN stays.
    """
    attribute = place(known.settings, job.write.kind).fields[NAMES[job.write.kind]]
    if job.entry is not None and not is_named_by(job.entry, attribute):
        others = [one for one in known.by_dn(job.write.kind, [name]) if one != normal(job.dn)]
        if others:
            job.end("failed", f"the name {name!r} is taken by {name!r} ({others[0]})")
        return not others
    parts = {**naming(job.dn), attribute.lower(): name}
    own = "+".join(f"{kind}={escaped(value)}" for kind, value in parts.items())
    done = known.directory.modify_dn(job.dn, own, controls=controls)
    if done.code == _EXISTS:
        job.end("failed", f"the name {name!r} is taken by {name!r} ({attribute}={name},{parent(job.dn)})")
    elif done.code != _DONE:
        _refused(job, done)
    else:
        job.dn = f"{own},{parent(job.dn)}"
    return not job.outcome


def _delete(known: Known, job: Job, controls: list[Control]) -> None:
    if job.write.kind == "group" and known.newcomers(job.write.id or ""):
        return job.end("left", f"group {job.write.name!r}: somebody was put into it since the plan was made")
    done = known.directory.delete(job.dn, controls=controls)
    if done.code not in {_DONE, _NO_SUCH_ENTRY}:
        return _refused(job, done)
    if job.write.kind == "group":
        known.groups.pop(job.write.id or "", None)
    else:
        job.leave = set(job.groups)
    return None


def _refused(job: Job, done: Done) -> None:
    if done.code in {_ASSERTION_FAILED, _NO_SUCH_VALUE}:
        job.end("left", f"{job.write.kind} {job.write.name!r} was changed by an administrator while we wrote")
    else:
        job.end("failed", done.message)


def _move(known: Known, jobs: Sequence[Job]) -> None:
    """
    Make everybody's memberships, as each group lists them; tell each whose was refused.

    Who was renamed is listed anew, where the directory itself has not seen to that.
    """
    moves, by_member = Moves(), dict[str, Job]()
    for job in jobs:
        if job.write.kind == "user":
            _note(known, job, moves, by_member)
    for _, member, why in relist(known, moves):
        by_member[member].end("failed", why)


def _note(known: Known, job: Job, moves: Moves, by_member: dict[str, Job]) -> None:
    before = known.member(job.entry) if job.entry else ""
    after = _listed(known, job)
    by_member |= {before: job, after: job}
    gone = job.write.action == "delete"
    for group in job.leave & job.groups:
        moves.leave[group].add(before)
    for group in job.join - job.groups:
        moves.join[group].add(after)
    job.moved = bool(job.leave & job.groups or job.join - job.groups)
    if before and before != after and not gone:
        for group in job.groups - job.leave:
            moves.leave[group].add(before)
            moves.join[group].add(after)
    job.groups = set() if gone else (job.groups - job.leave) | job.join


def _listed(known: Known, job: Job) -> str:
    """
    Return what groups list somebody by, once it is written.
    """
    if known.settings.groups.member.lower() == "memberuid":
        return str(job.fields.get("user_name", job.write.name))
    return job.dn


def _read_back(known: Known, jobs: Sequence[Job]) -> list[Result]:
    """
    Return the results, with what the directory now holds of everything that landed.
    """
    lives: dict[int, Live] = {}
    written = [job for job in jobs if not job.outcome and job.write.action != "delete"]
    for kind in NAMES:
        given = [job for job in written if job.write.kind == kind]
        if _undisturbed(known, given):
            lives |= {id(job): _live(known, job, job.entry) for job in given if job.entry and not job.touched}
            given = [job for job in given if job.touched]
        by_id = known.by_id(kind, [job.write.id for job in given if job.write.id])
        by_dn = known.by_dn(kind, sorted({job.write.name for job in given if not job.write.id}))
        for job in given:
            entry = by_id.get(job.write.id) if job.write.id else by_dn.get(normal(job.dn))
            if entry is not None:
                lives[id(job)] = _live(known, job, entry)
    return [
        Result(
            change=job.write.change,
            outcome=job.outcome or "landed",
            live=lives.get(id(job)),
            message=job.message,
        )
        for job in jobs
    ]


def _undisturbed(known: Known, jobs: Sequence[Job]) -> bool:
    """
    Return whether who was only moved between groups has the entry that was looked at.

    Where the server notes memberships on people's own entries (memberOf), it does so for everybody: one tells.
    """
    moved = next((job for job in jobs if job.moved and not job.touched and job.entry), None)
    if moved is None or moved.entry is None:
        return True
    there = known.by_id(moved.write.kind, [moved.write.id or ""]).get(moved.write.id or "")
    number = moved.entry.first("entryCSN")
    return number is not None and there is not None and there.first("entryCSN") == number


def _live(known: Known, job: Job, entry: Entry) -> Live:
    if job.write.kind == "user":
        return known.person(entry, job.groups)
    known.note(entry)
    return known.team(entry)
