"""
What the commands of `reconciler github` share: the job, its summary and outputs, the repository on GitHub.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from reconciler import engine
from reconciler.cli.plan import rendered, whisper_inputs
from reconciler.cli.session import Session, complain
from reconciler.core.decide import Decision
from reconciler.core.model import Plan
from reconciler.core.reviewer import Shown
from reconciler.effects import effect
from reconciler.errors import ReconcilerError, UsageError
from reconciler.github import GitHub, RefusedError
from reconciler.github_event import Event, event, put_out, summarise
from reconciler.github_text import failure, plan_mark, shown_in
from reconciler.render.text import LIMIT
from reconciler.wiring.bench import Bench


@contextmanager
def told(session: Session) -> Iterator[Event]:
    """
    Yield the job; what goes wrong in it is told in its summary as well, and goes on its way.
    """
    job = event(session.environ)
    try:
        yield job
    except ReconcilerError as error:
        summarise(session.environ, failure(error.message, error.hint))
        put_out(session.environ, {"exit-code": error.exit_code})
        raise


@contextmanager
def hub(job: Event) -> Iterator[GitHub]:
    """
    Yield the job's repository on GitHub.
    """
    opened = GitHub.open(job.api, job.token, repository=job.repository, bot=job.bot)
    try:
        yield opened
    finally:
        opened.close()


def decided(session: Session, found: Bench) -> Decision:
    """
    Return what is to be done, once the plan has been printed to the job's log.
    """
    whisper_inputs(session, found)
    decision = engine.plan(found.asked, found.target, found.book, opened=found.opened, now=found.now)
    click.echo(rendered(decision.plan, "text", color=False, limit=LIMIT), nl=False)
    return decision


def outputs(session: Session, made: Plan, **more: object) -> None:
    """
    Set the outputs that every plan has, and `more`.
    """
    counts = {"changes": len(made.changes), "held": len(made.held), "conflicts": len(made.conflicts)}
    put_out(session.environ, {"digest": made.digest, **counts, **more, "exit-code": 0})


def written(out: Path, text: str) -> None:
    """
    Make `out` hold the plan; raises UsageError where that cannot be.
    """
    try:
        with effect("write", out):
            out.write_text(text, encoding="utf-8")
    except OSError as error:
        told = f"{out}: the plan cannot be written there ({error.strerror})"
        raise UsageError(told, hint="name a file in a folder that is there: --out plan.json") from error


def commented(session: Session, job: Event, target: str, *, summary: str, text: str) -> None:
    """
    Put a plan into the job's summary and, where the token may, into the one comment of ours on the pull request.
    """
    summarise(session.environ, summary)
    if job.pull is None:
        return
    try:
        with hub(job) as repository:
            repository.comment(job.pull.number, plan_mark(target), text)
    except RefusedError as error:
        if not job.pull.fork:
            raise
        session.say(f"no comment was written, the plan stands in the summary: {error.message}")


def authors_of(job: Event) -> frozenset[str]:
    """
    Return the e-mail addresses of the pull request's authors; nobody's where there is none, or none may be asked.
    """
    if job.pull is None:
        return frozenset()
    try:
        with hub(job) as repository:
            return repository.authors(job.pull.number)
    except ReconcilerError as error:
        complain(f"the pull request's authors are not known: {error.message}")
        return frozenset()


def approvers(session: Session, job: Event) -> list[str]:
    """
    Return who agreed that this run may go on, as GitHub tells it; for the record alone: GitHub itself saw to it.
    """
    try:
        with hub(job) as repository:
            return repository.approvers(job.run)
    except ReconcilerError as error:
        session.say(f"who approved this run is not known: {error.message}")
        return []


def reviewed(session: Session, job: Event, target: str, since: str) -> tuple[list[int], list[Shown]]:
    """
    Return the pull requests merged since the last run, and what their plans showed; for people to read alone.

    What GitHub does not tell is said, and stops nothing: who must agree does not depend on it.
    """
    try:
        with hub(job) as repository:
            numbers = repository.merged(job.branch, since=since)
            texts = [text for number in numbers for text in repository.comments(number, plan_mark(target))]
    except ReconcilerError as error:
        session.say(f"what was reviewed is not known: {error.message}")
        return [], []
    return numbers, [one for text in texts if (one := shown_in(text))]
