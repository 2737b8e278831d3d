"""
What cannot be told apart, or would bear one name: conflicts, each with everybody whom it holds.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.canonical import digest
from reconciler.core.ledger import LedgerRow
from reconciler.core.matching import Index, Matching, folded
from reconciler.core.model import Conflict, Desired, Kind, Live
from reconciler.core.overrides import to_write

_HANDS_OFF = frozenset({"excluded", "not-selected"})


class Clash(Struct, frozen=True, kw_only=True):
    """
    A conflict, and the live entities that are no strangers for as long as it stands.
    """

    conflict: Conflict
    ids: frozenset[str]


def clashes(
    desired: Mapping[str, Desired],
    rows: Mapping[str, LedgerRow],
    found: Mapping[str, tuple[str, list[Live]]],
    index: Index,
    *,
    steady: Mapping[str, str],
) -> Iterator[Clash]:
    """
    Yield every conflict there is: ties, two desired for one live, and names that would be borne twice.

    `steady` are the names, by key, of those who clash with nobody but by their name.
    """
    same = {key: clash for clash in _same_names(desired, steady, index.matching) for key in clash.conflict.keys}
    yield from same.values()
    for clash in _matches(desired, found, index.matching.kind):
        named = same.get(clash.conflict.keys[0])
        if named is None or not {*clash.conflict.keys} <= {*named.conflict.keys}:
            yield clash
    yield from _renamed_there(desired, rows, index)
    yield from _called(desired, rows, index)
    for key, (_, lives) in sorted(found.items()):
        for clash in _taken(desired[key], rows.get(key), lives, index):
            # Whoever shares a name with another is told of that; the account that has it is spared all the same.
            yield replace(clash, conflict=same[key].conflict) if key in same else clash


def _matches(
    desired: Mapping[str, Desired], found: Mapping[str, tuple[str, list[Live]]], kind: Kind
) -> Iterator[Clash]:
    """
    Yield a conflict for each that matches several, and for each that several match.

    Whoever is excluded, or not selected, claims nothing: to exclude one of them is what settles it.
    """
    claimed: dict[str, list[str]] = {}
    asking = [key for key in sorted(found) if desired[key].reason not in _HANDS_OFF]
    for key, (via, lives) in ((key, found[key]) for key in asking):
        if len(lives) > 1:
            names = ", ".join(f"{one.name!r} (id {one.id})" for one in lives)
            yield _clash(kind, "tie", [key], f"{desired[key].name!r} matches {names} by {via}")
        for one in lives:
            claimed.setdefault(one.id, []).append(key)
    for link, keys in sorted(claimed.items()):
        if len(keys) > 1:
            yield _clash(kind, "shared", keys, f"{' and '.join(keys)} both match the one with id {link}")


def _renamed_there(desired: Mapping[str, Desired], rows: Mapping[str, LedgerRow], index: Index) -> Iterator[Clash]:
    """
    Yield a conflict where somebody renamed a linked entity in a target in which Git cannot rename it back.

    A name that the source changed gets a successor; for one that it did not change nobody is moved, or made anew.
    """
    matching = index.matching
    for key, wanted in sorted(desired.items()):
        row = rows.get(key)
        linked = index.by_id.get(row.link) if row and row.link else None
        if not matching.replaces or wanted.state != "active" or row is None or row.names is None or linked is None:
            continue
        kept = matching.name_key(row.names.present) == matching.name_key(wanted.name)
        if kept and matching.name_key(linked.name) != matching.name_key(wanted.name):
            told = f"{wanted.name!r} ({key}) was renamed in the target: {linked.name!r} (id {linked.id})"
            yield _clash(matching.kind, "renamed", [key], told, frozenset({linked.id}))


def _called(desired: Mapping[str, Desired], rows: Mapping[str, LedgerRow], index: Index) -> Iterator[Clash]:
    """
    Yield a conflict where a linked entity bears another name, whoever changed it, and nobody can be renamed there.
    """
    matching = index.matching
    for key, wanted in sorted(desired.items()) if matching.asks else ():
        row = rows.get(key)
        linked = index.by_id.get(row.link) if row and row.link else None
        if linked and wanted.state == "active" and matching.name_key(linked.name) != matching.name_key(wanted.name):
            told = f"{wanted.name!r} ({key}) is called {linked.name!r} (id {linked.id}): nothing renames it there"
            yield _clash(matching.kind, "called", [key], told, frozenset({linked.id}))


def _same_names(desired: Mapping[str, Desired], steady: Mapping[str, str], matching: Matching) -> Iterator[Clash]:
    """
    Yield a conflict for each name that two desired entities bear, or bear but for case and look-alikes.
    """
    names = {**steady, **{key: wanted.name for key, wanted in desired.items() if wanted.state == "active"}}
    alike = [folded(name) for name in map(matching.name_key, names.values())]
    if len(set(alike)) == len(alike):
        return
    bearers: dict[str, list[str]] = {}
    for key, name in zip(names, alike, strict=True):
        bearers.setdefault(name, []).append(key)
    for keys in sorted(sorted(keys) for keys in bearers.values() if len(keys) > 1):
        told = " and ".join(f"{names[key]!r} ({key})" for key in keys)
        yield _clash(matching.kind, "name", keys, f"two source {matching.kind}s would bear one name: {told}")


def _taken(wanted: Desired, row: LedgerRow | None, lives: Sequence[Live], index: Index) -> Iterator[Clash]:
    """
    Yield a conflict where an entity is to be made or renamed, and somebody else bears its name or external id.

    It may be a stranger in the place of the linked one, a protected account, a predecessor of its own, or the
    account of another source identity (a recycled login, or one that will be renamed by this plan).
    """
    if lives and lives[0].name == wanted.name:
        return
    name_key = index.matching.name_key
    named = any(name_key(one.name) == name_key(wanted.name) for one in lives)
    if named or wanted.state != "active" or (not lives and wanted.reason == "unpopulated"):
        return
    others = [*index.bearers.get(name_key(wanted.name), ())]
    others += [] if lives else [one for one in index.by_external.get(wanted.key, ()) if one not in others]
    if not others:
        return
    gone = bool(row and row.link and not lives and index.is_gone(row.link))
    told = f"{wanted.name!r} ({wanted.key}): " + (
        f"its account (id {row.link}) is gone, and " if row and gone else ""
    )
    told += "; ".join(f"its name or external id is borne by {_whose(one, index)}" for one in others)
    anybodys = any(one.id in index.owner_of or one.id in index.dead for one in others)
    ids = frozenset(one.id for one in others)
    yield _clash(index.matching.kind, "borne" if anybodys else "taken", [wanted.key], told, ids)


def _whose(one: Live, index: Index) -> str:
    owner, heir = index.owner_of.get(one.id), index.dead.get(one.id)
    whose = f"belongs to {owner}" if owner else f"belonged to {heir}" if heir else "is none that may be matched"
    return f"{one.name!r} (id {one.id}), which {whose}"


def _clash(kind: Kind, code: str, keys: Sequence[str], message: str, ids: frozenset[str] = frozenset()) -> Clash:  # noqa: PLR0917  a conflict is these
    ordered = tuple(sorted(keys))
    off = f"write {to_write(kind, ordered[0], 'exclude')} below overrides/"
    adopt = to_write(kind, ordered[0], "adopt")
    release = {
        "tie": f"rename or remove all but one of them in the target, or {off}",
        "shared": f"correct one of them at the source, or {off}",
        "name": f"rename one at the source or by an override ({_renaming(kind)}), or {off}",
        "borne": f"rename that account in the target, or {off}",
        "renamed": f"give it its name back in the target, or accept the new one by an override ({_renaming(kind)})",
        "called": f"keep the name that it has there by an override ({_renaming(kind)})",
        "taken": f"rename that account in the target, or, if it is that person's, write {adopt}; or {off}",
    }[code]
    conflict = Conflict(id=digest(kind, code, ordered), kind=kind, keys=ordered, message=message, release=release)
    return Clash(conflict=conflict, ids=ids)


def _renaming(kind: Kind) -> str:
    """
    Return how an override gives one of a kind another name.
    """
    return "`group: KEY` with `rename: NAME`" if kind == "group" else "`user: KEY` with `set: {user_name: NAME}`"
