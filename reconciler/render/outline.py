"""
A plan as sections of blocks in the order in which they matter: what text and Markdown show alike.

Risk first: dangerous (approved or not), then removals and privileged; then users and groups by what happens to
them; then what is withheld, who owns what, what expires. A block is one entity (or one held change, one piece of
news). Blocks are drawn when they are asked for, so that the first twenty of 10,000 cost what twenty cost.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import TypeAlias, TypeVar

from msgspec import UNSET, Struct

from reconciler.core.approval import GUARD
from reconciler.core.model import Change, ClaimNews, Conflict, Expiring, Held, Kind, Notice, Plan
from reconciler.core.ruling import Entitled
from reconciler.render.counts import ACTIONS
from reconciler.render.delta import Line, Sign, change_lines
from reconciler.render.shown import entity, field_name, group_names, key_of, sentence, shown

Block: TypeAlias = Callable[[], list[Line]]

Changes: TypeAlias = tuple[Change, ...]
"""All changes of one entity, in the order in which they are applied."""

Entry: TypeAlias = Changes | Held | Conflict | ClaimNews | Entitled | Expiring | Notice
"""What a block shows."""

_Entry = TypeVar("_Entry", bound=Entry)

_SIGNS: dict[str, Sign] = {
    "create": "+",
    "activate": "+",
    "restore": "+",
    "update": "~",
    "move": "~",
    "deactivate": "-",
    "retire": "-",
    "delete": "-",
}


DECISIONS = 10
"""How many new holds, and new conflicts, are shown even where fewer entries are asked for."""


class Section(Struct, frozen=True, kw_only=True):
    """
    Blocks of one kind under a title, which holds words of ours alone.

    `whole`: never cut to its first few; `least`: so many are shown however few are asked for. `entries` are what
    the blocks show, one each.
    """

    title: str
    blocks: tuple[Block, ...]
    entries: tuple[Entry, ...]
    risk: bool = False
    whole: bool = False
    least: int = 0


def sections(plan: Plan) -> list[Section]:
    """
    Return the plan's sections in the order in which a reviewer needs them, none of them empty.
    """
    groups = group_names(plan.names)
    return [section for section in _all_sections(plan, groups) if section.blocks]


def _all_sections(plan: Plan, groups: dict[str, str]) -> Iterator[Section]:
    alarms = [notice for notice in plan.notices if notice.level != "note"]
    notes = [notice for notice in plan.notices if notice.level == "note"]
    risky, plain = _change_sections(plan, groups)
    yield _section("Warnings", _notice, alarms, risk=True, whole=True)
    yield from risky[:1]
    yield _section("Administrators' power gained and lost", _entitled, plan.powers, risk=True, whole=True)
    yield from risky[1:]
    yield from _decision_sections(plan, groups)
    yield from plain
    yield from _standing_sections(plan, groups)
    privileged = [claim for claim in plan.claims if claim.privileged]
    yield _section("Privileged values of administrators", _claim, privileged, risk=True, whole=True)
    yield _section("Ownership", _claim, [claim for claim in plan.claims if not claim.privileged])
    yield _section("Access to products", _entitled, plan.access)
    yield _section("Expiring", _expiring, plan.expiring)
    yield _section("Notes", _notice, notes)


def _decision_sections(plan: Plan, groups: dict[str, str]) -> Iterator[Section]:
    """
    Yield what waits for a decision that nobody was asked for before.
    """
    held = [one for one in plan.held if not _waits(one) and not one.standing]
    conflicts = [one for one in plan.conflicts if not one.standing]
    yield _section("Held", partial(_held, groups=groups), held, risk=True, least=DECISIONS)
    yield _section("Conflicts", _conflict, conflicts, risk=True, least=DECISIONS)


def _standing_sections(plan: Plan, groups: dict[str, str]) -> Iterator[Section]:
    held = [one for one in plan.held if not _waits(one) and one.standing]
    yield _section("Held since an earlier run", partial(_held, groups=groups), held)
    yield _section("Conflicts since an earlier run", _conflict, [one for one in plan.conflicts if one.standing])


def _waits(one: Held) -> bool:
    """
    Return whether something dangerous waits for nothing but an approval.
    """
    return one.guard == GUARD and one.change is not None and "dangerous" in one.change.risk


def _section(
    title: str,
    draw: Callable[[_Entry], list[Line]],
    entries: Iterable[_Entry],
    *,
    risk: bool = False,
    whole: bool = False,
    least: int = 0,
) -> Section:
    shown = tuple(entries)
    blocks = tuple(partial(draw, entry) for entry in shown)
    return Section(title=title, blocks=blocks, entries=shown, risk=risk, whole=whole, least=least)


def by_entity(changes: Iterable[Change]) -> list[Changes]:
    """
    Return the changes gathered by entity, in the order in which each entity is first touched.

    An account that is replaced bears its successor's key, so name and link tell the two apart.
    """
    gathered: dict[tuple[Kind, str, str, str | None], list[Change]] = {}
    for change in changes:
        gathered.setdefault((change.kind, change.key, change.name, change.link), []).append(change)
    return [tuple(found) for found in gathered.values()]


def _change_sections(plan: Plan, groups: dict[str, str]) -> tuple[list[Section], list[Section]]:
    """
    Return the sections of risky changes, and of the others; an entity stands in one alone, the first it belongs to.

    What is dangerous stands in one section, whether it waits for an approval or has it.
    """
    waiting = tuple(one for one in plan.held if _waits(one))
    draw = partial(_entity_lines, groups=groups)
    ranked: tuple[list[Changes], ...] = ([], [], [])
    for one in by_entity(plan.changes):
        ranked[_rank(one)].append(one)
    dangerous, risky, plain = ranked
    blocks = (*(partial(_held, one, groups=groups) for one in waiting), *(partial(draw, one) for one in dangerous))
    title = "Dangerous: each needs an approval"
    first = Section(title=title, blocks=blocks, entries=(*waiting, *dangerous), risk=True, whole=True)
    second = _section("Removals and privileged changes", draw, risky, risk=True)
    others = groupby(sorted(plain, key=_place), key=lambda one: (one[0].kind, one[0].action))
    rest = [_section(f"{kind.capitalize()}s to {action}", draw, found) for (kind, action), found in others]
    return [first, second], rest


def _rank(one: Changes) -> int:
    risks = _risks(one)
    return 0 if "dangerous" in risks else 1 if risks else 2


def _risks(one: Changes) -> list[str]:
    present = {risk for change in one for risk in change.risk}
    return [risk for risk in ("dangerous", "privileged", "removal") if risk in present]


def _told_risks(one: Changes) -> str:
    return f" ({', '.join(_risks(one))})" if _risks(one) else ""


def _place(one: Changes) -> tuple[bool, int]:
    return one[0].kind == "group", ACTIONS.index(one[0].action)


def _entity_lines(one: Changes, *, groups: dict[str, str]) -> list[Line]:
    """
    Return the heading of an entity, and the lines of its changes in the order in which they are applied.
    """
    signs = [_SIGNS[change.action] for change in one]
    cause = _usual_cause(one)
    because = f", because {sentence(cause)}" if cause else ""
    heading = f"{entity(one[0].kind, one[0].name, one[0].key)}: {_actions(one)}{_told_risks(one)}{because}"
    return [Line("-" if "-" in signs else signs[0], heading), *change_lines(one, groups, cause=cause)]


def _actions(one: Changes) -> str:
    """
    Return `update, then deactivate`; what is set right after a create is part of it.
    """
    steps = [action for action, _ in groupby(change.action for change in one)]
    return ", then ".join(step for step in steps if step != "update" or "create" not in steps)


def _usual_cause(one: Changes) -> str:
    """
    Return the cause that most fields have, to be told once; none where a field has no cause of its own.
    """
    causes = [change.because.get(name, "") for change in one for name in change.before | change.after]
    if "" in causes or not causes:
        return ""
    return max(sorted(set(causes)), key=causes.count)


def _held(one: Held, *, groups: dict[str, str]) -> list[Line]:
    """
    Return what is held, why, how to release it, and the change that would then be made.
    """
    what = f": {_actions((one.change,))}{_told_risks((one.change,))}" if one.change else ""
    field = f", {field_name(one.field)}" if one.field else ""
    guard = f" (guard {sentence(one.guard)})" if one.guard else ""
    lines = [
        Line("!", f"{entity(one.kind, one.name, one.key)}{field}{what}{guard}"),
        Line("!", f"    held:    {sentence(one.reason)}"),
        Line("!", f"    release: {sentence(one.release)}"),
    ]
    would = change_lines([one.change], groups) if one.change else []
    return lines + [Line("!", f"    would {line.sign} {line.text.strip()}") for line in would]


def _conflict(one: Conflict) -> list[Line]:
    keys = ", ".join(key_of(key) for key in one.keys)
    return [
        Line("!", f"{one.kind}s {keys}"),
        Line("!", f"    conflict: {sentence(one.message)}"),
        Line("!", f"    release:  {sentence(one.release)}"),
    ]


def _claim(one: ClaimNews) -> list[Line]:
    """
    Return who owns a field now and since when, in words, with the values that tell it.
    """
    lines = [Line("=", f"{entity(one.kind, one.name, one.key)}, {field_name(one.field)}: {sentence(one.text)}")]
    words = {
        "owner": _owners(one),
        "since": one.since and sentence(one.since),
        "value": "" if one.value is UNSET else shown(one.value),
        "withheld": "" if one.withheld is UNSET else shown(one.withheld),
    }
    return lines + [Line("=", f"    {name}: ".ljust(14) + text) for name, text in words.items() if text]


def _entitled(one: Entitled) -> list[Line]:
    """
    Return which products one person gains and loses.
    """
    words = [f"{verb} {', '.join(map(sentence, products))}" for verb, products in _entitlements(one) if products]
    return [Line("-" if one.loses else "+", f"{entity('user', one.name, one.key)}: {'; '.join(words)}")]


def _entitlements(one: Entitled) -> list[tuple[str, tuple[str, ...]]]:
    return [("gains", one.gains), ("loses", one.loses)]


def _owners(one: ClaimNews) -> str:
    """
    Return who owns the field, and who did; empty where nobody does and did.
    """
    words = {"git": "Git", "admin": "the target's administrators", None: "nobody"}
    if one.owner is None and one.was is None:
        return ""
    return words[one.owner] + (f"; before: {words[one.was]}" if one.was and one.was != one.owner else "")


def _expiring(one: Expiring) -> list[Line]:
    return [Line("=", f"until {sentence(one.until)}: {sentence(one.text)} ({sentence(one.origin)})")]


def _notice(one: Notice) -> list[Line]:
    sign: Sign = "=" if one.level == "note" else "!"
    return [Line(sign, f"{one.level}: {sentence(one.text)} ({sentence(one.code)})")]
