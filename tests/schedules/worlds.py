"""
The worlds that schedules are counted in: as they should be, and with one step of the order of writes switched off.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import UNSET

from tests.schedules.graph import Counted, count
from tests.schedules.moves import Moves
from tests.schedules.registry import Compare
from tests.schedules.runs import Player
from tests.schedules.shelves import ClearingShelf, ForgetfulShelf, ReplacingShelf
from tests.schedules.starts import starts
from tests.schedules.terms import Extent, Kind

SOUND = Kind(name="compare-and-set")
BROKEN = (
    Kind(name="step 1 off: intents do not survive a crash", shelf=ForgetfulShelf),
    Kind(name="step 1 off: a run's intents replace earlier ones", shelf=ReplacingShelf),
    Kind(name="step 2 off: the target does not compare", compare=Compare.NEVER),
    Kind(name="step 3 off: a record clears unconfirmed intents", shelf=ClearingShelf),
)
WINDOW = Kind(name="no compare-and-set: read, then write", compare=Compare.BEFORE)

AT_ONCE = ((0,), (1,), (1,))
SOON_OR_LATE = ((0,), (1, 60), (1, 60))
FEW = Extent(desired=(("b",), ("c",), ("a",)), minutes=AT_ONCE, edits=("x",), troubles=1)
TWICE = Extent(desired=(("b",), ("c",), ("a",)), minutes=AT_ONCE, edits=("x",))
WHOLE = Extent(desired=(("b", UNSET), ("b", "c", UNSET), ("a", "b")), minutes=AT_ONCE, edits=("x",))
LATER = Extent(desired=(("b",), ("c",), ("a",)), minutes=SOON_OR_LATE, edits=("x",))
OUTSIDE = Extent(desired=(("b",), ("c",), ("a",)), minutes=AT_ONCE, edits=("x", "a", "b", "c"))


@contextmanager
def folder() -> Iterator[Path]:
    """
    Yield a folder for journals: in memory where the machine has such a place, for each run syncs its own.
    """
    memory = Path("/dev/shm")  # noqa: S108  the folder made below it is private
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as found:
        yield Path(found)


def counted(kind: Kind, extent: Extent, *, only: str = "") -> Iterator[tuple[str, Counted]]:
    """
    Yield the name of each start, or of the one that is asked for, and how its schedules end.
    """
    with folder() as scratch:
        for start in starts(Player(scratch)):
            if only in {"", start.name}:
                yield start.name, count(Moves(kind, start, extent, Player(scratch, kind.shelf)))
