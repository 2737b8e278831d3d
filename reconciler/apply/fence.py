"""
The fence in the target: whose writes count, and that the ledger and the target belong together.

A run takes it before its first write and gives it back after its record; it is moved by compare-and-set alone.

| serial in the target | holder | what it tells |
|---|---|---|
| the ledger's | | the last run is recorded here |
| the ledger's, or one more | some | a run writes, or ended before its record |
| one more | | that run is recorded in a ledger that is ahead of this one |
| any other, or none | | one of the two was restored or replaced |
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.ledger import Fence, Head
from reconciler.errors import HeldError, LedgerError, TargetError
from reconciler.ports import Target


class Patience(Struct, frozen=True, kw_only=True):
    """
    How a run waits for another: the clock, how to sleep, for how many seconds at most, who is still alive.

    `alive` is asked for a holder (`TIME@host:pid`) and answers False only where it is sure; `waiting` is told once
    who is waited for.
    """

    now: Callable[[], str]
    later: Callable[[str], str]
    sleep: Callable[[float], None]
    alive: Callable[[str], bool]
    seconds: float = 30.0
    waiting: Callable[[str], None] = lambda _told: None


def take(target: Target, head: Head, holder: str, patience: Patience) -> Fence:
    """
    Return the fence once this run holds it, for the serial that the run will record.

    While another run writes, what the fence says is on its way to the ledger: it is judged once that run has ended.
    Raises HeldError where another run keeps it, LedgerError where ledger and target do not belong together.
    """
    waited = 0.0
    while True:
        seen = target.fence()
        busy = is_busy(seen, patience)
        if not busy:
            _check(seen, head, target)
        mine = Fence(
            lineage=head.lineage,
            serial=head.serial + 1,
            holder=holder,
            until=patience.later(patience.now()),
        )
        if not busy and target.move_fence(seen, mine):
            return mine
        if waited >= patience.seconds:
            raise HeldError(_busy(seen, target), hint="wait for it to end, or allow more time with --wait SECONDS")
        if not waited:
            patience.waiting(f"{_busy(seen, target)}; waiting for it, {patience.seconds:g} seconds at most")
        patience.sleep(0.5)
        waited += 0.5


def _busy(seen: Fence | None, target: Target) -> str:
    """
    Return who holds the fence, since when, and for how long at most unless it goes on.
    """
    since, _, where = (seen.holder if seen else "").rpartition("@")
    who = f"{where}, since {since}" if since and where else where or "unknown"
    until = f"; its term ends at {seen.until}" if seen and seen.until else ""
    return f"another run ({who}) is writing to {target.identity}{until}"


def is_busy(seen: Fence | None, patience: Patience) -> bool:
    """
    Return whether a run holds the fence whose term goes on and which is not known to be dead.
    """
    return seen is not None and bool(seen.holder) and seen.until > patience.now() and patience.alive(seen.holder)


def keep(target: Target, mine: Fence, patience: Patience) -> Fence:
    """
    Return the fence with a fresh term once half of it is over; raises HeldError if somebody else has taken it.
    """
    now = patience.now()
    fresh = patience.later(now)
    if _between(now, mine.until) > _between(now, fresh) / 2:
        return mine
    renewed = replace(mine, until=fresh)
    if target.move_fence(mine, renewed):
        return renewed
    raise HeldError("another run has taken the fence: this one stops before its next write", hint="apply again")


def release(target: Target, mine: Fence, *, recorded: bool, serial: int | None = None) -> TargetError | None:
    """
    Give the fence back; return why it could not be, which costs no more than waiting for its term to end.

    The holder's name stays where the run has no record in the ledger. So does the serial, unless another is given:
    the ledger's, where the run that took the fence turned out to have nothing to record.
    """
    last = mine.serial if serial is None else serial
    try:
        target.move_fence(mine, replace(mine, serial=last, holder="" if recorded else mine.holder, until=""))
    except TargetError as error:
        return error
    return None


def _between(begin: str, end: str) -> timedelta:
    """
    Return how long it is from one UTC time to another.
    """
    return datetime.fromisoformat(end) - datetime.fromisoformat(begin)


def belong_together(target: Target, head: Head) -> None:
    """
    Raise LedgerError where the ledger and the target do not belong together: a plan would tell of another world.

    A ledger that no run has written yet may find the fence of its own first run, if that one died early.
    """
    seen = target.fence()
    _check(seen, replace(head, lineage=lineage_of(head, seen)), target)


def lineage_of(head: Head, seen: Fence | None) -> str:
    """
    Return the ledger's lineage; a new ledger's is the one that its first run, if it died early, left in the target.
    """
    died_early = seen is not None and bool(seen.holder) and seen.serial <= 1
    return head.lineage or (seen.lineage if seen is not None and died_early else "")


def _check(seen: Fence | None, head: Head, target: Target) -> None:
    """
    Refuse a target whose fence is not at the ledger's last run, nor at one that ended before its record.
    """
    if seen is None and head.serial == 0:
        return
    if seen is None:
        told = f"{target.identity} has never been written to, but the ledger here is at run {head.serial}"
        hint = (
            "correct the target's `url`, or restore the target; to go on with this one as it is, look at what "
            "that means: reconciler rebase-ledger --reason TEXT"
        )
        raise LedgerError(told, hint=hint)
    unrecorded = seen.serial == head.serial + 1 and bool(seen.holder)
    if seen.lineage == head.lineage and (seen.serial == head.serial or unrecorded):
        return
    told = (
        f"{target.identity} is at run {seen.serial} of ledger {seen.lineage}, "
        f"but the ledger here is at run {head.serial} of {head.lineage or 'none'}"
    )
    hint = (
        "fetch the ledger if another clone has moved it on; if one of the two was restored or replaced, restore "
        "the other too, or accept the target as it is: reconciler rebase-ledger --reason TEXT"
    )
    raise LedgerError(told, hint=hint)
