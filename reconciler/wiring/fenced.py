"""
A target that has no place for a fence, with one that is kept beside its ledger.
"""

from collections.abc import Sequence

from msgspec import Struct

from reconciler.core.ledger import Fence, Head
from reconciler.core.model import Equality, Snapshot
from reconciler.ports import Folding, Result, Target, Unfenced, Write
from reconciler.store import EmptyStore, GitStore
from reconciler.store_fence import GitFence


def fenced(target: Unfenced, store: GitStore | EmptyStore, head: Head) -> Target:
    """
    Return the target, with a fence in any case; `head` is that of the ledger as it was opened.
    """
    return target if isinstance(target, Target) else Fenced(target, GitFence.beside(store), head)


class Fenced(Struct, frozen=True):
    """
    Another's target, which cannot tell that the system behind it was restored.

    Where no run goes on, its fence is what the ledger says, unless a later run of this ledger is known.
    """

    target: Unfenced
    place: GitFence
    head: Head

    @property
    def identity(self) -> str:
        """
        Return what names the physical target.
        """
        return self.target.identity

    @property
    def equality(self) -> Equality:
        """
        Return how the target compares values.
        """
        return self.target.equality

    @property
    def together(self) -> int:
        """
        Return how many memberships the target takes at once.
        """
        return self.target.together if isinstance(self.target, Folding) else 0

    def read(self) -> Snapshot:
        """
        Return everything, users and groups each sorted by id.
        """
        return self.target.read()

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in order and return one result each.
        """
        return self.target.write(writes, run=run)

    def fence(self) -> Fence | None:
        """
        Return the fence; None where neither it nor the ledger tells of any run.
        """
        return self._meant(self.place.seen()[1])

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence to `new` if it still is `seen`, in one step; return whether it was.
        """
        name, found = self.place.seen()
        return self._meant(found) == seen and self.place.swap(name, new)

    def close(self) -> None:
        """
        Give back what the target holds open.
        """
        self.target.close()

    def _meant(self, found: Fence | None) -> Fence | None:
        """
        Return what the fence comes to: of a run that goes on, or that this ledger lacks, what it says.
        """
        later = found and found.lineage == self.head.lineage and found.serial > self.head.serial
        if found and (found.holder or later):
            return found
        return Fence(lineage=self.head.lineage, serial=self.head.serial) if self.head.serial else None
