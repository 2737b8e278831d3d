"""
A target without a place for a fence has one in the ledger's repository: one run takes it, and it tells what it can.
"""

from collections.abc import Sequence

import pytest

from reconciler.core.ledger import Fence, Head
from reconciler.core.model import Equality, Snapshot
from reconciler.errors import StoreError
from reconciler.ports import Result, Target, Write
from reconciler.store import EmptyStore
from reconciler.store_fence import GitFence
from reconciler.testing.writes import creation
from reconciler.wiring.fenced import Fenced, fenced
from tests.store.conftest import Repository
from tests.targets.memory import MemoryTarget

SECOND = Head(version=1, lineage="ours", target="sql", serial=2)
REST = Fence(lineage="ours", serial=2)
THIRD = Fence(lineage="ours", serial=3, holder="2026-11-22T10:00:00Z@host:7", until="2026-11-22T10:15:00Z")


class Bare:
    """
    A target in memory of which nobody sees that it has a place for a fence.
    """

    identity = "memory:bare"
    equality = Equality()

    def __init__(self) -> None:
        self.inner = MemoryTarget()
        self.closed = False

    def read(self) -> Snapshot:
        """
        Return everything.
        """
        return self.inner.read()

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes.
        """
        return self.inner.write(writes, run=run)

    def close(self) -> None:
        """
        Note that nobody needs it any more.
        """
        self.closed = True


def bare(repo: Repository, head: Head = SECOND) -> Target:
    """
    Return such a target whose ledger is in the repository and has this head.
    """
    return fenced(Bare(), repo.store(), head)


def test_target_with_a_place_for_its_fence_keeps_it_there(repo: Repository) -> None:
    """
    Nothing stands between the engine and a target that can fence its writes itself.
    """
    target = MemoryTarget()

    assert fenced(target, repo.store(), SECOND) is target


def test_everything_else_is_the_targets_own(repo: Repository) -> None:
    """
    Only the fence is added: what is read and written, and how it compares, is the target's.
    """
    inner = Bare()
    target = fenced(inner, repo.store(), SECOND)
    written = target.write([creation("ann")], run="run-1")
    target.close()

    assert [result.outcome for result in written] == ["landed"]
    assert [live.name for live in target.read().users] == ["ann"]
    assert (target.identity, target.equality, inner.closed) == ("memory:bare", Equality(), True)


def test_only_who_saw_the_fence_moves_it(repo: Repository) -> None:
    """
    Of two runs that both saw it at rest one takes it, and only that one gives it back.
    """
    one, other = bare(repo), bare(repo)
    taken = one.move_fence(REST, THIRD)
    late = other.move_fence(REST, Fence(lineage="ours", serial=3, holder="2026-11-22T10:00:01Z@host:8"))

    assert (taken, late) == (True, False)
    assert other.fence() == THIRD
    assert one.move_fence(THIRD, Fence(lineage="ours", serial=3))


def test_move_that_comes_between_look_and_move_is_no_loss(repo: Repository) -> None:
    """
    Git itself compares: a fence that somebody moved after it was looked at is not moved again.
    """
    place = GitFence.beside(repo.store())
    name, _ = place.seen()

    assert place.swap(name, THIRD)
    assert not place.swap(name, REST)
    assert place.seen()[1] == THIRD


@pytest.mark.parametrize(
    ("head", "told"),
    [
        pytest.param(SECOND, REST, id="the ledger's last run"),
        pytest.param(Head(version=1, lineage="", target="sql"), None, id="no run yet"),
    ],
)
def test_fence_of_a_fresh_clone_is_what_the_ledger_says(repo: Repository, head: Head, told: Fence | None) -> None:
    """
    Nobody fetches the fence, and that keeps no other machine from going on.
    """
    assert bare(repo, head).fence() == told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(Fence(lineage="ours", serial=1), REST, id="older: another clone has gone on"),
        pytest.param(Fence(lineage="theirs", serial=9), REST, id="of a ledger that was given up"),
        pytest.param(Fence(lineage="ours", serial=5), Fence(lineage="ours", serial=5), id="later: a newer ledger"),
        pytest.param(THIRD, THIRD, id="a run goes on"),
    ],
)
def test_fence_at_rest_tells_only_of_a_later_run(repo: Repository, found: Fence, told: Fence) -> None:
    """
    It stops a run from an old ledger, or beside another run, and nobody else.
    """
    GitFence.beside(repo.store()).swap("", found)

    assert bare(repo).fence() == told


def test_two_ledgers_of_one_repository_have_two_fences(repo: Repository) -> None:
    """
    A run of one target does not wait for a run of another.
    """
    GitFence.beside(repo.store()).swap("", THIRD)

    assert GitFence.beside(repo.store(root="state/ledger/other")).seen() == ("", None)


def test_ref_that_is_no_fence_is_told_with_the_way_out(repo: Repository) -> None:
    """
    What somebody else wrote there is not taken for a fence, nor overwritten.
    """
    place = GitFence.beside(repo.store())
    (repo.folder / "note.txt").write_text("not ours\n")
    repo.git("update-ref", place.ref, repo.git("hash-object", "-w", "note.txt"))

    with pytest.raises(StoreError, match="says nothing of a run") as caught:
        place.seen()

    assert f"git update-ref -d {place.ref}" in caught.value.hint


def test_without_a_repository_there_is_none_to_take() -> None:
    """
    A plan outside of any repository sees no fence; a run could take none.
    """
    target = Fenced(Bare(), GitFence.beside(EmptyStore()), Head(version=1, lineage="", target="sql"))

    assert target.fence() is None
    assert not target.move_fence(None, THIRD)
