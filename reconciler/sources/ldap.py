"""
Source `ldap`: a directory, asked itself or read from the LDIF that its tools print.

https://www.rfc-editor.org/rfc/rfc4510 and, of Active Directory, [MS-ADTS]. What a directory proves: every page of
both searches came, none was cut short by a limit, and no group gave only a part of its members.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors import SourceError, UsageError
from reconciler.ports import Reading, Searchable
from reconciler.ports_adapter import Asking, SourceAdapter
from reconciler.sources import ldap_ldif
from reconciler.sources.ldap_ldif import Ldif
from reconciler.sources.ldap_live import Answering, Asked, DirectorySearch
from reconciler.sources.ldap_reading import Gathered, reading
from reconciler.sources.ldap_rows import is_group, is_person
from reconciler.sources.ldap_settings import Settings
from reconciler.wire.ldap_connect import Channel, connect
from reconciler.wire.ldap_entry import Entry
from reconciler.wire.ldap_names import normal

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_PRINT = "ldapsearch -LLL -x -b BASE '(objectClass=*)' '*' '+' >directory.ldif"


def read_files(paths: Sequence[Path], asking: Asking[Settings]) -> Reading:
    """
    Return what LDIF files, or all those in folders, say of the directory.

    Raises InputError for what is no LDIF, SourceError for files of nobody, or of another directory.
    """
    files = [ldap_ldif.read(path) for path in _files(paths)]
    if not files:
        raise SourceError("there is no LDIF file", hint=_PRINT)
    entries = [one for file in files for one in file.entries]
    account = _account(entries, asking)
    at = asking.fetched_at or _time(datetime.fromtimestamp(int(min(file.written for file in files)), UTC))
    gathered = Gathered(
        persons=[one for one in entries if is_person(one)],
        groups=[one for one in entries if is_group(one)],
        account=account,
        at=_checked(at),
        pages=(len(files), len(files)),
        faults=[fault for file in files for fault in _endings(file)],
        notes=[*_oddities(files, entries), *_elsewhere(uri for file in files for uri in file.references)],
    )
    return reading(gathered, asking.settings)


def read_live(asking: Asking[Settings], dial: Callable[[Channel], Answering] = connect) -> Reading | None:
    """
    Return what the directory says; None where no server is named. Raises SourceError where none answers.
    """
    settings = asking.settings
    if not settings.servers:
        return None
    began = _time(asking.now())
    with Asked(asking, dial) as directory:
        persons = directory.find(settings.base, settings.user_filter)
        groups = directory.find(settings.groups_base or settings.base, settings.group_filter)
    gathered = Gathered(
        persons=[one for one in persons.entries if is_person(one)],
        groups=groups.entries,
        account=asking.account or settings.base,
        at=began,
        pages=(persons.pages, groups.pages),
        faults=[*persons.faults, *groups.faults],
        notes=list(_elsewhere((*persons.referrals, *groups.referrals))),
    )
    return reading(gathered, settings)


def _oddities(files: Sequence[Ldif], entries: Sequence[Entry]) -> Iterator[str]:
    """
    Yield what is left out, and what nobody knows of files.
    """
    rest = sum(not is_person(one) and not is_group(one) for one in entries)
    if rest:
        yield f"entries that are no people or groups, left out: {rest}"
    if any(file.result is None and file.total is None for file in files):
        yield "nothing in the files says that a search ended well: whether they are whole is yours to know"


def _elsewhere(references: Iterable[str]) -> Iterator[str]:
    """
    Yield the parts of the directory that other servers have; whether they matter is for who reads the notes.
    """
    for uri in sorted({*references}):
        yield f"a part of the directory that another server has, not read: {uri}"


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted((*path.glob("*.ldif"), *path.glob("*.ldf"))) if path.is_dir() else [path]


def _endings(file: Ldif) -> Iterator[str]:
    """
    Yield what tells that a file is not all that was asked for.
    """
    if file.result is not None and file.result[0] != 0:
        yield f"{file.path.name}: the search ended with {file.result[0]} {file.result[1]}".rstrip()
    if file.more:
        yield f"{file.path.name}: the search has more pages than are there"
    if file.total is not None and file.total != len(file.entries):
        yield f"{file.path.name}: {file.total} entries are told, and {len(file.entries)} are there"


def _account(entries: Sequence[Entry], asking: Asking[Settings]) -> str:
    """
    Return what the directory is called; raises SourceError where an entry is not below what is expected.
    """
    base = asking.settings.base or (asking.account if asking.account and "=" in asking.account else "")
    if base:
        below = normal(base)
        foreign = next((one.dn for one in entries if not f",{_spelled(one.dn)}".endswith(f",{below}")), None)
        if foreign is not None:
            told = f"{foreign!r} is not below {base!r}: an export of another directory"
            raise SourceError(told, hint="name the files of this one, or another `base`")
    found = asking.account or base
    if not found:
        raise UsageError("nobody says which directory this is", hint="set `base`, or name it: --account")
    return found


def _spelled(dn: str) -> str:
    try:
        return normal(dn)
    except ValueError:
        return ""


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)


def _checked(text: str) -> str:
    """
    Return a time as it was typed, if it is one.
    """
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC).strftime(_TIME)
    except ValueError as error:
        raise UsageError(f"{text!r} is no time", hint="write it as 2026-11-20T06:00:00Z") from error


def _searched(asking: Asking[Settings]) -> Searchable | None:
    return DirectorySearch(asking) if asking.settings.servers else None


ADAPTER = SourceAdapter(settings=Settings, files=read_files, live=read_live, search=_searched)
"""What is plugged in under the name `ldap`."""
