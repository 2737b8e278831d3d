"""
A plan in one line, and the facts that tell it from every other plan.
"""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from reconciler.core.approval import GUARD
from reconciler.core.model import Action, Change, Conflict, Fields, Held, Kind, Plan
from reconciler.render.json_text import file_digest
from reconciler.render.shown import sentence

ACTIONS: tuple[Action, ...] = get_args(Action)
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_NAME = 30
"""Characters of a target's name that a headline holds."""

_LONGEST_FACT = 200


def number(count: int, noun: str) -> str:
    """
    Return `1 user`, `2 users`, `12,000 users`.
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def is_quiet(plan: Plan) -> bool:
    """
    Return whether the plan has nothing to do and nothing to tell.
    """
    return not (plan.changes or plan.held or plan.conflicts or plan.claims or plan.expiring or plan.notices)


def headline(plan: Plan, *, target: str) -> str:
    """
    Return the plan's counts in one line: what changes, the risk in it, what is held.

    `target` is the target's name, made safe for where the line goes.
    """
    if plan.changes:
        start = f"{number(len(plan.changes), 'change')} to {target} ({_by_kind(plan.changes)})"
    else:
        start = f"No changes. {target}: {looked_at(plan)} looked at"
    return _unsynchronised(plan) + ", ".join([start, *_risks(plan.changes), *_withheld(plan)]) + "."


def _unsynchronised(plan: Plan) -> str:
    """
    Return how many groups wait for a decision as a whole, if any do: a plan opens with that.
    """
    count = plan.summary.get("groups-unsynchronised", 0)
    return f"{number(count, 'group')} cannot be synchronised. " if count else ""


def looked_at(plan: Plan) -> str:
    """
    Return how many users and groups the plan was made from.
    """
    return ", ".join(number(plan.entities.get(kind, 0), kind) for kind in ("user", "group"))


def facts(plan: Plan) -> list[tuple[str, str]]:
    """
    Return what the plan is about and its two digests, each under its name.

    `plan` covers the changes, and those that only wait for approval: it is what is approved. `file` is the SHA-256
    of the plan's JSON, which holds all that any rendering leaves out: no two different plans show the same.
    """
    found = [
        ("plan", sentence(plan.digest, longest=_LONGEST_FACT)),
        ("file", file_digest(plan)),
        ("guards", sentence(_guards(plan), longest=_LONGEST_FACT)),
        ("power", _powers(plan)),
        ("target", sentence(plan.identity, longest=_LONGEST_FACT)),
        ("scope", sentence(plan.scope, longest=_LONGEST_FACT)),
        ("export", sentence(plan.inputs.fetched_at, longest=_LONGEST_FACT)),
        ("read", looked_at(plan)),
    ]
    return [(name, fact) for name, fact in found if fact]


def _guards(plan: Plan) -> str:
    """
    Return what guards hold back: `users-deactivated holds 12, roles-removed holds 4`.
    """
    count = Counter(one.guard for one in plan.held if one.change is not None and one.guard not in {"", GUARD})
    return ", ".join(f"{guard} holds {count[guard]:,}" for guard in sorted(count))


def _powers(plan: Plan) -> str:
    """
    Return how many gain and lose an administrator's power in effect.
    """
    gained, lost = (sum(bool(part) for part in parts) for parts in _parts(plan))
    told = [f"{word} by {count:,}" for word, count in (("gained", gained), ("lost", lost)) if count]
    return f"an administrator's power is {', '.join(told)}" if told else ""


def _parts(plan: Plan) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    return [one.gains for one in plan.powers], [one.loses for one in plan.powers]


def _by_kind(changes: tuple[Change, ...]) -> str:
    """
    Return `users: 3 create, 1 update; memberships: 4 gained, 1 lost; groups: 1 create`.
    """
    count = Counter((change.kind, change.action) for change in changes if not _is_membership(change))
    gained = sum(_size(change.after) for change in changes if _is_membership(change))
    lost = sum(_size(change.before) for change in changes if _is_membership(change))
    kinds = {kind: [f"{count[kind, one]:,} {one}" for one in ACTIONS if count[kind, one]] for kind in KINDS}
    told = {
        "users": kinds["user"],
        "memberships": [f"{number:,} {word}" for number, word in ((gained, "gained"), (lost, "lost")) if number],
        "groups": kinds["group"],
    }
    return "; ".join(f"{name}: {', '.join(words)}" for name, words in told.items() if words)


def _is_membership(change: Change) -> bool:
    """
    Return whether a change moves somebody in or out of groups, and nothing else.
    """
    return {*change.before, *change.after} == {"groups"}


def _size(fields: Fields) -> int:
    groups = fields.get("groups")
    return len(groups) if isinstance(groups, tuple) else 0


def _risks(changes: tuple[Change, ...]) -> list[str]:
    count = Counter(risk for change in changes for risk in set(change.risk))
    words = {
        "dangerous": f"{count['dangerous']:,} dangerous",
        "removal": number(count["removal"], "removal"),
        "privileged": f"{count['privileged']:,} privileged",
    }
    return [text for risk, text in words.items() if risk in count]


def _withheld(plan: Plan) -> list[str]:
    """
    Return what waits for a decision, and how much of it no earlier run has told.
    """
    awaiting = [one for one in plan.held if one.guard == GUARD]
    held = [one for one in plan.held if one.guard != GUARD]
    waiting: list[tuple[str, Sequence[Held | Conflict]]] = [
        ("waiting for approval", awaiting),
        ("held", held),
        ("in conflict", plan.conflicts),
    ]
    return [f"{len(found):,} {words} ({_new(found):,} new)" for words, found in waiting if found]


def _new(found: Sequence[Held | Conflict]) -> int:
    return sum(not one.standing for one in found)
