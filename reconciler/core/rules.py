"""
A policy, made ready for settling users and groups: rules of fields, and how names are compared.
"""

from collections.abc import Callable, Mapping
from functools import cache

from msgspec.structs import replace

from reconciler.core.ledger import Head
from reconciler.core.lifecycle import Rules
from reconciler.core.matching import Matching, folded
from reconciler.core.model import Equality
from reconciler.core.ownership import FieldRules
from reconciler.core.policy import FieldRule, Policy
from reconciler.core.scope import ALL, Scope


def authorities(policy: Policy) -> dict[str, str]:
    """
    Return the authority of every field the policy names, as the ledger's head keeps it (`user.locale`: `shared`).
    """
    users = {f"user.{name}": str(rule.authority) for name, rule in policy.users.fields.items()}
    return users | {f"group.{name}": str(rule.authority) for name, rule in policy.groups.fields.items()}


def user_rules(policy: Policy, head: Head, equality: Equality, *, fetched_at: str, proved: bool) -> Rules:
    """
    Return the rules for users.
    """
    privileged = policy.roles.administrator.privileged
    shared = {
        name: FieldRules(
            name=name,
            equality=equality,
            foreign=policy.users.foreign,
            privileged=privileged if name == "roles" else frozenset(),
            expires=policy.users.admin_owned_expires.get(name, ""),
            was_source=head.policy.get(f"user.{name}") == "source",
        )
        for name, rule in policy.users.fields.items()
        if rule.authority == "shared"
    }
    return Rules(
        policy=policy,
        equality=equality,
        fields=policy.users.fields,
        shared=shared,
        source=frozenset(name for name, rule in policy.users.fields.items() if rule.authority == "source"),
        initial=frozenset(name for name, rule in policy.users.fields.items() if rule.authority == "initial"),
        once=_once(policy.users.fields, equality, privileged),
        confirmed=head.fetched_at,
        numbers=frozenset(name for name, rule in policy.users.fields.items() if isinstance(rule.value, int)),
        first_run=not head.inputs.policy,
        fetched_at=fetched_at,
        last_policy=head.inputs.policy,
        proved=proved,
    )


def group_rules(
    policy: Policy, head: Head, equality: Equality, *, fetched_at: str, proved: bool, scope: Scope = ALL
) -> Rules:
    """
    Return the rules for groups, in the scope of a run. A group's name is Git's, where the target can rename.
    """
    shared = {
        name: FieldRules(
            name=name,
            equality=equality,
            foreign=policy.users.foreign,
            was_source=head.policy.get(f"group.{name}") == "source",
        )
        for name, rule in policy.groups.fields.items()
        if rule.authority == "shared"
    }
    named = {"name": FieldRule(authority="source")} if policy.groups.lifecycle.renamed == "update" else {}
    return Rules(
        policy=policy,
        equality=equality,
        fields={**named, **policy.groups.fields},
        shared=shared,
        once=_once(policy.groups.fields, equality, frozenset()),
        first_run=not head.inputs.policy,
        fetched_at=fetched_at,
        name_key=group_name_key(policy, equality),
        last_policy=head.inputs.policy,
        proved=proved,
        scope=scope,
    )


def _once(fields: Mapping[str, FieldRule], equality: Equality, privileged: frozenset[str]) -> dict[str, FieldRules]:
    """
    Return the rules of the table for fields that are written at creation, and once more where an override says so.
    """
    return {
        name: FieldRules(name=name, equality=equality, privileged=privileged if name == "roles" else frozenset())
        for name, rule in fields.items()
        if rule.authority == "initial"
    }


def group_name_key(policy: Policy, equality: Equality) -> Callable[[str], str]:
    """
    Return the function that gives the form in which group names are compared: one dash is as good as another.
    """
    prefix, variants = policy.groups.prefix, policy.groups.recognise

    @cache
    def key(name: str) -> str:
        variant = next((one for one in variants if name.startswith(one)), None)
        spelled = prefix + name.removeprefix(variant) if variant else name
        return str(equality.fold("name", spelled))

    return key


def user_matching(policy: Policy, equality: Equality) -> Matching:
    """
    Return how users are told apart.
    """
    return Matching(
        kind="user",
        by=policy.users.correlate,
        name_key=_name_key(equality),
        mail_key=lambda mail: str(equality.fold("email", folded(mail))),
        protected=frozenset(policy.users.protected),
        replaces=policy.users.rename == "replace",
    )


def _name_key(equality: Equality) -> Callable[[str], str]:
    """
    Return the function that gives the form in which user names are compared: as they are, if nothing is folded.
    """
    if "user_name" not in equality.caseless | equality.trimmed:
        return str
    return lambda name: str(equality.fold("user_name", name))


def group_matching(policy: Policy, equality: Equality, *, proved: bool) -> Matching:
    """
    Return how groups are told apart: by link, external id and name.

    A group that was deleted and made again has a new id at the source, and is the same group by its name; but only
    an export that proves the old one gone can tell that from two groups of one name.
    """
    return Matching(
        kind="group",
        by=("link", "external_id", "user_name"),
        name_key=group_name_key(policy, equality),
        replaces=policy.groups.lifecycle.renamed == "replace",
        asks=policy.groups.lifecycle.renamed == "ask",
        reborn=proved,
    )


def reaching(
    rules: Rules,
    keys: frozenset[str],
    *,
    scope: Scope,
    joinable: frozenset[str] | None,
    merged: frozenset[str],
    overwritten: frozenset[str],
) -> Rules:
    """
    Return the rules for users once it is known which groups are there or will be made, and what the run is about.

    Where the policy leaves members alone, no decision about a group takes any out.
    """
    spared = rules.policy.groups.membership != "exact"
    return replace(
        rules,
        reachable=keys,
        scope=scope,
        joinable=joinable,
        merged=merged,
        overwritten=frozenset() if spared else overwritten,
    )
