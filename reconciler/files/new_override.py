"""
One decision of a person as an override file: the same decision, the same bytes, under a name that holds no data.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from reconciler.core.canonical import digest
from reconciler.core.model import Value
from reconciler.effects import effect
from reconciler.errors import UsageError
from reconciler.files.atomic import make_folder

SCHEMA = "# yaml-language-server: $schema=../../schemas/overrides.schema.json\n"
_BARE = re.compile("[A-Za-z][A-Za-z0-9_@.+-]*")
_MEANT_OTHERWISE = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What YAML, of one version or another, takes for something else than text."""

Entry = Mapping[str, Value | Mapping[str, Value]]


def override_text(*entries: Entry) -> str:
    """
    Return an override file of these entries, keys sorted, as a person would write it.
    """
    return SCHEMA + "".join(map(entry_text, entries))


def entry_text(entry: Entry) -> str:
    """
    Return one entry of an override file, keys sorted.
    """
    lines = (f"{key}: {flow(value)}" for key, value in sorted(entry.items()))
    return "- " + "\n  ".join(lines) + "\n"


def write_override(folder: Path, verb: str, *entries: Entry) -> Path:
    """
    Return the new file below `folder` that holds the entries; it is named for the verb and their digest.

    Raises UsageError where that very decision lies there already: a file of people is never overwritten.
    """
    path = folder / f"{verb}-{digest(*entries).removeprefix('sha256:')[:8]}.yaml"
    make_folder(folder)
    try:
        with effect("write", path), path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(override_text(*entries))
    except FileExistsError:
        told = f"{path} is there already and says exactly this"
        raise UsageError(
            told, hint="commit it; to decide the same anew, remove it and give another reason"
        ) from None
    return path


def flow(value: Value | Mapping[str, Value]) -> str:
    """
    Return a value as YAML on one line: `[a, b]`, `{locale: de_DE}`.
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(inner)}" for key, inner in sorted(value.items())) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(scalar, value)) + "]"
    return scalar(value)


def scalar(value: str | bool | int | None) -> str:  # noqa: FBT001 - a value, not a flag
    """
    Return a scalar, in quotes where anybody could read it as something else (JSON's text is YAML's too).
    """
    if isinstance(value, str) and _BARE.fullmatch(value) and value.lower() not in _MEANT_OTHERWISE:
        return value
    return msgspec.json.encode(value).decode()
