"""
A SCIM 2.0 service, live or from files: ListResponse pages of Users and Groups (RFC 7643, RFC 7644 section 3.4.2).

`Resources` may be missing where nothing matches. `active` is optional: absent, or anything but true and false, the
state is unknown. Members stand in the group's own record, and none where it has none; groups may be among them.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.export import GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, SourceAdapter
from reconciler.sources.printed import Dialect, read_pages, read_printed
from reconciler.sources.printed_members import GROUP, PERSON, Member
from reconciler.sources.printed_pages import Kind, Listed, Paging, Shapes
from reconciler.sources.printed_records import (
    Record,
    Wrong,
    count,
    entries,
    given,
    inner,
    optional,
    primary,
    records,
    text,
)
from reconciler.sources.scim_live import Settings, live_pages
from reconciler.wire.client import Client
from reconciler.wire.settings import beside

_LIST = "urn:ietf:params:scim:api:messages:2.0:listresponse"
_ERROR = "urn:ietf:params:scim:api:messages:2.0:error"
_KINDS: dict[str, Kind] = {
    "urn:ietf:params:scim:schemas:core:2.0:user": "users",
    "urn:ietf:params:scim:schemas:core:2.0:group": "groups",
}
_SORTS = {"user": PERSON, "group": GROUP}


def _user(record: Record) -> UserRow:
    name = inner(record, "name")
    state, source_state = _state(record)
    external = given(record, "externalId")
    return UserRow(
        key=text(record, "id"),
        user_name=text(record, "userName"),
        state=state,
        source_state=source_state,
        email=primary(record, "emails", value="value", flag="primary"),
        first_name=given(name, "givenName"),
        last_name=given(name, "familyName"),
        display_name=given(record, "displayName"),
        locale=given(record, "locale"),
        roles=tuple(sorted({text(one, "value") for one in records(record, "roles")})),
        attributes={} if external is UNSET else {"external_id": external},
    )


def _state(record: Record) -> tuple[Literal["active", "suspended", "unknown"], str]:
    """
    Return the state and what stands there. The text "False" is no truth value: taken for one, it would be true.
    """
    active = record.get("active")
    if active is None:
        return "unknown", ""
    if not isinstance(active, bool):
        return "unknown", optional(record, "active") or ""
    return ("active", "true") if active else ("suspended", "false")


def _group(record: Record) -> GroupRow:
    return GroupRow(key=text(record, "id"), name=text(record, "displayName"))


def _member(record: Record) -> Member:
    """
    Return a member; the reference tells what it is where the type does not (RFC 7643 section 4.2).
    """
    kind = (optional(record, "type") or "").casefold()
    named = (optional(record, "$ref") or "").split("/")[-2:-1]
    told = kind or "".join(named).casefold().removesuffix("s")
    return Member(key=text(record, "value"), sort=_SORTS.get(told, kind))


def _kind(record: Record) -> Kind | None:
    """
    Return what a resource is: its schemas say it; without them, the name to log in with does.
    """
    for schema in entries(record, "schemas"):
        if isinstance(schema, str) and schema.casefold() in _KINDS:
            return _KINDS[schema.casefold()]
    return "users" if "userName" in record else "groups" if "displayName" in record else None


def _listed(document: Record) -> Listed | None:
    schemas = {one.casefold() for one in entries(document, "schemas") if isinstance(one, str)}
    if _ERROR in schemas:
        raise Wrong(f"is an error answer: {optional(document, 'detail') or 'it does not say which'}")
    if _LIST not in schemas:
        return None
    total = count(document, "totalResults")
    if total is None:
        raise Wrong("does not say how many there are in all (totalResults)")
    return Listed(rows=entries(document, "Resources"), paging=Paging(total=total))


def _account(record: Record) -> str | None:
    """
    Return the host that a record's address names.
    """
    return urlsplit(optional(inner(record, "meta"), "location") or "").hostname


DIALECT = Dialect(
    shapes=Shapes(listed=_listed, kind=_kind, hint="give ListResponse pages of /Users and /Groups"),
    user=_user,
    group=_group,
    member=_member,
    within=lambda record: records(record, "members"),
    account=_account,
)


def _files(paths: Sequence[Path], asking: Asking[Settings]) -> Reading:
    return read_printed(paths, asking, DIALECT)


def _live(asking: Asking[Settings]) -> Reading | None:
    """
    Return what the service says now; None where the settings name none. Raises SourceError, UsageError, InputError.
    """
    if not asking.settings.url:
        return None
    at = asking.now()
    client = Client.open(asking.settings.url, beside(asking.settings, asking.home))
    try:
        return read_live(client, asking, at=at)
    finally:
        client.close()


def read_live(client: Client, asking: Asking[Settings], *, at: datetime) -> Reading:
    """
    Return what a service says at a moment. Raises as its parts do.
    """
    found, gaps = live_pages(client, DIALECT.shapes, size=asking.settings.page)
    reading = read_pages(found, DIALECT, account=asking.account, at=at)
    return replace(reading, complete=reading.complete and not gaps, faults=(*reading.faults, *gaps))


ADAPTER = SourceAdapter(settings=Settings, files=_files, live=_live)
"""What is plugged in under the name `scim`."""
