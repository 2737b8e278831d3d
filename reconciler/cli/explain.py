"""
`reconciler explain`: where each desired value of a person comes from.
"""

from collections.abc import Iterator

import click
import msgspec
from msgspec import UnsetType

from reconciler.cli.session import Session, shared
from reconciler.core.model import Value
from reconciler.core.runs import Commit
from reconciler.render.json_text import json_text
from reconciler.render.outline import sections
from reconciler.render.shown import quoted, sentence, shown
from reconciler.render.tables import render_table
from reconciler.wiring.bench import bench
from reconciler.wiring.explaining import Explained, Explanation
from reconciler.wiring.explaining import explain as explained

_WHY = {
    "absent": "the source no longer has this person",
    "blocked": "an override blocks it",
    "excluded": "an override keeps hands off",
    "invited": "the invitation is not accepted yet",
    "left": "the source says that this person left",
    "not-enabled": "no override enables it, so whether it can be used is the administrators' affair",
    "missing": "the source no longer has this person",
    "not-selected": "nobody has selected this person",
    "suspended": "the source has suspended this person",
    "unknown": "the source tells no state that is known",
    "unprovisioned": "no role lets this person log in",
}
_SHORT = 12
_PART = ("changes", "claims", "conflicts", "held")


@click.command(
    epilog="""
\b
Examples:
  reconciler explain ann@example.com
  reconciler explain IBMid-270001 --format json
\b
Exit codes: 0 told, 1 nobody is known by that name.
"""
)
@click.argument("user")
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to print it.",
)
@shared
def explain(*, session: Session, user: str, target: str | None, form: str) -> int:
    """
    Say of USER (key, user name or e-mail) what Git wants and why, what the target holds, and whose each field is.
    """
    with bench(session.state, target, environ=session.environ) as found:
        told = explained(found, user)
    click.echo(_json(told) if form == "json" else _text(told, color=session.color), nl=False)
    return 0


def _json(told: Explanation) -> str:
    document = msgspec.to_builtins(told)
    return json_text({**document, "plan": {part: document["plan"][part] for part in _PART}})


def _text(told: Explanation, *, color: bool) -> str:
    parts = [
        "".join(f"{line}\n" for line in _heading(told)),
        render_table([_row(one) for one in told.fields], _COLUMNS, color=color),
    ]
    if told.roles:
        rows = [
            [quoted(one.role), quoted(one.through) if one.through else "granted directly", sentence(one.origin)]
            for one in told.roles
        ]
        parts.append(render_table(rows, ("role", "through", "because"), color=color))
    if told.groups:
        rows = [
            [
                quoted(one.name),
                f"its name is taken: {one.conflict}" if one.conflict else "yes" if one.managed else "no",
                "yes" if one.member else "no",
            ]
            for one in told.groups
        ]
        parts.append(render_table(rows, ("group", "kept in the target", "member there"), color=color))
    if told.commits:
        rows = [[sentence(place), *_committed(commit)] for place, commit in told.commits.items()]
        parts.append(render_table(rows, ("line", "commit", "by", "on"), color=color))
    parts.append("".join(f"{line}\n" for line in _intended(told)))
    return "\n".join(parts)


def _committed(commit: Commit | None) -> tuple[str, str, str]:
    """
    Return which commit a line comes from, by whom and of when.
    """
    if commit is None:
        return "not committed", "", ""
    return sentence(commit.commit[:_SHORT]), sentence(commit.who), sentence(commit.time)


def _heading(told: Explanation) -> Iterator[str]:
    """
    Yield who it is, what the source says, what Git wants of the account and why, and what is there.
    """
    yield f"{quoted(told.name)} [{sentence(told.key)}]"
    source = f"{sentence(told.source_state)}, at {sentence(told.origin)}" if told.origin else "absent"
    why = f": {_WHY.get(told.reason, sentence(told.reason))} ({sentence(told.because)})" if told.reason else ""
    account = f"id {sentence(told.account)}, {'active' if told.usable else 'inactive'}" if told.account else "none"
    yield f"  in the source  {source}"
    yield f"  Git wants      {told.state}{why}"
    yield f"  account        {account}"


_COLUMNS = ("field", "git_wants", "in_the_target", "decided_by", "because")


def _row(one: Explained) -> list[str]:
    desired = "(nothing said)" if isinstance(one.desired, UnsetType) else shown(one.desired)
    return [sentence(one.field), desired, _value(one.live), _decided(one), sentence(one.because)]


def _decided(one: Explained) -> str:
    """
    Return who decides the field now, in the policy's words and the ledger's.
    """
    if one.authority != "shared":
        return f"Git ({one.authority})"
    owner = {"git": "Git", "admin": "the admin"}.get(one.owner, "nobody yet")
    return f"{owner} (shared{f', since {sentence(one.since)}' if one.since else ''})"


def _value(value: Value | UnsetType) -> str:
    return "" if isinstance(value, UnsetType) else shown(value)


def _intended(told: Explanation) -> Iterator[str]:
    """
    Yield what the plan would do, as the plan says it.
    """
    found = sections(told.plan)
    yield "The plan:" if found else "The plan: nothing to do"
    for section in found:
        for block in section.blocks:
            yield from (f"{line.sign} {line.text}" for line in block())
