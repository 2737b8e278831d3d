"""
Typed access to the records that a cloud prints: text where text must be, one place to say what is wrong.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar

from msgspec import UNSET, Struct, UnsetType

from reconciler.errors import Fault
from reconciler.sources.rawjson import Number, shown

Record: TypeAlias = dict[str, object]
T = TypeVar("T")
P = TypeVar("P", bound="Page")

_ONCE = "export it again: a change while it ran gives such a mixture"


class Page(Protocol):
    """
    Some records of one file, as far as they have a place.
    """

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def rows(self) -> Sequence[Record]: ...  # noqa: D102

    def fault(self, row: int | None, message: str, hint: str = "") -> Fault:
        """
        Return a fault at one record (counted from 0) of this page, or at the page as a whole.
        """
        ...


class Wrong(Exception):  # noqa: N818 - says what a record is; it becomes a fault with its place and is never shown
    """
    A record that cannot be used, and why; whoever walks the records adds the place.
    """


class Found(Struct, Generic[T], frozen=True):
    """
    A value made from one record, and the record's place.
    """

    value: T
    page: Page
    index: int

    @property
    def place(self) -> str:
        """
        Return the place in words: file, page, record.
        """
        return f"{self.page.path}, page {self.page.number}, record {self.index + 1}"


def text(record: Record, *names: str) -> str:
    """
    Return the first of the named fields that is given, NFC; raises Wrong where none is, or it is empty or no text.
    """
    found = optional(record, *names)
    if not found:
        raise Wrong(
            f"{names[0]} is missing or empty" + (f" (also looked for {', '.join(names[1:])})" if names[1:] else "")
        )
    return found


def optional(record: Record, *names: str) -> str | None:
    """
    Return the first of the named fields that is given, NFC; None where none is. Raises Wrong where it is no text.

    `null` counts as not given. A number is never taken for text: `1e3`, `1000` and `1000.0` would be three ids.
    """
    for name in names:
        value = record.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise Wrong(f"{name} is {_kind(value)}, not text")
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    return None


def entries(record: Record, name: str) -> list[object]:
    """
    Return the list in a field; empty where it is not given. Raises Wrong where it is no list.
    """
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Wrong(f"{name} is {_kind(value)}, not a list")
    return value


def records(record: Record, name: str) -> list[Record]:
    """
    Return the objects in a field; none where it is not given. Raises Wrong where it is anything else.
    """
    found = [one for one in entries(record, name) if isinstance(one, dict)]
    if len(found) < len(entries(record, name)):
        raise Wrong(f"{name} holds something that is no object")
    return found


def inner(record: Record, name: str) -> Record:
    """
    Return the object in a field; an empty one where it is not given. Raises Wrong where it is no object.
    """
    value = record.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Wrong(f"{name} is {_kind(value)}, not an object")
    return value


def truth(record: Record, name: str) -> bool | None:
    """
    Return the truth value in a field; None where it is not given. Raises Wrong for anything else: "False" is text.
    """
    value = record.get(name)
    if value is not None and not isinstance(value, bool):
        raise Wrong(f"{name} is {_kind(value)}, not true or false")
    return value


def primary(record: Record, name: str, *, value: str, flag: str) -> str | UnsetType:
    """
    Return the value of the entry that is flagged as the primary one, else of the first; UNSET where there is none.
    """
    found = records(record, name)
    chosen = next((one for one in found if one.get(flag) is True), found[0] if found else {})
    return given(chosen, value)


def count(record: Record, name: str) -> int | None:
    """
    Return the whole number, 0 or more, in a field; None where it is not given. Raises Wrong.
    """
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Wrong(f"{name} is {_kind(value)}, not a whole number")
    return value


def given(record: Record, name: str) -> str | UnsetType:
    """
    Return the text, also an empty one; UNSET where the source says nothing.
    """
    value = optional(record, name)
    return UNSET if value is None else value


def each(pages: Iterable[P], convert: Callable[[Record, P], T]) -> tuple[list[Found[T]], list[Fault]]:
    """
    Return what `convert` makes of each record, and a fault for each that it calls Wrong.
    """
    found: list[Found[T]] = []
    faults: list[Fault] = []
    for page in pages:
        for index, record in enumerate(page.rows):
            try:
                found.append(Found(convert(record, page), page, index))
            except Wrong as wrong:
                faults.append(page.fault(index, str(wrong)))
    return found, faults


def unique(found: Iterable[Found[T]], *, key: Callable[[T], str]) -> tuple[dict[str, T], list[Fault]]:
    """
    Return the values by key, and a fault for each key that has two different contents. Repeats are fine.
    """
    first: dict[str, Found[T]] = {}
    faults: list[Fault] = []
    for one in found:
        name = key(one.value)
        earlier = first.setdefault(name, one)
        if earlier.value != one.value:
            faults.append(
                one.page.fault(one.index, f"{shown(name)} has other contents than in {earlier.place}", _ONCE)
            )
    return {name: one.value for name, one in sorted(first.items())}, faults


def _kind(value: object) -> str:
    """
    Return what a JSON value is, in words, with the value where it is short by nature.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Number):
        written = value.text if isinstance(value, Number) else str(value)
        return f"the number {shown(written)}"
    if isinstance(value, str):
        return f"the text {shown(value)!r}"
    return "a list" if isinstance(value, list) else "an object"
