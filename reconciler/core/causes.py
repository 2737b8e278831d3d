"""
Why a desired value is what it is: the export record, the override's line, or the policy's rule.

Causes are made for the few entities that differ or are asked about, not for everybody.
"""

from msgspec import UnsetType

from reconciler.core.desired import UNDECIDED, Organisation, belongs_to, effective
from reconciler.core.model import Desired


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
    given = name in row.attributes or not isinstance(getattr(row, name, None), UnsetType | None)
    if rule and (not isinstance(rule.value, UnsetType) or not given):
        return org.policy.origin(f"users.fields.{name}")
    return desired.origin


def _group_cause(org: Organisation, desired: Desired, name: str) -> str:
    decided = org.decided.groups.get(desired.key, UNDECIDED)
    if name == "name" and "rename" in decided.places:
        return decided.places["rename"]
    if name == "parent":
        return org.policy.origin("groups.parent")
    return desired.origin


def _access_cause(org: Organisation, desired: Desired, name: str) -> str:
    """
    Return what an access field comes from: grants and the groups they come through, or the overrides' lines.
    """
    placed = org.users[desired.key]
    decided = org.decided.users.get(desired.key, UNDECIDED)
    parts = [desired.origin]
    if name == "active":
        return "; ".join([*parts, desired.reason, *_places(decided.places, ("block", "exclude"))]).replace(
            "; ;", ";"
        )
    if name == "roles":
        held = effective(org, placed)
        parts += [f"{one.role} {_through(org, one.through)}" for one in held]
        return "; ".join([*parts, *_places(decided.places, ("roles.add", "roles.remove", "copy_access_from"))])
    names = [org.groups[key].row.name for key in belongs_to(org, placed) if key in org.groups]
    if name == "profiles":
        parts.append(org.policy.origin(f"profiles.{'by_group' if org.policy.profiles.by_group else 'fallback'}"))
    parts.append("groups " + ", ".join(names) if names else "no groups")
    return "; ".join([*parts, *_places(decided.places, ("groups.add", "groups.remove", "copy_access_from"))])


def _through(org: Organisation, key: str) -> str:
    return f"through {org.groups[key].row.name} ({org.groups[key].origin})" if key else "granted directly"


def _places(places: dict[str, str], names: tuple[str, ...]) -> list[str]:
    return [places[name] for name in names if name in places]
