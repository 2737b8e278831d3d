"""
What an auditor asks, as a page: who owns which field, what is held since when, every run, and what became of whom.
"""

from collections.abc import Sequence

from msgspec import Struct

from reconciler.render.escape import escape
from reconciler.render.page import Card, Page, Part, render_page
from reconciler.render.shown import cut
from reconciler.render.tables import Record, cell

FACETS = {"user": "user or group", "field": "field", "owner": "owner"}
"""What a page is filtered by: the records' key, and what it is called, for groups have owners and holds too."""
_LONGEST = 60


class Table(Struct, frozen=True, kw_only=True):
    """
    Records under a title; `values` are the columns that hold values of fields.
    """

    title: str
    columns: tuple[str, ...]
    records: Sequence[Record]
    values: frozenset[str] = frozenset()


def render_audit(target: str, summary: str, facts: Sequence[tuple[str, str]], tables: Sequence[Table]) -> str:
    """
    Return the tables as one file of HTML that is searched, and filtered by user, field and owner.
    """
    return render_page(
        Page(
            title=f"Audit of {escape(target)}",
            summary=escape(summary),
            facts=[(name, escape(fact)) for name, fact in facts],
            bars=[(table.title, len(table.records)) for table in tables if table.records],
            facets=tuple(FACETS.values()),
            parts=tuple(_part(table) for table in tables if table.records),
        )
    )


def _part(table: Table) -> Part:
    return Part(
        title=table.title,
        columns=tuple(name.replace("_", " ") for name in table.columns),
        cards=tuple(_card(record, table) for record in table.records),
    )


def _card(record: Record, table: Table) -> Card:
    return Card(
        cells=tuple(cell(record, name, table.values) for name in table.columns),
        facets={label: (_named(str(record[name])),) for name, label in FACETS.items() if record.get(name)},
    )


def _named(text: str) -> str:
    kept, note = cut(text, _LONGEST)
    return escape(kept) + note
