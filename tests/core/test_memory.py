"""
What a plan remembers changes no later plan, and spares it the files in which nothing has moved.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from reconciler import engine
from reconciler.apply.book import Opened, load
from reconciler.core.decide import Decision
from reconciler.core.export import Export, Manifest, Placed, PlacedGroup
from reconciler.core.ledger import Head, Ledger, LedgerRow
from reconciler.core.memory import Memory, Note, seal_of
from reconciler.files.leaf import Leaf, LedgerLeaf, People
from reconciler.files.memories import expect, memory_path, recall, remember
from reconciler.files.rows import encode
from reconciler.files.shards import key_hash, key_hashes
from tests.core.test_instep import told
from tests.core.test_laws import LIVES, POLICIES, TARGETS, Life, Step, able
from tests.targets.memory import MemoryTarget
from tests.world import World

PLACES = "0123456789abcdef"


class FiledExport(Struct, frozen=True):
    """
    An export in sixteen files; `read` notes the places of those that somebody looked into.
    """

    export: Export
    read: set[str]
    digits: int = 1

    @property
    def manifest(self) -> Manifest:
        """
        Return that of the export.
        """
        return self.export.manifest

    @property
    def groups(self) -> tuple[PlacedGroup, ...]:
        """
        Return those of the export.
        """
        return self.export.groups

    def shards(self) -> Iterator[tuple[str, Leaf]]:
        """
        Yield each file that holds anybody.
        """
        for place in PLACES:
            people = [one for one in self.export.users if key_hash(one.row.key)[0] == place]
            if people:
                yield place, Leaf(encode([one.row for one in people]), lambda: self._people(place, people))  # noqa: B023  read before the next

    def _people(self, place: str, people: list[Placed]) -> People:
        self.read.add(place)
        return People(people, key_hashes(one.row for one in people))


class FiledLedger(Struct, frozen=True):
    """
    A ledger in sixteen files.
    """

    ledger: Ledger
    digits: int = 1

    @property
    def head(self) -> Head:
        """
        Return that of the ledger.
        """
        return self.ledger.head

    @property
    def groups(self) -> dict[str, LedgerRow]:
        """
        Return those of the ledger.
        """
        return self.ledger.groups

    def shards(self) -> Iterator[tuple[str, LedgerLeaf]]:
        """
        Yield each file that holds anybody.
        """
        for place in PLACES:
            rows = {key: row for key, row in self.ledger.users.items() if key_hash(key)[0] == place}
            if rows:
                content = encode(rows.values())
                yield place, LedgerLeaf(content, seal_of(content), lambda: rows)  # noqa: B023  read before the next

    def whole(self) -> Ledger:
        """
        Return the ledger.
        """
        return self.ledger


def planned(world: World, memory: Memory | None, read: set[str] | None = None) -> Decision:
    """
    Return what a plan decides that remembers something; the places that it looked into are noted.
    """
    asked = replace(world.asked(), export=FiledExport(world.export(), set() if read is None else read))
    found = load(world.book)
    opened = Opened(ledger=FiledLedger(found.ledger.whole()), revision=found.revision)  # type: ignore[arg-type]
    return engine.plan(asked, world.target, world.book, opened=opened, now=world.now, memory=memory)


@settings(max_examples=60)
@given(steps=LIVES, policy=POLICIES, on=st.sampled_from(sorted(TARGETS)))
def test_memory_changes_no_plan(steps: list[Step], policy: dict[str, Any], on: str) -> None:
    """
    In any life of a world each plan that remembers the one before decides what one decides that remembers nothing.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), TARGETS[on](), able(policy, on))
        path = memory_path(Path(folder), "registry")
        for _ in life.live([("applies", ()), *steps, ("applies", ()), *steps[:3]]):
            memory = recall(path) or Memory()
            with_memory = told(planned(life.world, memory))
            remember(path, memory)

            assert with_memory == told(life.world.decide())


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return an empty target.
    """
    return MemoryTarget()


@pytest.fixture
def world(tmp_path: Path, target: MemoryTarget) -> World:
    """
    Return a world in which everybody is in step.
    """
    world = World(target, tmp_path)
    for name in ("ann", "bob", "cyd"):
        world.cloud_says(name)
    world.apply()
    return world


def places(*names: str) -> set[str]:
    """
    Return the files of people.
    """
    return {key_hash(f"id-{name}")[0] for name in names}


def second_look(world: World, first: Memory) -> set[str]:
    """
    Return which files a plan looks into that remembers another.
    """
    read: set[str] = set()
    planned(world, Memory(basis=first.basis, proofs=first.fresh), read)
    return read


def remembered(world: World) -> Memory:
    """
    Return what a first plan remembers.
    """
    memory = Memory()
    planned(world, memory)
    return memory


def test_files_in_which_nothing_moved_are_not_read_again(world: World) -> None:
    """
    A second plan looks into no file, and knows as much of everybody.
    """
    memory = remembered(world)

    assert len(places("ann", "bob", "cyd")) == 3
    assert memory.fresh.keys() == places("ann", "bob", "cyd")
    assert second_look(world, memory) == set()
    assert memory.fresh[key_hash("id-ann")[0]].note == Note(b"\0", 1)


def test_what_the_source_says_anew_is_read(world: World) -> None:
    """
    Another file of the export is looked into.
    """
    memory = remembered(world)
    world.cloud_says("ann", first_name="Anna")

    assert second_look(world, memory) == places("ann")


def test_account_that_an_administrator_changed_is_looked_at(world: World, target: MemoryTarget) -> None:
    """
    Another account is looked at, though neither file has moved.
    """
    memory = remembered(world)
    target.admin_sets("bob", locale="de_DE")

    assert second_look(world, memory) == places("bob")


def test_account_that_is_gone_is_missed(world: World, target: MemoryTarget) -> None:
    """
    An account that is not there any more is in step with nothing.
    """
    memory = remembered(world)
    target.admin_deletes("cyd")

    assert second_look(world, memory) == places("cyd")


def test_another_measure_proves_nothing(world: World) -> None:
    """
    With another policy everybody is looked at again.
    """
    memory = remembered(world)
    world.changes_policy({"users": {"protected": ["zoe"]}})

    assert second_look(world, memory) == places("ann", "bob", "cyd")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: content[:0], id="empty"),
        pytest.param(lambda content: content[:-1], id="cut"),
        pytest.param(lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:], id="a bit flipped"),
    ],
)
def test_memory_that_is_not_as_it_was_written_is_none(world: World, tmp_path: Path, spoil: Any) -> None:
    """
    A damaged file is as good as no file.
    """
    path = memory_path(tmp_path, "registry")
    remember(path, remembered(world))
    kept = recall(path)
    path.write_bytes(spoil(path.read_bytes()))

    assert kept is not None
    assert len(kept.proofs) == 3
    assert recall(path) == Memory()


def test_memory_that_cannot_be_written_stops_nobody(world: World, tmp_path: Path) -> None:
    """
    Where the folder takes no file, the next plan looks at everybody again.
    """
    (tmp_path / "file").write_text("")
    path = memory_path(tmp_path / "file", "registry")
    remember(path, remembered(world))

    assert recall(path) == Memory()


def test_memory_begins_with_the_second_plan(tmp_path: Path) -> None:
    """
    Where no plan was made there is no memory; where one was there is one, in which nothing is proved.
    """
    path = memory_path(tmp_path, "registry")
    before = recall(path)
    expect(path)

    assert (before, recall(path)) == (None, Memory())
