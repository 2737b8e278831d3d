"""
IBM Cloud IAM, asked live through IBM's own SDK: the pages that files would hold.

The User Management API, the IAM Access Groups API v2 and the IAM Policy Management API (v1 and v2):
https://cloud.ibm.com/apidocs/user-management, /iam-access-groups and /iam-policy-management. Addresses that an
answer names are read for their marks alone: what is asked, and who gets the key, only reconciler.yaml decides.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any, Literal, Protocol, TypeAlias
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from reconciler.errors import SourceError, UsageError
from reconciler.ports_adapter import Secret
from reconciler.sources.ibmcloud_pages import Page, offset_of, pages
from reconciler.sources.printed_records import Record
from reconciler.wire.message import Answer, LostError
from reconciler.wire.origin import root_of
from reconciler.wire.retry import again, pause
from reconciler.wire.settings import Retries

MOST_PAGES = 20_000
"""Pages of one list, beyond which a server only seems to go on."""

_RANDOM = SystemRandom().random

Mark: TypeAlias = str | int | None
"""What tells a page from others of its list; None: the first."""


class Settings(Struct, frozen=True, kw_only=True):
    """
    What reconciler.yaml may say of an account: the service whose roles count, and how to ask the cloud live.

    Without `api_key` only files are read. `page` is how many records are asked for at once, `timeout` how many
    seconds an answer may take, `width` how many lists of members are read at the same time.
    """

    service: str = "openpages"
    api_key: Secret = ""
    iam_url: str = "https://iam.cloud.ibm.com"
    users_url: str = "https://user-management.cloud.ibm.com"
    policies: Literal["v1", "v2", "both"] = "both"
    page: int = 100
    timeout: float = 30.0
    width: int = 4
    retries: Retries = Retries()


class Cloud(Protocol):
    """
    One account's lists, a page at a time.
    """

    def users(self, mark: Mark) -> Record: ...  # noqa: D102
    def groups(self, mark: Mark) -> Record: ...  # noqa: D102
    def members(self, group: str, mark: Mark) -> Record: ...  # noqa: D102
    def policies(self, version: str, mark: Mark) -> Record: ...  # noqa: D102


def live_pages(cloud: Cloud, settings: Settings) -> tuple[Page, ...]:
    """
    Return every page of users, access groups, their members and policies; raises as the cloud does.
    """
    versions = ("v1", "v2") if settings.policies == "both" else (settings.policies,)
    groups = _cut(followed(cloud.groups, _offset), "access-groups")
    keys = sorted({str(row.get("id")) for page in groups for row in page.rows})
    with ThreadPoolExecutor(settings.width) as pool:
        lists = list(pool.map(lambda key: followed(partial(cloud.members, key), _offset), keys))
    found = [*_cut(followed(cloud.users, _start), "users"), *groups]
    for key, documents in zip(keys, lists, strict=True):
        found += _cut(documents, f"members/{key}")
    for version in versions:
        found += _cut(followed(partial(cloud.policies, version), _start), f"policies-{version}")
    return tuple(found)


def followed(ask: Callable[[Mark], Record], following: Callable[[Record], Mark]) -> list[Record]:
    """
    Return the pages of one list, each asked for by the mark that the one before names; a loop ends where it closes.
    """
    found: list[Record] = []
    seen: set[Mark] = {None}
    mark: Mark = None
    while len(found) < MOST_PAGES:
        found.append(ask(mark))
        mark = following(found[-1])
        if mark in seen:
            break
        seen.add(mark)
    return found


def restricted(found: tuple[Page, ...]) -> bool:
    """
    Return whether the list of users can only be what a restricted view shows: oneself, where groups have others.

    https://cloud.ibm.com/docs/account?topic=account-iam-user-setting
    """
    users = sum(len(page.rows) for page in found if page.kind == "users")
    members = {row.get("iam_id") for page in found if page.kind == "members" for row in page.rows}
    return users <= 1 < len(members)


def _cut(documents: list[Record], name: str) -> tuple[Page, ...]:
    return pages(documents, Path(f"{name}.json"))


def _offset(page: Record) -> Mark:
    """
    Return the offset that a page of groups or members names for the next.
    """
    link = page.get("next")
    return offset_of(str(link.get("href"))) if isinstance(link, dict) else None


def _start(page: Record) -> Mark:
    """
    Return the mark that a page of users (in an address) or policies names for the next.
    """
    link = page.get("next")
    if isinstance(link, dict):
        return str(link["start"]) if link.get("start") else None
    address = page.get("next_url")
    return parse_qs(urlsplit(str(address)).query).get("_start", [None])[0] if address else None


class Sdk:
    """
    An account, asked through IBM's SDK with patience.
    """

    def __init__(self, settings: Settings, account: str, *, now: Callable[[], datetime]) -> None:
        # Half a second of imports, which only a live read needs.
        from ibm_cloud_sdk_core.authenticators import IAMAuthenticator  # noqa: PLC0415 - see above
        from ibm_platform_services import (  # noqa: PLC0415 - see above
            IamAccessGroupsV2,
            IamPolicyManagementV1,
            UserManagementV1,
        )

        iam, users = root_of(settings.iam_url), root_of(settings.users_url)
        authenticator = IAMAuthenticator(settings.api_key, url=iam)
        self._users = UserManagementV1(authenticator)
        self._groups = IamAccessGroupsV2(authenticator)
        self._policies = IamPolicyManagementV1(authenticator)
        for service, url in ((self._users, users), (self._groups, iam), (self._policies, iam)):
            service.set_service_url(url)
            service.set_http_config({"timeout": settings.timeout, "allow_redirects": False})  # for tokens, too
        self._account, self._limit = account, settings.page
        self._patience = partial(patiently, retries=settings.retries, now=now)

    def users(self, mark: Mark) -> Record:
        """
        Return a page of the account's users.
        """
        return self._patience(partial(self._users.list_users, self._account, limit=self._limit, start=mark))

    def groups(self, mark: Mark) -> Record:
        """
        Return a page of its access groups, with those that let people in by a rule marked.
        """
        ask = partial(self._groups.list_access_groups, self._account, show_federated=True)
        return self._patience(partial(ask, limit=self._limit, offset=mark or 0))

    def members(self, group: str, mark: Mark) -> Record:
        """
        Return a page of a group's members, those too whom a rule let in.
        """
        ask = partial(self._groups.list_access_group_members, group, membership_type="all")
        return self._patience(partial(ask, limit=self._limit, offset=mark or 0))

    def policies(self, version: str, mark: Mark) -> Record:
        """
        Return a page of its policies.
        """
        ask = self._policies.list_policies if version == "v1" else self._policies.list_v2_policies
        return self._patience(partial(ask, self._account, limit=self._limit, start=mark))


def opened(settings: Settings, account: str | None, *, now: Callable[[], datetime]) -> Sdk:
    """
    Return the account, ready to be asked; raises UsageError where it is not named, or the SDK is not there.
    """
    if account is None:
        raise UsageError("nobody says which account this is", hint="name it: `account` in reconciler.yaml")
    try:
        return Sdk(settings, account, now=now)
    except ImportError as error:
        told = f"to ask IBM Cloud live needs a library: {error}"
        raise UsageError(told, hint="pip install 'identity-reconciler[ibmcloud]'") from error


def patiently(
    ask: Callable[[], Any],
    *,
    retries: Retries,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = _RANDOM,
) -> Record:
    """
    Return the object that a question is answered with. It only reads, so it is made again where that may help.

    Raises SourceError where it is refused, is no object, or the patience has an end.
    """
    began, attempt = now(), 0
    while True:
        attempt += 1
        came, told = _once(ask)
        if not isinstance(came, Answer | Exception):
            return came
        moment = now()
        left = retries.seconds - (moment - began).total_seconds()
        wait = None
        if again(came, repeatable=True):
            wait = pause(came, attempt, left=left, retries=retries, now=moment, draw=draw)
        if wait is None:
            hint = _HINTS.get(came.status, "") if isinstance(came, Answer) else "is the network there?"
            raise SourceError(f"IBM Cloud {told}, asked {attempt} times", hint=hint)
        sleep(wait)


_HINTS = {
    400: "is the API key right, and of this account?",
    401: "is the API key right, and of this account?",
    403: "whoever has the API key needs the role Viewer on the IAM services and on User Management",
    404: "is the account right, and are the addresses?",
}


def _once(ask: Callable[[], Any]) -> tuple[Record | Answer | Exception, str]:
    """
    Return an answer's object, or the answer that is none, or why there was no answer; and the latter two in words.
    """
    from ibm_cloud_sdk_core import ApiException  # noqa: PLC0415 - loaded by now
    from requests.exceptions import RequestException  # noqa: PLC0415 - loaded by now

    try:
        result = ask().get_result()
    except ApiException as error:
        headers = error.http_response.headers if error.http_response is not None else {}
        answer = Answer(status=error.status_code, headers={key.lower(): value for key, value in headers.items()})
        return answer, f"answered {error.status_code}: {error.message}"
    except RequestException as error:
        return LostError(), f"gave no answer ({type(error).__name__})"
    except Exception as error:  # noqa: BLE001 - a token that is none, and whatever else the SDK cannot read
        return Answer(status=200), f"answered what its SDK cannot read ({type(error).__name__})"
    if isinstance(result, dict):
        return result, ""
    return Answer(status=200), "answered what is no object of JSON"
