"""
`reconciler doctor`: what a target can and cannot do, said by itself or measured.
"""

import click
from msgspec.structs import asdict

from reconciler.cli.session import Session, answer, shared
from reconciler.render.tables import FORMS, Form, render_records
from reconciler.wiring.diagnosing import diagnose

_COLUMNS = ("what", "found", "means")


@click.command(
    epilog="""
\b
Examples:
  reconciler doctor openpages              connect, read, and say what it can do
  reconciler doctor openpages --probe      measure it on throw-away objects, which are removed again
\b
Exit codes: 0 looked at, 1 it cannot be reached or read, 2 there is no such target.
"""
)
@click.argument("target")
@click.option("--probe", is_flag=True, help="Make an inactive user and a group, measure what happens, remove them.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="How to print it."
)
@shared
def doctor(*, session: Session, target: str, probe: bool, form: Form) -> int:
    """
    Say what TARGET can and cannot do, and what that means for a run.

    Nothing is written to it without --probe.
    """
    found = diagnose(session.state, target, probe=probe, environ=session.environ)
    records = [{name: value for name, value in asdict(one).items() if value} for one in found]
    answer(render_records(records, form, columns=_COLUMNS, values=frozenset(), color=session.color))
    return 0
