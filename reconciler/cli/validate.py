"""
`reconciler validate`: every fault of every file at once, each with its line.
"""

from collections.abc import Sequence

import click

from reconciler.cli.session import Session, answer, shared
from reconciler.errors import Fault
from reconciler.render.json_text import json_text
from reconciler.wiring.validation import Checkup, check_state

FAULTY = 1


@click.command(
    epilog="""
\b
Examples:
  reconciler validate                  checks state/
  reconciler validate --format json    for programs
\b
Exit codes: 0 no faults, 1 faults. Warnings stop nothing.
"""
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to print it.",
)
@shared
def validate(*, session: Session, form: str) -> int:
    """
    Check every file under --state: against its schema, and what it says of people, groups, roles and fields.

    All faults of all files are told at once, each as file:line. The ledger is checked as Git has it.
    """
    found = check_state(session.state, environ=session.environ)
    if form == "json":
        click.echo(_json(found), nl=False)
    else:
        answer(_text(found))
    return FAULTY if found.faults else 0


def _text(found: Checkup) -> str:
    lines = [str(fault) for fault in found.faults]
    lines += [f"warning: {warning}" for warning in found.warnings]
    return "\n".join((*lines, f"{_count(found.files, 'file')}, {_result(found)}")) + "\n"


def _result(found: Checkup) -> str:
    faults = _count(len(found.faults), "fault") if found.faults else "no faults"
    return faults + (f", {_count(len(found.warnings), 'warning')}" if found.warnings else "")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _json(found: Checkup) -> str:
    return json_text(
        {"files": found.files, "faults": _told(found.faults), "warnings": _told(found.warnings)},
    )


def _told(faults: Sequence[Fault]) -> list[dict[str, str | int]]:
    return [{"path": one.path, "line": one.line, "message": one.message, "hint": one.hint} for one in faults]
