"""
Who we are to a server, and to nobody else.
"""

import json
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from reconciler.errors import WireError
from reconciler.wire.credentials import Credentials, TokenRequest
from reconciler.wire.message import Answer
from reconciler.wire.settings import Auth, Basic, Bearer, ClientCredentials, IbmCloudKey
from tests.wire.wires import BEGAN

OAUTH = ClientCredentials(
    token_url="https://id.example.com/token",  # noqa: S106 - no secret
    client_id="a b",
    client_secret="s:1",  # noqa: S106 - the same
    scope="scim",
)
KEY = IbmCloudKey(api_key="k+y")


class TokenServer:
    """
    Gives a new token for each request, and a clock that a test moves.
    """

    def __init__(self, **given: object) -> None:
        self.given = given
        self.asked: list[TokenRequest] = []
        self.now = BEGAN

    def credentials(self, auth: Auth | None) -> Credentials:
        """
        Return the credentials that ask here.
        """
        return Credentials(auth, ask=self.ask, now=lambda: self.now)

    def ask(self, request: TokenRequest) -> Answer:
        """
        Return a token, or what it was told to give.
        """
        self.asked.append(request)
        given = {"access_token": f"t{len(self.asked)}", "expires_in": 100, **self.given}
        return Answer(status=200, body=json.dumps(given).encode())


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        pytest.param(None, {}, id="nobody"),
        pytest.param(Bearer(token="t"), {"Authorization": "Bearer t"}, id="bearer"),  # noqa: S106 - no secret
        pytest.param(Basic(user="ann", password="é:"), {"Authorization": "Basic YW5uOsOpOg=="}, id="basic"),  # noqa: S106 - the same
        pytest.param(OAUTH, {"Authorization": "Bearer t1"}, id="client credentials"),
        pytest.param(KEY, {"Authorization": "Bearer t1"}, id="IBM Cloud"),
    ],
)
def test_header_says_who_we_are(auth: Auth | None, expected: dict[str, str]) -> None:
    """
    Each kind of authorisation becomes its header.
    """
    assert TokenServer().credentials(auth).header() == expected


def test_client_asks_for_a_token_as_the_standard_says() -> None:
    """
    Id and secret are form-encoded and then a pair; the grant and the scope stand in the body.
    """
    server = TokenServer()
    server.credentials(OAUTH).header()
    [asked] = server.asked

    assert asked.headers["Authorization"] == "Basic YStiOnMlM0Ex"
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["scim"]}


def test_api_key_goes_to_the_token_server_alone() -> None:
    """
    IBM Cloud's key stands in the body of the request for a token and nowhere else.
    """
    server = TokenServer()
    header = server.credentials(KEY).header()
    [asked] = server.asked

    assert parse_qs(asked.body.decode())["apikey"] == ["k+y"]
    assert asked.url == "https://iam.cloud.ibm.com/identity/token"
    assert "k+y" not in str(header)


def test_token_is_renewed_before_it_expires() -> None:
    """
    One token serves until four fifths of its life are over.
    """
    server = TokenServer()
    credentials = server.credentials(KEY)
    seen = []
    for seconds in (0, 79, 80, 81):
        server.now = BEGAN + timedelta(seconds=seconds)
        seen.append(credentials.header()["Authorization"])

    assert seen == ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]


def test_token_that_was_refused_is_renewed_once_for_all() -> None:
    """
    Two requests that were refused with one token ask for one new token, not for two.
    """
    server = TokenServer()
    credentials = server.credentials(KEY)
    old = credentials.header()
    better = credentials.spoiled(old), credentials.header(), credentials.spoiled(old), credentials.header()

    assert better == (True, {"Authorization": "Bearer t2"}, True, {"Authorization": "Bearer t2"})


def test_fixed_credential_is_not_tried_again() -> None:
    """
    A password that was refused stays refused.
    """
    credentials = TokenServer().credentials(Basic(user="ann", password="x"))  # noqa: S106 - no secret

    assert not credentials.spoiled(credentials.header())


@pytest.mark.parametrize(
    "given",
    [{"access_token": None}, {"access_token": "a\r\nX-Admin: 1"}, {"access_token": "é"}],
    ids=["none", "line end", "no header"],
)
def test_answer_without_a_token_is_told(given: dict[str, object]) -> None:
    """
    What cannot be a token is refused, without showing it.
    """
    with pytest.raises(WireError) as refused:
        TokenServer(**given).credentials(OAUTH).header()

    assert "gave no token" in refused.value.message
    assert "X-Admin" not in refused.value.message


@pytest.mark.parametrize("life", [None, "soon", -1, 0], ids=str)
def test_token_without_a_life_is_kept_for_some_minutes(life: object) -> None:
    """
    Where the token server says nothing of use, five minutes are assumed.
    """
    server = TokenServer(expires_in=life)
    credentials = server.credentials(KEY)
    first = credentials.header()
    server.now = BEGAN + timedelta(seconds=239)

    assert credentials.header() == first
