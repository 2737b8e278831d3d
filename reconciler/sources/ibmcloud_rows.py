"""
IBM Cloud's records as canonical rows: people, access groups and who is in which.

The API and the command line name the same things differently; a row holds what both of them give.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Literal, TypeAlias, TypeVar

from msgspec import UNSET, Struct, UnsetType

from reconciler.core.export import GroupRow, UserRow
from reconciler.errors import Fault
from reconciler.sources.ibmcloud_pages import GROUP_ID, Page, Record
from reconciler.sources.ibmcloud_records import Wrong, optional, text
from reconciler.sources.rawjson import shown

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
_ONCE = "export it again: a change while it ran gives such a mixture"

T = TypeVar("T")


class Found(Struct, Generic[T], frozen=True):
    """
    A value made from one record, and the record's place.
    """

    value: T
    page: Page
    index: int

    @property
    def place(self) -> str:
        """
        Return the place in words: file, page, record.
        """
        return f"{self.page.path}, page {self.page.number}, record {self.index + 1}"


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
        email=_given(record, "email"),
        first_name=_given(record, "firstname"),
        last_name=_given(record, "lastname"),
    )


def group(record: Record) -> GroupRow:
    """
    Return the access group that a record describes, without roles; raises Wrong.

    IBM Cloud calls a group federated where rules let people in when they log in.
    """
    return GroupRow(
        key=text(record, "id"),
        name=text(record, "name"),
        description=_given(record, "description"),
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


def each(pages: Iterable[Page], convert: Callable[[Record, Page], T]) -> tuple[list[Found[T]], list[Fault]]:
    """
    Return what `convert` makes of each record, and a fault for each that it calls Wrong.
    """
    found: list[Found[T]] = []
    faults: list[Fault] = []
    for page in pages:
        for index, record in enumerate(page.rows):
            try:
                found.append(Found(convert(record, page), page, index))
            except Wrong as wrong:
                faults.append(page.fault(index, str(wrong)))
    return found, faults


def unique(found: Iterable[Found[T]], *, key: Callable[[T], str]) -> tuple[dict[str, T], list[Fault]]:
    """
    Return the values by key, and a fault for each key that has two different contents. Repeats are fine.
    """
    first: dict[str, Found[T]] = {}
    faults: list[Fault] = []
    for one in found:
        name = key(one.value)
        earlier = first.setdefault(name, one)
        if earlier.value != one.value:
            faults.append(
                one.page.fault(one.index, f"{shown(name)} has other contents than in {earlier.place}", _ONCE)
            )
    return {name: one.value for name, one in sorted(first.items())}, faults


def _given(record: Record, name: str) -> str | UnsetType:
    """
    Return the text, also an empty one; UNSET where the source says nothing.
    """
    value = optional(record, name)
    return UNSET if value is None else value


def _sort(iam_id: str, kind: str | None) -> Literal["person", "service id", "trusted profile", "unknown"]:
    if iam_id.startswith(_SERVICES) or kind == "service":
        return "service id"
    if iam_id.startswith(_PROFILES) or kind == "profile":
        return "trusted profile"
    return "person" if kind in {"user", None} else "unknown"
