"""
Why a desired value is what it is: the export record, the override's line, or the policy's rule.

Causes are made for the few entities that differ or are asked about, not for everybody.
"""

from collections.abc import Callable, Mapping

from msgspec import UNSET, UnsetType

from reconciler.core.changes import switched_off_by_us
from reconciler.core.lifecycle import LOGIN
from reconciler.core.model import Desired
from reconciler.core.organisation import UNDECIDED, Organisation, belongs_to, effective
from reconciler.core.settle import Settled


def why(
    org: Organisation, fetched_at: str, decided: Mapping[str, str] | None = None
) -> Callable[[Settled, str], str]:
    """
    Return the function that says why a field of a settled entity must change; `fetched_at` is the export's time.

    `decided` has, by key of a group that a decision makes ours in this plan, the place where that stands.
    """

    def of(settled: Settled, name: str) -> str:
        told = plain(settled, name)
        return "; ".join([told, *_decisions(settled, decided)]) if name == "groups" and decided else told

    def plain(settled: Settled, name: str) -> str:
        desired = settled.pair.desired
        if name in settled.why:
            return settled.why[name]
        if desired is not None:
            return cause(org, desired, name) + _against(settled, name)
        if settled.pair.key in org.groups:
            return f"{org.groups[settled.pair.key].origin}; it grants no login role any more"
        if settled.pair.row is not None:
            return f"absent from the export of {fetched_at}"
        return org.policy.origin("groups.membership" if name == "groups" else "users.lifecycle.local")

    return of


def _decisions(settled: Settled, decided: Mapping[str, str]) -> list[str]:
    """
    Return the places of the decisions by which somebody joins or leaves groups.
    """
    goal = settled.goal.groups if settled.goal else ()
    moved = {*settled.groups}.symmetric_difference(goal)
    return [decided[key] for key in sorted(moved) if key in decided]


def _against(settled: Settled, name: str) -> str:
    """
    Return whose doing a change of `active` undoes, if it is an administrator's: that is what makes it dangerous.
    """
    live = settled.pair.live
    if name != "active" or settled.pair.kind != "user" or live is None or live.active:
        return ""
    login = f"; {LOGIN}" if settled.fate.reason == LOGIN else ""
    return (
        "" if switched_off_by_us(settled.pair.row) else "; an administrator had switched the account off"
    ) + login


def cause(org: Organisation, desired: Desired, name: str) -> str:
    """
    Return where the desired value of field `name` comes from, as a person would want to look it up.
    """
    entries = org.decided.users if desired.kind == "user" else org.decided.groups
    decided = entries.get(desired.key, UNDECIDED)
    if f"set.{name}" in decided.places:
        return decided.places[f"set.{name}"]
    if desired.kind == "group":
        return _group_cause(org, desired, name)
    if name in {"roles", "groups", "profiles", "active"}:
        return _access_cause(org, desired, name)
    rule = org.policy.users.fields.get(name)
    row = org.users[desired.key].row
    given = name in row.attributes or not isinstance(getattr(row, name, UNSET), UnsetType)
    if rule and (not isinstance(rule.value, UnsetType) or not given):
        return org.policy.origin(f"users.fields.{name}")
    return desired.origin


def _group_cause(org: Organisation, desired: Desired, name: str) -> str:
    """
    Return what a field of a group comes from: the override that renames it, the policy, or the export.
    """
    decided = org.decided.groups.get(desired.key, UNDECIDED)
    if name == "name" and "rename" in decided.places:
        return decided.places["rename"]
    if name == "parent":
        return org.policy.origin("groups.parent")
    rule, row = org.policy.groups.fields.get(name), org.groups[desired.key].row
    given = name in row.attributes or not isinstance(getattr(row, name, UNSET), UnsetType)
    if rule and (not isinstance(rule.value, UnsetType) or not given):
        return org.policy.origin(f"groups.fields.{name}")
    return desired.origin


def _access_cause(org: Organisation, desired: Desired, name: str) -> str:
    """
    Return what an access field comes from: grants and the groups they come through, or the overrides' lines.
    """
    placed = org.users[desired.key]
    places = org.decided.users.get(desired.key, UNDECIDED).places
    if name == "active":
        reason = [desired.reason] if desired.reason else []
        return "; ".join([desired.origin, *reason, *_places(places, ("include", "enable", "exclude", "block"))])
    if name == "roles":
        held = [f"{one.role} {_through(org, one.through)}" for one in effective(org, placed)]
        return "; ".join([desired.origin, *held, *_places(places, ("roles", "copy_access_from"))])
    names = [org.groups[key].row.name for key in belongs_to(org, placed) if key in org.groups]
    parts = [
        desired.origin,
        *_profiles_rule(org, desired, name),
        "groups " + ", ".join(names) if names else "no groups",
    ]
    return "; ".join([*parts, *_places(places, ("groups", "copy_access_from"))])


def _profiles_rule(org: Organisation, desired: Desired, name: str) -> list[str]:
    """
    Return the policy's rule behind the profiles: the association, the target's catalogue, or the fallback.
    """
    if name != "profiles":
        return []
    fallback = org.policy.profiles.fallback
    if fallback and desired.fields.get("profiles") == (fallback,):
        return [org.policy.origin("profiles.fallback")]
    return [org.policy.origin("profiles.by_group" if org.policy.profiles.origin == "policy" else "profiles.from")]


def _through(org: Organisation, key: str) -> str:
    return f"through {org.groups[key].row.name} ({org.groups[key].origin})" if key else "granted directly"


def _places(places: dict[str, str], parts: tuple[str, ...]) -> list[str]:
    """
    Return the overrides' lines about any of these parts, each once: `groups` and `groups.add.Auditors` are one's.
    """
    found = (place for name, place in sorted(places.items()) if name.partition(".")[0] in parts)
    return list(dict.fromkeys(found))
