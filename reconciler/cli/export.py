"""
`reconciler export`: what a cloud says, or printed, becomes the export under state/exports/.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from reconciler.cli.session import Session, answer, complain, shared
from reconciler.errors import UsageError
from reconciler.wiring.exporting import Exported
from reconciler.wiring.exporting import export as write

PARTIAL = 1


@click.command(
    epilog="""
\b
Examples:
  reconciler export ibmcloud                                     from the cloud itself
  reconciler export ibmcloud --from printed/
  reconciler export ibmcloud --from users-1.json users-2.json groups.json members/ policies.json
  reconciler export ibmcloud --from printed/ --account 1f2e3d --fetched-at 2026-11-20T06:00:00Z
\b
Exit codes: 0 written whole, 1 written but incomplete, or refused.
"""
)
@click.argument("source")
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--from",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH...",
    help="Files, or a folder of them, that the cloud's API or command line printed. May be repeated.",
)
@click.option("--account", metavar="ID", help="The account they must be of; else the one in reconciler.yaml.")
@click.option("--fetched-at", metavar="TIME", help="When they were printed, such as 2026-11-20T06:00:00Z.")
@shared
def export(
    *,
    session: Session,
    source: str,
    more: tuple[Path, ...],
    paths: tuple[Path, ...],
    account: str | None,
    fetched_at: str | None,
) -> int:
    """
    Read SOURCE, and write it under --state as canonical rows with a manifest.

    Without --from the cloud itself is asked, if its settings in reconciler.yaml say where and how.

    An export that is not the whole is written all the same, and named: nothing will be removed on it.
    """
    if more and not paths:
        raise UsageError("paths stand there without --from", hint=f"reconciler export {source} --from PATH...")
    files = (*paths, *more)
    found = write(session.state, source, files, account=account, fetched_at=fetched_at, environ=session.environ)
    answer("".join(f"{line}\n" for line in _told(found)))
    if found.manifest.complete:
        return 0
    complain(
        "the export is incomplete: people will be added and updated on it, and nobody and nothing removed",
        "export again with what is missing, as named above",
    )
    return PARTIAL


def _told(found: Exported) -> Iterator[str]:
    """
    Yield what was read, what is worth knowing of it, and what is missing.
    """
    counts = found.manifest.counts
    states = ", ".join(f"{number:,} {state}" for state, number in found.states.items())
    yield f"{found.folder} of account {found.manifest.account}, read at {found.manifest.fetched_at}"
    yield f"  users        {counts.users:,}" + (f" ({states})" if states else "")
    yield f"  groups       {counts.groups:,}"
    yield f"  memberships  {counts.memberships:,}"
    yield from (f"  note: {note}" for note in found.notes)
    yield from (f"  missing: {fault}" for fault in found.manifest.faults)
