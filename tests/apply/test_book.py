"""
The ledger between runs: committed in two steps, kept in a journal in between, resumed.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.apply.book import commit_intents, load, resume, unrecorded
from reconciler.apply.recovery import recover
from reconciler.core.canonical import digest_bytes
from reconciler.core.ledger import Fence
from reconciler.core.record import Delta
from reconciler.errors import LedgerError, StoreError
from reconciler.files.journal import write_journal
from tests.targets.memory import MemoryTarget
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world in which a run has renamed Ann and could not record it.
    """
    world = World(MemoryTarget(), tmp_path)
    world.cloud_says("ann", first_name="Ann")
    world.apply()
    world.cloud_says("ann", first_name="Anna")
    world.store.before_commit = refusing("Record")
    with pytest.raises(StoreError, match="the record of run 2 could not be committed: the disk is full"):
        world.apply()
    world.store.before_commit = lambda _message: None
    return world


def refusing(word: str) -> Callable[[str], None]:
    """
    Return a store's hook that fails for commits that begin with this word.
    """

    def refuse(message: str) -> None:
        if message.startswith(word):
            raise StoreError("the disk is full")

    return refuse


def test_resume_records_what_the_journal_kept(world: World) -> None:
    """
    The ledger then says what it would have said, and the chain of records has no gap.
    """
    first = world.record(1).encode()
    opened = resume(world.book)
    last = world.row("ann").last

    assert (opened.ledger.head.serial, unrecorded(world.book)) == (2, None)
    assert last is not None
    assert (last.fields["first_name"], world.plan().changes) == ("Anna", ())
    assert f'"previous":"{digest_bytes(first)}"' in world.record(2)


def test_resume_that_fails_keeps_the_journal(world: World) -> None:
    """
    It can be tried as often as it takes.
    """
    world.store.before_commit = refusing("Record")
    with pytest.raises(StoreError):
        resume(world.book)

    assert unrecorded(world.book) is not None


def test_resume_of_what_is_recorded_drops_the_journal(world: World) -> None:
    """
    A process that died between the commit and clearing up leaves a journal that has nothing to say.
    """
    journal = unrecorded(world.book)

    assert journal is not None
    resume(world.book)
    write_journal(world.folder, journal)
    commits = len(world.store.commits)

    assert (resume(world.book).ledger.head.serial, len(world.store.commits)) == (2, commits)
    assert unrecorded(world.book) is None


def test_resume_does_not_write_over_another_run(world: World) -> None:
    """
    Where another run was recorded in its place, the journal is evidence.
    """
    journal = unrecorded(world.book)

    assert journal is not None
    resume(world.book)
    write_journal(world.folder, replace(journal, run_file=b"{}\n"))

    with pytest.raises(LedgerError, match="run 2 of the journal cannot be recorded: the ledger is at run 2"):
        resume(world.book)
    assert unrecorded(world.book) is not None


def test_there_is_nothing_to_resume_without_a_journal(tmp_path: Path) -> None:
    """
    It says so, and recovery has nothing to do.
    """
    world = World(MemoryTarget(), tmp_path)
    with pytest.raises(LedgerError, match="no run on registry waits"):
        resume(world.book)

    assert recover(world.target, world.book, world.order()) is None


def test_recovery_holds_the_fence_while_it_records(world: World) -> None:
    """
    Afterwards the fence is free, at the run that is recorded now.
    """
    held: list[Fence | None] = []
    world.store.before_commit = lambda _message: held.append(world.target.fence())
    opened = recover(world.target, world.book, world.order())

    assert opened is not None
    assert opened.ledger.head.serial == 2
    assert [one and one.holder for one in held] == ["test@here:1"]
    assert world.target.fence() == Fence(lineage="L", serial=2)
    assert (world.apply().run, world.plan().changes) == (0, ())


def test_recovery_of_what_is_recorded_leaves_the_way_free(world: World) -> None:
    """
    A journal that has nothing to say moves no run's number.
    """
    journal = unrecorded(world.book)

    assert journal is not None
    recover(world.target, world.book, world.order())
    write_journal(world.folder, journal)
    recover(world.target, world.book, world.order())

    assert world.target.fence() == Fence(lineage="L", serial=2)
    world.cloud_says("ann", first_name="Annie")

    assert (world.apply().run, world.plan().changes) == (3, ())


def test_a_record_that_was_committed_and_not_pushed_is_pushed(world: World) -> None:
    """
    A run that was killed between the two left its journal, which stays until the record is published.
    """
    journal = unrecorded(world.book)

    assert journal is not None
    resume(world.book)
    write_journal(world.folder, journal)
    with pytest.raises(StoreError, match="there is no remote"):
        resume(replace(world.book, push=True))
    assert unrecorded(world.book) == journal


def test_recovery_that_fails_can_be_tried_again(world: World) -> None:
    """
    Neither fence nor journal stand in its way.
    """
    world.store.before_commit = refusing("Record")
    with pytest.raises(StoreError):
        recover(world.target, world.book, world.order())
    world.store.before_commit = lambda _message: None

    assert recover(world.target, world.book, world.order()) is not None


def test_a_journal_that_vanished_meanwhile_was_recorded_by_its_own_run(world: World) -> None:
    """
    While recovery waited for the fence, the run was alive after all and finished.
    """
    target = world.target

    assert isinstance(target, MemoryTarget)

    def finish(moment: str, effect: str, _write: object) -> None:
        target.on_effect = lambda _moment, _effect, _write: None
        if (moment, effect) == ("before", "fence"):
            resume(world.book)

    target.on_effect = finish
    opened = recover(target, world.book, world.order())

    assert opened is not None
    assert opened.ledger.head.serial == 2


def test_recovery_that_waits_for_a_run_which_records_itself_has_nothing_left_to_do(world: World) -> None:
    """
    A journal is there while its run commits; who waited for the fence meanwhile goes on from that run's ledger.
    """
    alive = Fence(lineage="L", serial=2, holder="alive", until="2026-11-22T23:00:00Z")
    world.target.move_fence(world.target.fence(), alive)

    def finish(_seconds: float) -> None:
        resume(world.book)
        world.target.move_fence(alive, replace(alive, holder="", until=""))

    asked = world.order()
    patience = replace(asked.patience, sleep=finish, alive=lambda _holder: True, seconds=30)
    opened = recover(world.target, world.book, replace(asked, patience=patience))

    assert opened == load(world.book)
    assert opened.ledger.head.serial == 2


def test_a_push_that_is_refused_keeps_the_journal(world: World) -> None:
    """
    Intents that cannot be pushed end the run; a record that cannot be pushed waits in the journal.
    """
    resume(world.book)
    book = replace(world.book, push=True)
    opened = load(book)
    with pytest.raises(StoreError, match="there is no remote"):
        commit_intents(book, opened, Delta(users={}, groups={}), lineage="L", run=3)

    world.cloud_says("ann", first_name="Annie")
    world.store.before_commit = refusing("Record")
    with pytest.raises(StoreError):
        world.apply()
    world.store.before_commit = lambda _message: None
    with pytest.raises(StoreError, match="there is no remote"):
        resume(book)
    assert unrecorded(book) is not None
