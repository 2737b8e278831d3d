"""
`reconciler demo`: the whole story in a minute, with every command shown before it is run.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from reconciler.cli.init import require_default_state
from reconciler.cli.session import Session, answer, shared
from reconciler.cli.stage import stage
from reconciler.cli.story import STEPS
from reconciler.effects import effect
from reconciler.wiring.scaffold import require_empty

_OPENING = """\
Reconciler keeps a system's users, groups, profiles and roles equal to what Git says.
This is its story in six steps, told on an embedded database in
  {folder}
Every line that begins with $ was run there as it stands; a # says what somebody else did.
"""

_ENDING = """
The story went as told. What it left is yours to look at:

  cd {folder}
  git log                                           who decided what, when, and by which run
  cat state/overrides/ann.yaml                      what Git wants, and Ann's administrator does not
  reconciler owners ann.muster@example.com          who owns which of her fields
  reconciler audit --user bob.keller@example.com    what became of Bob, from Git alone

A repository of your own: reconciler init DIR
"""


@click.command(
    epilog="""
\b
Examples:
  reconciler demo              in a new folder for temporary files
  reconciler demo ./story      in the folder `story`, which must be new or empty
\b
Exit codes: 0 the story went as told, 1 it did not.
"""
)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shared
@click.pass_obj
def demo(again: Callable[[Sequence[str]], int], *, session: Session, folder: Path | None) -> int:
    """
    Tell the whole story on an embedded database: plan, apply, an administrator's edit, a leaver, a broken export.

    Each step is checked: what the database, the ledger and the exit codes say must be what the story says. It takes
    some seconds and needs no network; only DIR is written to.
    """
    require_default_state(session)
    if folder is not None:
        require_empty(folder)
    place = (folder or _new_folder()).resolve()
    answer(_OPENING.format(folder=place))
    with stage(place, again) as told:
        for number, step in enumerate(STEPS, 1):
            told.title(f"Step {number} of {len(STEPS)}: {step.title}")
            step.play(told)
    answer(_ENDING.format(folder=place))
    return 0


def _new_folder() -> Path:
    with effect("mkdir", "a new folder"):
        return Path(tempfile.mkdtemp(prefix="reconciler-demo-"))
