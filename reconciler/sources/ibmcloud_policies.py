"""
IBM Cloud access policies, v1 and v2, as grants: which roles of one service a person or a group holds.

A policy counts if it is an active access policy, covers the service, and its time rule (v2) holds at the moment of
the export. Whatever cannot be decided grants nothing, and is told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from operator import eq
from typing import Literal

from msgspec import Struct

from reconciler.sources.ibmcloud_roles import role_name
from reconciler.sources.ibmcloud_rules import holds
from reconciler.sources.printed_records import Wrong, entries, optional, text
from reconciler.sources.rawjson import shown

_SHOWN = 5


class Attribute(Struct, frozen=True):
    """
    One attribute of a policy's subject or resource: a key, how it is compared, and with what.
    """

    key: str
    operator: str
    values: tuple[str, ...]


class Policy(Struct, frozen=True, kw_only=True):
    """
    One policy, whichever version it was written in. Each of `subjects` and `resources` is a list of attributes.

    `rule` is the v2 condition as it came; None where the policy has none.
    """

    id: str
    version: Literal[1, 2]
    type: str
    state: str
    subjects: tuple[tuple[Attribute, ...], ...]
    resources: tuple[tuple[Attribute, ...], ...]
    roles: tuple[str, ...]
    rule: object = None

    @property
    def placeholder(self) -> bool:
        """
        Return whether this only says, in a v1 list, that a v2 policy of this id exists.
        """
        return any(role.endswith(":UnsupportedVersion") for role in self.roles)

    @property
    def accounts(self) -> frozenset[str]:
        """
        Return the accounts whose resources an access policy is about.
        """
        if self.type != "access":
            return frozenset()
        named = (one for resource in self.resources for one in resource if one.key == "accountId")
        return frozenset(value for one in named if one.operator == "stringEquals" for value in one.values)


class Grants(Struct, frozen=True, kw_only=True):
    """
    Roles by person (iam_id) and by group (id), and what is to be told about the policies.
    """

    users: dict[str, frozenset[str]]
    groups: dict[str, frozenset[str]]
    notes: tuple[str, ...]


def policy(record: dict[str, object]) -> Policy:
    """
    Return the policy that a raw record says; raises Wrong where it has not the shape of v1 or v2.
    """
    second = "control" in record or "subject" in record
    subjects = [record["subject"]] if record.get("subject") else entries(record, "subjects")
    resources = [record["resource"]] if record.get("resource") else entries(record, "resources")
    holder = _within(record, "control", "grant") if second else record
    return Policy(
        id=text(record, "id"),
        version=2 if second else 1,
        type=optional(record, "type") or "access",
        state=optional(record, "state") or "active",
        subjects=tuple(_attributes(subject, "subject") for subject in subjects),
        resources=tuple(_attributes(resource, "resource") for resource in resources),
        roles=tuple(sorted({text(_object(role, "role"), "role_id", "id") for role in entries(holder, "roles")})),
        rule=record.get("rule"),
    )


def grants(policies: Iterable[Policy], *, service: str, at: datetime) -> Grants:
    """
    Return the roles of `service` that the policies grant at `at`, canonical names, and notes with counts.
    """
    held: dict[str, dict[str, set[str]]] = {"iam_id": defaultdict(set), "access_group_id": defaultdict(set)}
    told: dict[str, set[str]] = defaultdict(set)
    for one in policies:
        roles = _roles(one, service, at, told)
        if not roles:
            continue
        for kind, subject in _subjects(one, told):
            held[kind][subject] |= roles
    return Grants(
        users={key: frozenset(roles) for key, roles in held["iam_id"].items()},
        groups={key: frozenset(roles) for key, roles in held["access_group_id"].items()},
        notes=tuple(sorted(_note(reason, ids) for reason, ids in told.items())),
    )


def _roles(one: Policy, service: str, at: datetime, told: dict[str, set[str]]) -> set[str]:
    """
    Return the roles of the service that the policy grants at `at`; adds to `told` what is out of the ordinary.
    """
    if one.type != "access" or one.placeholder:
        return set()
    reach = _reach(one, service)
    if reach == "none" or one.state == "deleted":
        return set()
    for reason in _obstacles(one, reach, at):
        told[reason].add(one.id)
        return set()
    if reach == "wide":
        told[f"reach {service} by a wildcard, a list or all services, and count"].add(one.id)
    names = {role: role_name(role, service) for role in one.roles}
    for role, found in names.items():
        if found.note:
            told[f"name the role {shown(role)}, {found.note}"].add(one.id)
    return {found.name for found in names.values() if found.name}


def _obstacles(one: Policy, reach: str, at: datetime) -> Iterable[str]:
    """
    Yield why a policy that reaches the service grants nothing all the same.
    """
    if reach == "unknown":
        yield "compare the service in a way we do not know, and do not count"
    if one.state != "active":
        yield f"have the state {shown(one.state)}, and do not count"
    if one.rule is None:
        return
    answer = holds(one.rule, at)
    if answer is None:
        yield "have a condition that an export cannot decide, and do not count"
    elif not answer:
        yield "are bound to a time outside of which the export was made, and do not count"


def _subjects(one: Policy, told: dict[str, set[str]]) -> Iterable[tuple[str, str]]:
    """
    Yield whom the policy is for: `iam_id` or `access_group_id`, and the id.
    """
    for subject in one.subjects:
        named = [attribute for attribute in subject if attribute.key in {"iam_id", "access_group_id"}]
        if len(named) != 1 or named[0].operator not in {"stringEquals", "stringEqualsAnyOf"}:
            told["say in a way we do not know whom they are for, and do not count"].add(one.id)
            continue
        for value in named[0].values:
            yield named[0].key, value


def _reach(one: Policy, service: str) -> Literal["named", "wide", "unknown", "none"]:
    """
    Return how the policy covers the service: by name, more widely, not at all, or in a way we do not know.
    """
    reaches = {_covers(resource, service) for resource in one.resources}
    return next((reach for reach in ("named", "wide", "unknown") if reach in reaches), "none")


def _covers(resource: tuple[Attribute, ...], service: str) -> Literal["named", "wide", "unknown", "none"]:
    names = [attribute for attribute in resource if attribute.key == "serviceName"]
    types = [attribute for attribute in resource if attribute.key == "serviceType"]
    answers = [_matches(name, service) for name in names] + [_matches(kind, "service") for kind in types]
    if not answers or False in answers:
        return "none"
    if None in answers:
        return "unknown"
    exact = bool(names) and all(name.operator == "stringEquals" for name in names)
    return "named" if exact else "wide"


def _glob(wanted: str, pattern: str) -> bool:
    """
    Return whether the text matches. IBM Cloud has the wildcards `*` and `?`, and `[` stands for itself.
    """
    return fnmatchcase(wanted, pattern.replace("[", "[[]"))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringEquals": eq,
    "stringEqualsAnyOf": eq,
    "stringMatch": _glob,
    "stringMatchAnyOf": _glob,
}


def _matches(attribute: Attribute, wanted: str) -> bool | None:
    compare = _OPERATORS.get(attribute.operator)
    return None if compare is None else any(compare(wanted, value) for value in attribute.values)


def _attributes(holder: object, name: str) -> tuple[Attribute, ...]:
    return tuple(
        sorted(
            (_attribute(_object(one, name)) for one in entries(_object(holder, name), "attributes")),
            key=lambda attribute: (attribute.key, attribute.operator, attribute.values),
        )
    )


def _attribute(raw: dict[str, object]) -> Attribute:
    """
    Return one attribute: v1 calls its key `name`, v2 `key`; without an operator it compares for equality.
    """
    value = raw.get("value")
    values = value if isinstance(value, list) else [value]
    return Attribute(
        key=text(raw, "key", "name"),
        operator=optional(raw, "operator") or "stringEquals",
        values=tuple(sorted({str(one) for one in values})),
    )


def _within(record: dict[str, object], *path: str) -> dict[str, object]:
    for name in path:
        record = _object(record.get(name), name)
    return record


def _object(value: object, name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Wrong(f"{name} is not an object")
    return value


def _note(reason: str, ids: set[str]) -> str:
    """
    Return a note on the policies of these ids; a few are named, all are counted.
    """
    named = ", ".join(shown(one) for one in sorted(ids)[:_SHOWN])
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"policies that {reason}: {len(ids)} ({named}{more})"
