"""
What is varied: the kind of world, where schedules begin, and how far they go.
"""

from msgspec import Struct

from reconciler.core.ledger import Fence
from reconciler.core.model import Value
from reconciler.core.policy import Policy
from tests.schedules.disk import Disk
from tests.schedules.registry import Compare, Rows
from tests.schedules.runs import Desired
from tests.schedules.shelves import Shelf


class Kind(Struct, frozen=True, kw_only=True):
    """
    A kind of world: its store, and when its target compares.
    """

    name: str
    shelf: type[Shelf] = Shelf
    compare: Compare = Compare.ATOMIC


class Start(Struct, frozen=True, kw_only=True):
    """
    Where a schedule begins.

    `theirs` are values that nobody but an administrator has set so far; `gits`: a field that nobody has claimed is
    Git's by the policy, whatever it holds.
    """

    name: str
    policy: Policy
    disk: Disk
    rows: Rows
    fence: Fence | None = None
    theirs: frozenset[Value] = frozenset()
    gits: bool = False


class Extent(Struct, frozen=True, kw_only=True):
    """
    Which schedules there are. Per run: what Git may want, and how many minutes may lie between it and the last.

    `edits` are the values that an administrator may set, once; `troubles` how many crashes, and writes that go
    astray, there may be.
    """

    desired: tuple[tuple[Desired, ...], ...]
    minutes: tuple[tuple[int, ...], ...]
    edits: tuple[Value, ...]
    troubles: int = 2
