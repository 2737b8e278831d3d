"""
Overrides, resolved: which person or group each is about, what they say together, and what has ended or soon will.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from msgspec import Struct, convert, field
from msgspec.structs import replace

from reconciler.core.canonical import digest, encode
from reconciler.core.directory import Directory
from reconciler.core.matching import folded
from reconciler.core.model import Decisions, Expiring, Fields, Notice, Transfer
from reconciler.core.overrides import Override, Waiver, statements
from reconciler.core.ruling import Ruling, Verb
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


class _Told(Struct, frozen=True):
    """
    What resolving finds on its way: faults, which stop the run, and notices, which do not.
    """

    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def resolve(overrides: Iterable[Override], directory: Directory, *, today: date) -> Resolved:
    """
    Return what the overrides that still hold say of whom; two that contradict each other are a fault.
    """
    all_of_them = sorted(overrides, key=lambda override: (override.origin, override.digest))
    told, off = _Told(), hands_off(all_of_them)
    users: dict[str, list[Override]] = {}
    groups: dict[str, list[Override]] = {}
    for override in all_of_them:
        if _ended(override.until, today):
            continue
        about, found = (override.user, users) if override.user is not None else (override.group or "", groups)
        keys = directory.person(about) if override.user is not None else directory.group(about)
        what = "user" if override.user is not None else "group"
        if not keys and folded(about) in off and not directory.gone(about):
            told.notices.append(_of_nobody(override, what, about))
            continue
        for key in _the_one(keys, directory, told, what=what, name=about, origin=override.origin):
            found.setdefault(key, []).append(override)
    return Resolved(
        users={key: _merged(found, directory, told) for key, found in sorted(users.items())},
        groups={key: _merged(found, directory, told) for key, found in sorted(groups.items())},
        faults=tuple(told.faults),
        notices=tuple(told.notices),
        expiring=expiring(all_of_them, today),
    )


def hands_off(overrides: Iterable[Override]) -> frozenset[str]:
    """
    Return the names, folded, of everybody and every group that overrides exclude or block.

    The ledger need not know them: nothing was ever made for them. So they may leave, and nobody can tell that they
    were there.
    """
    return frozenset(folded(one.user or one.group or "") for one in overrides if one.exclude or one.block)


def _of_nobody(override: Override, what: str, name: str) -> Notice:
    text = f"{override.origin}: no {what} of the export is {name!r}: gone, or misspelt; the override waits for one"
    return Notice(code="override-of-nobody", level="warning", text=text)


def _the_one(
    keys: Collection[str], directory: Directory, told: _Told, *, what: str, name: str, origin: str
) -> Collection[str]:
    """
    Return the one key that was meant; none, and what there is to tell, where it is not clear which.

    Somebody who is gone must not stop the run: that is told, and the override waits.
    """
    if len(keys) == 1:
        return keys
    if not keys and directory.gone(name):
        text = f"{origin}: {name!r} is no longer in the export; the override waits for a return"
        told.notices.append(Notice(code="override-of-leaver", level="warning", text=text))
        return ()
    path, _, line = origin.rpartition(":")
    if keys:
        message, hint = (
            f"{name!r} is ambiguous: it may be {', '.join(sorted(keys))}",
            "name the key of the one you mean",
        )
    else:
        message = f"unknown {what} {name!r}"
        hint = (
            f"no {what} of the export, and none the ledger knew, has that key or name; correct or remove the entry"
        )
    told.faults.append(Fault(path, int(line), message, hint))
    return ()


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


def _merged(found: list[Override], directory: Directory, told: _Told) -> Decided:
    """
    Return what the overrides of one subject say together.
    """
    told.faults.extend(_contradictions(found))
    return Decided(
        set={name: value for one in found for name, value in one.set.items()},
        places={part: _place(one, part) for one in found for part in one.places},
        groups_add=frozenset(_groups(found, "groups.add", directory, told)),
        groups_remove=frozenset(_groups(found, "groups.remove", directory, told)),
        roles_add=frozenset(role for one in found for role in one.roles_add),
        roles_remove=frozenset(role for one in found for role in one.roles_remove),
        copy_from=tuple(dict.fromkeys(key for one in found for key in _copied(one, directory, told))),
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
    Yield a fault for each thing of which two overrides say different things; order of files decides nothing.
    """
    said: dict[str, tuple[object, str]] = {}
    for one in found:
        for what, value, part in statements(one):
            place = _line(one, part)
            before = said.setdefault(what, (value, place))
            if encode(before[0]) != encode(value):
                path, _, line = place.rpartition(":")
                told = f"{what} is {value!r} here, but {before[0]!r} at {before[1]}"
                yield Fault(path, int(line), told, "two overrides may not disagree: remove one")


def _line(one: Override, part: str) -> str:
    """
    Return the place of a part of an override, or of the nearest one around it.
    """
    while part and part not in one.places:
        part = part.rpartition(".")[0]
    return one.places.get(part, one.origin)


def _groups(found: list[Override], part: str, directory: Directory, told: _Told) -> Iterator[str]:
    """
    Yield the keys of the groups that the overrides name.
    """
    for one in found:
        for name in one.groups_add if part == "groups.add" else one.groups_remove:
            origin = _line(one, f"{part}.{name}")
            yield from _the_one(directory.group(name), directory, told, what="group", name=name, origin=origin)


def _copied(one: Override, directory: Directory, told: _Told) -> Collection[str]:
    """
    Return the key of whoever's access is copied.
    """
    name, origin = one.copy_access_from, _line(one, "copy_access_from")
    if name is None:
        return ()
    found = directory.person(name)
    if one.user is not None and len(found) == 1 and found == directory.person(one.user):
        path, _, line = origin.rpartition(":")
        hint = "name somebody else, or remove it"
        told.faults.append(Fault(path, int(line), f"{name!r} would copy the access of nobody but {name!r}", hint))
        return ()
    return _the_one(found, directory, told, what="user", name=name, origin=origin)


def _decisions(found: list[Override]) -> Decisions:
    """
    Return which fields are given, taken and restored, and whether the account may be adopted, and enabled.

    Where two say the same, the digest chooses whose it is, so that neither acts again when a file moves.
    """
    transfers: dict[str, Transfer] = {}
    for one in sorted(found, key=lambda one: one.digest):
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
        enable=any(one.enable for one in found),
        ruling=next((_ruling(one) for one in found if one.decision), None),
    )


def _ruling(override: Override) -> Ruling:
    return Ruling(
        verb=convert(override.decision, Verb),
        reviewed=override.reviewed if isinstance(override.reviewed, str) else "",
        origin=_line(override, "decision"),
        reason=override.reason,
    )


def _transfer(override: Override, verb: str, name: str) -> Transfer:
    return Transfer(
        verb="take" if verb == "take" else "restore",
        digest=digest(override.digest, verb, name),
        origin=_line(override, f"{verb}.{name}"),
        reason=override.reason,
    )
