"""
The table of schedules: what is promised, and what is outside the promise.

    python -m tests.schedules

Counts are of schedules: three runs, at most two crashes or writes gone astray, at most one edit. A write of ours
that is mistaken for an edit is counted by what the edit was by then.
"""

from collections import Counter
from collections.abc import Iterator

from tests.schedules.graph import Counted
from tests.schedules.terms import Extent, Kind
from tests.schedules.verdict import PROMISED, Scope
from tests.schedules.worlds import BROKEN, LATER, OUTSIDE, SOUND, WHOLE, WINDOW, counted

SETTLED = "settled"
TABLES = (
    ("the promise, from every start, runs a minute apart", SOUND, WHOLE, ""),
    ("the promise, from every start, runs a minute or an hour apart", SOUND, LATER, ""),
    ("edits to values that are ours, from every start", SOUND, OUTSIDE, ""),
    ("outside: read, then write; from a settled field", WINDOW, OUTSIDE, SETTLED),
    *((f"{kind.name}; from a settled field", kind, OUTSIDE, SETTLED) for kind in BROKEN),
)


def main() -> None:
    """
    Print every table.
    """
    for title, kind, extent, only in TABLES:
        print(title)  # noqa: T201  the table is what it is for
        for line in table(kind, extent, only=only):
            print(f"  {line}")  # noqa: T201  the same
        print()  # noqa: T201  the same


def table(kind: Kind, extent: Extent, *, only: str) -> Iterator[str]:
    """
    Yield the lines of one table: what went wrong, by what the edit was.
    """
    found = [one for _, one in counted(kind, extent, only=only)]
    yield f"{'':<70}{'schedules':>12}{'overwritten':>13}{'mistaken':>10}"
    for scope in Scope:
        schedules, overwritten, mistaken = _row(found, scope)
        if schedules or mistaken:
            name = f"{scope.value}{'' if scope in PROMISED else ', not promised'}"
            yield f"{name:<70}{schedules:>12,}{overwritten:>13,}{mistaken:>10,}"
    states = sum(one.states for one in found)
    yield f"{sum(one.schedules for one in found):,} schedules through {states:,} states of the world"


def _row(found: list[Counted], scope: Scope) -> tuple[int, int, int]:
    """
    Return how many schedules had such an edit, overwrote it, or took a write of ours for an edit while it was so.
    """
    counts: Counter[str] = Counter()
    for one in found:
        for verdict, schedules in one.ends.items():
            counts["all"] += schedules * (verdict.scope is scope)
            counts["overwritten"] += schedules * (verdict.scope is scope and verdict.overwritten)
            counts["mistaken"] += schedules * (verdict.mistaken is scope)
    return counts["all"], counts["overwritten"], counts["mistaken"]


if __name__ == "__main__":
    main()
