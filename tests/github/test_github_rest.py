"""
GitHub's REST interface as values: what is asked, what is taken for ours, what is refused.
"""

import json
from typing import Any

import pytest

from reconciler.errors import GitHubError
from reconciler.github import GitHub, RefusedError
from reconciler.wire.message import Answer
from tests.wire.wires import ROOT, ScriptedWire, client

BOT = "github-actions[bot]"
MARK = "<!-- mark -->"


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """
    Return an answer in JSON.
    """
    return Answer(status=status, headers=headers, body=json.dumps(body).encode())


def ours(**more: Any) -> dict[str, Any]:
    """
    Return a comment or an issue that is ours.
    """
    return {"id": 5, "number": 5, "title": "T", "body": f"{MARK}\nold", "user": {"login": BOT}, **more}


def hub(*script: Answer | Exception) -> tuple[GitHub, ScriptedWire]:
    """
    Return a repository whose answers are written down.
    """
    asked, wire, _ = client(script)
    return GitHub(client=asked, repository="acme/access", bot=BOT), wire


def calls(wire: ScriptedWire) -> list[str]:
    """
    Return what was asked, without the address of the server.
    """
    return [f"{method} {url.removeprefix(ROOT)}" for method, url, _, _ in wire.sent]


def body(wire: ScriptedWire) -> Any:
    """
    Return what the last request said.
    """
    return json.loads(wire.sent[-1][3] or b"null")


def test_a_comment_is_made_once_and_then_kept_up_to_date() -> None:
    """
    Without a comment of ours one is made; one that says something else is changed; one that says the same is left.
    """
    strangers = [ours(user={"login": "mallory"}), ours(user=None), ours(body="no mark"), ours(body=None)]
    made, first = hub(answer(strangers), answer({"id": 6}, 201))
    made.comment(12, MARK, f"{MARK}\nnew")
    changed, second = hub(answer([ours()]), answer({"id": 5}))
    changed.comment(12, MARK, f"{MARK}\nnew")
    same, third = hub(answer([ours()]))
    same.comment(12, MARK, f"{MARK}\nold")

    start = "/repos/acme/access/issues"
    assert calls(first) == [f"GET {start}/12/comments?per_page=100", f"POST {start}/12/comments"]
    assert calls(second)[1:] == [f"PATCH {start}/comments/5"]
    assert body(second) == {"body": f"{MARK}\nnew"}
    assert len(calls(third)) == 1


def test_lists_are_read_to_their_end() -> None:
    """
    Pages are followed by the link that the server gives.
    """
    following = f'<{ROOT}/repositories/1/issues/12/comments?page=2>; rel="next", <{ROOT}/x>; rel="last"'
    found, wire = hub(answer([ours(user={"login": "ann"})], link=following), answer([ours()]))

    assert found.comments(12, MARK) == [f"{MARK}\nold"]
    assert calls(wire)[1] == "GET /repositories/1/issues/12/comments?page=2"


def test_a_link_to_another_server_is_not_followed() -> None:
    """
    The token goes to one origin.
    """
    found, _ = hub(answer([], link='<https://evil.example.com/x>; rel="next"'))

    with pytest.raises(GitHubError, match="not followed"):
        found.comments(12, MARK)


def test_an_issue_is_opened_changed_and_closed() -> None:
    """
    Ours is found by author and mark among what is open; a pull request is no issue.
    """
    opened, first = hub(answer([ours(pull_request={})]), answer({"number": 9}, 201))
    changed, second = hub(answer([ours()]), answer({"number": 5}))
    same, third = hub(answer([ours()]))
    closed, fourth = hub(answer([ours()]), answer({"number": 5}))
    none, _ = hub(answer([]))

    assert opened.issue(MARK, title="T", body=MARK) == 9
    assert "state=open" in calls(first)[0]
    assert "creator=github-actions%5Bbot%5D" in calls(first)[0]
    assert (changed.issue(MARK, title="T", body=MARK), calls(second)[1]) == (5, "PATCH /repos/acme/access/issues/5")
    assert (same.issue(MARK, title="T", body=f"{MARK}\nold"), len(calls(third))) == (5, 1)
    assert (closed.close_issue(MARK, body=MARK), body(fourth)["state"]) == (5, "closed")
    assert none.close_issue(MARK, body=MARK) == 0


def test_merged_pull_requests_are_those_since_the_last_run() -> None:
    """
    One that was closed unmerged, or merged before, is not among them; the oldest comes first.
    """
    times = {1: "2026-11-20T09:00:00Z", 2: "2026-11-20T08:30:00Z", 3: "2026-11-20T07:00:00Z", 4: None}
    found, _ = hub(answer([{"number": number, "merged_at": at} for number, at in times.items()]))

    assert found.merged("main", since="2026-11-20T08:00:00Z") == [2, 1]


def test_authors_are_who_the_commits_name() -> None:
    """
    Authors and committers count; what is missing is passed over.
    """
    commits = [
        {"commit": {"author": {"email": "ann@example.com"}, "committer": {"email": "bob@example.com"}}},
        {"commit": {"author": None, "committer": {"email": ""}}},
        {"commit": None},
    ]
    found, _ = hub(answer(commits))

    assert found.authors(12) == {"ann@example.com", "bob@example.com"}


def test_approvers_are_who_agreed() -> None:
    """
    Whoever rejected, or is nobody with a plain name, is not among them.
    """
    told = [("approved", "bob"), ("approved", "ann"), ("rejected", "eve"), ("approved", "-x y"), ("approved", None)]
    found, wire = hub(answer([{"state": state, "user": {"login": login}} for state, login in told]))

    assert found.approvers("77") == ["ann", "bob"]
    assert calls(wire) == ["GET /repos/acme/access/actions/runs/77/approvals"]


def test_a_rolling_pull_request_is_opened_and_kept_up_to_date() -> None:
    """
    There is one for the branch; it is changed where it says something else.
    """
    opened, first = hub(answer([]), answer({"number": 3}, 201))
    changed, second = hub(answer([ours()]), answer({"number": 5}))
    same, third = hub(answer([ours()]))

    assert opened.pull("x/export", "main", title="T", body="B") == 3
    assert "head=acme%3Ax%2Fexport" in calls(first)[0]
    assert body(first) == {"title": "T", "head": "x/export", "base": "main", "body": "B"}
    assert (changed.pull("x/export", "main", title="T", body="B"), calls(second)[1]) == (
        5,
        "PATCH /repos/acme/access/pulls/5",
    )
    assert (same.pull("x/export", "main", title="T", body=f"{MARK}\nold"), len(calls(third))) == (5, 1)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param(answer({"message": "Bad credentials"}, 401), "answered 401: Bad credentials", id="token"),
        pytest.param(answer({"message": "Not Found"}, 404), "answered 404", id="nothing there"),
        pytest.param(Answer(status=418, body=b"<html>"), "answered 418: nothing more was said", id="no JSON"),
        pytest.param(answer(["x"], 422), "answered 422: nothing more was said", id="a list"),
        pytest.param(answer({}), "something else answered", id="no list"),
        pytest.param(answer([1]), "something else answered", id="no objects"),
        pytest.param(answer([], 302, location="/y"), "not followed", id="moved"),
    ],
)
def test_what_is_not_answered_well_is_told(script: Answer, told: str) -> None:
    """
    Whatever comes instead of a list is an error in GitHub's own words.
    """
    found, _ = hub(script)

    with pytest.raises(GitHubError, match=told):
        found.comments(12, MARK)


@pytest.mark.parametrize("made", [[], {}, {"number": True}, {"number": "9"}])
def test_an_answer_without_a_number_is_refused(made: object) -> None:
    """
    What was made must say what it is called.
    """
    found, _ = hub(answer([]), answer(made, 201))

    with pytest.raises(GitHubError):
        found.issue(MARK, title="T", body="B")


def test_a_token_that_may_not_is_told_apart() -> None:
    """
    Whoever only may not is another case than a server that fails.
    """
    found, _ = hub(answer([]), answer({"message": "Resource not accessible by integration"}, 403))

    with pytest.raises(RefusedError, match="not accessible"):
        found.comment(12, MARK, MARK)


@pytest.mark.parametrize(
    ("repository", "token", "told"),
    [
        ("acme", "t", "names no repository"),
        ("acme/x/../y", "t", "names no repository"),
        ("acme/x", "", "no GITHUB_TOKEN"),
    ],
)
def test_nothing_is_asked_without_a_name_and_a_token(repository: str, token: str, told: str) -> None:
    """
    A name that could lead elsewhere, or no token, is refused before anything is sent.
    """
    with pytest.raises(GitHubError, match=told):
        GitHub.open("https://api.github.com", token, repository=repository, bot=BOT)


def test_a_client_is_opened_and_closed() -> None:
    """
    The address of the API is the one that Actions tells.
    """
    found = GitHub.open("https://ghe.example.com/api/v3/", "t", repository="acme/x", bot=BOT)
    found.close()

    assert found.client.root == "https://ghe.example.com/api/v3"
