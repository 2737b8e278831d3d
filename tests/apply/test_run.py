"""
A run as a whole: the order of its writes, and what is left of it when it fails.
"""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.book import load
from reconciler.apply.run import Report, apply
from reconciler.core.approval import Approval, approval_of
from reconciler.core.ledger import Fence
from reconciler.errors import HeldError, LedgerError, StoreError, TargetError
from reconciler.files.journal import read_journal
from tests.targets.memory import MemoryTarget
from tests.world import World


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return an empty target.
    """
    return MemoryTarget()


@pytest.fixture
def world(target: MemoryTarget, tmp_path: Path) -> World:
    """
    Return a world of Ann, applied once.
    """
    world = World(target, tmp_path)
    world.cloud_says("ann", first_name="Ann")
    world.apply()
    return world


def ordered(world: World, approval: Approval | None = None, **order: Any) -> Report:
    """
    Apply what a plan made now says, by an order of its own.
    """
    decision = world.decide(approval)
    report = apply(
        decision, world.target, world.book, opened=load(world.book), order=replace(world.order(), **order)
    )
    world.time_passes(hours=1)
    return report


def test_the_order_of_writes(world: World, target: MemoryTarget) -> None:
    """
    Fence, intents, target, record, fence: none of them before the one it rests on is done.
    """
    seen: list[str] = []
    target.on_effect = lambda moment, effect, _write: seen.append(effect) if moment == "after" else None
    world.store.before_commit = lambda message: seen.append(message.split(" ", maxsplit=1)[0])
    world.cloud_says("ann", first_name="Anna")
    world.apply()

    assert seen == ["fence", "Intend", "write", "Record", "fence"]
    assert target.fence() == Fence(lineage="L", serial=2)


def test_a_run_with_nothing_to_do_leaves_nothing(world: World, target: MemoryTarget) -> None:
    """
    No commit, and the fence does not move.
    """
    commits, fence = len(world.store.commits), target.fence()

    assert world.apply() == Report(run=0)
    assert (len(world.store.commits), target.fence()) == (commits, fence)


def test_a_run_with_news_of_ownership_alone_is_recorded(world: World, target: MemoryTarget) -> None:
    """
    That a field became the administrator's is committed, though nothing is written; intents are not.
    """
    target.admin_sets("ann", locale="de_DE")
    commits = len(world.store.commits)

    assert world.apply().run == 2
    assert [message.split(" ", maxsplit=1)[0] for _, message in world.store.commits[commits:]] == ["Record"]


@pytest.mark.parametrize(
    ("what", "written", "serial"),
    [pytest.param("Intend", False, 1, id="intents"), pytest.param("Record", True, 1, id="record")],
)
def test_a_commit_that_fails_ends_the_run(
    world: World, target: MemoryTarget, what: str, *, written: bool, serial: int
) -> None:
    """
    Without durable intents nothing is written; a record that fails is in the journal, and nothing is lost.
    """

    def refuse(message: str) -> None:
        if message.startswith(what):
            raise StoreError("the disk is full")

    world.store.before_commit = refuse
    world.cloud_says("ann", first_name="Anna")
    with pytest.raises(StoreError, match="the disk is full"):
        world.apply()
    world.store.before_commit = lambda _message: None

    assert (world.value("ann", "first_name") == "Anna", world.ledger.head.serial) == (written, serial)
    assert (read_journal(world.folder, "registry") is not None) is written
    assert target.fence() == Fence(lineage="L", serial=2, holder="test@here:1")


def test_a_run_after_one_that_could_not_begin(world: World) -> None:
    """
    A run whose intents could not be committed stands in nobody's way.
    """

    def refuse(message: str) -> None:
        del message
        raise StoreError("the remote refused")

    world.store.before_commit = refuse
    world.cloud_says("ann", first_name="Anna")
    with pytest.raises(StoreError):
        world.apply()
    world.store.before_commit = lambda _message: None

    assert (world.apply().run, world.value("ann", "first_name")) == (2, "Anna")


def test_a_first_run_that_died_before_its_intents_is_followed_by_another(
    target: MemoryTarget, tmp_path: Path
) -> None:
    """
    The lineage that it left in the target becomes the ledger's, whatever the next run would have called it.
    """
    target.move_fence(None, Fence(lineage="first", serial=1, holder="test@here:0", until="2026-11-22T10:15:00Z"))
    world = World(target, tmp_path)
    world.cloud_says("ann")
    world.apply()

    assert (world.ledger.head.lineage, world.ledger.head.serial) == ("first", 1)
    assert target.fence() == Fence(lineage="first", serial=1)


def test_a_new_ledger_does_not_take_over_anothers_target(
    world: World, target: MemoryTarget, tmp_path: Path
) -> None:
    """
    A target to which another ledger has written, if only once, is refused.
    """
    world.store.commits.clear()
    other = World(target, tmp_path)
    other.cloud_says("eve")
    with pytest.raises(LedgerError, match="at run 1 of ledger L"):
        ordered(other, lineage="M")

    assert [one.name for one in target.read().users] == ["ann"]


def test_a_clone_that_is_behind_is_refused(world: World) -> None:
    """
    A run that another clone has recorded is not written over.
    """
    world.cloud_says("ann", first_name="Anna")
    world.apply()
    del world.store.commits[2:]
    world.cloud_says("ann", first_name="Annie")
    with pytest.raises(LedgerError, match="at run 2 of ledger L, but the ledger here is at run 1"):
        world.apply()

    assert world.value("ann", "first_name") == "Anna"


@pytest.mark.parametrize("first", [pytest.param(True, id="first run"), pytest.param(False, id="later run")])
def test_the_slower_of_two_runs_is_told_to_apply_again(
    target: MemoryTarget, tmp_path: Path, *, first: bool
) -> None:
    """
    Who planned before another run was recorded is not told that ledger or target were restored: neither was.
    """
    world = World(target, tmp_path)
    world.cloud_says("ann", first_name="Ann")
    if not first:
        world.apply()
    world.cloud_says("ann", first_name="Anna")
    decision, opened = world.decide(), load(world.book)
    world.apply()
    with pytest.raises(HeldError, match="was recorded while this one planned"):
        apply(decision, target, world.book, opened=opened, order=replace(world.order(), lineage="M"))

    assert world.value("ann", "first_name") == "Anna"


def test_a_run_that_is_stopped_records_what_landed(world: World) -> None:
    """
    Ctrl-C ends a run after the write in hand; the record says that it was interrupted, the next run goes on.
    """
    landed: list[int] = []
    world.cloud_says("eve")
    report = ordered(world, stopped=lambda: bool(landed), progress=landed.append)

    assert ([one.outcome for one in report.outcomes], report.interrupted, report.trouble) == (
        ["landed", "left"],
        True,
        None,
    )
    assert '"interrupted":true' in world.record(2)
    world.apply()
    assert (world.plan().changes, world.members("Cloud - staff")) == ((), {"ann", "eve"})


def test_a_fence_that_cannot_be_given_back_is_told_and_nothing_else_lost(
    world: World, target: MemoryTarget
) -> None:
    """
    The record is committed by then; the report names the trouble.
    """

    def lose(moment: str, effect: str, _write: object) -> None:
        target.down = "no answer" if (moment, effect) == ("after", "write") else target.down

    target.on_effect = lose
    world.cloud_says("ann", first_name="Anna")
    report = world.apply()
    target.down, target.on_effect = "", lambda _moment, _effect, _write: None

    assert isinstance(report.trouble, TargetError)
    assert [one.outcome for one in report.outcomes] == ["landed"]
    assert (world.ledger.head.serial, world.plan().changes) == (2, ())


def test_the_record_says_who_and_on_whose_approval(world: World) -> None:
    """
    The header and the commit name the approval; each change has its outcome and the target's version.
    """
    world.cloud_says("ann", first_name="Anna")
    ordered(world, replace(approval_of(world.plan()), plan="PR-7"), who="ops")
    _, message = world.store.commits[-1]
    record = world.record(2)

    assert ('"who":"ops"' in record, '"approval":"PR-7"' in record, "Approved-by: PR-7" in message) == (True,) * 3
    assert f'"version":"{world.live("ann").version}"' in record
    assert "Changes: +0 ~1 -0 held 0" in message


def test_a_journal_comes_first(world: World) -> None:
    """
    While a run waits to be recorded, no other begins.
    """

    def refuse(message: str) -> None:
        if message.startswith("Record"):
            raise StoreError("the disk is full")

    world.store.before_commit = refuse
    world.cloud_says("ann", first_name="Anna")
    with pytest.raises(StoreError):
        world.apply()

    with pytest.raises(LedgerError, match="run 2 on registry has not been recorded yet"):
        world.apply()


def test_a_journal_of_a_run_that_is_alive_is_left_to_it(world: World, target: MemoryTarget) -> None:
    """
    Who meets a journal while its run still holds the fence comes back later, and resumes nothing.
    """
    rival = replace(world.order(), holder="rival")
    world.cloud_says("ann", first_name="Anna")
    decision, opened = world.decide(), load(world.book)

    def meet(message: str) -> None:
        if message.startswith("Record"):
            with pytest.raises(HeldError, match="run 2 on registry is being recorded by another process"):
                apply(decision, target, world.book, opened=opened, order=rival)

    world.store.before_commit = meet
    world.apply()

    assert world.ledger.head.serial == 2


@pytest.mark.parametrize("changes", [pytest.param(True, id="changes"), pytest.param(False, id="news alone")])
def test_a_run_that_read_what_another_wrote_before_it_died_begins_anew(
    world: World, target: MemoryTarget, *, changes: bool
) -> None:
    """
    Who opened the ledger before that one's intents would take its write for an administrator's.
    """
    opened = load(world.book)
    world.git_says("ann", set={"locale": "fr_FR"})
    world.apply_and_die()
    world.overrides.clear()
    if changes:
        world.cloud_says("ann", first_name="Anna")
    decision = world.decide(opened=opened)

    assert world.news(decision.plan, "locale") == [16]
    with pytest.raises(HeldError, match="the ledger of registry has moved on while this run planned"):
        apply(decision, target, world.book, opened=opened, order=world.order())
    assert read_journal(world.folder, "registry") is None
    world.apply()
    assert (world.owner("ann", "locale"), world.value("ann", "locale")) == ("git", "en_US")


def test_a_commit_beside_the_ledger_does_not_stop_a_run(world: World) -> None:
    """
    Somebody's commit between plan and apply that leaves the ledger as it was is no obstacle.
    """
    world.cloud_says("ann", first_name="Anna")
    decision, opened = world.decide(), load(world.book)
    world.store.commit({}, "Somebody's own", parent=opened.revision)

    assert apply(decision, world.target, world.book, opened=opened, order=world.order()).run == 2
