"""
A plan as text for a terminal, a log, a person at three in the morning.
"""

from collections.abc import Iterator

from reconciler.core.model import Plan
from reconciler.render.counts import LONGEST_NAME, facts, headline
from reconciler.render.outline import Section, sections
from reconciler.render.shown import sentence

LIMIT = 20
"""How many entities of each kind are shown where nobody says otherwise."""

# Select Graphic Rendition (ECMA-48, 8.3.117): bold, and a colour for each sign.
_BOLD = "1"
_COLOURS = {"+": "32", "~": "33", "-": "31", "=": "36", "!": "35"}


def render_text(plan: Plan, *, color: bool = False, limit: int | None = LIMIT) -> str:
    """
    Return the plan as lines: summary, facts, sections in order of risk, and the summary again.

    `limit` is the number of entities shown of each kind (None: all); what is dangerous is always shown whole,
    and the first ten decisions that are newly needed.
    The first column holds a sign of ours: `+ ~ -` for what changes, `!` for what is held, `=` for what stays.
    """
    lines = list(_lines(plan, limit))
    return "\n".join(_painted(line, style) if color and style else line for line, style in lines) + "\n"


def _lines(plan: Plan, limit: int | None) -> Iterator[tuple[str, str]]:
    """
    Yield every line with its style.
    """
    summary = headline(plan, target=sentence(plan.target, longest=LONGEST_NAME))
    yield summary, _BOLD
    yield "", ""
    for name, fact in facts(plan):
        yield f"  {name:<8}{fact}", ""
    found = sections(plan)
    for section in found:
        yield from _section_lines(section, limit)
    if found:
        yield "", ""
        yield summary, _BOLD


def _section_lines(section: Section, limit: int | None) -> Iterator[tuple[str, str]]:
    yield "", ""
    yield f"{section.title} ({len(section.blocks):,})", _BOLD
    shown = section.blocks if section.whole or limit is None else section.blocks[: max(limit, section.least)]
    for block in shown:
        for line in block():
            yield f"{line.sign} {line.text}", _COLOURS.get(line.sign, "")
    left = len(section.blocks) - len(shown)
    if left:
        yield f"  … {left:,} more; --limit shows more, --format json all", ""


def _painted(line: str, style: str) -> str:
    return f"\x1b[{style}m{line}\x1b[0m"
