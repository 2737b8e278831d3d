"""
`reconciler serve`: the triggers over HTTP, by one process that is the target's one writer.
"""

import ipaddress
from functools import partial

import click

from reconciler.cli.session import Session, shared
from reconciler.errors import UsageError
from reconciler.wiring.triggering import Place, found_by, make, opens

_EXTRA = "pip install 'identity-reconciler[server]'"


@click.command(
    epilog="""
\b
Examples:
  RECONCILER_TOKEN=... reconciler serve                 on this machine alone, port 8080
  RECONCILER_TOKEN=... reconciler serve --port 0        on a port that is free; it is told
  curl -H "Authorization: Bearer ..." -H "Content-Type: application/json" -d '{"user": "ann"}' \\
       http://127.0.0.1:8080/events/login
What can be asked stands at /docs. A secret has 16 characters at least.
Exit codes: 0 stopped as it was told to, 1 it cannot work, 2 no secret, or no library for it.
"""
)
@click.option("--target", metavar="NAME", help="The target; needed where there are several.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to answer at.")
@click.option(
    "--port",
    type=click.IntRange(min=0, max=65535),
    default=8080,
    show_default=True,
    help="The port; 0: a free one.",
)
@click.option("--push", is_flag=True, help="Push the ledger's branch after each of its commits.")
@click.option(
    "--wait", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Seconds to wait for another run."
)
@shared
def serve(*, session: Session, target: str | None, host: str, port: int, push: bool, wait: float) -> int:
    """
    Answer triggers over HTTP until it is told to stop; the write in hand is finished then, and recorded.

    Who calls bears the secret in the variable RECONCILER_TOKEN. Put a proxy with TLS before it where the network is
    not this machine.
    """
    try:
        from reconciler import server_run  # noqa: PLC0415  only this command needs the extra libraries
    except ImportError as error:
        raise UsageError(f"serve needs a library that is not installed: {error.name}", hint=_EXTRA) from error
    secret = server_run.secret_of(session.environ)
    place = Place(root=session.state, target=target, environ=session.environ, wait=wait, push=push)
    opens(place)
    if not _is_loopback(host):
        session.say(f"{host} can be reached from elsewhere: put a proxy with TLS before it")
    server_run.run(
        server_run.service(
            secret,
            make=server_run.logged(partial(make, place), session.say),
            search=partial(found_by, place),
        ),
        host=host,
        port=port,
        say=session.say,
    )
    return 0


def _is_loopback(host: str) -> bool:
    """
    Return whether an address is this machine's own.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
