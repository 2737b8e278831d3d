"""
What overrides and policies say of people, groups, roles and fields that stand elsewhere.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from msgspec import Struct, UnsetType

from reconciler.core.decisions import hands_off, resolve
from reconciler.core.directory import Directory
from reconciler.core.export import UserRow
from reconciler.core.matching import folded
from reconciler.core.model import SETS, Value
from reconciler.core.overrides import Override
from reconciler.core.policy import FieldRule, Policy
from reconciler.errors import Fault
from reconciler.files.explain import close
from reconciler.files.scan import quoted

_TEXTS = frozenset(UserRow.__struct_fields__) - {"groups", "roles", "attributes"}
_AUTHORITIES = {"set": {"source", "shared", "initial"}, "restore": {"shared", "initial"}}
_KINDS = {str: "text", bool: "true or false", int: "a whole number", tuple: "a list"}


class Checked(Struct, frozen=True):
    """
    What is wrong between files: faults, which stop, and warnings, which do not.
    """

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def check(
    overrides: Iterable[Override],
    policies: Mapping[str, Policy],
    directory: Directory,
    *,
    roles: Collection[str],
) -> Checked:
    """
    Return what overrides and policies say of others that is not so; raises nothing.

    `directory` knows who is there and who was; `roles` are those that the export grants. An override that has
    ended counts like any other: it is still read, by people. Where no policy is given, because one cannot be
    read, nobody knows which fields and roles there are, so nothing is said of these.
    """
    listed = tuple(overrides)
    unknown = resolve(listed, directory, today=date.min).faults
    absent = {fault for one in listed for fault in _absent(one, directory, hands_off(listed))}
    if not policies:
        return Checked(tuple(sorted(set(unknown))), tuple(sorted(absent)))
    granted = {*roles, *(role for policy in policies.values() for role in _roles(policy))}
    faults = {
        *unknown,
        *misfits(listed, policies),
        *(fault for one in listed for fault in _strange_roles(one, "roles.add", one.roles_add, granted)),
    }
    warnings = {
        *absent,
        *(fault for one in listed for fault in _strange_roles(one, "roles.remove", one.roles_remove, granted)),
        *(fault for policy in policies.values() for fault in _strange_groups(policy, directory)),
    }
    return Checked(tuple(sorted(faults)), tuple(sorted(warnings)))


def misfits(overrides: Iterable[Override], policies: Mapping[str, Policy]) -> tuple[Fault, ...]:
    """
    Return what overrides say of fields that cannot be so: no run may be made from it, whatever it would come to.
    """
    return tuple(sorted({fault for one in overrides for fault in _fields(one, policies)}))


def _absent(one: Override, directory: Directory, off: Collection[str]) -> Iterator[Fault]:
    """
    Yield a warning where the override is about somebody who is gone, or of whom only `off` (hands off) has a word.

    A leaver must not stop the run.
    """
    what, index, name = ("group", directory.groups, one.group or "")
    if one.user is not None:
        what, index, name = "user", directory.people, one.user
    if folded(name) in index:
        return
    if folded(name) in directory.known_before:
        yield _at(one.origin, f"{quoted(name)} is no longer in the export", "remove it, or leave it for a return")
    elif folded(name) in off:
        told = f"no {what} of the export is {quoted(name)}: gone, or misspelt"
        yield _at(one.origin, told, "remove it, or correct the name")


def _strange_roles(one: Override, part: str, roles: Iterable[str], granted: Collection[str]) -> Iterator[Fault]:
    """
    Yield what is to be told of each role that neither an export grants nor a policy names.

    Where these know no role at all, roles are the target's own affair, and nothing is said of any.
    """
    for role in roles if granted else ():
        if role not in granted:
            place = one.places.get(f"{part}.{role}", one.origin)
            yield _at(place, f"{part}: nobody knows a role {quoted(role)}", close(role, granted))


def _roles(policy: Policy) -> Iterator[str]:
    """
    Yield every role that a policy names.
    """
    administrator = policy.roles.administrator
    yield from (*policy.users.login_roles, *administrator.roles, *administrator.templates)
    for alias, role in policy.roles.aliases.items():
        yield from (alias, role)


def _strange_groups(policy: Policy, directory: Directory) -> Iterator[Fault]:
    """
    Yield a warning for each group that gets profiles and that nobody has heard of.
    """
    for name in policy.profiles.by_group:
        if folded(name) not in directory.groups and folded(name) not in directory.known_before:
            place = policy.origins.get(f"profiles.by_group.{name}", "policy:0")
            yield _at(place, f"profiles.by_group: no group {quoted(name)} in the export", "correct or remove it")


def _fields(one: Override, policies: Mapping[str, Policy]) -> Iterator[Fault]:
    """
    Yield a fault for each field that no policy leaves to the override, and each value that does not fit its field.
    """
    rules = _rules(policies, users=one.user is not None)
    said = [("set", name) for name in one.set] + [("restore", name) for name in one.restore]
    for verb, name in (*said, *(("take", name) for name in one.take), *(("give", name) for name in one.give)):
        place = one.places.get(f"{verb}.{name}", one.origin)
        problem, hint = _authority(verb, name, rules)
        if problem:
            yield _at(place, f"{verb}: {problem}", hint)
        elif verb in {"set", "restore"}:
            yield from _misfit(
                place, f"{verb}.{name}", (one.set if verb == "set" else one.restore)[name], rules[name]
            )


def _rules(policies: Mapping[str, Policy], *, users: bool) -> dict[str, list[FieldRule]]:
    """
    Return what all policies together say of each field.
    """
    rules: dict[str, list[FieldRule]] = {}
    for policy in policies.values():
        for name, rule in (policy.users.fields if users else policy.groups.fields).items():
            rules.setdefault(name, []).append(rule)
    return rules


def _authority(verb: str, name: str, rules: Mapping[str, list[FieldRule]]) -> tuple[str, str]:
    """
    Return why `verb` cannot be said of a field, and what to do; empty where it can.

    | verb | needs a field of authority |
    |---|---|
    | set | source, shared or initial |
    | restore | shared or initial: it is written once |
    | take, give | shared: only such a field has an owner |
    """
    if name not in rules:
        return f"no policy has a field {quoted(name)}", close(name, rules)
    found = sorted({rule.authority for rule in rules[name]})
    wanted = _AUTHORITIES.get(verb, {"shared"})
    if wanted.isdisjoint(found):
        what = f"the authority of {quoted(name)} is {' and '.join(found)}, not {' or '.join(sorted(wanted))}"
        return what, "change the field's authority in the policy, or remove this"
    return "", ""


def _misfit(place: str, name: str, value: Value, rules: Iterable[FieldRule]) -> Iterator[Fault]:
    """
    Yield a fault where the value is of another type than its field; null fits every field but a name.
    """
    wanted = _type(name.partition(".")[2], rules)
    if name == "set.user_name" and not (isinstance(value, str) and value.strip()):
        yield _at(
            place, f"{name} is {quoted(value)}, and nobody can be without a name", "remove it, or give a name"
        )
        return
    if value is not None and wanted is not None and type(value) is not wanted:
        hint = f'put it in quotes: "{value}"' if wanted is str and not isinstance(value, tuple) else ""
        yield _at(place, f"{name} is {quoted(value)}, not {_KINDS[wanted]}", hint)


def _type(name: str, rules: Iterable[FieldRule]) -> type | None:
    """
    Return the type of a field's values, as far as its name, its constant or its default tell.
    """
    if name in SETS:
        return tuple
    if name in _TEXTS:
        return str
    given = [value for rule in rules for value in (rule.value, rule.default)]
    return next((type(value) for value in given if value is not None and not isinstance(value, UnsetType)), None)


def _at(place: str, message: str, hint: str) -> Fault:
    path, _, line = place.rpartition(":")
    return Fault(path, int(line), message, hint)
