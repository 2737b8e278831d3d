"""
`reconciler init`: a state repository that plans at once.
"""

import shlex
from pathlib import Path

import click

from reconciler.cli.session import Session, answer, shared
from reconciler.errors import UsageError
from reconciler.wiring.scaffold import scaffold
from reconciler.wiring.surroundings import clock

_NEXT = """\
{folder} is a Git repository now, with an example organisation that plans at once. Next:

  cd {folder}
  reconciler validate  checks every file
  reconciler plan      says what would change, and why
  reconciler apply     asks, makes those changes in an embedded database, and records them in Git

Its README.md says what lies where, and how to make it yours.
"""


@click.command(
    epilog="""
\b
Examples:
  reconciler init access             makes the folder `access`
  mkdir access && cd access && reconciler init .
\b
Exit codes: 0 made, 2 the folder is not empty.
"""
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@shared
def init(*, session: Session, folder: Path) -> int:
    """
    Make DIR, which must be new or empty, a Git repository with an example that plans at once.

    It gets a configuration, a policy, an export, a few overrides, the schemas that editors complete by, and a
    README. Everything is committed; nothing outside DIR is touched.
    """
    require_default_state(session)
    scaffold(folder, now=clock(session.environ)())
    if not session.quiet:
        answer(_NEXT.format(folder=shlex.quote(str(folder))))
    return 0


def require_default_state(session: Session) -> None:
    """
    Raise UsageError where --state was given to a command that makes the state folder itself.
    """
    if session.state != Path("state"):
        raise UsageError("here, --state has nothing to say: DIR/state will be made", hint="leave --state out")
