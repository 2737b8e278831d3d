"""
IBM Cloud IAM, from files that its API or its command line printed: canonical rows, and whether they are the whole.

    files -> documents -> pages -> proof of completeness
                            `----> people, groups, members, policies -> rows

Records that cannot be right are refused, all at once. What is merely missing is named, and makes the reading
incomplete: then nothing may be removed because of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.model import Collection, GroupRow, UserRow
from reconciler.errors import Fault, InputError, SourceError, UsageError
from reconciler.sources import rawjson
from reconciler.sources.ibmcloud_contents import Contents, contents
from reconciler.sources.ibmcloud_pages import GROUP_ID, Page, pages
from reconciler.sources.ibmcloud_policies import Grants, grants
from reconciler.sources.ibmcloud_proof import distinct, prove
from reconciler.sources.ibmcloud_rows import PUBLIC_ACCESS, is_person
from reconciler.sources.rawjson import shown

_NEEDED = {"users": "users", "groups": "access groups", "policies": "policies"}


class Reading(Struct, frozen=True, kw_only=True):
    """
    What the files say: rows sorted by key, and in `faults` everything that keeps them from being the whole.

    `complete` holds exactly where there are no faults. `notes` are worth reading and change nothing. `fetched_at`
    is UTC; `read` says per collection what was read.
    """

    users: tuple[UserRow, ...]
    groups: tuple[GroupRow, ...]
    account: str
    fetched_at: str
    complete: bool
    read: dict[str, Collection]
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def read_files(
    paths: Sequence[Path], *, account: str | None, service: str = "openpages", fetched_at: str | None
) -> Reading:
    """
    Return what the files, and the `*.json` files in the folders, say of one account.

    `fetched_at` None takes the time of the oldest file. Raises InputError with every fault of every file,
    SourceError where there is nothing to read or no account, UsageError where `fetched_at` is no time.
    """
    moment = None if fetched_at is None else _moment(fetched_at)
    files = _files(paths)
    found, oldest = _pages(files)
    reading = read_pages(found, account=account, service=service, at=moment or oldest)
    notes = list(_file_notes(paths, files))
    if moment is None:
        notes.append(
            f"fetched_at is {reading.fetched_at}, the time of the oldest file; --fetched-at says it better"
        )
    return replace(reading, notes=(*sorted(notes), *reading.notes))


def read_pages(found: Iterable[Page], *, account: str | None, service: str, at: datetime) -> Reading:
    """
    Return what the pages say of one account at one moment; raises as `read_files` does.
    """
    whole = distinct(found)
    held = contents(whole, account)
    granted = grants(held.policies, service=service, at=at)
    read, gaps = prove(whole)
    faults = sorted({*gaps, *_absent(whole, held), *_strangers(held, granted)})
    return Reading(
        users=_users(held, granted),
        groups=_groups(held, granted),
        account=held.account,
        fetched_at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        complete=not faults,
        read=read,
        faults=tuple(faults),
        notes=tuple(sorted({*_notes(whole, held), *granted.notes})),
    )


# ---- files ----


def _files(paths: Sequence[Path]) -> list[Path]:
    """
    Return the files to read, each once, sorted; folders are walked for `*.json`.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*.json") if one.is_file() and not one.name.startswith("."))
            if not inside:
                raise SourceError(f"{path}: holds no .json file", hint="give the folder into which you exported")
            found.update({one.resolve(): one for one in inside})
        elif path.exists():
            found[path.resolve()] = path
        else:
            raise SourceError(f"{path}: is not there", hint="give files or folders that exist")
    if not found:
        raise SourceError("no files to read", hint="say which: reconciler export ibmcloud --from PATH...")
    return sorted(found.values())


def _pages(files: Sequence[Path]) -> tuple[list[Page], datetime]:
    """
    Return the pages of all files, and when the oldest was written; raises InputError with the faults of all.
    """
    found: list[Page] = []
    faults: list[Fault] = []
    times: list[float] = []
    for path in files:
        try:
            document, modified = rawjson.read(path)
            found += pages(document, path)
            times.append(modified)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(tuple(faults))
    return found, datetime.fromtimestamp(int(min(times)), UTC)


def _file_notes(paths: Sequence[Path], files: Sequence[Path]) -> Iterator[str]:
    """
    Yield how many files of the given folders were passed over.
    """
    read = {path.resolve() for path in files}
    inside = {one.resolve() for path in paths if path.is_dir() for one in path.rglob("*") if one.is_file()}
    if inside - read:
        yield f"files in the folders that are not *.json, and were not read: {len(inside - read)}"


def _moment(text: str) -> datetime:
    """
    Return the moment that a person typed, in UTC; raises UsageError.
    """
    hint = "write it as 2026-11-20T06:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise UsageError(f"{text!r} has no time zone", hint=hint)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no time", hint=hint) from error


# ---- rows ----


def _users(held: Contents, granted: Grants) -> tuple[UserRow, ...]:
    """
    Return everybody with their groups and the roles granted to them directly, sorted by key.
    """
    joined: dict[str, set[str]] = defaultdict(set)
    for one in held.members:
        joined[one.iam_id].add(one.group)
    return tuple(
        replace(
            row,
            groups=tuple(sorted(joined.get(key, set()) & held.groups.keys())),
            roles=tuple(sorted(granted.users.get(key, ()))),
        )
        for key, row in sorted(held.users.items())
    )


def _groups(held: Contents, granted: Grants) -> tuple[GroupRow, ...]:
    """
    Return every group with the roles it grants, sorted by key; one with a member let in by a rule is dynamic.
    """
    by_rule = {one.group for one in held.members if one.dynamic}
    return tuple(
        replace(row, roles=tuple(sorted(granted.groups.get(key, ()))), dynamic=row.dynamic or key in by_rule)
        for key, row in sorted(held.groups.items())
    )


# ---- what is missing ----


def _absent(whole: Sequence[Page], held: Contents) -> Iterator[str]:
    """
    Yield each list that must be there and is not.
    """
    kinds = {page.kind for page in whole}
    yield from (f"no {label} were given" for kind, label in _NEEDED.items() if kind not in kinds)
    asked = {page.whose for page in whole if page.kind == "members"} | {PUBLIC_ACCESS}
    yield from (f"members of {_named(held, key)} were not given" for key in held.groups if key not in asked)
    lists = {page.whose for page in whole if page.kind == "policies"}
    if lists and None not in lists:
        yield from (f"policies of {_named(held, key)} were not given" for key in held.groups if key not in lists)
    known = {one.id for one in held.policies}
    for key in held.placeholders - known:
        yield f"policy {shown(key)} was not given: v1 says no more than that it is one of v2"


def _strangers(held: Contents, granted: Grants) -> Iterator[str]:
    """
    Yield whoever is a member, or is granted a role, and is not in the list of people or groups.
    """
    for one in held.members:
        if one.sort == "person" and one.iam_id not in held.users:
            yield f"{shown(one.iam_id)} is a member of {_named(held, one.group)}, and not among the users"
        if one.group not in held.groups:
            yield f"members of {shown(one.group)} were given, which is not among the access groups"
    for key in granted.users.keys() - held.users.keys():
        if is_person(key):
            yield f"{shown(key)} is granted a role, and not among the users"
    for key in granted.groups.keys() - held.groups.keys() - {PUBLIC_ACCESS}:
        yield f"{shown(key)} is granted a role, and not among the access groups"


def _named(held: Contents, key: str) -> str:
    """
    Return a group by id and, where it is known, name.
    """
    row = held.groups.get(key)
    return f"{shown(key)} ({shown(row.name)})" if row else shown(key)


# ---- what is worth reading ----


def _notes(whole: Sequence[Page], held: Contents) -> Iterator[str]:
    """
    Yield what was left out on purpose, and what looks odd.
    """
    outside = Counter({(one.sort, one.iam_id): 1 for one in held.members if one.sort != "person"})
    for sort, number in sorted(Counter(sort for sort, _ in outside).items()):
        yield f"members that are no people ({sort}), left out: {number}"
    if held.guests:
        yield f"invited people who have no id yet, left out: {held.guests}"
    states = Counter(row.source_state for row in held.users.values() if row.state == "unknown")
    for state, number in sorted(states.items()):
        label = f"the state {shown(state)}, which is not known" if state else "no state"
        yield f"people with {label}, who are neither created nor changed: {number}"
    lists = {page.whose for page in whole if page.kind == "policies"}
    if lists and None not in lists and all(key.startswith(GROUP_ID) for key in lists if key):
        yield "only policies of groups were given: roles granted to people directly are not known"
