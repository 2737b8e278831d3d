"""
Export + overrides + policy + catalogue -> desired entities, one at a time.

A login of one person and a full run differ only in which rows they look at.
"""

from collections.abc import Iterator, Mapping

from msgspec import UNSET, UnsetType

from reconciler.core.access import Together, direct_grants, expressed
from reconciler.core.columns import by_rule, canonical, plain_fields, written
from reconciler.core.export import Placed, PlacedGroup
from reconciler.core.model import Desired, Fields, Value
from reconciler.core.organisation import (
    UNDECIDED,
    Organisation,
    belongs_to,
    effective,
    is_selected,
    memberships,
    standing,
)

NOTHING: Fields = {}
"""Of most people an outline says nothing more; they share it."""


def desired_groups(org: Organisation) -> Iterator[Desired]:
    """
    Yield every group the policy provisions, by key.
    """
    for key in sorted(org.managed):
        yield desired_group(org, org.groups[key])


def desired_group(org: Organisation, placed: PlacedGroup) -> Desired:
    """
    Return one group as Git wants it. One that nobody would be in has the reason `unpopulated`.

    One that an override excludes is untouched, and so are its memberships; so is one that nobody selected.
    """
    row, policy = placed.row, org.policy.groups
    decided = org.decided.groups.get(row.key, UNDECIDED)
    name = policy.prefix + (decided.rename or row.name)
    fields: Fields = {"name": name}
    given: dict[str, Value | UnsetType] = {
        "description": row.description,
        "parent": _or_unset(policy.parent),
        "roles": tuple(sorted({org.policy.roles.aliases.get(role, role) for role in row.roles})),
    }
    for field, rule in written(policy.fields):
        value = decided.set.get(field, by_rule(rule, given.get(field, _attribute(row.attributes, field))))
        if not isinstance(value, UnsetType):
            fields[field] = canonical(field, value)
    if policy.parent is not None:
        fields["parent"] = policy.parent
    populated = policy.create == "always" or row.key in org.populated
    off = "excluded" if decided.exclude else "" if is_selected(org, decided) else "not-selected"
    return Desired(
        kind="group",
        key=row.key,
        name=name,
        state="untouched" if off else "active",
        reason=off or ("" if populated else "unpopulated"),
        fields=fields,
        origin=placed.origin,
        decisions=decided.decisions,
    )


def desired_user(org: Organisation, placed: Placed) -> Desired:
    """
    Return one person as Git wants it: standing, fields, and the managed groups it belongs to.
    """
    row = placed.row
    decided = org.decided.users.get(row.key, UNDECIDED)
    state, reason = standing(org, placed)
    fields = fields_of(org, placed)
    if decided.set:
        ours = dict(written(org.policy.users.fields))
        fields |= {name: canonical(name, value) for name, value in decided.set.items() if name in ours}
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


def fields_of(org: Organisation, placed: Placed) -> Fields:
    """
    Return what source and policy say of a person's fields, before an override of one is laid over it.
    """
    given = org.given.by(belongs_to(org, placed))
    fields = plain_fields(org.reader, placed.row)
    for name, rule in org.reader.computed.items():
        value = by_rule(rule, roles_given(org, placed, given) if name == "roles" else given.profiles)
        if value is not UNSET:
            fields[name] = value
    return fields


def outline(org: Organisation, placed: Placed) -> Desired:
    """
    Return what tells one person from others, and no more: name, state, what was decided, and the e-mail.

    Whom the ledger links is not looked for by e-mail any more.
    """
    row = placed.row
    decided = org.decided.users.get(row.key, UNDECIDED)
    state, reason = standing(org, placed)
    mail = decided.set.get("email", row.email)
    fields: Fields = NOTHING if isinstance(mail, UnsetType) or row.key in org.known else {"email": mail}
    return Desired(
        kind="user",
        key=row.key,
        name=str(decided.set.get("user_name", row.user_name)),
        state=state,
        reason=reason,
        fields=fields,
        origin=placed.origin,
        decisions=decided.decisions,
    )


def roles_given(org: Organisation, placed: Placed, given: Together) -> tuple[str, ...]:
    """
    Return the person's roles as the target expresses them; its groups are known to give it `given`.
    """
    if placed.row.key in org.decided.users:
        return expressed(effective(org, placed), org.policy)
    if not placed.row.roles:
        return given.roles
    return tuple(sorted({*given.roles, *expressed(direct_grants(placed.row, org.policy), org.policy)}))


def _attribute(attributes: Mapping[str, str | tuple[str, ...]], name: str) -> Value | UnsetType:
    return attributes.get(name, UNSET)


def _or_unset(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value
