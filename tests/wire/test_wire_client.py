"""
One server over HTTP, with patience and without leaks.
"""

import sys
from socket import gaierror

import pytest
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from reconciler.errors import UsageError, WireError
from reconciler.wire.client import Client
from reconciler.wire.message import Answer, LostError, Request, UnsentError
from reconciler.wire.settings import Bearer, HttpSettings, IbmCloudKey, Retries
from reconciler.wire.transport import unreached
from tests.wire.wires import ROOT, client

READ = Request(method="GET", path="Users", repeatable=True)
CREATE = Request(method="POST", path="Users", body=b"{}")
WELL = Answer(status=200, body=b'{"a": 1}')
TOKEN = Answer(status=200, body=b'{"access_token": "t1", "expires_in": 100}')
TOKEN2 = Answer(status=200, body=b'{"access_token": "t2", "expires_in": 100}')


def test_request_carries_credentials_query_and_body() -> None:
    """
    The address is below the root, the query is encoded, the credential goes along.
    """
    asking, wire, _ = client([WELL], HttpSettings(auth=Bearer(token="t")))  # noqa: S106 - no secret
    answer = asking.ask(Request(method="POST", path="Users", query={"filter": 'a eq "b&c"'}, body=b"{}"))

    assert answer.json() == {"a": 1}
    assert wire.sent == [
        ("POST", f"{ROOT}/Users?filter=a+eq+%22b%26c%22", {"Authorization": "Bearer t"}, b"{}"),
    ]


def test_read_is_repeated_until_it_is_answered() -> None:
    """
    Lost answers and an unwell server are waited for, each time longer.
    """
    asking, wire, clock = client([LostError("reset"), Answer(status=503), UnsentError("refused"), WELL])

    assert asking.ask(READ) == WELL
    assert clock.slept == [0.25, 0.5, 1.0]
    assert asking.asked == len(wire.sent) == 4


def test_create_whose_answer_is_lost_is_not_repeated() -> None:
    """
    The caller is told that nobody knows, and how often it was tried.
    """
    asking, wire, _ = client([LostError("reset"), WELL])
    with pytest.raises(WireError, match="no whole answer in 1 attempts") as lost:
        asking.ask(CREATE)

    assert lost.value.lost
    assert len(wire.sent) == 1


def test_server_that_cannot_be_reached_is_given_up() -> None:
    """
    After the last attempt the error says that nothing was sent.
    """
    asking, wire, _ = client([UnsentError("refused")] * 9, HttpSettings(retries=Retries(attempts=3)))
    with pytest.raises(WireError, match="no connection in 3 attempts") as gone:
        asking.ask(CREATE)

    assert not gone.value.lost
    assert "that the server runs" in gone.value.hint
    assert len(wire.sent) == 3


def _caused(cause: Exception) -> Exception:
    """
    Return what urllib3 raises where a connection fails for that cause.
    """
    error = NewConnectionError(HTTPConnection("idp.example.com"), f"Failed to establish: {cause}")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(_caused(ConnectionRefusedError(111, "x")), "refused: nothing listens there", id="refused"),
        pytest.param(_caused(OSError(113, "No route to host")), "No route to host", id="no route"),
        pytest.param(ConnectTimeoutError("x"), "it did not answer in time", id="late"),
        pytest.param(
            NameResolutionError("idp", HTTPConnection("idp"), gaierror(-2, "x")),
            "nobody knows the name of this machine",
            id="name",
        ),
    ],
)
def test_reason_for_no_connection_holds_no_object_of_a_library(error: Exception, told: str) -> None:
    """
    That a server is down is told in our words.
    """
    assert unreached(error) == told


def test_last_refusal_is_the_answer() -> None:
    """
    A server that puts off for ever is answered for by its own words.
    """
    asking, _, _ = client([Answer(status=429)] * 9, HttpSettings(retries=Retries(attempts=3)))

    assert asking.ask(CREATE).status == 429


def test_all_attempts_together_are_bounded_in_time() -> None:
    """
    A server that asks for a minute each time is not waited for beyond the seconds allowed in all.
    """
    slow = Answer(status=503, headers={"retry-after": "60"})
    asking, _, clock = client([slow] * 9, HttpSettings(retries=Retries(attempts=9, seconds=100, longest=30)))

    assert asking.ask(READ).status == 503
    assert sum(clock.slept) <= 100


def test_redirect_is_not_followed() -> None:
    """
    Where the server sends us elsewhere the credential does not go along, because nothing goes.
    """
    asking, wire, _ = client([Answer(status=307, headers={"location": "https://evil.example.com/"}), WELL])
    with pytest.raises(WireError, match=r"redirects to 'https://evil\.example\.com/'"):
        asking.ask(READ)

    assert len(wire.sent) == 1


def test_link_to_another_origin_is_not_asked() -> None:
    """
    A next page on another host is an error before anything is sent.
    """
    asking, wire, _ = client([WELL])
    with pytest.raises(WireError, match=r"evil\.example\.com"):
        asking.ask(Request(method="GET", path="https://evil.example.com/Users?startIndex=2"))

    assert wire.sent == []


def test_token_that_was_revoked_is_renewed() -> None:
    """
    A 401 with a token that ought to live is answered by a new token and one more try.
    """
    script = [TOKEN, Answer(status=401), TOKEN2, WELL]
    asking, wire, _ = client(script, HttpSettings(auth=IbmCloudKey(api_key="k")))

    assert asking.ask(READ) == WELL
    assert [headers.get("Authorization") for _, _, headers, _ in wire.sent] == [
        None,
        "Bearer t1",
        None,
        "Bearer t2",
    ]


def test_refused_credential_is_the_answer() -> None:
    """
    Where there is no better credential the refusal is what the caller gets.
    """
    asking, wire, _ = client([Answer(status=401), WELL], HttpSettings(auth=Bearer(token="t")))  # noqa: S106 - no secret

    assert asking.ask(READ).status == 401
    assert len(wire.sent) == 1


def test_many_requests_are_answered_in_their_order() -> None:
    """
    Whatever fails of many stands at its place, and the others are answered.
    """
    asking, _, _ = client([WELL, LostError("reset"), Answer(status=404)], HttpSettings(width=1))
    came = list(asking.ask_all([CREATE] * 3))

    assert [one.status if isinstance(one, Answer) else type(one) for one in came] == [200, WireError, 404]


def test_closing_gives_the_connections_back() -> None:
    """
    The client closes the wire below it.
    """
    asking, wire, _ = client([])
    asking.close()

    assert wire.closed


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": ', b"\xff\xfe"], ids=["empty", "HTML", "cut", "encoding"])
def test_what_is_no_json_is_told_so(body: bytes) -> None:
    """
    An answer of another type names status and type.
    """
    with pytest.raises(WireError, match=r"\(200, text/html\) is no JSON"):
        Answer(status=200, headers={"content-type": "text/html"}, body=body).json()


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who has not installed the extra is told what to type.
    """
    monkeypatch.setitem(sys.modules, "urllib3", None)
    with pytest.raises(UsageError, match="urllib3") as refused:
        Client.open(ROOT, HttpSettings())

    assert "[scim]" in refused.value.hint
