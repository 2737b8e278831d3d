"""
A few of the registry's users and groups, found by what they are known by; no query reads more than it finds.
"""

from collections.abc import Iterable

from reconciler.core.matching import folded
from reconciler.core.model import Catalogue, Kind, Live
from reconciler.core.near import Ask
from reconciler.targets.sql_read import catalogue, live
from reconciler.targets.sql_words import Driver

_COLUMNS: dict[Kind, dict[str, str]] = {
    "user": {"external": "external_id", "called": "user_name"},
    "group": {"external": "external_id", "called": "name"},
}


class SqlSight:
    """
    What a run about few sees of the registry, as of one moment: the caller's transaction is that moment.
    """

    def __init__(self, driver: Driver, role_groups: frozenset[str]) -> None:
        self._driver = driver
        self._role_groups = role_groups

    def look(self, asks: frozenset[Ask]) -> tuple[Live, ...]:
        """
        Return the users and groups to which any of these leads; those that express a role are none.
        """
        kinds: tuple[Kind, ...] = ("user", "group")
        return tuple(one for kind in kinds if (ids := self._ids(kind, asks)) for one in self._live(kind, ids))

    def catalogue(self) -> Catalogue:
        """
        Return what the registry offers.
        """
        return catalogue(self._driver)

    def _live(self, kind: Kind, ids: Iterable[int]) -> Iterable[Live]:
        found = live(self._driver, kind, sorted(ids), self._role_groups)
        return (one for one in found.values() if kind == "user" or one.name not in self._role_groups)

    def _ids(self, kind: Kind, asks: frozenset[Ask]) -> set[int]:
        """
        Return the ids of all of one kind to which these lead.
        """
        asked: dict[str, set[str]] = {}
        for its, how, text in asks:
            if its == kind:
                asked.setdefault(how, set()).add(text)
        ids = {int(text) for text in asked.get("id", ()) if text.isascii() and text.isdigit()}
        for by, column in _COLUMNS[kind].items():
            if texts := asked.get(by):
                ids |= self._by(f"SELECT id FROM {kind}s WHERE {column} {{}}", texts)  # noqa: S608 - our own words
        if teams := asked.get("in"):
            ids |= self._members(teams)
        if mails := asked.get("mail"):
            ids |= self._by(self._driver.words.mails, map(folded, mails))
        return ids

    def _members(self, teams: Iterable[str]) -> set[int]:
        words = self._driver.words
        given = words.given([int(text) for text in sorted(teams)])
        return {user for user, _ in self._driver.execute(words.elevated, (given,))}

    def _by(self, query: str, texts: Iterable[str]) -> set[int]:
        words = self._driver.words
        return {id_ for (id_,) in self._driver.execute(query.format(words.among), (words.given(sorted(texts)),))}
