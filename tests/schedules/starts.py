"""
Where schedules begin: a settled field, and the rows of the table that are about the first time.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from reconciler.core.model import Value
from reconciler.core.policy import Policy
from reconciler.ports import Write
from tests.schedules.disk import FIELD, Disk
from tests.schedules.registry import NAME, Registry, Rows, edited, read, written
from tests.schedules.runs import Answer, Player, Setting, policy
from tests.schedules.terms import Start


def starts(player: Player) -> Iterator[Start]:
    """
    Yield every start. Runs before it met no trouble, and wanted `a`.
    """
    empty = Start(name="row 4: never there", policy=policy(), disk=Disk({}), rows=Rows())
    settled = _after_a_run(player, empty, policy(), name="settled")
    theirs = _after_a_run(player, _edited(settled, "v"), policy(), name="row 9: the admin's")
    source = _after_a_run(player, empty, policy("source"), name="row 18: Git's alone until now")
    yield settled
    yield empty
    yield _emptied(settled, "row 5: gone, and Git's")
    yield _emptied(theirs, "row 5: gone, and the admin's")
    yield theirs
    yield replace(source, policy=policy(), gits=True)
    yield _unlinked("a", "ask", name="row 19: agrees with Git")
    for foreign in ("keep", "take", "ask"):
        yield _unlinked("z", foreign, name=f"row 20: {foreign}")


def _after_a_run(player: Player, start: Start, rules: Policy, *, name: str) -> Start:
    """
    Return the start an hour after a run by these rules.
    """
    setting = Setting(policy=rules, desired="a", minutes=-60, disk=start.disk, fence=start.fence)
    rows, answers = start.rows, list[Answer]()
    while (course := player.play(setting, answers)).request is not None:
        if isinstance(course.request, Write):
            rows, results = written(rows, course.request, blind=False)
            answers.append(results)
        else:
            answers.append(read(rows))
    last = course.steps[-1]
    theirs = frozenset({rows.value} - {"a"})
    return Start(name=name, policy=rules, disk=last.disk, rows=rows, fence=last.fence, theirs=theirs)


def _edited(start: Start, value: Value) -> Start:
    return replace(start, rows=edited(start.rows, value))


def _emptied(start: Start, name: str) -> Start:
    """
    Return the start after an administrator deleted the account.
    """
    registry = Registry(start.rows)
    registry.admin_deletes(NAME)
    return replace(start, name=name, rows=registry.rows())


def _unlinked(value: Value, foreign: str, *, name: str) -> Start:
    """
    Return the start at which an administrator's own account is there, and no ledger.
    """
    registry = Registry(Rows())
    registry.admin_creates(NAME, **{FIELD: value})
    return Start(
        name=name,
        policy=policy(foreign=foreign),
        disk=Disk({}),
        rows=registry.rows(),
        theirs=frozenset({value}),
        gits=foreign == "take",
    )
