"""
What must hold wherever a life stands: laws 3, 4, 5 and 8, promises P1, P2 and P6, and what anybody would expect.

Each promise is tried in a twin of the world, so that trying it changes nothing. None of them asks the code that it
is about: what was written is seen in the target, and what shall be is worked out from what the cloud says.
"""

from typing import Any

from msgspec.structs import replace

from reconciler.apply.recovery import recover
from reconciler.apply.run import Report
from reconciler.core.canonical import encode
from reconciler.core.decide import Decision, decide
from reconciler.core.export import Export
from reconciler.core.ledger import RunHeader
from reconciler.core.model import Change
from reconciler.core.ownership import Moment
from reconciler.core.record import Outcome, record
from reconciler.errors import HeldError, InputError
from reconciler.files.proof import prove
from reconciler.ports import Write
from tests.targets.memory import MemoryTarget
from tests.world import World
from tests.worlds.life import Life
from tests.worlds.oracle import expected, spared
from tests.worlds.twins import twin
from tests.worlds.watch import Watch

BAD = ("incomplete", "stale", "empty")
"""Ways in which an export proves nothing."""


def all_hold(life: Life, *, bad: str = "incomplete") -> None:
    """
    Check every promise in the world as it stands, with one kind of `bad` export for P1.
    """
    world, target = recovered(life)
    before = watched(world, target)
    try:
        decision = world.decide()
    except (HeldError, InputError):
        refused_is_untouched(world, before)
        return
    same_input_same_bytes(decision)
    records_prove_the_ledger(world)
    unapproved_is_careful(life)
    approved_is_exact(life)
    bad_reading_takes_nothing(life, bad)


def recovered(life: Life) -> tuple[World, MemoryTarget]:
    """
    Return a twin in which a journal that a killed run left has been recorded, as every command does first.
    """
    world, target = twin(life.world)
    recover(target, world.book, world.order())
    return world, target


def watched(world: World, target: MemoryTarget) -> Watch:
    """
    Return somebody who looks at the target.
    """
    minimum = world.policy.guards.minimum_administrators
    return Watch(target, privileged=world.policy.roles.administrator.privileged, minimum=minimum)


def refused_is_untouched(world: World, watch: Watch) -> None:
    """
    Check that a run that is refused writes nothing, to neither side.
    """
    commits = len(world.store.commits)
    try:
        world.apply()
    except (HeldError, InputError):
        assert (len(watch.frames), len(world.store.commits)) == (1, commits)
        return
    raise AssertionError("plan refuses what apply does")


def same_input_same_bytes(decision: Decision) -> None:
    """
    Law 8: in whatever order rows, overrides and accounts come, plan and record are the same bytes.
    """
    other = decide(backwards(decision))

    assert encode(other.plan) == encode(decision.plan)
    assert encode(recorded(other)) == encode(recorded(decision))


def records_prove_the_ledger(world: World) -> None:
    """
    Check P11: the ledger's owners follow from the records, which are one chain from the first run.
    """
    assert prove(dict(world.store.read()), target="registry").faults == ()


def unapproved_is_careful(life: Life) -> None:
    """
    P6 without approval: nobody is locked out, nothing is touched that is not ours to touch, no "no" is overruled.
    """
    world, target = recovered(life)
    watch, hands_off = watched(world, target), spared(world, target)
    disabled = {one.id for one in target.read().users if one.id in life.disabled and not one.active}
    world.apply()

    safe(watch, hands_off)
    assert [one.name for one in target.read().users if one.id in disabled and one.active] == []


def safe(watch: Watch, hands_off: frozenset[str]) -> None:
    """
    P6 at every prefix of an apply.
    """
    assert watch.locked_out() == []
    assert watch.touched(hands_off) == []
    assert watch.lost_meanwhile() == []


def approved_is_exact(life: Life) -> None:
    """
    P2 and laws 3, 4 and 5: what is written is the plan, it arrives, and then there is nothing left to do.
    """
    world, target = recovered(life)
    watch, hands_off, plan = watched(world, target), spared(world, target), world.plan()
    first = not world.ledger.head.inputs.policy
    report = world.apply(approved=frozenset(one.id for one in plan.changes))

    assert unlanded(report) == []
    assert [done(one) for one in target.written] == [planned(one) for one in plan.changes]
    safe(watch, hands_off)
    assert edits_lost(target, life) == []
    assert list(expected(world, target, plan)) == []
    if first:
        world.approve()  # Only the second run may think of accounts that nobody asked for.
    nothing_is_left(world, {key for one in plan.conflicts for key in one.keys})
    spelling_is_nothing(world)


def unlanded(report: Report) -> list[tuple[str, str]]:
    """
    Return which changes did not land, and why.
    """
    return [(one.change.name, one.message) for one in report.outcomes if one.outcome != "landed"]


def done(write: Write) -> tuple[Any, ...]:
    """
    Return what a write did: for which change, to what, which fields, how many memberships.
    """
    return write.change, write.action == "create", write.fields, len(write.join), len(write.leave)


def planned(change: Change) -> tuple[Any, ...]:
    """
    Return what a change says that will be done, in the same terms.
    """
    fields = {name: value for name, value in change.after.items() if name not in {"groups", "external_id"}}
    before, after = (set(_strings(part.get("groups"))) for part in (change.before, change.after))
    return change.id, change.action == "create", fields, len(after - before), len(before - after)


def edits_lost(target: MemoryTarget, life: Life) -> list[tuple[str, str, object]]:
    """
    Return which accounts that are still there no longer hold what the administrator set, and what instead.
    """
    there = {one.id: one for one in target.read().users}
    held = ((there[link], value) for link, value in life.edits.items() if link in there)
    return [(one.name, value, one.fields["locale"]) for one, value in held if one.fields["locale"] != value]


def nothing_is_left(world: World, waited: set[str]) -> None:
    """
    Law 4: right after an apply the plan is empty, and the run after the next has not even anything to record.

    Whoever `waited` in a conflict may be free of it now: a name is free once its bearer is gone. Then a waiver may
    fit that did not; so there are as many more runs as there were conflicts.
    """
    for _ in waited:
        world.approve()

    assert [(one.name, one.before, one.after) for one in world.plan().changes] == []
    assert world.apply().outcomes == ()
    assert world.apply().run == 0


def spelling_is_nothing(world: World) -> None:
    """
    Law 5: a spelling that the target ignores is no difference, from whichever side it comes.
    """
    for key, row in world.people.items():
        fold = world.target.equality
        first = row.first_name if isinstance(row.first_name, str) else ""
        if first and fold.same("first_name", first, f" {first.swapcase()} "):
            world.people[key] = replace(row, first_name=f" {first.swapcase()} ")

    assert [(one.name, one.before, one.after) for one in world.plan().changes] == []


def bad_reading_takes_nothing(life: Life, bad: str) -> None:
    """
    P1: an export that is incomplete, stale or empty takes nothing from anybody, and gives nobody power.
    """
    world, target = recovered(life)
    spoil(world, bad)
    watch, leavers = watched(world, target), called_leavers(world)
    world.waivers = []
    try:
        world.apply(approved=frozenset(one.id for one in world.plan().changes))
    except (HeldError, InputError):
        assert len(watch.frames) == 1
        return
    taken = [(place, what) for place, what in watch.removals() if place not in leavers]

    assert (taken, watch.gains()) == ([], [])


def spoil(world: World, bad: str) -> None:
    """
    Let the cloud's next export be bad in one way.
    """
    world.fetched_at = None
    if bad == "incomplete":
        world.manifest = {**world.manifest, "complete": False}
    elif bad == "stale":
        world.fetched_at = world.now
        world.time_passes(days=3)
    else:
        world.people, world.overrides = {}, []


def called_leavers(world: World) -> set[str]:
    """
    Return the accounts of those whom the source, or a reviewed override, itself calls leavers.
    """
    blocked = {one.user for one in world.overrides if one.block}
    gone = {key for key, row in world.people.items() if row.state in {"left", "suspended"} or key in blocked}
    return {f"user:{row.link}" for key, row in world.ledger.users.items() if key in gone and row.link}


def backwards(decision: Decision) -> Any:
    """
    Return what a decision was made from, with everything that comes in an order in the opposite one.
    """
    world = decision.world
    export, snapshot, ledger = world.export, world.snapshot, world.ledger
    return replace(
        world,
        export=Export(export.manifest, export.users[::-1], export.groups[::-1]),
        overrides=world.overrides[::-1],
        waivers=world.waivers[::-1],
        snapshot=replace(snapshot, users=snapshot.users[::-1], groups=snapshot.groups[::-1]),
        ledger=replace(
            ledger,
            users=dict(reversed(ledger.users.items())),
            groups=dict(reversed(ledger.groups.items())),
        ),
    )


def recorded(decision: Decision) -> object:
    """
    Return what the ledger would say if nothing of the plan were written.
    """
    moment = Moment(now=decision.world.now, run=decision.world.ledger.head.serial + 1)
    header = RunHeader(
        run=moment.run,
        time=moment.now,
        scope="all",
        who="tester",
        tool="test",
        inputs=decision.world.inputs,
        plan=decision.plan.digest,
        approval="",
        previous="",
    )
    return record(decision, [Outcome(change=one, outcome="left") for one in decision.plan.changes], moment, header)


def _strings(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
