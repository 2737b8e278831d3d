"""
The whole history of one target's ledger, held against itself and against the commits that brought it.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.ledger import Ledger, LedgerRow
from reconciler.core.runs import Run
from reconciler.errors import Fault
from reconciler.files.proof import Proof, prove
from reconciler.history import RUNS
from reconciler.store_git import printable
from reconciler.store_log import edits
from reconciler.wiring.records import Records

_NAMED = 3


class Verified(Struct, frozen=True, kw_only=True):
    """
    The runs of a ledger with the commits that recorded them, what does not hold, and what there is to know.
    """

    target: str
    runs: tuple[Run, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def verify(found: Records) -> Verified:
    """
    Return whether every recorded state follows from the recorded runs, from the first on, and all that does not.

    The target is not asked. What a run has noted that is not recorded yet (its intents) is told, and no fault.
    """
    store = found.store
    fetched = store.deepen()
    files, added = dict(store.read()), store.added(RUNS)
    proof = prove(files, target=found.target)
    runs = tuple(replace(run, commit=added.get(run.path)) for run in proof.runs)
    noted, unsealed = _noted_since(found, runs, proof)
    edited = tuple(_edited(found)) if runs else ()
    touched = _touched(found)
    unknown = [run.path for run in runs if run.commit is None]
    notes = (
        *(["this clone was shallow: the ledger's older commits were fetched"] if fetched else ()),
        *(["a run was begun and is not recorded yet: `reconciler apply` makes up for it"] if noted else ()),
        *([f"only commits were checked; the work tree differs from them in {touched}"] if touched else ()),
        *([f"this clone does not reach back to the commits of {len(unknown)} records"] if unknown else ()),
    )
    faults = tuple(sorted({*proof.faults, *unsealed, *edited}))
    return Verified(target=found.target, runs=runs, faults=faults, notes=notes)


def _noted_since(found: Records, runs: tuple[Run, ...], proof: Proof) -> tuple[bool, tuple[Fault, ...]]:
    """
    Return whether a run has noted intents since the last record, and no more; and what is wrong where it is more.

    The ledger of the last record's commit must be as that run left it, and the one there is say the same.
    """
    if not proof.unsealed or proof.ledger is None or not runs or runs[-1].commit is None:
        return False, proof.unsealed
    before = prove(dict(found.store.read(at=runs[-1].commit.commit)), target=found.target)
    if before.faults or before.unsealed or before.ledger is None:
        return False, (*before.faults, *before.unsealed)
    same = _without_intents(before.ledger) == _without_intents(proof.ledger)
    return same, () if same else proof.unsealed


def _without_intents(ledger: Ledger) -> object:
    """
    Return what a ledger says but for what runs mean to write, and the lineage that the first of them begins.
    """
    head = replace(ledger.head, rows="", depth=0, groups_depth=0, lineage="")
    rows = [
        sorted(_settled(kind.values()), key=attrgetter("link", "key")) for kind in (ledger.users, ledger.groups)
    ]
    return head, rows


def _settled(rows: Iterable[LedgerRow]) -> Iterator[LedgerRow]:
    """
    Yield the rows of whom there is anything, without intents; a row is the account's, whatever key it bears.
    """
    for row in rows:
        claims = {name: replace(one, intents=()) for name, one in row.claims.items() if one.owner or one.override}
        settled = replace(row, claims=claims, intent=None, key="" if row.link else row.key, link=row.link or "")
        if settled != LedgerRow(key=settled.key, link=""):
            yield settled


def _touched(found: Records) -> str:
    """
    Return which files of the ledger the work tree has otherwise than the last commit: three at most, and how many.
    """
    store = found.store
    paths = sorted(path.removeprefix(f"{store.root}/") for path in store.git.changed([store.root]))
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return ", ".join(map(printable, paths[:_NAMED])) + more


def _edited(found: Records) -> Iterator[Fault]:
    """
    Yield a fault for each record that a commit changed or took away after it had been recorded.
    """
    store = found.store
    below = f"{store.root}/"
    for path, (what, commit) in edits(store.git, store.revision(), f"{below}{RUNS}").items():
        told = f"was {what} after it had been recorded, by {commit.who} on {commit.time}, in commit {commit.commit}"
        yield Fault(path.removeprefix(below), 0, told, f"git show {commit.commit[:12]}")
