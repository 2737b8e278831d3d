"""
One visible, reversible way to show what must not act: `<U+202E>`.

What is shown is what is there: no text changes how a terminal, a log, Markdown or a spreadsheet reads the rest,
and two different texts never show alike because one holds something invisible. Proof of reversibility: an escape
starts with `<U`, and no `<` before a `U` is left as it is, so every `<U` of the result is one of ours.
"""

import re
import unicodedata
from collections.abc import Collection

_HARMLESS = re.compile(r'[ !"$-;=-~]*')
_ENDS = re.compile("^ +| +$")
_ESCAPED = re.compile(r"<U\+([0-9A-F]{4,6})>")

# Letters and marks that Unicode calls printable although they show nothing (Default_Ignorable_Code_Point), and
# the blank Braille pattern. Everything else that shows nothing has a category that str.isprintable refuses.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_LIKE_OUR_BRACKET = frozenset("\u02c2\u1438\u16b2\u2039\u276c\u276e\u2329\u27e8\u3008\ufe64\uff1c\U0001d236")

# More marks than this on one letter climb over the lines above it; no living script needs them.
_MOST_MARKS = 4


def escape(text: str, *, also: Collection[str] = ()) -> str:
    """
    Return `text` with everything that could act, hide or imitate an escape shown as `<U+XXXX>`.

    `also` names further characters to show so; a pair in it (`->`) hides the second where it follows the first.
    Shown so are controls, formats, bidi controls, default-ignorables, surrogates, private use, unassigned, every
    separator but the space; combining marks with no letter to stand on; all but ASCII in a text that is not NFC
    (it would look like the one that is); and the second `#` of `##`, with which log commands may start.
    """
    if not also and _HARMLESS.fullmatch(text):
        return text
    composed = unicodedata.is_normalized("NFC", text)
    shown: list[str] = []
    marks = _MOST_MARKS
    for before, char, after in zip(f"\0{text}", text, f"{text[1:]}\0", strict=False):
        marks = marks + 1 if _is_mark(char) else 0 if char.isalpha() else _MOST_MARKS
        hidden = marks > _MOST_MARKS or not (composed or char.isascii()) or _acts(char, after)
        if hidden or before + char == "##" or char in also or before + char in also:
            marks = _MOST_MARKS
            shown.append(f"<U+{ord(char):04X}>")
        else:
            shown.append(char)
    return "".join(shown)


def unescape(shown: str) -> str:
    """
    Return the text that `escape` was given.
    """
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), shown)


def _acts(char: str, after: str) -> bool:
    """
    Return whether `char`, standing before `after`, shows nothing, does something or could pass for an escape.
    """
    if char == "<":
        return after in "Uu" or not after.isascii()
    return not char.isprintable() or char in _LIKE_OUR_BRACKET or _BLANK.match(char) is not None


def _is_mark(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char).startswith("M")


def log_line(text: str) -> str:
    """
    Return `text` escaped as one line that no log takes for a command: it never starts with `::`.
    """
    shown = escape(text)
    if not shown.lstrip().startswith("::"):
        return shown
    return shown.replace(":", "<U+003A>", 1)


def csv_cell(text: str) -> str:
    """
    Return `text` escaped for a cell that no spreadsheet takes for a formula; quoting is left to the writer.

    A leading apostrophe makes text of it, and of a leading apostrophe as well, so that cells differ as texts do.
    """
    shown = escape(text)
    return f"'{shown}" if text.lstrip(" ").startswith(tuple("=+-@'\t\r\uff1d\uff0b\uff0d\uff20")) else shown


def code_span(text: str) -> str:
    """
    Return `text` as a Markdown code span, in which no link, mention, reference, image or HTML is seen.

    Backticks would end it, pipes would split a table's row, and spaces at its ends would be dropped (CommonMark,
    6.1), so these are escaped too.
    """
    shown = _ENDS.sub(lambda spaces: "<U+0020>" * len(spaces[0]), escape(text, also="`|"))
    return f"`{shown}`"


def fence(body: str, *, language: str = "") -> str:
    """
    Return `body` in a Markdown code fence longer than any run of backticks inside (CommonMark, 4.5).
    """
    runs = [len(run) for run in re.findall("`+", body)]
    ticks = "`" * max(3, 1 + max(runs, default=0))
    return f"{ticks}{language}\n{body}\n{ticks}"
