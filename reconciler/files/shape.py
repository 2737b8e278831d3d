"""
Which types a schema wants where, and YAML's plain scalars turned into them.

`NO`, `0123`, `1e3` and `2001-12-14` stay text, whatever a YAML standard says of them. Only where the schema wants
a truth value, a number or null, and only in the one spelling that cannot mean anything else, is a scalar without
quotes turned into one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.files.placed import Plain, Tree

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS = {"true": ("boolean", True), "false": ("boolean", False), "null": ("null", None), "~": ("null", None)}
_BRANCHES = ("oneOf", "anyOf", "allOf")


class Shape(Struct, frozen=True):
    """
    The types that any branch of a schema allows, of a value, its keys and its elements.
    """

    types: frozenset[str] = frozenset()
    keys: dict[str, "Shape"] = field(default_factory=dict)
    others: "Shape | None" = None
    elements: "Shape | None" = None


ANY = Shape()


def shape_of(*schemas: Mapping[str, Any]) -> Shape:
    """
    Return the shape of a value that any of the schemas, free of references, may describe.
    """
    branches = [branch for schema in schemas for branch in _branches(schema)]
    names = {name for branch in branches for name in branch.get("properties", {})}
    return Shape(
        types=frozenset(kind for branch in branches for kind in _types(branch)),
        keys={name: shape_of(*_parts(branches, "properties", name)) for name in names},
        others=_inner(branches, "additionalProperties"),
        elements=_inner(branches, "items"),
    )


def typed(value: Tree, shape: Shape) -> Tree:
    """
    Return `value` with every plain scalar as the type that `shape` wants there, else as text.
    """
    if isinstance(value, dict):
        others = shape.others or ANY
        return {key: typed(inner, shape.keys.get(key, others)) for key, inner in value.items()}
    if isinstance(value, list):
        elements = shape.elements or ANY
        return [typed(element, elements) for element in value]
    return _resolved(value, shape.types) if isinstance(value, Plain) else value


def _resolved(text: Plain, types: frozenset[str]) -> str | bool | float | None:
    """
    Return a plain scalar as one of `types`, where it is spelled like one; else as text.
    """
    kind, constant = _WORDS.get(text, ("", None))
    if kind in types:
        return constant
    if types & {"integer", "number"} and _WHOLE.fullmatch(text):
        return int(text)
    if "number" in types and _DECIMAL.fullmatch(text):
        return float(text)
    return str(text)


def _branches(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """
    Yield a schema and every schema that also, or instead, describes the same value.
    """
    yield schema
    inner = [branch for keyword in _BRANCHES for branch in schema.get(keyword, ())]
    for branch in (*inner, *(schema[keyword] for keyword in ("then", "else") if keyword in schema)):
        yield from _branches(branch)


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return the types that one schema names.
    """
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def _parts(branches: list[Mapping[str, Any]], keyword: str, name: str) -> list[Mapping[str, Any]]:
    """
    Return what each branch that knows the key `name` says of it.
    """
    return [branch[keyword][name] for branch in branches if name in branch.get(keyword, {})]


def _inner(branches: list[Mapping[str, Any]], keyword: str) -> Shape | None:
    """
    Return the shape of what `keyword` describes; None where no branch says.
    """
    found = [branch[keyword] for branch in branches if isinstance(branch.get(keyword), dict)]
    return shape_of(*found) if found else None
