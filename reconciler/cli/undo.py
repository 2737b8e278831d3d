"""
`reconciler undo`: the overrides that take back what a run changed, and the plan they come to.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NoReturn

import click
import msgspec
from msgspec import UnsetType

from reconciler import engine
from reconciler.cli.plan import limited, rendered
from reconciler.cli.session import Session, answer, shared
from reconciler.core.model import Plan
from reconciler.core.scope import ALL
from reconciler.core.undone import Lost
from reconciler.render.counts import number
from reconciler.render.json_text import json_text
from reconciler.render.shown import entity, field_name, sentence, shown
from reconciler.wiring.bench import bench
from reconciler.wiring.records import records
from reconciler.wiring.undoing import Undone, run_numbered, write_undo

PARTIAL = 1


class _RunNumber(click.IntRange):
    """
    The number of a run; who gives none is told where the numbers are.
    """

    def fail(
        self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> NoReturn:
        """
        Raise click's own error, with that added.
        """
        super().fail(f"{message} Runs bear numbers: `reconciler audit` shows them.", param, ctx)


@click.command(
    epilog="""
\b
Examples:
  reconciler undo 12 --reason OPS-8                      writes state/overrides/undo-....yaml, and plans
  reconciler undo 12 --reason OPS-8 --until 2026-12-24   the overrides end by themselves
\b
Exit codes: 0 written: all of it comes back, 1 something does not, or there is no such run.
"""
)
@click.argument("run", type=_RunNumber(min=1))
@click.option("--reason", required=True, metavar="TEXT", help="Why: a ticket, a decision, a sentence.")
@click.option("--until", metavar="DAY", help="The last day it holds (UTC), such as 2027-01-31.")
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to print it.",
)
@limited
@shared
def undo(
    *, session: Session, run: int, reason: str, until: str | None, target: str | None, form: str, limit: int
) -> int:
    """
    Write the overrides that restore what RUN changed, admin-owned values included, and print their plan.

    Nothing in the target is changed: the file is reviewed and applied like any other. What cannot be restored (an
    account that was deleted, a person whom the cloud no longer has) is told, and what was changed again since, too.
    """
    recorded = run_numbered(records(session.state, target, environ=session.environ).runs(), run)
    with bench(session.state, target, environ=session.environ) as found:
        undone = write_undo(found, recorded, reason=reason, until=until)
    with bench(session.state, target, environ=session.environ) as found:
        made = engine.plan(
            found.asked, found.target, found.book, opened=found.opened, now=found.now, scope=ALL
        ).plan
    if form == "json":
        click.echo(_json(undone, made), nl=False)
    else:
        answer("".join(f"{line}\n" for line in _told(undone, run, made)))
        click.echo(rendered(made, "text", color=session.color, limit=limit), nl=False)
    if undone.path:
        session.say(f"next: git add {undone.path} && git commit, then: reconciler plan")
    return PARTIAL if undone.lost else 0


def _told(undone: Undone, run: int, made: Plan) -> Iterator[str]:
    """
    Yield the file's name and content, what of the run comes back, and what does not.
    """
    if undone.path:
        yield f"{undone.path}:"
        yield from (f"  {line}" for line in undone.text.splitlines())
    back = undone.wanted - sum(one.wish.act != "keep" for one in undone.lost)
    yield f"run {run}: {number(back, 'change')} of {undone.wanted:,} will be as before"
    yield from _outlook(undone.lost, made)
    for one in undone.lost:
        before = "" if isinstance(one.wish.before, UnsetType) else f" (before: {shown(one.wish.before)})"
        yield f"! {_called(one)}{before}: {sentence(one.reason)}"
    yield ""


def _outlook(lost: Iterable[Lost], made: Plan) -> Iterator[str]:
    """
    Yield what becomes of what the run made, and which guard holds back how much of that.
    """
    created = {(one.wish.kind, one.wish.key) for one in lost if one.wish.act == "create"}
    if not created:
        return
    users = sum(kind == "user" for kind, _ in created)
    accounts, groups = number(users, "account"), number(len(created) - users, "group")
    yield f"what it made stays: {accounts}, to be inactive, and {groups}, as they are"
    guards = Counter(one.guard for one in made.held if one.guard and (one.kind, one.key) in created)
    for guard, count in sorted(guards.items()):
        held = f"guard {sentence(guard)} holds {number(count, 'change')} of that"
        yield f"! {held}: nothing of it happens before a waiver for that count, which the plan below spells out"


def _called(one: Lost) -> str:
    """
    Return what a wish is about: the entity, and the field; what undoing changes besides is marked so.
    """
    wish = one.wish
    field = f", {field_name(wish.field)}" if wish.field else f", {wish.act}"
    also = " (undoing changes this, too)" if wish.act == "keep" else ""
    return f"{entity(wish.kind, wish.name, wish.key)}{field}{also}"


def _json(undone: Undone, made: Plan) -> str:
    lost = [
        {
            "kind": one.wish.kind,
            "key": one.wish.key,
            "name": one.wish.name,
            "act": one.wish.act,
            "field": one.wish.field,
            "reason": one.reason,
        }
        for one in undone.lost
    ]
    document = {"file": str(undone.path) if undone.path else None, "changes": undone.wanted, "not_restored": lost}
    return json_text({**document, "plan": msgspec.to_builtins(made)})
