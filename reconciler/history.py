"""
What the ledger's commits tell an auditor: who owned a field and what it held, when, by which run and commit.

Only the runs' records and the commits that added them are read: nothing here depends on the target, on the
ledger's rows or on today's policy.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType

from reconciler.core.ledger import Owner, RunClaim
from reconciler.core.model import Value
from reconciler.core.runs import Run, decode_runs
from reconciler.store import EmptyStore, GitStore

RUNS = "runs"
"""The folder of the runs' records, below the ledger's root."""


class Event(Struct, frozen=True, kw_only=True):
    """
    One field at one run: a value that landed (`action` is the change's), or a claim that changed hands (`claim`).

    `owner` is who owns the field after the run, where ownership of it was ever recorded, and `was` who did before;
    `value` is what then held and `before` what did until then, where the record says. `outcome` is `landed` for
    a change and empty for a claim; `text` is the change's cause or the reason of the claim.
    """

    time: str
    run: int
    commit: str
    who: str
    kind: str
    key: str
    name: str
    field: str
    owner: Owner | None
    was: Owner | None
    before: Value | UnsetType
    value: Value | UnsetType
    action: str
    outcome: str
    text: str


def read_runs(store: GitStore | EmptyStore) -> tuple[Run, ...]:
    """
    Return every run that the ledger records, in the order in which they ran.

    Raises InputError that names every line that is no record.
    """
    commits = store.added(RUNS)
    return decode_runs((path, content, commits.get(path)) for path, content in store.read(RUNS))


Place = tuple[str, str, str]
"""Kind, key and field."""


def owners_over_time(
    runs: Sequence[Run], *, user: str | None = None, field: str | None = None, since: str | None = None
) -> tuple[Event, ...]:
    """
    Return a row for each change of a field that landed and each claim that changed hands, sorted by run and place.

    `user` is a key or any name or address that a user bore; where several did, the rows of each are returned.
    `since` is a date or a time (UTC, ISO 8601); what came before still decides who owned a field then.
    """
    keys = None if user is None else known_as(runs, user)
    return tuple(
        event
        for event in _events(runs)
        if (keys is None or (event.kind == "user" and event.key in keys))
        and field in {None, event.field}
        and event.time >= (since or "")
    )


_NAMED = ("user_name", "email", "display_name")


def known_as(runs: Sequence[Run], name: str) -> frozenset[str]:
    """
    Return the keys of all users who have `name` as key, or bore it as a name or e-mail address in any run.
    """
    wanted = name.casefold()
    seen: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        for change in run.changes:
            if change.kind == "user":
                told = [fields.get(field) for fields in (change.before, change.after) for field in _NAMED]
                seen[change.key] |= {value.casefold() for value in (change.name, *told) if isinstance(value, str)}
        for claim in run.claims:
            if claim.kind == "user":
                seen[claim.key].add(claim.name.casefold())
    return frozenset(key for key, names in seen.items() if name == key or wanted in names)


def _events(runs: Sequence[Run]) -> Iterator[Event]:
    owners: dict[Place, Owner | None] = {}
    for run in runs:
        was = {_place(claim): claim.was for claim in run.claims}
        owners |= {_place(claim): claim.owner for claim in run.claims}
        events = [*_landed(run, owners, was), *_claimed(run)]
        yield from sorted(events, key=lambda event: (event.kind, event.key, event.field, event.action == "claim"))


def _place(claim: RunClaim) -> Place:
    return claim.kind, claim.key, claim.field


def _landed(run: Run, owners: Mapping[Place, Owner | None], was: Mapping[Place, Owner | None]) -> Iterator[Event]:
    for change in run.changes:
        if change.outcome != "landed":
            continue
        # a change of no field (a delete, say) is an event too, of the entity as a whole
        for field in sorted(change.before.keys() | change.after.keys()) or [""]:
            place = (change.kind, change.key, field)
            yield Event(
                time=run.header.time,
                run=run.header.run,
                commit=run.commit.commit if run.commit else "",
                who=run.header.who,
                kind=change.kind,
                key=change.key,
                name=change.name,
                field=field,
                owner=owners.get(place),
                was=was.get(place, owners.get(place)),
                before=change.before.get(field, UNSET),
                value=change.after.get(field, UNSET),
                action=change.action,
                outcome=change.outcome,
                text=change.because.get(field, ""),
            )


def _claimed(run: Run) -> Iterator[Event]:
    for claim in run.claims:
        yield Event(
            time=run.header.time,
            run=run.header.run,
            commit=run.commit.commit if run.commit else "",
            who=run.header.who,
            kind=claim.kind,
            key=claim.key,
            name=claim.name,
            field=claim.field,
            owner=claim.owner,
            was=claim.was,
            before=UNSET,
            value=claim.value,
            action="claim",
            outcome="",
            text=claim.text,
        )
