"""
The `Authorization` header of each request; a token is asked for when it is needed, and anew before it expires.
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import quote_plus, urlencode

from msgspec import Struct

from reconciler.errors import WireError
from reconciler.wire.message import Answer
from reconciler.wire.settings import Auth, Basic, Bearer, ClientCredentials, IbmCloudKey

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_MARGIN = 0.2
_LIFE = 300.0


class TokenRequest(Struct, frozen=True, kw_only=True):
    """
    What is sent to a token server, and nowhere else.
    """

    url: str
    headers: dict[str, str]
    body: bytes


class Credentials:
    """
    Who we are to one server; `ask` sends a request for a token, `now` is the clock.
    """

    def __init__(
        self, auth: Auth | None, *, ask: Callable[[TokenRequest], Answer], now: Callable[[], datetime]
    ) -> None:
        self._auth = auth
        self._ask = ask
        self._now = now
        self._lock = Lock()
        self._token = ""
        self._until: datetime | None = None

    def header(self) -> dict[str, str]:
        """
        Return the header that lets us in; raises WireError where no token is given.
        """
        auth = self._auth
        if auth is None:
            return {}
        if isinstance(auth, Bearer):
            return {"Authorization": f"Bearer {auth.token}"}
        if isinstance(auth, Basic):
            return {"Authorization": f"Basic {_pair(auth.user, auth.password)}"}
        with self._lock:
            if self._until is None or self._now() >= self._until:
                self._renew(token_request(auth))
            return {"Authorization": f"Bearer {self._token}"}

    def spoiled(self, header: dict[str, str]) -> bool:
        """
        Take in that the server refused this header (401); return whether there may be a better one now.
        """
        with self._lock:
            if self._until is None:
                return False
            if header == {"Authorization": f"Bearer {self._token}"}:
                self._until = self._now()
            return True

    def _renew(self, request: TokenRequest) -> None:
        asked = self._now()
        answer = self._ask(request)
        given = answer.json() if answer.good else {}
        token = given.get("access_token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            hint = "look at the client's id and secret, or the API key"
            raise WireError(f"{request.url} gave no token: it answered {answer.status}", hint=hint)
        life = given.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else _LIFE
        self._token = token
        self._until = asked + timedelta(seconds=seconds * (1 - _MARGIN))


def token_request(auth: ClientCredentials | IbmCloudKey) -> TokenRequest:
    """
    Return how a token is asked for: RFC 6749 section 4.4.2, or IBM Cloud's own grant for API keys.
    """
    if isinstance(auth, IbmCloudKey):
        grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": auth.api_key}
        return TokenRequest(url=auth.token_url, headers=_FORM, body=urlencode(grant).encode())
    # RFC 6749 section 2.3.1: both are form-encoded before they become a pair
    pair = _pair(quote_plus(auth.client_id), quote_plus(auth.client_secret))
    grant = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
    return TokenRequest(
        url=auth.token_url, headers={**_FORM, "Authorization": f"Basic {pair}"}, body=urlencode(grant).encode()
    )


def _pair(user: str, password: str) -> str:
    return b64encode(f"{user}:{password}".encode()).decode()
