"""
The values that flow from export to plan: rows, desired and live entities, changes, the plan.

Desired and live are the same kind of value: fields by name. A field that is missing from a mapping is absent
(nobody says anything about it, or it could not be read); None is a value (a field that is empty on purpose).
"""

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType, field

from reconciler.core.ruling import Entitled, GroupAccess, Ruling

Value: TypeAlias = str | bool | int | tuple[str, ...] | None
Fields: TypeAlias = dict[str, Value]
Kind: TypeAlias = Literal["user", "group"]

SETS = frozenset({"groups", "profiles", "roles"})
"""Fields whose value is a set: a sorted tuple of distinct strings."""


class Transfer(Struct, frozen=True, kw_only=True):
    """
    A reviewed override that moves one field between owners: `take` (to Git) or `restore` (a value for the admin).

    `reviewed` is the live value the reviewer looked at; `value` the one to restore; `digest` names the override
    so that it acts once.
    """

    verb: Literal["take", "restore"]
    digest: str
    origin: str
    reason: str
    reviewed: Value | UnsetType = UNSET
    value: Value | UnsetType = UNSET


class Decisions(Struct, frozen=True, kw_only=True):
    """
    What overrides decide about one entity beyond its values.
    """

    give: frozenset[str] = frozenset()
    transfers: dict[str, Transfer] = field(default_factory=dict)
    adopt: bool = False
    enable: bool = False
    ruling: Ruling | None = None


NO_DECISIONS = Decisions()


class Desired(Struct, frozen=True, kw_only=True, gc=False):
    """
    One entity as Git wants it.

    `state`: `active` (exists and can be used), `inactive` (if it is there, it must not be usable) or `untouched`
    (neither created, changed nor deactivated); `reason` names why it is not active. `origin` is the place of its
    record in the export; `causes.py` says of each field where its value comes from. `groups` are keys of managed
    groups.
    """

    kind: Kind
    key: str
    name: str
    state: Literal["active", "inactive", "untouched"]
    fields: Fields
    origin: str
    reason: str = ""
    groups: tuple[str, ...] = ()
    decisions: Decisions = NO_DECISIONS


class Live(Struct, frozen=True, kw_only=True, gc=False):
    """
    One entity as the target has it. `id`, and the ids in `groups`, are the target's own.

    `fields` holds what could be read: of a user every field a policy may name but `groups`; of a group `name`,
    `description`, `parent`, `deleted`, `roles`. `version` changes with every write of anybody. `changed_by` names
    who wrote last where the target knows (`admin`, or the run's id).
    """

    kind: Kind
    id: str
    name: str
    fields: Fields
    active: bool = True
    external_id: str | None = None
    groups: tuple[str, ...] = ()
    version: str = ""
    changed_by: str | None = None


class Profile(Struct, frozen=True, kw_only=True):
    """
    A profile of the target's catalogue, with the group names an administrator associated with it.
    """

    name: str
    enabled: bool = True
    deleted: bool = False
    fallback: bool = False
    groups: tuple[str, ...] = ()


class Catalogue(Struct, frozen=True, kw_only=True):
    """
    What the target offers: its profiles by name, and what its groups give, by target id.
    """

    profiles: dict[str, Profile] = field(default_factory=dict)
    access: dict[str, GroupAccess] = field(default_factory=dict)


class Snapshot(Struct, frozen=True, kw_only=True):
    """
    What one reading of the target gave. `complete` is False where anything may be missing.
    """

    users: tuple[Live, ...]
    groups: tuple[Live, ...]
    catalogue: Catalogue
    complete: bool = True
    problem: str = ""


class Equality(Struct, frozen=True, kw_only=True):
    """
    How a target compares: fields in which it ignores case, and fields it trims.
    """

    caseless: frozenset[str] = frozenset()
    trimmed: frozenset[str] = frozenset()

    def fold(self, name: str, value: Value) -> Value:
        """
        Return `value` as the target would compare it in field `name`.
        """
        if isinstance(value, tuple):
            return tuple(sorted({str(self.fold(name, element)) for element in value}))
        if not isinstance(value, str):
            return value
        trimmed = value.strip() if name in self.trimmed else value
        return trimmed.casefold() if name in self.caseless else trimmed

    def same(self, name: str, one: Value, other: Value) -> bool:
        """
        Return whether the target would take `one` and `other` for the same value of field `name`.
        """
        if one == other and type(one) is type(other):
            return True
        folded = self.fold(name, one), self.fold(name, other)
        return folded[0] == folded[1] and type(folded[0]) is type(folded[1])


Action: TypeAlias = Literal["create", "update", "activate", "deactivate", "retire", "restore", "delete", "move"]
Risk: TypeAlias = Literal["removal", "privileged", "dangerous"]


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One write to one entity of the target: changed fields only, each with its cause.

    `id` is a digest over target, entity, action, before and after. `link` is the target's id (None: to be
    created). `expects` is the version the plan saw. `drift` names fields in which an administrator's value is
    overwritten. `needs` are ids of changes that must land first. Group membership is the field `groups`, a set
    of group keys; the lifecycle state is the field `active`.
    """

    id: str
    action: Action
    kind: Kind
    key: str
    name: str
    link: str | None = None
    before: Fields = field(default_factory=dict)
    after: Fields = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    expects: str = ""
    risk: tuple[Risk, ...] = ()
    drift: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class Held(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    Something withheld: what, why, and the decision that would release it.

    `id` is stable from run to run; `standing` says that an earlier run recorded it already. `change` is the
    change that would be made, where one is known.
    """

    id: str
    kind: Kind
    key: str
    name: str
    reason: str
    release: str
    guard: str = ""
    field: str = ""
    change: Change | None = None
    standing: bool = False


class Conflict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    Two things that cannot both be right; every entity named in `keys` is held.
    """

    id: str
    kind: Kind
    keys: tuple[str, ...]
    message: str
    release: str
    standing: bool = False


class ClaimNews(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    News of who owns one shared field. `row` is the row of the table in ownership.md that decided.

    `owner` is who owns it now; `was` who did before; `withheld` is Git's value where it is not written.
    """

    kind: Kind
    key: str
    name: str
    field: str
    row: int
    owner: Literal["git", "admin"] | None
    text: str
    value: Value | UnsetType = UNSET
    withheld: Value | UnsetType = UNSET
    was: Literal["git", "admin"] | None = None
    since: str = ""
    privileged: bool = False


class Expiring(Struct, frozen=True, kw_only=True):
    """
    An override, grant or waiver that ends soon or has ended: `until` is its last day (UTC).
    """

    origin: str
    until: str
    text: str


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    Something the reader must know: `code` is stable, `level` is `note`, `warning` or `held`.
    """

    code: str
    level: Literal["note", "warning", "held"]
    text: str


class Inputs(Struct, frozen=True, kw_only=True):
    """
    Content digests of everything a plan was made from.
    """

    export: str = ""
    overrides: str = ""
    policy: str = ""
    ledger: str = ""
    fetched_at: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """
    What would be done, in the order in which it would be done, and what would not, and why.

    `names` gives the target's name of each group key that a change mentions. `digest` covers the sorted change
    ids, not when the plan was made. `entities` counts what was looked at, by kind. `access` tells who gains
    and loses which product, `powers` who gains and loses which privileged role in effect, through a group, too.
    """

    version: int
    tool: str
    target: str
    identity: str
    scope: str
    inputs: Inputs
    summary: dict[str, int]
    changes: tuple[Change, ...]
    held: tuple[Held, ...]
    conflicts: tuple[Conflict, ...]
    claims: tuple[ClaimNews, ...]
    expiring: tuple[Expiring, ...]
    notices: tuple[Notice, ...]
    names: dict[str, str]
    entities: dict[str, int]
    digest: str
    access: tuple[Entitled, ...] = ()
    powers: tuple[Entitled, ...] = ()
