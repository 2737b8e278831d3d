"""
AWS IAM Identity Center, from what `aws identitystore list-users`, `list-groups` and `list-group-memberships` print.

The command line joins all pages unless it was told not to; then `NextToken` names the next. `UserStatus` came late
to the API: absent, the state is unknown.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_User.html (and Group, GroupMembership)
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from reconciler.core.export import GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, NoSettings, SourceAdapter
from reconciler.sources.printed import Dialect, read_printed
from reconciler.sources.printed_members import PERSON, Member
from reconciler.sources.printed_pages import Kind, Listed, Paging, Shapes
from reconciler.sources.printed_records import Record, entries, given, inner, optional, primary, text

State: TypeAlias = Literal["active", "suspended", "unknown"]

STATES: Mapping[str, State] = {"ENABLED": "active", "DISABLED": "suspended"}

_LISTS: Mapping[str, Kind] = {"Users": "users", "Groups": "groups", "GroupMemberships": "members"}


def _user(record: Record) -> UserRow:
    name = inner(record, "Name")
    status = optional(record, "UserStatus") or ""
    return UserRow(
        key=text(record, "UserId"),
        user_name=text(record, "UserName"),
        state=STATES.get(status, "unknown"),
        source_state=status,
        email=primary(record, "Emails", value="Value", flag="Primary"),
        first_name=given(name, "GivenName"),
        last_name=given(name, "FamilyName"),
        display_name=given(record, "DisplayName"),
        locale=given(record, "Locale"),
    )


def _group(record: Record) -> GroupRow:
    return GroupRow(
        key=text(record, "GroupId"),
        name=text(record, "DisplayName"),
        description=given(record, "Description"),
    )


def _kind(record: Record) -> Kind | None:
    """
    Return what a record is. A membership has the ids of both a group and a member.
    """
    if "MemberId" in record:
        return "members"
    return "users" if "UserId" in record else "groups" if "GroupId" in record else None


def _listed(document: Record) -> Listed | None:
    name = next((name for name in _LISTS if isinstance(document.get(name), list)), None)
    if name is None:
        return None
    paging = Paging(next=optional(document, "NextToken") or None)
    return Listed(rows=entries(document, name), kind=_LISTS[name], paging=paging)


DIALECT = Dialect(
    shapes=Shapes(listed=_listed, kind=_kind, hint="give what `aws identitystore list-...` prints as JSON"),
    user=_user,
    group=_group,
    member=lambda record: Member(key=text(inner(record, "MemberId"), "UserId"), sort=PERSON),
    whose=lambda record: optional(record, "GroupId"),
    account=lambda record: optional(record, "IdentityStoreId"),
)


def _files(paths: Sequence[Path], asking: Asking[NoSettings]) -> Reading:
    return read_printed(paths, asking, DIALECT)


ADAPTER = SourceAdapter(settings=NoSettings, files=_files)
"""What is plugged in under the name `aws`."""
