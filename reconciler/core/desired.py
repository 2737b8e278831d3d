"""
Export + overrides + policy + catalogue -> desired entities, one at a time.

A login of one person and a full run differ only in which rows they look at.
"""

from collections.abc import Iterator, Mapping

from msgspec import UNSET, UnsetType

from reconciler.core.access import direct_grants, expressed, profiles_of
from reconciler.core.columns import by_rule, canonical, written
from reconciler.core.decisions import Decided
from reconciler.core.model import Desired, Fields, Placed, PlacedGroup, Value
from reconciler.core.organisation import (
    UNDECIDED,
    Organisation,
    belongs_to,
    effective,
    memberships,
    standing,
)

COMPUTED = frozenset({"roles", "profiles"})
"""Fields of a person that come from what it may do, and not from its row."""

NOTHING: Fields = {}


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
        value = decided.set.get(field, by_rule(rule, given.get(field, _attribute(row.attributes, field))))
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
    state, reason = standing(org, placed)
    fields: Fields = {}
    for name, read in org.columns.items():
        value = read(row) if name not in COMPUTED else _access_value(org, placed, name)
        if not isinstance(value, UnsetType):
            fields[name] = value
    fields |= {name: canonical(name, value) for name, value in decided.set.items() if name in org.columns}
    return Desired(
        kind="user",
        key=row.key,
        name=str(fields.get("user_name", row.user_name)),
        state=state,
        reason=reason,
        fields=fields,
        origin=placed.origin,
        groups=memberships(org, placed),
        decisions=decided.decisions,
    )


def outline(org: Organisation, placed: Placed) -> Desired:
    """
    Return what tells one person from others, and no more: name, state, what was decided, and the e-mail.

    Whom the ledger links is not looked for by e-mail any more.
    """
    row = placed.row
    decided = org.decided.users.get(row.key, UNDECIDED)
    state, reason = standing(org, placed)
    fields = NOTHING if row.key in org.known else _column_values(org, placed, "email", decided)
    named = _column_values(org, placed, "user_name", decided)
    return Desired(
        kind="user",
        key=row.key,
        name=str(named.get("user_name", row.user_name)),
        state=state,
        reason=reason,
        fields=fields,
        origin=placed.origin,
        decisions=decided.decisions,
    )


def _column_values(org: Organisation, placed: Placed, name: str, decided: Decided) -> Fields:
    """
    Return one plain field of a person, as a mapping that is empty where nobody says anything about it.
    """
    read = org.columns.get(name)
    value = decided.set.get(name, read(placed.row)) if read else UNSET
    return {} if isinstance(value, UnsetType) else {name: value}


def _access_value(org: Organisation, placed: Placed, name: str) -> Value | UnsetType:
    """
    Return the person's roles or profiles, as the field's rule has them.
    """
    rule = org.policy.users.fields[name]
    keys = belongs_to(org, placed)
    if name == "profiles":
        enabled = frozenset[str]().union(*(org.access[key].profiles for key in keys if key in org.access))
        return by_rule(rule, profiles_of(enabled, org.policy, org.catalogue))
    if placed.row.key in org.decided.users:
        return by_rule(rule, expressed(effective(org, placed), org.policy))
    direct = expressed(direct_grants(placed.row, org.policy), org.policy) if placed.row.roles else ()
    through = (org.access[key].roles for key in keys if key in org.access)
    return by_rule(rule, tuple(sorted(set(direct).union(*through))))


def _attribute(attributes: Mapping[str, str | tuple[str, ...]], name: str) -> Value | UnsetType:
    return attributes.get(name, UNSET)


def _or_unset(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value
