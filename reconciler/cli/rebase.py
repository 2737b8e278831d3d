"""
`reconciler rebase-ledger`: ledger and target are one again, after one of them was restored or lost.
"""

import uuid
from collections import Counter
from collections.abc import Iterator

import click

from reconciler.apply.rebase import Findings, examine, make_one
from reconciler.cli.session import Session, answer, shared
from reconciler.core.ledger import RunClaim
from reconciler.errors import HeldError, UsageError
from reconciler.render.shown import shown
from reconciler.wiring.bench import bench, require_repository
from reconciler.wiring.rebasing import rebasing
from reconciler.wiring.surroundings import order

SHOWN = 20
"""Claims and keys that are listed; the record has all of them."""


@click.command(
    name="rebase-ledger",
    epilog="""
\b
What the ledger says holds on only where the target bears it out:
  Git's field, what was last seen or written     as it was
  Git's field, an older recorded write of ours   Git's: the next plan brings it up to date
  Git's field, any other value                   nobody's: the policy's `foreign` decides, as at adoption
  the administrators' field, any value           theirs, as it is now
  a link to an account that is not there,
  or whose id is somebody else's now             ends; the administrators' values are kept for its return
\b
Examples:
  reconciler rebase-ledger --reason "OPS-31: restored from Sunday's backup"
  reconciler rebase-ledger openpages --yes --reason "the ledger's branch was lost"
\b
Exit codes: 0 recorded, 1 refused, 2 nobody could be asked, 3 not confirmed, or another run writes.
""",
)
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--reason", required=True, metavar="TEXT", help="Why: a ticket, a decision, a sentence.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@shared
def rebase_ledger(*, session: Session, target: str | None, reason: str, yes: bool) -> int:
    """
    Accept the target as it is, after it was restored from a backup or the ledger was lost; touch nobody in it.

    It is a run of its own in the ledger, with this reason; the next plan shows what Git makes of it.
    """
    if not reason.strip():
        raise UsageError("a reason is needed", hint="--reason TEXT: a ticket, a decision, a sentence")
    with bench(session.state, target, environ=session.environ) as found:
        require_repository(found.store).heal()
        asked = order(
            session.environ,
            now=found.clock,
            wait=0,
            lineage=uuid.uuid4().hex,
            life=found.asked.policy.max_request_life,
        )
        terms = rebasing(found, reason)
        answer(
            "".join(
                f"{line}\n"
                for line in _told(found.target.identity, examine(found.target, found.opened, terms, asked))
            )
        )
        _confirm(session, yes=yes)
        made = make_one(found.target, found.book, terms, asked)
    session.say(f"Run {made.serial}: ledger and target are one; next: reconciler plan" if made else _RESUMED)
    return 0


_RESUMED = "A run that waited to be recorded is recorded now, and with it ledger and target are one."


def _confirm(session: Session, *, yes: bool) -> None:
    """
    Ask whoever sits there; where nobody does, --yes must have been said.
    """
    if yes:
        return
    if not session.on_terminal:
        raise UsageError("nobody can be asked here", hint="say --yes to accept the target as it is")
    if not click.confirm("Accept the target as it is?", default=False, err=True):
        raise HeldError("nothing was recorded", hint="restore the other side instead, or apply nothing")


def _told(identity: str, found: Findings) -> Iterator[str]:
    """
    Yield what stands on either side, and what would be recorded.
    """
    there = f"run {found.there.serial} of lineage {found.there.lineage}" if found.there else "no run yet"
    yield f"target  {identity}: {there}"
    yield f"ledger  run {found.here.serial} of lineage {found.here.lineage or 'none'}"
    rebased = found.rebased
    yield f"{rebased.linked:,} accounts and groups are there, {len(rebased.lost):,} are not, or are somebody else's"
    yield from _listed([f"  not there: {key}" for key in rebased.lost])
    counts = Counter(line.text for line in rebased.lines)
    for text, count in sorted(counts.items()):
        yield f"{count:,} fields: {text}"
    yield from _listed([_line(line) for line in rebased.lines])
    yield f"It would be run {found.serial}; nobody in the target is touched."


def _listed(lines: list[str]) -> list[str]:
    more = [f"  and {len(lines) - SHOWN:,} more; the record has all of them"] if len(lines) > SHOWN else []
    return [*lines[:SHOWN], *more]


def _line(one: RunClaim) -> str:
    owner = {"git": "Git's", "admin": "the administrators'", None: "nobody's"}
    return f"  {one.field} of {one.name}: {owner[one.was]} -> {owner[one.owner]}, {shown(one.value)}"
