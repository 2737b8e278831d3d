"""
Typed access to the records that IBM Cloud prints: text where text must be, one place to say what is wrong.
"""

import unicodedata

from reconciler.sources.rawjson import Number, shown


class Wrong(Exception):  # noqa: N818 - says what a record is; it becomes a fault with its place and is never shown
    """
    A record that cannot be used, and why; whoever walks the records adds the place.
    """


def text(record: dict[str, object], *names: str) -> str:
    """
    Return the first of the named fields that is given, NFC; raises Wrong where none is, or it is empty or no text.
    """
    found = optional(record, *names)
    if not found:
        raise Wrong(
            f"{names[0]} is missing or empty" + (f" (also looked for {', '.join(names[1:])})" if names[1:] else "")
        )
    return found


def optional(record: dict[str, object], *names: str) -> str | None:
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


def entries(record: dict[str, object], name: str) -> list[object]:
    """
    Return the list in a field; empty where it is not given. Raises Wrong where it is no list.
    """
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Wrong(f"{name} is {_kind(value)}, not a list")
    return value


def count(record: dict[str, object], name: str) -> int | None:
    """
    Return the whole number, 0 or more, in a field; None where it is not given. Raises Wrong.
    """
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Wrong(f"{name} is {_kind(value)}, not a whole number")
    return value


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
