"""
A plan as a page for people: searched, filtered by kind, group and cause, with its counts as a chart.
"""

from collections import Counter
from collections.abc import Iterable

from reconciler.core.claims import elements
from reconciler.core.model import Change, Held, Plan
from reconciler.render.counts import ACTIONS, KINDS, LONGEST_NAME, facts, headline
from reconciler.render.delta import Line
from reconciler.render.outline import Entry, Section, sections
from reconciler.render.page import Card, Page, Part, render_page
from reconciler.render.shown import group_names, quoted, sentence

_CLASSES = {"+": "add", "-": "gone", "!": "held", "~": "", "=": "", " ": ""}
_FACETS = ("kind", "group", "cause")


def render_html(plan: Plan) -> str:
    """
    Return the plan as one file of HTML that shows all of it and fetches nothing.
    """
    name = sentence(plan.target, longest=LONGEST_NAME)
    groups = group_names(plan.names)
    return render_page(
        Page(
            title=f"Plan for {name}",
            summary=headline(plan, target=name),
            facts=facts(plan),
            bars=_bars(plan),
            facets=_FACETS,
            parts=tuple(_part(section, groups) for section in sections(plan)),
        )
    )


def _bars(plan: Plan) -> list[tuple[str, int]]:
    """
    Return how many changes there are of each kind and action, and how much waits for a decision.
    """
    count = Counter((change.kind, change.action) for change in plan.changes)
    named = [(f"{kind}s: {action}", count[kind, action]) for kind in KINDS for action in ACTIONS]
    waiting = [("held", len(plan.held)), ("in conflict", len(plan.conflicts))]
    return [(name, count) for name, count in (*named, *waiting) if count]


def _part(section: Section, groups: dict[str, str]) -> Part:
    drawn = zip(section.blocks, section.entries, strict=True)
    cards = tuple(_card(block(), entry, groups) for block, entry in drawn)
    return Part(title=section.title, cards=cards, opened=section.risk)


def _card(lines: list[Line], entry: Entry, groups: dict[str, str]) -> Card:
    first, *others = lines
    changes = _changes(entry)
    kind = changes[0].kind if changes else getattr(entry, "kind", "")
    return Card(
        title=f"{first.sign} {first.text}",
        lines=tuple((_CLASSES[line.sign], f"{line.sign} {line.text}") for line in others),
        facets={
            "kind": (kind,) if kind else (),
            "group": tuple(sorted(_groups(changes, groups))),
            "cause": tuple(sorted({_cause(text) for change in changes for text in change.because.values()})),
        },
    )


def _changes(entry: Entry) -> tuple[Change, ...]:
    if isinstance(entry, Held):
        return (entry.change,) if entry.change else ()
    return entry if isinstance(entry, tuple) else ()


def _groups(changes: Iterable[Change], groups: dict[str, str]) -> set[str]:
    """
    Return the groups that changes are about, or move somebody in or out of, as they are called.
    """
    keys = {
        key for change in changes for part in (change.before, change.after) for key in elements(part.get("groups"))
    }
    own = {quoted(change.name) for change in changes if change.kind == "group"}
    return own | {groups.get(key) or quoted(key) for key in keys}


def _cause(text: str) -> str:
    """
    Return what kind of thing a value comes from.
    """
    if "override" in text:
        return "an override"
    if text.startswith("policy"):
        return "the policy"
    return "the source" if ".jsonl:" in text else "the rules"
