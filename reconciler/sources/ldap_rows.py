"""
A directory's entries as canonical rows: who somebody is for good, whether they may log in, how they are called.

Forms: inetOrgPerson (RFC 2798) with entryUUID (RFC 4530) or nsUniqueId (389 Directory Server), posixAccount of RFC
2307, and the user and group of Active Directory ([MS-ADA3], [MS-ADSC]).
"""

import unicodedata
from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from reconciler.core.export import GroupRow, UserRow
from reconciler.sources.ldap_settings import NAMES, Settings
from reconciler.wire.ldap_entry import Entry
from reconciler.wire.ldap_names import naming

GROUP_CLASSES = frozenset(
    {"groupofnames", "groupofuniquenames", "groupofmembers", "groupofurls", "posixgroup", "group"}
)
_PERSON_CLASSES = frozenset({"person", "posixaccount"})
_NO_PERSONS = frozenset({"computer", "contact"})
_KEYS = ("objectGUID", "entryUUID", "nsUniqueId", "ipaUniqueID")
_LASTING = ("entryuuid", "nsuniqueid", "entrycsn", "modifytimestamp", "createtimestamp")
_LOCKS = ("nsAccountLock", "msDS-UserAccountDisabled")
_LOCKED_ROLES = frozenset({"nsmanageddisabledrole", "nsdisabledrole"})
_MICROSOFT = frozenset({"objectguid", "samaccountname"})
_DISABLED = 0x2
_FOR_GOOD = "000001010000"

STATUS = ("userAccountControl", "pwdAccountLockedTime", *_LOCKS, "nsRoleDN", "entryCSN", "modifyTimestamp")
"""What a server must be asked for by name, so that the state is known: most of these are operational."""
KEYS = (*_KEYS, "objectSid")


class Person(Struct, frozen=True):
    """
    An entry that is a person, with its row but for the groups.
    """

    entry: Entry
    row: UserRow


class Team(Struct, frozen=True):
    """
    An entry that is a group, with its row.
    """

    entry: Entry
    row: GroupRow


def is_group(one: Entry) -> bool:
    """
    Return whether an entry is a group, whatever else it is.
    """
    return bool(one.classes() & GROUP_CLASSES)


def is_person(one: Entry) -> bool:
    """
    Return whether an entry is a person: no group, machine or address-book entry.
    """
    classes = one.classes()
    known = bool(classes & _PERSON_CLASSES) or {"user", "inetorgperson", "organizationalperson"} & classes
    return bool(known) and not classes & (_NO_PERSONS | GROUP_CLASSES)


def people(entries: Sequence[Entry], settings: Settings, faults: list[str]) -> list[Person]:
    """
    Return those entries as people; what keeps one from being a row is noted in `faults`.
    """
    return [Person(one, row) for one in entries for row in _user(one, settings, faults)]


def teams(entries: Sequence[Entry], settings: Settings, faults: list[str]) -> list[Team]:
    """
    Return those entries as groups; what keeps one from being a row is noted in `faults`.
    """
    return [Team(one, row) for one in entries for row in _group(one, settings, faults)]


def key_of(one: Entry, settings: Settings) -> str | None:
    """
    Return what an entry is called for good, whatever it is renamed to; None where nothing says so.

    objectGUID is 16 bytes, the first three parts of the UUID with the low byte first ([MS-DTYP] 2.3.4.2).
    """
    if settings.key:
        return one.first(settings.key)
    for raw in one.attributes.get("objectguid", ()):
        if len(raw) == 16:  # noqa: PLR2004 - the bytes of a UUID
            return str(UUID(bytes_le=raw))
    found = one.first(*_KEYS[1:])
    return found.lower() if found else None


def state_of(one: Entry) -> tuple[str, str]:
    """
    Return whether somebody may log in, and the attribute that says so.

    | says | disabled |
    |---|---|
    | userAccountControl | its bit 2 (ADS_UF_ACCOUNTDISABLE) |
    | nsAccountLock, msDS-UserAccountDisabled | true |
    | nsRoleDN | nsManagedDisabledRole: 389's inactivation, whose nsAccountLock a dump does not hold |
    | pwdAccountLockedTime (draft-behera-ldap-password-policy) | 000001010000Z: locked for good |

    A lock with a time is of wrong passwords, as Okta's LOCKED_OUT: whoever types five of them at somebody's login
    shall not put that person away. None of them means active only where operational attributes were printed at all,
    and never in Active Directory, which hides userAccountControl from who may not read it; else nobody knows.
    """
    control = one.first("userAccountControl")
    if control is not None:
        disabled = control.lstrip("-").isdecimal() and int(control) & _DISABLED
        known = control.lstrip("-").isdecimal()
        return ("unknown" if not known else "suspended" if disabled else "active"), f"userAccountControl={control}"
    for name in _LOCKS:
        if (one.first(name) or "").lower() == "true":
            return "suspended", f"{name}=true"
    role = next((dn for dn in one.all("nsRoleDN") if _common_name(dn) in _LOCKED_ROLES), None)
    if role is not None:
        return "suspended", f"nsRoleDN={role}"
    locked = one.first("pwdAccountLockedTime")
    if locked is not None and locked.startswith(_FOR_GOOD):
        return "suspended", f"pwdAccountLockedTime={locked}"
    microsoft = not _MICROSOFT.isdisjoint(one.attributes)
    telling = ("msds-useraccountdisabled",) if microsoft else _LASTING
    return ("active" if any(name in one.attributes for name in telling) else "unknown"), ""


def _common_name(dn: str) -> str:
    """
    Return what an entry is called below its parent, in lower case; empty for what is no name.
    """
    try:
        return naming(dn).get("cn", "").lower()
    except ValueError:
        return ""


def wanted(settings: Settings) -> list[str]:
    """
    Return the attributes to ask a server for.
    """
    mapped = [name for field in NAMES for name in settings.names(field)]
    members = ["member", "uniqueMember", "memberUid", "memberURL", "memberOf", "primaryGroupID", "gidNumber"]
    chosen = [settings.key] if settings.key else []
    names = ["objectClass", "cn", *mapped, *settings.names("roles"), *KEYS, *STATUS, *members]
    return sorted({*names, *settings.attributes, *chosen})


def _user(one: Entry, settings: Settings, faults: list[str]) -> Iterator[UserRow]:
    key, name = key_of(one, settings), one.first(*settings.names("user_name"))
    if not _usable(one, key, name, faults):
        return
    state, said = state_of(one)
    texts = {field: one.first(*settings.names(field)) for field in NAMES}
    fields = {field: tidy(text) for field, text in texts.items() if text is not None}
    roles = {tidy(role) for attribute in settings.names("roles") for role in one.all(attribute)}
    yield msgspec.convert(
        {
            **fields,
            "key": key,
            "state": state,
            "source_state": said,
            "roles": tuple(sorted(roles)),
            "attributes": _attributes(one, settings),
        },
        UserRow,
    )


def _group(one: Entry, settings: Settings, faults: list[str]) -> Iterator[GroupRow]:
    key, name = key_of(one, settings), one.first("cn", "sAMAccountName")
    if not _usable(one, key, name, faults):
        return
    described = one.first("description")
    fields = {} if described is None else {"description": tidy(described)}
    row = {**fields, "key": key, "name": tidy(str(name)), "attributes": _attributes(one, settings)}
    yield msgspec.convert({**row, "dynamic": "groupofurls" in one.classes()}, GroupRow)


def _usable(one: Entry, key: str | None, name: str | None, faults: list[str]) -> bool:
    """
    Return whether an entry can be a row; why not is noted.
    """
    if key is None:
        faults.append(f"{one.dn}: nothing names it for good; print operational attributes too, or set `key`")
    elif name is None:
        faults.append(f"{one.dn}: has no name to be called by; set `fields: {{user_name: ...}}`")
    return key is not None and name is not None


def _attributes(one: Entry, settings: Settings) -> dict[str, str | tuple[str, ...]]:
    """
    Return the name of the entry, and the attributes that were asked for.
    """
    found = {name: tuple(sorted({tidy(value) for value in one.all(name)})) for name in settings.attributes}
    return {"dn": tidy(one.dn), **{name: values for name, values in found.items() if values}}


def tidy(text: str) -> str:
    """
    Return text as rows hold it.
    """
    return unicodedata.normalize("NFC", text)
