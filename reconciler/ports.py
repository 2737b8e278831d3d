"""
What the engine asks of the world: a target to read and write, a store that remembers.

Everything that changes anything outside this process passes one of these.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct, field

from reconciler.core.export import Collection, GroupRow, Manifest, Placed, PlacedGroup, UserRow
from reconciler.core.ledger import Fence, Head, LedgerRow
from reconciler.core.model import Equality, Fields, Kind, Live, Snapshot
from reconciler.core.search import Matches, Query


class Write(Struct, frozen=True, kw_only=True):
    """
    One change in the target's own terms.

    `id` is the target's id (None: create; then `key` becomes the external id and `name` the name). `fields` are
    the values to set, `active` and for groups `parent` and `deleted` among them, never `groups`; `join` and
    `leave` are target ids of groups. `expects` is the version that must still hold; empty for a create.
    """

    change: str
    action: Literal["create", "update", "delete"]
    kind: Kind
    id: str | None
    key: str
    name: str
    fields: Fields = field(default_factory=dict)
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    expects: str = ""


class Result(Struct, frozen=True, kw_only=True):
    """
    What became of one write.

    `landed` (then `live` is what was read back; None after a delete), `failed` (the target refused; `message` is
    its word) or `left` (the precondition no longer held; nothing was written).
    """

    change: str
    outcome: Literal["landed", "failed", "left"]
    live: Live | None = None
    message: str = ""


class Unfenced(Protocol):
    """
    A system whose users and groups are kept equal to what Git says; it need have no place for a fence.

    Every method raises TargetError where the target cannot be reached or does not answer as it should.
    """

    @property
    def identity(self) -> str:
        """
        Return what names the physical target, without any secret: `sqlite:.reconciler/openpages.db`.
        """
        ...

    @property
    def equality(self) -> Equality:
        """
        Return how the target compares values.
        """
        ...

    def read(self) -> Snapshot:
        """
        Return everything, users and groups each sorted by id.
        """
        ...

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes in order and return one result each, in the same order.

        Each write is atomic and a compare-and-set on `expects`. One refused write does not stop the others.
        `run` is what the target's own record of the last writer shall say.
        """
        ...

    def close(self) -> None:
        """
        Give back what the target holds open.
        """
        ...


@runtime_checkable
class Target(Unfenced, Protocol):
    """
    Such a system, and the fence that tells which run may write to it.
    """

    def fence(self) -> Fence | None:
        """
        Return the fence as it stands in the target; None where none was set yet.
        """
        ...

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence to `new` if it still is `seen`, in one step; return whether it was.
        """
        ...


@runtime_checkable
class Folding(Protocol):
    """
    A target that needs fewer requests the more memberships it is given at once.
    """

    @property
    def together(self) -> int:
        """
        Return how many changes it takes at once where they are of memberships alone.
        """
        ...


class Exported(Protocol):
    """
    What a source says, its people shard by shard: too many to be held all at once.
    """

    @property
    def manifest(self) -> Manifest:
        """
        Return what the export says of itself.
        """
        ...

    @property
    def groups(self) -> tuple[PlacedGroup, ...]:
        """
        Return the groups, sorted by key.
        """
        ...

    @property
    def digits(self) -> int:
        """
        Return how many hex digits of their keys' hashes the people of one shard have in common.
        """
        ...

    def shards(self) -> Iterator[tuple[str, Sequence[Placed]]]:
        """
        Yield those digits, ascending, and the people; raises InputError, at the end, where something is wrong.
        """
        ...


class Reading(Struct, frozen=True, kw_only=True):
    """
    What a source says: rows sorted by key, and in `faults` everything that keeps them from being the whole.

    `complete` holds exactly where there are no faults. `notes` are worth reading and change nothing. `fetched_at`
    is UTC; `read` says per collection what was read.
    """

    users: tuple[UserRow, ...]
    groups: tuple[GroupRow, ...]
    account: str
    fetched_at: str
    complete: bool
    read: dict[str, Collection]
    faults: tuple[str, ...]
    notes: tuple[str, ...]


class Searchable(Protocol):
    """
    A source in which people and groups are looked for before anybody has been imported.
    """

    def search(self, query: Query) -> Matches:
        """
        Return who matches; raises UsageError for a query of the wrong kind, SourceError where nobody answers.
        """
        ...


class Recorded(Protocol):
    """
    A ledger, its people shard by shard.
    """

    @property
    def head(self) -> Head:
        """
        Return what the ledger says of itself.
        """
        ...

    @property
    def groups(self) -> dict[str, LedgerRow]:
        """
        Return the rows of groups by key.
        """
        ...

    @property
    def digits(self) -> int:
        """
        Return how many hex digits of their keys' hashes the people of one shard have in common.
        """
        ...

    def shards(self) -> Iterator[tuple[str, Mapping[str, LedgerRow]]]:
        """
        Yield those digits, ascending, and rows by key; raises LedgerError, at the end, where something is wrong.
        """
        ...


class Store(Protocol):
    """
    The Git repository, as the ledger needs it. Paths are relative to the ledger's root, with `/`.

    Every method raises StoreError where Git refuses.
    """

    def revision(self) -> str:
        """
        Return the commit that the ledger stands at; empty where there is none yet.
        """
        ...

    def read(self, *paths: str, at: str = "") -> Iterator[tuple[str, bytes]]:
        """
        Yield path and content of every committed file at or below `paths`, sorted by path, at one revision.

        Without a path that is every file there is, without `at` the revision that the ledger stands at.
        """
        ...

    def paths(self, *, at: str = "") -> list[str]:
        """
        Return the paths of all that `read` would yield, sorted.
        """
        ...

    def follow(self, *, published: bool) -> None:
        """
        Bring a ledger on a branch of its own in step with the remote's, where that is what runs rely on.
        """
        ...

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: str) -> str:
        """
        Commit the files (None: removed) on top of `parent`, in one step, and return the new commit.

        Raises StoreError where the ledger no longer stands at `parent`.
        """
        ...

    def push(self) -> None:
        """
        Publish the ledger's branch; raises StoreError where the remote refuses.

        Commits of others may go before ours, so that the ledger then stands at another one.
        """
        ...

    def uncommitted(self, paths: Sequence[str]) -> list[str]:
        """
        Return the files below `paths` of the work tree that the last commit does not hold as they are, sorted.
        """
        ...
