"""
Strict reading of JSON that somebody else printed: what any doubt hangs on is refused, with its place.

Python's own decoder takes a lot for granted: the last of two equal keys wins, `NaN` is a number, half a surrogate
pair is text. An export decides who may log in, so none of that passes here.
"""

import json
import re
import stat
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from reconciler.errors import Fault, InputError

MAX_BYTES = 512 * 1024 * 1024
MAX_DEPTH = 64

_AGAIN = "export it again and keep the whole output"
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_CONTAINERS = frozenset({dict, list})
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGITS = 18
_FAULTS = 100
_WIDTH = 120

Doubled: TypeAlias = dict[int, tuple[dict[str, object], tuple[str, ...]]]
"""Objects that give a key twice, by identity: the object (held, so that no other gets its identity), the keys."""


class Number(Struct, frozen=True):
    """
    A number that is no plain integer of up to 18 digits, as it was written: nothing is lost by reading it.
    """

    text: str


def read(path: Path) -> tuple[object, float]:
    """
    Return the value that the file holds, and when the file was last written (seconds since 1970).

    Raises InputError where it cannot be read, is over `MAX_BYTES`, or is not strict JSON in UTF-8.
    """
    content, written = content_of(path)
    return parse(content, path), written


def content_of(path: Path) -> tuple[bytes, float]:
    """
    Return the bytes of a regular file, and when it was last written; raises InputError, also over `MAX_BYTES`.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(path, 0, "is not a regular file")
        if status.st_size > MAX_BYTES:
            raise _refusal(path, 0, f"has {status.st_size} bytes; the limit is {MAX_BYTES}")
        return path.read_bytes(), status.st_mtime
    except OSError as error:
        raise _refusal(path, 0, f"cannot be read: {error.strerror}") from error


def parse(content: bytes, path: Path) -> object:
    """
    Return the value that `content` holds; `path` is for messages alone.

    Numbers that are no plain integers become `Number`. Raises InputError.
    """
    text = _text(content, path)
    _refuse_other_kinds(text, path)
    doubled: Doubled = {}
    constants: list[str] = []
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, doubled),
            parse_int=_integer,
            parse_float=Number,
            parse_constant=lambda name: constants.append(name) or float(name),  # type: ignore[func-returns-value]
        )
    except json.JSONDecodeError as error:
        raise _syntax(text, path, error) from error
    except RecursionError as error:
        raise _refusal(path, 0, f"is nested deeper than {MAX_DEPTH} levels") from error
    suspect = doubled or constants or _ESCAPED_SURROGATE.search(text) or too_deep(value)
    odd = islice(oddities(value, doubled), _FAULTS) if suspect else ()
    faults = [Fault(str(path), 0, message, _AGAIN) for message in odd]
    if value is None:
        faults.append(Fault(str(path), 0, "holds `null` and nothing else", _AGAIN))
    if faults:
        raise InputError(tuple(faults))
    return value


def too_deep(value: object) -> bool:
    """
    Return whether lists and objects are nested beyond `MAX_DEPTH`. Looks at one level after the other.
    """
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        inside = (part.values() if isinstance(part, dict) else part for part in level)
        level = [child for children in inside for child in children if type(child) in _CONTAINERS]
        if not level:
            return False
    return True


def oddities(value: object, doubled: Doubled) -> Iterator[str]:
    """
    Yield what is wrong inside a decoded value: a key given twice, half a surrogate pair, NaN, too many levels.

    Walks with a stack of its own, so that no depth can exhaust Python's. Slow: only for what is suspect.
    """
    waiting: list[tuple[object, str, int]] = [(value, "", 1)]
    while waiting:
        part, place, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield f"{shown(place)} is nested deeper than {MAX_DEPTH} levels"
        elif isinstance(part, dict):
            keys = doubled[id(part)][1] if id(part) in doubled else ()
            yield from (f"{shown(place) or 'the object'} has the key {key!r} twice" for key in keys)
            yield from (
                f"{shown(place) or 'the object'} has half a surrogate pair in a key" for key in part if _halved(key)
            )
            waiting += [(child, f"{place}.{key}" if place else key, depth + 1) for key, child in part.items()]
        elif isinstance(part, list):
            waiting += [(child, f"{place}[{index}]", depth + 1) for index, child in enumerate(part)]
        elif isinstance(part, str) and _halved(part):
            yield f"{shown(place)} holds half a surrogate pair, which is no character"
        elif isinstance(part, float):
            yield f"{shown(place)} is {part}, which JSON does not have"


def shown(text: str, *, width: int = _WIDTH) -> str:
    """
    Return `text` fit for a message: on one line, without invisible characters, not endless.
    """
    plain = repr(text)[1:-1]
    return plain if len(plain) <= width else f"{plain[: width // 2]}...{plain[-width // 3 :]}"


def _text(content: bytes, path: Path) -> str:
    """
    Return the bytes as text: UTF-8, with or without a byte order mark.
    """
    if not content.strip():
        raise _refusal(path, 0, "is empty")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            raise _refusal(path, 0, f"is {encoding}; JSON is exchanged as UTF-8", "save it as UTF-8")
    if b"\x00" in content[:4]:
        raise _refusal(path, 0, "looks like UTF-16 or UTF-32; JSON is exchanged as UTF-8", "save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise _refusal(path, line, f"is not UTF-8: byte 0x{byte:02x} at offset {error.start}") from error


def _refuse_other_kinds(text: str, path: Path) -> None:
    """
    Refuse by name what people save by mistake in place of JSON.
    """
    start = text.lstrip()[:64]
    if start.startswith("<<<<<<<"):
        raise _refusal(path, 1, "holds the marks of a merge conflict", "resolve the conflict")
    if start.startswith("<"):
        raise _refusal(path, 1, "is HTML or XML, not JSON: probably a login page", "log in, and export it again")
    if start.startswith("version https://git-lfs"):
        raise _refusal(path, 1, "is a Git LFS pointer, not the file itself", "type: git lfs pull")


def _object(pairs: list[tuple[str, object]], doubled: Doubled) -> dict[str, object]:
    """
    Return the pairs as a dict, and note in `doubled` the object and its keys that come more than once.
    """
    fields = dict(pairs)
    if len(fields) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        doubled[id(fields)] = (fields, tuple(key for key, count in counts.items() if count > 1))
    return fields


def _integer(digits: str) -> int | Number:
    """
    Return a whole number; a very long one as `Number`, since Python refuses to convert thousands of digits.
    """
    return int(digits) if len(digits) <= _DIGITS else Number(digits)


def _syntax(text: str, path: Path, error: json.JSONDecodeError) -> InputError:
    """
    Return the refusal of text that does not parse; what ends too early is called truncated.
    """
    ends_early = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    what = "is truncated: the JSON ends too early" if ends_early else f"is not JSON: {error.msg}"
    return _refusal(path, error.lineno, f"{what} (column {error.colno})")


def _halved(text: str) -> bool:
    return not text.isascii() and _SURROGATE.search(text) is not None


def _refusal(path: Path, line: int, message: str, hint: str = _AGAIN) -> InputError:
    return InputError((Fault(str(path), line, message, hint),))
