"""
What a policy writes for which a system has no place: each told with its file and line, and what to write instead.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from reconciler.core.model import Kind
from reconciler.core.policy import GroupPolicy, MoveTo, Policy
from reconciler.errors import UsageError


class _Lack(Struct, frozen=True, kw_only=True):
    """
    A setting of the policy that writes `field`, which has no place, and the value with which it does not.
    """

    told: str
    setting: str
    field: str
    instead: str | None


def refuse_what_has_no_place(
    policy: Policy, places: Mapping[Kind, Collection[str]], *, keeper: str, by: str
) -> None:
    """
    Raise UsageError, with every fault, for a policy that writes a field which is not in `places`.

    `keeper` says what would keep it (`which attribute`), `by` how a place is named in the target's settings.
    """
    lacks = [*_fields(policy, places), *_groups(policy.groups, places["group"])]
    if not lacks:
        return
    told = ", ".join(f"{one.told}{_at(policy, one.setting)}" for one in lacks)
    hint = f"say so in the target's settings ({lacks[0].field}: {by}), or write in the policy {_written(lacks)}"
    raise UsageError(f"the policy writes {told}: nothing says {keeper} keeps that", hint=hint)


def _fields(policy: Policy, places: Mapping[Kind, Collection[str]]) -> Iterator[_Lack]:
    sides: tuple[tuple[Kind, Any], ...] = (("user", policy.users), ("group", policy.groups))
    for kind, side in sides:
        for name, rule in side.fields.items():
            if rule.authority != "target" and name not in places[kind]:
                where = f"{kind}s.{name}"
                yield _Lack(told=where, setting=f"{kind}s.fields.{name}", field=where, instead="target")


def _groups(groups: GroupPolicy, places: Collection[str]) -> Iterator[_Lack]:
    """
    Yield what makes, puts away and replaces groups by a field that has no place.
    """
    missing = groups.lifecycle.missing
    away = "parent" if isinstance(missing, MoveTo) else {"flag": "deleted", "deactivate": "active"}.get(missing)
    if groups.parent is not None and not {"parent"} & {*places, *groups.fields}:
        yield _Lack(told="groups.parent", setting="groups.parent", field="groups.parent", instead=None)
    if away and away not in places:
        yield _lifecycle("missing", away, "keep")
    if groups.lifecycle.renamed == "replace" and "active" not in places:
        yield _lifecycle("renamed", "active", "update")


def _lifecycle(name: str, field: str, instead: str) -> _Lack:
    setting = f"groups.lifecycle.{name}"
    return _Lack(told=f"{setting} (by {field})", setting=setting, field=f"groups.{field}", instead=instead)


def _at(policy: Policy, setting: str) -> str:
    """
    Return where a setting stands, in brackets; nothing where no file says it.
    """
    probe = setting
    while probe and probe not in policy.origins:
        probe = probe.rpartition(".")[0]
    return f" ({policy.origins[probe]})" if probe else ""


def _written(lacks: list[_Lack]) -> str:
    """
    Return what to write in the policy, as YAML on one line.
    """
    tree: dict[str, Any] = {}
    for one in lacks:
        *path, last = one.setting.split(".")
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node[last] = one.instead
    return json.dumps(tree)[1:-1].replace('"', "")
