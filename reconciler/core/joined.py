"""
Several sources' exports as one: what a target draws from where it draws from more than one directory.

Nobody stands in two of them, a key is one source's alone, unless the sources are joined by a value that they share.
The whole is proved no better than its weakest part.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from msgspec.structs import replace

from reconciler.core.canonical import digest
from reconciler.core.export import Counts, Export, JoinedManifest, Manifest, Placed, PlacedGroup
from reconciler.core.ledger import Head
from reconciler.core.merging import Joining, Merged, merged
from reconciler.errors import Fault, InputError

Row = TypeVar("Row", Placed, PlacedGroup)

TOGETHER = " + "
"""Stands between the names, and the accounts, of sources that are one to a target."""


def joined(exports: Mapping[str, Export], joining: Joining | None = None) -> Export:
    """
    Return the exports of several sources, by name in order of precedence, as one.

    With `joining`, whoever has one value of its field in several sources is one person. Raises InputError where a
    key stands in two of them all the same.
    """
    people = {name: one.users for name, one in exports.items()}
    found = merged(people, joining) if joining else Merged(tuple(chain(*people.values())), ())
    faults: list[Fault] = []
    users = _rows(found.users, faults)
    groups = _rows((row for one in exports.values() for row in one.groups), faults)
    if faults:
        raise InputError(tuple(faults))
    manifest = _manifest({name: one.manifest for name, one in exports.items()}, joining)
    return Export(replace(manifest, disputes=found.disputes, apart=found.apart), users, groups)


def _rows(rows: Iterable[Row], faults: list[Fault]) -> tuple[Row, ...]:
    """
    Return the rows by key; a key that has stood before is noted in `faults`.
    """
    found: dict[str, Row] = {}
    for one in rows:
        before = found.setdefault(one.row.key, one)
        if before is not one:
            path, _, line = one.origin.rpartition(":")
            told = f"key {one.row.key!r} stands at {before.origin} too, and a key is one source's alone"
            faults.append(Fault(path, int(line), told, "let one of the sources leave it out"))
    return tuple(sorted(found.values(), key=attrgetter("row.key")))


def _manifest(parts: Mapping[str, Manifest], joining: Joining | None) -> JoinedManifest:
    """
    Return what the parts are together: as complete as all of them, and as old as the oldest.
    """
    manifests = parts.values()
    return JoinedManifest(
        version=1,
        source=TOGETHER.join(parts),
        account=TOGETHER.join(one.account for one in manifests),
        fetched_at=min(one.fetched_at for one in manifests),
        complete=all(one.complete for one in manifests),
        counts=Counts(
            users=sum(one.counts.users for one in manifests),
            groups=sum(one.counts.groups for one in manifests),
            memberships=sum(one.counts.memberships for one in manifests),
        ),
        digest=digest([[name, one.digest] for name, one in parts.items()], *([joining] if joining else [])),
        faults=tuple(_faults(parts)),
        parts={name: one.fetched_at for name, one in parts.items()},
        sizes={name: one.counts for name, one in parts.items()},
    )


def _faults(parts: Mapping[str, Manifest]) -> Iterator[str]:
    for name, one in parts.items():
        yield from (f"{name}: {fault}" for fault in one.faults)
        if not one.complete and not one.faults:
            yield f"{name}: its manifest says so"


def applied_times(manifest: Manifest, before: Mapping[str, str], *, accepted: bool) -> dict[str, str]:
    """
    Return when each source was read whose export has been applied last; nothing where there is but one.

    What was accepted may be older than what was applied before; what proved nothing is not.
    """
    if not isinstance(manifest, JoinedManifest):
        return {}
    return {name: time if accepted else max(time, before.get(name, "")) for name, time in manifest.parts.items()}


def applied_sizes(manifest: Manifest, before: Head, *, whole: bool) -> Head:
    """
    Return the head with the counts of an export that was applied, of each source where there are several.

    Only a run about everybody (`whole`) has applied what it says of users: a later export is measured by it.
    """
    sizes = manifest.sizes if isinstance(manifest, JoinedManifest) else {}
    return replace(
        before,
        counts=_applied(manifest.counts, before.counts, whole=whole),
        sizes={name: _applied(size, before.sizes.get(name, Counts()), whole=whole) for name, size in sizes.items()},
    )


def _applied(now: Counts, before: Counts, *, whole: bool) -> Counts:
    return now if whole else replace(before, groups=now.groups)
