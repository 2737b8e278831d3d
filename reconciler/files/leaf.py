"""
One file of people, of an export or of the ledger: read when somebody looks at them, or passed over.
"""

import hashlib
from collections.abc import Callable, ItemsView, Iterator, Mapping, Sequence
from typing import NamedTuple, overload

from reconciler.core.export import Placed
from reconciler.core.ledger import LedgerRow
from reconciler.core.memory import Note


class People(NamedTuple):
    """
    Everybody in a file, and the hashes of their keys.
    """

    placed: list[Placed]
    hashes: list[bytes]


class Leaf(Sequence[Placed]):
    """
    The people of one file, which `read` reads at most once. `content` is its bytes.
    """

    def __init__(self, content: bytes, read: Callable[[], People]) -> None:
        self.content = content
        self.known: Note | None = None
        self._read = read
        self._people: People | None = None

    @property
    def digest(self) -> bytes:
        """
        Return the SHA-256 of the file.
        """
        return hashlib.sha256(self.content).digest()

    def skip(self, note: Note) -> None:
        """
        Say that nobody need read these people: a file of just these bytes was read before, and `note` tells of it.
        """
        self.known = note

    def read(self) -> People:
        """
        Return everybody in the file.
        """
        if self._people is None:
            self._people = self._read()
        return self._people

    def note(self) -> Note:
        """
        Return what is to be known to pass the file over; for files of at most 256 people.
        """
        people = self.read()
        order = bytes(sorted(range(len(people.hashes)), key=people.hashes.__getitem__))
        return Note(order, sum(len(one.row.groups) for one in people.placed))

    def __iter__(self) -> Iterator[Placed]:
        return iter(self.read().placed)

    def __len__(self) -> int:
        return len(self.read().placed)

    @overload
    def __getitem__(self, index: int) -> Placed: ...
    @overload
    def __getitem__(self, index: slice) -> list[Placed]: ...
    def __getitem__(self, index: int | slice) -> Placed | list[Placed]:
        return self.read().placed[index]


class LedgerLeaf(Mapping[str, LedgerRow]):
    """
    The ledger's rows of one file by key, which `read` reads at most once. `digest` tells this file from any other.
    """

    def __init__(self, content: bytes, digest: bytes, read: Callable[[], dict[str, LedgerRow]]) -> None:
        self.content = content
        self.digest = digest
        self._read = read
        self._rows: dict[str, LedgerRow] | None = None

    def read(self) -> dict[str, LedgerRow]:
        """
        Return all rows of the file.
        """
        if self._rows is None:
            self._rows = self._read()
        return self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.read())

    def __len__(self) -> int:
        return len(self.read())

    def __getitem__(self, key: str) -> LedgerRow:
        return self.read()[key]

    def items(self) -> ItemsView[str, LedgerRow]:
        """
        Return keys and rows; a dict's own, since those of a mapping ask for each row by itself.
        """
        return self.read().items()
