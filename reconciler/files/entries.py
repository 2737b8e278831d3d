"""
Entries of override files as values, and entries that contradict each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from msgspec import Struct

from reconciler.core.canonical import digest, encode
from reconciler.core.overrides import Override, Waiver
from reconciler.errors import Fault
from reconciler.files.placed import Document, Pointer
from reconciler.files.scan import quoted

_NESTED = ("groups", "roles")
_SINGLE = ("adopt", "copy_access_from", "decision", "rename")
_CARE = ("include", "exclude", "block")


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
    return Waiver(origin=_origin(document, index), **entry)


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
        for what, value, place in _statements(one):
            before = said.setdefault((kind, name, what), (value, place))
            if encode(before[0]) != encode(value):
                told.append(_disagreement(f"{kind} {quoted(name)}: {what}", (value, place), before))
        faults += told
        if not told:
            kept.append(one)
    return Agreed(tuple(kept), tuple(faults))


def _statements(one: Override) -> Iterator[tuple[str, object, str]]:
    """
    Yield of what an override says something, what it says, and where.

    Who owns a field is one statement, whether `take`, `give` or `restore` makes it; so is whether somebody is
    looked after, whether `include`, `exclude` or `block` does.
    """
    said: list[tuple[str, str, object]] = [(f"set.{name}", f"set.{name}", value) for name, value in one.set.items()]
    said += [(f"restore.{name}", f"the owner of {name}", ("restore", value)) for name, value in one.restore.items()]
    for verb, names in (("take", one.take), ("give", one.give)):
        said += [(f"{verb}.{name}", f"the owner of {name}", verb) for name in names]
    for kind, verb in product(("groups", "roles"), ("add", "remove")):
        names = getattr(one, f"{kind}_{verb}")
        said += [(f"{kind}.{verb}.{name}", f"{kind} {quoted(name)}", verb) for name in names]
    said += [(part, part, getattr(one, part)) for part in _SINGLE if part in one.places]
    said += [(part, "care", part) for part in _CARE if getattr(one, part)]
    yield from ((what, value, one.places[part]) for part, what, value in said)


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
