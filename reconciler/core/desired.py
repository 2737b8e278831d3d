"""
Export + overrides + policy + catalogue -> desired entities, each field with its cause.

An `Organisation` is everything that says what Git wants; it makes one desired entity at a time, so that a
login of one person and a full run differ only in which rows they look at.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from reconciler.core.access import Grant, expressed, grants, may_log_in, profiles_of
from reconciler.core.decisions import Decided, Resolved
from reconciler.core.model import SETS, Catalogue, Desired, Export, Fields, Placed, PlacedGroup, Value
from reconciler.core.policy import FieldRule, Policy

UNDECIDED = Decided()
Standing: TypeAlias = tuple[Literal["active", "inactive", "untouched"], str]
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
    `known` the keys of people the ledger has a link for, `former` the earlier names of groups by key.
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


def organisation(
    export: Export,
    decided: Resolved,
    policy: Policy,
    *,
    catalogue: Catalogue,
    known: frozenset[str],
    former: Mapping[str, tuple[str, ...]],
) -> Organisation:
    """
    Return the organisation that an export and the overrides describe.
    """
    groups = {placed.row.key: placed for placed in export.groups}
    login_groups = frozenset(key for key, placed in groups.items() if may_log_in(placed.row.roles, policy))
    managed = login_groups if policy.groups.grants_login else frozenset(groups)
    draft = Organisation(
        policy=policy,
        catalogue=catalogue,
        users={placed.row.key: placed for placed in export.users},
        groups=groups,
        decided=decided,
        managed=frozenset(managed),
        populated=frozenset(),
        known=known,
        former=former,
    )
    populated = {
        key
        for placed in export.users
        if _standing(draft, placed)[0] == "active"
        for key in _memberships(draft, placed)
    }
    return replace(draft, populated=frozenset(populated))


def desired_groups(org: Organisation) -> Iterator[Desired]:
    """
    Yield every group the policy provisions, by key.
    """
    for key in sorted(org.managed):
        yield desired_group(org, org.groups[key])


def desired_group(org: Organisation, placed: PlacedGroup) -> Desired:
    """
    Return one group as Git wants it. One that nobody would be in has the reason `unpopulated`.

    One that an override excludes is untouched, and so are its memberships.
    """
    row, policy = placed.row, org.policy.groups
    decided = org.decided.groups.get(row.key, UNDECIDED)
    name = policy.prefix + (decided.rename or row.name)
    fields: Fields = {"name": name}
    given: dict[str, Value | UnsetType] = {"description": row.description, "parent": _or_unset(policy.parent)}
    for field, rule in written(policy.fields):
        value = decided.set.get(field, _by_rule(rule, given.get(field, _attribute(row.attributes, field))))
        if not isinstance(value, UnsetType):
            fields[field] = value
    if policy.parent is not None:
        fields["parent"] = policy.parent
    populated = policy.create == "always" or row.key in org.populated
    return Desired(
        kind="group",
        key=row.key,
        name=name,
        state="untouched" if decided.exclude else "active",
        reason="excluded" if decided.exclude else "" if populated else "unpopulated",
        fields=fields,
        origin=placed.origin,
        decisions=decided.decisions,
    )


def desired_users(org: Organisation) -> Iterator[Desired]:
    """
    Yield every person of the export, by key.
    """
    for _, placed in sorted(org.users.items()):
        yield desired_user(org, placed)


def desired_user(org: Organisation, placed: Placed) -> Desired:
    """
    Return one person as Git wants it: standing, fields, and the managed groups it belongs to.
    """
    row, policy = placed.row, org.policy
    decided = org.decided.users.get(row.key, UNDECIDED)
    state, reason = _standing(org, placed)
    fields: Fields = {}
    for name, rule in written(policy.users.fields):
        value = decided.set.get(name, _user_value(org, placed, name, rule))
        if not isinstance(value, UnsetType):
            fields[name] = _canonical(name, value)
    user_name = fields.get("user_name", row.user_name)
    return Desired(
        kind="user",
        key=row.key,
        name=str(user_name),
        state=state,
        reason=reason,
        fields=fields,
        origin=placed.origin,
        groups=_memberships(org, placed),
        decisions=decided.decisions,
    )


def _user_value(org: Organisation, placed: Placed, name: str, rule: FieldRule) -> Value | UnsetType:
    if name == "roles":
        return _by_rule(rule, expressed(effective(org, placed), org.policy))
    if name == "profiles":
        names = (names_of(org, key) for key in belongs_to(org, placed) if key in org.groups)
        return _by_rule(rule, profiles_of(names, org.policy, org.catalogue))
    row = placed.row
    given = getattr(row, name) if name in row.__struct_fields__ else _attribute(row.attributes, name)
    return _by_rule(rule, given)


def written(rules: Mapping[str, FieldRule]) -> Iterator[tuple[str, FieldRule]]:
    """
    Yield the fields that we ever write, each with its rule: what is the target's alone is never even desired.
    """
    yield from ((name, rule) for name, rule in rules.items() if rule.authority != "target")


def _canonical(name: str, value: Value) -> Value:
    """
    Return a set sorted, its elements distinct; one that is cleared is empty.
    """
    if name in SETS and value is None:
        return ()
    return tuple(sorted(set(value))) if isinstance(value, tuple) else value


def names_of(org: Organisation, key: str) -> tuple[str, ...]:
    """
    Return every name of a group, the source's present one first, then that of an override, then earlier ones.
    """
    decided = org.decided.groups.get(key, UNDECIDED)
    renamed = (decided.rename,) if decided.rename else ()
    return (org.groups[key].row.name, *renamed, *org.former.get(key, ()))


def _by_rule(rule: FieldRule, given: Value | UnsetType) -> Value | UnsetType:
    """
    Return the constant of the rule, else what the source gives, else the default; absent where none of them is.
    """
    if not isinstance(rule.value, UnsetType):
        return rule.value
    return rule.default if isinstance(given, UnsetType) else given


def _attribute(attributes: Mapping[str, str | tuple[str, ...]], name: str) -> Value | UnsetType:
    return attributes.get(name, UNSET)


def _or_unset(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value


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
    if not may_log_in((grant.role for grant in effective(org, placed)), org.policy):
        return "inactive", "unprovisioned"
    return "active", ""


def _in_population(org: Organisation, key: str, decided: Decided) -> bool:
    population = org.policy.users.population
    return population == "all" or decided.include or (population == "on-demand" and key in org.known)


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


def _memberships(org: Organisation, placed: Placed) -> tuple[str, ...]:
    return tuple(key for key in belongs_to(org, placed) if key in org.managed)
