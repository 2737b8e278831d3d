"""
`reconciler plan`: what would change, and what would not, and why.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli.leaving import keep
from reconciler.cli.session import Session, shared
from reconciler.core.adoption import Adoption, adoptions
from reconciler.core.model import Plan
from reconciler.core.scope import scope_of
from reconciler.effects import effect
from reconciler.errors import UsageError
from reconciler.render.adoptions import render_adoptions
from reconciler.render.html import render_html
from reconciler.render.json_text import render_json
from reconciler.render.markdown import render_markdown
from reconciler.render.text import LIMIT, render_text
from reconciler.render.tree import render_deepdiff
from reconciler.wiring.adopting import write_draft
from reconciler.wiring.bench import Bench, bench, decided
from reconciler.wiring.remembering import remembering

HELD, CHANGES = 3, 4
FORMATS = ("text", "deepdiff", "json", "markdown", "html")
TABLED = ("text", "markdown")
PAGES = {".htm": "html", ".html": "html", ".md": "markdown"}
"""Endings of what people read: `--out` writes what `apply --approved` takes."""

scoped = click.option(
    "--scope",
    "about",
    metavar="SCOPE",
    help="What it is about: all, start, login:USER, sync-users[:USER,...] or sync-groups[:GROUP,...]; "
    "where nobody says it, what the policy says.",
)
limited = click.option(
    "--limit", type=click.IntRange(min=0), default=LIMIT, show_default=True, help="Entities shown a kind."
)


@click.command(
    epilog="""
\b
Examples:
  reconciler plan                        what would change, for people
  reconciler plan --out plan.json        the same, and a file that apply --approved takes
  reconciler plan --format json | jq .   for programs
  reconciler plan --format html > plan.html
                                         a page to search and filter, in one file
  reconciler plan --check                exit code 4 if anything would change
  reconciler plan --scope login:ann      what a login of hers would change
  reconciler plan --draft-adoptions state/overrides/adoptions.yaml
                                         overrides for accounts that were there before us
\b
Exit codes: 0 in sync or told, 3 something is newly held, 4 --check found changes.
"""
)
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print it."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the plan there, as JSON, whatever --format says.",
)
@click.option("--check", is_flag=True, help="Leave with exit code 4 if there is anything to change.")
@click.option(
    "--draft-adoptions",
    "draft",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write, as overrides to be reviewed, whom accounts that were there before may belong to.",
)
@click.option("--no-cache", is_flag=True, help="Use nothing that an earlier plan has proved, and remember nothing.")
@limited
@scoped
@shared
def plan(  # noqa: PLR0913  click gives one argument an option
    *,
    session: Session,
    target: str | None,
    about: str | None,
    form: str,
    out: Path | None,
    check: bool,
    draft: Path | None,
    limit: int,
    no_cache: bool,
) -> int:
    """
    Say what would change in the target, and change nothing.

    The export and the overrides under --state are laid over each other and compared with the target as it is now.
    """
    scope = scope_of(about) if about else None
    if out:
        _require_plan_file(out)
    with bench(session.state, target, environ=session.environ, scope=None if no_cache else scope) as found:
        whisper_inputs(session, found)
        with remembering(found, wanted=not (no_cache or about)) as memory:
            _, decision = decided(found, scope, memory=memory)
            keep(found, decision, memory)
        made, table = decision.plan, adoptions(decision)
        click.echo(rendered(made, form, color=session.color, limit=limit), nl=False)
    if form in TABLED:
        click.echo(render_adoptions(table, limit=limit, markdown=form == "markdown"), nl=False)
    if out:
        _write(made, out)
        session.say(f"the plan is in {out}; to make exactly these changes: reconciler apply --approved {out}")
    if draft:
        _draft(session, table, draft)
    if newly_held(made):
        return HELD
    return CHANGES if check and made.changes else 0


def whisper_inputs(session: Session, found: Bench) -> None:
    """
    Tell what a plan is made from, if anybody wants to hear it: the export, the ledger, the target.
    """
    manifest, head = found.asked.export.manifest, found.opened.ledger.head
    counts = manifest.counts
    read = f"{counts.users:,} users, {counts.groups:,} groups, {counts.memberships:,} memberships"
    session.whisper(f"export of {manifest.source}, read at {manifest.fetched_at}: {read}")
    session.whisper(f"ledger at run {head.serial}, commit {found.opened.revision or 'none'}")
    session.whisper(f"target {found.asked.target}: {found.target.identity}")


def _require_plan_file(out: Path) -> None:
    """
    Raise UsageError where the name of the file promises something other than JSON.
    """
    if form := PAGES.get(out.suffix.lower()):
        told = f"--out writes the plan as JSON, for apply --approved: {out} would not be what its name says"
        raise UsageError(told, hint=f"--out plan.json; for people: reconciler plan --format {form} > {out}")


def _write(made: Plan, out: Path) -> None:
    """
    Make `out` hold the plan as JSON; raises UsageError where that cannot be.
    """
    try:
        with effect("write", out):
            out.write_text(render_json(made), encoding="utf-8")
    except OSError as error:
        told = f"{out}: the plan cannot be written there ({error.strerror})"
        raise UsageError(told, hint="name a file in a folder that is there: --out plan.json") from error


def _draft(session: Session, table: Sequence[Adoption], draft: Path) -> None:
    """
    Write the draft of overrides that would adopt what waits for a decision, and say what to do with it.
    """
    write_draft(draft, table)
    waiting = sum(one.waits for one in table)
    session.say(
        f"{waiting} of {len(table)} wait for a decision; the draft is in {draft}: "
        "look at each, and commit it below overrides/"
    )


def rendered(made: Plan, form: str, *, color: bool, limit: int) -> str:
    """
    Return the plan in one of the formats, with a line break at its end.
    """
    if form == "json":
        text = render_json(made)
    elif form == "markdown":
        text = render_markdown(made)
    elif form == "html":
        text = render_html(made)
    elif form == "deepdiff":
        text = render_deepdiff(made)
    else:
        text = render_text(made, color=color, limit=limit)
    return text if text.endswith("\n") else f"{text}\n"


def newly_held(made: Plan) -> bool:
    """
    Return whether anything is held that no earlier run has told.
    """
    return any(not one.standing for one in made.held) or any(not one.standing for one in made.conflicts)
