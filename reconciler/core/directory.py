"""
Who is meant: people and groups found by what people call them.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from reconciler.core.export import Export, GroupRow, PlacedGroup, UserRow
from reconciler.core.ledger import Ledger, LedgerRow
from reconciler.core.matching import folded
from reconciler.core.policy import GroupPolicy

NOBODY: frozenset[str] = frozenset()


class Directory:
    """
    Finds people and groups by what people call them: key, user name, e-mail; key or name.

    A group also answers to the names it bore before, as long as no other bears them now. `prefixes` are what the
    target's names of groups begin with. `former` has those earlier names by key, with prefix and without.
    """

    def __init__(
        self,
        export: Export,
        users: Mapping[str, LedgerRow],
        groups: Mapping[str, LedgerRow],
        *,
        prefixes: Sequence[str] = (),
        former: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._export = export
        self._ledgers = users, groups
        self._prefixes = prefixes
        self.former = _former(export.groups, groups, prefixes) if former is None else former

    @cached_property
    def groups(self) -> dict[str, AbstractSet[str]]:
        """
        Return the keys of groups by every name of theirs; made when one is first looked for.
        """
        found = _called(self._export.groups)
        for key, names in self.former.items():
            _note(found, key, *names)
        return found

    @cached_property
    def people(self) -> dict[str, AbstractSet[str]]:
        """
        Return the keys of people by every name of theirs; made when somebody is first looked for.
        """
        found: dict[str, AbstractSet[str]] = {}
        for placed in self._export.users:
            _note(found, placed.row.key, *names_in_export(placed.row))
        return found

    @cached_property
    def known_before(self) -> frozenset[str]:
        """
        Return every name that the ledger has known; made when somebody is looked for in vain.
        """
        users, groups = self._ledgers
        people = (name for row in users.values() for name in (row.key, *_borne(row), _mail(row)))
        others = (name for row in groups.values() for name in (row.key, *_borne(row, self._prefixes)))
        return frozenset(map(folded, (*people, *others)))

    def person(self, name: str) -> AbstractSet[str]:
        """
        Return the keys of the people whom `name` may mean; a key means its bearer and nobody else.
        """
        return _meant(self.people, name)

    def group(self, name: str) -> AbstractSet[str]:
        """
        Return the keys of the groups that `name` may mean; a key means its bearer and no other.
        """
        return _meant(self.groups, name)

    def recorded_person(self, name: str) -> set[str]:
        """
        Return the keys of the people whom the ledger knows by that key, user name or e-mail of now.
        """
        wanted, (users, _) = folded(name), self._ledgers
        found = {
            key
            for key, row in users.items()
            if wanted in map(folded, (key, row.names.present if row.names else "", _mail(row)))
        }
        return {name} if name in found else found

    def recorded_group(self, name: str) -> set[str]:
        """
        Return the keys of the groups that the ledger knows by that key or name, of now or of before.
        """
        wanted, (_, groups) = folded(name), self._ledgers
        found = {key for key, row in groups.items() if wanted in map(folded, (key, *_borne(row, self._prefixes)))}
        return {name} if name in found else found

    def gone(self, name: str) -> bool:
        """
        Return whether the ledger knew somebody, or a group, of that name.
        """
        return folded(name) in self.known_before


def directory_of(
    export: Export,
    ledger: Ledger,
    groups: GroupPolicy,
    *,
    former: Mapping[str, tuple[str, ...]] | None = None,
) -> Directory:
    """
    Return the directory of one target: whoever asks whom an override means asks this one.

    It knows the prefixes that the policy gives to groups, and so the names they bore before; `former` are these,
    where they have been found already.
    """
    prefixes = tuple(prefix for prefix in (groups.prefix, *groups.recognise) if prefix)
    return Directory(export, ledger.users, ledger.groups, prefixes=prefixes, former=former)


def _called(groups: Iterable[PlacedGroup]) -> dict[str, AbstractSet[str]]:
    """
    Return the keys of groups by what they are called now.
    """
    found: dict[str, AbstractSet[str]] = {}
    for group in groups:
        _note(found, group.row.key, *names_in_export(group.row))
    return found


def _former(
    groups: Sequence[PlacedGroup], rows: Mapping[str, LedgerRow], prefixes: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """
    Return by key what groups were called before, as far as no other is called that now.
    """
    now = _called(groups)
    return {
        group.row.key: tuple(
            name
            for name in _borne(rows[group.row.key], prefixes)
            if name != group.row.name and now.get(folded(name), NOBODY) <= {group.row.key}
        )
        for group in groups
        if group.row.key in rows
    }


def _meant(index: Mapping[str, AbstractSet[str]], name: str) -> AbstractSet[str]:
    keys = index.get(folded(name), NOBODY)
    return {name} if name in keys else keys


def _note(index: dict[str, AbstractSet[str]], key: str, *names: str) -> None:
    """
    Note whom some names mean. Most mean one, under each of its names; what many share is added to, and not copied.
    """
    alone = frozenset((key,))
    for name in map(folded, names):
        there = index.setdefault(name, alone)
        if isinstance(there, set):
            there.add(key)
        elif there != alone:
            index[name] = {*there, key}


def names_in_export(row: UserRow | GroupRow) -> tuple[str, ...]:
    """
    Return every name that a row of the export is found by.
    """
    names = (row.key, row.user_name, row.email) if isinstance(row, UserRow) else (row.key, row.name)
    return tuple(name for name in names if isinstance(name, str) and name)


def names_in_ledger(row: LedgerRow) -> tuple[str, ...]:
    """
    Return every name that a row of the ledger is found by, as it stands there.
    """
    return tuple(filter(None, (row.key, *_borne(row), _mail(row))))


def _borne(row: LedgerRow, prefixes: Sequence[str] = ()) -> tuple[str, ...]:
    """
    Return the names that an entity bears or bore in the target, with and without prefix.
    """
    names = (row.names.present, *row.names.previous) if row.names else ()
    bare = (name.removeprefix(prefix) for name in names for prefix in prefixes if name.startswith(prefix))
    return tuple(dict.fromkeys(filter(None, (*bare, *names))))


def _mail(row: LedgerRow) -> str:
    return str(row.last.fields.get("email") or "") if row.last else ""
