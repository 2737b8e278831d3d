"""
`reconciler groups`: look at the groups whose names are taken in the target, and decide what becomes of them.
"""

from collections.abc import Sequence

import click

from reconciler.cli.session import Session, answer, shared
from reconciler.core.ruling import Verb
from reconciler.errors import UsageError
from reconciler.render.reviews import render_members, render_reviews
from reconciler.render.tables import FORMS, Form
from reconciler.wiring.bench import bench
from reconciler.wiring.rulings import Rulings, Wish, read_reviews, write_rulings

_TARGET = click.option("--target", metavar="NAME", help="The target; needed where there are several.")


@click.group(
    epilog="""
\b
Examples:
  reconciler groups review
  reconciler groups decide developers --overwrite --reason OPS-91
"""
)
def groups() -> None:
    """
    Review groups whose names are taken, before anything is written to them.
    """


@groups.command(
    epilog="""
\b
Examples:
  reconciler groups review                  what overwriting each group in conflict would do
  reconciler groups review --members        everybody who would join or leave, one by one
  reconciler groups review --format csv     for a spreadsheet
\b
Exit codes: 0 told, 1 a file has faults, 3 the export is refused.
"""
)
@click.option("--members", is_flag=True, help="List each member that would be added or removed.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="How to print it."
)
@_TARGET
@shared
def review(*, session: Session, members: bool, form: Form, target: str | None) -> int:
    """
    Print the groups of the source whose names the target's own groups bear, and what overwriting these would do.
    """
    with bench(session.state, target, environ=session.environ) as found:
        reviews = read_reviews(found)
    render = render_members if members else render_reviews
    click.echo(render(reviews, form, color=session.color), nl=False)
    waiting = sum(one.contest.waits for one in reviews)
    session.say(
        f"{len(reviews)} in conflict, {waiting} waiting for a decision" if reviews else "no group is in conflict"
    )
    return 0


@groups.command(
    epilog="""
\b
Examples:
  reconciler groups decide developers --overwrite --reason OPS-91
  reconciler groups decide staff --rename "staff (cloud)" --reason OPS-92
  reconciler groups decide --all --keep --reason "until the audit is over"
\b
Exit codes: 0 written, 1 refused, 2 it is not clear what is asked: then there is no file.
"""
)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "every", is_flag=True, help="All that wait for a decision; default access groups are left.")
@click.option("--overwrite", is_flag=True, help="The target's group gets the source's members.")
@click.option("--keep", is_flag=True, help="The target's group stays; the source's is not synchronised.")
@click.option("--merge", is_flag=True, help="The source's members join; nobody who is there leaves.")
@click.option("--rename", metavar="NEW", help="The source's group gets another name in the target.")
@click.option("--reason", required=True, metavar="TEXT", help="Why: a ticket, a decision, a sentence.")
@_TARGET
@shared
def decide(  # noqa: PLR0913  click gives one argument an option
    *,
    session: Session,
    names: tuple[str, ...],
    every: bool,
    overwrite: bool,
    keep: bool,
    merge: bool,
    rename: str | None,
    reason: str,
    target: str | None,
) -> int:
    """
    Write what becomes of groups in conflict: a file each below overrides/groups/, for the memberships as they are.

    NAME is the group's name, or its key at the source. If either membership changes, the decision is held as stale.
    """
    verbs: dict[Verb, bool] = {
        "overwrite": overwrite,
        "keep": keep,
        "merge": merge,
        "rename": rename is not None,
    }
    wish = _wish(names, [verb for verb, said in verbs.items() if said], every=every, rename=rename, reason=reason)
    with bench(session.state, target, environ=session.environ) as found:
        rulings = write_rulings(found, wish)
    answer(_told(rulings))
    for one in rulings.blocked:
        session.say(f"not {one.name}: {one.reason}")
    session.say("next: git add and git commit them, then: reconciler plan")
    return 0


def _wish(names: tuple[str, ...], verbs: Sequence[Verb], *, every: bool, rename: str | None, reason: str) -> Wish:
    """
    Return what is asked for; raises UsageError unless it is one thing, of some groups or of all, and says why.
    """
    if bool(names) == every:
        raise UsageError("which groups?", hint="name them, or say --all")
    if not verbs:
        raise UsageError("what becomes of them?", hint="one of: --overwrite, --keep, --merge, --rename NEW")
    if len(verbs) > 1:
        raise UsageError(f"they cannot become both: --{' and --'.join(verbs)}", hint="say one of them")
    if rename is not None and len(names) != 1:
        raise UsageError("one new name is for one group", hint="name one group with --rename")
    if not reason.strip() or (rename is not None and not rename.strip()):
        raise UsageError(f"{'--rename' if reason.strip() else '--reason'} is empty", hint="say it in a few words")
    return Wish(verb=verbs[0], names=names, reason=reason, rename=rename)


def _told(rulings: Rulings) -> str:
    """
    Return what was decided of each group, the file's name and its content.
    """
    lines: list[str] = []
    for one in rulings.written:
        moved = f"{len(one.review.joins)} would join, {len(one.review.leaves)} would leave"
        lines += [f"{one.review.contest.name}: {moved} if it were overwritten; {one.path}:"]
        lines += [f"  {line}" for line in one.text.splitlines()]
    return "".join(f"{line}\n" for line in lines)
