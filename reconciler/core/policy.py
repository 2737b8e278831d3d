"""
What a target's policy says, as a typed value; `extends` resolved.

A preset and a user's policy have one shape: YAML mappings, checked by `schemas/policy.schema.json`. The user's
stands over the preset's, key by key; lists and scalars replace.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from reconciler.core.canonical import digest
from reconciler.core.model import Value

Authority: TypeAlias = Literal["source", "shared", "initial", "target"]
Match: TypeAlias = Literal["link", "external_id", "user_name", "email"]


class FieldRule(Struct, frozen=True, kw_only=True):
    """
    Who decides a field; `value` is a constant, `default` stands where no source gives the field.
    """

    authority: Authority
    value: Value | UnsetType = UNSET
    default: Value | UnsetType = UNSET
    granularity: Literal["field", "element"] = "field"


class UserLifecycle(Struct, frozen=True, kw_only=True):
    """
    What is known of a user -> what is done (formats.md).
    """

    new: Literal["create", "create-disabled", "ignore"] = "create"
    existing: Literal["adopt", "review", "refuse"] = "adopt"
    local: Literal["deactivate", "report", "ignore"] = "report"
    missing: Literal["deactivate", "delete", "keep"] = "deactivate"
    suspended: Literal["deactivate", "keep"] = "deactivate"
    unprovisioned: Literal["deactivate", "keep"] = "deactivate"
    returned: Literal["activate", "on-login", "keep"] = "activate"


class MoveTo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A group that the source no longer has goes below another parent.
    """

    move_to: str


class GroupLifecycle(Struct, frozen=True, kw_only=True):
    """
    What is known of a group -> what is done (formats.md).
    """

    existing: Literal["adopt", "review", "refuse"] = "review"
    missing: Literal["deactivate", "flag", "delete", "keep"] | MoveTo = "keep"
    renamed: Literal["update", "replace", "ask"] = "update"
    returned: Literal["restore", "keep"] = "restore"


class AbsentFor(Struct, frozen=True, kw_only=True):
    """
    How long somebody must be absent before it counts: in so many exports, and for so many hours.
    """

    exports: int = 1
    hours: int = 0


class UserPolicy(Struct, frozen=True, kw_only=True):
    """
    The policy's rules for users.
    """

    population: Literal["all", "selected", "on-demand"] = "all"
    correlate: tuple[Match, ...] = ("link", "external_id", "user_name")
    lifecycle: UserLifecycle = field(default_factory=UserLifecycle)
    absent_for: AbsentFor = field(default_factory=AbsentFor)
    rename: Literal["update", "replace"] = "update"
    login_roles: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    foreign: Literal["keep", "take", "ask"] = "ask"
    fields: dict[str, FieldRule] = field(default_factory=dict)
    admin_owned_expires: dict[str, str] = field(default_factory=dict)


class GroupPolicy(Struct, frozen=True, kw_only=True):
    """
    The policy's rules for groups. `recognise` are further prefixes by which a managed group is known.

    `directories` are those in each of which a group of the source is a group (`sites.py`); none: there is one.
    """

    population: Literal["all", "selected"] = "all"
    prefix: str = ""
    recognise: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    create: Literal["always", "when-populated"] = "always"
    grants_login: bool = False
    membership: Literal["exact", "add-only", "none"] = "exact"
    lifecycle: GroupLifecycle = field(default_factory=GroupLifecycle)
    parent: str | None = None
    fields: dict[str, FieldRule] = field(default_factory=dict)


class ProfilePolicy(Struct, frozen=True, kw_only=True, rename={"origin": "from"}):
    """
    Where profiles come from: the policy's `by_group`, or the associations in the target's catalogue.
    """

    origin: Literal["policy", "target"] = "policy"
    by_group: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fallback: str | None = None


class Administrator(Struct, frozen=True, kw_only=True):
    """
    Which granted roles make an administrator, and how the target expresses it: by groups and role templates.

    An administrator holds every group in `groups`; one to whom the role was granted directly the `templates` too.
    """

    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()

    @property
    def privileged(self) -> frozenset[str]:
        """
        Return every element of the field `roles` that carries an administrator's power.
        """
        return frozenset(self.roles + self.groups + self.templates)


class RolePolicy(Struct, frozen=True, kw_only=True):
    """
    Names of roles: `aliases` from what a source says to what the policy says.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    administrator: Administrator = field(default_factory=Administrator)


class Limit(Struct, frozen=True, kw_only=True):
    """
    More than the larger of `count` and `percent` of what there is trips the guard.
    """

    count: int
    percent: float

    def allows(self, number: int, total: int) -> bool:
        """
        Return whether `number` of `total` stays within the limit.
        """
        return number <= max(self.count, total * self.percent / 100)


class Guards(Struct, frozen=True, kw_only=True):
    """
    The limits of reliability.md, settable.
    """

    limit: Limit = field(default_factory=lambda: Limit(count=3, percent=5.0))
    daily: Limit = field(default_factory=lambda: Limit(count=6, percent=10.0))
    leavers: Limit = field(default_factory=lambda: Limit(count=10, percent=10.0))
    shrunken: Limit = field(default_factory=lambda: Limit(count=3, percent=20.0))
    minimum_administrators: int = 1


class Policy(Struct, frozen=True, kw_only=True):
    """
    One target's whole policy. `digest` covers its content; `origins` maps dotted keys to `file:line`.

    `default_scope` is what a run is about of which nobody says it; a search that finds more than `search_cap` is
    refused.
    """

    users: UserPolicy
    groups: GroupPolicy
    profiles: ProfilePolicy = field(default_factory=ProfilePolicy)
    roles: RolePolicy = field(default_factory=RolePolicy)
    guards: Guards = field(default_factory=Guards)
    default_scope: Literal["all", "start"] = "all"
    search_cap: int = 100
    max_request_life: str = "15m"
    digest: str = ""
    origins: dict[str, str] = field(default_factory=dict)

    def origin(self, key: str) -> str:
        """
        Return where dotted `key` is set, as `policy KEY (file:line)`; the nearest parent answers for its parts.
        """
        probe = key
        while probe and probe not in self.origins:
            probe = probe.rpartition(".")[0]
        place = self.origins.get(probe)
        return f"policy {key} ({place})" if place else f"policy {key} (default)"


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return `below` with `above` laid over it: mappings merge key by key, anything else is replaced.
    """
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = overlay(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def build(document: Mapping[str, Any], origins: Mapping[str, str]) -> Policy:
    """
    Return the policy that a resolved, schema-checked `document` describes; `extends` is no longer in it.
    """
    content = {
        **document,
        "users": _with_rules(document.get("users", {})),
        "groups": _with_rules(document.get("groups", {})),
    }
    content.pop("extends", None)
    content.pop("version", None)
    policy = msgspec.convert(content, Policy, strict=False)
    return msgspec.structs.replace(policy, digest=digest(content), origins=dict(origins))


def _with_rules(section: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a section with every short field rule (`email: source`) written out (`{authority: source}`).
    """
    fields = {
        name: rule if isinstance(rule, dict) else {"authority": rule}
        for name, rule in section.get("fields", {}).items()
    }
    return {**section, "fields": fields}


def seconds(duration: str) -> int:
    """
    Return a duration such as `90s`, `15m`, `36h` or `30d` in seconds.
    """
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]
