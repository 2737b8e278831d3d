"""
How one value, name or sentence of a plan is shown: quoted, escaped, cut, never to be taken for another.

    absent   no entry at all       None   (empty)      ""      ""          "None"   "None"
    True     true                  "true" "true"       1       1           ()       {}
    ("a",)   {"a"}                 ("b", "a"), which is no set: ["b", "a"]
"""

import hashlib
import re
from collections.abc import Mapping

from reconciler.core.model import Value
from reconciler.render.escape import escape

_QUOTED = frozenset({'"', "->"})
_WORD = re.compile("[A-Za-z0-9_.-]{1,60}")
_LONGEST_VALUE = 200
_MOST_ELEMENTS = 50


def cut(text: str, longest: int) -> tuple[str, str]:
    """
    Return at most `longest` characters of `text`, and a note of its length and digest where that is not all.

    The digest keeps 128 bits: nobody can make a second long text that shows as the first.
    """
    if len(text) <= longest:
        return text, ""
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return text[:longest], f"… ({len(text):,} characters, sha256:{sha256[:32]})"


def quoted(text: str) -> str:
    """
    Return `text` in quotes that it can neither end nor, with an arrow of its own, pretend to have ended.
    """
    kept, note = cut(text, _LONGEST_VALUE)
    return f'"{escape(kept, also=_QUOTED)}"{note and " "}{note}'


def sentence(text: str, *, longest: int = 2_000) -> str:
    """
    Return words that the plan itself composed (a reason, a place), escaped and cut.
    """
    kept, note = cut(text, longest)
    return escape(kept) + note


def shown(value: Value) -> str:
    """
    Return `value` as no other value, of whatever type, is shown.
    """
    if value is None:
        return "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    return _shown_elements(value)


def field_name(name: str) -> str:
    """
    Return a field's name as it is where it is one word, else quoted.
    """
    return name if _WORD.fullmatch(name) else quoted(name)


def is_set(value: Value) -> bool:
    """
    Return whether `value` is a set as the plan means it: sorted and distinct.
    """
    return isinstance(value, tuple) and value == tuple(sorted(set(value)))


def _shown_elements(elements: tuple[str, ...]) -> str:
    opening, closing = "{}" if is_set(elements) else "[]"
    body = ", ".join(quoted(element) for element in elements[:_MOST_ELEMENTS])
    if len(elements) <= _MOST_ELEMENTS:
        return f"{opening}{body}{closing}"
    # ascii() and not JSON: it writes a lone surrogate too, and two tuples never alike.
    sha256 = hashlib.sha256(ascii(elements).encode()).hexdigest()
    return f"{opening}{body}, …{closing} ({len(elements):,} elements, sha256:{sha256[:32]})"


def entity(kind: str, name: str, key: str) -> str:
    """
    Return what a heading calls an entity: kind, name and key, each bounded.
    """
    return f"{kind} {quoted(name)} {key_of(key)}"


def key_of(key: str) -> str:
    """
    Return a key in brackets that it cannot close.
    """
    kept, note = cut(key, _LONGEST_VALUE)
    return f"[{escape(kept, also='[]')}]{note and ' '}{note}"


def group_names(names: Mapping[str, str]) -> dict[str, str]:
    """
    Return what to call each group key: its name, and the key too where another group's name folds to the same.
    """
    bearers: dict[str, int] = {}
    for name in names.values():
        bearers[name.casefold()] = bearers.get(name.casefold(), 0) + 1
    return {
        key: quoted(name) if bearers[name.casefold()] == 1 else f"{quoted(name)} {key_of(key)}"
        for key, name in names.items()
    }
