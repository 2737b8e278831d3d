"""
What GitHub Actions tells a job, and what the job tells Actions: variables, the event's file, outputs, the summary.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from reconciler.effects import effect
from reconciler.errors import GitHubError

MOST_BYTES = 1_000_000
"""Bytes that a job's summary holds (the limit is 1 MiB a step)."""

_PLAIN = re.compile(r"[A-Za-z0-9._:+~/ -]*")


class Pull(Struct, frozen=True, kw_only=True):
    """
    A pull request: its number, the branch it is to be merged into, and whether it comes from a fork.
    """

    number: int
    base: str
    fork: bool


class Event(Struct, frozen=True, kw_only=True):
    """
    Which job this is: of which repository, on which commit of which ref; `pull` where a pull request started it.

    `bot` is who our comments and issues are by, `run` the run's number, `url` where it can be looked at.
    """

    api: str
    token: str
    repository: str
    sha: str
    ref: str
    run: str
    url: str
    bot: str
    pull: Pull | None = None

    @property
    def branch(self) -> str:
        """
        Return the branch that the job runs on; empty for a tag or a pull request.
        """
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else ""


def event(environ: Mapping[str, str]) -> Event:
    """
    Return what the environment says of this job; raises GitHubError where it is none of GitHub Actions'.
    """
    needed = ("GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF")
    if missing := [name for name in needed if not environ.get(name)]:
        told = f"this is no job of GitHub Actions: {', '.join(missing)} {'are' if missing[1:] else 'is'} not set"
        raise GitHubError(told, hint="`reconciler plan` and `reconciler apply` are for everywhere else")
    server = environ.get("GITHUB_SERVER_URL", "https://github.com")
    run = environ.get("GITHUB_RUN_ID", "0")
    return Event(
        api=environ.get("GITHUB_API_URL", "https://api.github.com"),
        token=environ.get("GITHUB_TOKEN", ""),
        repository=environ["GITHUB_REPOSITORY"],
        sha=environ["GITHUB_SHA"],
        ref=environ["GITHUB_REF"],
        run=run,
        url=f"{server}/{environ['GITHUB_REPOSITORY']}/actions/runs/{run}",
        bot=environ.get("RECONCILER_BOT") or "github-actions[bot]",
        pull=_pull(_payload(environ)),
    )


def _payload(environ: Mapping[str, str]) -> dict[str, Any]:
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        payload = msgspec.json.decode(Path(path).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GitHubError(f"{path}: the event cannot be read: {error}") from error
    return payload if isinstance(payload, dict) else {}


def _pull(payload: Mapping[str, Any]) -> Pull | None:
    """
    Return the pull request of an event; a head without a repository is that of a fork which is gone.
    """
    try:
        pull = payload["pull_request"]
        head = (pull["head"]["repo"] or {}).get("full_name")
        base = pull["base"]
        return Pull(number=int(pull["number"]), base=str(base["ref"]), fork=head != base["repo"]["full_name"])
    except (KeyError, TypeError, ValueError):
        return None


def summarise(environ: Mapping[str, str], text: str) -> None:
    """
    Add Markdown to the job's summary, if there is one.
    """
    _append(environ.get("GITHUB_STEP_SUMMARY"), text)


def put_out(environ: Mapping[str, str], outputs: Mapping[str, object]) -> None:
    """
    Set outputs of the step, if there is one; raises GitHubError for a value that is not plain.

    A line break would set another output: so only counts, digests, names of ours and exit codes pass.
    """
    lines = [f"{name}={value}" for name, value in outputs.items()]
    if wrong := [name for name, value in outputs.items() if not _PLAIN.fullmatch(str(value))]:
        raise GitHubError(f"output {wrong[0]} holds more than plain words")
    _append(environ.get("GITHUB_OUTPUT"), "".join(f"{line}\n" for line in lines))


def _append(path: str | None, text: str) -> None:
    if not path:
        return
    try:
        with effect("write", path), Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise GitHubError(f"{path} cannot be written: {error.strerror}") from error
