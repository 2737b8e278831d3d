"""
Which live entity is which desired one; what cannot be told apart is a conflict that holds everybody involved.

A pair is found by our own link first, then by a create we left open, then by what the policy lists. Source ids
are never compared with target ids. Whoever is in a conflict gets no pair, so nothing is written to it, and its
account is no stranger either.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.core.canonical import digest
from reconciler.core.ledger import LedgerRow
from reconciler.core.model import Conflict, Desired, Kind, Live
from reconciler.core.policy import Match


class Pair(Struct, frozen=True, kw_only=True, gc=False):
    """
    One entity: what is desired, what is live, what the ledger knows; each may be None.

    `via` says how the live one was found: `link`, `intent`, or the policy's word (`user_name`); empty if not at
    all. `predecessor` is the account that this one replaces, where the target cannot rename.
    """

    kind: Kind
    key: str
    desired: Desired | None
    live: Live | None
    row: LedgerRow | None
    via: str = ""
    predecessor: Live | None = None


class Correlation(Struct, frozen=True, kw_only=True):
    """
    Pairs sorted by key (strangers last, by name), and the conflicts; `held` are the keys in them.
    """

    pairs: tuple[Pair, ...]
    conflicts: tuple[Conflict, ...]
    held: frozenset[str]


class Matching(Struct, frozen=True, kw_only=True):
    """
    How entities of one kind are told apart: the policy's matches, and how names compare.

    `replaces`: an entity whose name changed gets a successor, because the target cannot rename.
    """

    kind: Kind
    by: tuple[Match, ...]
    name_key: Callable[[str], str]
    protected: frozenset[str] = frozenset()
    replaces: bool = False


def folded(text: str) -> str:
    """
    Return `text` in a form in which look-alikes by case or compatibility are equal (Unicode NFKC, case-folded).
    """
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def correlate(
    desired: Mapping[str, Desired],
    live: Sequence[Live],
    rows: Mapping[str, LedgerRow],
    matching: Matching,
) -> Correlation:
    """
    Return who is who.

    1. Links of the ledger hold. 2. What is left is matched by intent, external id, name, e-mail, in the policy's
    order. 3. Ties, two desired for one live, and names that would collide become conflicts. 4. Whoever is left on
    either side stands alone.
    """
    index = _Index(live, rows, matching)
    found = {key: _candidates(wanted, rows.get(key), index) for key, wanted in desired.items()}
    conflicts = sorted(_conflicts(desired, rows, found, index), key=lambda conflict: conflict.id)
    held = frozenset(key for conflict in conflicts for key in conflict.keys)
    matched = {one.id for _, lives in found.values() for one in lives}
    pairs = [
        _pair(wanted, rows.get(key), _only(lives), index, via=via)
        for key, wanted in sorted(desired.items())
        for via, lives in (found[key],)
        if key not in held
    ]
    return Correlation(
        pairs=(*pairs, *_without_desired(desired, rows, index, matched)),
        conflicts=tuple(conflicts),
        held=held,
    )


class _Index:
    """
    The live entities of one kind, found by id, and the free ones (of which the ledger knows nothing) by the rest.
    """

    def __init__(self, live: Sequence[Live], rows: Mapping[str, LedgerRow], matching: Matching) -> None:
        self.matching = matching
        self.by_id = {one.id: one for one in live}
        self.owner_of = {row.link: key for key, row in rows.items() if row.link}
        dead = {old for row in rows.values() for old in row.tombstones}
        self.named = {matching.name_key(one.name): one for one in live if one.id not in dead}
        self.free = [one for one in live if one.id not in self.owner_of and one.id not in dead]
        self.usable = [one for one in self.free if one.name not in matching.protected]
        self.by_external = _grouped(self.usable, lambda one: one.external_id)
        self.by_name = _grouped(self.usable, lambda one: matching.name_key(one.name))
        self.by_mail = _grouped(self.usable, _mail)


def _grouped(live: Iterable[Live], key_of: Callable[[Live], str | None]) -> dict[str, list[Live]]:
    grouped: dict[str, list[Live]] = {}
    for one in live:
        if key := key_of(one):
            grouped.setdefault(key, []).append(one)
    return grouped


def _mail(one: Live) -> str | None:
    mail = one.fields.get("email")
    return folded(mail) if isinstance(mail, str) else None


def _candidates(wanted: Desired, row: LedgerRow | None, index: _Index) -> tuple[str, list[Live]]:
    """
    Return how live entities were found for a desired one, and which: none, one, or a tie.
    """
    if row and row.intent:
        ours = [one for one in index.by_external.get(row.intent.external_id, []) if one.name == row.intent.name]
        if ours:
            return "intent", ours
    linked = index.by_id.get(row.link) if row and row.link else None
    if linked:
        return ("", []) if _renamed(wanted, linked, index.matching) else ("link", [linked])
    if row and row.link and not wanted.decisions.adopt:
        return "", []
    for match in index.matching.by:
        if lives := _matched(match, wanted, index):
            return match, lives
    return "", []


def _renamed(wanted: Desired, linked: Live, matching: Matching) -> bool:
    """
    Return whether the linked entity must give way to a successor that bears the desired name.
    """
    same = matching.name_key(wanted.name) == matching.name_key(linked.name)
    return matching.replaces and wanted.state == "active" and not same


def _pair(wanted: Desired, row: LedgerRow | None, live: Live | None, index: "_Index", *, via: str) -> Pair:
    """
    Return the pair with its predecessor: the linked entity that a successor replaces, or one not yet retired.
    """
    former = [row.link, *reversed(row.tombstones)] if row else []
    alive = (index.by_id[old] for old in former if old and old in index.by_id and (not live or old != live.id))
    predecessor = next((old for old in alive if old.active), None)
    return Pair(
        kind=wanted.kind, key=wanted.key, desired=wanted, live=live, row=row, via=via, predecessor=predecessor
    )


def _matched(match: Match, wanted: Desired, index: _Index) -> list[Live]:
    if match == "external_id":
        return index.by_external.get(wanted.key, [])
    if match == "user_name":
        return index.by_name.get(index.matching.name_key(wanted.name), [])
    mail = wanted.fields.get("email")
    return index.by_mail.get(folded(mail), []) if match == "email" and isinstance(mail, str) and mail else []


def _conflicts(
    desired: Mapping[str, Desired],
    rows: Mapping[str, LedgerRow],
    found: Mapping[str, tuple[str, list[Live]]],
    index: _Index,
) -> Iterator[Conflict]:
    kind = index.matching.kind
    yield from _same_names(desired, kind)
    claimed: dict[str, list[str]] = {}
    for key, (via, lives) in sorted(found.items()):
        if len(lives) > 1:
            names = ", ".join(f"{one.name!r} (id {one.id})" for one in lives)
            yield _conflict(kind, "tie", [key], f"{desired[key].name!r} matches {names} by {via}")
        for one in lives:
            claimed.setdefault(one.id, []).append(key)
        if not lives:
            yield from _name_taken(desired[key], rows.get(key), index)
    for link, keys in sorted(claimed.items()):
        if len(keys) > 1:
            yield _conflict(kind, "shared", keys, f"{' and '.join(keys)} both match the one with id {link}")


def _same_names(desired: Mapping[str, Desired], kind: Kind) -> Iterator[Conflict]:
    """
    Yield a conflict for each name that two desired entities bear, or bear but for case and look-alikes.
    """
    bearers: dict[str, list[str]] = {}
    for key, wanted in sorted(desired.items()):
        if wanted.state == "active":
            bearers.setdefault(folded(wanted.name), []).append(key)
    for keys in bearers.values():
        if len(keys) > 1:
            names = " and ".join(f"{desired[key].name!r} ({key})" for key in keys)
            yield _conflict(kind, "name", keys, f"two source {kind}s would bear one name: {names}")


def _name_taken(wanted: Desired, row: LedgerRow | None, index: _Index) -> Iterator[Conflict]:
    """
    Yield a conflict where an entity is to be made whose name somebody bears.

    It may be a stranger in the place of the linked one, a protected account, or the account of another source
    identity (a recycled login).
    """
    other = index.named.get(index.matching.name_key(wanted.name))
    if other is None or wanted.state != "active":
        return
    owner = index.owner_of.get(other.id)
    whose = f"belongs to {owner}" if owner else "is none that may be matched"
    gone = f"its account (id {row.link}) is gone, and " if row and row.link else ""
    told = f"{wanted.name!r} ({wanted.key}): {gone}the name is borne by id {other.id}, which {whose}"
    yield _conflict(index.matching.kind, "taken", [wanted.key], told)


def _conflict(kind: Kind, code: str, keys: Sequence[str], message: str) -> Conflict:
    release = {
        "tie": "rename or remove all but one of them in the target, or `exclude` the entity",
        "shared": "correct one of them at the source, or `exclude` one",
        "name": "rename one at the source, or `exclude` one",
        "taken": "rename that account in the target, or `exclude` the entity",
    }[code]
    ordered = tuple(sorted(keys))
    return Conflict(id=digest(kind, code, ordered), kind=kind, keys=ordered, message=message, release=release)


def _without_desired(
    desired: Mapping[str, Desired], rows: Mapping[str, LedgerRow], index: _Index, matched: set[str]
) -> Iterator[Pair]:
    """
    Yield the linked entities that nobody desires, then the strangers: live, unknown to the ledger, unmatched.
    """
    kind = index.matching.kind
    for key, row in sorted(rows.items()):
        if key not in desired:
            live = index.by_id.get(row.link) if row.link else None
            yield Pair(kind=kind, key=key, desired=None, live=live, row=row, via="link" if live else "")
    for one in sorted(index.usable, key=lambda one: (one.name, one.id)):
        if one.id not in matched:
            yield Pair(kind=kind, key="", desired=None, live=one, row=None)


def _only(lives: list[Live]) -> Live | None:
    return lives[0] if lives else None
