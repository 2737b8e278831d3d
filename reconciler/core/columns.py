"""
How one field of a person or a group is read from its row, as the policy's rule for the field has it.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter

from msgspec import UNSET, Struct, UnsetType

from reconciler.core.export import UserRow
from reconciler.core.model import SETS, Fields, Value
from reconciler.core.policy import FieldRule

COMPUTED = frozenset({"roles", "profiles"})
"""Fields of a person that come from what it may do, and not from its row."""


class Reader(Struct, frozen=True, kw_only=True):
    """
    How the plain fields of everybody are read, worked out once from the policy's rules.

    `fixed` are constants, and the defaults of what a source may give; `names` the fields that a row holds itself,
    read by `read` at one go; `attributes` those that stand among its attributes; `computed` the rules of the fields
    that come from what a person may do.
    """

    fixed: Fields
    names: tuple[str, ...]
    read: Callable[[UserRow], tuple[Value | UnsetType, ...]]
    attributes: tuple[str, ...]
    computed: dict[str, FieldRule]


def reader(rules: Mapping[str, FieldRule]) -> Reader:
    """
    Return how the plain fields that the rules name are read.
    """
    plain = {name: rule for name, rule in written(rules) if name not in COMPUTED}
    fixed = {name: by_rule(rule, UNSET) for name, rule in plain.items()}
    given = [name for name, rule in plain.items() if isinstance(rule.value, UnsetType)]
    names = tuple(name for name in given if name in UserRow.__struct_fields__)
    return Reader(
        fixed={name: value for name, value in fixed.items() if not isinstance(value, UnsetType)},
        names=names,
        # Of one name alone attrgetter returns the bare value; two more in front make it a tuple always.
        read=attrgetter("key", "user_name", *names),
        attributes=tuple(name for name in given if name not in names),
        computed={name: rule for name, rule in written(rules) if name in COMPUTED},
    )


def plain_fields(read: Reader, row: UserRow) -> Fields:
    """
    Return the plain fields of a person: constants, what the source gives, else defaults.
    """
    fields = read.fixed.copy()
    for name, value in zip(read.names, read.read(row)[2:], strict=True):
        if value is not UNSET:
            fields[name] = value
    for name in read.attributes:
        if name in row.attributes:
            fields[name] = canonical(name, row.attributes[name])
    return fields


def written(rules: Mapping[str, FieldRule]) -> Iterator[tuple[str, FieldRule]]:
    """
    Yield the fields that we ever write, each with its rule: what is the target's alone is never even desired.
    """
    yield from ((name, rule) for name, rule in rules.items() if rule.authority != "target")


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
