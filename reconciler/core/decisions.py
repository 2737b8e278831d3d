"""
Overrides, resolved: which person or group each is about, what they say together, and what has ended or soon will.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.canonical import digest
from reconciler.core.correlate import folded
from reconciler.core.ledger import LedgerRow
from reconciler.core.model import Decisions, Expiring, Export, Fields, Notice, Transfer
from reconciler.core.overrides import Override, Waiver
from reconciler.errors import Fault

SOON = timedelta(days=30)


class Decided(Struct, frozen=True, kw_only=True):
    """
    Everything the overrides say of one person or group. `places` has the `path:line` and reason of each part.
    """

    set: Fields = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    groups_add: frozenset[str] = frozenset()
    groups_remove: frozenset[str] = frozenset()
    roles_add: frozenset[str] = frozenset()
    roles_remove: frozenset[str] = frozenset()
    copy_from: tuple[str, ...] = ()
    include: bool = False
    exclude: bool = False
    block: bool = False
    rename: str | None = None
    decisions: Decisions = field(default_factory=Decisions)


class Resolved(Struct, frozen=True, kw_only=True):
    """
    Overrides by the key they are about; what could not be resolved; what ends soon or has ended.
    """

    users: dict[str, Decided]
    groups: dict[str, Decided]
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]
    expiring: tuple[Expiring, ...]


class Directory:
    """
    Finds people and groups by what people call them: key, user name, e-mail; key or name.
    """

    def __init__(self, export: Export, users: Mapping[str, LedgerRow], groups: Mapping[str, LedgerRow]) -> None:
        self.people: dict[str, set[str]] = {}
        self.groups: dict[str, set[str]] = {}
        for placed in export.users:
            mail = placed.row.email
            _note(self.people, placed.row.key, placed.row.key, placed.row.user_name, mail or "")
        for group in export.groups:
            former = groups[group.row.key].names if group.row.key in groups else None
            _note(self.groups, group.row.key, group.row.key, group.row.name, *(former.previous if former else ()))
        self.known_before = {
            folded(name)
            for row in (*users.values(), *groups.values())
            for name in (row.key, *((row.names.present, *row.names.previous) if row.names else ()))
        }


def _note(index: dict[str, set[str]], key: str, *names: object) -> None:
    for name in names:
        if isinstance(name, str) and name:
            index.setdefault(folded(name), set()).add(key)


def resolve(overrides: Iterable[Override], directory: Directory, *, today: date) -> Resolved:
    """
    Return what the overrides that still hold say of whom; two that contradict each other are a fault.
    """
    all_of_them = sorted(overrides, key=lambda override: override.origin)
    valid = [override for override in all_of_them if not _ended(override.until, today)]
    faults: list[Fault] = []
    notices: list[Notice] = []
    users: dict[str, list[Override]] = {}
    groups: dict[str, list[Override]] = {}
    for override in valid:
        index = directory.people if override.user is not None else directory.groups
        name = override.user if override.user is not None else override.group or ""
        keys = index.get(folded(name), set())
        if len(keys) == 1:
            (users if override.user is not None else groups).setdefault(min(keys), []).append(override)
        elif not keys and folded(name) in directory.known_before:
            notices.append(_gone(override, name))
        else:
            faults.append(_unresolved(override, name, keys))
    return Resolved(
        users={key: _merged(found, directory, faults) for key, found in sorted(users.items())},
        groups={key: _merged(found, directory, faults) for key, found in sorted(groups.items())},
        faults=tuple(faults),
        notices=tuple(notices),
        expiring=expiring(all_of_them, today),
    )


def expiring(entries: Iterable[Override | Waiver], today: date) -> tuple[Expiring, ...]:
    """
    Return what ends within 30 days of `today`, and what has ended, sorted by its last day.
    """
    found = [
        Expiring(origin=one.origin, until=one.until, text=_about(one, today))
        for one in entries
        if one.until and date.fromisoformat(one.until) <= today + SOON
    ]
    return tuple(sorted(found, key=lambda one: (one.until, one.origin)))


def _about(one: Override | Waiver, today: date) -> str:
    what = f"waiver of {one.guard}" if isinstance(one, Waiver) else f"override of {one.user or one.group}"
    return f"{what} {'has ended' if _ended(one.until, today) else 'ends'} ({one.reason})"


def _ended(until: str | None, today: date) -> bool:
    return until is not None and date.fromisoformat(until) < today


def _gone(override: Override, name: str) -> Notice:
    told = f"{override.origin}: {name!r} is no longer in the export; the override waits for a return"
    return Notice(code="override-of-leaver", level="warning", text=told)


def _unresolved(override: Override, name: str, keys: Iterable[str]) -> Fault:
    path, _, line = override.origin.rpartition(":")
    found = sorted(keys)
    if found:
        message = f"{name!r} is ambiguous: it may be {', '.join(found)}"
        return Fault(path, int(line), message, "name the key of the one you mean")
    what = "user" if override.user is not None else "group"
    hint = f"no {what} of the export, and none the ledger knew, has that key or name; correct or remove the entry"
    return Fault(path, int(line), f"unknown {what} {name!r}", hint)


def _merged(found: list[Override], directory: Directory, faults: list[Fault]) -> Decided:
    """
    Return what the overrides of one subject say together.
    """
    faults.extend(_contradictions(found))
    return Decided(
        set={name: value for one in found for name, value in one.set.items()},
        places={part: _place(one, part) for one in found for part in one.places},
        groups_add=_groups(found, "groups_add", directory, faults),
        groups_remove=_groups(found, "groups_remove", directory, faults),
        roles_add=frozenset(role for one in found for role in one.roles_add),
        roles_remove=frozenset(role for one in found for role in one.roles_remove),
        copy_from=tuple(key for one in found for key in _copied(one, directory, faults)),
        include=any(one.include for one in found),
        exclude=any(one.exclude for one in found),
        block=any(one.block for one in found),
        rename=next((one.rename for one in found if one.rename), None),
        decisions=_decisions(found),
    )


def _place(override: Override, part: str) -> str:
    reason = f" ({override.reason})" if override.reason else ""
    return f"override {override.places[part]}{reason}"


def _contradictions(found: list[Override]) -> Iterable[Fault]:
    """
    Yield a fault for each field of which two overrides say different things; order of files decides nothing.
    """
    said: dict[str, tuple[object, str]] = {}
    for one in found:
        statements = {f"set.{name}": value for name, value in one.set.items()}
        statements |= {f"transfer.{name}": "give" for name in one.give}
        statements |= {f"transfer.{name}": "take" for name in one.take}
        statements |= {f"transfer.{name}": f"restore {value!r}" for name, value in one.restore.items()}
        statements |= {"rename": one.rename} if one.rename else {}
        for what, value in statements.items():
            before = said.setdefault(what, (value, one.origin))
            if before[0] != value:
                path, _, line = one.origin.rpartition(":")
                told = f"{what} is {value!r} here, but {before[0]!r} at {before[1]}"
                yield Fault(path, int(line), told, "two overrides may not disagree: remove one")


def _groups(found: list[Override], part: str, directory: Directory, faults: list[Fault]) -> frozenset[str]:
    """
    Return the keys of the groups that the overrides name.
    """
    keys: set[str] = set()
    for one in found:
        for name in getattr(one, part):
            known = directory.groups.get(folded(name), set())
            if len(known) == 1:
                keys |= known
            else:
                asked = replace(
                    one, user=None, group=name, origin=one.places.get(part.replace("_", "."), one.origin)
                )
                faults.append(_unresolved(asked, name, known))
    return frozenset(keys)


def _copied(override: Override, directory: Directory, faults: list[Fault]) -> Iterable[str]:
    name = override.copy_access_from
    if name is None:
        return ()
    known = directory.people.get(folded(name), set())
    if len(known) != 1:
        faults.append(_unresolved(override, name, known))
        return ()
    return known


def _decisions(found: list[Override]) -> Decisions:
    """
    Return which fields are given, taken and restored, and whether the account may be adopted.
    """
    transfers: dict[str, Transfer] = {}
    for one in found:
        reviewed = one.reviewed if isinstance(one.reviewed, dict) else {}
        for name in one.take:
            transfers[name] = _transfer(one, "take", name)
        for name, value in one.restore.items():
            transfers[name] = replace(_transfer(one, "restore", name), value=value)
        for name, value in reviewed.items():
            if name in transfers:
                transfers[name] = replace(transfers[name], reviewed=value)
    return Decisions(
        give=frozenset(name for one in found for name in one.give),
        transfers=transfers,
        adopt=any(one.adopt for one in found),
    )


def _transfer(override: Override, verb: str, name: str) -> Transfer:
    return Transfer(
        verb="take" if verb == "take" else "restore",
        digest=digest(override.digest, verb, name),
        origin=override.places.get(f"{verb}.{name}", override.places.get(verb, override.origin)),
        reason=override.reason,
    )
