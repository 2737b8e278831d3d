"""
Google Workspace, from pages that its Directory API printed: users, groups, and the members of each group.

An empty list has no key for its records. `nextPageToken` stands on every page but the last. Groups are members of
groups, `CUSTOMER` is everybody of the account, and a group says how many direct members it has, as text. Whether
somebody is suspended is said of everybody who was read with `projection=full` or `basic`; absent, it is unknown.

https://developers.google.com/workspace/admin/directory/reference/rest/v1/users (and groups, members)
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from reconciler.core.export import GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, NoSettings, SourceAdapter
from reconciler.sources.printed import Dialect, read_printed
from reconciler.sources.printed_members import EVERYBODY, GROUP, PERSON, Held, Member
from reconciler.sources.printed_pages import Kind, Listed, Page, Paging, Shapes
from reconciler.sources.printed_records import Record, entries, given, inner, optional, text, truth
from reconciler.sources.rawjson import shown

_KINDS: dict[str, Kind] = {
    "admin#directory#users": "users",
    "admin#directory#groups": "groups",
    "admin#directory#members": "members",
}
_SORTS = {"USER": PERSON, "GROUP": GROUP, "CUSTOMER": EVERYBODY}


def _user(record: Record) -> UserRow:
    name = inner(record, "name")
    state = _state(record)
    return UserRow(
        key=text(record, "id"),
        user_name=text(record, "primaryEmail"),
        state=state[0],
        source_state=state[1],
        email=given(record, "primaryEmail"),
        first_name=given(name, "givenName"),
        last_name=given(name, "familyName"),
        display_name=given(name, "fullName"),
    )


def _state(record: Record) -> tuple[Literal["active", "suspended", "left", "unknown"], str]:
    """
    Return the state and Google's word for it. A deleted one has a time of deletion; an archived one may not log in.
    """
    suspended, archived = truth(record, "suspended"), truth(record, "archived")
    if optional(record, "deletionTime"):
        return "left", "deleted"
    if suspended or archived:
        return "suspended", "suspended" if suspended else "archived"
    return ("unknown", "") if suspended is None else ("active", "active")


def _group(record: Record) -> GroupRow:
    email = given(record, "email")
    return GroupRow(
        key=text(record, "id"),
        name=text(record, "name", "email"),
        description=given(record, "description"),
        attributes={"email": email} if isinstance(email, str) else {},
    )


def _member(record: Record) -> Member:
    """
    Return a member. One of another organisation may have no id, and is then known by its address alone.
    """
    kind = optional(record, "type") or ""
    sort = _SORTS.get(kind, kind.lower())
    return Member(key=text(record, "id", "email"), sort=sort, address=optional(record, "email") or "")


def _kind(record: Record) -> Kind | None:
    if "primaryEmail" in record:
        return "users"
    if "role" in record and "type" in record:
        return "members"
    return "groups" if "directMembersCount" in record or ("email" in record and "name" in record) else None


def _listed(document: Record) -> Listed | None:
    """
    Return what a page holds: it is told by `kind`, or by the field of its records.
    """
    named = optional(document, "kind") if isinstance(document.get("kind"), str) else None
    kind = _KINDS.get(named or "") or next(
        (one for one in _KINDS.values() if isinstance(document.get(one), list)), None
    )
    if kind is None:
        return None
    return Listed(
        rows=entries(document, kind), kind=kind, paging=Paging(next=optional(document, "nextPageToken") or None)
    )


def _gaps(whole: Sequence[Page], held: Held) -> Iterator[str]:
    """
    Yield each group of which another number of direct members was read than it says it has.
    """
    for page in whole:
        for record in page.rows if page.kind == "groups" else ():
            key, count = text(record, "id"), record.get("directMembersCount")
            read = len(held.members.get(key, ()))
            if key in held.members and count is not None and str(count) != str(read):
                yield f"members of {shown(key)}: the group says {shown(str(count))}, and {read} were read"


DIALECT = Dialect(
    shapes=Shapes(listed=_listed, kind=_kind, hint="give pages of the Directory API"),
    user=_user,
    group=_group,
    member=_member,
    account=lambda record: optional(record, "customerId"),
    gaps=_gaps,
)


def _files(paths: Sequence[Path], asking: Asking[NoSettings]) -> Reading:
    return read_printed(paths, asking, DIALECT)


ADAPTER = SourceAdapter(settings=NoSettings, files=_files)
"""What is plugged in under the name `google`."""
