"""
What a schema's refusal means to a person: the place, the value, and what to write instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import groupby
from typing import Any, TypeAlias

from msgspec import Struct

from reconciler.files.placed import Pointer
from reconciler.files.scan import quoted

Refusal: TypeAlias = Any
"""An error of the schema library, which only `schema` may import: of it, what it says of value and schema."""

_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_SECRET = "(not shown)"  # noqa: S105 - what stands in a secret's place


class Finding(Struct, frozen=True):
    """
    One fault of a value: where in it, what is wrong, what to do.
    """

    pointer: Pointer
    message: str
    hint: str = ""


def findings(refusals: Iterable[Refusal]) -> Iterator[Finding]:
    """
    Yield what the refusals mean, one fault at each place: a second one mostly follows from the first.
    """
    told: set[Pointer] = set()
    for refusal in refusals:
        explain = _EXPLAIN.get(refusal.validator, _otherwise)
        for finding in explain(refusal):
            if finding.pointer not in told:
                told.add(finding.pointer)
                yield finding


def close(name: str, known: Iterable[str]) -> str:
    """
    Return a question after the name that was meant, or a list of those there are.
    """
    names = sorted(set(known))
    folded = {candidate.casefold(): candidate for candidate in names}
    near = get_close_matches(name.casefold(), list(folded), n=1)
    if near:
        return f"did you mean {quoted(folded[near[0]])}?"
    return f"known: {', '.join(names[:20])}" if names else "there is none"


def where(pointer: Pointer) -> str:
    """
    Return a pointer as people write it: `targets.openpages.sources[0]`; the index of a file's entry says nothing.
    """
    parts = pointer[1:] if pointer and isinstance(pointer[0], int) else pointer
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or ("the entry" if pointer else "the file")


def _value(refusal: Refusal) -> str:
    """
    Return the refused value as a message shows it, unless its schema says that it is only ever written.
    """
    if refusal.schema.get("writeOnly"):
        return _SECRET
    if isinstance(refusal.instance, dict | list):
        return "a mapping" if isinstance(refusal.instance, dict) else "a list"
    return quoted(refusal.instance)


def _pointer(refusal: Refusal) -> Pointer:
    """
    Return where a refused value stands; a refused key stands at itself, and not at the mapping around it.
    """
    key = (refusal.instance,) if "propertyNames" in refusal.absolute_schema_path else ()
    return (*refusal.absolute_path, *key)


def _unknown(refusal: Refusal) -> Iterator[Finding]:
    known = refusal.schema.get("properties", {})
    for key in refusal.instance:
        if key not in known:
            pointer = (*_pointer(refusal), key)
            hint = close(key, known) if known else f"{where(pointer[:-1])} takes nothing here: leave it out"
            yield Finding(pointer, f"unknown key {quoted(key)} in {where(pointer[:-1])}", hint)


def _required(refusal: Refusal) -> Iterator[Finding]:
    missing = [name for name in refusal.validator_value if name not in refusal.instance]
    what = f"{where(_pointer(refusal))} lacks {' and '.join(map(quoted, missing))}"
    yield Finding(_pointer(refusal), what, f"add: {', '.join(missing)}")


def _dependent(refusal: Refusal) -> Iterator[Finding]:
    for name, needs in refusal.validator_value.items():
        missing = [need for need in needs if need not in refusal.instance]
        if name in refusal.instance and missing:
            what = f"{name} lacks {' and '.join(map(quoted, missing))} beside it"
            yield Finding((*_pointer(refusal), name), what, f"add: {', '.join(missing)}")


def _type(refusal: Refusal) -> Iterator[Finding]:
    wanted = refusal.validator_value
    names = [_TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted)]
    what = f"{where(_pointer(refusal))} is {_value(refusal)}, not {' or '.join(names)}"
    listed = "write it in brackets: [ONE, TWO]" if names == ["a list"] and isinstance(refusal.instance, str) else ""
    yield Finding(_pointer(refusal), what, _example(refusal.schema) or listed)


def _choice(refusal: Refusal) -> Iterator[Finding]:
    allowed = refusal.validator_value if refusal.validator == "enum" else [refusal.validator_value]
    texts = [choice if isinstance(choice, str) else quoted(choice) for choice in allowed]
    what = f"{where(_pointer(refusal))} is {_value(refusal)}, not {' or '.join(texts)}"
    hint = close(refusal.instance, texts) if isinstance(refusal.instance, str) else ""
    yield Finding(_pointer(refusal), what, hint if hint.startswith("did") else "")


def _branch(refusal: Refusal) -> Iterator[Finding]:
    """
    Yield the findings of the branch that was most likely meant.
    """
    if "discriminator" in refusal.schema and isinstance(refusal.instance, dict):
        yield from _tagged(refusal)
        return
    context: list[Refusal] = refusal.context
    branches = [list(found) for _, found in groupby(context, key=lambda inner: inner.relative_schema_path[0])]
    nearest = min(branches, key=_distance, default=[])
    yield from findings(nearest) if nearest else _otherwise(refusal)


def _tagged(refusal: Refusal) -> Iterator[Finding]:
    """
    Yield the findings of the branch that a mapping names itself, or that it names none of those there are.
    """
    tag = refusal.schema["discriminator"]["propertyName"]
    names = list(refusal.schema["discriminator"]["mapping"])
    said, place = refusal.instance.get(tag), _pointer(refusal)
    if tag not in refusal.instance:
        yield Finding(place, f"{where(place)} lacks {quoted(tag)}", f"add {tag}: {' or '.join(names)}")
    elif said not in names:
        what = f"{where((*place, tag))} is {quoted(said)}, not {' or '.join(names)}"
        hint = close(said, names) if isinstance(said, str) else ""
        yield Finding((*place, tag), what, hint if hint.startswith("did") else "")
    else:
        meant = names.index(said)
        yield from findings(inner for inner in refusal.context if inner.relative_schema_path[0] == meant)


def _distance(refusals: list[Refusal]) -> tuple[int, int]:
    """
    Return how far a value is from one branch: of another type, of another kind, or only faulty within.
    """
    ranks = [_rank(refusal) for refusal in refusals]
    return max(ranks), len(ranks)


def _rank(refusal: Refusal) -> int:
    if refusal.validator == "const":
        return 2
    if refusal.relative_path:
        return 0
    return {"type": 2, "enum": 1, "pattern": 1}.get(refusal.validator, 0)


def _repeated(refusal: Refusal) -> Iterator[Finding]:
    elements = refusal.instance
    for index, element in enumerate(elements):
        if element in elements[:index]:
            pointer = (*_pointer(refusal), index)
            yield Finding(pointer, f"{where(pointer[:-1])} names {quoted(element)} twice", "keep one of them")


def _otherwise(refusal: Refusal) -> Iterator[Finding]:
    """
    Yield the finding of a keyword that compares one value with one bound.
    """
    wanted = _BOUNDS.get(refusal.validator, "is {value}: {bound} is not met")
    what = wanted.format(value=_value(refusal), bound=refusal.validator_value)
    yield Finding(_pointer(refusal), f"{where(_pointer(refusal))} {what}", _example(refusal.schema))


def _example(schema: Mapping[str, Any]) -> str:
    """
    Return what the schema's author would write there, as a hint.
    """
    examples = schema.get("examples", ())
    return f"for example: {quoted(examples[0], width=200)}" if examples else str(schema.get("description", ""))


_BOUNDS = {
    "minLength": "is empty",
    "minItems": "is empty",
    "minProperties": "says nothing",
    "maxItems": "names more than {bound}",
    "minimum": "is {value}: it may not be below {bound}",
    "maximum": "is {value}: it may not be above {bound}",
    "pattern": "is {value}: it is not written as it must be",
    "format": "is {value}: there is no such {bound}",
}
_EXPLAIN: Mapping[str, Callable[[Refusal], Iterator[Finding]]] = {
    "additionalProperties": _unknown,
    "required": _required,
    "dependentRequired": _dependent,
    "type": _type,
    "enum": _choice,
    "const": _choice,
    "oneOf": _branch,
    "anyOf": _branch,
    "uniqueItems": _repeated,
}
