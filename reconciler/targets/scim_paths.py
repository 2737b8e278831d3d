"""
Where in a SCIM resource a field of ours lies, and how it is read from there and put there.

| path                           | means                                                             |
|--------------------------------|-------------------------------------------------------------------|
| `userName`                     | the attribute                                                     |
| `name.givenName`               | a part of a complex one                                           |
| `emails[primary].value`        | a part of one of several: the primary one, else the first         |
| `emails[first].value`          | the same, of the first, where the server knows no primary one     |
| `emails[type eq "work"].value` | the same, of that type                                            |
| `roles[].value`                | that part of each of several, as a set; `tags[]`: each itself     |
| `urn:x:y:User:locale`          | any of these in an extension (RFC 7643 section 3.3)               |
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct

Json: TypeAlias = dict[str, Any]

_PATH = re.compile(r"(?:(urn:\S+):)?([A-Za-z$][\w$-]*)(\[[^\]]*\])?(?:\.([A-Za-z$][\w$-]*))?")
_OF_TYPE = re.compile(r'\[type eq "([^"\\]+)"\]')


class Place(Struct, frozen=True, kw_only=True):
    """
    One parsed path. `pick` is empty (the attribute itself), `[]`, `[primary]`, `[first]` or `[type eq "..."]`.
    """

    urn: str
    name: str
    pick: str
    part: str

    @property
    def root(self) -> str:
        """
        Return the path of the attribute as a whole, as a PATCH names it (RFC 7644 section 3.10).
        """
        return f"{self.urn}:{self.name}" if self.urn else self.name

    @property
    def several(self) -> bool:
        """
        Return whether the attribute has several values.
        """
        return bool(self.pick)


def place(path: str) -> Place:
    """
    Return a path, parsed; raises ValueError for one that says nothing we know.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueError(f"{path!r} is no path of an attribute")
    urn, name, pick, part = (group or "" for group in match.groups())
    if pick not in {"", "[]", "[primary]", "[first]"} and not _OF_TYPE.fullmatch(pick):
        raise ValueError(f'{path!r}: {pick} picks nothing; [], [primary] or [type eq "work"] would')
    if pick not in {"", "[]"} and not part:
        raise ValueError(f"{path!r} needs a part of the value that {pick} picks, like .value")
    return Place(urn=urn, name=name, pick=pick, part=part)


def member(holder: object, name: str) -> Any:  # noqa: ANN401  JSON is JSON
    """
    Return what an object holds under a name, whatever its case (RFC 7643 section 2.1); None where it holds nothing.
    """
    if not isinstance(holder, dict):
        return None
    if name in holder:
        return holder[name]
    folded = name.lower()
    for key, value in holder.items():
        if key.lower() == folded:
            return value
    return None


def found(resource: Mapping[str, Any], at: Place) -> Any:  # noqa: ANN401  JSON is JSON
    """
    Return what lies there as JSON: a list of elements where all are meant, None where nothing does.
    """
    value = member(_holder(resource, at), at.name)
    if at.pick == "[]":
        elements = value if isinstance(value, list) else [] if value is None else [value]
        return [member(one, at.part) if at.part else one for one in elements]
    if at.pick:
        value = next(iter(_picked(_objects(value), at)), None)
    return member(value, at.part) if at.part else value


def put(resource: Mapping[str, Any], at: Place, value: Any) -> Json:  # noqa: ANN401  JSON is JSON
    """
    Return the resource with `value` there (None, or no elements: nothing there), everything else as it was.
    """
    holder = _holder(resource, at)
    now = member(holder, at.name)
    new: Any
    if at.pick == "[]":
        new = _elements(now, at, value or [])
    elif at.pick:
        new = _with_picked(_objects(now), at, value)
    elif at.part:
        new = _with_part(now if isinstance(now, dict) else {}, at.part, value)
    else:
        new = value
    changed = _with_part(holder, at.name, new if new not in ([], {}) else None)
    return _with_part(resource, at.urn, changed or None) if at.urn else changed


def _holder(resource: Mapping[str, Any], at: Place) -> Mapping[str, Any]:
    if not at.urn:
        return resource
    held = member(resource, at.urn)
    return held if isinstance(held, Mapping) else {}


def _with_part(holder: Mapping[str, Any], name: str, value: Any) -> Json:  # noqa: ANN401  JSON is JSON
    """
    Return an object with one member set, under the name it bears there already; without it for None.
    """
    key = next((known for known in holder if known.lower() == name.lower()), name)
    rest = {known: held for known, held in holder.items() if known != key}
    return rest if value is None else {**rest, key: value}


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _picked(elements: list[Json], at: Place) -> list[Json]:
    """
    Return the elements that a path picks, the one it means first.
    """
    if at.pick == "[first]":
        return elements
    if at.pick != "[primary]":
        return [one for one in elements if member(one, "type") == _mark(at)["type"]]
    return sorted(elements, key=lambda one: member(one, "primary") is not True)


def _with_picked(elements: list[Json], at: Place, value: Any) -> list[Json]:  # noqa: ANN401  JSON is JSON
    meant = next(iter(_picked(elements, at)), None)
    if meant is None:
        return [*elements, {at.part: value, **_mark(at)}] if value is not None else elements
    if value is None:
        return [one for one in elements if one is not meant]
    return [_with_part(one, at.part, value) if one is meant else one for one in elements]


def _mark(at: Place) -> Json:
    """
    Return what a new element needs beside its value to be the one that is picked.
    """
    of_type = _OF_TYPE.fullmatch(at.pick)
    return {"type": of_type[1]} if of_type else {"primary": True} if at.pick == "[primary]" else {}


def _elements(now: object, at: Place, values: list[str]) -> list[Any]:
    """
    Return the elements whose values are wanted, as they were, and after them the new ones.

    An element that has no such part is none of ours: it stays.
    """
    had = now if isinstance(now, list) else []
    read = [(one, member(one, at.part) if at.part else one) for one in had]
    kept = [one for one, value in read if value is None or value in values]
    known = [value for _, value in read]
    return [*kept, *({at.part: value} if at.part else value for value in values if value not in known)]
