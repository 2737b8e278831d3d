"""
What a test of a target writes, reads again, and lets the target's administrator do.
"""

from typing import Protocol

from msgspec.structs import replace

from reconciler.core.model import Fields, Kind, Live, Value
from reconciler.ports import Result, Unfenced, Write


class Admin(Protocol):
    """
    What the administrator of a target can do, past us.
    """

    def admin_creates(self, user_name: str, /, **fields: Value) -> None:
        """
        Make an account by hand.
        """
        ...

    def admin_sets(self, user_name: str, /, **fields: Value) -> None:
        """
        Change fields of an account; `active` among them.
        """
        ...

    def admin_joins(self, user_name: str, group_name: str) -> None:
        """
        Put somebody into a group.
        """
        ...

    def admin_leaves(self, user_name: str, group_name: str) -> None:
        """
        Take somebody out of a group.
        """
        ...

    def admin_deletes(self, user_name: str) -> None:
        """
        Delete an account.
        """
        ...

    def admin_creates_group(self, name: str, /, **fields: Value) -> None:
        """
        Make a group by hand.
        """
        ...

    def admin_sets_group(self, name: str, /, **fields: Value) -> None:
        """
        Change fields of a group; `active` among them.
        """
        ...

    def admin_adds_profile(self, name: str, *, groups: tuple[str, ...] = (), enabled: bool = True) -> None:
        """
        Add a profile to the catalogue.
        """
        ...


def creation(
    name: str, asked: Fields | None = None, /, *, kind: Kind = "user", join: tuple[str, ...] = (), **fields: Value
) -> Write:
    """
    Return a create whose change and key are told from its name.
    """
    change, key = f"create {name}", f"key of {name}"
    return Write(
        change=change,
        action="create",
        kind=kind,
        id=None,
        key=key,
        name=name,
        fields={**(asked or {}), **fields},
        join=join,
    )


def update(
    live: Live,
    asked: Fields | None = None,
    /,
    *,
    join: tuple[str, ...] = (),
    leave: tuple[str, ...] = (),
    **fields: Value,
) -> Write:
    """
    Return an update of `live` as it was seen.
    """
    return Write(
        change=f"update {live.name}",
        action="update",
        kind=live.kind,
        id=live.id,
        key=live.external_id or "",
        name=live.name,
        fields={**(asked or {}), **fields},
        join=join,
        leave=leave,
        expects=live.version,
    )


def deletion(live: Live) -> Write:
    """
    Return a delete of `live` as it was seen.
    """
    return replace(update(live), change=f"delete {live.name}", action="delete")


def written(target: Unfenced, write: Write, *, run: str = "run-1") -> Result:
    """
    Return what became of one write.
    """
    [result] = target.write([write], run=run)
    return result


def landed(target: Unfenced, write: Write, *, run: str = "run-1") -> Live:
    """
    Return what was read back of a write that must land.
    """
    result = written(target, write, run=run)
    assert result.outcome == "landed", result
    assert result.live is not None
    return result.live


def user(target: Unfenced, name: str) -> Live:
    """
    Return the user of that name, freshly read.
    """
    return next(live for live in target.read().users if live.name == name)


def group(target: Unfenced, name: str) -> Live:
    """
    Return the group of that name, freshly read.
    """
    return next(live for live in target.read().groups if live.name == name)
