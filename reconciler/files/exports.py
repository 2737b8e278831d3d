"""
A source's export as files: `manifest.json`, and the canonical rows of users and groups (formats.md).

An export is believed whole or not at all: what its manifest says of the rows must hold for the rows.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from reconciler.core.export import Export, GroupRow, Manifest, Placed, PlacedGroup, UserRow
from reconciler.errors import Fault, InputError, SourceError
from reconciler.files.leaf import Leaf, People
from reconciler.files.manifest import Tally, content_of, mismatches, read_manifest
from reconciler.files.rows import Form, collector_paused, decode, refusal, shown
from reconciler.files.shards import digits_of, key_hashes, misplaced, shard_depth, shard_digits

USERS: Form[UserRow] = Form(
    decoder=msgspec.json.Decoder(UserRow),
    names=("groups", "roles"),
    sets=attrgetter("groups", "roles"),
    normal=True,
)
GROUPS: Form[GroupRow] = Form(
    decoder=msgspec.json.Decoder(GroupRow),
    names=("roles",),
    sets=lambda row: (row.roles,),
    normal=True,
)

ExportRow = TypeVar("ExportRow", UserRow, GroupRow)

_KEY = attrgetter("row.key")
_HINT = "the files of an export are never edited; write them again: reconciler export {name} --from PATH"


class _Shard(Struct, Generic[ExportRow], frozen=True):
    """
    One file of rows that was found sound: its rows, the hashes of their keys, its bytes.
    """

    name: str
    rows: list[ExportRow]
    hashes: list[bytes]
    content: bytes


class OpenExport(Struct, frozen=True, kw_only=True):
    """
    An export of which manifest and groups have been read, and whose people are read shard by shard.

    `names` are the files of people, `tallied` what the manifest must say of the groups.
    """

    folder: Path
    manifest: Manifest
    groups: tuple[PlacedGroup, ...]
    form: Form[UserRow]
    names: tuple[str, ...]
    tallied: tuple[_Shard[GroupRow], ...]

    @property
    def digits(self) -> int:
        """
        Return how many hex digits of their keys' hashes the people of one file have in common.
        """
        return digits_of(self.manifest.depth)

    def shards(self) -> Iterator[tuple[str, Leaf]]:
        """
        Yield the digits of each file, ascending, and its people, checked by themselves as they are read.

        Whom nobody has read, nor passed over, is read before the next file is. Raises InputError, once all have
        passed, with every fault of the files, or where the manifest says other than they do: what was yielded is
        not to be believed then.
        """
        checking = _Checking(Tally(), {placed.row.key: placed.row.key for placed in self.groups}, [])
        for name in self.names:
            content = _content(f"{self.folder}/{name}", checking.faults)
            if content is None:
                continue
            leaf = Leaf(content, partial(self._people, name, content, checking))
            yield shard_digits(name), leaf
            if leaf.known:
                checking.tally.recall(leaf.known, content)
            else:
                leaf.read()
        for groups in self.tallied:
            checking.tally.add(groups.rows, groups.hashes, groups.content)
        if not checking.faults:
            checking.faults.extend(mismatches(self.manifest, checking.tally, self.folder))
        if checking.faults:
            raise _refused(checking.faults, self.folder)

    def _people(self, name: str, content: bytes, checking: "_Checking") -> People:
        """
        Return the people of one file, counted; nobody, where it is not sound.
        """
        shard = _shard(self.folder, name, content, self.form, checking.faults)
        if shard is None:
            return People([], [])
        checking.tally.add(shard.rows, shard.hashes, content)
        people = list(map(Placed, shard.rows, places(f"{self.folder}/{name}")))
        if not _joined(shard.rows, checking.groups):
            checking.faults.extend(_astray(people, checking.groups))
        return People(people, shard.hashes)


class _Checking(NamedTuple):
    """
    What is found of an export as its files pass; `groups` has each group's key, by itself.
    """

    tally: Tally
    groups: Mapping[str, str]
    faults: list[Fault]


def open_export(
    folder: Path, *, user_form: Form[UserRow] = USERS, group_form: Form[GroupRow] = GROUPS
) -> OpenExport:
    """
    Return the export in `folder`, all of it checked but its people, who are checked as they are read.

    A caller that can explain refused lines gives forms that say so.
    Raises SourceError where there is no export, InputError with every fault of all files.
    """
    if not folder.is_dir():
        hint = f"reconciler export {folder.name} --from PATH"
        raise SourceError(f"{folder}: there is no export of this source", hint=hint)
    names = row_files(folder)
    people = tuple(_of_kind("users", names))
    faults: list[Fault] = []
    shards = [_load(folder, name, group_form, faults) for name in _of_kind("groups", names)]
    manifest = _manifest(folder, faults)
    if manifest:
        faults.extend(_strays(folder, names, manifest))
    if manifest is None or faults:
        for name in people:
            _load(folder, name, user_form, faults)
        raise _refused(faults, folder)
    tallied = tuple(shard for shard in shards if shard)
    placed = (one for shard in tallied for one in map(PlacedGroup, shard.rows, places(f"{folder}/{shard.name}")))
    return OpenExport(
        folder=folder,
        manifest=manifest,
        groups=tuple(sorted(placed, key=_KEY)),
        form=user_form,
        names=people,
        tallied=tallied,
    )


def read_export(folder: Path, *, user_form: Form[UserRow] = USERS, group_form: Form[GroupRow] = GROUPS) -> Export:
    """
    Return the whole export in `folder`, rows sorted by key, after checking all that its manifest says of them.

    Raises what `open_export` and its `shards` raise.
    """
    with collector_paused():
        found = open_export(folder, user_form=user_form, group_form=group_form)
        users = sorted((placed for _, shard in found.shards() for placed in shard), key=_KEY)
    return Export(found.manifest, tuple(users), found.groups)


def _manifest(folder: Path, faults: list[Fault]) -> Manifest | None:
    """
    Return the manifest of the export, or note in `faults` why there is none.
    """
    try:
        return read_manifest(folder)
    except InputError as error:
        faults.extend(error.faults)
        return None


def places(path: str) -> Iterator[str]:
    """
    Yield the `path:line` of each row of one file.
    """
    return map(f"{path.replace('%', '%%')}:%d".__mod__, count(1))


def _load(folder: Path, name: str, form: Form[ExportRow], faults: list[Fault]) -> _Shard[ExportRow] | None:
    """
    Return what the file `name` of an export holds; None where it is not sound, and `faults` say why.
    """
    content = _content(f"{folder}/{name}", faults)
    return None if content is None else _shard(folder, name, content, form, faults)


def _content(path: str, faults: list[Fault]) -> bytes | None:
    """
    Return the bytes of a file; None where there are none, and `faults` say why.
    """
    try:
        return content_of(path)
    except InputError as error:
        faults.extend(error.faults)
        return None


def _shard(  # noqa: PLR0917  what is read, how, and where what is wrong is told
    folder: Path, name: str, content: bytes, form: Form[ExportRow], faults: list[Fault]
) -> _Shard[ExportRow] | None:
    """
    Return what `content`, that of the file `name`, says; None where it is not sound, and `faults` say why.
    """
    path = f"{folder}/{name}"
    try:
        rows = decode(content, form, path)
    except InputError as error:
        faults.extend(error.faults)
        return None
    hashes = key_hashes(rows)
    strangers = misplaced(rows, hashes, path, shard=name)
    faults.extend(strangers)
    return None if strangers else _Shard(name, rows, hashes, content)


def _of_kind(plural: str, names: Iterable[str]) -> list[str]:
    """
    Return those of the files that hold rows of one kind, whatever their depth, in the order of their hashes.
    """
    return [name for name in names if name.startswith((f"{plural}/", f"{plural}."))]


def row_files(folder: Path, *, endings: tuple[str, ...] = (".jsonl",)) -> list[str]:
    """
    Return every file below `folder` that is named like one of rows, sorted, relative to it.
    """
    found: list[str] = []
    for parent, _, names in os.walk(folder):
        below = Path(parent).relative_to(folder).as_posix()
        found += [f"{below}/{name}".removeprefix("./") for name in names if name.endswith(endings)]
    return sorted(found)


def _strays(folder: Path, names: Iterable[str], manifest: Manifest) -> Iterator[Fault]:
    """
    Yield a fault for each file of rows that is not one of the export.
    """
    for name in names:
        kind, depth = shard_depth(name) or ("", -1)
        known = manifest.groups_depth if kind == "groups" else manifest.depth
        if depth != known:
            yield Fault(str(folder / name), 0, f"is no file of this export, whose depth is {known}")


def _joined(rows: Iterable[UserRow], groups: Mapping[str, str]) -> bool:
    """
    Return whether the export has a row of each group that somebody is in.

    Their groups are that row's own key from now on, and not another text that reads the same: to look it up again
    then takes no comparing of the two. A million memberships are looked up three times in a plan.
    """
    try:
        for row in rows:
            force_setattr(row, "groups", tuple(map(groups.__getitem__, row.groups)))
    except KeyError:
        return False
    return True


def _astray(users: Iterable[Placed], known: Mapping[str, str]) -> Iterator[Fault]:
    """
    Yield a fault for each membership of a group that the export does not have: nobody leaves the rest for it.
    """
    for placed in users:
        path, _, line = placed.origin.rpartition(":")
        for key in placed.row.groups:
            if key not in known:
                yield Fault(path, int(line), f"is in group '{shown(key)}', of which the export has no row")


def _refused(faults: Iterable[Fault], folder: Path) -> InputError:
    """
    Return the error that tells the faults of an export and how to get a sound one.
    """
    return refusal(faults, folder=str(folder), hint=_HINT.format(name=folder.name))
