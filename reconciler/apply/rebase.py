"""
The one way in which ledger and target that do not belong together become one again: looked at, confirmed, recorded.

No user and no group is touched. The fence gets a new lineage, so that every other copy of the ledger, and every
other copy of the target, is refused from then on.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.book import Book, Opened, commit_record, load, resume, unrecorded
from reconciler.apply.fence import belong_together, is_busy, release
from reconciler.apply.order import Order
from reconciler.core.ledger import Fence, Head, RunHeader
from reconciler.core.ownership import Moment
from reconciler.core.rebase import Rebased, rebase, written_by
from reconciler.core.record import Delta, Recorded
from reconciler.core.runs import Run
from reconciler.errors import HeldError, LedgerError
from reconciler.ports import Target

SCOPE = "rebase"


class Rebasing(Struct, frozen=True, kw_only=True):
    """
    Why it is done, by whom and by which tool, when, and how long a request to the target may live.

    `runs` returns the records of all runs as the ledger has them now.
    """

    reason: str
    tool: str
    now: str
    life: str
    runs: Callable[[], Iterable[Run]]


class Findings(Struct, frozen=True, kw_only=True):
    """
    What stands on either side, what would be recorded, and under which serial.
    """

    here: Head
    there: Fence | None
    rebased: Rebased
    serial: int


def examine(target: Target, opened: Opened, rebasing: Rebasing, order: Order) -> Findings:
    """
    Return what a rebase would record; nothing is changed.

    Raises LedgerError where the two are one already or the target cannot be read whole, HeldError where a run
    writes.
    """
    head, seen = opened.ledger.head, target.fence()
    if is_busy(seen, order.patience):
        raise HeldError(f"a run is writing to {target.identity}", hint="wait for it to end")
    if _are_one(target, head):
        told = f"{target.identity} and the ledger are one already, at run {head.serial}"
        raise LedgerError(told, hint="reconciler plan")
    return _findings(target, opened, rebasing, seen)


def make_one(target: Target, book: Book, rebasing: Rebasing, order: Order) -> Findings | None:
    """
    Return what was recorded, once ledger and target are one; None where recording an earlier run made them so.

    A run whose record waits in the journal is history, whatever became of the target: it is recorded first.
    Raises HeldError where the fence moved meanwhile.
    """
    if unrecorded(book):
        resume(book)
    opened = load(book)
    if _are_one(target, opened.ledger.head):
        return None
    seen = target.fence()
    findings = examine(target, opened, rebasing, order)
    mine = Fence(
        lineage=order.lineage,
        serial=findings.serial,
        holder=order.holder,
        until=order.patience.later(order.patience.now()),
    )
    if not target.move_fence(seen, mine):
        raise HeldError("another run has taken the fence", hint="look again: reconciler rebase-ledger")
    recorded = False
    try:
        # read again behind the fence, so that what is recorded is what holds
        findings = _findings(target, opened, rebasing, seen)
        trailers = {"Run": str(findings.serial), "Scope": SCOPE}
        commit_record(book, opened, _recorded(findings, rebasing, order), trailers=trailers)
        recorded = True
    finally:
        release(target, mine, recorded=recorded)
    return findings


def _findings(target: Target, opened: Opened, rebasing: Rebasing, seen: Fence | None) -> Findings:
    """
    Return what the target bears out of the ledger; raises LedgerError where it cannot be read whole.
    """
    snapshot = target.read()
    if not snapshot.complete:
        raise LedgerError(f"{target.identity} was not read whole: {snapshot.problem}", hint="try again")
    serial = max(opened.ledger.head.serial, seen.serial if seen else 0) + 1
    rebased = rebase(
        opened.ledger.whole(),
        snapshot,
        written_by(rebasing.runs()),
        equality=target.equality,
        moment=Moment(now=rebasing.now, run=serial),
        life=rebasing.life,
    )
    return Findings(here=opened.ledger.head, there=seen, rebased=rebased, serial=serial)


def _are_one(target: Target, head: Head) -> bool:
    try:
        belong_together(target, head)
    except LedgerError:
        return False
    return True


def _recorded(findings: Findings, rebasing: Rebasing, order: Order) -> Recorded:
    """
    Return the record of the rebase: a run that wrote nothing.
    """
    header = RunHeader(
        run=findings.serial,
        time=rebasing.now,
        scope=SCOPE,
        who=order.who,
        tool=rebasing.tool,
        inputs=findings.here.inputs,
        plan="",
        approval="",
        previous=findings.here.previous,
        reason=rebasing.reason,
    )
    rebased = findings.rebased
    return Recorded(
        delta=Delta(users=rebased.users, groups=rebased.groups),
        head=replace(findings.here, lineage=order.lineage, serial=findings.serial),
        header=header,
        lines=rebased.lines,
    )
