"""
A source's export as files: `manifest.json`, and the canonical rows of users and groups (formats.md).

An export is believed whole or not at all: what its manifest says of the rows must hold for the rows.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from reconciler.core.export import Collection, Export, GroupRow, Manifest, Placed, PlacedGroup, UserRow
from reconciler.errors import Fault, InputError, SourceError
from reconciler.files.atomic import remove_file, remove_folder, replace_file
from reconciler.files.document import encode_document
from reconciler.files.manifest import (
    MANIFEST,
    VERSION,
    Tally,
    check_manifest,
    content_of,
    mismatches,
    read_manifest,
)
from reconciler.files.rows import (
    Form,
    collector_paused,
    decode,
    encode,
    refusal,
    shown,
)
from reconciler.files.shards import depth_for, key_hash, misplaced, shard_depth, spread
from reconciler.files.sharing import Pool, share_user

USERS: Form[UserRow] = Form(
    decoder=msgspec.json.Decoder(UserRow),
    names=("groups", "roles"),
    sets=lambda row: (row.groups, row.roles),
    normal=True,
)
GROUPS: Form[GroupRow] = Form(
    decoder=msgspec.json.Decoder(GroupRow),
    names=("roles",),
    sets=lambda row: (row.roles,),
    normal=True,
)

ExportRow = TypeVar("ExportRow", UserRow, GroupRow)

_HINT = "the files of an export are never edited; write them again: reconciler export {name} --from PATH"


def read_export(folder: Path, *, user_form: Form[UserRow] = USERS, group_form: Form[GroupRow] = GROUPS) -> Export:
    """
    Return the export in `folder`, rows sorted by key, after checking all that its manifest says of them.

    A caller that can explain refused lines gives forms that say so.
    Raises SourceError where there is no export, InputError with every fault that was found.
    """
    if not folder.is_dir():
        hint = f"reconciler export {folder.name} --from PATH"
        raise SourceError(f"{folder}: there is no export of this source", hint=hint)
    names = _row_files(folder)
    faults: list[Fault] = []
    tally, pool = Tally(), Pool()
    with collector_paused():
        rows = _gather(folder, _of_kind("users", names), form=user_form, tally=tally, faults=faults)
        users = [Placed(share_user(row, pool), origin) for row, origin in rows]
        group_rows = _gather(folder, _of_kind("groups", names), form=group_form, tally=tally, faults=faults)
        groups = [PlacedGroup(*row) for row in group_rows]
    try:
        manifest = read_manifest(folder)
    except InputError as error:
        raise _refused([*faults, *error.faults], folder) from None
    faults.extend(_strays(folder, names, manifest.depth))
    faults.extend(() if faults else mismatches(manifest, tally, folder))
    faults.extend(() if faults else _astray(users, groups))
    if faults:
        raise _refused(faults, folder)
    by_key = attrgetter("row.key")
    return Export(manifest, tuple(sorted(users, key=by_key)), tuple(sorted(groups, key=by_key)))


def read_users(folder: Path) -> Iterator[Placed]:
    """
    Yield the users of an export shard by shard, in no order of keys, keeping only one shard in memory.

    Each file is checked, but not what the manifest says of all of them: that takes `read_export`.
    """
    for name in _of_kind("users", _row_files(folder)):
        path = folder / name
        yield from (Placed(*row) for row in _placed(path, _load(path, name, USERS).rows))


class _Shard(Struct, Generic[ExportRow], frozen=True):
    """
    One file of rows that was found sound: its rows, the hashes of their keys, its bytes.
    """

    rows: list[ExportRow]
    hashes: list[str]
    content: bytes


def _gather(
    folder: Path, names: Iterable[str], *, form: Form[ExportRow], tally: Tally, faults: list[Fault]
) -> Iterator[tuple[ExportRow, str]]:
    """
    Yield the rows of the files, each with its place, and note in `tally` what passed, in `faults` what could not.
    """
    for name in names:
        path = folder / name
        try:
            shard = _load(path, name, form)
        except InputError as error:
            faults.extend(error.faults)
            continue
        tally.add(shard.rows, shard.hashes, shard.content)
        yield from _placed(path, shard.rows)


def _placed(path: Path, rows: Iterable[ExportRow]) -> Iterator[tuple[ExportRow, str]]:
    """
    Yield the rows of one file, each with its `path:line`.
    """
    file = str(path)
    return ((row, f"{file}:{line}") for line, row in enumerate(rows, 1))


def _load(path: Path, name: str, form: Form[ExportRow]) -> _Shard[ExportRow]:
    """
    Return what the file at `path` holds, which is shard `name` of its export.

    Raises InputError with every fault of the file.
    """
    content = content_of(path)
    rows = decode(content, form, str(path))
    hashes = [key_hash(row.key) for row in rows]
    faults = misplaced(rows, hashes, str(path), shard=name)
    if faults:
        raise InputError(tuple(faults))
    return _Shard(rows, hashes, content)


def _of_kind(plural: str, names: Iterable[str]) -> list[str]:
    """
    Return those of the files that hold rows of one kind, whatever their depth, in the order of their hashes.
    """
    placed = ((name, shard_depth(name)) for name in names)
    return [name for name, place in placed if place and place[0] == plural]


def _row_files(folder: Path, *, endings: tuple[str, ...] = (".jsonl",)) -> list[str]:
    """
    Return every file below `folder` that is named like one of rows, sorted, relative to it.
    """
    found: list[str] = []
    for parent, _, names in os.walk(folder):
        below = Path(parent).relative_to(folder).as_posix()
        found += [f"{below}/{name}".removeprefix("./") for name in names if name.endswith(endings)]
    return sorted(found)


def _strays(folder: Path, names: Iterable[str], depth: int) -> Iterator[Fault]:
    """
    Yield a fault for each file of rows that is not one of the export.
    """
    for name in names:
        place = shard_depth(name)
        if place is None or place[1] != depth:
            yield Fault(str(folder / name), 0, f"is no file of this export, whose depth is {depth}")


def _astray(users: Iterable[Placed], groups: Iterable[PlacedGroup]) -> Iterator[Fault]:
    """
    Yield a fault for each membership of a group that the export does not have: nobody leaves the rest for it.
    """
    known = {placed.row.key for placed in groups}
    for placed in users:
        for key in placed.row.groups:
            if key not in known:
                path, _, line = placed.origin.rpartition(":")
                yield Fault(path, int(line), f"is in group '{shown(key)}', of which the export has no row")


def _refused(faults: Iterable[Fault], folder: Path) -> InputError:
    """
    Return the error that tells the faults of an export and how to get a sound one.
    """
    return refusal(faults, folder=str(folder), hint=_HINT.format(name=folder.name))


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
    depth = depth_for(max(len(users), len(groups)), _present_depth(folder))
    tally = Tally()
    with collector_paused():
        contents = _encode(folder, spread("users", users, depth), form=USERS, tally=tally)
        contents |= _encode(folder, spread("groups", groups, depth), form=GROUPS, tally=tally)
    manifest = Manifest(
        version=VERSION,
        source=source,
        account=account,
        fetched_at=fetched_at,
        complete=complete,
        counts=tally.counts,
        digest=tally.digest,
        depth=depth,
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
        tally.add(sound, [key_hash(row.key) for row in sound], content)
        contents[shard] = content
    return contents


def _present_depth(folder: Path) -> int:
    """
    Return the depth of the export that `folder` holds; 0 where it holds none that can be read.
    """
    try:
        return read_manifest(folder).depth
    except InputError:
        return 0


def _put(folder: Path, contents: Mapping[str, bytes], manifest: Manifest) -> None:
    """
    Write what differs, remove the rows of the export before, and write the manifest last.

    Whoever reads in between finds rows and manifest at odds, and refuses both.
    """
    for shard, content in contents.items():
        _write(folder / shard, content)
    for name in set(_row_files(folder, endings=(".jsonl", ".jsonl.new"))) - set(contents):
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
