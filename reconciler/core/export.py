"""
What a source says: rows, each with its place, and the manifest that proves them whole (formats.md, canonical rows).
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

Count: TypeAlias = Annotated[int, Meta(ge=0)]
"""How many: read from a file, it is never less than none."""


class UserRow(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """
    One person of an export. `groups` holds group keys, `roles` direct grants; both sorted and distinct.
    """

    key: str
    user_name: str
    state: Literal["active", "invited", "suspended", "left", "unknown"]
    source_state: str = ""
    email: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    attributes: dict[str, str | tuple[str, ...]] = field(default_factory=dict)


class GroupRow(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """
    One group of an export. `roles` are the grants that the group holds for its members.
    """

    key: str
    name: str
    description: str | UnsetType = UNSET
    roles: tuple[str, ...] = ()
    dynamic: bool = False
    attributes: dict[str, str | tuple[str, ...]] = field(default_factory=dict)


class Counts(Struct, frozen=True, kw_only=True):
    """
    How many rows an export has, by kind.
    """

    users: Count = 0
    groups: Count = 0
    memberships: Count = 0


class Collection(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What was read of one collection: the total the source named (if it did), rows and pages.
    """

    rows: int
    pages: int
    total: int | None = None


class Manifest(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """
    What an export is: from where, when, whole or not, and the digest of its rows.

    `depth` is that of the shards of users, `groups_depth` of those of groups.
    """

    version: int
    source: str
    account: str
    fetched_at: str
    complete: bool
    counts: Counts
    digest: str
    depth: int = 0
    groups_depth: int = 0
    read: dict[str, Collection] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


class Dispute(Struct, frozen=True, kw_only=True):
    """
    What several sources say differently of one person: the source that decides with its value, and the others.

    `taken` None: the value joins nobody, since one source gives it to several people.
    """

    key: str
    field: str
    taken: tuple[str, str] | None
    others: tuple[tuple[str, str], ...]


class Apart(Struct, frozen=True, kw_only=True):
    """
    People of several sources who share the value of the joining field, and are not joined: several have an account.

    `said` is what was said of each of the `keys`, and by which source.
    """

    keys: tuple[str, ...]
    field: str
    said: tuple[str, ...]


class JoinedManifest(Manifest, frozen=True, kw_only=True):
    """
    What several exports are together; `parts` has when each source was read, `fetched_at` the earliest of these.

    `sizes` has the counts of each, `disputes` where they say different things of one person, `apart` whom they join
    though each has an account.
    """

    parts: dict[str, str]
    sizes: dict[str, Counts]
    disputes: tuple[Dispute, ...] = ()
    apart: tuple[Apart, ...] = ()


class Placed(Struct, frozen=True, gc=False):
    """
    A user row with its place: `origin` is `path:line`.
    """

    row: UserRow
    origin: str


class PlacedGroup(Struct, frozen=True, gc=False):
    """
    A group row with its place: `origin` is `path:line`.
    """

    row: GroupRow
    origin: str


class Export(Struct, frozen=True):
    """
    One source's export, sorted by key.
    """

    manifest: Manifest
    users: tuple[Placed, ...]
    groups: tuple[PlacedGroup, ...]
    digits: ClassVar[int] = 0

    def shards(self) -> Iterator[tuple[str, Sequence[Placed]]]:
        """
        Yield everybody at once, whatever the hashes of their keys begin with.
        """
        yield "", self.users
