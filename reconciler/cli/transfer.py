"""
`reconciler take` and `reconciler give`: the override that moves a field between Git and the target's admin.
"""

from collections.abc import Iterator

import click
from msgspec import UnsetType

from reconciler.cli.session import Session, answer, shared
from reconciler.core.model import Value
from reconciler.render.shown import shown
from reconciler.wiring.bench import bench
from reconciler.wiring.transfers import Verb, Wish, Written, write_transfer

_TARGET = click.option("--target", metavar="NAME", help="The target; needed where there are several.")
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why: a ticket, a decision, a sentence.")
_UNTIL = click.option("--until", metavar="DAY", help="The last day it holds (UTC), such as 2027-01-31.")


@click.command(
    epilog="""
\b
Examples:
  reconciler take ann@example.com locale --reason AUD-1182
  reconciler take ann@example.com locale profiles --reason "agreed with Ann" --until 2027-01-31
\b
Exit codes: 0 written, 1 refused: then there is no file.
"""
)
@click.argument("user")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD...")
@_REASON
@_UNTIL
@_TARGET
@shared
def take(
    *, session: Session, user: str, fields: tuple[str, ...], reason: str, until: str | None, target: str | None
) -> int:
    """
    Write the override that takes fields of USER (key, user name or e-mail) back to Git, once.

    It holds the values that are in the target now. If they change before it is applied, it is held.
    """
    return _write(session, target, Wish(verb="take", user=user, fields=fields, reason=reason, until=until))


@click.command(
    epilog="""
\b
Examples:
  reconciler give ann@example.com locale --reason "she works in Vienna"
\b
Exit codes: 0 written, 1 refused: then there is no file.
"""
)
@click.argument("user")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD...")
@_REASON
@_UNTIL
@_TARGET
@shared
def give(
    *, session: Session, user: str, fields: tuple[str, ...], reason: str, until: str | None, target: str | None
) -> int:
    """
    Write the override that gives fields of USER (key, user name or e-mail) to the target's administrator.
    """
    return _write(session, target, Wish(verb="give", user=user, fields=fields, reason=reason, until=until))


def _write(session: Session, target: str | None, wish: Wish) -> int:
    with bench(session.state, target, environ=session.environ) as found:
        written = write_transfer(found, wish)
    answer("".join(f"{line}\n" for line in _told(written, wish.verb)))
    session.say(f"next: git add {written.path} && git commit, then: reconciler plan")
    return 0


def _told(written: Written, verb: Verb) -> Iterator[str]:
    """
    Yield what was decided of each field, the file's name and its content.
    """
    for one in written.fields:
        live = f"{one.field} of {written.name} is {_value(one.live)} in the target"
        yield f"{live}; Git wants {_value(one.desired)}" if verb == "take" else f"{live}, and will be the admin's"
    yield f"{written.path}:"
    yield from (f"  {line}" for line in written.text.splitlines())


def _value(value: Value | UnsetType) -> str:
    return "nothing" if isinstance(value, UnsetType) else shown(value)
