"""
An export, written: a folder that holds these rows, a manifest that is true of them, and nothing of the one before.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reconciler.core.export import Collection, GroupRow, Manifest, UserRow
from reconciler.errors import InputError
from reconciler.files.atomic import remove_file, remove_folder, replace_file
from reconciler.files.document import encode_document
from reconciler.files.exports import GROUPS, USERS, ExportRow, row_files
from reconciler.files.manifest import MANIFEST, VERSION, Tally, check_manifest, read_manifest
from reconciler.files.rows import Form, collector_paused, decode, encode
from reconciler.files.shards import depth_for, key_hashes, spread


def write_export(  # noqa: PLR0913 - all that a manifest says of the rows, each by name
    folder: Path,
    *,
    source: str,
    account: str,
    fetched_at: str,
    complete: bool,
    faults: Iterable[str],
    read: Mapping[str, Collection],
    users: Sequence[UserRow],
    groups: Sequence[GroupRow],
) -> Manifest:
    """
    Make `folder` hold the export and nothing of the one before, and return its manifest.

    Every file is replaced in one step, the manifest last; a file whose bytes would be the same is not touched.
    Raises InputError, having written nothing, where rows or manifest are such as no reader would accept.
    """
    before = _before(folder)
    depth = depth_for(len(users), before.depth if before else 0)
    groups_depth = depth_for(len(groups), before.groups_depth if before else 0)
    tally = Tally()
    with collector_paused():
        contents = _encode(folder, spread("users", users, depth), form=USERS, tally=tally)
        contents |= _encode(folder, spread("groups", groups, groups_depth), form=GROUPS, tally=tally)
    manifest = Manifest(
        version=VERSION,
        source=source,
        account=account,
        fetched_at=fetched_at,
        complete=complete,
        counts=tally.counts,
        digest=tally.digest,
        depth=depth,
        groups_depth=groups_depth,
        read=dict(read),
        faults=tuple(sorted(set(faults))),
    )
    check_manifest(manifest, folder / MANIFEST)
    _put(folder, contents, manifest)
    return manifest


def _encode(
    folder: Path, shards: Mapping[str, Sequence[ExportRow]], *, form: Form[ExportRow], tally: Tally
) -> dict[str, bytes]:
    """
    Return the files of one kind of rows, each proved readable, and note them in `tally`.
    """
    contents = {}
    for shard, rows in sorted(shards.items()):
        content = encode(rows)
        sound = decode(content, form, str(folder / shard))
        tally.add(sound, key_hashes(sound), content)
        contents[shard] = content
    return contents


def _before(folder: Path) -> Manifest | None:
    """
    Return the manifest of the export that `folder` holds; None where it holds none that can be read.
    """
    try:
        return read_manifest(folder)
    except InputError:
        return None


def _put(folder: Path, contents: Mapping[str, bytes], manifest: Manifest) -> None:
    """
    Write what differs, remove the rows of the export before, and write the manifest last.

    Whoever reads in between finds rows and manifest at odds, and refuses both.
    """
    for shard, content in contents.items():
        _write(folder / shard, content)
    for name in set(row_files(folder, endings=(".jsonl", ".jsonl.new"))) - set(contents):
        remove_file(folder / name)
    for parent, folders, names in os.walk(folder, topdown=False):
        if not names and not any(Path(parent, name).exists() for name in folders):
            remove_folder(Path(parent))
    _write(folder / MANIFEST, encode_document(manifest))


def _write(path: Path, content: bytes) -> None:
    """
    Make `path` hold `content`, and leave it alone if it does.
    """
    if not path.is_symlink() and path.is_file() and path.read_bytes() == content:
        return
    replace_file(path, content)
