"""
One entry of a directory: its name and its attributes, as bytes, whoever read it.
"""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

_RANGE = re.compile(r"(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)", re.IGNORECASE)


class Range(Struct, frozen=True):
    """
    A part of an attribute's values that a server gave, and where the next begins; None where this was the last.
    """

    name: str
    next: int | None


class Entry(Struct, frozen=True):
    """
    One entry. `attributes` are named in lower case, without options; `ranges` are those that came in parts.

    Active Directory gives large groups so: `member;range=0-1499` beside an empty `member` (MS-ADTS 3.1.1.3.1.3.3).
    """

    dn: str
    attributes: dict[str, tuple[bytes, ...]]
    ranges: tuple[Range, ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """
        Return the values of an attribute that are text.
        """
        values = self.attributes.get(name.lower(), ())
        try:
            return tuple([value.decode() for value in values])
        except UnicodeDecodeError:
            return tuple(text for text in map(_text, values) if text is not None)

    def first(self, *names: str) -> str | None:
        """
        Return the first value of the first of these attributes that the entry has; None without any.
        """
        for name in names:
            for value in self.all(name):
                if value:
                    return value
        return None

    def classes(self) -> frozenset[str]:
        """
        Return the entry's object classes in lower case.
        """
        return frozenset(value.lower() for value in self.all("objectclass"))


def entry(dn: str, attributes: Mapping[str, Iterable[bytes]]) -> Entry:
    """
    Return the entry with these attributes, as a server or a file names them.
    """
    kept: dict[str, tuple[bytes, ...]] = {}
    ranges = []
    for described, values in attributes.items():
        found = _RANGE.fullmatch(described)
        name = (found["name"] if found else described.partition(";")[0]).lower()
        kept[name] = (*kept.get(name, ()), *values)
        if found:
            ranges.append(Range(name, None if found["last"] == "*" else int(found["last"]) + 1))
    return Entry(dn, kept, tuple(ranges))


def _text(value: bytes) -> str | None:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None
