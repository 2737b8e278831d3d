"""
A SCIM service, asked live: the rows of its files, from a service that answers in pages of its own size.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.errors import InputError, SourceError, UsageError
from reconciler.ports import Reading
from reconciler.sources.scim import ADAPTER, read_live
from reconciler.sources.scim_live import Settings
from reconciler.wire.client import Client, Pace
from reconciler.wire.message import Answer, UnsentError
from reconciler.wire.settings import Bearer, Retries
from tests.sources.test_clouds import DATA, asking, reading

URL = "https://scim.example.com/v2"
SETTINGS = Settings(url=URL, page=50, auth=Bearer(token="s3cret"), retries=Retries(attempts=1))  # noqa: S106


class Service:
    """
    What the example service answers, at most seven resources a page; `instead` by endpoint comes first.
    """

    def __init__(self, **instead: Answer | Exception) -> None:
        self.instead = instead
        self.asked: list[str] = []

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """
        Return a page of the endpoint that the address names.
        """
        assert (method, body, headers["Authorization"]) == ("GET", None, "Bearer s3cret")
        parts = urlsplit(url)
        endpoint = parts.path.rpartition("/")[2]
        self.asked.append(endpoint)
        if endpoint in self.instead:
            came = self.instead[endpoint]
            if isinstance(came, Exception):
                raise came
            return came
        query = parse_qs(parts.query)
        start, count = int(query["startIndex"][0]) - 1, min(7, int(query["count"][0]))
        return answer(resources(endpoint), start, count)

    def close(self) -> None:
        """
        Nothing is held open.
        """


def resources(endpoint: str) -> list[Any]:
    """
    Return the resources that the example service's files hold.
    """
    files = sorted((DATA / "scim" / "printed").glob(f"{endpoint.lower()}*.json"))
    return [one for path in files for one in json.loads(path.read_text())["Resources"]]


def answer(rows: list[Any], start: int, count: int) -> Answer:
    """
    Return a page, without resources where there are none (RFC 7644 section 3.4.2).
    """
    page = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(rows)}
    shown = rows[start : start + count]
    return Answer(status=200, body=json.dumps({**page, **({"Resources": shown} if shown else {})}).encode())


def live(service: Service) -> Reading:
    """
    Return what is read of a service.
    """
    client = Client(URL, SETTINGS, transport=service, pace=Pace(sleep=lambda _: None))
    told = asking(settings=SETTINGS)
    return read_live(client, told, at=told.now())


def test_live_reading_is_that_of_the_files() -> None:
    """
    The same people and groups, whole, though the service sends fewer than asked for; several pages are read twice.
    """
    service = Service()
    found, written = live(service), reading("scim")

    assert (found.users, found.groups) == (written.users, written.groups)
    assert (found.complete, found.account, found.fetched_at) == (True, "scim.example.com", "2026-11-20T00:00:00Z")
    assert (service.asked.count("Users"), service.asked.count("Groups")) == (10, 1)


def test_service_without_groups_is_whole() -> None:
    """
    A list without resources is an empty list, and the end.
    """
    found = live(Service(Groups=answer([], 0, 1)))

    assert found.groups == ()
    assert found.complete


def test_page_that_is_empty_too_early_makes_it_incomplete() -> None:
    """
    A service that stops before its own total has not said everything.
    """
    found = live(Service(Users=answer(resources("Users"), 0, 0)))

    assert "users: the total is 33, and 0 were read" in found.faults


@pytest.mark.parametrize(
    ("came", "told"),
    [
        pytest.param(Answer(status=401, body=b"who?"), "/Users answers 401: who?", id="401"),
        pytest.param(
            Answer(status=200, body=b'{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}'),
            "does not say how many there are in all",
            id="no-rows-no-total",
        ),
        pytest.param(
            Answer(status=200, body=b'{"totalResults": "33"}'), "totalResults is ", id="total-that-is-no-number"
        ),
        pytest.param(
            Answer(status=200, body=b'{"Resources": [{"id": "1"}]}'),
            "/Users does not say how many there are in all",
            id="no-total",
        ),
        pytest.param(Answer(status=404), "/Users answers 404", id="404"),
        pytest.param(Answer(status=200, body=b"[]"), "/Users answers no ListResponse", id="list"),
        pytest.param(Answer(status=302, headers={"location": "https://x"}), "not followed", id="redirect"),
        pytest.param(UnsentError("refused"), "/Users: ", id="nobody-there"),
    ],
)
def test_refusal_is_told(came: Answer | Exception, told: str) -> None:
    """
    With the address and what the service said; never with the credential.
    """
    with pytest.raises(SourceError) as refused:
        live(Service(Users=came))

    assert told in refused.value.message
    assert "s3cret" not in f"{refused.value.message}{refused.value.hint}"


@pytest.mark.parametrize("body", [b"<html>", b'{"a": 1, "a": 2}', b""])
def test_answer_that_is_no_strict_json_is_refused(body: bytes) -> None:
    """
    What no file may hold no answer may hold: the place is the page that was asked for.
    """
    with pytest.raises(InputError, match=r"Users\?startIndex=1"):
        live(Service(Users=Answer(status=200, body=body)))


def test_without_an_address_nothing_is_asked() -> None:
    """
    The settings say that the service is read from files; and a credential goes nowhere unencrypted.
    """
    assert ADAPTER.live
    assert ADAPTER.live(asking(settings=Settings())) is None
    with pytest.raises(UsageError, match="is not encrypted"):
        ADAPTER.live(asking(settings=Settings(url="http://scim.example.com")))


def test_live_source_is_closed_again(tmp_path: Path) -> None:
    """
    A real client that nobody answers says so, in words of ours.
    """
    assert ADAPTER.live
    settings = Settings(url="http://127.0.0.1:9", retries=Retries(attempts=1), ca_file=None)
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9/Users: "):
        ADAPTER.live(asking(str(tmp_path), settings))


def test_saved_page_without_a_total_is_refused(tmp_path: Path) -> None:
    """
    A page that does not say how many there are in all proves nobody's absence.
    """
    page = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "Resources": resources("Users")}
    (tmp_path / "users.json").write_text(json.dumps(page))

    with pytest.raises(InputError, match="how many there are in all"):
        reading("scim", tmp_path)


class Moving(Service):
    """
    A service of which, `often` times, the first person leaves after the first page, while another comes at the end.
    """

    def __init__(self, often: int) -> None:
        super().__init__()
        self.often = often
        self.people = resources("Users")

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """
        Return a page, and move.
        """
        query = parse_qs(urlsplit(url).query)
        if "/Users" not in url:
            return super().send(method, url, headers, body)
        came = answer([{**one, "groups": []} for one in self.people], int(query["startIndex"][0]) - 1, 7)
        if self.often and query["startIndex"] == ["1"] and "attributes" not in query:
            self.often -= 1
            self.people = [
                *self.people[1:],
                {**self.people[0], "id": f"new{self.often}", "userName": f"n{self.often}"},
            ]
        return came


@pytest.mark.parametrize(("often", "steady"), [(1, True), (9, False)])
def test_one_who_leaves_while_another_comes_hides_nobody(often: int, *, steady: bool) -> None:
    """
    The totals agree, and somebody who was there all along moved onto a page that was read already.
    """
    service = Moving(often)
    found = live(service)

    gap = "users: some came or went each time that the list was read"
    assert (gap in found.faults) is not steady
    assert {one["id"] for one in service.people} == {one.key for one in found.users} or not steady
