"""
Documents held against the JSON Schemas of `schemas/`; the only module that knows the schema library.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct

from reconciler.errors import Fault
from reconciler.files.explain import Finding, findings
from reconciler.files.placed import Document, Pointer, Tree
from reconciler.files.shape import Shape, shape_of, typed

Schema: TypeAlias = dict[str, Any]

_PACKAGE = Path(__file__).parents[1]


class Checked(Struct, frozen=True):
    """
    A document's value with its types, and its faults; `broken` points at what the schema refuses.
    """

    value: Tree
    faults: tuple[Fault, ...]
    broken: frozenset[Pointer] = frozenset()


def shipped(name: str) -> Path:
    """
    Return the folder `name` that comes with the package: from the wheel, else from the checkout.
    """
    root = _PACKAGE.parent
    places = (_PACKAGE / "shipped" / name, root / name, root / "tests" / "data" / name)
    return next((place for place in places if place.is_dir()), places[0])


def check(document: Document, name: str) -> Checked:
    """
    Return the document's value as schema `name` types it, with the faults of both.

    What the parser refused already is not refused again.
    """
    shape, validator = _compiled(name)
    value = typed(document.value, shape)
    found = list(findings(validator.iter_errors(value)))
    faults = {
        Fault(document.path, document.line(one.pointer), one.message, one.hint)
        for one in found
        if one.pointer not in document.void
    }
    return Checked(value, tuple(sorted({*faults, *document.faults})), frozenset(one.pointer for one in found))


def check_part(document: Document, pointer: Pointer, form: Schema) -> Checked:
    """
    Return what stands at `pointer` (nothing: an empty mapping) as schema `form` types it, with its faults.

    The schema, made of an adapter's type, refuses unknown keys even where that type would pass over them.
    """
    value = _at(document.value, pointer)
    form = {**_inlined(form, form.get("$defs", {})), "additionalProperties": False}
    for step in reversed(pointer):
        value, form = {step: value}, {"type": "object", "properties": {step: form}}
    whole = typed(value, shape_of(form))
    found = list(findings(_validator(form).iter_errors(whole)))
    faults = {Fault(document.path, document.line(one.pointer), one.message, one.hint) for one in found}
    return Checked(_at(whole, pointer), tuple(sorted(faults)), frozenset(one.pointer for one in found))


def _at(value: Tree, pointer: Pointer) -> Tree:
    """
    Return what stands at `pointer` in mappings; an empty mapping where nothing does.
    """
    for step in pointer:
        value = value.get(step, {})
    return value


def explain(value: object, name: str) -> tuple[Finding, ...]:
    """
    Return why schema `name` refuses a value that was read by other means; empty where it does not.
    """
    return tuple(findings(_compiled(name)[1].iter_errors(value)))


def schema(name: str) -> Schema:
    """
    Return schema `name` as it stands in its file.
    """
    loaded: Schema = json.loads((shipped("schemas") / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


@cache
def _compiled(name: str) -> tuple[Shape, Any]:
    """
    Return the shape and the validator of a schema, made once: making one costs as much as 30 checks.
    """
    content = schema(name)
    whole = _inlined(content, content.get("$defs", {}))
    return shape_of(whole), _validator(whole)


def _validator(form: Schema) -> Any:  # noqa: ANN401 - the library's own type is imported only here
    """
    Return what holds values against a schema without references.
    """
    # Imported here because they take 180 ms, which `reconciler --help` need not wait for.
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 - see above
    from jsonschema.validators import extend  # noqa: PLC0415 - see above
    from referencing import Registry  # noqa: PLC0415 - see above

    strict = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call] # has no stub
    # Without a registry of its own the library would fetch what it does not know from the network.
    return strict(form, registry=Registry(), format_checker=FormatChecker(["date"]))


def _inlined(part: Any, definitions: Schema) -> Any:  # noqa: ANN401 - JSON's edge
    """
    Return part of a schema with each reference replaced by what it refers to.

    Following a reference costs as much as a check, again for every value.
    """
    if isinstance(part, list):
        return [_inlined(element, definitions) for element in part]
    if not isinstance(part, dict):
        return part
    target = _inlined(definitions[part["$ref"].removeprefix("#/$defs/")], definitions) if "$ref" in part else {}
    own = {key: _inlined(inner, definitions) for key, inner in part.items() if key not in {"$ref", "$defs"}}
    return {**target, **own}


def _pattern(_validator: Any, pattern: str, value: object, _schema: Schema) -> Iterator[Any]:  # noqa: ANN401
    """
    Yield a refusal where text does not match.

    `$` ends the text (ECMA-262, as JSON Schema says); Python lets a line feed follow.
    """
    from jsonschema import ValidationError  # noqa: PLC0415 - imported by now

    if isinstance(value, str) and not re.search(pattern.removesuffix("$") + r"\Z", value):
        yield ValidationError(f"does not match {pattern}")
