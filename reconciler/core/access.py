"""
What a person may do, and why: effective roles, how the target expresses them, and profiles.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from reconciler.core.model import Catalogue, PlacedGroup, UserRow
from reconciler.core.policy import Policy


class Grant(Struct, frozen=True, gc=False):
    """
    One role somebody holds: its canonical name, and the key of the group it comes through (empty: directly).
    """

    role: str
    through: str


def grants(row: UserRow, groups: Mapping[str, PlacedGroup], policy: Policy) -> tuple[Grant, ...]:
    """
    Return every role the person holds, direct ones first, then through groups in the order of their keys.
    """
    alias = policy.roles.aliases
    direct = (Grant(alias.get(role, role), "") for role in row.roles)
    through = (
        Grant(alias.get(role, role), key) for key in row.groups if key in groups for role in groups[key].row.roles
    )
    return (*direct, *through)


def may_log_in(roles: Iterable[str], policy: Policy) -> bool:
    """
    Return whether any of the roles lets its holder log in; where the policy names none, everybody may.
    """
    login = policy.users.login_roles
    return not login or any(policy.roles.aliases.get(role, role) in login for role in roles)


def expressed(held: Iterable[Grant], policy: Policy) -> tuple[str, ...]:
    """
    Return the field `roles` as the target expresses it, sorted.

    An administrator's role becomes the target's administrator groups, and, granted directly, its templates too.
    """
    admin = policy.roles.administrator
    result: set[str] = set()
    for grant in held:
        if grant.role not in admin.roles or not admin.groups:
            result.add(grant.role)
            continue
        result.update(admin.groups)
        if not grant.through:
            result.update(admin.templates)
    return tuple(sorted(result))


def profiles_of(names: Iterable[str], policy: Policy, catalogue: Catalogue) -> tuple[str, ...]:
    """
    Return the enabled profiles that go with groups of these names, or the fallback where none is enabled.
    """
    associated = {profile for name in names for profile in _associated(name, policy, catalogue)}
    enabled = tuple(sorted(profile for profile in associated if _enabled(profile, catalogue)))
    fallback = policy.profiles.fallback
    return enabled or ((fallback,) if fallback else ())


def _associated(name: str, policy: Policy, catalogue: Catalogue) -> Iterable[str]:
    if policy.profiles.origin == "policy":
        return policy.profiles.by_group.get(name, ())
    known = {name, policy.groups.prefix + name}
    return (profile.name for profile in catalogue.profiles.values() if known & set(profile.groups))


def _enabled(name: str, catalogue: Catalogue) -> bool:
    """
    Return whether the target offers the profile; where it lists none at all, it cannot tell, and all count.
    """
    profile = catalogue.profiles.get(name)
    if profile is None:
        return not catalogue.profiles
    return profile.enabled and not profile.deleted
