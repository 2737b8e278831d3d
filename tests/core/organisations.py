"""
Small organisations for tables: a policy, rows of an export, overrides as a file would give them.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from reconciler.core.canonical import digest
from reconciler.core.decisions import Resolved, resolve
from reconciler.core.desired import desired_user
from reconciler.core.directory import Directory
from reconciler.core.export import Counts, Export, GroupRow, Manifest, Placed, PlacedGroup, UserRow
from reconciler.core.ledger import LedgerRow
from reconciler.core.model import Catalogue, Desired, Profile
from reconciler.core.organisation import Organisation, deserted, peopled
from reconciler.core.overrides import Override
from reconciler.core.policy import Policy, build, overlay

TODAY = date(2026, 11, 22)
POLICY: dict[str, Any] = {
    "users": {
        "login_roles": ["User", "Administrator"],
        "fields": {
            "user_name": "source",
            "email": "source",
            "locked": {"authority": "source", "value": False},
            "department": "source",
            "secret": "target",
            "locale": {"authority": "shared", "default": "en_US"},
            "profiles": "shared",
            "roles": "shared",
        },
    },
    "groups": {"prefix": "Cloud - ", "grants_login": True, "parent": "Top", "fields": {"description": "source"}},
    "profiles": {"by_group": {"traders": ["Risk"]}, "fallback": "Default"},
    "roles": {
        "aliases": {"Usr": "User"},
        "administrator": {"roles": ["Administrator"], "groups": ["Admins"], "templates": ["Template"]},
    },
}


def policy(change: dict[str, Any] | None = None) -> Policy:
    """
    Return the policy with a change laid over it; every key of it has its place.
    """
    document = overlay(POLICY, change or {})
    return build(document, {key: f"at {key}" for key in _keys(document)})


def _keys(document: dict[str, Any], above: str = "") -> Iterable[str]:
    for key, value in document.items():
        yield f"{above}{key}"
        if isinstance(value, dict):
            yield from _keys(value, f"{above}{key}.")


def person(name: str, **fields: Any) -> UserRow:
    """
    Return an active person in the group `staff`.
    """
    blank = {"key": f"id-{name}", "user_name": name, "state": "active", "groups": ("id-staff",)}
    return UserRow(**{"email": f"{name}@example.com", **blank, **fields})


def team(name: str, *roles: str, **fields: Any) -> GroupRow:
    """
    Return a group that grants these roles.
    """
    return GroupRow(**{"key": f"id-{name}", "name": name, "roles": roles, **fields})


STAFF, TRADERS = team("staff", "User"), team("traders", "User", description="Buy and sell")


def export(people: Iterable[UserRow], groups: Iterable[GroupRow] = (STAFF, TRADERS)) -> Export:
    """
    Return the export of these rows, in the order of their keys.
    """
    users = tuple(Placed(row, f"users.jsonl:{line}") for line, row in enumerate(people, 1))
    placed = tuple(PlacedGroup(row, f"groups.jsonl:{line}") for line, row in enumerate(groups, 1))
    counts = Counts(users=len(users), groups=len(placed))
    manifest = Manifest(
        version=1,
        source="cloud",
        account="acc",
        fetched_at="2026-11-22T09:00:00Z",
        complete=True,
        counts=counts,
        digest="",
    )
    return Export(manifest, users, placed)


def said(line: int, **parts: Any) -> Override:
    """
    Return an override as written from `line` of a file on, its parts each on a line of its own.
    """
    origin = f"all.yaml:{line}"
    names = [name.replace("_add", ".add").replace("_remove", ".remove") for name in parts]
    names += [f"{part}.{name}" for part in ("set", "restore") for name in parts.get(part, {})]
    places = {name: f"all.yaml:{line + at}" for at, name in enumerate(names, 1)}
    given = {"reason": "T-1", **parts}
    return Override(origin=origin, digest=digest(repr(sorted(given.items()))), places=places, **given)


def resolved(
    asked: Export,
    overrides: Iterable[Override],
    *,
    users: dict[str, LedgerRow] | None = None,
    groups: dict[str, LedgerRow] | None = None,
) -> Resolved:
    """
    Return the overrides resolved against an export and a ledger.
    """
    return resolve(overrides, Directory(asked, users or {}, groups or {}, prefixes=("Cloud - ",)), today=TODAY)


def made(
    people: Iterable[UserRow],
    *overrides: Override,
    groups: Iterable[GroupRow] = (STAFF, TRADERS),
    rules: Policy | None = None,
    profiles: Iterable[Profile] = (),
    known: Iterable[str] = (),
    former: dict[str, tuple[str, ...]] | None = None,
) -> Organisation:
    """
    Return the organisation that all of it describes.
    """
    asked = export(people, groups)
    decided, catalogue = resolved(asked, overrides), Catalogue(profiles={one.name: one for one in profiles})
    org = deserted(asked.groups, decided, rules or policy(), catalogue=catalogue, former=former or {})
    return peopled(org, asked.users, decided, known=frozenset(known))


def desired_users(org: Organisation) -> Iterator[Desired]:
    """
    Yield everybody of the organisation as Git wants them, by key.
    """
    for _, placed in sorted(org.users.items()):
        yield desired_user(org, placed)
