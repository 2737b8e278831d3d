"""
What a run remembers for the next: which files of people were in step, with which accounts, measured by what.

A proof is only ever used where everything it was made from is the same, byte for byte. It saves work, and changes
no plan: a property test plans with and without it.
"""

import hashlib
from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct, field

from reconciler.core.model import Live

_SORTED = msgspec.msgpack.Encoder(order="deterministic")
_ENCODER = msgspec.msgpack.Encoder()


class Note(Struct, frozen=True, gc=False, array_like=True):
    """
    What reading a file of an export told of it: the order of its lines by their keys' hashes, and its memberships.
    """

    order: bytes
    memberships: int


class Proof(Struct, frozen=True, gc=False, array_like=True):
    """
    That all the people of one place were in step, and nobody else was in the ledger's file.

    `seal` is the digest of what the source and the ledger say there, `accounts` that of the accounts; `keys` and
    `links` say whose they are, in one order.
    """

    seal: bytes
    keys: tuple[str, ...]
    links: tuple[str, ...]
    accounts: bytes
    note: Note


class Mark(Struct, frozen=True):
    """
    What tells a shard from any other, `seal`, and how its people are passed over, or what is to be known for that.
    """

    seal: bytes
    skip: Callable[[Note], None]
    note: Callable[[], Note]


class Memory(Struct):
    """
    Proofs by place: those of an earlier run, and those that hold now. `basis` is what they were measured by.
    """

    basis: bytes = b""
    proofs: dict[str, Proof] = field(default_factory=dict)
    fresh: dict[str, Proof] = field(default_factory=dict)

    def measured_by(self, basis: bytes) -> None:
        """
        Forget everything that was measured by something else; nothing has been proved of the present yet.
        """
        if self.basis != basis:
            self.basis, self.proofs = basis, {}
        self.fresh = {}


def digest_of(*parts: object) -> bytes:
    """
    Return the SHA-256 of values, whatever the order of what is in their sets and dicts.
    """
    return hashlib.sha256(_SORTED.encode(parts)).digest()


def seal_of(*digests: bytes) -> bytes:
    """
    Return the SHA-256 of the digests of files, one after the other.
    """
    return hashlib.sha256(b"".join(digests)).digest()


def seen(accounts: Iterable[Live]) -> bytes:
    """
    Return the digest of accounts, as they were read: one that was told in another order is another one.
    """
    return hashlib.sha256(_ENCODER.encode(list(accounts))).digest()
