"""
What GitHub Actions tells a job, and what may be told to it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import GitHubError
from reconciler.github_event import Pull, event, put_out, summarise

JOB = {"GITHUB_REPOSITORY": "acme/access", "GITHUB_SHA": "0" * 40, "GITHUB_REF": "refs/heads/main"}
REQUEST = {
    "number": 12,
    "head": {"repo": {"full_name": "acme/access"}},
    "base": {"ref": "main", "repo": {"full_name": "acme/access"}},
}


def told(folder: Path, payload: object) -> dict[str, str]:
    """
    Return a job's environment with an event's file.
    """
    path = folder / "event.json"
    path.write_text(json.dumps(payload) if not isinstance(payload, str) else payload)
    return {**JOB, "GITHUB_EVENT_PATH": str(path)}


def test_a_job_is_known_by_its_environment() -> None:
    """
    What is not told has the value that github.com gives it.
    """
    job = event({**JOB, "GITHUB_API_URL": "https://ghe.example.com/api/v3", "GITHUB_RUN_ID": "7"})

    assert (job.api, job.branch, job.bot) == ("https://ghe.example.com/api/v3", "main", "github-actions[bot]")
    assert job.url == "https://github.com/acme/access/actions/runs/7"
    assert (job.pull, event({**JOB, "GITHUB_REF": "refs/tags/v1"}).branch) == (None, "")


@pytest.mark.parametrize("missing", sorted(JOB))
def test_what_is_no_job_is_refused(missing: str) -> None:
    """
    Outside Actions the command says which variable is missing, and what to call instead.
    """
    with pytest.raises(GitHubError, match=missing) as raised:
        event({name: value for name, value in JOB.items() if name != missing})

    assert "reconciler plan" in raised.value.hint


@pytest.mark.parametrize(
    ("head", "fork"),
    [
        pytest.param({"repo": {"full_name": "acme/access"}}, False, id="own branch"),
        pytest.param({"repo": {"full_name": "mallory/access"}}, True, id="fork"),
        pytest.param({"repo": None}, True, id="a fork that is gone"),
    ],
)
def test_a_fork_is_told_from_a_branch(tmp_path: Path, head: dict[str, Any], *, fork: bool) -> None:
    """
    A pull request whose head is not surely of this repository has no credential.
    """
    job = event(told(tmp_path, {"pull_request": {**REQUEST, "head": head}}))

    assert job.pull == Pull(number=12, base="main", fork=fork)


@pytest.mark.parametrize("payload", [[], {}, {"pull_request": {}}, {"pull_request": {**REQUEST, "number": "x"}}])
def test_an_event_of_another_kind_has_no_pull_request(tmp_path: Path, payload: object) -> None:
    """
    A push, a schedule, or what nobody knows is no pull request.
    """
    assert event(told(tmp_path, payload)).pull is None


def test_an_event_that_is_no_json_is_refused(tmp_path: Path) -> None:
    """
    A broken file is not taken for a push.
    """
    with pytest.raises(GitHubError, match="cannot be read"):
        event(told(tmp_path, "{"))


def test_outputs_and_summary_are_added(tmp_path: Path) -> None:
    """
    What earlier steps wrote stays; where no file is named nothing is written.
    """
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("earlier=1\n")
    put_out({"GITHUB_OUTPUT": str(output)}, {"changes": 3, "digest": "sha256:ab"})
    summarise({"GITHUB_STEP_SUMMARY": str(summary)}, "**Plan**\n")
    summarise({}, "nowhere")

    assert output.read_text() == "earlier=1\nchanges=3\ndigest=sha256:ab\n"
    assert summary.read_text() == "**Plan**\n"


@pytest.mark.parametrize("value", ["1\nrisky=0", "a<<EOF", "%0A"])
def test_an_output_cannot_set_another(value: str) -> None:
    """
    A value that could begin a line of its own never reaches the file.
    """
    with pytest.raises(GitHubError, match="more than plain words"):
        put_out({}, {"environment": value})


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """
    A full or read-only runner is an error of ours, with the file's name.
    """
    with pytest.raises(GitHubError, match="cannot be written"):
        summarise({"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "summary")}, "x")
