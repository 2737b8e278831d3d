"""
Who could log in as an administrator on a day, as the ledger of that day has it: no target is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.claims import power_of
from reconciler.core.ledger import LedgerRow
from reconciler.core.model import Equality, Value
from reconciler.core.runs import Run
from reconciler.errors import InputError, ReconcilerError, UsageError
from reconciler.files.ledger import decode_ledger
from reconciler.files.state import read_state
from reconciler.store import GitStore
from reconciler.wiring.records import Records

ANY_CASE = Equality(caseless=frozenset({"roles"}), trimmed=frozenset({"roles"}))
"""A target may spell a role in its own way; an auditor would rather hear of one too many."""


class Power(Struct, frozen=True, kw_only=True):
    """
    One account that could act as an administrator: by which roles, whose these are, and in which run's record.

    `time`, `run` and `commit` are those of the first record of the day, or the last before it, that has it so;
    `until` is when a later one of the day no longer had (empty: it held all day).
    """

    key: str
    name: str
    roles: tuple[str, ...]
    owner: str
    time: str
    run: int
    commit: str
    until: str = ""


def privileged_roles(root: Path, target: str) -> frozenset[str]:
    """
    Return the roles and groups that make an administrator of the target, as its policy says now.

    Raises UsageError where the policy names none.
    """
    reading = read_state(root)
    if target not in reading.policies:
        raise InputError(reading.faults)
    privileged = reading.policies[target].roles.administrator.privileged
    if not privileged:
        told = f"the policy of {target} does not say what makes an administrator"
        raise UsageError(told, hint="name it under `roles: {administrator: ...}` in the policy")
    return privileged


def administrators(found: Records, privileged: frozenset[str], day: date) -> tuple[Power, ...]:
    """
    Return everybody who could log in as an administrator at some moment of the day (UTC), by name.

    What is known is what runs have seen: an edit in the target counts from the run that saw it, and an account that
    no run looked after is not known. Raises ReconcilerError where the clone's history is cut off.
    """
    runs = found.runs()
    known: dict[str, Power] = {}
    for run in _in_effect(runs, day):
        now = {one.key: one for one in _at(found, run, privileged, _given(runs, run))}
        gone = {key: replace(one, until=run.header.time) for key, one in known.items() if _ends(one, now)}
        known = {**now, **known, **gone}
    return tuple(sorted(known.values(), key=lambda one: (one.name, one.key)))


def _ends(one: Power, now: Mapping[str, Power]) -> bool:
    return one.key not in now and not one.until


def _in_effect(runs: Sequence[Run], day: date) -> list[Run]:
    """
    Return the runs whose records held on the day: the last one before it, and those of the day itself.
    """
    before = [run for run in runs if run.header.time[:10] < day.isoformat()]
    return [*before[-1:], *(run for run in runs if run.header.time[:10] == day.isoformat())]


def _at(found: Records, run: Run, privileged: frozenset[str], given: Mapping[str, Value]) -> Iterator[Power]:
    """
    Yield who could act as an administrator once the run was recorded.
    """
    for row in _rows(found.store, run, found.target):
        roles, owner = _roles(row, given)
        power = power_of(roles, privileged, ANY_CASE)
        if power and row.link is not None and row.last is not None and row.last.state == "active":
            yield Power(
                key=row.key,
                name=row.names.present if row.names else row.key,
                roles=tuple(sorted(power)),
                owner=owner,
                time=run.header.time,
                run=run.header.run,
                commit=run.commit.commit if run.commit else "",
            )


def _rows(store: GitStore, run: Run, target: str) -> list[LedgerRow]:
    """
    Return the rows of people as the commit of the run has them.
    """
    if run.commit is None:
        told = f"this clone's history does not reach back to run {run.header.run}"
        raise ReconcilerError(told, hint="git fetch --unshallow")
    return list(decode_ledger(store.read(at=run.commit.commit), target=target).users.values())


def _roles(row: LedgerRow, given: Mapping[str, Value]) -> tuple[Value, str]:
    """
    Return the roles that a row says somebody holds, and who owns them.

    Where the policy sets them but once, nobody has looked since: then it is what a run last wrote.
    """
    claim = row.claims.get("roles")
    if claim is not None and claim.owner is not None:
        return claim.saw, claim.owner
    fields = row.last.fields if row.last else {}
    return fields.get("roles", given.get(row.key)), "git"


def _given(runs: Sequence[Run], last: Run) -> dict[str, Value]:
    """
    Return the roles that runs wrote to each person's account, up to this one, by key.
    """
    return {
        change.key: change.after["roles"]
        for run in runs
        if run.header.run <= last.header.run
        for change in run.changes
        if change.kind == "user" and change.outcome == "landed" and "roles" in change.after
    }
