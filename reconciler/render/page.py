"""
A page for people as one file of HTML: searched, filtered, light or dark, and nothing is loaded from anywhere.

Whatever others wrote is text: escaped as everywhere, and then for HTML. A policy of the page's own (CSP) lets it
run and show what is ours, told by its hash, and fetch nothing. What stands behind `#` in its address is searched.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape as of_html
from importlib.resources import files

from msgspec import Struct

_WIDEST_BAR, _ROW = 300, 22


class Card(Struct, frozen=True, kw_only=True):
    """
    One entry: its heading and lines, each with a class of ours; or, in a table, its cells. `facets` is filtered by.
    """

    title: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    cells: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = {}


class Part(Struct, frozen=True, kw_only=True):
    """
    Entries under a title; a table where there are columns. `opened`: their lines are seen at once.
    """

    title: str
    cards: tuple[Card, ...]
    columns: tuple[str, ...] = ()
    opened: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """
    What a page shows: all text is fit to be shown, but for HTML's own characters. `bars` are counts, by name.
    """

    title: str
    summary: str
    facts: Sequence[tuple[str, str]]
    bars: Sequence[tuple[str, int]]
    facets: tuple[str, ...]
    parts: tuple[Part, ...]


def render_page(page: Page) -> str:
    """
    Return the page as one file.
    """
    style, script = _ours("page.css"), _ours("page.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"
    options = {name: _options(page, name) for name in page.facets}
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}; form-action \'none\'">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{of_html(page.title)}</title>",
        f"<style>{style}</style>",
        f"<header><h1>{of_html(page.title)}</h1><p>{of_html(page.summary)}</p>",
        *_facts(page.facts),
        *_chart(page.bars),
        "</header>",
        *_form(options),
        "<main>",
        *(line for part in page.parts for line in _part(part, options)),
        "</main>",
        f"<script>{script}</script>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _ours(name: str) -> str:
    return files("reconciler.render").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _facts(facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    told = "".join(f"<dt>{of_html(name)}</dt><dd>{of_html(fact)}</dd>" for name, fact in facts)
    yield f"<dl>{told}</dl>"


def _chart(bars: Sequence[tuple[str, int]]) -> Iterator[str]:
    """
    Yield the counts as bars, each as long as its share of the largest, with its number beside it.
    """
    most = max((count for _, count in bars), default=0)
    if not most:
        return
    told = ", ".join(f"{name}: {count:,}" for name, count in bars)
    yield f'<svg viewBox="0 0 600 {_ROW * len(bars)}" role="img" aria-label="{of_html(told)}">'
    for row, (name, count) in enumerate(bars):
        top, width = _ROW * row, max(2, _WIDEST_BAR * count // most)
        yield f'<text x="0" y="{top + 15}">{of_html(name)}</text>'
        yield f'<rect x="200" y="{top + 4}" width="{width}" height="14" rx="3"/>'
        yield f'<text x="{208 + width}" y="{top + 15}">{count:,}</text>'
    yield "</svg>"


def _options(page: Page, name: str) -> dict[str, int]:
    """
    Return every value of a facet, sorted, with the number that stands for it in the page.
    """
    values = {value for part in page.parts for card in part.cards for value in card.facets.get(name, ())}
    return {value: number for number, value in enumerate(sorted(values))}


def _form(options: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    yield "<form role='search'><label>Search ( / )<input type='search' autocomplete='off'></label>"
    for place, (name, values) in enumerate(options.items()):
        listed = "".join(f'<option value="{number}">{of_html(value)}</option>' for value, number in values.items())
        chosen = f'<option value="">all</option>{listed}'
        yield f'<label>{of_html(name)}<select name="data-f{place}">{chosen}</select></label>'
    yield "<output aria-live='polite'></output></form>"


def _part(part: Part, options: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    risk = ' class="risk"' if part.opened else ""
    yield f"<section{risk}><h2>{of_html(part.title)} ({len(part.cards):,})</h2>"
    if not part.columns:
        yield from (_entry(card, options, opened=part.opened) for card in part.cards)
    else:
        heads = "".join(f'<th scope="col">{of_html(name)}</th>' for name in part.columns)
        yield f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>'
        yield from (_row(card, options) for card in part.cards)
        yield "</tbody></table></div>"
    yield "</section>"


def _entry(card: Card, options: Mapping[str, Mapping[str, int]], *, opened: bool) -> str:
    lines = "\n".join(f'<span class="{name}">{of_html(line)}</span>' for name, line in card.lines)
    body = f"<pre>{lines}</pre>" if card.lines else ""
    opening = "<details open" if opened else "<details"
    return f"{opening} data-card{_numbers(card, options)}><summary>{of_html(card.title)}</summary>{body}</details>"


def _row(card: Card, options: Mapping[str, Mapping[str, int]]) -> str:
    cells = "".join(f"<td>{of_html(cell)}</td>" for cell in card.cells)
    return f"<tr data-card{_numbers(card, options)}>{cells}</tr>"


def _numbers(card: Card, options: Mapping[str, Mapping[str, int]]) -> str:
    """
    Return the numbers of the values that a card is found by, one attribute a facet.
    """
    return "".join(
        f' data-f{place}="{" ".join(str(values[value]) for value in card.facets.get(name, ()))}"'
        for place, (name, values) in enumerate(options.items())
    )
