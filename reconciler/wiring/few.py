"""
What a run about somebody, or some group, works with: of export, ledger and target only those whom it needs to know.

What cannot be read so is read whole: several sources, a target that finds nobody by name, a ledger that nobody has
sealed, an index in doubt, a group of so many that to look for each costs more. And where a decision rests on others
too (`Decision.at_large`: a guard that counts everybody, a group whose name is taken, a group without members).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from reconciler.apply.book import Opened
from reconciler.core.export import Manifest, Placed, PlacedGroup
from reconciler.core.ledger import Fence, Head
from reconciler.core.model import Equality, Snapshot
from reconciler.core.near import MOST, Ask, Near, nearby
from reconciler.core.scope import Scope
from reconciler.errors import InputError, LedgerError, StoreError
from reconciler.files.atomic import remove_file
from reconciler.files.document import decode_document
from reconciler.files.exports import open_export
from reconciler.files.few import DoubtError, FewExport, FewLedger
from reconciler.files.indexing import digest_of, index_all, index_export, take_in
from reconciler.files.ledger import HEAD, RUNS, open_ledger
from reconciler.files.ledger import VERSION as FORMAT
from reconciler.files.manifest import read_manifest
from reconciler.files.names import VERSION, Names, index_path
from reconciler.files.state import State
from reconciler.ports import Result, Target, Unfenced, Write
from reconciler.ports_sight import Selective, Sight
from reconciler.store import EmptyStore, GitStore


class FewPeople(Struct, frozen=True):
    """
    An export as far as it was read.
    """

    manifest: Manifest
    near: Near
    digits: ClassVar[int] = 0

    @property
    def groups(self) -> tuple[PlacedGroup, ...]:
        """
        Return the groups that were read, sorted by key.
        """
        return tuple(one for _, one in sorted(self.near.groups.items()))

    def shards(self) -> Iterator[tuple[str, Sequence[Placed]]]:
        """
        Yield the people who were read, sorted by key.
        """
        yield "", [one for _, one in sorted(self.near.users.items())]


class FewLive(Struct, frozen=True):
    """
    A target as far as it was read; written and fenced it is as it always is.
    """

    target: Target
    snapshot: Snapshot

    @property
    def identity(self) -> str:
        """
        Return what names the physical target.
        """
        return self.target.identity

    @property
    def equality(self) -> Equality:
        """
        Return how the target compares values.
        """
        return self.target.equality

    def read(self) -> Snapshot:
        """
        Return what was read.
        """
        return self.snapshot

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in order and return one result each.
        """
        return self.target.write(writes, run=run)

    def fence(self) -> Fence | None:
        """
        Return the fence as it stands in the target.
        """
        return self.target.fence()

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence to `new` if it still is `seen`.
        """
        return self.target.move_fence(seen, new)

    def close(self) -> None:
        """
        Give back what the target holds open.
        """
        self.target.close()


class Few(Struct, frozen=True):
    """
    Export, ledger and target as far as such a run reads them.
    """

    export: FewPeople
    opened: Opened
    target: FewLive


def few(state: State, name: str, scope: Scope, *, store: GitStore | EmptyStore, target: Unfenced) -> Few | None:
    """
    Return what a run about named people or groups works with; None where everything must be read.

    An index in doubt is removed, and made anew by the next such run.
    """
    config = state.config
    elsewhere = len(config.targets) > 1 and state.overrides
    together = len(config.targets[name].sources) > 1 or state.policies[name].groups.directories
    if elsewhere or together or not isinstance(target, Selective) or not isinstance(store, GitStore):
        return None
    if not isinstance(target, Target):
        return None
    index = index_path(state.root.resolve().parent, name)
    try:
        with closing(Names(index)) as names:
            return _found(state, name, scope, store=store, target=target, names=names)
    except (DoubtError, OSError, sqlite3.Error):
        remove_file(index)
    except (InputError, LedgerError, StoreError):
        # whoever reads everything tells all that is wrong
        return None
    return None


def _found(state: State, name: str, scope: Scope, *, store: GitStore, target: Target, names: Names) -> Few | None:
    revision = store.revision()
    head = _head(store, revision)
    if head is None or head.target != name or not head.rows or not isinstance(target, Selective):
        return None
    folder = state.root / "exports" / state.config.targets[name].sources[0]
    _bring_up_to_date(names, folder, store, head, revision=revision, members=scope.users == "members")
    export = FewExport(folder=folder, manifest=read_manifest(folder), names=names)
    ledger = FewLedger(
        head=head, files=partial(store.read, at=revision), names=names, counts=names.counts("ledger")
    )
    with target.looking() as sight:
        near = nearby(scope, state.overrides, state.policies[name], partial(_look, export, ledger, sight))
        catalogue = sight.catalogue()
    if near is None:
        return None
    snapshot = Snapshot(
        users=tuple(one for _, one in sorted(near.live_users.items())),
        groups=tuple(one for _, one in sorted(near.live_groups.items())),
        catalogue=catalogue,
    )
    opened = Opened(ledger=ledger.about(near), revision=revision)
    return Few(FewPeople(export.manifest, near), opened, FewLive(target, snapshot))


def _head(store: GitStore, revision: str) -> Head | None:
    """
    Return the head of the ledger; None where no run has written one.
    """
    return next(
        (decode_document(content, Head, HEAD, version=FORMAT) for _, content in store.read(HEAD, at=revision)), None
    )


def _bring_up_to_date(
    names: Names, folder: Path, store: GitStore, head: Head, *, revision: str, members: bool
) -> None:
    """
    Let the index be of this export and of the ledger at this commit: by what has changed, or from everything.

    Who is in which group of the source stands in it from when it is first asked (`members`).
    """
    members = members or names.fact("members") == "yes"
    if names.fact("version") != VERSION:
        read = partial(store.read, at=revision)
        ledger = open_ledger(read, store.paths(at=revision), target=head.target)
        index_all(names, open_export(folder), ledger, revision=revision, members=members)
        return
    if names.fact("export") != digest_of(folder) or members > (names.fact("members") == "yes"):
        index_export(names, open_export(folder), members=members)
    if (before := names.fact("ledger")) != revision:
        paths = [path for path in store.moved(before, revision) if path != HEAD and not path.startswith(RUNS)]
        there = dict(store.read(*paths, at=revision)) if paths else {}
        take_in(names, {path: there.get(path) for path in paths}, head, revision=revision)


def _look(export: FewExport, ledger: FewLedger, sight: Sight, asks: frozenset[Ask]) -> Near:
    """
    Return what the three know of whoever is asked for; of more than are looked at one by one, what the export does.
    """
    said = export.look(asks)
    if said.size > MOST:
        return said
    kept, live = ledger.look(asks), sight.look(asks)
    return Near(
        users=said.users,
        groups=said.groups,
        user_rows=kept.user_rows,
        group_rows=kept.group_rows,
        live_users={one.id: one for one in live if one.kind == "user"},
        live_groups={one.id: one for one in live if one.kind == "group"},
    )
