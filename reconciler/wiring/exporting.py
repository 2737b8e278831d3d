"""
An export, written from the files that a cloud printed or from the cloud itself, and counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.core.export import Manifest
from reconciler.files.exports import open_export
from reconciler.wiring.adapters import export_source


class Exported(Struct, frozen=True, kw_only=True):
    """
    Where an export was written, its manifest, notes on what was read, and how many people are in each state.
    """

    folder: Path
    manifest: Manifest
    notes: tuple[str, ...]
    states: dict[str, int]


def export(
    root: Path,
    source: str,
    paths: Sequence[Path],
    *,
    account: str | None,
    fetched_at: str | None,
    environ: Mapping[str, str],
) -> Exported:
    """
    Return what was written below `root`; raises as `export_source` does.
    """
    manifest, notes = export_source(root, source, paths, account=account, fetched_at=fetched_at, environ=environ)
    folder = root / "exports" / source
    states = Counter(placed.row.state for _, people in open_export(folder).shards() for placed in people)
    return Exported(folder=folder, manifest=manifest, notes=notes, states=dict(sorted(states.items())))
