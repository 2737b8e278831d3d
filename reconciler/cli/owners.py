"""
`reconciler owners`: who owns which shared field, as the ledger has it.
"""

from collections.abc import Iterator, Mapping

import click

from reconciler.cli.session import Session, shared
from reconciler.core.ledger import LedgerRow
from reconciler.render.tables import FORMS, Form, Record, render_records
from reconciler.wiring.people import find_person
from reconciler.wiring.records import records

COLUMNS = ("user", "field", "owner", "value", "git_wrote", "since", "run", "key")
VALUES = frozenset({"value", "git_wrote"})


@click.command(
    epilog="""
\b
Examples:
  reconciler owners                                 every shared field of everybody
  reconciler owners ann@example.com                 hers
  reconciler owners --owner admin --format csv      what the administrators own, for a spreadsheet
\b
Exit codes: 0 told, 1 nobody is known by that name.
"""
)
@click.argument("user", required=False)
@click.option("--field", metavar="NAME", help="Only this field.")
@click.option("--owner", type=click.Choice(("git", "admin")), help="Only what this one owns.")
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="How to print it."
)
@shared
def owners(
    *, session: Session, user: str | None, field: str | None, owner: str | None, target: str | None, form: Form
) -> int:
    """
    Say who owns which shared field since when, and what it then held; of USER (key, user name, e-mail) or of all.

    It is read from the ledger alone: a change that an administrator made since the last run is not in it yet.
    """
    rows = records(session.state, target, environ=session.environ).ledger().users
    chosen = {key: rows[key] for key in ([find_person(user, rows)] if user else rows)}
    found = [one for one in told(chosen) if field in {None, one["field"]} and owner in {None, one["owner"]}]
    click.echo(render_records(found, form, columns=COLUMNS, values=VALUES, color=session.color), nl=False)
    if not found:
        session.say("the ledger has no such field of anybody" if rows else "no run has written the ledger yet")
    return 0


def told(rows: Mapping[str, LedgerRow]) -> Iterator[Record]:
    """
    Yield a record for each owned field, by user name and field; what Git wrote last only where it is not the value.
    """
    for key, row in sorted(rows.items(), key=lambda entry: (_name(entry[1]), entry[0])):
        for name, claim in sorted(row.claims.items()):
            if claim.owner is None:
                continue
            wrote: Record = {"git_wrote": claim.wrote} if claim.wrote not in {None, claim.saw} else {}
            yield {
                "user": _name(row),
                "key": key,
                "field": name,
                "owner": claim.owner,
                "value": claim.saw,
                "since": claim.since,
                "run": claim.run,
                **wrote,
            }


def _name(row: LedgerRow) -> str:
    return row.names.present if row.names else row.key
