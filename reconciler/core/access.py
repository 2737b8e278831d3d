"""
What a person may do, and why: effective roles, how the target expresses them, and profiles.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial

from msgspec import UNSET, Struct, UnsetType

from reconciler.core.export import PlacedGroup, UserRow
from reconciler.core.model import Catalogue
from reconciler.core.policy import Policy


class Grant(Struct, frozen=True, gc=False):
    """
    One role somebody holds: its canonical name, and the key of the group it comes through (empty: directly).
    """

    role: str
    through: str


class Access(Struct, frozen=True, gc=False):
    """
    What one group gives each of its members: a login or not, elements of the field `roles`, enabled profiles.
    """

    login: bool
    roles: frozenset[str]
    profiles: frozenset[str]


def access_of(placed: PlacedGroup, names: Sequence[str], policy: Policy, catalogue: Catalogue) -> Access:
    """
    Return what a group that bears, or bore, these names gives its members. It is asked once, not for each of them.
    """
    alias = policy.roles.aliases
    held = (Grant(alias.get(role, role), placed.row.key) for role in placed.row.roles)
    associated = _associated(names, policy, catalogue)
    return Access(
        login=may_log_in(placed.row.roles, policy),
        roles=frozenset(expressed(held, policy)),
        profiles=frozenset(profile for profile in associated if offered(profile, catalogue)),
    )


class Together(Struct, frozen=True, gc=False):
    """
    What somebody is given by all of its groups: a login or not, elements of `roles`, sorted, and profiles.
    """

    login: bool
    roles: tuple[str, ...]
    profiles: tuple[str, ...] | UnsetType


class Given:
    """
    What groups give their members.

    Most groups give the same as many others, so that people who are in different groups are still given the same:
    that is worked out once. `sort_of` numbers, by key, what a group gives, in the order of `sorts`; `together` says
    what such numbers give.
    """

    def __init__(self, access: Mapping[str, Access], policy: Policy, catalogue: Catalogue) -> None:
        sorts: dict[Access, int] = {}
        self.sort_of = {key: sorts.setdefault(one, len(sorts)) for key, one in access.items()}
        self.sorts = tuple(sorts)
        self.together = lru_cache(maxsize=None)(partial(self._join, policy, catalogue))

    def by(self, keys: Iterable[str]) -> Together:
        """
        Return what the groups of these keys give together; one that the source does not know gives nothing.
        """
        return self.together(frozenset(map(self.sort_of.get, keys)))

    def _join(self, policy: Policy, catalogue: Catalogue, sorts: frozenset[int | None]) -> Together:
        found = [self.sorts[sort] for sort in sorts if sort is not None]
        profiles = frozenset[str]().union(*(one.profiles for one in found))
        roles = frozenset[str]().union(*(one.roles for one in found))
        login = any(one.login for one in found)
        return Together(login, tuple(sorted(roles)), profiles_of(profiles, policy, catalogue))


def grants(row: UserRow, groups: Mapping[str, PlacedGroup], policy: Policy) -> tuple[Grant, ...]:
    """
    Return every role the person holds, direct ones first, then through groups in the order of their keys.
    """
    alias = policy.roles.aliases
    direct = direct_grants(row, policy)
    through = (
        Grant(alias.get(role, role), key) for key in row.groups if key in groups for role in groups[key].row.roles
    )
    return (*direct, *through)


def direct_grants(row: UserRow, policy: Policy) -> tuple[Grant, ...]:
    """
    Return the roles that were granted to the person, and not to a group of its.
    """
    return tuple(Grant(policy.roles.aliases.get(role, role), "") for role in row.roles)


def may_log_in(roles: Iterable[str], policy: Policy) -> bool:
    """
    Return whether any of the roles lets its holder log in; where the policy names none, everybody may.
    """
    login = policy.users.login_roles
    return not login or any(policy.roles.aliases.get(role, role) in login for role in roles)


def expressed(held: Iterable[Grant], policy: Policy) -> tuple[str, ...]:
    """
    Return the field `roles` as the target expresses it, sorted.

    An administrator's role becomes the target's administrator groups (where it has none, it stays a role), and,
    granted directly, its templates too.
    """
    admin = policy.roles.administrator
    result: set[str] = set()
    for grant in held:
        if grant.role not in admin.roles:
            result.add(grant.role)
            continue
        result.update(admin.groups or (grant.role,))
        if not grant.through:
            result.update(admin.templates)
    return tuple(sorted(result))


def profiles_of(enabled: Iterable[str], policy: Policy, catalogue: Catalogue) -> tuple[str, ...] | UnsetType:
    """
    Return the `enabled` profiles of somebody's groups, sorted, or the fallback where there is none.

    UNSET: nothing can be said, because neither the policy nor the catalogue associates anything, or because the
    target does not offer the fallback.
    """
    found = tuple(sorted(enabled))
    if found:
        return found
    rules = policy.profiles
    fallback = rules.fallback or next((one.name for one in catalogue.profiles.values() if one.fallback), None)
    if fallback:
        return (fallback,) if offered(fallback, catalogue) else UNSET
    return () if rules.by_group or rules.origin == "target" else UNSET


def _associated(names: Sequence[str], policy: Policy, catalogue: Catalogue) -> Iterable[str]:
    """
    Return the profiles of one group; in the policy, its present name counts before those it bore.
    """
    if policy.profiles.origin == "policy":
        return next((policy.profiles.by_group[name] for name in names if name in policy.profiles.by_group), ())
    prefixes = ("", policy.groups.prefix, *policy.groups.recognise)
    known = {prefix + name for prefix in prefixes for name in names}
    return (profile.name for profile in catalogue.profiles.values() if known & set(profile.groups))


def offered(name: str, catalogue: Catalogue) -> bool:
    """
    Return whether the target offers the profile; where it lists none at all, it cannot tell, and all count.
    """
    profile = catalogue.profiles.get(name)
    if profile is None:
        return not catalogue.profiles
    return profile.enabled and not profile.deleted
