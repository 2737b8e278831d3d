"""
The registry of adapters: which module reads which cloud and writes to which system, and where the ledger is kept.

Adapters are imported when they are asked for, so that a command starts as fast as what it needs.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from reconciler.core.export import Manifest
from reconciler.errors import UsageError
from reconciler.files.config import Config, SourceConfig
from reconciler.files.exports import open_export
from reconciler.files.new_export import write_export
from reconciler.files.state import State, load_state
from reconciler.ports import Reading, Searchable, Unfenced
from reconciler.store import EmptyStore, GitStore
from reconciler.wiring.surroundings import expanded


def open_store(state: State, target: str, now: Callable[[], datetime]) -> GitStore | EmptyStore:
    """
    Return the store of a target's ledger; an empty one where the state lies in no Git repository.
    """
    from reconciler.store_git import NoRepositoryError  # noqa: PLC0415  Git is loaded only by who needs it

    config = state.config.ledger
    author = config.author.name, config.author.email
    try:
        return GitStore.open(state.root, root=f"ledger/{target}", branch=config.branch, author=author, now=now)
    except NoRepositoryError:
        return EmptyStore()


def open_target(state: State, name: str, environ: Mapping[str, str]) -> Unfenced:
    """
    Return a target, ready to be read. A relative SQLite path starts at the folder that holds the state folder.
    """
    from reconciler.targets.sql import SqlTarget  # noqa: PLC0415  only who has such a target needs it

    url = expanded(state.config.targets[name].url, environ, target=name)
    role_groups = frozenset(state.policies[name].roles.administrator.groups)
    path = url.removeprefix("sqlite:///")
    here = url if path == url or Path(path).is_absolute() else f"sqlite:///{_beside(state.root, path)}"
    return SqlTarget.open(here, identity=f"sqlite:{path}", role_groups=role_groups)


def _beside(root: Path, path: str) -> str:
    return (root.resolve().parent / path).as_posix()


def open_search(state: State, source: str) -> Searchable:
    """
    Return where somebody is looked for in a source: its export, as it lies in the state folder.

    Raises UsageError for a source that is not configured, SourceError where it has no export.
    """
    from reconciler.sources.exported import ExportSearch  # noqa: PLC0415  a command loads the source it reads

    return ExportSearch(open_export(state.root / "exports" / known_source(state.config, source)))


def known_source(config: Config, source: str) -> str:
    """
    Return the name of a source, which is configured; raises UsageError where it is not.
    """
    if source not in config.sources:
        names = ", ".join(sorted(config.sources))
        raise UsageError(f"there is no source {source!r} in reconciler.yaml", hint=f"one of: {names}")
    return source


def export_files(
    root: Path,
    source: str,
    paths: Sequence[Path],
    *,
    account: str | None,
    fetched_at: str | None,
) -> tuple[Manifest, tuple[str, ...]]:
    """
    Return the manifest of the export written from files that the cloud printed, and notes on what was read.

    Raises UsageError for a source that is not configured, InputError or SourceError for files that cannot be right.
    """
    state = load_state(root)
    settings = state.config.sources[known_source(state.config, source)]
    reading = _reading(paths, settings, account=account or settings.account, fetched_at=fetched_at)
    manifest = write_export(
        root / "exports" / source,
        source=source,
        account=reading.account,
        fetched_at=reading.fetched_at,
        complete=reading.complete,
        faults=reading.faults,
        read=reading.read,
        users=reading.users,
        groups=reading.groups,
    )
    return manifest, reading.notes


def _reading(
    paths: Sequence[Path], settings: SourceConfig, *, account: str | None, fetched_at: str | None
) -> Reading:
    """
    Return what the files say, as the source's type has them read.
    """
    if settings.type == "rows":
        from reconciler.sources.canonical import read_rows  # noqa: PLC0415  a command loads the source it reads

        return read_rows(paths, account=account, fetched_at=fetched_at)
    from reconciler.sources.ibmcloud import read_files  # noqa: PLC0415  a command loads the source it reads

    return read_files(paths, account=account, service=settings.service, fetched_at=fetched_at)
