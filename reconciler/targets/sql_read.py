"""
The registry's rows as live users, groups and catalogue.

Full reads go through the driver's own cursor: the database joins a person's groups into one text, so that a
hundred thousand people with a million memberships are a hundred thousand rows here. How each database words it
stands in sql_words.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from types import GenericAlias
from typing import Any, Literal, TypeAlias

import msgspec

from reconciler.core.model import Catalogue, Kind, Live, Profile, Snapshot
from reconciler.files.rows import collector_paused
from reconciler.targets.sql_access import group_access
from reconciler.targets.sql_words import Driver

_BY_ID = attrgetter("id")
"""What entities are sorted by: the id as text, as every reader of a snapshot compares it."""

_Memberships: TypeAlias = Callable[[str | None], tuple[str, ...]]

Moment: TypeAlias = int | str
"""When a reading was, as its database counts."""


class _Sets(dict[str, tuple[str, ...]]):
    """
    JSON arrays already met, each with its sorted tuple: most people share a few combinations.
    """

    def __missing__(self, text: str) -> tuple[str, ...]:
        value = self[text] = tuple(sorted(json.loads(text)))
        return value


class _Texts(dict[str | None, str | None]):
    """
    Texts already met, so that a thousand people of one locale share one string.
    """

    def __missing__(self, text: str | None) -> str | None:
        self[text] = text
        return text


@dataclass
class _Fields:
    """
    The fields of a user, for `vars`: the dicts of one class's objects share their keys (PEP 412).

    Each takes 184 bytes then, and 464 as a dict of its own.
    """

    user_name: str
    email: str | None
    first_name: str | None
    last_name: str | None
    display_name: str | None
    distinguished_name: str | None
    description: str | None
    locale: str | None
    locked: bool
    can_change_password: bool
    temporary_password: bool
    password_expires_in_days: int | None
    profiles: tuple[str, ...]
    roles: tuple[str, ...]


def snapshot(driver: Driver, role_groups: frozenset[str]) -> Snapshot:
    """
    Return everything as of one moment; the caller's transaction is that moment.
    """
    with collector_paused():
        roles = _role_groups(driver, role_groups)
        groups = _live_groups(driver.stream(driver.words.groups), set(roles))
        memberships = _memberships((*(group.id for group in groups), *map(str, roles)), left_out=roles)
        users = _live_users(driver.stream(driver.words.users), memberships, _elevated(driver, roles))
        return Snapshot(users=users, groups=groups, catalogue=catalogue(driver))


def moment(driver: Driver) -> Moment:
    """
    Return what tells later who was put into a group after this.
    """
    found: Moment = driver.execute(driver.words.moment).fetchone()[0]
    return found


def newcomers(driver: Driver, groups: Sequence[int], *, since: Moment, run: str) -> bool:
    """
    Return whether anybody but this run put somebody into one of these groups since that moment.

    Who was in it already and was changed meanwhile counts, too: then the next plan deletes the group.
    """
    rows = driver.execute(driver.words.newcomers, (since, run, driver.words.given(groups)))
    return rows.fetchone() is not None


def live_users(driver: Driver, ids: Sequence[int], role_groups: frozenset[str]) -> dict[str, Live]:
    """
    Return those of the users that are there, by id.
    """
    words, wanted = driver.words, (driver.words.given(ids),)
    roles = _role_groups(driver, role_groups)
    memberships = _memberships((str(id_) for (id_,) in driver.execute(words.groups_of, wanted)), left_out=roles)
    rows = driver.execute(words.users + words.some, wanted)
    elevated = _elevated(driver, roles, narrowed=words.theirs, to=wanted)
    return {live.id: live for live in _live_users(rows, memberships, elevated)}


def live_groups(driver: Driver, ids: Sequence[int]) -> dict[str, Live]:
    """
    Return those of the groups that are there, by id.
    """
    words = driver.words
    rows = driver.execute(words.groups + words.some, (words.given(ids),))
    return {live.id: live for live in _live_groups(rows, set())}


def live(driver: Driver, kind: Kind, ids: Sequence[int], role_groups: frozenset[str]) -> dict[str, Live]:
    """
    Return those of the entities of one kind that are there, by id.
    """
    if kind == "user":
        return live_users(driver, ids, role_groups)
    return live_groups(driver, ids)


def _role_groups(driver: Driver, names: frozenset[str]) -> dict[int, str]:
    """
    Return the groups that express a role, name by id.
    """
    return dict(driver.execute(driver.words.role_groups, (driver.words.given(sorted(names)),)))


def _elevated(
    driver: Driver, roles: dict[int, str], *, narrowed: str = "", to: tuple[Any, ...] = ()
) -> dict[int, list[str]]:
    """
    Return who is in a group that expresses a role: the roles by user id; of everybody, or as `narrowed` says.
    """
    elevated: dict[int, list[str]] = {}
    given = driver.words.given(sorted(roles))
    for user, group in driver.execute(driver.words.elevated + narrowed, (given, *to)):
        elevated.setdefault(user, []).append(roles[group])
    return elevated


def _memberships(groups: Iterable[str], left_out: Iterable[int]) -> _Memberships:
    """
    Return what reads a JSON array of the ids of `groups` as a sorted tuple, but for those that are left out.

    Each id is one and the same text for everybody: a decoder that is told all texts that there may be makes no
    others. To make them, and look each of them up, would take twice as long.
    """
    ids, out = frozenset(groups), frozenset(map(str, left_out))
    any_of: Any = Literal[""]
    one = any_of.copy_with(tuple(ids))  # not by subscription: typing would keep all ids of a hundred readings
    decode = msgspec.json.Decoder(GenericAlias(tuple, (one, ...) if ids else ())).decode

    def memberships(text: str | None) -> tuple[str, ...]:
        try:
            found: Collection[str] = decode(text) if text else ()
        except msgspec.ValidationError:  # a group is gone, and nobody has enforced foreign keys
            found = ids.intersection(json.loads(text or ""))
        return tuple(sorted(out.union(found) - out if out else found))

    return memberships


def _live_users(
    rows: Iterable[tuple[Any, ...]], memberships: _Memberships, elevated: dict[int, list[str]]
) -> tuple[Live, ...]:
    """
    Return the users of `rows` sorted by id.
    """
    sets, texts = _Sets(), _Texts()
    users = []
    for (id_, user_name, external_id, enabled, version, changed_by,
         email, first_name, last_name, display_name, distinguished_name, description, locale,
         locked, can_change_password, temporary_password, expires, groups, profiles, roles) in rows:  # fmt: skip
        users.append(
            Live(
                kind="user",
                id=str(id_),
                name=user_name,
                fields=vars(
                    _Fields(
                        user_name=user_name,
                        email=email,
                        first_name=first_name,
                        last_name=last_name,
                        display_name=display_name,
                        distinguished_name=distinguished_name,
                        description=description,
                        locale=texts[locale],
                        locked=locked == 1,
                        can_change_password=can_change_password == 1,
                        temporary_password=temporary_password == 1,
                        password_expires_in_days=expires,
                        profiles=sets[profiles],
                        roles=_with_elevated(sets[roles], elevated.get(id_)),
                    )
                ),
                active=enabled == 1,
                external_id=external_id,
                groups=memberships(groups),
                version=str(version),
                changed_by=texts[changed_by],
            )
        )
    users.sort(key=_BY_ID)
    return tuple(users)


def _with_elevated(roles: tuple[str, ...], more: list[str] | None) -> tuple[str, ...]:
    """
    Return the roles with those that membership of a role's group expresses.
    """
    return tuple(sorted({*roles, *more})) if more else roles


def _live_groups(rows: Iterable[tuple[Any, ...]], left_out: set[int]) -> tuple[Live, ...]:
    """
    Return the groups of `rows` but for those that express a role, sorted by id.
    """
    sets = _Sets()
    kept = [row for row in rows if row[0] not in left_out]
    # made one after the other they lie side by side: each is looked at as often as the group has members
    ids = [str(row[0]) for row in kept]
    groups = [
        Live(
            kind="group",
            id=text,
            name=name,
            fields={
                "name": name,
                "description": description,
                "parent": parent,
                "deleted": deleted == 1,
                "roles": sets[roles],
            },
            active=active == 1,
            external_id=external_id,
            version=str(version),
            changed_by=changed_by,
        )
        for text, (_, name, external_id, active, version, changed_by, description, parent, deleted, roles) in zip(
            ids, kept, strict=True
        )
    ]
    groups.sort(key=_BY_ID)
    return tuple(groups)


def catalogue(driver: Driver) -> Catalogue:
    """
    Return the profiles, each with the groups that an administrator associated with it, and what groups give.
    """
    groups: dict[str, list[str]] = {}
    for profile, name in driver.execute("SELECT profile, group_name FROM profile_groups ORDER BY 1, 2"):
        groups.setdefault(profile, []).append(name)
    rows = driver.execute("SELECT name, enabled, deleted, fallback FROM profiles ORDER BY name")
    return Catalogue(
        profiles={
            name: Profile(
                name=name,
                enabled=enabled == 1,
                deleted=deleted == 1,
                fallback=fallback == 1,
                groups=tuple(groups.get(name, ())),
            )
            for name, enabled, deleted, fallback in rows
        },
        access=group_access(driver),
    )
