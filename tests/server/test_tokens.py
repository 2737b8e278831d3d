"""
The service's secret and its tokens: what is let in, and what is not.
"""

import pytest

from reconciler.errors import UsageError
from reconciler.server_run import secret_of
from reconciler.server_tokens import bears, holds, issue

SECRET = "a secret of some length"  # noqa: S105  the tests' own
TOKEN = issue(SECRET, now=1000.0, lifetime=60)
END, SIGNATURE = TOKEN.split(".")


@pytest.mark.parametrize(
    ("header", "let_in"),
    [
        (f"Bearer {SECRET}", True),
        (f"bearer  {SECRET}", True),
        ("", False),
        ("Bearer ", False),
        (f"Basic {SECRET}", False),
        (f"Bearer {SECRET[:-1]}", False),
        (f"Bearer {SECRET}\u00e9", False),
    ],
)
def test_secret_is_borne_as_it_is(header: str, let_in: object) -> None:
    """
    The scheme's name has no case, the secret has.
    """
    assert bears(header, SECRET) is let_in


@pytest.mark.parametrize(
    ("token", "now", "let_in"),
    [
        pytest.param(TOKEN, 1059.0, True, id="fresh"),
        pytest.param(TOKEN, 1060.0, False, id="ended"),
        pytest.param(f"9999.{SIGNATURE}", 1000.0, False, id="longer"),
        pytest.param(issue("another secret", now=1000.0, lifetime=60), 1000.0, False, id="another's"),
        pytest.param("", 1000.0, False, id="none"),
        pytest.param(f"{END}.", 1000.0, False, id="unsigned"),
        pytest.param("x.y", 1000.0, False, id="no time"),
    ],
)
def test_token_holds_for_its_time(token: str, now: float, let_in: object) -> None:
    """
    It is ours, as we made it, and has not ended.
    """
    assert holds(token, SECRET, now=now) is let_in


@pytest.mark.parametrize(("secret", "told"), [("", "not set"), ("short", "shorter than 16")])
def test_secret_that_can_be_guessed_is_none(secret: str, told: str) -> None:
    """
    Without a secret the service does not begin.
    """
    with pytest.raises(UsageError) as caught:
        secret_of({"RECONCILER_TOKEN": secret})

    assert told in caught.value.message
    assert "openssl rand" in caught.value.hint
