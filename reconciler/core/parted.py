"""
People whom several sources describe, and who cannot be one, or are one no longer: conflicts that hold them all.

Two people who each have an account never become one because a source says so; and nobody loses an account, or what
it may, because a source begins to say something else by which they were joined.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from reconciler.core.canonical import digest
from reconciler.core.clashes import Clash
from reconciler.core.export import Apart
from reconciler.core.ledger import LedgerRow
from reconciler.core.matching import Index
from reconciler.core.model import Conflict, Desired, Live, Value
from reconciler.core.overrides import to_write

_SETTLED = frozenset({"excluded", "blocked", "not-selected"})
"""Reasons that are somebody's decision: to exclude or block one of them, or to choose the other, settles it."""


class Joins(Struct, frozen=True):
    """
    What is known of people of several sources: those who were kept apart, and the keys of whom one calls active.
    """

    apart: tuple[Apart, ...] = ()
    active: frozenset[str] = frozenset()


def partings(
    desired: Mapping[str, Desired],
    rows: Mapping[str, LedgerRow],
    index: Index,
    joins: Joins,
    *,
    steady: Mapping[str, Live],
) -> Iterator[Clash]:
    """
    Yield a conflict for those who were kept apart, and for each who may be somebody whose account another key has.
    """
    for one in joins.apart:
        keys = tuple(key for key in one.keys if not _settled(desired.get(key)))
        if len(keys) > 1:
            told = " and ".join(f"{key} ({said})" for key, said in zip(one.keys, one.said, strict=True))
            message = f"{told} share one {one.field}, and at least two of them have an account each"
            yield _clash("apart", keys, message, f"correct the {one.field} at one of the sources")
    accounts = {key: index.by_id[row.link] for key, row in rows.items() if row.link and row.link in index.by_id}
    owners = _owners({**accounts, **steady}, index)
    for key in sorted(joins.active & desired.keys()):
        wanted, row = desired[key], rows.get(key)
        if _settled(wanted) or (row and row.link):
            continue
        marks = _marks(wanted.name, key, wanted.fields.get("email"), index)
        theirs = {owner for mark in marks for owner in owners.get(mark, ()) if not _settled(desired.get(owner))}
        if theirs:
            told = f"{wanted.name!r} ({key}) may be {' or '.join(sorted(theirs))}, with whom no source joins it"
            message = f"{told}: the account bears its name, external id or e-mail"
            release = "correct at one of the sources the value by which they are joined"
            yield _clash("parted", (key, *theirs), message, release)


def _settled(wanted: Desired | None) -> bool:
    return wanted is not None and wanted.reason in _SETTLED


def _owners(accounts: Mapping[str, Live], index: Index) -> Mapping[tuple[str, str], set[str]]:
    """
    Return the keys of those whose accounts bear a name, an external id or an e-mail.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for owner, live in accounts.items():
        for mark in _marks(live.name, live.external_id, live.fields.get("email"), index):
            found[mark].add(owner)
    return found


def _marks(name: str, external_id: str | None, mail: Value, index: Index) -> list[tuple[str, str]]:
    """
    Return everything by which somebody may be found, as the target compares it.
    """
    matching = index.matching
    marks = [
        ("user_name", matching.name_key(name)),
        ("external_id", external_id),
        ("email", matching.mail_key(mail) if isinstance(mail, str) else None),
    ]
    return [(what, text) for what, text in marks if text]


def _clash(code: str, keys: tuple[str, ...], message: str, release: str) -> Clash:
    ordered = tuple(sorted(keys))
    off = f"write {to_write('user', ordered[0], 'exclude')} below overrides/, or the like for another of them"
    name = digest("user", code, ordered)
    conflict = Conflict(id=name, kind="user", keys=ordered, message=message, release=f"{release}, or {off}")
    return Clash(conflict=conflict, ids=frozenset())
