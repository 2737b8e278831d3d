"""
Values, and YAML that says them in one of the many ways in which people write it.
"""

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

_PLAIN = re.compile(r"[a-zé0-9](?:[a-zé0-9./_#?-]| (?=[a-zé0-9]))*")
_TEXTS = st.text("ab é:#-'\"\\,[]{}?&*!|>%@`~=.0\n", max_size=8)
_KEYS = _TEXTS.filter(lambda text: text not in {"", "<<"})

TREES: st.SearchStrategy[Any] = st.recursive(
    _TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3), st.dictionaries(_KEYS, inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)
ROOTS = st.one_of(st.lists(TREES, min_size=1, max_size=3), st.dictionaries(_KEYS, TREES, min_size=1, max_size=3))


@st.composite
def spelled(draw: Draw) -> tuple[Any, str]:
    """
    Return a value, and a file that says it.
    """
    value = draw(ROOTS)
    head = draw(st.sampled_from(["", "---\n", "# note: x\n", "\n\n"]))
    return value, head + "\n".join(_block(draw, value, indent=0)) + draw(st.sampled_from(["\n", "", "\n\n# end\n"]))


def _block(draw: Draw, value: Any, *, indent: int) -> list[str]:
    """
    Return the lines of a list or mapping in block style.
    """
    margin = " " * indent
    entries = value.items() if isinstance(value, dict) else [(None, element) for element in value]
    lines: list[str] = []
    for key, inner in entries:
        sign = "-" if key is None else f"{_scalar(draw, key, key=True)}:"
        lines += [margin + "# - a: b"] * draw(st.sampled_from([0, 0, 1]))
        lines += _entry(draw, margin + sign, inner, indent=indent)
    return lines


def _entry(draw: Draw, opening: str, value: Any, *, indent: int) -> list[str]:
    """
    Return the lines of one element, or of one key and its value.
    """
    deeper = indent + draw(st.integers(1, 4))
    note = draw(st.sampled_from(["", "", "  # note"]))
    if isinstance(value, dict | list) and draw(st.booleans()):
        return [opening + note, *_block(draw, value, indent=deeper)]
    if isinstance(value, str) and _is_block(value) and draw(st.booleans()):
        chomp = "" if value.endswith("\n") else "-"
        return [
            f"{opening} |{chomp}{note}",
            *(" " * deeper + line for line in value.removesuffix("\n").split("\n")),
        ]
    return [f"{opening} {_flow(draw, value, indent=deeper)}{note}"]


def _is_block(text: str) -> bool:
    """
    Return whether text can be written as a block of lines without further signs.
    """
    return re.fullmatch(r"([^ \n][^\n]*)(\n[^ \n][^\n]*)*\n?", text) is not None


def _flow(draw: Draw, value: Any, *, indent: int) -> str:
    """
    Return a value in brackets, braces or quotes, here and there broken over lines.
    """
    space = draw(st.sampled_from(["", " ", f"\n{' ' * indent}", f"  # note\n{' ' * indent}"]))
    if isinstance(value, str):
        return _scalar(draw, value)
    parts = [_flow(draw, inner, indent=indent) for inner in (value.values() if isinstance(value, dict) else value)]
    if isinstance(value, dict):
        keys = [_scalar(draw, key, key=True) for key in value]
        parts = [f"{key}: {part}" for key, part in zip(keys, parts, strict=True)]
    body = f",{space or ' '}".join(parts)
    return f"[{space}{body}{space}]" if isinstance(value, list) else f"{{{space}{body}{space}}}"


def _scalar(draw: Draw, text: str, *, key: bool = False) -> str:
    """
    Return text without quotes, where that says the same, or in quotes.
    """
    ways = [json.dumps(text, ensure_ascii=draw(st.booleans()))]
    if "\n" not in text:
        ways.append("'" + text.replace("'", "''") + "'")
    if _PLAIN.fullmatch(text) and not (key and text == "<<"):
        ways.append(text)
    return str(draw(st.sampled_from(ways)))
