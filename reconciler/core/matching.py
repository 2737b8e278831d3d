"""
How entities of one kind are told apart, and the live ones found by everything that they are told apart by.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from reconciler.core.ledger import LedgerRow
from reconciler.core.model import Desired, Kind, Live
from reconciler.core.policy import Match


def folded(text: str) -> str:
    """
    Return `text` in a form in which look-alikes by case or compatibility are equal (Unicode NFKC, case-folded).
    """
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


class Matching(Struct, frozen=True, kw_only=True):
    """
    How entities of one kind are told apart: the policy's matches, and how names and e-mails compare.

    Accounts that bear a `protected` name are as good as not there, but that their names are taken. `replaces`: an
    entity whose name changed gets a successor, because the target cannot rename; `asks`: somebody decides what it
    is called. `reborn`: one that the source made anew, under the name of one that it no longer has, is that one.
    """

    kind: Kind
    by: tuple[Match, ...]
    name_key: Callable[[str], str]
    mail_key: Callable[[str], str] = folded
    protected: frozenset[str] = frozenset()
    replaces: bool = False
    asks: bool = False
    reborn: bool = False


class Index:
    """
    The live entities of one kind by id and name, and the free ones by everything that they are matched by.

    `live` need not have the `steady` ones: of these only the names count. `orphans` are linked entities that nobody
    desires and that may be reborn, each with its key.
    """

    def __init__(
        self,
        desired: Mapping[str, Desired],
        live: Sequence[Live],
        rows: Mapping[str, LedgerRow],
        matching: Matching,
        *,
        steady: Mapping[str, Live],
    ) -> None:
        name_key = matching.name_key
        spared = set(map(name_key, matching.protected))
        asked = spared | {name_key(one.name) for one in desired.values()}
        ids = {one.id for one in live}
        known = [(key, one) for key, one in steady.items() if one.id in ids or name_key(one.name) in asked]
        named = [one for one in live if name_key(one.name) in asked]
        named += [one for _, one in known if one.id not in ids and name_key(one.name) in asked]
        self.bearers = grouped(sorted(named, key=lambda one: one.id), lambda one: name_key(one.name))
        untouchable = {one.id for name in spared for one in self.bearers.get(name, ())}
        within = [one for one in live if one.id not in untouchable]
        self.matching = matching
        self.rows = rows
        self.live = live
        self.dead = {old: key for key, row in rows.items() for old in row.tombstones}
        self.by_id = {one.id: one for one in within}
        self.owner_of = {one.id: key for key, one in known}
        self.owner_of |= {row.link: key for key, row in rows.items() if row.link}
        self.free = [one for one in within if one.id not in self.owner_of and one.id not in self.dead]
        self.orphans = {
            link: key
            for link, key in self.owner_of.items()
            if matching.reborn and key not in desired and key not in steady
        }
        orphaned = [self.by_id[link] for link in self.orphans if link in self.by_id]
        self.by_external = grouped(self.free, lambda one: one.external_id)
        self.by_name = grouped([*self.free, *orphaned], lambda one: matching.name_key(one.name))
        self.by_mail = grouped(self.free, self._mail)

    def is_gone(self, link: str) -> bool:
        """
        Return whether the target has nothing of that id any more, not even a protected account.
        """
        return link not in self.by_id and not any(one.id == link for one in self.live)

    def _mail(self, one: Live) -> str | None:
        mail = one.fields.get("email")
        return self.matching.mail_key(mail) if isinstance(mail, str) else None


def grouped(live: Iterable[Live], key_of: Callable[[Live], str | None]) -> dict[str, list[Live]]:
    """
    Return the entities by what `key_of` says of each; those of which it says nothing are left out.
    """
    found: dict[str, list[Live]] = {}
    for one in live:
        if key := key_of(one):
            found.setdefault(key, []).append(one)
    return found
