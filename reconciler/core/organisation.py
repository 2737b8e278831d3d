"""
Everything that says what Git wants of one target: who is in it, in which groups, with which roles.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.access import Access, Given, Grant, access_of, grants, may_log_in
from reconciler.core.columns import Reader, reader
from reconciler.core.decisions import Decided, Resolved
from reconciler.core.export import Placed, PlacedGroup
from reconciler.core.model import Catalogue
from reconciler.core.policy import Policy

UNDECIDED = Decided()

Standing: TypeAlias = tuple[Literal["active", "inactive", "untouched"], str]
ACTIVE: Standing = ("active", "")
UNPROVISIONED: Standing = ("inactive", "unprovisioned")
NOT_ACTIVE: dict[str, Literal["inactive", "untouched"]] = {
    "unknown": "untouched",
    "invited": "untouched",
    "suspended": "inactive",
    "left": "inactive",
}


class Organisation(Struct, frozen=True, kw_only=True):
    """
    What Git says of one target: people and groups of the export by key, overrides, policy, catalogue.

    `managed` are the keys of the groups this policy provisions, `populated` those with a member to provision,
    `known` the keys of people the ledger has a link for, `former` the earlier names of groups by key, `access`
    what each group gives its members, `given` what several give together, `reader` how the plain fields of a
    person are read, `standings` what each person shall be, `called` the keys of people whom the run is about.
    """

    policy: Policy
    catalogue: Catalogue
    users: dict[str, Placed]
    groups: dict[str, PlacedGroup]
    decided: Resolved
    managed: frozenset[str]
    populated: frozenset[str]
    known: frozenset[str]
    former: Mapping[str, tuple[str, ...]]
    access: Mapping[str, Access]
    given: Given
    reader: Reader
    standings: Mapping[str, Standing]
    called: frozenset[str] = frozenset()


def deserted(
    found: Iterable[PlacedGroup],
    decided: Resolved,
    policy: Policy,
    *,
    catalogue: Catalogue,
    former: Mapping[str, tuple[str, ...]],
) -> Organisation:
    """
    Return the organisation that the groups of an export and the overrides describe, before anybody is in it.
    """
    groups = {placed.row.key: placed for placed in found}
    access = {
        key: access_of(placed, _names(placed, decided, former), policy, catalogue) for key, placed in groups.items()
    }
    login_groups = frozenset(key for key, given in access.items() if given.login)
    managed = login_groups if policy.groups.grants_login else frozenset(groups)
    return Organisation(
        policy=policy,
        catalogue=catalogue,
        users={},
        groups=groups,
        decided=decided,
        managed=managed,
        populated=frozenset(),
        known=frozenset(),
        former=former,
        access=access,
        given=Given(access, policy, catalogue),
        reader=reader(policy.users.fields),
        standings={},
    )


def peopled(
    org: Organisation,
    users: Iterable[Placed],
    decided: Resolved,
    *,
    known: frozenset[str],
    populated: frozenset[str] = frozenset(),
    called: frozenset[str] = frozenset(),
) -> Organisation:
    """
    Return an organisation with these people, and nobody else, in it. `populated` are groups known to be that.

    What `decided` says of groups must be what `org` was made with. Whoever is `called` belongs to a population that
    waits for people to come.
    """
    draft = replace(
        org,
        users={placed.row.key: placed for placed in users},
        decided=decided,
        known=known,
        populated=populated & org.managed,
        called=called,
    )
    standings = {placed.row.key: _standing(draft, placed) for placed in draft.users.values()}
    known_so_far = replace(draft, standings=standings)
    return replace(known_so_far, populated=_populated(known_so_far))


def _populated(org: Organisation) -> frozenset[str]:
    """
    Return the keys of the groups that somebody who shall be active is in; it is enough to meet one of each.
    """
    populated = set(org.populated)
    for placed in org.users.values():
        if len(populated) == len(org.managed):
            break
        if standing(org, placed) is ACTIVE:
            populated.update(memberships(org, placed))
    return frozenset(populated)


def _names(placed: PlacedGroup, decided: Resolved, former: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    override = decided.groups.get(placed.row.key, UNDECIDED)
    renamed = (override.rename,) if override.rename else ()
    return (placed.row.name, *renamed, *former.get(placed.row.key, ()))


def standing(org: Organisation, placed: Placed) -> Standing:
    """
    Return what the person shall be, and why not active.
    """
    return org.standings[placed.row.key]


def _standing(org: Organisation, placed: Placed) -> Standing:
    """
    Return what the person shall be, and why not active: the first that applies.

    | source says | overrides, roles | standing |
    |---|---|---|
    | anything | excluded, not selected | untouched |
    | anything | blocked | inactive |
    | unknown, invited | | untouched |
    | suspended, left | | inactive |
    | active | no login role | inactive (unprovisioned) |
    | active | | active |
    """
    row, decided = placed.row, org.decided.users.get(placed.row.key, UNDECIDED)
    if decided.exclude:
        return "untouched", "excluded"
    if decided.block:
        return "inactive", "blocked"
    if not _in_population(org, row.key, decided):
        return "untouched", "not-selected"
    if row.state in NOT_ACTIVE:
        return NOT_ACTIVE[row.state], row.state
    return ACTIVE if provisioned(org, placed) else UNPROVISIONED


def provisioned(org: Organisation, placed: Placed) -> bool:
    """
    Return whether any role of the person's lets it log in.
    """
    if placed.row.key in org.decided.users:
        return may_log_in((grant.role for grant in effective(org, placed)), org.policy)
    return org.given.by(placed.row.groups).login or may_log_in(placed.row.roles, org.policy)


def _in_population(org: Organisation, key: str, decided: Decided) -> bool:
    population = org.policy.users.population
    come = population == "on-demand" and (key in org.known or key in org.called)
    return population == "all" or decided.include or come


def is_selected(org: Organisation, decided: Decided) -> bool:
    """
    Return whether a group is looked after, by what overrides decided of it.
    """
    return org.policy.groups.population == "all" or decided.include


def belongs_to(org: Organisation, placed: Placed) -> tuple[str, ...]:
    """
    Return the keys of the source groups the person is in once overrides have spoken, sorted.
    """
    decided = org.decided.users.get(placed.row.key)
    if decided is None:
        return placed.row.groups
    copied = {key for other in decided.copy_from for key in org.users[other].row.groups}
    return tuple(sorted((set(placed.row.groups) | decided.groups_add | copied) - decided.groups_remove))


def effective(org: Organisation, placed: Placed) -> tuple[Grant, ...]:
    """
    Return every role the person holds once overrides have spoken, directly or through groups.
    """
    decided = org.decided.users.get(placed.row.key)
    if decided is None:
        return grants(placed.row, org.groups, org.policy)
    copied = {role for other in decided.copy_from for role in org.users[other].row.roles}
    direct = tuple(sorted(set(placed.row.roles) | decided.roles_add | copied))
    row = replace(placed.row, groups=belongs_to(org, placed), roles=direct)
    removed = {org.policy.roles.aliases.get(role, role) for role in decided.roles_remove}
    return tuple(grant for grant in grants(row, org.groups, org.policy) if grant.role not in removed)


def memberships(org: Organisation, placed: Placed) -> tuple[str, ...]:
    """
    Return the keys of the groups the person is in that the policy provisions, sorted.
    """
    keys = belongs_to(org, placed)
    return keys if org.managed.issuperset(keys) else tuple(key for key in keys if key in org.managed)
