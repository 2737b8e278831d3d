"""
Microsoft Entra ID, from pages of Microsoft Graph, or from bare lists as `az ad` prints them.

Graph gives `accountEnabled`, `userType` and `externalUserState` only to who asks for them with `$select`: absent,
the state is unknown. A guest whose invitation is pending is invited. Members are of many kinds, told by
`@odata.type`; groups among them. Delta pages say what changed, not what is there: nothing is removed on them.

https://learn.microsoft.com/en-us/graph/api/user-list (and group-list, group-list-members, group-delta), and
https://learn.microsoft.com/en-us/graph/api/resources/user#properties
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from reconciler.core.export import GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, NoSettings, SourceAdapter
from reconciler.sources.printed import Dialect, read_printed
from reconciler.sources.printed_members import GROUP, PERSON, Held, Member
from reconciler.sources.printed_pages import Kind, Listed, Page, Paging, Shapes
from reconciler.sources.printed_records import Record, count, entries, given, optional, records, text, truth
from reconciler.sources.rawjson import shown

State: TypeAlias = Literal["active", "invited", "suspended", "left", "unknown"]

_TYPE = "#microsoft.graph."
_SORTS = {"user": PERSON, "group": GROUP}
_DELTA = "members@delta"


def _user(record: Record) -> UserRow:
    state, source_state = _state(record)
    return UserRow(
        key=text(record, "id"),
        user_name=text(record, "userPrincipalName"),
        state=state,
        source_state=source_state,
        email=given(record, "mail"),
        first_name=given(record, "givenName"),
        last_name=given(record, "surname"),
        display_name=given(record, "displayName"),
        locale=given(record, "preferredLanguage"),
    )


def _state(record: Record) -> tuple[State, str]:
    """
    Return the state and Entra's words for it.

    | accountEnabled | guest | externalUserState  | state     |
    |----------------|-------|--------------------|-----------|
    | absent         |       |                    | unknown   |
    | false          |       |                    | suspended |
    | true           | no    |                    | active    |
    | true           | yes   | not selected       | unknown   |
    | true           | yes   | PendingAcceptance  | invited   |
    | true           | yes   | Accepted, null     | active    |
    | true           | yes   | anything else      | unknown   |
    """
    enabled = truth(record, "accountEnabled")
    if enabled is None:
        return "unknown", ""
    if not enabled:
        return "suspended", "disabled"
    guest = optional(record, "userType") == "Guest" or "#EXT#" in text(record, "userPrincipalName")
    if not guest:
        return "active", "enabled"
    invitation = optional(record, "externalUserState")
    if "externalUserState" not in record:
        return "unknown", "guest"
    states: dict[str | None, State] = {"PendingAcceptance": "invited", "Accepted": "active", None: "active"}
    return states.get(invitation, "unknown"), invitation or "guest"


def _group(record: Record) -> GroupRow:
    return GroupRow(
        key=text(record, "id"),
        name=text(record, "displayName"),
        description=given(record, "description"),
        dynamic="DynamicMembership" in entries(record, "groupTypes"),
    )


def _member(record: Record) -> Member:
    """
    Return a member: a person, a group, or by its type what it is besides; nothing where that was not selected.
    """
    kind = (optional(record, "@odata.type") or "").removeprefix(_TYPE)
    return Member(key=text(record, "id"), sort=_SORTS.get(kind, kind))


def _within(record: Record) -> list[Record] | None:
    """
    Return the members that a delta page gives in the group's own record, without those it takes away.
    """
    if _DELTA not in record:
        return None
    return [one for one in records(record, _DELTA) if "@removed" not in one]


def _kind(record: Record) -> Kind | None:
    """
    Return what a record is: people have a name to log in with.
    """
    if "userPrincipalName" in record:
        return "users"
    return "groups" if "displayName" in record else None


def _listed(document: Record) -> Listed | None:
    """
    Return what a page of Graph holds, without objects that a delta page says are gone.
    """
    if "value" not in document:
        return None
    kept = [one for one in entries(document, "value") if not (isinstance(one, dict) and "@removed" in one)]
    paging = Paging(total=count(document, "@odata.count"), next=optional(document, "@odata.nextLink") or None)
    return Listed(rows=kept, kind=_named(optional(document, "@odata.context") or ""), paging=paging)


def _named(context: str) -> Kind | None:
    """
    Return what the address of a page's description says it lists: `.../$metadata#users(id,mail)`.
    """
    name = context.partition("#")[2].partition("(")[0].partition("/")[0]
    names: dict[str, Kind] = {"users": "users", "groups": "groups"}
    return names.get(name)


def _gaps(whole: Sequence[Page], held: Held) -> Iterator[str]:
    """
    Yield why this cannot be the whole: a group that hides its members, or pages of changes.
    """
    groups = [record for page in whole if page.kind == "groups" for record in page.rows]
    for record in groups:
        if record.get("visibility") == "HiddenMembership" and not held.members.get(text(record, "id")):
            yield f"members of {shown(text(record, 'id'))} are hidden from whoever exported it"
    if any(_DELTA in record for record in groups):
        yield "delta pages say what changed, and not what is there"


DIALECT = Dialect(
    shapes=Shapes(listed=_listed, kind=_kind, hint="give pages of Microsoft Graph, or what `az ad` prints as JSON"),
    user=_user,
    group=_group,
    member=_member,
    within=_within,
    gaps=_gaps,
)


def _files(paths: Sequence[Path], asking: Asking[NoSettings]) -> Reading:
    return read_printed(paths, asking, DIALECT)


ADAPTER = SourceAdapter(settings=NoSettings, files=_files)
"""What is plugged in under the name `entra`."""
