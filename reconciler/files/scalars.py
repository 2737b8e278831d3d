"""
The scalars of YAML as the second reading takes them: without quotes, in quotes, and as a block of lines.

YAML 1.2.2, chapters 7 and 8, less what people have to look up. Where it is not certain, it refuses.
"""

import re

from reconciler.files.cursor import Cursor, indent_of, is_marker
from reconciler.files.placed import Plain

_STARTS = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^\s,\[\]{}])")
_ENDS = re.compile(r" #|:(?= |$)|$")
_ENDS_IN_FLOW = re.compile(r" #|[,\[\]{}]|:(?=[ ,\[\]{}?]|$)|$")
_COLON = re.compile(" *:(?= |$)")
_INSIDE = {'"': re.compile(r'(?:[^"\\]|\\.)*'), "'": re.compile("(?:[^']|'')*")}
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U000[0-9A-Fa-f]{5}|.)")
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "n": "\n", "_": "\xa0", " ": " "}
_HEADER = re.compile(r"([|>])([+-]?) *(?: #.*)?$")


def key(cursor: Cursor) -> str | None:
    """
    Return the key of a block mapping that begins here, and move behind its colon; None where none begins.
    """
    line, start = cursor.lines[cursor.row], cursor.at
    if cursor.here in _INSIDE:
        end = _closed(line, start, cursor.here)
        colon = _COLON.match(line, end + 1) if end else None
        text = _unquoted(cursor, cursor.here, line[start + 1 : end]) if colon else ""
    else:
        colon = _ENDS.search(line, start) if _STARTS.match(line, start) else None
        text = line[start : colon.start()].rstrip(" ") if colon else ""
    if not colon or not colon[0].endswith(":"):
        return None
    cursor.at = colon.end()
    return text


def plain(cursor: Cursor, indent: int) -> Plain:
    """
    Return the scalar without quotes that begins here, with the lines that continue it: those indented more.
    """
    text, whole = _plain_line(cursor)
    while whole and (ahead := _continued(cursor, indent)):
        blanks = ahead - cursor.row - 1
        cursor.row, cursor.at = ahead, indent_of(cursor.lines[ahead])
        more, whole = _plain_line(cursor)
        text += ("\n" * blanks or " ") + more
    cursor.next_line()
    return Plain(text)


def _plain_line(cursor: Cursor) -> tuple[str, bool]:
    """
    Return the plain text from here to the end of the line, and whether it ends there and not in a comment.
    """
    line = cursor.lines[cursor.row]
    if not _STARTS.match(line, cursor.at):
        cursor.refuse(f"begins with {cursor.here!r}, a sign of YAML's own")
    end = _end(_ENDS, line, cursor.at)
    if line[end : end + 1] == ":":
        cursor.refuse("has a second colon")
    return line[cursor.at : end].rstrip(" "), end == len(line)


def _continued(cursor: Cursor, indent: int) -> int:
    """
    Return the row that continues a plain scalar; 0 where none does.
    """
    for row in range(cursor.row + 1, len(cursor.lines)):
        line = cursor.lines[row]
        if line.strip(" "):
            inside = indent_of(line) > indent and not line.lstrip(" ").startswith("#")
            return row if inside and not is_marker(line) else 0
    return 0


def flow_plain(cursor: Cursor) -> Plain:
    """
    Return the scalar without quotes that begins here, inside brackets or braces.
    """
    line, start = cursor.lines[cursor.row], cursor.at
    if not _STARTS.match(line, start):
        cursor.refuse("has an entry that says nothing, or begins with a sign of YAML's own")
    cursor.at = _end(_ENDS_IN_FLOW, line, start)
    return Plain(line[start : cursor.at].rstrip(" "))


def quoted(cursor: Cursor, indent: int) -> str:
    """
    Return the scalar in quotes that begins here; the lines that continue it are indented more than `indent`.
    """
    quote, opened = cursor.here, cursor.row
    parts: list[str] = []
    cursor.at += 1
    while not (end := _closed(cursor.lines[cursor.row], cursor.at - 1, quote)):
        parts.append(cursor.lines[cursor.row][cursor.at :])
        cursor.row += 1
        if cursor.ended:
            cursor.row = opened
            cursor.refuse("opens a quote that is not closed")
        line = cursor.lines[cursor.row]
        cursor.at = indent_of(line)
        if line.strip(" ") and (cursor.at <= indent or is_marker(line)):
            cursor.refuse("goes on inside quotes, and is not indented")
    parts.append(cursor.lines[cursor.row][cursor.at : end])
    cursor.at = end + 1
    if any(part.rstrip(" ").endswith("\\") for part in parts[:-1]):
        cursor.refuse("follows a line that ends in a backslash")
    return _unquoted(cursor, quote, _folded(parts))


def _folded(parts: list[str]) -> str:
    """
    Return the lines of a quoted scalar as one: a line break is a space, each empty line a line feed.
    """
    if len(parts) == 1:
        return parts[0]
    text, blanks = parts[0].rstrip(" "), 0
    for part in parts[1:-1]:
        words = part.strip(" ")
        text += ("\n" * blanks or " ") + words if words else ""
        blanks = 0 if words else blanks + 1
    return text + ("\n" * blanks or " ") + parts[-1].lstrip(" ")


def _unquoted(cursor: Cursor, quote: str, text: str) -> str:
    """
    Return the text that stands in quotes, its escapes resolved.
    """

    def character(found: re.Match[str]) -> str:
        code = found[1]
        if code in _ESCAPED:
            return _ESCAPED[code]
        if len(code) == 1:
            cursor.refuse(f"holds the escape {found[0]}")
        return chr(int(code[1:], 16))

    return text.replace("''", "'") if quote == "'" else _ESCAPE.sub(character, text)


def block(cursor: Cursor, indent: int) -> str:
    """
    Return the block of lines whose sign (`|` or `>`) stands here; they are indented more than `indent`.
    """
    header = _HEADER.match(cursor.lines[cursor.row], cursor.at)
    if not header:
        cursor.refuse("begins a block of text with signs that few people know")
    rows = _block_rows(cursor, indent)
    texts = cursor.lines[cursor.row + 1 : rows]
    ended = rows < len(cursor.lines)
    if not ended and texts and not texts[-1]:
        texts, ended = texts[:-1], True
    first = next((text for text in texts if text.strip(" ")), "")
    width = indent_of(first)
    if first and any(len(text) > width for text in texts[: texts.index(first)]):
        cursor.refuse("begins a block of text with a line of more spaces than the next")
    cursor.row = rows
    cursor.seek()
    cut = [text[width:] for text in texts]
    return _chomped(cut, folded=header[1] == ">", chomp=header[2], ended=ended)


def _block_rows(cursor: Cursor, indent: int) -> int:
    """
    Return the row after a block of lines: all of it is blank, or indented as much as its first line that is not.
    """
    width = 0
    for row in range(cursor.row + 1, len(cursor.lines)):
        line = cursor.lines[row]
        if not line.strip(" "):
            continue
        width = width or indent_of(line)
        if width <= indent or indent_of(line) < width:
            return row
    return len(cursor.lines)


def _chomped(lines: list[str], *, folded: bool, chomp: str, ended: bool) -> str:
    """
    Return the lines as text: of the line breaks at the end one is kept, or none (`-`), or all (`+`).
    """
    size = next((number for number in range(len(lines), 0, -1) if lines[number - 1]), 0)
    breaks = len(lines) - size + (1 if size and (ended or len(lines) > size) else 0)
    text = _joined(lines[:size]) if folded else "\n".join(lines[:size])
    kept = breaks if chomp == "+" else min(breaks, 1) if size and not chomp else 0
    return text + "\n" * kept


def _joined(lines: list[str]) -> str:
    """
    Return folded lines: two that follow each other are parted by a space, unless one of them begins with spaces.
    """
    text, blanks, before = "", 0, ""
    for line in lines:
        if not line:
            blanks += 1
            continue
        kept = not before or before.startswith(" ") or line.startswith(" ")
        breaks = blanks + (1 if kept and before else 0)
        text += ("\n" * breaks or (" " if before else "")) + line
        blanks, before = 0, line
    return text


def _end(pattern: re.Pattern[str], line: str, start: int) -> int:
    """
    Return where a pattern that also finds the end of a line is found first.
    """
    found = pattern.search(line, start)
    return found.start() if found else len(line)


def _closed(line: str, start: int, quote: str) -> int:
    """
    Return where the quote that was opened at `start` is closed on this line; 0 where it is not.
    """
    found = _INSIDE[quote].match(line, start + 1)
    end = found.end() if found else 0
    return end if line[end : end + 1] == quote else 0
