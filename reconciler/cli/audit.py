"""
`reconciler audit`: who owned and changed what, when, by which run and commit, from Git alone.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import click
from msgspec import UnsetType

from reconciler.cli.session import Session, shared
from reconciler.core.model import Value
from reconciler.errors import ReconcilerError, UsageError
from reconciler.history import Event, known_as, owners_over_time
from reconciler.render.tables import FORMS, Form, Record, render_records
from reconciler.wiring.records import records

_COLUMNS = (
    "time",
    "run",
    "user",
    "field",
    "action",
    "owner",
    "was",
    "before",
    "value",
    "because",
    "who",
    "commit",
    "key",
)
_VALUES = frozenset({"before", "value"})
_SHORT = 12


@click.command(
    epilog="""
\b
Examples:
  reconciler audit --user ann@example.com                   everything that became of her fields
  reconciler audit --user ann@example.com --field locale    who owned her locale, and what it held, over time
  reconciler audit --since 2026-11-01 --format csv          for a spreadsheet
\b
Exit codes: 0 told, 1 nobody was ever known by that name, or a record is broken.
"""
)
@click.option("--user", metavar="USER", help="Only of this person: key, or any user name or e-mail ever borne.")
@click.option("--field", metavar="NAME", help="Only this field.")
@click.option("--since", metavar="DAY", help="Only from this day or time on (UTC), such as 2026-11-01.")
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="How to print it."
)
@shared
def audit(
    *,
    session: Session,
    user: str | None,
    field: str | None,
    since: str | None,
    target: str | None,
    form: Form,
) -> int:
    """
    Say who owned each field and what it held over time: which change landed when, by which run, in which commit.

    Only the runs' records in Git are read. No target is asked, and none need be there.
    """
    begin = _moment(since)
    runs = records(session.state, target, environ=session.environ).runs()
    if user is not None and not known_as(runs, user):
        raise ReconcilerError(f"no run knows anybody as {user!r}", hint="reconciler owners shows who is known")
    told = list(_told(owners_over_time(runs, user=user, field=field, since=begin), short=form == "table"))
    click.echo(render_records(told, form, columns=_COLUMNS, values=_VALUES, color=session.color), nl=False)
    if not told:
        session.say("nothing of that is recorded" if runs else "no run is recorded yet")
    return 0


def _moment(since: str | None) -> str | None:
    """
    Return a day or time as the records write it; raises UsageError where it is none.
    """
    if since is None:
        return None
    for pattern in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(since, pattern).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007  it is UTC
        except ValueError:
            continue
    raise UsageError(f"{since!r} is no day", hint="write --since 2026-11-01, or 2026-11-01T06:00:00Z")


def _told(events: Iterable[Event], *, short: bool) -> Iterator[Record]:
    """
    Yield a record for each event; a commit is named as briefly as Git does where people read it.
    """
    for one in events:
        words: dict[str, Value | UnsetType] = {
            "time": one.time,
            "run": one.run,
            "user": one.name,
            "key": one.key,
            "field": one.field,
            "action": one.action,
            "owner": one.owner or "",
            "was": one.was or "",
            "before": one.before,
            "value": one.value,
            "because": one.text,
            "who": one.who,
            "commit": one.commit[:_SHORT] if short else one.commit,
        }
        yield {name: value for name, value in words.items() if not isinstance(value, UnsetType)}
