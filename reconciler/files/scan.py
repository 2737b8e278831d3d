"""
The judgement of raw bytes, before any parser sees them (reliability.md, hostile input).

A reviewer approves what a diff shows; a parser obeys what the bytes say. Whatever could make the two differ is
refused here: line ends that only one of them honours, characters without a glyph, two spellings of one text.
Every fault of a file is found at once. Where the file can be understood in spite of its faults, a harmless text
is left for the parser, so that the parser's and the schema's faults are told in the same breath.
"""

import json
import os
import re
import stat
import unicodedata
from pathlib import Path

from msgspec import Struct

from reconciler.errors import Fault

LIMIT = 5_000_000
"""The most bytes a file may have."""

_REFUSED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# What has the property Default_Ignorable_Code_Point without being Cf (DerivedCoreProperties.txt): Python's
# unicodedata knows categories, not this property.
_IGNORABLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_CONFLICT = re.compile(r"^(?:[<|>]{7}(?: |$)|={7}$)")
_POINTER = "version https://git-lfs.github.com/spec/"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class Scanned(Struct, frozen=True):
    """
    One file after its judgement: `text` is safe to parse, and None where there is nothing to parse.

    Lines end with a line feed and are those of the file, so that positions stay true.
    """

    path: str
    text: str | None
    faults: tuple[Fault, ...] = ()


def read(file: Path, *, tree: Path, path: str) -> Scanned:
    """
    Return the scanned content of `file`; `path` is its name as the user would type it.

    Only a regular file inside `tree` is opened: a link could lead to a secret, a device or a pipe to a wait.
    """
    try:
        problem = _place(file, tree)
        raw = b"" if problem else _bytes(file)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    if problem:
        return Scanned(path, None, (Fault(path, 0, problem, "put a regular file there"),))
    return scan(raw, path)


def scan(raw: bytes, path: str) -> Scanned:
    """
    Return the text of `raw` with every fault that shows before parsing.
    """
    if len(raw) > LIMIT:
        return _refused(path, f"is larger than {LIMIT:,} bytes", "split it into several files")
    if raw.startswith(_WIDE):
        return _refused(path, "is UTF-16 or UTF-32, not UTF-8", "save it as UTF-8")
    text, faults = _decoded(raw, path)
    if text.startswith(_POINTER):
        return _refused(path, "is a Git LFS pointer, not the file itself", "run: git lfs pull")
    lines = text.split("\n")
    hidden = frozenset(filter(is_hidden, set(text)))
    if hidden:
        faults += [fault for number, line in enumerate(lines, 1) for fault in _hidden(path, number, line, hidden)]
        # A space where the character makes one, nothing elsewhere: what is left reads as the diff shows it.
        lines = text.translate({ord(char): " " if char.isspace() else "" for char in hidden}).split("\n")
    if not unicodedata.is_normalized("NFC", text):
        faults += _denormal(path, lines)
        lines = [unicodedata.normalize("NFC", line) for line in lines]
    if any(map(_CONFLICT.match, lines)):
        faults += _conflicts(path, lines)
        lines = ["" if _CONFLICT.match(line) else line for line in lines]
    return Scanned(path, "\n".join(lines), tuple(sorted(faults)))


def is_hidden(char: str) -> bool:
    """
    Return whether `char` may not stand in a file: it has no glyph of its own, or moves those of others.

    These are the Unicode categories Cc (but for the line feed), Cf (with every bidirectional control), Cs, Zl and
    Zp, the property Default_Ignorable_Code_Point, and the noncharacters.
    """
    if char == "\n":
        return False
    if unicodedata.category(char) in _REFUSED:
        return True
    code = ord(char)
    nothing = code in _NONCHARACTERS or code & 0xFFFE == 0xFFFE  # noqa: PLR2004 - the last two of each plane
    return nothing or any(first <= code <= last for first, last in _IGNORABLE)


def named(char: str) -> str:
    """
    Return a character as `U+202E RIGHT-TO-LEFT OVERRIDE`, which no terminal obeys.
    """
    return f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}"


def quoted(value: object, *, width: int = 60) -> str:
    """
    Return a value as a message shows it: on one line, in quotes where it is text, cut at `width` characters.
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _place(file: Path, tree: Path) -> str:
    """
    Return why `file` may not be opened; empty where it may.
    """
    if not file.resolve().is_relative_to(tree.resolve()):
        return "leads out of the tree"
    return "" if stat.S_ISREG(file.stat().st_mode) else "is not a regular file"


def _bytes(file: Path) -> bytes:
    """
    Return the file's bytes, at most one more than are allowed, so that a huge file is never held in memory.
    """
    # Not to wait for ever where a pipe took the file's place since it was looked at.
    with open(os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as stream:  # noqa: PTH123
        return stream.read(LIMIT + 1)


def _refused(path: str, message: str, hint: str) -> Scanned:
    """
    Return a file of which nothing can be said but this.
    """
    return Scanned(path, None, (Fault(path, 0, message, hint),))


def _decoded(raw: bytes, path: str) -> tuple[str, list[Fault]]:
    """
    Return the text with line feeds, and a fault for each line that is not UTF-8.

    No byte of a longer UTF-8 sequence is a line feed, so lines can be decoded one by one.
    """
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n"), []
    except UnicodeDecodeError:
        text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    faults = []
    for number, line in enumerate(raw.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            what = f"byte 0x{line[error.start]:02X} at column {error.start + 1} is not UTF-8"
            faults.append(Fault(path, number, what, "save the file as UTF-8"))
    return text, faults


def _hidden(path: str, number: int, line: str, hidden: frozenset[str]) -> list[Fault]:
    """
    Return the fault of a line that holds hidden characters: all of them, each named once.
    """
    found = sorted(hidden.intersection(line))
    if not found:
        return []
    names = ", ".join(f"{named(char)} at column {line.index(char) + 1}" for char in found)
    return [Fault(path, number, f"holds {names}", "remove it: it does not show, or shows what is not there")]


def _denormal(path: str, lines: list[str]) -> list[Fault]:
    """
    Return a fault for each line that is not in Unicode normalisation form C.
    """
    return [
        Fault(path, number, "is not in Unicode form NFC", "type the letter and its accent as one character")
        for number, line in enumerate(lines, 1)
        if not unicodedata.is_normalized("NFC", line)
    ]


def _conflicts(path: str, lines: list[str]) -> list[Fault]:
    """
    Return a fault for each line that a Git merge left where two sides disagreed.
    """
    return [
        Fault(path, number, f"is a merge-conflict mark: {line[:7]}", "finish the merge, then commit")
        for number, line in enumerate(lines, 1)
        if _CONFLICT.match(line)
    ]
