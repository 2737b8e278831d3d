"""
Records as a table for people, as JSON for programs, as CSV for spreadsheets.

A record says the same in all three: what it has no entry for is an empty cell, and no key in JSON.
"""

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from reconciler.core.model import Value
from reconciler.render.escape import csv_cell, escape
from reconciler.render.json_text import json_text
from reconciler.render.shown import cut, shown

Record: TypeAlias = Mapping[str, Value]
Form: TypeAlias = Literal["table", "json", "csv"]

FORMS: tuple[Form, ...] = ("table", "json", "csv")

_BOLD = "1"
_LONGEST = 120


def render_records(
    records: Sequence[Record], form: Form, *, columns: Sequence[str], values: frozenset[str], color: bool = False
) -> str:
    """
    Return the records in one of the forms, with a line break at its end.

    `values` are the columns that hold values of fields, which a table shows as a plan does: quoted where they are
    text, so that nothing passes for an empty or a true one. The other columns hold names and words.
    """
    if form == "json":
        return json_text([msgspec.to_builtins(dict(record)) for record in records])
    if form == "csv":
        return _csv(records, columns)
    return render_table([[cell(one, name, values) for name in columns] for one in records], columns, color=color)


def render_table(rows: Sequence[Sequence[str]], columns: Sequence[str], *, color: bool = False) -> str:
    """
    Return rows of cells that are fit to be shown, each column as wide as its widest cell, under a heading.
    """
    heading = [name.replace("_", " ").upper() for name in columns]
    widths = [max(map(_width, column)) for column in zip(heading, *rows, strict=True)]
    first, *others = (_line(row, widths) for row in (heading, *rows))
    told = f"\x1b[{_BOLD}m{first}\x1b[0m" if color else first
    return "\n".join((told, *others)) + "\n"


def cell(record: Record, name: str, values: frozenset[str]) -> str:
    """
    Return what one column shows of a record: values of fields as a plan shows them, names and words as they are.
    """
    if name not in record:
        return ""
    value = record[name]
    if name in values:
        return shown(value)
    kept, note = cut(_plain(value), _LONGEST)
    return escape(kept) + note


def _plain(value: Value) -> str:
    """
    Return a value as somebody would type it into a cell.
    """
    if value is None:
        return "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """
    Return how many columns of a terminal `text` takes (Unicode Annex 11); marks stand on the letter before.
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in {"F", "W"} for char in text)
    marks = sum(unicodedata.category(char) in {"Me", "Mn"} for char in text)
    return len(text) + wide - marks


def _csv(records: Sequence[Record], columns: Sequence[str]) -> str:
    """
    Return the records as CSV (RFC 4180), no cell of which a spreadsheet takes for a formula.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for record in records:
        writer.writerow([csv_cell(_plain(record[name])) if name in record else "" for name in columns])
    return text.getvalue()
