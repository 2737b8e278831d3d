"""
`reconciler audit`: who owned and changed what, when, by which run and commit, from Git alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Literal

import click
from msgspec import UnsetType

from reconciler.cli.audit_page import audit_page
from reconciler.cli.session import Session, shared
from reconciler.cli.verifying import print_proof
from reconciler.core.model import Value
from reconciler.core.runs import Run
from reconciler.errors import ReconcilerError, UsageError
from reconciler.history import Event, known_as, owners_over_time
from reconciler.render.audit_page import Table
from reconciler.render.tables import FORMS, Form, Record, render_records
from reconciler.wiring.administrators import Power, privileged_roles
from reconciler.wiring.administrators import administrators as on_that_day
from reconciler.wiring.records import Records, records
from reconciler.wiring.surroundings import clock, stamp

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
_POWER = ("user", "roles", "owner", "recorded", "until", "run", "commit", "key")
_VALUES = frozenset({"before", "value"})
_SHORT = 12


@click.command(
    epilog="""
\b
Examples:
  reconciler audit --user ann@example.com                   everything that became of her fields
  reconciler audit --user ann@example.com --field locale    who owned her locale, and what it held, over time
  reconciler audit --since 2026-11-01 --format csv          for a spreadsheet
  reconciler audit --administrators --on 2026-11-20         who could log in as an administrator that day
  reconciler audit --user ann@example.com --format html     a page: her timeline, owners, what is held, the runs
  reconciler audit --verify                                 whether anybody touched what the runs recorded
\b
Exit codes: 0 told, 1 no such person or field was ever recorded, the record begins after the day asked for, or a
record is broken or was touched, 2 usage.
"""
)
@click.option("--user", metavar="USER", help="Only of this person: key, or any user name or e-mail ever borne.")
@click.option("--field", metavar="NAME", help="Only this field.")
@click.option("--since", metavar="DAY", help="Only from this day or time on (UTC), such as 2026-11-01.")
@click.option(
    "--administrators", is_flag=True, help="Who could log in as an administrator, at any moment of the day --on."
)
@click.option("--on", metavar="DAY", help="The day (UTC) for --administrators, such as 2026-11-20; else today.")
@click.option(
    "--verify", is_flag=True, help="Whether every recorded state follows from the runs; names what was touched."
)
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option(
    "--format",
    "form",
    type=click.Choice((*FORMS, "html")),
    default="table",
    show_default=True,
    help="How to print it; html is a page with owners, holds and runs.",
)
@shared
def audit(  # noqa: PLR0913  click gives one argument an option
    *,
    session: Session,
    user: str | None,
    field: str | None,
    since: str | None,
    administrators: bool,
    on: str | None,
    verify: bool,
    target: str | None,
    form: Form | Literal["html"],
) -> int:
    """
    Say who owned each field and what it held over time: which change landed when, by which run, in which commit.

    Only the runs' records in Git are read. No target is asked, and none need be there.
    """
    if administrators or on or verify:
        if user or field or since or administrators is verify or (on and not administrators):
            wrong = "--on goes with --administrators; these, and --verify, with no other question"
            raise UsageError(wrong, hint="see --help")
        if form == "html":
            raise UsageError("a page answers neither --verify nor --administrators", hint="use another --format")
        return print_proof(session, target, form) if verify else _administrators(session, target, on, form)
    begin = _moment(since)
    found = records(session.state, target, environ=session.environ)
    if found.store.deepen():
        session.say("this clone was made without the ledger's older commits; they are fetched now")
    runs = found.runs()
    _require_known(runs, user, field)
    told = list(_told(owners_over_time(runs, user=user, field=field, since=begin), short=form in {"table", "html"}))
    if form == "html":
        timeline = Table(title="Timeline", columns=_COLUMNS, records=told, values=_VALUES)
        keys = None if user is None else known_as(runs, user)
        click.echo(audit_page(found.target, runs, found.ledger(), timeline=timeline, keys=keys), nl=False)
        return 0
    click.echo(render_records(told, form, columns=_COLUMNS, values=_VALUES, color=session.color), nl=False)
    if not told:
        session.say("nothing of that is recorded" if runs else "no run is recorded yet")
    return 0


def _require_known(runs: Sequence[Run], user: str | None, field: str | None) -> None:
    """
    Raise ReconcilerError, with what comes nearest, where no run has recorded that person or field.
    """
    if user is not None and not known_as(runs, user):
        raise ReconcilerError(f"no run knows anybody as {user!r}", hint="reconciler owners shows who is known")
    if field is not None and runs and field not in (known := {one.field for one in owners_over_time(runs)}):
        near = get_close_matches(field, sorted(known), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(sorted(known))}"
        raise ReconcilerError(f"no run has recorded a field {field!r}", hint=hint)


def _administrators(session: Session, target: str | None, on: str | None, form: Form) -> int:
    """
    Print who could log in as an administrator on a day, and of which record that is known.
    """
    found = records(session.state, target, environ=session.environ)
    day = date.fromisoformat((_moment(on) or stamp(clock(session.environ)()))[:10])
    _require_recorded(found, day)
    powers = on_that_day(found, privileged_roles(session.state, found.target), day)
    told = [_power(one, short=form == "table") for one in powers]
    click.echo(render_records(told, form, columns=_POWER, values=frozenset(), color=session.color), nl=False)
    if not told:
        session.say(f"the ledger knows no administrator on {day}")
    return 0


def _require_recorded(found: Records, day: date) -> None:
    """
    Raise ReconcilerError where the record begins after the day: nobody named is not nobody there.
    """
    runs = found.runs()
    if not runs:
        raise ReconcilerError("no run is recorded yet, so nothing is known of any day", hint="reconciler apply")
    if day.isoformat() < (first := runs[0].header.time[:10]):
        told = f"the record begins on {first}: who was an administrator on {day} is not known"
        raise ReconcilerError(told, hint=f"reconciler audit --administrators --on {first}")


def _power(one: Power, *, short: bool) -> Record:
    return {
        "user": one.name,
        "roles": one.roles,
        "owner": one.owner,
        "recorded": one.time,
        "until": one.until,
        "run": one.run,
        "commit": one.commit[:_SHORT] if short else one.commit,
        "key": one.key,
    }


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
    raise UsageError(f"{since!r} is no day", hint="write it like 2026-11-01, or 2026-11-01T06:00:00Z")


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
