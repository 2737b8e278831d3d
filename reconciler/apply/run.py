"""
A decision -> the target, and what landed -> the ledger, in the order of writes of ownership.md.

1. The fence is taken. 2. What is about to be written is made durable as intents. 3. Each write is a
compare-and-set on what the plan saw. 4. What landed is recorded, also when the run fails or is interrupted.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.book import AGAIN, Book, Opened, commit_intents, commit_record, overtaken, unmoved, unrecorded
from reconciler.apply.fence import is_busy, lineage_of, release, take
from reconciler.apply.order import Order
from reconciler.apply.writing import Writing, leave_rest, write
from reconciler.core.canonical import digest, encode
from reconciler.core.decide import Decision
from reconciler.core.ledger import Fence, RunHeader
from reconciler.core.ownership import Moment
from reconciler.core.record import Outcome, Recorded, intentions, record
from reconciler.errors import HeldError, LedgerError, ReconcilerError
from reconciler.ports import Target


class Report(Struct, frozen=True, kw_only=True):
    """
    What a run did: each change and what became of it, and the serial it is recorded under.

    `run` 0: there was nothing to do and nothing to record. `trouble` is what ended the run early.
    """

    run: int
    outcomes: tuple[Outcome, ...] = ()
    interrupted: bool = False
    trouble: ReconcilerError | None = None


def apply(decision: Decision, target: Target, book: Book, *, opened: Opened, order: Order) -> Report:
    """
    Return what became of a decision's changes, once the target and the ledger say the same.
    """
    ledger, changes = decision.world.ledger, decision.plan.changes
    moment = Moment(now=decision.world.now, run=ledger.head.serial + 1)
    _refuse_unrecorded(target, book, order)
    if not changes and not _has_news(decision, record(decision, (), moment, _header(decision, order, moment))):
        return Report(run=0)
    writing = Writing(fence=_fence(target, book, opened, order))
    header: RunHeader | None = None
    try:
        opened = unmoved(book, opened)
        if changes:
            delta = intentions(decision, changes, moment)
            opened = commit_intents(book, opened, delta, lineage=writing.fence.lineage, run=moment.run)
        header = _recorded(decision, target, book, opened=opened, order=order, writing=writing)
    finally:
        unreleased = release(target, writing.fence, recorded=header is not None)
    return Report(
        run=moment.run,
        outcomes=tuple(writing.outcomes),
        interrupted=header.interrupted and writing.trouble is None,
        trouble=writing.trouble or unreleased,
    )


def _refuse_unrecorded(target: Target, book: Book, order: Order) -> None:
    """
    Refuse to begin while a run waits to be recorded; one that is still alive is about to be.
    """
    if (journal := unrecorded(book)) is None:
        return
    # asked again, for a run that held the fence may have ended between the two looks
    if is_busy(target.fence(), order.patience) or unrecorded(book) != journal:
        raise HeldError(f"run {journal.run} on {book.target} is being recorded by another process", hint=AGAIN)
    told = f"run {journal.run} on {book.target} has not been recorded yet"
    raise LedgerError(told, hint="reconciler apply --resume")


def _fence(target: Target, book: Book, opened: Opened, order: Order) -> Fence:
    """
    Return the fence, taken for the ledger that the decision was made from.

    Raises HeldError where another run was recorded meanwhile: ledger and target belong together, but have moved on.
    """
    head = opened.ledger.head
    lineage = lineage_of(head, target.fence()) or order.lineage
    try:
        return take(target, replace(head, lineage=lineage), order.holder, order.patience)
    except LedgerError as error:
        if held := overtaken(book, opened):
            raise held from error
        raise


def _recorded(
    decision: Decision, target: Target, book: Book, *, opened: Opened, order: Order, writing: Writing
) -> RunHeader:
    """
    Make the writes and record what landed; return the header of the record.
    """
    moment = Moment(now=decision.world.now, run=decision.world.ledger.head.serial + 1)
    header = _made(decision, target, order=order, writing=writing, moment=moment)
    recorded = record(decision, writing.outcomes, moment, header)
    recorded = replace(recorded, head=replace(recorded.head, lineage=writing.fence.lineage))
    commit_record(book, opened, recorded, trailers=_trailers(decision, header, writing.outcomes, recorded))
    return header


def _made(decision: Decision, target: Target, *, order: Order, writing: Writing, moment: Moment) -> RunHeader:
    """
    Make the writes, and return the header of the run's record, which says whether all of them were tried.
    """
    changes = decision.plan.changes
    writing.groups.update(decision.group_ids)
    write(changes, target, order=order, writing=writing, run=f"run-{moment.run}")
    header = _header(decision, order, moment, interrupted=len(writing.outcomes) < len(changes))
    leave_rest(changes, writing)
    return header


def _has_news(decision: Decision, recorded: Recorded) -> bool:
    """
    Return whether a run without changes has anything to record: an owner, a hold, another export or policy.
    """
    ledger = decision.world.ledger
    rows = [(ledger.users.get(key), row) for key, row in recorded.delta.users.items()]
    rows += [(ledger.groups.get(key), row) for key, row in recorded.delta.groups.items()]
    before, after = (
        replace(head, serial=0, removed_24h={}, inputs=replace(head.inputs, ledger=""))
        for head in (ledger.head, recorded.head)
    )
    return any(old != new for old, new in rows) or encode(before) != encode(after)


def _header(decision: Decision, order: Order, moment: Moment, *, interrupted: bool = False) -> RunHeader:
    return RunHeader(
        run=moment.run,
        time=moment.now,
        scope=decision.plan.scope,
        who=order.who,
        tool=decision.world.tool,
        inputs=decision.world.inputs,
        plan=decision.plan.digest,
        approval=decision.world.approval.plan if decision.world.approval else "",
        previous=decision.world.ledger.head.previous,
        interrupted=interrupted,
    )


def _trailers(
    decision: Decision, header: RunHeader, outcomes: Sequence[Outcome], recorded: Recorded
) -> Mapping[str, str]:
    """
    Return the trailers of the record's commit: counts, digests and ids only.
    """
    landed = [one.change for one in outcomes if one.outcome == "landed"]
    made = sum(1 for change in landed if change.action == "create")
    taken = sum(1 for change in landed if "removal" in change.risk)
    held = len(decision.plan.held)
    trailers = {
        "Plan-Digest": decision.plan.digest,
        "Run": str(recorded.head.serial),
        "Inputs": digest(decision.world.inputs),
        "Changes": f"+{made} ~{len(landed) - made - taken} -{taken} held {held}",
    }
    return {**trailers, "Approved-by": header.approval} if header.approval else trailers
