"""
Who may call the service: whoever knows its secret, and, where the web is asked to prove it, has a fresh token.

Both are compared in constant time. A token says when it ends and is signed with the secret: the service keeps none.
"""

import hashlib
import hmac

SECRET = "RECONCILER_TOKEN"  # noqa: S105  the variable's name, not its value
SHORTEST = 16
"""Characters that a secret has at least."""


def bears(header: str, secret: str) -> bool:
    """
    Return whether an `Authorization` header holds the secret as a bearer token (RFC 6750, section 2.1).
    """
    scheme, _, token = header.partition(" ")
    return hmac.compare_digest(token.strip().encode(), secret.encode()) and scheme.lower() == "bearer"


def issue(secret: str, *, now: float, lifetime: int) -> str:
    """
    Return a token that holds for so many seconds from `now` (seconds since 1970).
    """
    end = str(int(now) + lifetime)
    return f"{end}.{_signature(secret, end)}"


def holds(token: str, secret: str, *, now: float) -> bool:
    """
    Return whether a token is one of ours, and has not ended.
    """
    end, _, signature = token.partition(".")
    ours = hmac.compare_digest(signature.encode(), _signature(secret, end).encode())
    return ours and int(end) > now


def _signature(secret: str, end: str) -> str:
    return hmac.new(secret.encode(), b"csrf:" + end.encode(), hashlib.sha256).hexdigest()
