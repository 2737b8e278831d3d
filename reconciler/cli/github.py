"""
`reconciler github ...`: what the workflows call, so that they hold no logic of their own.

Each answers on stdout, adds Markdown to the job's summary and sets outputs of the step: `digest`, `changes`,
`held`, `exit-code`, and what its help names.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from reconciler.cli.export import PARTIAL
from reconciler.cli.github_job import (
    approvers,
    authors_of,
    commented,
    decided,
    hub,
    outputs,
    reviewed,
    told,
    written,
)
from reconciler.cli.plan import HELD
from reconciler.cli.session import Session, answer, shared
from reconciler.core.gainers import gainers
from reconciler.core.reviewer import risky, shown, since_review
from reconciler.errors import GitHubError, UsageError
from reconciler.github_event import MOST_BYTES, put_out, summarise
from reconciler.github_text import (
    comment,
    drift,
    drift_mark,
    gain_note,
    ledger_refusal,
    no_drift,
    offline_note,
    pull_text,
    reviewer_note,
)
from reconciler.render.json_text import render_json
from reconciler.wiring.bench import bench
from reconciler.wiring.exporting import export as write_export
from reconciler.wiring.moved import require_present
from reconciler.wiring.proposed import ledger_paths_changed, named_at, proposed
from reconciler.wiring.records import last_run_time
from reconciler.wiring.rolling import published

REVIEWED, UNREVIEWED = "reconciler", "reconciler-auto"
"""The environments of job apply: one with required reviewers, and one without."""

BRANCH = "reconciler/export"
_MEANINGS = {0: "done, or in sync", 1: "failed, or partial", HELD: "held: a decision is needed", 130: "interrupted"}
_TAKE_OUT = "apply alone writes it: take these files out of the pull request"

targeted = click.option("--target", metavar="NAME", help="The target; needed where there are several.")


@click.group(epilog="`reconciler init DIR --github` writes the workflows that call these.")
def github() -> None:
    """
    Plan, apply, report and export in GitHub Actions.

    What Actions says of the job is read from the environment: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN and
    the rest. Comments and issues are found again by author (RECONCILER_BOT, or github-actions[bot]) and mark.
    """


@github.command(
    name="plan",
    epilog="""
\b
Examples:
  reconciler github plan                     in a checkout of refs/pull/N/merge with fetch-depth: 2
  reconciler github plan --base origin/main  against a branch that was fetched
\b
Exit codes: 0 planned, 1 faulty files, or the ledger is touched.
""",
)
@targeted
@click.option("--base", default="HEAD^1", show_default=True, help="The commit that the pull request is to join.")
@shared
def plan_(*, session: Session, target: str | None, base: str) -> int:
    """
    Plan a pull request: its content, with the settings and the ledger of the branch it is to join.

    Run it on the merge. A fork's pull request, or one that changes where the target lies, is planned against what
    the last run saw.
    """
    with told(session) as job:
        if paths := ledger_paths_changed(session.state, environ=session.environ, base=base):
            name = named_at(session.state, target, environ=session.environ, base=base)
            text = ledger_refusal(name, paths)
            commented(session, job, name, summary=text, text=text)
            raise GitHubError(f"the pull request changes the ledger: {', '.join(paths[:5])}", hint=_TAKE_OUT)
        fork = job.pull is not None and job.pull.fork
        with proposed(session.state, target, environ=session.environ, base=base, fork=fork) as found:
            made = decided(session, found.bench).plan
            people = (one.row for _, shard in found.bench.asked.export.shards() for one in shard)
            gains = gainers(made, people, authors_of(job))
        notes = [note for note in (offline_note(found.offline), gain_note(gains)) if note]
        # what was not asked of the target is no measure for a later plan
        said = None if found.offline else shown(made)
        summary = comment(made, said, notes, url=job.url, limit=MOST_BYTES)
        commented(session, job, made.target, summary=summary, text=comment(made, said, notes, url=job.url))
        outputs(session, made, offline="true" if found.offline else "false")
    return 0


@github.command(
    name="apply-plan",
    epilog="""
\b
Examples:
  reconciler github apply-plan --out plan.json
  reconciler github apply-plan --target openpages
\b
Exit codes: 0 planned, 1 failed, 3 the branch has moved on.
""",
)
@targeted
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default="plan.json", show_default=True)
@shared
def apply_plan(*, session: Session, target: str | None, out: Path) -> int:
    """
    Plan the default branch: what would be made, how that differs from what was reviewed, and who must agree.

    Sets `environment`: `reconciler` where something in the plan needs a reviewer, else `reconciler-auto`.
    """
    with told(session) as job:
        require_present(session.state, job.branch, environ=session.environ)
        with bench(session.state, target, environ=session.environ) as found:
            decision = decided(session, found)
            since = last_run_time(found.store)
        made, needed = decision.plan, risky(decision.plan, decision.world.ledger)
        written(out, render_json(made))
        environment = REVIEWED if needed else UNREVIEWED
        numbers, earlier = reviewed(session, job, made.target, since)
        notes = reviewer_note(environment, len(needed), numbers, earlier and since_review(made, earlier))
        summarise(session.environ, comment(made, shown(made), notes, url=job.url, limit=MOST_BYTES))
        answer("".join(f"{note}\n" for note in notes))
        outputs(session, made, environment=environment, risky=len(needed))
    return 0


@github.command(
    name="apply",
    epilog="""
\b
Examples:
  reconciler github apply --approved plan.json
  reconciler github apply --approved plan.json --wait 300
\b
Exit codes: 0 done, 1 some changes did not land, 3 held, or the branch has moved on, 130 interrupted.
""",
)
@targeted
@click.option("--approved", type=click.Path(path_type=Path, dir_okay=False), default="plan.json", show_default=True)
@click.option("--wait", type=click.FloatRange(min=0), default=30.0, show_default=True, help="As for `apply`.")
@shared
def apply_(*, session: Session, target: str | None, approved: Path, wait: float) -> int:
    """
    Make the changes of the plan that `github apply-plan` made in this run, as far as they still hold.

    Stops, and does nothing, where the branch says something else by now.
    """
    with told(session) as job:
        require_present(session.state, job.branch, environ=session.environ)
        named = ("--target", target) if target else ()
        agreed = [f"--approved-by={name}" for name in approvers(session, job)]
        options = (f"--state={session.state}", f"--approved={approved}", f"--wait={wait}", "--yes", "--push")
        code = _command()(["apply", *named, *options, *agreed])
        summarise(session.environ, f"**apply** ended with {code}: {_MEANINGS.get(code, 'a bug')}.\n")
        put_out(session.environ, {"exit-code": code})
    return code


@github.command(
    name="drift",
    epilog="""
\b
Examples:
  reconciler github drift
  RECONCILER_BOT=access[bot] reconciler github drift
\b
Exit codes: 0 told, 1 failed.
""",
)
@targeted
@shared
def drift_(*, session: Session, target: str | None) -> int:
    """
    Tell of drift in one issue: opened, kept up to date, and closed once there is none.
    """
    with told(session) as job:
        with bench(session.state, target, environ=session.environ) as found:
            made = decided(session, found).plan
        title, body = drift(made, url=job.url)
        with hub(job) as repository:
            if title:
                number = repository.issue(drift_mark(made.target), title=title, body=body)
            else:
                number = repository.close_issue(drift_mark(made.target), body=no_drift(made.target, url=job.url))
        answer(f"{title or 'no drift'}{f' (#{number})' if number else ''}\n")
        outputs(session, made, drift="true" if title else "false")
    return 0


@github.command(
    name="export",
    epilog="""
\b
Examples:
  reconciler github export ibmcloud
  reconciler github export ibmcloud --from printed/
\b
Exit codes: 0 written whole, or nothing new, 1 incomplete, or refused.
""",
)
@click.argument("source")
@click.option("--from", "paths", multiple=True, type=click.Path(path_type=Path), help="As for `export`.")
@click.option("--branch", default=BRANCH, show_default=True, help="The branch of the rolling pull request.")
@shared
def export_(*, session: Session, source: str, paths: tuple[Path, ...], branch: str) -> int:
    """
    Read a source anew, and offer what is new as one rolling pull request.
    """
    with told(session) as job:
        if not job.branch:
            raise UsageError(
                f"{job.ref} is no branch to open a pull request to", hint="run it on the default branch"
            )
        found = write_export(session.state, source, paths, account=None, fetched_at=None, environ=session.environ)
        commit = published(session.state, source, branch, environ=session.environ)
        whole, (title, body) = found.manifest.complete, pull_text(found.manifest, url=job.url)
        number = 0
        if commit:
            with hub(job) as repository:
                number = repository.pull(branch, job.branch, title=title, body=body)
        answer(f"{title}\n{f'pull request #{number}' if number else 'nothing new'}\n")
        summarise(session.environ, f"{body}\n")
        put_out(session.environ, {"exit-code": 0 if whole else PARTIAL, "pull-request": number or ""})
    return 0 if whole else PARTIAL


@github.command(
    name="audit",
    epilog="""
\b
Examples:
  reconciler github audit
  reconciler github audit --target openpages
\b
Exit codes: 0 the history holds, 1 it does not.
""",
)
@targeted
@shared
def audit_(*, session: Session, target: str | None) -> int:
    """
    Check the ledger's history, as `audit --verify` does, and say the outcome in the job's summary.
    """
    with told(session):
        named = ("--target", target) if target else ()
        code = _command()(["audit", "--verify", "--state", str(session.state), *named])
        summarise(session.environ, f"**audit --verify** ended with {code}: {_MEANINGS.get(code, 'a bug')}.\n")
        put_out(session.environ, {"exit-code": code})
    return code


def _command() -> Callable[[Sequence[str]], int]:
    """
    Return what runs a command line, as `main` handed it down: this module may not import it.
    """
    run: Any = click.get_current_context().find_root().obj
    if not callable(run):
        raise UsageError("this is a part of `reconciler`, and does not run alone", hint="reconciler github --help")
    return run  # type: ignore[no-any-return]
