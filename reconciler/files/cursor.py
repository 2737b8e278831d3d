"""
A place in a YAML text that moves forward: what the second reading stands on.
"""

import re
from typing import NoReturn

_MARKER = re.compile(r"(?:---|\.\.\.)(?: |$)")


class UnreadableError(Exception):
    """
    What stands on a line (counted from 1) has no meaning that everybody would agree on.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class Cursor:
    """
    A row (from 0) and a column of a text; past the last row the text has ended.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.row = self.at = 0

    @property
    def line(self) -> int:
        """
        Return the number of the line, counted from 1.
        """
        return min(self.row + 1, len(self.lines))

    @property
    def ended(self) -> bool:
        """
        Return whether the text is over.
        """
        return self.row >= len(self.lines)

    @property
    def here(self) -> str:
        """
        Return the character at the cursor; empty at the end of the line.
        """
        return self.lines[self.row][self.at : self.at + 1]

    @property
    def begins_item(self) -> bool:
        """
        Return whether a dash that begins an element of a list stands here.
        """
        return self.here == "-" and self.lines[self.row][self.at + 1 : self.at + 2] in {"", " "}

    def refuse(self, message: str) -> NoReturn:
        """
        Raise UnreadableError at this line.
        """
        raise UnreadableError(self.line, message)

    def skip_spaces(self) -> bool:
        """
        Move over spaces, and return whether anything but a comment follows on the line.
        """
        line, at = self.lines[self.row], self.at
        while line[at : at + 1] == " ":
            at += 1
        self.at = at
        comment = line[at : at + 1] == "#" and (at == 0 or line[at - 1] == " ")
        return at < len(line) and not comment

    def seek(self) -> None:
        """
        Move from the start of this line to the first character that is no space and in no comment, else to the end.
        """
        while not self.ended:
            self.at = 0
            if self.skip_spaces():
                if self.at == 0 and is_marker(self.lines[self.row]):
                    self.refuse("begins or ends a document")
                return
            self.row += 1
        self.at = -1

    def next_line(self, *, skipping: int = 0) -> None:
        """
        Move to the first content of the lines that follow, of which the first `skipping` are passed over.
        """
        self.row += 1 + skipping
        self.seek()

    def end_line(self) -> None:
        """
        Move to what follows on later lines; raises UnreadableError where something follows on this one.
        """
        if self.skip_spaces():
            self.refuse("has more on the line than one value")
        self.next_line()


def indent_of(line: str) -> int:
    """
    Return how many spaces a line begins with.
    """
    return len(line) - len(line.lstrip(" "))


def is_marker(line: str) -> bool:
    """
    Return whether a line begins or ends a document.
    """
    return _MARKER.match(line) is not None
