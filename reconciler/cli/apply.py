"""
`reconciler apply`: the target becomes what Git says, and the ledger says what became of it.
"""

import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from msgspec.structs import replace

from reconciler import engine
from reconciler.apply.order import Order
from reconciler.apply.run import Report
from reconciler.cli.plan import limited, newly_held, rendered, scoped, whisper_inputs
from reconciler.cli.session import Session, complain, detail, shared
from reconciler.core.approval import GUARD, Approval, approval_of
from reconciler.core.decide import Decision
from reconciler.core.model import Plan
from reconciler.core.scope import Scope, scope_of
from reconciler.core.synchronised import tally
from reconciler.errors import HeldError, UsageError
from reconciler.render.reviews import tally_lines
from reconciler.render.text import LIMIT
from reconciler.wiring.bench import (
    Bench,
    approved_plan,
    bench,
    decided,
    recovered,
    require_repository,
    require_saved,
    resume_record,
)
from reconciler.wiring.surroundings import order

PARTIAL, HELD, INTERRUPTED = 1, 3, 130


@click.command(
    epilog="""
\b
Examples:
  reconciler apply                         shows the plan and asks
  reconciler apply --yes                   does not ask; what is dangerous is held all the same
  reconciler apply --approved plan.json    makes the changes of a reviewed plan that still hold, and no other
  reconciler apply --resume                records a run whose ledger commit failed
\b
Exit codes: 0 done, 1 some changes did not land, 3 something needs a decision, 130 interrupted.
"""
)
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option(
    "--approved",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PLAN",
    help="Make only the changes of this reviewed plan that still hold.",
)
@limited
@scoped
@click.option("--push", is_flag=True, help="Push the ledger's branch after each of its commits.")
@click.option("--resume", is_flag=True, help="Record what an earlier run wrote but could not commit.")
@click.option(
    "--wait", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Seconds to wait for another run."
)
@click.option("--approved-by", "approvers", multiple=True, metavar="NAME", help="Who agreed to it, for the record.")
@click.option("--yes", is_flag=True, help="Do not ask. It confirms nothing dangerous.")
@shared
def apply(  # noqa: PLR0913  click gives one argument an option
    *,
    session: Session,
    target: str | None,
    about: str | None,
    approved: Path | None,
    limit: int,
    push: bool,
    resume: bool,
    wait: float,
    approvers: tuple[str, ...],
    yes: bool,
) -> int:
    """
    Make the target what Git says, and record in the ledger what landed and who owns what.
    """
    with bench(session.state, target, environ=session.environ, push=push) as found:
        require_repository(found.store).heal()
        reviewed = approved_plan(approved, found.target) if approved else None
        asked = _agreed(_ordered(session, found, wait), approvers)
        if resume:
            session.say(f"The record of run {resume_record(found, asked)} is in the ledger now.")
            return 0
        scope = scope_of(about) if about else None
        require_saved(found, scope)
        found = _recovered(session, found, asked)  # noqa: PLW2901  the same bench, its ledger brought up to date
        approval = approval_of(reviewed) if reviewed else None
        found, decision = _decided(session, found, approval, scope, limit=limit)  # noqa: PLW2901  the same again
        _tell_gone(session, approval, decision.plan)
        _confirm(session, decision, yes=yes)
        return _act(session, found, decision, asked)


def at_once(session: Session, scope: Scope, *, target: str | None, limit: int, push: bool, wait: float) -> int:
    """
    Make what a scope is about what Git says, nobody being asked, and return the exit code.
    """
    with bench(session.state, target, environ=session.environ, push=push, scope=scope) as found:
        require_repository(found.store).heal()
        asked = _ordered(session, found, wait)
        require_saved(found, scope)
        found = _recovered(session, found, asked)  # noqa: PLW2901  the same bench, its ledger brought up to date
        found, decision = _decided(session, found, None, scope, limit=limit)  # noqa: PLW2901  the same again
        return _act(session, found, decision, asked)


def _ordered(session: Session, found: Bench, wait: float) -> Order:
    """
    Return who applies, and how patiently.
    """
    return order(
        session.environ,
        now=found.clock,
        wait=wait,
        lineage=uuid.uuid4().hex,
        life=found.asked.policy.max_request_life,
        waiting=session.say,
    )


def _agreed(asked: Order, approvers: tuple[str, ...]) -> Order:
    """
    Return who applies, with who agreed to it.
    """
    return replace(asked, who=f"{asked.who}, approved by {', '.join(approvers)}") if approvers else asked


def _decided(
    session: Session, found: Bench, approval: Approval | None, scope: Scope | None, *, limit: int
) -> tuple[Bench, Decision]:
    """
    Return the bench and what is to be done, once it has been printed.
    """
    whisper_inputs(session, found)
    found, decision = decided(found, scope, approval=approval)
    click.echo(rendered(decision.plan, "text", color=session.color, limit=limit), nl=False)
    return found, decision


def _recovered(session: Session, found: Bench, asked: Order) -> Bench:
    """
    Return the bench once a run that died before its commit is in the ledger.
    """
    after = recovered(found, asked)
    if after is not found:
        session.say(f"Run {after.opened.ledger.head.serial} had died before its commit; it is recorded now.")
    return after


def _tell_gone(session: Session, approval: Approval | None, present: Plan) -> None:
    """
    Tell which approved changes are not in the plan any more: what was reviewed is skipped, but never in silence.
    """
    approved = approval.changes if approval else {}
    there = {change.id for change in (*present.changes, *(one.change for one in present.held if one.change))}
    gone = [change for change in approved.values() if change.id not in there]
    if gone:
        session.say(f"Of the approved changes, {len(gone)} of {len(approved)} hold no longer:")
    for change in gone[:LIMIT]:
        session.say(f"  {change.action} {change.kind} {change.name}")
    if len(gone) > LIMIT:
        session.say(f"  and {len(gone) - LIMIT} more")


def _confirm(session: Session, decision: Decision, *, yes: bool) -> None:
    """
    Ask whoever sits there; where nobody does, --yes must have been said.
    """
    if yes or not decision.plan.changes:
        return
    if not session.on_terminal:
        raise UsageError("nobody can be asked here", hint="say --yes to apply the plan above")
    if not click.confirm("Apply these changes?", default=False, err=True):
        raise HeldError("nothing was applied", hint="review the plan, or write an override")


def _act(session: Session, found: Bench, decision: Decision, asked: Order) -> int:
    """
    Make the changes, tell what became of them, and return the exit code.
    """
    with session.progress("Applying", len(decision.plan.changes)) as progress, _until_interrupted() as stopped:
        ordered = replace(asked, progress=progress, stopped=stopped)
        report = engine.act(decision, found.target, found.book, opened=found.opened, order=ordered)
    failed = [one for one in report.outcomes if one.outcome != "landed"]
    session.say(_told(report, len(report.outcomes) - len(failed)))
    for one in failed[:LIMIT]:
        detail(f"  {one.outcome}: {one.change.action} {one.change.kind} {one.change.name}: {one.message}")
    if len(failed) > LIMIT:
        detail(f"  and {len(failed) - LIMIT} more: reconciler audit")
    if decision.world.scope.whole:
        told = tally(decision, {one.change.id: one.message for one in failed})
        session.say("\n".join(tally_lines(told, limit=LIMIT)))
    for held in [one for one in decision.plan.held if one.guard == GUARD][:LIMIT]:
        tell = session.say if held.standing else detail
        tell(f"  held: {held.name}: {held.reason}\n    {held.release}")
    if report.trouble:
        complain(report.trouble.message, report.trouble.hint)
    if report.interrupted:
        complain("interrupted: what had landed is recorded", "reconciler apply does the rest")
        return INTERRUPTED
    if failed:
        complain(
            f"{len(failed)} of {len(report.outcomes)} changes did not land", "look at why, then: reconciler apply"
        )
        return PARTIAL
    return HELD if newly_held(decision.plan) else 0


def _told(report: Report, landed: int) -> str:
    if not report.run:
        return "Nothing to apply, and nothing new to record."
    if not report.outcomes:
        return f"Run {report.run}: nothing to apply; the ledger has the news."
    return f"Run {report.run}: {landed} of {len(report.outcomes)} changes landed and are recorded."


@contextmanager
def _until_interrupted() -> Iterator[Callable[[], bool]]:
    """
    Yield a function that says whether Ctrl-C (or an orderly kill) came; the write in hand is finished first.
    """
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        complain("stopping after the write in hand")

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(seen)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
