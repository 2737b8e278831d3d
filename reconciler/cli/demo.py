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
from reconciler.cli.stories import STORIES, ending, opening
from reconciler.effects import effect
from reconciler.wiring.scaffold import require_empty


@click.command(
    epilog="""
\b
Examples:
  reconciler demo              in a new folder for temporary files
  reconciler demo ./story      in the folder `story`, which must be new or empty
  reconciler demo --system baw
\b
Exit codes: 0 the story went as told, 1 it did not.
"""
)
@click.option(
    "--system",
    type=click.Choice(list(STORIES)),
    default="openpages",
    show_default=True,
    help="Whose story: each preset has one.",
)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shared
@click.pass_obj
def demo(again: Callable[[Sequence[str]], int], *, session: Session, system: str, folder: Path | None) -> int:
    """
    Tell the whole story on an embedded database: plan, apply, an administrator's edit, a leaver, a broken export.

    Other systems have stories of their own: --system says which. Each step is checked: what the database, the
    ledger and the exit codes say must be what the story says. It takes some seconds and needs no network; only DIR
    is written to.
    """
    require_default_state(session)
    if folder is not None:
        require_empty(folder)
    place = (folder or _new_folder()).resolve()
    story = STORIES[system]
    answer(opening(story, place))
    with stage(place, again, database=story.database) as told:
        for number, step in enumerate(story.steps, 1):
            told.title(f"Step {number} of {len(story.steps)}: {step.title}")
            step.play(told)
    answer(ending(story, place))
    return 0


def _new_folder() -> Path:
    with effect("mkdir", "a new folder"):
        return Path(tempfile.mkdtemp(prefix="reconciler-demo-"))
