"""
A target in memory for stories and faults: passes the contract, folds values if told to, breaks where told to.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeAlias

from msgspec.structs import replace

from reconciler.core.ledger import Fence
from reconciler.core.model import SETS, Catalogue, Equality, Fields, Kind, Live, Profile, Snapshot, Value
from reconciler.errors import TargetError
from reconciler.ports import Result, Write

Moment: TypeAlias = Literal["before", "after"]
Effect: TypeAlias = Literal["write", "fence"]

BLANK: dict[Kind, Fields] = {
    "user": {
        "user_name": None,
        "email": None,
        "first_name": None,
        "last_name": None,
        "display_name": None,
        "distinguished_name": None,
        "description": None,
        "locale": None,
        "locked": False,
        "can_change_password": True,
        "temporary_password": False,
        "password_expires_in_days": 0,
        "profiles": (),
        "roles": (),
    },
    "group": {"name": None, "description": None, "parent": None, "deleted": False, "roles": ()},
}
"""What somebody has of whom nothing was said."""

NAMES: dict[Kind, str] = {"user": "user_name", "group": "name"}
NULLABLE = {name for blank in BLANK.values() for name, value in blank.items() if value is None} - {*NAMES.values()}
NUMBERS = {"password_expires_in_days"}


class RefusedError(Exception):
    """
    The target refuses a write.
    """


class MissedError(Exception):
    """
    The entity is not as the writer saw it.
    """


class MemoryTarget:
    """
    A target that lives in memory, with the verbs of its administrator and hooks for faults.

    `equality` says what it folds: such a value is kept folded. `on_effect(moment, effect, write)` is called
    before and after each write and each move of the fence; what it raises comes out of the target, as a crash
    before or after the effect would. `refuses` maps names to the message with which their writes fail.
    `problem`, if set, makes readings incomplete; `down`, if set, is the error of every call. `written` lists the
    writes that landed, in order.
    """

    def __init__(self, equality: Equality = Equality(), *, profiles: Iterable[str] = ("Default",)) -> None:  # noqa: B008 - frozen
        self.identity = "memory:"
        self.equality = equality
        self.on_effect: Callable[[Moment, Effect, Write | None], None] = lambda _moment, _effect, _write: None
        self.refuses: dict[str, str] = {}
        self.problem = ""
        self.down = ""
        self.written: list[Write] = []
        self.closed = False
        self._rows: dict[Kind, dict[str, Live]] = {"user": {}, "group": {}}
        self._profiles = {name: Profile(name=name, fallback=name == "Default") for name in profiles}
        self._fence: Fence | None = None
        self._clock = 0
        self._ids = 0
        self._read_at: int | None = None

    # A target, as the engine sees it.

    def read(self) -> Snapshot:
        """
        Return everything, sorted by id.
        """
        self._answer()
        self._read_at = self._clock
        return Snapshot(
            users=tuple(sorted(self._rows["user"].values(), key=lambda live: live.id)),
            groups=tuple(sorted(self._rows["group"].values(), key=lambda live: live.id)),
            catalogue=Catalogue(profiles=dict(sorted(self._profiles.items()))),
            complete=not self.problem,
            problem=self.problem,
        )

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Make the writes one after the other; a hook that raises stops between two of them.
        """
        self._answer()
        if run in {"", "admin"}:
            raise TargetError(f"{run!r} cannot name a run")
        return [self._write(write, run) for write in writes]

    def fence(self) -> Fence | None:
        """
        Return the fence as it stands.
        """
        self._answer()
        return self._fence

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Set the fence to `new` if it still is `seen`; return whether it was.
        """
        self._answer()
        self.on_effect("before", "fence", None)
        if self._fence != seen:
            return False
        self._fence = new
        self.on_effect("after", "fence", None)
        return True

    def close(self) -> None:
        """
        Note that the target was closed.
        """
        self.closed = True

    # The administrator, in the target's own screens.

    def admin_creates(self, user_name: str, /, **fields: Value) -> None:
        """
        Make an account by hand.
        """
        self._admin(Write(change="", action="create", kind="user", id=None, key="", name=user_name, fields=fields))

    def admin_sets(self, user_name: str, /, **fields: Value) -> None:
        """
        Change fields of an account; `active` among them.
        """
        live = self.user(user_name)
        self._admin(_changed(live, fields=fields))

    def admin_joins(self, user_name: str, group_name: str) -> None:
        """
        Put somebody into a group.
        """
        self._admin(_changed(self.user(user_name), join=(self.group(group_name).id,)))

    def admin_leaves(self, user_name: str, group_name: str) -> None:
        """
        Take somebody out of a group.
        """
        self._admin(_changed(self.user(user_name), leave=(self.group(group_name).id,)))

    def admin_deletes(self, user_name: str) -> None:
        """
        Delete an account.
        """
        self._admin(replace(_changed(self.user(user_name)), action="delete"))

    def admin_creates_group(self, name: str, /, **fields: Value) -> None:
        """
        Make a group by hand.
        """
        self._admin(Write(change="", action="create", kind="group", id=None, key="", name=name, fields=fields))

    def admin_sets_group(self, name: str, /, **fields: Value) -> None:
        """
        Change fields of a group; `active` among them.
        """
        self._admin(_changed(self.group(name), fields=fields))

    def admin_adds_profile(self, name: str, *, groups: tuple[str, ...] = (), enabled: bool = True) -> None:
        """
        Add a profile to the catalogue, associated with groups, or change it.
        """
        self._profiles[name] = Profile(name=name, enabled=enabled, groups=tuple(sorted(groups)))

    # What a test looks at.

    def user(self, user_name: str) -> Live:
        """
        Return the account of that name, compared as the target compares.
        """
        return self._named("user", user_name)

    def group(self, name: str) -> Live:
        """
        Return the group of that name, compared as the target compares.
        """
        return self._named("group", name)

    def twin(self) -> "MemoryTarget":
        """
        Return a target that stands where this one stands, without its hooks: what happens to one leaves the other.
        """
        other = copy.copy(self)
        other._rows = {kind: dict(rows) for kind, rows in self._rows.items()}  # noqa: SLF001 - its own kind
        other._profiles = dict(self._profiles)  # noqa: SLF001 - its own kind
        other.on_effect, other.refuses, other.written = lambda _moment, _effect, _write: None, {}, []
        return other

    def _answer(self) -> None:
        """
        Raise what the target answers while it is down.
        """
        if self.down:
            raise TargetError(self.down)

    def _admin(self, write: Write) -> None:
        """
        Make a change of the administrator's; what is refused is a mistake of the test.
        """
        self._make(write, "admin")

    def _write(self, write: Write, run: str) -> Result:
        """
        Make one write and return what became of it, with the hooks around it.
        """
        self.on_effect("before", "write", write)
        try:
            live = self._earlier(write) or self._make(write, run)
        except RefusedError as error:
            return Result(change=write.change, outcome="failed", message=str(error))
        except MissedError as error:
            return Result(change=write.change, outcome="left", message=str(error))
        self.written.append(write)
        self.on_effect("after", "write", write)
        return Result(change=write.change, outcome="landed", live=live)

    def _earlier(self, write: Write) -> Live | None:
        """
        Return what an earlier create of the same key and name made, if it holds all that is asked for.
        """
        found = (live for live in self._rows[write.kind].values() if live.external_id == write.key)
        live = next((live for live in found if self._same_name(live, write.name)), None)
        if write.action != "create" or live is None:
            return None
        asked = replace(live, fields={**live.fields, **self._kept(write.kind, write.fields)})
        active = write.fields.get("active", live.active)
        if asked != live or active != live.active or not set(write.join) <= set(live.groups):
            raise MissedError(f"an earlier request of ours made {live.name!r} with other values: plan again")
        return live

    def _make(self, write: Write, by: str) -> Live | None:
        """
        Make one write, whole or not at all; return what then is there.
        """
        self._check(write)
        if write.action == "delete":
            self._delete(write, by)
            return None
        before = self._begun(write) if write.action == "create" else self._seen(write)
        fields = {NAMES[write.kind]: write.name, **write.fields} if write.action == "create" else write.fields
        kept = {**before.fields, **self._kept(write.kind, fields)}
        live = replace(
            before,
            name=str(kept[NAMES[write.kind]]),
            fields=kept,
            active=bool(fields.get("active", before.active)),
            groups=tuple(sorted({*before.groups, *write.join} - set(write.leave))),
            version=self._version(),
            changed_by=by,
        )
        self._free(live)
        self._rows[write.kind][live.id] = live
        return live

    def _begun(self, write: Write) -> Live:
        """
        Return a new entity of whom nothing is said yet.
        """
        self._ids += 1
        key = write.key or None
        return Live(kind=write.kind, id=str(self._ids), name=write.name, fields=BLANK[write.kind], external_id=key)

    def _seen(self, write: Write) -> Live:
        """
        Return the entity that a write is for, if it still is as the writer saw it.
        """
        live = self._rows[write.kind].get(write.id or "")
        if live is None:
            raise MissedError(f"{write.kind} {write.name!r} is no longer there")
        if live.version != write.expects:
            raise MissedError(f"{write.kind} {write.name!r} was changed by {live.changed_by}")
        return live

    def _delete(self, write: Write, by: str) -> None:
        """
        Delete one entity, and its memberships with it; a group over nobody's head who came since it was read.
        """
        if write.id not in self._rows[write.kind]:
            return
        live = self._seen(write)
        members = [one for one in self._rows["user"].values() if live.kind == "group" and live.id in one.groups]
        since = self._clock if self._read_at is None or by == "admin" else self._read_at
        if any(int(one.version) > since and one.changed_by != by for one in members):
            raise MissedError(f"group {live.name!r}: somebody was put into it since the plan was made")
        del self._rows[write.kind][live.id]
        for user in members:
            left = tuple(group for group in user.groups if group != live.id)
            self._rows["user"][user.id] = replace(user, groups=left, version=self._version())

    def _check(self, write: Write) -> None:
        """
        Refuse what the target cannot take.
        """
        if write.name in self.refuses:
            raise RefusedError(self.refuses[write.name])
        if write.kind == "group" and (write.join or write.leave):
            raise RefusedError("a group is no member of groups")
        for name, value in {NAMES[write.kind]: write.name, "external_id": write.key, **write.fields}.items():
            _check_value(write.kind, name, value)
        for profile in _elements(write.fields.get("profiles")):
            if profile not in self._profiles:
                raise RefusedError(f"not in the catalogue of profiles: {profile}")
        for group in write.join:
            if group not in self._rows["group"]:
                raise RefusedError(f"no group has the id {group}")

    def _free(self, live: Live) -> None:
        """
        Refuse a name that somebody else has.
        """
        for other in self._rows[live.kind].values():
            if other.id != live.id and self._same_name(other, live.name):
                raise RefusedError(f"the name {live.name!r} is taken by {other.name!r} (id {other.id})")

    def _kept(self, kind: Kind, fields: Fields) -> Fields:
        """
        Return the fields as the target keeps them: folded where it folds, sets sorted, an empty set for None.
        """
        kept = {name: () if name in SETS and value is None else value for name, value in fields.items()}
        sets = {name: tuple(sorted(set(_elements(value)))) for name, value in kept.items() if name in SETS}
        return {
            name: self.equality.fold(name, value) for name, value in {**kept, **sets}.items() if name in BLANK[kind]
        }

    def _named(self, kind: Kind, name: str) -> Live:
        """
        Return the entity of that name; the test is wrong where there is none.
        """
        return next(live for live in self._rows[kind].values() if self._same_name(live, name))

    def _same_name(self, live: Live, name: str) -> bool:
        """
        Return whether an entity bears `name`, as the target compares.
        """
        return self.equality.same(NAMES[live.kind], live.name, name)

    def _version(self) -> str:
        """
        Return a version that nothing had before.
        """
        self._clock += 1
        return str(self._clock)


def _changed(
    live: Live, *, fields: Fields | None = None, join: tuple[str, ...] = (), leave: tuple[str, ...] = ()
) -> Write:
    """
    Return an update of an entity as it is.
    """
    return Write(
        change="",
        action="update",
        kind=live.kind,
        id=live.id,
        key="",
        name=live.name,
        fields=fields or {},
        join=join,
        leave=leave,
        expects=live.version,
    )


def _elements(value: Value) -> tuple[str, ...]:
    """
    Return the elements of a set; anything else has none.
    """
    return value if isinstance(value, tuple) else ()


def _check_value(kind: Kind, name: str, value: Value) -> None:
    """
    Refuse a value that does not fit its field, and text that no database keeps.
    """
    if name not in {*BLANK[kind], "active", "external_id"}:
        raise RefusedError(f"a {kind} has no field {name!r}")
    for text in [value] if isinstance(value, str) else _elements(value):
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise RefusedError(f"{name} holds what no database keeps: {text!r}")
    if not _fits(name, value):
        raise RefusedError(f"{name} does not take {value!r}")


def _fits(name: str, value: Value) -> bool:
    """
    Return whether a value is of the field's type; only texts and numbers may be empty.
    """
    if name in SETS:
        return value is None or isinstance(value, tuple)
    if name in NUMBERS:
        return value is None or (type(value) is int and abs(value) < 2**63)
    if name in NULLABLE:
        return value is None or isinstance(value, str)
    if name in {*NAMES.values(), "external_id"}:
        return isinstance(value, str) and (bool(value) or name == "external_id")
    return isinstance(value, bool)
