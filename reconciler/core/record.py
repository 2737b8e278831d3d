"""
What the ledger will say: before the first write (intents), and after the last (what landed, and nothing else).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.claims import earlier
from reconciler.core.decide import Decision
from reconciler.core.guard import counted
from reconciler.core.joined import applied_sizes, applied_times
from reconciler.core.ledger import Claim, Head, Hold, LedgerRow, RunChange, RunClaim, RunHeader
from reconciler.core.model import Change, Kind, Live
from reconciler.core.ownership import NO_CLAIM, Moment
from reconciler.core.rows import row_intended, row_landed
from reconciler.core.rules import authorities


class Outcome(Struct, frozen=True, kw_only=True):
    """
    What became of one change: see `ports.Result`; `live` is what was read back.
    """

    change: Change
    outcome: Literal["landed", "failed", "left"]
    live: Live | None = None
    message: str = ""


class Delta(Struct, frozen=True, kw_only=True):
    """
    Ledger rows to set, by key; None removes.
    """

    users: dict[str, LedgerRow | None]
    groups: dict[str, LedgerRow | None]


class Recorded(Struct, frozen=True, kw_only=True):
    """
    What a run leaves in the ledger: rows, head, header and lines of its record.

    The head's `previous` is not yet that of this run.
    """

    delta: Delta
    head: Head
    header: RunHeader
    lines: tuple[RunChange | RunClaim, ...]


def intentions(decision: Decision, changes: Iterable[Change], moment: Moment) -> Delta:
    """
    Return the rows with what is about to be written added to their intents. Nothing else of them changes.

    But a row that bears another key now moves there first: one account must not be two people's.
    """
    rows: dict[tuple[str, str], LedgerRow | None] = {
        place: None for place, row in decision.rows.items() if row is None
    }
    for change in changes:
        if _is_anothers(decision, change):
            continue
        place = (str(change.kind), change.key)
        before = rows.get(place, decision.settled[place].pair.row)
        rows[place] = row_intended(before, change, _shared(decision, change), moment)
    return _delta(rows)


def _is_anothers(decision: Decision, change: Change) -> bool:
    """
    Return whether a change is of an account that the ledger's row does not speak of: a stranger, a predecessor.
    """
    if change.link is None:
        return False
    pair = decision.settled[str(change.kind), change.key].pair
    return not pair.key or pair.live is None or change.link != pair.live.id


def _shared(decision: Decision, change: Change) -> frozenset[str]:
    return frozenset(decision.rules[change.kind].shared)


def _delta(rows: Mapping[tuple[str, str], LedgerRow | None]) -> Delta:
    return Delta(
        users={key: row for (kind, key), row in rows.items() if kind == "user"},
        groups={key: row for (kind, key), row in rows.items() if kind == "group"},
    )


def record(
    decision: Decision,
    outcomes: Sequence[Outcome],
    moment: Moment,
    header: RunHeader,
) -> Recorded:
    """
    Return what the ledger says once the run is over: every desired value that holds and is not the admin's.

    What did not land keeps its intents, for it may still land.
    """
    rows: dict[tuple[str, str], LedgerRow | None] = dict(decision.rows)
    for one in outcomes:
        if _is_anothers(decision, one.change):
            continue
        place = (str(one.change.kind), one.change.key)
        rows[place] = _after(decision, one, rows.get(place), moment)
    rows, elsewhere = _with_holds(decision, rows, moment)
    claims = tuple(_claim_lines(decision, rows))
    changes = tuple(_change_line(one) for one in outcomes)
    return Recorded(
        delta=_delta(rows),
        head=_head(decision, outcomes, moment, elsewhere),
        header=header,
        lines=(*changes, *claims),
    )


def _after(decision: Decision, one: Outcome, row: LedgerRow | None, moment: Moment) -> LedgerRow | None:
    """
    Return the row after one change, or after it was tried; None where the ledger keeps it no longer.
    """
    change = one.change
    if one.outcome == "landed" and change.action == "delete":
        return None
    if one.outcome != "landed" or one.live is None:
        return row_intended(row, change, _shared(decision, change), moment)
    settled, rules = decision.settled[str(change.kind), change.key], decision.rules[change.kind]
    return row_landed(row, change, one.live, settled=settled, rules=rules, moment=moment)


def _with_holds(
    decision: Decision,
    rows: Mapping[tuple[str, str], LedgerRow | None],
    moment: Moment,
) -> tuple[dict[tuple[str, str], LedgerRow | None], tuple[Hold, ...]]:
    """
    Return the rows with what is held of each, and the holds of entities that have no row.

    Of those whom the run was not about, what was told stands as it was.
    """
    ledger = decision.world.ledger
    known: dict[tuple[str, str], LedgerRow | None] = {("user", key): row for key, row in ledger.users.items()}
    known |= {("group", key): row for key, row in ledger.groups.items()}
    known |= rows
    told = {
        hold.id: hold
        for holds in (ledger.head.holds, *(row.holds for row in (*ledger.users.values(), *ledger.groups.values())))
        for hold in holds
    }
    looked_at = known.keys() if decision.looked_at is None else decision.looked_at
    wanted: dict[tuple[str, str], list[Hold]] = {}
    elsewhere = [] if decision.looked_at is None else list(ledger.head.holds)
    for kind, keys, name in _held(decision):
        hold = told.get(name, Hold(id=name, since=moment.now, run=moment.run))
        places = [
            (str(kind), key) for key in keys if known.get((kind, key)) is not None and (kind, key) in looked_at
        ]
        for place in places:
            wanted.setdefault(place, []).append(hold)
        if not places and hold not in elsewhere:
            elsewhere.append(hold)
    result = dict(rows)
    for place, row in known.items():
        holds = tuple(sorted(wanted.get(place, ()), key=lambda hold: hold.id))
        if row is not None and place in looked_at and row.holds != holds:
            result[place] = replace(row, holds=holds)
    return result, tuple(sorted(elsewhere, key=lambda hold: hold.id))


def _held(decision: Decision) -> Iterator[tuple[Kind, tuple[str, ...], str]]:
    for held in decision.plan.held:
        yield held.kind, (held.key,), held.id
    for conflict in decision.plan.conflicts:
        yield conflict.kind, conflict.keys, conflict.id


def _claim_lines(decision: Decision, rows: Mapping[tuple[str, str], LedgerRow | None]) -> Iterator[RunClaim]:
    """
    Yield a line for every field that has another owner than before the run, or is no longer shared and has none.
    """
    news = {(str(one.kind), one.key, one.field): one for one in decision.plan.claims}
    for place, row in sorted(rows.items()):
        kind, key = place
        known = _known(decision, place)
        before, after = (one.claims if one else {} for one in (known, row))
        for name in sorted({*before, *after}):
            was, claim = before.get(name, NO_CLAIM), after.get(name, NO_CLAIM)
            if claim.owner == was.owner:
                continue
            told = news.get((kind, key, name))
            label = row or known
            yield RunClaim(
                kind=kind,
                key=key,
                name=label.names.present if label and label.names else key,
                field=name,
                owner=claim.owner,
                was=was.owner,
                value=claim.saw if claim.owner else was.saw,
                row=told.row if told else 0,
                text=told.text if told else _untold(claim, row),
            )


def _known(decision: Decision, place: tuple[str, str]) -> LedgerRow | None:
    """
    Return the row at a place before the run; that of an entity that bears another key now stood at the earlier.
    """
    kind, key = place
    return (decision.world.ledger.users if kind == "user" else decision.world.ledger.groups).get(key)


def _untold(claim: Claim, row: LedgerRow | None) -> str:
    """
    Return what there is to say of a claim of which the plan said nothing.
    """
    if claim.owner == "admin":
        return "the administrators', as under another key before"
    if claim.owner:
        return "written by Git, or found to agree with it"
    return "no longer shared: its claim ends" if row else "the ledger keeps the entity no longer"


def _change_line(one: Outcome) -> RunChange:
    change = one.change
    return RunChange(
        id=change.id,
        action=change.action,
        kind=change.kind,
        key=change.key,
        name=change.name,
        before=change.before,
        after=change.after,
        because=change.because,
        outcome=one.outcome,
        message=one.message,
        version=one.live.version if one.live else "",
    )


def _head(decision: Decision, outcomes: Sequence[Outcome], moment: Moment, holds: tuple[Hold, ...]) -> Head:
    """
    Return the head after the run.

    Only one about everybody can say with which policy everybody was settled last, and only one about all groups
    which export has been applied.
    """
    world = decision.world
    before, manifest = world.ledger.head, world.export.manifest
    head = replace(
        before,
        serial=moment.run,
        target=world.target,
        removed_24h=_removed(decision, outcomes, moment),
        holds=holds,
    )
    if world.scope.whole:
        head = replace(head, inputs=world.inputs, policy=authorities(world.policy))
    if world.scope.groups != "all":
        return head
    head = replace(
        head,
        account=manifest.account,
        fetched_at=max(manifest.fetched_at, before.fetched_at) if not decision.accepted else manifest.fetched_at,
        sources=applied_times(manifest, before.sources, accepted=decision.accepted),
    )
    return applied_sizes(manifest, head, whole=world.scope.whole) if decision.accepted else head


def _removed(
    decision: Decision, outcomes: Sequence[Outcome], moment: Moment
) -> dict[str, tuple[tuple[str, int], ...]]:
    """
    Return how many changes each guard has counted, and when, in the last 24 hours.
    """
    landed = Counter(
        code
        for one in outcomes
        if one.outcome == "landed"
        for code in counted(decision.tags.get(one.change.id, ()))
    )
    day = earlier(moment.now, "24h")
    before = decision.world.ledger.head.removed_24h
    kept = {
        code: tuple((time, count) for time, count in before.get(code, ()) if time > day)
        + (((moment.now, landed[code]),) if landed[code] else ())
        for code in sorted({*before, *landed})
    }
    return {code: entries for code, entries in kept.items() if entries}
