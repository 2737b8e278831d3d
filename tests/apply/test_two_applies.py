"""
Two applies at once, in a thousand orders: one of them writes, the other waits or stops, and nothing is lost.
"""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from reconciler.apply.book import load
from reconciler.apply.recovery import recover
from reconciler.apply.run import Report, apply
from reconciler.core.ledger import Fence
from reconciler.core.runs import decode_runs, verify_chain
from reconciler.errors import HeldError
from reconciler.ports import Write
from tests.apply.turns import Turns
from tests.schedules.worlds import folder
from tests.targets.memory import MemoryTarget
from tests.world import World


@pytest.fixture
def scratch() -> Iterator[Path]:
    """
    Yield a folder for the journal.
    """
    with folder() as found:
        yield found


class Encounter:
    """
    Two runs of one checkout that begin at once and want different things; who did what while whose the fence was.
    """

    def __init__(self, seed: int, scratch: Path) -> None:
        self.turns: Turns[Report] = Turns(seed)
        self.target = MemoryTarget()
        self.trespassers: list[str] = []
        random = Random(seed)
        self.older = World(self.target, scratch)
        self.older.cloud_says("ann", locale="de_DE")
        self.older.cloud_says("bob")
        if random.random() < 0.5:
            self.older.apply()
            self.older.cloud_says("ann", locale="fr_FR")
            self.older.cloud_says("eve")
        self.newer = copy.copy(self.older)
        self.newer.people = dict(self.older.people)
        self.newer.cloud_says("ann", first_name="Ann", locale="it_IT")
        self.newer.cloud_says("zoe", groups=("staff",))
        self.target.on_effect = self._noted
        self.patience = {"older": random.choice((0.0, 30.0)), "newer": random.choice((0.0, 30.0))}
        self.ends = self.turns.run(
            {"older": self._job(self.older, "older"), "newer": self._job(self.newer, "newer")}
        )

    def _noted(self, moment: str, effect: str, _write: Write | None) -> None:
        """
        Note a write by somebody who does not hold the fence.
        """
        fence = self.target.fence() or Fence(lineage="", serial=0)
        if (moment, effect) == ("before", "write") and fence.holder != self.turns.who:
            self.trespassers.append(self.turns.who)

    def _job(self, shared: World, name: str) -> Callable[[], Report]:
        """
        Return what `reconciler apply` does, with a switch at every effect.
        """
        world = copy.copy(shared)
        world.target, world.store = self.turns.taken_by(world.target), self.turns.taken_by(world.store)

        def sleep(seconds: float) -> None:
            world.time_passes(seconds=seconds)
            self.turns.switch()

        asked = world.order()
        patience = replace(asked.patience, sleep=sleep, alive=lambda _holder: True, seconds=self.patience[name])
        order = replace(asked, holder=name, patience=patience)

        def job() -> Report:
            opened = recover(world.target, world.book, order) or load(world.book)
            return apply(world.decide(opened=opened), world.target, world.book, opened=opened, order=order)

        return job


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(100), id="100 orders"),
        pytest.param(range(100, 1000), id="900 more", marks=pytest.mark.ci),
    ],
)
def test_two_applies_never_interleave(seeds: range, scratch: Path) -> None:
    """
    Nobody writes without the fence, the record holds all that landed, and one run more leaves nothing to do.
    """
    held = 0
    for seed in seeds:
        met = Encounter(seed, scratch)
        refused = [one for one in met.ends.values() if not isinstance(one, Report)]

        assert met.trespassers == [], seed
        assert [one for one in refused if not isinstance(one, HeldError)] == [], seed
        assert recorded(met.newer) == [write.change for write in met.target.written], seed
        held += len(refused)
        met.newer.time_passes(hours=1)
        met.newer.apply()
        assert (met.newer.plan().changes, met.newer.plan().held) == ((), ()), seed
        assert recorded(met.newer) == [write.change for write in met.target.written], seed

    assert 0 < held < 2 * len(seeds)


def recorded(world: World) -> list[str]:
    """
    Return the ids of all changes that landed, as the ledger's unbroken chain of records has them.
    """
    runs = decode_runs((path, content, None) for path, content in world.store.read("runs"))
    assert verify_chain(runs, last=world.ledger.head.previous) == ()
    return [change.id for run in runs for change in run.changes if change.outcome == "landed"]
