"""
Which live entity is which desired one; what cannot be told apart is a conflict that holds everybody involved.

A pair is found by our own link first, then by a create we left open, then by what the policy lists. Source ids
are never compared with target ids. Whoever is in a conflict gets no pair, so nothing is written to it, and its
account is no stranger either.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.clashes import clashes
from reconciler.core.ledger import CreateIntent, LedgerRow
from reconciler.core.matching import Index, Matching
from reconciler.core.model import Conflict, Desired, Kind, Live
from reconciler.core.parted import Joins, partings
from reconciler.core.policy import Match
from reconciler.core.ruling import Contest


class Pair(Struct, frozen=True, kw_only=True, gc=False):
    """
    One entity: what is desired, what is live, what the ledger knows; each may be None.

    `via` says how the live one was found: `link`, `intent`, or the policy's word (`user_name`); empty if not at
    all. `predecessor` is the account that this one replaces, where the target cannot rename. `contest`: the name of
    this group is taken (`contest.py`).
    """

    kind: Kind
    key: str
    desired: Desired | None
    live: Live | None
    row: LedgerRow | None
    via: str = ""
    predecessor: Live | None = None
    contest: Contest | None = None


class Correlation(Struct, frozen=True, kw_only=True):
    """
    Pairs sorted by key (strangers last, by name), and the conflicts; `held` are the keys in them.

    `superseded` are keys whose entity bears another key now, each with that one: their ledger rows go. `steady` are
    those of whom nothing has moved: they have no pair.
    """

    pairs: tuple[Pair, ...]
    conflicts: tuple[Conflict, ...]
    held: frozenset[str]
    superseded: dict[str, str] = field(default_factory=dict)
    steady: AbstractSet[str] = frozenset()


def correlate(
    desired: Mapping[str, Desired],
    live: Sequence[Live],
    rows: Mapping[str, LedgerRow],
    matching: Matching,
    *,
    steady: Mapping[str, Live] | None = None,
    joins: Joins | None = None,
) -> Correlation:
    """
    Return who is who. `steady` are the accounts, by key, of people of whom it is known already: they get no pair.

    They need not stand in `live`. `joins` is what is known of people of several sources, where these are joined.
    1. Links of the ledger hold. 2. What is left is matched by intent, external id, name, e-mail, in the policy's
    order. 3. Ties, two desired for one live, and names that would collide become conflicts. 4. Whoever is left on
    either side stands alone.
    """
    known_already = steady or {}
    index = Index(desired, live, rows, matching, steady=known_already)
    found = {key: _candidates(wanted, rows.get(key), index) for key, wanted in desired.items()}
    names = {key: one.name for key, one in known_already.items()}
    told = list(clashes(desired, rows, found, index, steady=names))
    told += partings(desired, rows, index, joins, steady=known_already) if joins else ()
    conflicts = sorted({clash.conflict.id: clash.conflict for clash in told}.values(), key=lambda one: one.id)
    held = frozenset(key for conflict in conflicts for key in conflict.keys)
    matched = {one.id for _, lives in found.values() for one in lives}
    pairs = [
        _pair(wanted, rows.get(key), lives[0] if lives else None, index, via=via)
        for key, wanted in sorted(desired.items())
        for via, lives in (found[key],)
        if key not in held
    ]
    reborn = {index.orphans[one.live.id]: one.key for one in pairs if one.live and one.live.id in index.orphans}
    known = matched.union(*(clash.ids for clash in told))
    return Correlation(
        pairs=(*pairs, *_undesired(rows, (desired, known_already, reborn, held), index), *_strangers(index, known)),
        conflicts=tuple(conflicts),
        held=held,
        superseded=reborn,
        steady=known_already.keys(),
    )


def _candidates(wanted: Desired, row: LedgerRow | None, index: Index) -> tuple[str, list[Live]]:
    """
    Return how live entities were found for a desired one, and which: none, one, or a tie.
    """
    if row and row.intent and (ours := _intended(row.intent, index)):
        return "intent", ours
    linked = index.by_id.get(row.link) if row and row.link else None
    if linked:
        return ("", []) if _renamed(wanted, linked, index.matching) else ("link", [linked])
    if row and row.link and not wanted.decisions.adopt:
        return "", []
    for match in index.matching.by:
        if lives := _matched(match, wanted, index):
            own = len(lives) == 1 and lives[0].id in index.orphans
            return "link" if own else match, lives
    return "", []


def _intended(intent: CreateIntent, index: Index) -> list[Live]:
    """
    Return what an unfinished create of ours made: only we gave it that name together with that external id.
    """
    name_key = index.matching.name_key
    made = index.by_external.get(intent.external_id, [])
    return [one for one in made if name_key(one.name) == name_key(intent.name)]


def _renamed(wanted: Desired, linked: Live, matching: Matching) -> bool:
    """
    Return whether the linked entity must give way to a successor that bears the desired name.
    """
    same = matching.name_key(wanted.name) == matching.name_key(linked.name)
    return matching.replaces and wanted.state == "active" and not same


def _pair(wanted: Desired, row: LedgerRow | None, live: Live | None, index: Index, *, via: str) -> Pair:
    """
    Return the pair with its predecessor: the linked entity that a successor replaces, or one not yet retired.
    """
    if live and live.id in index.orphans:
        row = replace(index.rows[index.orphans[live.id]], key=wanted.key)
    former = [row.link, *reversed(row.tombstones)] if row else []
    alive = (index.by_id[old] for old in former if old and old in index.by_id and (not live or old != live.id))
    predecessor = next((old for old in alive if old.active), None)
    return Pair(
        kind=wanted.kind, key=wanted.key, desired=wanted, live=live, row=row, via=via, predecessor=predecessor
    )


def _matched(match: Match, wanted: Desired, index: Index) -> list[Live] | None:
    if match == "external_id":
        return index.by_external.get(wanted.key)
    if match == "user_name":
        return index.by_name.get(index.matching.name_key(wanted.name))
    mail = wanted.fields.get("email")
    return index.by_mail.get(index.matching.mail_key(mail)) if match == "email" and isinstance(mail, str) else None


def _undesired(rows: Mapping[str, LedgerRow], known: Sequence[Container[str]], index: Index) -> Iterator[Pair]:
    """
    Yield the entities of the ledger that stand in nothing that is `known`: nobody desires them.
    """
    for key, row in sorted(rows.items()):
        if not any(key in keys for keys in known):
            live = index.by_id.get(row.link) if row.link else None
            via = "link" if live else ""
            yield Pair(kind=index.matching.kind, key=key, desired=None, live=live, row=row, via=via)


def _strangers(index: Index, known: AbstractSet[str]) -> Iterator[Pair]:
    """
    Yield the entities of which neither the ledger nor anybody desired knows.
    """
    for one in sorted(index.free, key=lambda one: (one.name, one.id)):
        if one.id not in known:
            yield Pair(kind=index.matching.kind, key="", desired=None, live=one, row=None)
