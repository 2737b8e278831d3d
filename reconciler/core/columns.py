"""
How one field of a person or a group is read from its row, as the policy's rule for the field has it.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import TypeAlias

from msgspec import UNSET, UnsetType

from reconciler.core.model import SETS, UserRow, Value
from reconciler.core.policy import FieldRule

Column: TypeAlias = Callable[[UserRow], Value | UnsetType]
"""Reads one field from a row, as the field's rule has it."""


def written(rules: Mapping[str, FieldRule]) -> Iterator[tuple[str, FieldRule]]:
    """
    Yield the fields that we ever write, each with its rule: what is the target's alone is never even desired.
    """
    yield from ((name, rule) for name, rule in rules.items() if rule.authority != "target")


def column(name: str, rule: FieldRule) -> Column:
    """
    Return what reads a plain field from a row: its constant, else what the source gives, else the default.
    """
    if not isinstance(rule.value, UnsetType):
        constant = rule.value
        return lambda _row: constant
    if name in UserRow.__struct_fields__:
        given = attrgetter(name)
        return lambda row: rule.default if (value := given(row)) is UNSET else value
    return lambda row: canonical(name, row.attributes[name]) if name in row.attributes else rule.default


def by_rule(rule: FieldRule, given: Value | UnsetType) -> Value | UnsetType:
    """
    Return the constant of the rule, else what the source gives, else the default; absent where none of them is.
    """
    if not isinstance(rule.value, UnsetType):
        return rule.value
    return rule.default if isinstance(given, UnsetType) else given


def canonical(name: str, value: Value) -> Value:
    """
    Return a set sorted, its elements distinct; one that is cleared is empty.
    """
    if name in SETS and value is None:
        return ()
    return tuple(sorted(set(value))) if isinstance(value, tuple) else value
