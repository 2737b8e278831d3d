"""
How an account is held against its record at one go: most are alike, and of those no field is looked at alone.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from reconciler.core.columns import COMPUTED, by_rule, canonical, written
from reconciler.core.export import UserRow
from reconciler.core.model import Fields, Value
from reconciler.core.policy import FieldRule

Computed: TypeAlias = tuple[tuple[str, Value | UnsetType], ...]
"""Fields, each with what Git says of it; UNSET for nothing."""

NOTHING: frozenset[str] = frozenset()
"""No field: of most people Git says something of each."""


class Likeness(Struct, frozen=True, kw_only=True):
    """
    What is compared of everybody. `said` and `held` give the fields `names` of a record and of an account.

    `defaults` are what stands where a record gives none of them (UNSET: nothing). `fixed` gives the fields that the
    policy gives a value, `constants` the values, `kinds` their types: to Python, True and 1 are equal.
    `attributes` are the rules of fields that stand among a record's attributes, `derived` of those that come
    from what a person may do.
    """

    names: tuple[str, ...]
    said: Callable[[UserRow], tuple[Any, ...]]
    held: Callable[[Fields], tuple[Any, ...]]
    defaults: tuple[Value | UnsetType, ...]
    fixed: Callable[[Fields], tuple[Any, ...]]
    constants: tuple[Value | UnsetType, ...]
    kinds: tuple[type, ...]
    attributes: tuple[tuple[str, FieldRule], ...]
    derived: tuple[tuple[str, FieldRule], ...]

    def computed(self, given: Mapping[str, Value | UnsetType]) -> Computed:
        """
        Return the fields that come from what a person may do, each with what Git says of it; `given` has that.
        """
        return tuple((name, by_rule(rule, given[name])) for name, rule in self.derived)

    def unsaid(self, row: UserRow, held: Fields, computed: Computed) -> frozenset[str] | None:
        """
        Return the fields of which Git says nothing, if the account holds what it says of all others; else None.

        Raises KeyError where the target gave less.
        """
        fixed = self.fixed(held)
        if fixed != self.constants or tuple(map(type, fixed)) != self.kinds:
            return None
        said = self.said(row)
        unsaid = NOTHING if said == self.held(held) and not self.attributes else self._unsaid(row, held, said)
        if unsaid is None:
            return None
        for name, value in computed:
            if value is UNSET:
                unsaid |= {name}
            elif value != held[name]:
                return None
        return unsaid

    def _unsaid(self, row: UserRow, held: Fields, said: tuple[Any, ...]) -> frozenset[str] | None:
        """
        Return the same of the fields that a source may give, looked at one by one.
        """
        unsaid = set()
        for name, value in self._singly(row, said):
            if value is UNSET:
                unsaid.add(name)
            elif value != held[name]:
                return None
        return frozenset(unsaid)

    def _singly(self, row: UserRow, said: tuple[Any, ...]) -> Iterator[tuple[str, Value | UnsetType]]:
        """
        Yield each field that a source may give, with what Git says of it; UNSET for nothing.
        """
        for name, value, default in zip(self.names, said, self.defaults, strict=True):
            yield name, default if value is UNSET else value
        for name, rule in self.attributes:
            given = row.attributes.get(name, UNSET)
            yield name, by_rule(rule, given if given is UNSET else canonical(name, given))


def likeness(rules: Mapping[str, FieldRule], *, without: frozenset[str]) -> Likeness:
    """
    Return what is compared of everybody by a policy's rules, but for the fields `without`.
    """
    compared = {name: rule for name, rule in written(rules) if name not in without}
    plain = {name: rule for name, rule in compared.items() if name not in COMPUTED}
    fixed = tuple(name for name, rule in plain.items() if rule.value is not UNSET)
    given = [name for name in plain if name not in fixed]
    names = tuple(name for name in given if name in UserRow.__struct_fields__)
    constants = tuple(plain[name].value for name in fixed)
    return Likeness(
        names=names,
        said=attrgetter(*names) if len(names) > 1 else lambda row: tuple(getattr(row, name) for name in names),
        held=all_of(names),
        defaults=tuple(plain[name].default for name in names),
        fixed=all_of(fixed),
        constants=constants,
        kinds=tuple(map(type, constants)),
        attributes=tuple((name, plain[name]) for name in given if name not in names),
        derived=tuple((name, rule) for name, rule in compared.items() if name in COMPUTED),
    )


def all_of(names: tuple[str, ...]) -> Callable[[Fields], tuple[Any, ...]]:
    """
    Return what gives the fields of these names as a tuple, at one go; KeyError where one is not there.
    """
    return itemgetter(*names) if len(names) > 1 else lambda fields: tuple(fields[name] for name in names)
