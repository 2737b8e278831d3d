"""
Export + overrides + policy + catalogue -> desired entities, each field with its cause.

An `Organisation` is everything that says what Git wants; it makes one desired entity at a time, so that a
login of one person and a full run differ only in which rows they look at.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from reconciler.core.access import (
    Access,
    Grant,
    access_of,
    direct_grants,
    expressed,
    grants,
    may_log_in,
    profiles_of,
)
from reconciler.core.decisions import Decided, Resolved
from reconciler.core.model import SETS, Catalogue, Desired, Export, Fields, Placed, PlacedGroup, UserRow, Value
from reconciler.core.policy import FieldRule, Policy

UNDECIDED = Decided()
COMPUTED = frozenset({"roles", "profiles"})
"""Fields of a person that come from what it may do, and not from its row."""

OUTLINE = ("user_name", "email")
"""Fields by which people are told apart."""

Standing: TypeAlias = tuple[Literal["active", "inactive", "untouched"], str]
NOT_ACTIVE: dict[str, Literal["inactive", "untouched"]] = {
    "unknown": "untouched",
    "invited": "untouched",
    "suspended": "inactive",
    "left": "inactive",
}


Column: TypeAlias = Callable[[UserRow], Value | UnsetType]
"""Reads one field from a row, as the field's rule has it."""


class Organisation(Struct, frozen=True, kw_only=True):
    """
    What Git says of one target: people and groups of the export by key, overrides, policy, catalogue.

    `managed` are the keys of the groups this policy provisions, `populated` those with a member to provision,
    `known` the keys of people the ledger has a link for, `former` the earlier names of groups by key, `access`
    what each group gives its members, `columns` how each plain field of a person is read from its row.
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
    columns: tuple[tuple[str, Column], ...]


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
    access = {
        key: access_of(placed, _names(placed, decided, former), policy, catalogue) for key, placed in groups.items()
    }
    login_groups = frozenset(key for key, given in access.items() if given.login)
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
        access=access,
        columns=tuple((name, _column(name, rule)) for name, rule in written(policy.users.fields)),
    )
    if policy.groups.create == "always":
        return draft
    populated: set[str] = set()
    for placed in export.users:
        if _standing(draft, placed)[0] == "active":
            populated.update(_memberships(draft, placed))
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
    row = placed.row
    decided = org.decided.users.get(row.key, UNDECIDED)
    state, reason = _standing(org, placed)
    fields: Fields = {}
    for name, read in org.columns:
        value = read(row) if name not in COMPUTED else _access_value(org, placed, name)
        if not isinstance(value, UnsetType):
            fields[name] = value
    fields |= {name: _canonical(name, value) for name, value in decided.set.items() if name in dict(org.columns)}
    return Desired(
        kind="user",
        key=row.key,
        name=str(fields.get("user_name", row.user_name)),
        state=state,
        reason=reason,
        fields=fields,
        origin=placed.origin,
        groups=_memberships(org, placed),
        decisions=decided.decisions,
    )


def outline(org: Organisation, placed: Placed) -> Desired:
    """
    Return what tells one person from others, and no more: name, e-mail, state, and what was decided.
    """
    row = placed.row
    decided = org.decided.users.get(row.key, UNDECIDED)
    state, reason = _standing(org, placed)
    fields: Fields = {}
    for name, read in org.columns:
        value = decided.set.get(name, read(row)) if name in OUTLINE else UNSET
        if not isinstance(value, UnsetType):
            fields[name] = value
    return Desired(
        kind="user",
        key=row.key,
        name=str(fields.get("user_name", row.user_name)),
        state=state,
        reason=reason,
        fields=fields,
        origin=placed.origin,
        decisions=decided.decisions,
    )


def _column(name: str, rule: FieldRule) -> Column:
    """
    Return what reads a plain field from a row: its constant, else what the source gives, else the default.
    """
    if not isinstance(rule.value, UnsetType):
        constant = rule.value
        return lambda _row: constant
    if name in UserRow.__struct_fields__:
        given = attrgetter(name)
        return lambda row: rule.default if (value := given(row)) is UNSET else value
    return lambda row: _canonical(name, row.attributes[name]) if name in row.attributes else rule.default


def _access_value(org: Organisation, placed: Placed, name: str) -> Value | UnsetType:
    """
    Return the person's roles or profiles, as the field's rule has them.
    """
    rule = org.policy.users.fields[name]
    keys = belongs_to(org, placed)
    if name == "profiles":
        enabled = frozenset[str]().union(*(org.access[key].profiles for key in keys if key in org.access))
        return _by_rule(rule, profiles_of(enabled, org.policy, org.catalogue))
    if placed.row.key in org.decided.users:
        return _by_rule(rule, expressed(effective(org, placed), org.policy))
    direct = expressed(direct_grants(placed.row, org.policy), org.policy) if placed.row.roles else ()
    through = (org.access[key].roles for key in keys if key in org.access)
    return _by_rule(rule, tuple(sorted(set(direct).union(*through))))


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
    return _names(org.groups[key], org.decided, org.former)


def _names(placed: PlacedGroup, decided: Resolved, former: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    override = decided.groups.get(placed.row.key, UNDECIDED)
    renamed = (override.rename,) if override.rename else ()
    return (placed.row.name, *renamed, *former.get(placed.row.key, ()))


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
    return ("active", "") if _provisioned(org, placed) else ("inactive", "unprovisioned")


def _provisioned(org: Organisation, placed: Placed) -> bool:
    """
    Return whether any role of the person's lets it log in.
    """
    if placed.row.key in org.decided.users:
        return may_log_in((grant.role for grant in effective(org, placed)), org.policy)
    access = org.access
    through = any(access[key].login for key in placed.row.groups if key in access)
    return through or may_log_in(placed.row.roles, org.policy)


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
