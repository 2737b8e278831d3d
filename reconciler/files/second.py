"""
YAML read a second time, by other means than the first: what both take for the same, people do too.

A strict reader of the little that overrides need: lists and mappings in blocks, brackets and braces, scalars and
comments. It shares no code and no idea with the library behind `yamlio.py`; what it does not know, it refuses.
"""

from msgspec import Struct

from reconciler.files import scalars
from reconciler.files.cursor import Cursor, indent_of, is_marker
from reconciler.files.placed import Pointer, Tree

DEPTH = 32
_CLOSING = {"[": "]", "{": "}"}


class Second(Struct, frozen=True):
    """
    What the second reader found: the value, and the line of every key and list element.
    """

    value: Tree
    lines: dict[Pointer, int]


def reread(text: str) -> Second:
    """
    Return what a scanned text says; raises UnreadableError where that is not plain.
    """
    reader = _Reader(Cursor(text))
    return Second(reader.document(), reader.lines)


class _Reader:
    """
    One pass over a text. Between two values the cursor stands on the first content of the next.
    """

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.lines: dict[Pointer, int] = {}

    def document(self) -> Tree:
        """
        Return the value of the one document; None where there is none.
        """
        cursor = self.cursor
        self._pass_marker()
        cursor.seek()
        if cursor.ended:
            return None
        value = self._node((), -1)
        if not cursor.ended:
            cursor.refuse("belongs to nothing above it")
        return value

    def _pass_marker(self) -> None:
        """
        Move behind the line that begins the document (`---`), if one does.
        """
        cursor = self.cursor
        for row, line in enumerate(cursor.lines):
            if is_marker(line):
                cursor.row, cursor.at = row, 3
                if line[0] != "-" or cursor.skip_spaces():
                    cursor.refuse("begins a document with something, or ends one")
                cursor.row = row + 1
                return
            if line.strip(" ") and not line.lstrip(" ").startswith("#"):
                cursor.row = 0
                return

    def _node(self, pointer: Pointer, indent: int) -> Tree:
        """
        Return the value that begins here, in a block that is indented by `indent`.
        """
        cursor = self.cursor
        if len(pointer) > DEPTH:
            cursor.refuse("is nested too deeply")
        self.lines.setdefault(pointer, cursor.line)
        if cursor.begins_item:
            return self._list(pointer, cursor.at)
        column, row = cursor.at, cursor.row
        key = scalars.key(cursor)
        if key is not None:
            return self._mapping(pointer, column, key)
        cursor.row, cursor.at = row, column
        return self._inline(pointer, indent)

    def _list(self, pointer: Pointer, column: int) -> list[Tree]:
        """
        Return the list whose dashes stand in `column`.
        """
        cursor = self.cursor
        elements: list[Tree] = []
        while not cursor.ended and cursor.at == column and cursor.begins_item:
            cursor.at += 1
            if not cursor.skip_spaces():
                self._below(column)
            elements.append(self._node((*pointer, len(elements)), column))
        self._outdented(column)
        return elements

    def _mapping(self, pointer: Pointer, column: int, key: str) -> dict[str, Tree]:
        """
        Return the mapping whose keys stand in `column`; the cursor stands behind its first key's colon.
        """
        cursor = self.cursor
        content: dict[str, Tree] = {}
        following: str | None = key
        while following is not None:
            if following in content:
                cursor.refuse("has a key that stands twice")
            content[following] = self._entry((*pointer, following), column)
            following = self._following(column)
        return content

    def _following(self, column: int) -> str | None:
        """
        Return the next key of a mapping, having moved behind its colon; None where the mapping is over.
        """
        cursor = self.cursor
        self._outdented(column)
        if cursor.ended or cursor.at < column:
            return None
        key = None if cursor.begins_item else scalars.key(cursor)
        if key is None:
            cursor.refuse("is no key of the mapping that it stands in")
        return key

    def _entry(self, pointer: Pointer, column: int) -> Tree:
        """
        Return the value of a key in `column`, behind whose colon the cursor stands.
        """
        cursor = self.cursor
        self.lines[pointer] = cursor.line
        if cursor.skip_spaces():
            if len(pointer) > DEPTH:
                cursor.refuse("is nested too deeply")
            return self._inline(pointer, column)
        self._below(column, dash=True)
        return self._node(pointer, column)

    def _below(self, column: int, *, dash: bool = False) -> None:
        """
        Move to the value on a later line; it is indented more, or (where `dash`) is a list in the same column.
        """
        cursor = self.cursor
        line = cursor.line
        cursor.next_line()
        inside = not cursor.ended and (cursor.at > column or (dash and cursor.at == column and cursor.begins_item))
        if not inside:
            cursor.row = line - 1
            cursor.refuse("has no value")

    def _outdented(self, column: int) -> None:
        """
        Refuse what stands deeper than the block that it follows.
        """
        cursor = self.cursor
        if not cursor.ended and cursor.at > column:
            cursor.refuse("is indented more than what it follows")

    def _inline(self, pointer: Pointer, indent: int) -> Tree:
        """
        Return the value that begins here and is neither a list nor a mapping in a block.
        """
        cursor = self.cursor
        if cursor.here in {"|", ">"}:
            return scalars.block(cursor, indent)
        if cursor.here not in {"[", "{", '"', "'"}:
            return scalars.plain(cursor, indent)
        value = self._flow(pointer, indent) if cursor.here in _CLOSING else scalars.quoted(cursor, indent)
        cursor.end_line()
        return value

    def _flow(self, pointer: Pointer, indent: int) -> Tree:
        """
        Return the list in brackets, or the mapping in braces, that begins here.
        """
        cursor = self.cursor
        if len(pointer) >= DEPTH:
            cursor.refuse("is nested too deeply")
        opening = cursor.here
        value: Tree = [] if opening == "[" else {}
        cursor.at += 1
        while self._ahead(indent) != _CLOSING[opening]:
            if isinstance(value, list):
                value.append(self._part((*pointer, len(value)), indent))
            else:
                self._pair(value, pointer, indent)
            if self._ahead(indent) == ",":
                cursor.at += 1
            elif cursor.here != _CLOSING[opening]:
                cursor.refuse("has neither a comma nor an end after an entry")
        cursor.at += 1
        return value

    def _part(self, pointer: Pointer, indent: int) -> Tree:
        """
        Return an element, or the value of a key, in brackets or braces.
        """
        cursor = self.cursor
        self.lines.setdefault(pointer, cursor.line)
        if cursor.here in _CLOSING:
            return self._flow(pointer, indent)
        if len(pointer) > DEPTH:
            cursor.refuse("is nested too deeply")
        return scalars.quoted(cursor, indent) if cursor.here in {'"', "'"} else scalars.flow_plain(cursor)

    def _pair(self, content: dict[str, Tree], pointer: Pointer, indent: int) -> None:
        """
        Put one key of a mapping in braces, and its value, into `content`.
        """
        cursor = self.cursor
        line = cursor.line
        key = scalars.quoted(cursor, indent) if cursor.here in {'"', "'"} else str(scalars.flow_plain(cursor))
        cursor.skip_spaces()
        if cursor.line != line or cursor.here != ":" or key in content:
            cursor.refuse("has a key that is no key, or stands twice")
        cursor.at += 1
        self.lines[*pointer, key] = line
        self._ahead(indent)
        content[key] = self._part((*pointer, key), indent)

    def _ahead(self, indent: int) -> str:
        """
        Return the next character that is no space and in no comment, having moved there, over lines if need be.
        """
        cursor = self.cursor
        opened = cursor.row
        while not cursor.skip_spaces():
            cursor.row, cursor.at = cursor.row + 1, 0
            if cursor.ended:
                cursor.row = opened
                cursor.refuse("opens a bracket that is not closed")
        line = cursor.lines[cursor.row]
        if cursor.row > opened and indent_of(line) < indent + (cursor.here not in {"]", "}"}):
            cursor.refuse("goes on inside brackets, and is not indented")
        if is_marker(line):
            cursor.refuse("begins or ends a document inside brackets")
        return cursor.here
