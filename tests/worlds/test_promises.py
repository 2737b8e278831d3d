"""
The checker is checked: worlds that break a promise are found out.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from reconciler.core.export import Export
from reconciler.ports import Result, Write
from tests.targets.memory import MemoryTarget
from tests.world import World
from tests.worlds.life import Life, Start
from tests.worlds.promises import all_hold


class Backwards(MemoryTarget):
    """
    A target that makes the last write first.
    """

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in the wrong order, and answer in the right one.
        """
        return super().write(writes[::-1], run=run)[::-1]


class Meddling(MemoryTarget):
    """
    A target in which every run also marks the protected account.
    """

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes, and one that nobody asked for.
        """
        self.admin_sets("root", description=run)
        return super().write(writes, run=run)


class Forgetful(MemoryTarget):
    """
    A target in which what the administrator set is gone after the next run.
    """

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes, and set every locale back.
        """
        done = super().write(writes, run=run)
        for one in self.read().users:
            self.admin_sets(one.name, locale="en_US")
        return done


class Trusting(World):
    """
    A world in which every export passes for whole.
    """

    def export(self) -> Export:
        """
        Return the export, whatever is wrong with it.
        """
        self.manifest = {}
        return super().export()


def lived(folder: Path) -> Life:
    """
    Return a life with an administrator, two people, and an edit.
    """
    life = Life(folder, Start(root=True))
    life.hires("ann", ("staff", "risk"), ())
    life.hires("bob", ("staff",), ("Administrator",))
    life.approves()
    life.speaks_otherwise("ann")
    life.applies()
    life.hires("ann", ("staff",), ("Viewer",))
    life.hires("eve", ("staff",), ())
    life.says("bob", state="suspended")
    life.fires("lee")
    return life


def on(kind: type[MemoryTarget]) -> Callable[[Life], None]:
    """
    Return what gives a life another kind of target that stands where its own stands.
    """

    def change(life: Life) -> None:
        life.target.__class__ = kind

    return change


def trusting(life: Life) -> None:
    """
    Let a life's world take every export for whole.
    """
    life.world.__class__ = Trusting


def test_a_life_that_keeps_its_promises_passes(tmp_path: Path) -> None:
    """
    Nothing is found in the life that the cases below spoil.
    """
    life = lived(tmp_path)
    for bad in ("incomplete", "stale", "empty"):
        all_hold(life, bad=bad)

    assert len(life.edits) == 1


@pytest.mark.parametrize(
    ("spoiled", "found_by"),
    [
        pytest.param(on(Backwards), "approved_is_exact", id="writes in another order"),
        pytest.param(on(Meddling), "safe", id="touches a protected account"),
        pytest.param(on(Forgetful), "approved_is_exact", id="overwrites an edit"),
        pytest.param(trusting, "bad_reading_takes_nothing", id="removes on a bad export"),
    ],
)
def test_a_broken_promise_is_found(tmp_path: Path, spoiled: Callable[[Life], None], found_by: str) -> None:
    """
    Each promise fails, by name, in a world that breaks it.
    """
    life = lived(tmp_path)
    spoiled(life)
    with pytest.raises(AssertionError) as found:
        all_hold(life)

    assert found_by in {entry.name for entry in found.traceback}
