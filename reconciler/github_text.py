"""
What we write on GitHub around a plan: a mark to find it again, what a reviewer must know first, drift as an issue.

Names of people, and whatever else others could have put somewhere, stand in code spans or fences.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import UNSET

from reconciler.core.export import Manifest
from reconciler.core.model import ClaimNews, Plan
from reconciler.core.reviewer import ID_SHOWN, MOST_SHOWN, Shown
from reconciler.render.counts import number
from reconciler.render.escape import code_span, fence
from reconciler.render.markdown import render_markdown
from reconciler.render.shown import sentence

MOST_BYTES = 60_000
"""Bytes of a comment; GitHub takes 65,536 characters."""

_MOST_LISTED = 50
_LONGEST = 200
_SHOWN = re.compile(r"<!-- reconciler:shown (whole|cut) (sha256:[0-9a-f]{64})((?: [0-9a-f]{12}=[a-z]+)*) -->")


def plan_mark(target: str) -> str:
    """
    Return the line by which the comment with a target's plan is found again.
    """
    return f"<!-- reconciler:plan {_word(target)} -->"


def drift_mark(target: str) -> str:
    """
    Return the line by which the issue about a target's drift is found again.
    """
    return f"<!-- reconciler:drift {_word(target)} -->"


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]", "_", text)[:_LONGEST]


def comment(plan: Plan, said: Shown | None, notes: Iterable[str], *, url: str, limit: int = MOST_BYTES) -> str:
    """
    Return the plan for people in at most `limit` bytes: mark, what to know first, plan, where the whole is.
    """
    end = f"\n\n[The run, with the whole plan]({url})\n{_remembered(said) if said else ''}"
    start = "\n\n".join([plan_mark(plan.target), *notes, ""])
    room = limit - len(start.encode()) - len(end.encode())
    return f"{start}{render_markdown(plan, limit_bytes=max(room, 4_000))}{end}"


def _remembered(said: Shown) -> str:
    """
    Return what was shown as a comment of HTML, which nobody sees; ids and sorts alone.
    """
    entries = "".join(f" {key}={sort}" for key, sort in said.sorts.items())
    return f"\n<!-- reconciler:shown {'whole' if said.whole else 'cut'} {said.digest}{entries} -->\n"


def shown_in(text: str) -> Shown | None:
    """
    Return what a comment of ours says it showed; None where it says nothing of the kind.

    It is told to people, and decides nothing.
    """
    # the last line is ours; the same text further up would be somebody's name
    found = _SHOWN.fullmatch(text.rstrip("\n").rpartition("\n")[2])
    if not found:
        return None
    words = (entry.split("=") for entry in found[3].split())
    sorts = {key[:ID_SHOWN]: sort for key, sort in list(words)[:MOST_SHOWN]}
    return Shown(digest=found[2], sorts=sorts, whole=found[1] == "whole")


def offline_note(why: str) -> str:
    """
    Return the note on a plan for which the target was not asked; empty where it was.
    """
    return why and (
        f"> [!NOTE]\n> The target was not asked: {why}. This is what would change of what the last run saw; "
        "what administrators did since is not in it. The run after the merge asks the target."
    )


def gain_note(gains: Sequence[tuple[str, str]]) -> str:
    """
    Return the warning that authors of the pull request are among those who gain by it; empty where none is.
    """
    if not gains:
        return ""
    told = [(code_span(name[:_LONGEST]), code_span(what[:_LONGEST])) for name, what in gains[:_MOST_LISTED]]
    lines = [f"> - {name}: {what}" for name, what in told]
    more = [f"> - and {len(gains) - _MOST_LISTED} more"] if len(gains) > _MOST_LISTED else []
    return "\n".join(["> [!WARNING]", "> An author of this pull request gains by it:", ">", *lines, *more])


def ledger_refusal(target: str, paths: Sequence[str]) -> str:
    """
    Return the comment on a pull request that touches what only apply writes.
    """
    listed = fence("\n".join(sentence(path, longest=_LONGEST) for path in paths[:_MOST_LISTED]), language="text")
    told = "**Not planned.** This pull request changes the ledger, which `apply` alone writes:"
    return f"{plan_mark(target)}\n\n{told}\n\n{listed}\n\nTake these files out of it.\n"


def reviewer_note(
    environment: str, needed: int, numbers: Sequence[int], differs: str | Sequence[Shown]
) -> list[str]:
    """
    Return who must agree to a plan, and how it differs from what merged pull requests showed.
    """
    who = f"{number(needed, 'change')} to be agreed to by a reviewer" if needed else "No change needs a reviewer"
    told = f"{who}: environment `{environment}`."
    if not numbers:
        return [told]
    listed = ", ".join(f"#{one}" for one in numbers[:_MOST_LISTED])
    if not isinstance(differs, str):
        return [told, f"Merged since the last run: {listed}; no plan was shown there."]
    return [told, f"Since review ({listed}): {differs or 'the same changes'}."]


def failure(message: str, hint: str) -> str:
    """
    Return what a job's summary says of a failure.
    """
    lines = [sentence(line) for line in (*message.split("\n"), hint) if line]
    return f"**Failed**\n\n{fence(chr(10).join(lines[:_MOST_LISTED]), language='text')}\n"


def no_drift(target: str, *, url: str) -> str:
    """
    Return the last word of an issue about drift.
    """
    return f"{drift_mark(target)}\n\nNothing differs any more. [The run that found this]({url}).\n"


def pull_text(manifest: Manifest, *, url: str) -> tuple[str, str]:
    """
    Return title and body of the rolling pull request with an export.
    """
    counts = manifest.counts
    read = f"{counts.users:,} users, {counts.groups:,} groups, {counts.memberships:,} memberships"
    title = f"Export of {_word(manifest.source)}: {counts.users:,} users, {counts.groups:,} groups"
    missing = _listed("Incomplete: nobody is removed on its word", [sentence(one) for one in manifest.faults])
    parts = [f"Read at {manifest.fetched_at}: {read}. [The run]({url})", *missing]
    return title, "\n\n".join(parts)


def drift(plan: Plan, *, url: str) -> tuple[str, str]:
    """
    Return title and body of the issue about what administrators decided otherwise; both empty where nothing is.
    """
    withheld = [one for one in plan.claims if one.owner == "admin" and one.withheld is not UNSET]
    undone = [(change.name, name) for change in plan.changes for name in change.drift]
    held = [one for one in plan.held if one.field]
    if not (withheld or undone or held):
        return "", ""
    title = f"Drift in {_word(plan.target)}: {len(withheld) + len(held)} to decide, {len(undone)} to be undone"
    parts = [
        drift_mark(plan.target),
        "The target's administrators and Git say different things. For each field, choose one of two.",
        *_choices(withheld),
        *_listed("Held until somebody decides", [f"{one.name}, {one.field}: {one.release}" for one in held]),
        *_listed("Undone by the next run", [f"{name}, {field}" for name, field in undone]),
        f"[The run that found this]({url}). This issue is closed by the first run that finds nothing.",
    ]
    return title, "\n\n".join(parts) + "\n"


def _choices(withheld: Sequence[ClaimNews]) -> list[str]:
    """
    Return, for each field that is the administrators' and of which Git says otherwise, what to type either way.
    """
    if not withheld:
        return []
    rows = [
        f"{sentence(one.name, longest=_LONGEST)}, {one.field}\n"
        f"  keep theirs:   reconciler give {_argument(one.name)} {one.field} --reason TEXT\n"
        f"  take it back:  reconciler take {_argument(one.name)} {one.field} --reason TEXT"
        for one in withheld[:_MOST_LISTED]
    ]
    more = [f"and {len(withheld) - _MOST_LISTED} more: reconciler owners"] if len(withheld) > _MOST_LISTED else []
    title = f"### Theirs, and Git says otherwise ({len(withheld):,})"
    return [title, fence("\n".join([*rows, *more]), language="text")]


def _argument(name: str) -> str:
    """
    Return a name as a shell takes it, if it is plain; anything else is not to be pasted.
    """
    return name if re.fullmatch(r"[A-Za-z0-9@._+-]+", name) and not name.startswith("-") else "USER"


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    told = [sentence(line, longest=_LONGEST) for line in lines[:_MOST_LISTED]]
    more = [f"and {len(lines) - _MOST_LISTED} more"] if len(lines) > _MOST_LISTED else []
    return [f"### {title} ({len(lines):,})", fence("\n".join([*told, *more]), language="text")]
