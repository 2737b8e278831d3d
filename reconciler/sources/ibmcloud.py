"""
IBM Cloud IAM, live or from files that its API or command line printed: rows, and whether they are the whole.

    files -> documents -> pages -> proof of completeness
                            `----> people, groups, members, policies -> rows

Records that cannot be right are refused, all at once. What is merely missing is named, and makes the reading
incomplete: then nothing may be removed because of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from reconciler.core.export import GroupRow, UserRow
from reconciler.files.rows import collector_paused
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, SourceAdapter
from reconciler.sources.ibmcloud_contents import Contents, contents
from reconciler.sources.ibmcloud_gaps import absent, strangers
from reconciler.sources.ibmcloud_live import Settings, live_pages, opened, restricted
from reconciler.sources.ibmcloud_pages import Page, pages
from reconciler.sources.ibmcloud_policies import Grants, grants
from reconciler.sources.ibmcloud_proof import prove
from reconciler.sources.ibmcloud_rows import PUBLIC_ACCESS
from reconciler.sources.printed_files import printed, stamp
from reconciler.sources.printed_members import unknown_states
from reconciler.sources.printed_proof import distinct


def read_files(
    paths: Sequence[Path], *, account: str | None, service: str = "openpages", fetched_at: str | None
) -> Reading:
    """
    Return what the files, and the `*.json` files in the folders, say of one account.

    `fetched_at` None takes the time of the oldest file. Raises InputError with every fault of every file,
    SourceError where there is nothing to read or no account, UsageError where `fetched_at` is no time.
    """
    with collector_paused():
        saved = printed(paths, pages, fetched_at=fetched_at)
        reading = read_pages(saved.pages, account=account, service=service, at=saved.at)
    return replace(reading, notes=(*saved.notes, *reading.notes))


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
        fetched_at=stamp(at),
        complete=not faults,
        read=read,
        faults=tuple(faults),
        notes=tuple(sorted({*_notes(whole, held, granted), *granted.notes})),
    )


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
    yield from unknown_states(held.users)
    if PUBLIC_ACCESS in granted.groups:
        yield "the group Public Access is granted a role; it lists no members, so nobody gets the role through it"
    asked = {page.whose for page in whole if page.kind == "policies"}
    unasked = held.users.keys() - asked
    if asked and None not in asked and unasked:
        yield f"policies were given one by one: roles granted directly to {len(unasked)} people are not known"


def _files(paths: Sequence[Path], asking: Asking[Settings]) -> Reading:
    service = asking.settings.service
    return read_files(paths, account=asking.account, service=service, fetched_at=asking.fetched_at)


def _live(asking: Asking[Settings]) -> Reading | None:
    """
    Return what the cloud says now; None where the settings hold no key. Raises SourceError, UsageError, InputError.
    """
    settings = asking.settings
    if not settings.api_key:
        return None
    at = asking.now()
    with collector_paused():
        found = live_pages(opened(settings, asking.account, now=asking.now), settings)
        reading = read_pages(found, account=asking.account, service=settings.service, at=at)
    if not restricted(found):
        return reading
    told = "whoever has the API key sees one user, and groups have others: the list of users is restricted"
    return replace(reading, complete=False, faults=(told, *reading.faults))


ADAPTER = SourceAdapter(settings=Settings, files=_files, live=_live)
"""What is plugged in under the name `ibmcloud`."""
