"""
Entries of override files as values, and entries that contradict each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, convert

from reconciler.core.canonical import digest, encode
from reconciler.core.overrides import Override, Waiver, statements
from reconciler.errors import Fault
from reconciler.files.placed import Document, Pointer
from reconciler.files.scan import quoted

_NESTED = ("groups", "roles")


class Agreed(Struct, frozen=True):
    """
    The overrides that agree with all before them, and a fault for each that does not.
    """

    overrides: tuple[Override, ...]
    faults: tuple[Fault, ...]


def override(entry: Mapping[str, Any], document: Document, index: int) -> Override:
    """
    Return entry number `index` of a file as an override; the schema has found nothing wrong with it.
    """
    content = _flat(entry)
    places = {name: f"{document.path}:{line}" for name, line in _places(entry, document, (index,))}
    return Override(origin=_origin(document, index), digest=digest(content), places=places, **content)


def waiver(entry: Mapping[str, Any], document: Document, index: int) -> Waiver:
    """
    Return entry number `index` of a file as a waiver; the schema has found nothing wrong with it.
    """
    return convert({"origin": _origin(document, index), **entry}, Waiver)


def agreed(overrides: Iterable[Override]) -> Agreed:
    """
    Return the overrides that do not say two things of one field of one subject; the order of files decides nothing.
    """
    said: dict[tuple[str, str, str], tuple[object, str]] = {}
    kept: list[Override] = []
    faults: list[Fault] = []
    for one in overrides:
        kind, name = ("group", one.group or "") if one.user is None else ("user", one.user)
        told = []
        for what, value, part in statements(one):
            place = one.places[part]
            before = said.setdefault((kind, name, what), (value, place))
            if encode(before[0]) != encode(value):
                told.append(_disagreement(f"{kind} {quoted(name)}: {what}", (value, place), before))
        faults += told
        if not told:
            kept.append(one)
    return Agreed(tuple(kept), tuple(faults))


def _disagreement(what: str, new: tuple[object, str], old: tuple[object, str]) -> Fault:
    """
    Return the fault of a second statement, which names the first.
    """
    path, _, line = new[1].rpartition(":")
    said = f"{what} is {quoted(new[0])} here, but {quoted(old[0])} at {old[1]}"
    return Fault(path, int(line), said, "two overrides may not disagree: remove one")


def _origin(document: Document, index: int) -> str:
    return f"{document.path}:{document.line((index,))}"


def _flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return an entry by the names of an override's fields: `groups: {add: ...}` becomes `groups_add`.
    """
    flat: dict[str, Any] = {}
    for key, value in entry.items():
        if key in _NESTED:
            flat |= {f"{key}_{part}": _frozen(names) for part, names in value.items()}
        else:
            flat[key] = _frozen(value)
    return flat


def _frozen(value: Any) -> Any:  # noqa: ANN401 - YAML's edge
    """
    Return a value with each list as what it means: a set, so a sorted tuple of distinct texts.
    """
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(sorted(set(value))) if isinstance(value, list) else value


def _places(value: Mapping[str, Any], document: Document, pointer: Pointer) -> Iterator[tuple[str, int]]:
    """
    Yield each key of an entry, and each element of its lists, with its line: `set.locale`, `groups.add.Auditors`.
    """
    for key, inner in value.items():
        here = (*pointer, key)
        yield key, document.lines[here]
        if isinstance(inner, dict):
            yield from ((f"{key}.{name}", line) for name, line in _places(inner, document, here))
        elif isinstance(inner, list):
            yield from ((f"{key}.{name}", document.lines[*here, at]) for at, name in enumerate(inner))
