"""
A plan as Markdown for a comment or a job summary: bounded, what matters first, nothing in it can act.
"""

import re

from msgspec import Struct

from reconciler.core.model import Plan
from reconciler.render.counts import LONGEST_NAME, facts, headline, is_quiet
from reconciler.render.delta import Line
from reconciler.render.escape import code_span, fence
from reconciler.render.json_text import file_digest
from reconciler.render.outline import Section, sections
from reconciler.render.shown import cut, sentence

_LONGEST_LINE = 1_500
_MOST_LINES = 60
_BROKEN_ESCAPE = re.compile("<U[^>]*$")


class _Part(Struct, frozen=True):
    """
    A section as far as it fits: its Markdown, and how many of its blocks are not shown.
    """

    title: str
    body: str
    missing: int


def render_markdown(plan: Plan, *, limit_bytes: int = 60_000) -> str:
    """
    Return the plan in at most `limit_bytes` bytes of Markdown (at least 4,000); one line where nothing is to tell.

    A comment holds 65,536 characters. Counts and digests stand in the first 1,000; the first line says what was
    cut. Every value stands in a code fence or a code span.
    """
    if is_quiet(plan):
        return _one_line(plan)
    head = _head(plan)
    # 300 bytes are more than the first line takes, which is only known once the rest is cut.
    room = limit_bytes - len(head.encode()) - 300
    found = sections(plan)
    parts = _parts(found, room, fair=False)
    if any(part.missing for part in parts):
        parts = _parts(found, room, fair=True)
    return "\n\n".join([_first_line(parts, found), head, *(part.body for part in parts if part.body)]) + "\n"


def _one_line(plan: Plan) -> str:
    summary = headline(plan, target=code_span(plan.target[:LONGEST_NAME]))
    return f"{summary} Plan {code_span(plan.digest[:100])}, file {code_span(file_digest(plan))}.\n"


def _head(plan: Plan) -> str:
    """
    Return the summary and the facts, digests first.
    """
    summary = headline(plan, target=sentence(plan.target, longest=LONGEST_NAME))
    return fence("\n".join([summary, "", *(f"{name:<8}{fact}" for name, fact in facts(plan))]), language="text")


def _first_line(parts: list[_Part], found: list[Section]) -> str:
    """
    Return the title, which says how much is not shown, and where most of that belongs.
    """
    missing = sum(part.missing for part in parts)
    if not missing:
        return "**Plan**, shown whole"
    most = max(parts, key=lambda part: part.missing)
    total = sum(len(section.blocks) for section in found)
    return (
        f"**Plan, cut to fit**: {missing:,} of {total:,} entries are not shown here, "
        f"{most.missing:,} of them under “{most.title}”; the plan's JSON has them all"
    )


def _parts(found: list[Section], room: int, *, fair: bool) -> list[_Part]:
    """
    Return every section as far as it fits into `room` bytes: first come, first served, or each its fair share.

    A fair share leaves something for what follows; a section that should be whole takes up to three quarters.
    """
    parts: list[_Part] = []
    for place, section in enumerate(found):
        left = len(found) - place
        share = room if not fair else room * 3 // 4 if section.whole and left > 1 else room // left
        part = _part(section, share - 2)
        room -= len(part.body.encode()) + 2
        parts.append(part)
    return parts


def _part(section: Section, share: int) -> _Part:
    """
    Return as many of the section's blocks as fit into `share` bytes, in order.
    """
    chunks: list[str] = []
    body = ""
    for block in section.blocks:
        chunks.append(_drawn(block()))
        longer = _folded(section, chunks)
        if len(longer.encode()) > share:
            return _Part(section.title, body, len(section.blocks) - len(chunks) + 1)
        body = longer
    return _Part(section.title, body, 0)


def _folded(section: Section, chunks: list[str]) -> str:
    """
    Return the section as a fold, open where it holds risk; `diff` colours the signs of the first column.
    """
    opening = "<details open>" if section.risk else "<details>"
    left = len(section.blocks) - len(chunks)
    more = [f"  … {left:,} more"] if left else []
    summary = f"<summary>{section.title} ({len(section.blocks):,})</summary>"
    body = fence("\n".join([*chunks, *more]), language="diff")
    return f"{opening}{summary}\n\n{body}\n\n</details>"


def _drawn(lines: list[Line]) -> str:
    """
    Return one block's lines, the first of them where it has very many, each cut where it is very long.
    """
    drawn = [_shortened(f"{line.sign} {line.text}") for line in lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        drawn.append(f"  … {len(lines) - _MOST_LINES:,} more lines of this entry")
    return "\n".join(drawn)


def _shortened(line: str) -> str:
    """
    Return the line, cut where it is very long, but never within an escape.
    """
    kept, note = cut(line, _LONGEST_LINE)
    return f"{_BROKEN_ESCAPE.sub('', kept)} {note}" if note else line
