"""
`reconciler import`: search a source, see what an import of each match would come to, and record whom to import.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

import click

from reconciler.cli.session import Session, answer, shared
from reconciler.core.matching import folded
from reconciler.core.model import Value
from reconciler.core.search import Query
from reconciler.errors import UsageError
from reconciler.render.tables import FORMS, Form, Record, render_records
from reconciler.wiring.adapters import open_search
from reconciler.wiring.bench import Bench, bench
from reconciler.wiring.choosing import Choice, Recorded, record_choice
from reconciler.wiring.copying import access_in_target
from reconciler.wiring.importing import Found, Match, search, target_of

_COLUMNS = ("no", "kind", "name", "display", "status", "key")


@click.command(
    "import",
    epilog="""
\b
Examples:
  reconciler import berlin an                                  who has "an" in a name, and what would become of each
  reconciler import berlin 'an*' --select analysis             record that Analysis is imported
  reconciler import berlin 'an*' --all --roles Reviewer --enable
  reconciler import berlin mona --select mona --copy-access-from bob
\b
Exit codes: 0 told or recorded, 1 one that is blocked was chosen, 2 usage, 3 the export is refused.
""",
)
@click.argument("source")
@click.argument("query")
@click.option("--filter", "raw", is_flag=True, help="QUERY is a filter of the directory's own (RFC 4515).")
@click.option(
    "--select", multiple=True, metavar="NAME", help="Choose this match: its name or key. May be repeated."
)
@click.option("--all", "everybody", is_flag=True, help="Choose every match that is not blocked.")
@click.option("--roles", metavar="ROLE,...", help="Roles that new ones are made with, beside the source's.")
@click.option(
    "--copy-access-from",
    "like",
    metavar="NAME",
    help="Add the roles and groups of this user of the target, or the roles of this group (group:NAME).",
)
@click.option(
    "--enable", is_flag=True, help="New users are made enabled; otherwise disabled, if the policy says so."
)
@click.option("--reason", metavar="TEXT", help="Why; otherwise what was searched for.")
@click.option("--target", metavar="NAME", help="The target; needed where several draw from SOURCE.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="table",
    show_default=True,
    help="How to print the matches.",
)
@shared
def import_(  # noqa: PLR0913  click gives one argument an option
    *,
    session: Session,
    source: str,
    query: str,
    raw: bool,
    select: tuple[str, ...],
    everybody: bool,
    roles: str | None,
    like: str | None,
    enable: bool,
    reason: str | None,
    target: str | None,
    form: Form,
) -> int:
    """
    Search SOURCE for users and groups whose name contains QUERY, and choose whom to import.

    QUERY matches anywhere in a user name, display name or group name; * is a wildcard. Each match shows its status
    before anything happens. The choice is written as an override: plan and apply do the rest. Whoever was imported
    before keeps its roles; --copy-access-from adds to them, once.
    """
    if not query.strip():
        raise UsageError("there is nothing to search for", hint="reconciler import SOURCE '*' finds everybody")
    if select and everybody:
        raise UsageError("--select and --all say different things", hint="say one of them")
    with bench(session.state, target_of(session.state, source, target), environ=session.environ) as found:
        matches = search(found, open_search(found.state, source, session.environ), Query(text=query, raw=raw))
        _show(session, matches.matches, form)
        chosen = _chosen(session, matches.matches, select=select, everybody=everybody)
        if not chosen:
            return 0
        choice = Choice(
            chosen=chosen,
            roles=_listed(roles),
            access=access_in_target(matches.decision, like) if like else None,
            enable=enable,
            reason=reason or f"import from {source}: {query}" + (f", with the access of {like}" if like else ""),
        )
        return _record(session, found, matches, choice=choice, form=form)


def _show(session: Session, matches: Sequence[Match], form: Form) -> None:
    """
    Print the matches, numbered, each with its status.
    """
    told = list(_told(matches, whole=form != "table"))
    columns = _COLUMNS if form == "table" else (*_COLUMNS, "reason", "release", "chosen")
    click.echo(render_records(told, form, columns=columns, values=frozenset(), color=session.color), nl=False)
    if not matches:
        session.say("nobody matches")


def _told(matches: Iterable[Match], *, whole: bool) -> Iterator[Record]:
    """
    Yield a record for each match; people read status and reason in one, programs apart.
    """
    for number, one in enumerate(matches, 1):
        record: dict[str, Value] = {
            "no": number,
            "kind": one.kind,
            "name": one.name,
            "display": one.display,
            "status": one.status if whole else _status(one),
            "key": one.key,
        }
        apart: dict[str, Value] = {"reason": one.reason, "release": one.release, "chosen": one.chosen}
        yield record | apart if whole else record


def _status(one: Match) -> str:
    return f"{one.status}: {one.reason}" if one.reason else one.status


def _chosen(
    session: Session, matches: Sequence[Match], *, select: tuple[str, ...], everybody: bool
) -> tuple[Match, ...]:
    """
    Return the matches that are meant; whoever sits there is asked, where no option says.
    """
    if select:
        return tuple(dict.fromkeys(one for name in select for one in _named(matches, name)))
    if everybody:
        blocked = [one for one in matches if one.status == "blocked"]
        for one in blocked:
            session.say(f"left out: {one.kind} {one.name}, {_status(one)}")
        return tuple(one for one in matches if one.status != "blocked")
    if matches and session.on_terminal:
        typed = click.prompt("Which? (1,3-5; all; nothing: none)", default="", show_default=False, err=True)
        return numbered(matches, typed)
    if matches:
        session.say("nobody is chosen: say --select NAME or --all")
    return ()


def numbered(matches: Sequence[Match], typed: str) -> tuple[Match, ...]:
    """
    Return the matches that somebody typed the numbers of: `1,3-5`, `all`, or nothing; raises UsageError.
    """
    if typed.strip().lower() == "all":
        return tuple(one for one in matches if one.status != "blocked")
    meant: set[int] = set()
    for part in typed.replace(",", " ").split():
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise UsageError(f"{part!r} is no number of a match", hint="type numbers, such as 1,3-5")
        meant.update(range(int(first), min(int(last or first), len(matches) + 1) + 1))
    if strange := sorted(number for number in meant if not 1 <= number <= len(matches)):
        raise UsageError(f"there is no match {strange[0]}", hint=f"the numbers are 1 to {len(matches)}")
    return tuple(matches[number - 1] for number in sorted(meant))


def _named(matches: Sequence[Match], name: str) -> tuple[Match, ...]:
    """
    Return the one match of that key or name; raises UsageError where none, or more than one, is meant.
    """
    found = [one for one in matches if one.key == name] or [
        one for one in matches if folded(one.name) == folded(name)
    ]
    if len(found) > 1:
        told = f"{name!r} may be {' or '.join(f'the {one.kind} {one.key}' for one in found)}"
        raise UsageError(told, hint="name the key of the one you mean")
    if not found:
        near = get_close_matches(name, [one.name for one in matches], 1)
        hint = f"did you mean {near[0]!r}?" if near else "name one of those that are listed"
        raise UsageError(f"no match is called {name!r}", hint=hint)
    return tuple(found)


def _listed(roles: str | None) -> tuple[str, ...]:
    return tuple(sorted({role.strip() for role in (roles or "").split(",") if role.strip()}))


def _record(session: Session, bench: Bench, found: Found, *, choice: Choice, form: Form) -> int:
    """
    Write the choice, and tell what was written and what to type next.
    """
    written = record_choice(bench, found, choice)
    _say_what_comes_too_late(session, choice)
    if written.path is None:
        session.say("all of them are chosen already, and nothing is added: reconciler plan")
        return 0
    tell = answer if form == "table" else session.say
    tell("".join(f"{line}\n" for line in _lines(written)))
    if choice.access and choice.access.beyond:
        beyond = ", ".join(choice.access.beyond)
        session.say(f"not copied, because the policy does not manage these groups: {beyond}")
    session.say(f"next: git add {written.path} && git commit, then: reconciler plan")
    return 0


def _say_what_comes_too_late(session: Session, choice: Choice) -> None:
    """
    Say whom options are of no use to: roles and state are for who is made, and the target's affair from then on.
    """
    given = [name for name, value in (("--enable", choice.enable), ("--roles", choice.roles)) if value]
    there = [one.name for one in choice.chosen if one.status == "synchronize"]
    if given and there:
        session.say(f"{' and '.join(given)} change nothing for who was imported before: {', '.join(there)}")


def _lines(written: Recorded) -> Iterator[str]:
    yield f"{written.path}:"
    yield from (f"  {line}" for line in written.text.splitlines())
