"""
Files into which a command line or curl has put the cloud's error answer: refused in the cloud's own words.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InputError
from tests.sources.test_clouds_refused import OKTA, read

OKTA_DENIED: dict[str, Any] = {
    "errorCode": "E0000011",
    "errorSummary": "Invalid token provided",
    "errorLink": "E0000011",
    "errorId": "oaeexample",
    "errorCauses": [],
}
GRAPH_DENIED = {
    "error": {
        "code": "Authorization_RequestDenied",
        "message": "Insufficient privileges to complete the operation.",
        "innerError": {"date": "2026-11-20T08:00:00", "request-id": "7c1f"},
    }
}
GOOGLE_DENIED = {
    "error": {
        "code": 403,
        "message": "Not Authorized to access this resource/api",
        "errors": [
            {
                "message": "Not Authorized to access this resource/api",
                "domain": "global",
                "reason": "forbidden",
            }
        ],
    }
}


@pytest.mark.parametrize(
    ("cloud", "answer", "words"),
    [
        pytest.param("okta", OKTA_DENIED, "E0000011: Invalid token provided", id="okta"),
        pytest.param(
            "okta",
            {**OKTA_DENIED, "errorCauses": [{"errorSummary": "limit: too large"}, "and more"]},
            "E0000011: Invalid token provided: limit: too large: and more",
            id="okta with causes",
        ),
        pytest.param(
            "entra",
            GRAPH_DENIED,
            "Authorization_RequestDenied: Insufficient privileges to complete the operation.",
            id="graph",
        ),
        pytest.param(
            "google", GOOGLE_DENIED, "403: Not Authorized to access this resource/api: forbidden", id="google"
        ),
        pytest.param(
            "google",
            {"error": {"code": 7e0, "status": "PERMISSION_DENIED", "message": "no"}},
            "7.0: PERMISSION_DENIED: no",
            id="google of another form",
        ),
        pytest.param(
            "entra",
            {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."},
            "invalid_client: AADSTS7000215: Invalid client secret provided.",
            id="login",
        ),
        pytest.param(
            "aws",
            {"__type": "AccessDeniedException", "Message": "not authorized to perform: identitystore:ListUsers"},
            "AccessDeniedException: not authorized to perform: identitystore:ListUsers",
            id="aws",
        ),
    ],
)
def test_error_answer_is_refused_in_the_clouds_own_words(
    tmp_path: Path, cloud: str, answer: dict[str, Any], words: str
) -> None:
    """
    Whoever must mend it reads what the cloud said, and where it stands.
    """
    with pytest.raises(InputError) as refused:
        read(tmp_path, cloud, {"users.json": json.dumps(answer, indent=2)})

    assert f"users.json:1: page 1: is an error answer, no page: {words}" in refused.value.message


def test_error_answer_among_pages_is_named_by_its_page(tmp_path: Path) -> None:
    """
    A loop that went on after the refusal has it between its pages.
    """
    with pytest.raises(InputError) as refused:
        read(tmp_path, "okta", {"users.json": [[OKTA], OKTA_DENIED]})

    assert "users.json: page 2: is an error answer, no page: E0000011: Invalid token" in refused.value.message


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param("\x1b[31mno\u202e\nusers.json: fine", "\\x1b[31mno\\u202e\\nusers.json: fine", id="escaped"),
        pytest.param("x" * 100_000, f"{'x' * 50}...", id="bounded"),
        pytest.param("", "is an error answer, no page", id="silent"),
    ],
)
def test_words_of_strangers_do_not_act(tmp_path: Path, said: str, told: str) -> None:
    """
    What the answer says is shown on one line, without controls, and not endless.
    """
    with pytest.raises(InputError) as refused:
        read(tmp_path, "okta", {"users.json": {"errorSummary": said}})

    assert told in refused.value.message
    assert len(refused.value.message) < 1000
