"""
The triggers: `login`, `search`, `start`, `sync-users`, `sync-groups`. What has happened is looked at now.

They are runs as `apply` makes them, about few. Nobody is asked, and what is dangerous is held as it always is.
"""

from collections.abc import Callable

import click

from reconciler.cli.apply import at_once
from reconciler.cli.plan import limited
from reconciler.cli.session import Function, Session, shared
from reconciler.core import scope
from reconciler.errors import UsageError
from reconciler.wiring.bench import bench
from reconciler.wiring.triggering import searched

_CODES = "Exit codes: 0 done, 1 some changes did not land, 2 nobody has that name, 3 something needs a decision."


def _said(
    _context: click.Context, parameter: click.Parameter, value: str | tuple[str, ...]
) -> str | tuple[str, ...]:
    """
    Return what was said; raises UsageError for a name without a letter: a script's variable that is not set.
    """
    names = (value,) if isinstance(value, str) else value
    if any(not name.strip() for name in names):
        told = f"{str(parameter.name).upper().rstrip('S')} is empty, and would mean everybody or nobody"
        raise UsageError(told, hint="name somebody, or leave it out where all are meant")
    return value


def triggering(command: Function) -> Function:
    """
    Return the command with the options that all triggers have.
    """
    options: tuple[Callable[[Function], Function], ...] = (
        shared,
        click.option(
            "--wait",
            type=click.FloatRange(min=0),
            default=30.0,
            show_default=True,
            help="Seconds to wait for another run.",
        ),
        click.option("--push", is_flag=True, help="Push the ledger's branch after each of its commits."),
        limited,
        click.option("--target", metavar="NAME", help="The target; needed where there are several."),
    )
    for option in options:
        command = option(command)
    return command


@click.command(
    epilog=f"""
\b
Examples:
  reconciler login ann@example.com      Ann has logged in: make her, or refresh her, now
{_CODES}
"""
)
@click.argument("user", callback=_said)
@triggering
def login(*, session: Session, target: str | None, user: str, limit: int, push: bool, wait: float) -> int:
    """
    Look at USER, who has just logged in: a key, a user name or an e-mail address.

    The account is made if it is missing, its fields and memberships become what the newest export says, and where
    the policy waits for a login it is made usable again. Nothing is taken from anybody else.
    """
    asked = scope.login([user])
    return at_once(session, asked, target=target, limit=limit, push=push, wait=wait)


@click.command(
    epilog=f"""
\b
Examples:
  reconciler search 'ann*'      make everybody whose name contains it, in no group and without a role
{_CODES}
"""
)
@click.argument("query", callback=_said)
@triggering
def search(*, session: Session, target: str | None, query: str, limit: int, push: bool, wait: float) -> int:
    """
    Make the users whom QUERY finds in the newest export, as far as they are missing.

    It is looked for anywhere in user names and display names; * is anything. A search that finds more than the
    policy's `search_cap` makes nobody.
    """
    with bench(session.state, target, environ=session.environ) as found:
        asked = searched(found, query)
    return at_once(session, asked, target=target, limit=limit, push=push, wait=wait)


@click.command(
    epilog=f"""
\b
Examples:
  reconciler start      all groups, and no user, as when the server starts
{_CODES}
"""
)
@triggering
def start(*, session: Session, target: str | None, limit: int, push: bool, wait: float) -> int:
    """
    Look at all groups, and at no user and no membership.
    """
    return at_once(session, scope.START, target=target, limit=limit, push=push, wait=wait)


@click.command(
    epilog=f"""
\b
Examples:
  reconciler sync-users ann bob      these two become what Git says, whatever that is
  reconciler sync-users              everybody whom the ledger knows
{_CODES}
"""
)
@click.argument("names", nargs=-1, metavar="[USER]...", callback=_said)
@triggering
def sync_users(
    *, session: Session, target: str | None, names: tuple[str, ...], limit: int, push: bool, wait: float
) -> int:
    """
    Make each USER what Git says, and nobody else; without one, all whom the ledger knows.
    """
    asked = scope.sync_users(names)
    return at_once(session, asked, target=target, limit=limit, push=push, wait=wait)


@click.command(
    epilog=f"""
\b
Examples:
  reconciler sync-groups Auditors      this group, and who of the known users is in it
  reconciler sync-groups               every group that the ledger knows
{_CODES}
"""
)
@click.argument("names", nargs=-1, metavar="[GROUP]...", callback=_said)
@triggering
def sync_groups(
    *, session: Session, target: str | None, names: tuple[str, ...], limit: int, push: bool, wait: float
) -> int:
    """
    Make each GROUP what Git says, its members among the known users too; without one, all that the ledger knows.
    """
    asked = scope.sync_groups(names)
    return at_once(session, asked, target=target, limit=limit, push=push, wait=wait)
