"""
Incidents of time: what was restored, and what came too late; SECURITY.md lists them.
"""

import shutil
from pathlib import Path

import pytest

from reconciler.apply.book import load
from reconciler.apply.run import apply
from reconciler.errors import HeldError, LedgerError
from tests.incidents.conftest import Begin


def test_restored_target_is_recognised(begin: Begin, tmp_path: Path) -> None:
    """
    A target that was restored from a backup is another world: nothing is planned on it, and nothing written.
    """
    world = begin("ann")
    world.target.close()
    backup = shutil.copy(tmp_path / "registry.db", tmp_path / "backup.db")
    world.cloud_says("eve")
    world.apply()
    world.target.close()
    shutil.copy(backup, tmp_path / "registry.db")

    with pytest.raises(LedgerError, match="is at run 1 of ledger L, but the ledger here is at run 2 of L"):
        world.plan()
    assert [one.name for one in world.target.read().users] == ["ann", "bob"]


def test_old_job_does_not_undo_newer_state(begin: Begin) -> None:
    """
    A job that is started again with the export of last week is refused: a newer one was applied.
    """
    world = begin("ann")
    then = world.fetched_at
    world.time_passes(days=7)
    world.cloud_says("eve")
    world.apply()
    world.cloud_loses("eve")
    world.fetched_at = then

    with pytest.raises(HeldError, match="was applied already"):
        world.apply()
    assert world.live("eve").active is True


def test_plan_of_before_is_not_made_after(begin: Begin) -> None:
    """
    What was planned before another run is not made after it: the second stops before its first write.
    """
    world = begin("ann")
    world.cloud_says("ann", first_name="Anna")
    late, opened = world.decide(), load(world.book)
    world.cloud_says("ann", first_name="Annika")
    world.apply()

    with pytest.raises(HeldError, match="run 2 on registry was recorded while this one planned"):
        apply(late, world.target, world.book, opened=opened, order=world.order())
    assert world.value("ann", "first_name") == "Annika"
