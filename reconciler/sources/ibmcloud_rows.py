"""
IBM Cloud's records as canonical rows: people, access groups and who is in which.

The API and the command line name the same things differently; a row holds what both of them give.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from reconciler.core.export import GroupRow, UserRow
from reconciler.sources.ibmcloud_pages import GROUP_ID
from reconciler.sources.printed_records import Record, given, optional, text

State: TypeAlias = Literal["active", "invited", "suspended", "unknown"]

STATES: Mapping[str, State] = {
    "ACTIVE": "active",
    "VPN_ONLY": "active",
    "DISABLED_CLASSIC_INFRASTRUCTURE": "active",
    "PENDING": "invited",
    "PROCESSING": "invited",
    "SUSPENDED": "suspended",
    "IAMID_INVALID": "suspended",
}
PUBLIC_ACCESS = f"{GROUP_ID}PublicAccess"

_SERVICES = ("iam-ServiceId-", "crn-")
_PROFILES = ("iam-Profile-",)


class Member(Struct, frozen=True):
    """
    One member of one group. `sort` says whether it is a person.
    """

    group: str
    iam_id: str
    sort: Literal["person", "service id", "trusted profile", "unknown"]
    dynamic: bool


def user(record: Record) -> UserRow | None:
    """
    Return the person that a record describes, without groups and roles; None for a guest who has no id yet.

    IBM Cloud gives names and e-mail of everybody, so an empty one is a value. Raises Wrong.
    """
    source_state = optional(record, "state") or ""
    state = STATES.get(source_state, "unknown")
    key = optional(record, "iam_id", "ibmUniqueId")
    if not key and state == "invited":
        return None
    return UserRow(
        key=key or text(record, "iam_id", "ibmUniqueId"),
        user_name=text(record, "user_id", "userId"),
        state=state,
        source_state=source_state,
        email=given(record, "email"),
        first_name=given(record, "firstname"),
        last_name=given(record, "lastname"),
    )


def group(record: Record) -> GroupRow:
    """
    Return the access group that a record describes, without roles; raises Wrong.

    IBM Cloud calls a group federated where rules let people in when they log in.
    """
    return GroupRow(
        key=text(record, "id"),
        name=text(record, "name"),
        description=given(record, "description"),
        dynamic=record.get("is_federated") is True,
    )


def member(record: Record, group_key: str) -> Member:
    """
    Return who a record of a group's list of members means; raises Wrong.
    """
    iam_id = text(record, "iam_id")
    return Member(
        group_key, iam_id, _sort(iam_id, optional(record, "type")), record.get("membership_type") == "dynamic"
    )


def is_person(iam_id: str) -> bool:
    """
    Return whether an id is neither a service's nor a trusted profile's.
    """
    return not iam_id.startswith(_SERVICES + _PROFILES)


def _sort(iam_id: str, kind: str | None) -> Literal["person", "service id", "trusted profile", "unknown"]:
    if iam_id.startswith(_SERVICES) or kind == "service":
        return "service id"
    if iam_id.startswith(_PROFILES) or kind == "profile":
        return "trusted profile"
    return "person" if kind in {"user", None} else "unknown"
