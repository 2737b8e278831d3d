"""
`reconciler audit --format html`: what Git has of one target, as a page for people.
"""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.cli.owners import COLUMNS as OWNED
from reconciler.cli.owners import VALUES as OWNED_VALUES
from reconciler.cli.owners import told as owned
from reconciler.core.canonical import digest_bytes
from reconciler.core.ledger import Ledger, LedgerRow
from reconciler.core.runs import Run
from reconciler.render.audit_page import Table, render_audit
from reconciler.render.counts import number
from reconciler.render.tables import Record

_RUNS = ("run", "time", "who", "scope", "landed", "failed", "left", "approved_plan", "commit")
_HELD = ("user", "kind", "since", "run", "key", "hold")
_SHORT = 19
"""Characters of a digest: `sha256:` and twelve more."""


def audit_page(
    target: str, runs: Sequence[Run], ledger: Ledger, *, timeline: Table, keys: frozenset[str] | None
) -> str:
    """
    Return the page; `keys` are those of the people it is about, None: of everybody.
    """
    users = {key: row for key, row in ledger.users.items() if keys is None or key in keys}
    groups = {} if keys is not None else ledger.groups
    held = [*_held("user", users.values()), *_held("group", groups.values())]
    tables = (
        Table(title="Held", columns=_HELD, records=held),
        Table(title="Owners", columns=OWNED, records=list(owned(users)), values=OWNED_VALUES),
        timeline,
        Table(title="Runs", columns=_RUNS, records=[_run(run) for run in reversed(runs)]),
    )
    last = runs[-1] if runs else None
    facts = [
        ("last run", f"{last.header.run}, {last.header.time}, by {last.header.who}" if last else "none yet"),
        ("chain ends in", digest_bytes(last.content) if last else "nothing"),
        ("export applied", ledger.head.fetched_at),
        ("lineage", ledger.head.lineage),
    ]
    summary = f"{number(len(runs), 'run')}, {number(len(users), 'user')}, {number(len(held), 'hold')}."
    return render_audit(target, summary, [(name, fact) for name, fact in facts if fact], tables)


def _run(run: Run) -> Record:
    """
    Return one run: by whom, what became of its changes, and which plan was approved for it.
    """
    outcomes = [change.outcome for change in run.changes]
    counts = {name: outcomes.count(name) for name in ("landed", "failed", "left")}
    header = run.header
    return {
        "run": header.run,
        "time": header.time,
        "who": header.who,
        "scope": header.scope,
        **counts,
        "approved_plan": header.approval[:_SHORT],
        "commit": run.commit.commit[:12] if run.commit else "",
    }


def _held(kind: str, rows: Iterable[LedgerRow]) -> Iterator[Record]:
    """
    Yield what is held of each, since when, and since which run; `plan` says why, and what releases it.
    """
    for row in rows:
        for hold in row.holds:
            name = row.names.present if row.names else row.key
            told: dict[str, str | int] = {"user": name, "kind": kind, "since": hold.since, "run": hold.run}
            yield {**told, "key": row.key, "hold": hold.id[:_SHORT]}
