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
_NEXT_GITHUB = """\
{folder} is a Git repository now, with an example organisation that plans at once. Next:

  cd {folder}
  reconciler validate  checks every file
  reconciler plan      says what would change, and why

`apply` publishes the ledger before it writes, so it needs a remote to push to: `git remote add origin URL` first.
Its README.md says what lies where, and how to make it yours.
"""
_CLICK = """\

On GitHub, what remains to be clicked (ten minutes; .github/SETUP.md has each step):

  1  package       a wheel beside the action, until there is a release; account: and
                   url: ${RECONCILER_TARGET_URL} in state/reconciler.yaml, then push
  2  code owners   your teams in .github/CODEOWNERS
  3  App           one that may write contents and pull requests, installed here alone
  4  rulesets      import both files of .github/rulesets/; the App alone may write the ledger
  5  environments  reconciler-plan, reconciler-auto, reconciler (with reviewers), reconciler-export
  6  Actions       read by default; approval for outside collaborators
  7  switch on     variables RECONCILER_CLIENT_ID, and RECONCILER = on; then run `apply`
"""


@click.command(
    epilog="""
\b
Examples:
  reconciler init access             makes the folder `access`
  mkdir access && cd access && reconciler init .
  reconciler init access --github    with workflows, code owners and rulesets
\b
Exit codes: 0 made, 2 the folder is not empty.
"""
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--github", is_flag=True, help="Also write what it needs on GitHub, and tell what remains to be clicked."
)
@shared
def init(*, session: Session, folder: Path, github: bool) -> int:
    """
    Make DIR, which must be new or empty, a Git repository with an example that plans at once.

    It gets a configuration, a policy, an export, a few overrides, the schemas that editors complete by, and a
    README. Everything is committed; nothing outside DIR is touched.
    """
    require_default_state(session)
    around = next((parent for parent in folder.resolve().parents if (parent / ".git").exists()), None)
    if around:
        session.say(f"{folder} lies within the Git repository {around}, which will not hold its files.")
    scaffold(folder, now=clock(session.environ)(), github=github)
    if not session.quiet:
        told = _NEXT_GITHUB if github else _NEXT
        answer(told.format(folder=shlex.quote(str(folder))) + (_CLICK if github else ""))
    return 0


def require_default_state(session: Session) -> None:
    """
    Raise UsageError where --state was given to a command that makes the state folder itself.
    """
    if session.state != Path("state"):
        raise UsageError("here, --state has nothing to say: DIR/state will be made", hint="leave --state out")
