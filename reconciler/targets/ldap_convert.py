"""
Entries as live users and groups, and writes as what is done to entries: pure, and checked before anything is sent.
"""

import hashlib
from collections.abc import Iterable, Mapping

from reconciler.core.model import SETS, Fields, Kind, Live, Value
from reconciler.ports import Write
from reconciler.targets.ldap_settings import Groups, LdapSettings, Users
from reconciler.wire.ldap_entry import Entry
from reconciler.wire.ldap_names import naming, normal
from reconciler.wire.ldap_requests import Changes

NAMES: dict[Kind, str] = {"user": "user_name", "group": "name"}
OURS = "run-unnamed"
"""Who wrote what bears our own name: a run, but a directory does not say which."""

REPLACE, DELETE, ADD = "MODIFY_REPLACE", "MODIFY_DELETE", "MODIFY_ADD"


class RefusedError(Exception):
    """
    One write cannot be made; the message is the target's word on it. Never leaves the target.
    """


def place(settings: LdapSettings, kind: Kind) -> Users | Groups:
    """
    Return where entries of a kind are, and what they are made of.
    """
    return settings.users if kind == "user" else settings.groups


def asked(settings: LdapSettings, kind: Kind) -> list[str]:
    """
    Return the attributes that a live entity is made of, but for the members of a group.
    """
    at = place(settings, kind)
    evidence = [settings.id, "entryCSN", "modifiersName", "objectClass"]
    lock = [settings.users.disabled.attribute] if kind == "user" else []
    return sorted({*at.fields.values(), *evidence, *lock, *filter(None, [at.external_id])})


def live(entry: Entry, settings: LdapSettings, kind: Kind, *, groups: Iterable[str], roles: Iterable[str]) -> Live:
    """
    Return an entry as the engine sees it; `roles` are those that its groups express.
    """
    at = place(settings, kind)
    fields = _fields(entry, at)
    found = tuple(sorted(groups))
    if kind == "user" and ("roles" in at.fields or roles):
        fields["roles"] = tuple(sorted({*_set(fields.get("roles")), *roles}))
    return Live(
        kind=kind,
        id=entry.first(settings.id) or "",
        name=str(fields[NAMES[kind]]),
        fields=fields,
        active=not isinstance(at, Users) or not _is_disabled(entry, at),
        external_id=entry.first(at.external_id) if at.external_id else None,
        groups=found,
        version=_version(entry, kind, fields, (*found, *sorted(roles))),
        changed_by=_writer(entry, settings),
    )


def csn(version: str) -> str:
    """
    Return the change number that a user's version begins with; empty where the directory gives none.
    """
    return version.partition("|")[0].removeprefix("~")


def checked(write: Write, settings: LdapSettings) -> Fields:
    """
    Return what a write sets, the name among it where it creates; raises RefusedError for what has no place.
    """
    kind, at = write.kind, place(settings, write.kind)
    given = {NAMES[kind]: write.name, **write.fields} if write.action == "create" else write.fields
    if kind == "group" and (write.join or write.leave):
        raise RefusedError("a group is no member of groups")
    for name, value in given.items():
        if name == "active":
            _check_state(value, kind)
        elif name not in at.fields and not (name == "roles" and kind == "user"):
            raise RefusedError(f"a {kind} has no field {name!r}")
        else:
            _check(name, value)
    if given.get(NAMES[kind], write.name) in {None, ""}:
        raise RefusedError(f"{NAMES[kind]} cannot be empty")
    _check("external_id", write.key or None)
    return dict(given)


def added(write: Write, fields: Fields, settings: LdapSettings) -> dict[str, list[bytes]]:
    """
    Return the attributes of a new entry.
    """
    at = place(settings, write.kind)
    values = {"objectClass": [name.encode() for name in at.object_classes]}
    for attribute, texts in _values(fields, at):
        values.setdefault(attribute, []).extend(texts)
    if at.external_id and write.key:
        values[at.external_id] = [write.key.encode()]
    if isinstance(at, Users):
        values.setdefault("cn", [write.name.encode()])
        values |= {name: [at.filler.encode()] for name in at.required if not values.get(name)}
        if fields.get("active") is False:
            values[at.disabled.attribute] = [at.disabled.value.encode()]
    elif at.placeholder is not None:
        values[at.member] = [at.placeholder.encode()]
    return {name: texts for name, texts in values.items() if texts}


def modified(fields: Fields, settings: LdapSettings, kind: Kind, entry: Entry) -> Changes:
    """
    Return what is done to attributes so that an entry holds the fields; its name only where no DN says it.

    Of several values of a field we read one, and take that one away: the others were shown to nobody.
    """
    at = place(settings, kind)
    named = {NAMES[kind]} if is_named_by(entry, at.fields[NAMES[kind]]) else set()
    changes: Changes = {}
    for name, value in fields.items():
        if name in at.fields and name not in named:
            attribute = at.fields[name]
            filler = [at.filler.encode()] if isinstance(at, Users) and attribute in at.required else []
            [(_, texts)] = _values({name: value}, at)
            several = name not in SETS and len(entry.all(attribute)) > 1
            changes[attribute] = _exchange(entry, attribute, texts) if several else [(REPLACE, texts or filler)]
    if isinstance(at, Users) and "active" in fields:
        changes[at.disabled.attribute] = [(REPLACE, [] if fields["active"] else [at.disabled.value.encode()])]
    return changes


def said(entry: Entry, attribute: str) -> str | None:
    """
    Return the value that stands for a field: the one in the entry's name, else the first.

    Values have no order (RFC 4512, section 2.2), but servers keep that in which they were written.
    """
    values = entry.all(attribute)
    if len(values) > 1:
        own = (naming(entry.dn).get(attribute.lower()) or "").lower()
        return next((one for one in values if own and one.lower() == own), entry.first(attribute))
    return values[0] or None if values else None


def is_named_by(entry: Entry, attribute: str) -> bool:
    """
    Return whether the attribute is in the entry's own name: then another value is another name.
    """
    return attribute.lower() in naming(entry.dn)


def differing(there: Live, fields: Fields, join: Iterable[str]) -> list[str]:
    """
    Return the names of what was asked for and is not so.
    """
    held = {**there.fields, "active": there.active}
    wrong = [name for name, value in fields.items() if held.get(name) != _tidy(name, value)]
    return sorted(wrong) + ([] if set(join) <= set(there.groups) else ["groups"])


def _values(fields: Mapping[str, Value], at: Users | Groups) -> list[tuple[str, list[bytes]]]:
    """
    Return the values of each attribute; those of a field that was emptied are none.
    """
    return [
        (at.fields[name], [text.encode() for text in ([value] if isinstance(value, str) else _set(value))])
        for name, value in fields.items()
        if name in at.fields
    ]


def _exchange(entry: Entry, attribute: str, texts: list[bytes]) -> list[tuple[str, list[bytes]]]:
    """
    Return what puts one value in the place of the one that is read, and leaves the others.

    All go and come again in the same order, so that the new one is read next; one that was added meanwhile stays.
    """
    held = [text.encode() for text in entry.all(attribute)]
    read = (said(entry, attribute) or "").encode()
    others = [one for one in held if one != read and one not in texts]
    if not texts:
        return [(DELETE, [read])]
    return [(DELETE, held), (ADD, [*texts, *others])]


def _fields(entry: Entry, at: Users | Groups) -> Fields:
    found: Fields = {}
    for name, attribute in at.fields.items():
        if name in SETS:
            found[name] = tuple(sorted(set(entry.all(attribute))))
            continue
        text = said(entry, attribute)
        unsaid = isinstance(at, Users) and attribute in at.required and text == at.filler
        found[name] = None if unsaid else text
    return found


def _version(entry: Entry, kind: Kind, fields: Fields, groups: tuple[str, ...]) -> str:
    """
    Return what changes with every write of anybody: of a user by its change number and groups, of a group by value.

    Members move a group's change number, and people who join one group shall not stand in each other's way.
    """
    number = entry.first("entryCSN") if kind == "user" else None
    rest = repr((groups, None if number else (entry.dn, sorted(fields.items()), entry.attributes)))
    if kind == "group":
        rest = repr((normal(entry.dn), sorted(fields.items())))
    return f"{number or '~'}|{hashlib.sha256(rest.encode()).hexdigest()[:16]}"


def _writer(entry: Entry, settings: LdapSettings) -> str | None:
    """
    Return who wrote last: a run of ours, or an administrator; None where the directory does not say.
    """
    name = entry.first("modifiersName")
    if name is None:
        return None
    ours = name == settings.bind_dn or normal(name) == normal(settings.bind_dn)
    return OURS if ours else "admin"


def _is_disabled(entry: Entry, at: Users) -> bool:
    return (entry.first(at.disabled.attribute) or "").lower() == at.disabled.value.lower()


def _set(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _tidy(name: str, value: Value) -> Value:
    return tuple(sorted(set(_set(value)))) if name in SETS else value


def _check_state(value: Value, kind: Kind) -> None:
    """
    Refuse what is no state, and to put away a group: those of a directory are there or are not.
    """
    if not isinstance(value, bool):
        raise RefusedError(f"active takes true or false, not {value!r}")
    if kind == "group" and not value:
        raise RefusedError("active: a directory has no inactive groups; let the policy delete or keep them")


def _check(name: str, value: Value) -> None:
    """
    Refuse what no attribute keeps as it is: another type, empty text, a NUL, half a character.
    """
    if name in SETS and not (value is None or isinstance(value, tuple)):
        raise RefusedError(f"{name} takes a list, not {value!r}")
    if name not in SETS and not (value is None or isinstance(value, str)):
        raise RefusedError(f"{name} takes text, not {value!r}")
    for text in value if isinstance(value, tuple) else [] if value is None else [str(value)]:
        if not text:
            raise RefusedError(f"{name}: a directory keeps no empty text; clear the field instead")
        if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
            raise RefusedError(f"{name} holds what no directory keeps: {text!r}")
