"""
Okta, from files that its API printed: users, groups, and a list of users for each group.

`GET /api/v1/users`, `/api/v1/groups` and `/api/v1/groups/{groupId}/users` answer bare lists; the next page is named
in a header, which no file keeps. So a list that is exactly one full page long may go on, unless a shorter one
follows. A plain list of users leaves out whoever is DEPROVISIONED; `?search=status eq "DEPROVISIONED"` lists them.

https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/ (and Group), and
https://developer.okta.com/docs/api/#pagination
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from reconciler.core.export import GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, NoSettings, SourceAdapter
from reconciler.sources.printed import Dialect, read_printed
from reconciler.sources.printed_members import PERSON, Held, Member
from reconciler.sources.printed_pages import Kind, Page, Shapes
from reconciler.sources.printed_records import Record, given, inner, optional, text
from reconciler.sources.rawjson import shown

State: TypeAlias = Literal["active", "invited", "suspended", "left", "unknown"]

STATES: Mapping[str, State] = {
    "STAGED": "invited",
    "PROVISIONED": "invited",
    "ACTIVE": "active",
    "RECOVERY": "active",
    "PASSWORD_EXPIRED": "active",
    "LOCKED_OUT": "active",
    "SUSPENDED": "suspended",
    "DEPROVISIONED": "left",
}
"""https://developer.okta.com/docs/reference/user-lifecycle/: who is locked out is still an employee."""

FULL_PAGES: Mapping[Kind, int] = {"users": 200, "groups": 10_000, "members": 1_000}
"""How many records a page holds at most, where nobody asked for fewer."""


def _user(record: Record) -> UserRow:
    status = optional(record, "status") or ""
    profile = inner(record, "profile")
    return UserRow(
        key=text(record, "id"),
        user_name=text(profile, "login"),
        state=STATES.get(status, "unknown"),
        source_state=status,
        email=given(profile, "email"),
        first_name=given(profile, "firstName"),
        last_name=given(profile, "lastName"),
        display_name=given(profile, "displayName"),
        locale=given(profile, "locale"),
    )


def _group(record: Record) -> GroupRow:
    profile = inner(record, "profile")
    return GroupRow(
        key=text(record, "id"),
        name=text(profile, "name"),
        description=given(profile, "description"),
    )


def _kind(record: Record) -> Kind | None:
    """
    Return what a record is: the login and the name in its profile tell people from groups.
    """
    profile = record.get("profile")
    if not isinstance(profile, dict):
        return None
    return "users" if "login" in profile else "groups" if "name" in profile else None


def _account(record: Record) -> str | None:
    """
    Return the organisation's host, where a record still has its links.
    """
    link = inner(inner(record, "_links"), "self")
    return urlsplit(optional(link, "href") or "").hostname


def _gaps(whole: Sequence[Page], _: Held) -> Iterator[str]:
    """
    Yield each list that ends with a full page: nothing says that it was the last one.
    """
    lists: dict[tuple[Kind, str | None], list[int]] = {}
    for page in whole:
        lists.setdefault((page.kind, page.whose), []).append(len(page.rows))
    for (kind, whose), sizes in lists.items():
        full = FULL_PAGES[kind]
        if full in sizes and all(size >= full for size in sizes):
            label = f"members of {shown(whose)}" if whose else kind
            yield f"{label}: exactly a full page of {full}, and no page after it (save it too, even if it is empty)"


DIALECT = Dialect(
    shapes=Shapes(
        listed=lambda _: None, kind=_kind, hint="give what /users, /groups and /groups/{id}/users answer"
    ),
    user=_user,
    group=_group,
    member=lambda record: Member(key=text(record, "id"), sort=PERSON),
    account=_account,
    gaps=_gaps,
)


def _files(paths: Sequence[Path], asking: Asking[NoSettings]) -> Reading:
    return read_printed(paths, asking, DIALECT)


ADAPTER = SourceAdapter(settings=NoSettings, files=_files)
"""What is plugged in under the name `okta`."""
