"""
IBM Cloud, asked live through its own SDK: the same rows as from files, with patience, and to nobody else.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.errors import SourceError, UsageError
from reconciler.ports import Reading
from reconciler.sources.ibmcloud import ADAPTER, read_files
from reconciler.sources.ibmcloud_live import MOST_PAGES, Mark, Settings, followed
from reconciler.wire.settings import Retries
from tests.sources.ibmcloud_server import ACCOUNT, API, Cloud, serving
from tests.sources.test_clouds import asking

QUICK = Retries(attempts=3, first=0.001, longest=0.002)
USERS = f"/v2/accounts/{ACCOUNT}/users"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """
    Yield a cloud that holds the example account.
    """
    with serving(Cloud()) as found:
        yield found


def settings(cloud: Cloud, **more: Any) -> Settings:
    """
    Return settings that name this cloud.
    """
    urls = {"iam_url": cloud.url, "users_url": f"{cloud.url}/"}
    return Settings(**{"api_key": "right", "page": 7, "retries": QUICK, **urls, **more})


def live(cloud: Cloud, **more: Any) -> Reading:
    """
    Return what is read of the example account.
    """
    assert ADAPTER.live
    reading = ADAPTER.live(asking(ACCOUNT, settings(cloud, **more)))
    assert reading
    return reading


def test_live_reading_is_that_of_the_files(cloud: Cloud) -> None:
    """
    The same people, groups, members and grants, whole, whatever the size of a page; read at the time of asking.
    """
    files = read_files([API], account=ACCOUNT, fetched_at="2026-11-20T00:00:00Z")
    found = live(cloud)

    assert (found.users, found.groups) == (files.users, files.groups)
    assert (found.complete, found.faults, found.fetched_at) == (True, (), "2026-11-20T00:00:00Z")
    assert cloud.asked.count(USERS) == 9


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_one_version_of_policies_may_be_asked_for(cloud: Cloud, version: Any) -> None:
    """
    An account that has but one of them need not grant both.
    """
    live(cloud, policies=version)

    assert [path for path in cloud.asked if path.endswith("policies")] == [f"/{version}/policies"]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(429, {"Retry-After": "0"}, id="429"),
        pytest.param(503, {}, id="503"),
        pytest.param(500, {"Retry-After": "soon"}, id="500"),
    ],
)
def test_what_is_refused_for_now_is_asked_again(cloud: Cloud, status: int, headers: dict[str, str]) -> None:
    """
    The reading is whole, and took one request more.
    """
    cloud.trouble = {USERS: [(status, headers)]}

    assert live(cloud).complete
    assert cloud.asked.count(USERS) == 10


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        pytest.param([(503, {})] * 3, "IBM Cloud answered 503: no, asked 3 times", id="patience-ends"),
        pytest.param([(403, {})], "IBM Cloud answered 403: no, asked 1 times", id="forbidden"),
        pytest.param([(302, {"Location": "https://elsewhere.example.com/"})], "answered 302", id="redirect"),
    ],
)
def test_refusal_is_told(cloud: Cloud, trouble: list[tuple[int, dict[str, str]]], told: str) -> None:
    """
    With what the server said, and how often it was asked; a redirect is not followed.
    """
    cloud.trouble = {USERS: list(trouble)}
    with pytest.raises(SourceError) as refused:
        live(cloud)

    assert told in refused.value.message
    assert cloud.asked.count(USERS) == len(trouble)


def test_wrong_key_is_told_and_not_shown(cloud: Cloud) -> None:
    """
    The message is IAM's own.
    """
    with pytest.raises(SourceError, match="API key could not be found") as refused:
        live(cloud, api_key="s3cret")

    assert "s3cret" not in f"{refused.value.message}{refused.value.hint}"
    assert "API key" in refused.value.hint


def test_token_that_is_none_is_told(cloud: Cloud) -> None:
    """
    What the SDK cannot read ends in words of ours.
    """
    cloud.token = "none"  # noqa: S105  no password
    with pytest.raises(SourceError, match="answered what its SDK cannot read"):
        live(cloud)


def test_nobody_there_is_told(cloud: Cloud) -> None:
    """
    A port on which nobody listens gives no answer, however often it is asked.
    """
    with pytest.raises(SourceError, match=r"gave no answer \(ConnectionError\), asked 3 times"):
        live(cloud, users_url="http://127.0.0.1:9", iam_url=cloud.url)


def test_restricted_view_is_reported(cloud: Cloud) -> None:
    """
    Whoever may not list users is shown themselves, with a total of one; it must not pass for the whole.
    """
    cloud.users = cloud.users[:1]
    found = live(cloud)

    assert not found.complete
    assert found.faults[0].endswith("the list of users is restricted")


def test_without_a_key_nothing_is_asked(cloud: Cloud) -> None:
    """
    The settings say that the account is read from files; with a key they must say which account.
    """
    assert ADAPTER.live
    assert ADAPTER.live(asking(ACCOUNT, settings(cloud, api_key=""))) is None
    with pytest.raises(UsageError, match="which account"):
        ADAPTER.live(replace(asking(settings=settings(cloud)), account=None))


def test_key_is_sent_nowhere_unencrypted(cloud: Cloud) -> None:
    """
    An address without TLS is refused before anybody is asked.
    """
    with pytest.raises(UsageError, match="is not encrypted"):
        live(cloud, iam_url="http://iam.example.com")

    assert cloud.asked == []


def test_loop_of_pages_ends_where_it_closes() -> None:
    """
    A page that names an earlier one is the last that is asked for; the proof of completeness tells of it.
    """
    marks: list[Mark] = []

    def ask(mark: Mark) -> dict[str, object]:
        marks.append(mark)
        return {"next": 2 if mark == 1 else 1}

    assert len(followed(ask, lambda page: page["next"])) == 3  # type: ignore[return-value, arg-type]
    assert marks == [None, 1, 2]


def test_list_without_end_has_an_end() -> None:
    """
    A server that always names a next page is asked so often, and no more.
    """
    pages = followed(lambda mark: {"at": mark}, lambda page: int(str(page["at"] or 0)) + 1)

    assert len(pages) == MOST_PAGES


def test_files_need_no_key() -> None:
    """
    The same settings serve both ways of reading.
    """
    assert ADAPTER.files
    assert ADAPTER.files([API], asking(ACCOUNT, Settings())).complete
