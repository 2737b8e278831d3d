"""
What the ledger remembers: who owns each shared field, what we wrote, what then held, what we meant to write.

The format is that of formats.md; the meaning that of ownership.md. Times are UTC, `2026-11-22T10:00:00Z`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from reconciler.core.export import Count, Counts
from reconciler.core.model import Fields, Inputs, Value

Owner: TypeAlias = Literal["git", "admin"]
Time: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?\Z")]
"""A time of the head, or none. It decides what is old, and is compared as text: so it has one form."""


class Intent(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """
    A value we were about to write, what it was to replace (absent for a create), when, and in which run.
    """

    value: Value
    at: str
    run: int
    replaces: Value | UnsetType = UNSET


class Claim(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """
    Who owns one shared field: `wrote` is what we wrote last (W), `saw` what then held (B).

    `owner` None with open intents is no claim yet. `since` and `run` tell when it changed hands; `override` is
    the digest of the last take or restore that was acted on.
    """

    owner: Owner | None = None
    saw: Value = None
    wrote: Value = None
    intents: tuple[Intent, ...] = ()
    since: str = ""
    run: int = 0
    override: str = ""


class Last(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """
    What we last wrote or saw hold: lifecycle state, source fields, groups (keys of managed groups).

    `wrote` has an entry only where the target kept something other than what we sent.
    """

    state: Literal["active", "inactive", "retired"] = "active"
    fields: Fields = field(default_factory=dict)
    wrote: Fields = field(default_factory=dict)
    groups: tuple[str, ...] = ()


class CreateIntent(Struct, frozen=True, kw_only=True, gc=False):
    """
    An entity we were about to create: the name and external id it will bear, when and in which run.
    """

    name: str
    external_id: str
    at: str
    run: int


class Hold(Struct, frozen=True, kw_only=True, gc=False):
    """
    Something withheld that a run has already told: its id, since when, by which run.
    """

    id: str
    since: str
    run: int


class Absent(Struct, frozen=True, kw_only=True, gc=False):
    """
    Since when the source no longer has the entity, in how many exports, and the time of the last one counted.
    """

    since: str
    exports: int
    fetched_at: str


class Names(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """
    The name an entity bears in the target, and those it bore before (at source or target).
    """

    present: str
    previous: tuple[str, ...] = ()


class LedgerRow(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """
    What we know of one entity that we manage. `link` is the target's id; `tombstones` ids of predecessors.

    `policy` is the digest of the policy under which the row was last settled. `seen` is when the source was read
    from which a run about this user took them, and not about everybody; the next export after that confirms it.
    """

    key: str
    link: str | None = None
    names: Names | None = None
    claims: dict[str, Claim] = field(default_factory=dict)
    intent: CreateIntent | None = None
    last: Last | None = None
    policy: str = ""
    holds: tuple[Hold, ...] = ()
    absent: Absent | None = None
    tombstones: tuple[str, ...] = ()
    seen: Time = ""


class Fence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    The one row in the target that says whose writes count: ledger lineage, serial of the last run that began.

    `holder` is `TIME@host:pid` while a run that began at that time writes, else empty; `until` is when its lease
    ends.
    """

    lineage: str
    serial: int
    holder: str = ""
    until: str = ""


class Head(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """
    The ledger as a whole: which target's, how many runs, what the last one was made from.

    `policy` is the authority of each field (`user.locale` -> `shared`) under the policy last settled with;
    `counts` and `fetched_at` are those of the export last applied, `sizes` its counts and `sources` its times by
    source where there are several; `removed_24h` counts removals by guard code as [time, count] pairs; `previous`
    is the hash of the last run's file; `holds` are those of entities that have no row, or are in step; `rows` is
    the digest of the files that hold the rows (empty in a ledger of an older version).
    """

    version: int
    lineage: str
    target: str
    serial: Count = 0
    depth: Count = 0
    groups_depth: Count = 0
    inputs: Inputs = field(default_factory=Inputs)
    policy: dict[str, str] = field(default_factory=dict)
    account: str = ""
    fetched_at: Time = ""
    sources: dict[str, Time] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    sizes: dict[str, Counts] = field(default_factory=dict)
    removed_24h: dict[str, tuple[tuple[Time, Count], ...]] = field(default_factory=dict)
    previous: str = ""
    fence: Fence | None = None
    holds: tuple[Hold, ...] = ()
    rows: str = ""


class Ledger(Struct, frozen=True):
    """
    The ledger of one target, rows by source key. A `head` with serial 0 is one that no run has written yet.
    """

    head: Head
    users: dict[str, LedgerRow]
    groups: dict[str, LedgerRow]
    digits: ClassVar[int] = 0

    def shards(self) -> Iterator[tuple[str, Mapping[str, LedgerRow]]]:
        """
        Yield everybody at once, whatever the hashes of their keys begin with.
        """
        yield "", self.users

    def whole(self) -> "Ledger":
        """
        Return this ledger: it is all there.
        """
        return self


class RunHeader(Struct, frozen=True, kw_only=True, tag="run", tag_field="type"):
    """
    The first line of a run's record. `reason` is why somebody made ledger and target one again, in such a run.

    `state` is the digest of the head that the run left (but for its `previous`), and by it of all rows.
    """

    run: int
    time: str
    scope: str
    who: str
    tool: str
    inputs: Inputs
    plan: str
    approval: str
    previous: str
    interrupted: bool = False
    reason: str | UnsetType = UNSET
    state: str | UnsetType = UNSET


class RunChange(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change", tag_field="type"):
    """
    One change of a run and what became of it; `version` is the target's after it landed.
    """

    id: str
    action: str
    kind: str
    key: str
    name: str
    before: Fields
    after: Fields
    because: dict[str, str]
    outcome: Literal["landed", "failed", "left"]
    message: str = ""
    version: str = ""


class RunClaim(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="claim", tag_field="type"):
    """
    One shared field whose owner changed in a run; `row` is the deciding row of ownership.md (0: our own write).
    """

    kind: str
    key: str
    name: str
    field: str
    owner: Owner | None
    was: Owner | None
    value: Value
    row: int
    text: str


RunLine: TypeAlias = RunHeader | RunChange | RunClaim
