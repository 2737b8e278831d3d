"""
What a command opens: a target, the store of its ledger, a source to be read or searched; each by its adapter.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.core.export import Manifest
from reconciler.errors import UsageError
from reconciler.files.config import Config
from reconciler.files.exports import open_export
from reconciler.files.new_export import write_export
from reconciler.files.state import State, load_state
from reconciler.ports import Reading, Searchable, Unfenced
from reconciler.ports_adapter import Asking, Opening, SourceAdapter
from reconciler.store import EmptyStore, GitStore
from reconciler.wiring.settings import plugged_source, plugged_target
from reconciler.wiring.surroundings import clock, expanded


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
    Return a target, ready to be read. What is relative in its address starts beside the state folder.

    Raises InputError for a type that is not plugged in and for wrong settings, UsageError for an unset variable.
    """
    config = state.config.targets[name]
    adapter, settings = plugged_target(state, name, environ)
    return adapter.open(
        Opening(
            name=name,
            url=expanded(config.url, environ, where=f"target {name}"),
            written=config.url,
            settings=settings,
            home=state.root.resolve().parent,
            account=config.account,
            role_groups=frozenset(state.policies[name].roles.administrator.groups),
            policy=state.policies[name],
        )
    )


def open_search(state: State, source: str, environ: Mapping[str, str]) -> Searchable:
    """
    Return where somebody is looked for in a source: the source itself where it can be asked, else its export.

    Raises UsageError for a source that is not configured, SourceError where it has no export.
    """
    from reconciler.sources.exported import ExportSearch  # noqa: PLC0415  a command loads the source it reads

    adapter, asking = _asking(state, source, environ, account=None, fetched_at=None)
    live = adapter.search(asking) if adapter.search else None
    return live or ExportSearch(open_export(state.root / "exports" / source))


def known_source(config: Config, source: str) -> str:
    """
    Return the name of a source, which is configured; raises UsageError where it is not.
    """
    if source not in config.sources:
        names = ", ".join(sorted(config.sources))
        raise UsageError(f"there is no source {source!r} in reconciler.yaml", hint=f"one of: {names}")
    return source


def export_source(
    root: Path,
    source: str,
    paths: Sequence[Path],
    *,
    account: str | None,
    fetched_at: str | None,
    environ: Mapping[str, str],
) -> tuple[Manifest, tuple[str, ...]]:
    """
    Return the manifest of the export written from files that the cloud printed, or from itself, and notes.

    Raises UsageError for a source that is not configured, or cannot be read so; InputError or SourceError for what
    cannot be right.
    """
    state = load_state(root)
    adapter, asking = _asking(state, source, environ, account=account, fetched_at=fetched_at)
    reading = _from_files(adapter, paths, asking) if paths else _live(adapter, asking)
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


def _asking(
    state: State, source: str, environ: Mapping[str, str], *, account: str | None, fetched_at: str | None
) -> tuple[SourceAdapter[Any], Asking[Any]]:
    """
    Return a source's adapter and what it is told; raises as `export_source` does.
    """
    config = state.config.sources[known_source(state.config, source)]
    adapter, settings = plugged_source(state, source, environ)
    asking = Asking(
        name=source,
        settings=settings,
        home=state.root.resolve().parent,
        now=clock(environ),
        account=account or config.account,
        fetched_at=fetched_at,
    )
    return adapter, asking


def _from_files(adapter: SourceAdapter[Any], paths: Sequence[Path], asking: Asking[Any]) -> Reading:
    if adapter.files is None:
        told = f"source {asking.name} is read live, and not from files"
        raise UsageError(told, hint=f"reconciler export {asking.name}")
    return adapter.files(paths, asking)


def _live(adapter: SourceAdapter[Any], asking: Asking[Any]) -> Reading:
    if asking.fetched_at is not None:
        raise UsageError("--fetched-at is about files, and none are named", hint="leave it out, or name files")
    reading = adapter.live(asking) if adapter.live else None
    if reading is None:
        told = "no files are named, and the settings of the source name no server to ask"
        raise UsageError(told, hint=f"reconciler export {asking.name} --from PATH...")
    return reading
