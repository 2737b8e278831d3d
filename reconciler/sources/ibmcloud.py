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

from reconciler.core.export import GroupRow, UserRow
from reconciler.errors import UsageError
from reconciler.files.rows import collector_paused
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, SourceAdapter
from reconciler.sources.ibmcloud_contents import Contents, contents
from reconciler.sources.ibmcloud_files import pages_of, time_of
from reconciler.sources.ibmcloud_gaps import absent, strangers
from reconciler.sources.ibmcloud_pages import Page
from reconciler.sources.ibmcloud_policies import Grants, grants
from reconciler.sources.ibmcloud_proof import distinct, prove
from reconciler.sources.ibmcloud_rows import PUBLIC_ACCESS
from reconciler.sources.rawjson import shown


class Settings(Struct, frozen=True, kw_only=True):
    """
    What reconciler.yaml may say of an account: the service whose roles count.
    """

    service: str = "openpages"


def read_files(
    paths: Sequence[Path], *, account: str | None, service: str = "openpages", fetched_at: str | None
) -> Reading:
    """
    Return what the files, and the `*.json` files in the folders, say of one account.

    `fetched_at` None takes the time of the oldest file. Raises InputError with every fault of every file,
    SourceError where there is nothing to read or no account, UsageError where `fetched_at` is no time.
    """
    moment = None if fetched_at is None else _moment(fetched_at)
    with collector_paused():
        printed = pages_of(paths)
        at = moment or time_of(printed.oldest)
        reading = read_pages(printed.pages, account=account, service=service, at=at)
    notes = []
    if printed.passed_over:
        notes.append(f"files in the folders that are not *.json, and were not read: {printed.passed_over}")
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
    faults = sorted({*gaps, *absent(whole, held), *strangers(held, granted)})
    return Reading(
        users=_users(held, granted),
        groups=_groups(held, granted),
        account=held.account,
        fetched_at=at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        complete=not faults,
        read=read,
        faults=tuple(faults),
        notes=tuple(sorted({*_notes(whole, held, granted), *granted.notes})),
    )


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


def _notes(whole: Sequence[Page], held: Contents, granted: Grants) -> Iterator[str]:
    """
    Yield what was left out on purpose, and what looks odd.
    """
    outside = {(one.sort, one.iam_id) for one in held.members if one.sort != "person"}
    for sort, number in sorted(Counter(sort for sort, _ in outside).items()):
        yield f"members that are no people ({sort}), left out: {number}"
    if held.guests:
        yield f"invited people who have no id yet, left out: {held.guests}"
    states = Counter(row.source_state for row in held.users.values() if row.state == "unknown")
    for state, number in sorted(states.items()):
        label = f"the state {shown(state)}, which is not known" if state else "no state"
        yield f"people with {label}, who are neither created nor changed: {number}"
    if PUBLIC_ACCESS in granted.groups:
        yield "the group Public Access is granted a role; it lists no members, so nobody gets the role through it"
    asked = {page.whose for page in whole if page.kind == "policies"}
    unasked = held.users.keys() - asked
    if asked and None not in asked and unasked:
        yield f"policies were given one by one: roles granted directly to {len(unasked)} people are not known"


def _files(paths: Sequence[Path], asking: Asking[Settings]) -> Reading:
    service = asking.settings.service
    return read_files(paths, account=asking.account, service=service, fetched_at=asking.fetched_at)


ADAPTER = SourceAdapter(settings=Settings, files=_files)
"""What is plugged in under the name `ibmcloud`."""
