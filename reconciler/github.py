"""
GitHub's REST interface, as far as plans, drift and exports need it: comments, issues, pull requests.

https://docs.github.com/en/rest (version 2022-11-28); GITHUB_API_URL leads to an Enterprise Server as well. What
others wrote is data: it is held against the author and the mark of what is ours, and against nothing else.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from reconciler.errors import GitHubError, WireError
from reconciler.wire.client import Client
from reconciler.wire.message import Answer, Request
from reconciler.wire.settings import Bearer, HttpSettings

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_PAGE = {"per_page": "100"}
_MOST_PAGES = 30
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="next"')
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}(\[bot\])?")
_REFUSED = frozenset({401, 403, 404})


class RefusedError(GitHubError):
    """
    The token may not do this: a fork's pull request, say, whose token can only read.
    """


class GitHub(Struct, frozen=True, kw_only=True):
    """
    One repository. `bot` is the author of what is ours.
    """

    client: Client
    repository: str
    bot: str

    @classmethod
    def open(cls, api: str, token: str, *, repository: str, bot: str) -> "GitHub":
        """
        Return the repository at an API; raises GitHubError without a token, or for what is no repository's name.
        """
        if not re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", repository):
            raise GitHubError(f"{repository!r} names no repository", hint="GITHUB_REPOSITORY is OWNER/NAME")
        if not token:
            raise GitHubError("there is no GITHUB_TOKEN", hint="give the step `env: GITHUB_TOKEN`")
        settings = HttpSettings(auth=Bearer(token=token), width=1)
        return cls(client=Client.open(api, settings), repository=repository, bot=bot)

    def close(self) -> None:
        """
        Give back the connection.
        """
        self.client.close()

    def comment(self, number: int, mark: str, body: str) -> None:
        """
        Make the one comment of ours on an issue or pull request that bears `mark` say `body`; make it if need be.
        """
        there = next(self._ours(f"issues/{number}/comments", {}, mark), None)
        if there is None:
            self._ask("POST", f"issues/{number}/comments", {"body": body})
        elif there["body"] != body:
            self._ask("PATCH", f"issues/comments/{_number(there, 'id')}", {"body": body})

    def comments(self, number: int, mark: str) -> list[str]:
        """
        Return the texts of our comments that bear `mark`, the oldest first.
        """
        return [str(one["body"]) for one in self._ours(f"issues/{number}/comments", {}, mark)]

    def issue(self, mark: str, *, title: str, body: str) -> int:
        """
        Make the one open issue of ours that bears `mark` say `body`, made if need be, and return its number.
        """
        there = self._open_issue(mark)
        if there is None:
            return _number(self._ask("POST", "issues", {"title": title, "body": body}), "number")
        if (there["title"], there["body"]) != (title, body):
            self._ask("PATCH", f"issues/{_number(there, 'number')}", {"title": title, "body": body})
        return _number(there, "number")

    def close_issue(self, mark: str, *, body: str) -> int:
        """
        Close our open issue that bears `mark`, with a last word; return its number, or 0 where there is none.
        """
        there = self._open_issue(mark)
        if there is None:
            return 0
        number = _number(there, "number")
        self._ask("PATCH", f"issues/{number}", {"body": body, "state": "closed", "state_reason": "completed"})
        return number

    def merged(self, base: str, *, since: str) -> list[int]:
        """
        Return the numbers of pull requests merged into `base` after a time in UTC, the oldest first.

        At most the hundred that were changed last are looked at.
        """
        query = {"state": "closed", "base": base, "sort": "updated", "direction": "desc", **_PAGE}
        found = self._list(self._get("pulls", query))
        late = [one for one in found if isinstance(at := one.get("merged_at"), str) and at > since]
        return [_number(one, "number") for one in sorted(late, key=lambda one: str(one["merged_at"]))]

    def authors(self, number: int) -> frozenset[str]:
        """
        Return the e-mail addresses of a pull request's authors, as its commits have them.
        """
        commits = [one.get("commit") for one in self._pages(f"pulls/{number}/commits", {})]
        roles = ("author", "committer")
        people = [commit.get(role) for commit in commits if isinstance(commit, dict) for role in roles]
        mails = [person.get("email") for person in people if isinstance(person, dict)]
        return frozenset(mail for mail in mails if isinstance(mail, str) and mail)

    def approvers(self, run: str) -> list[str]:
        """
        Return the logins, sorted, of those who approved a run's environment.
        """
        found = self._list(self._get(f"actions/runs/{run}/approvals", {}))
        users = [one.get("user") for one in found if one.get("state") == "approved"]
        logins = {user.get("login") for user in users if isinstance(user, dict)}
        return sorted(login for login in logins if isinstance(login, str) and _LOGIN.fullmatch(login))

    def pull(self, branch: str, base: str, *, title: str, body: str) -> int:
        """
        Make the open pull request from our `branch` say this, opened if need be, and return its number.
        """
        owner = self.repository.partition("/")[0]
        query = {"state": "open", "head": f"{owner}:{branch}", "base": base, **_PAGE}
        there = next(iter(self._list(self._get("pulls", query))), None)
        if there is None:
            made = self._ask("POST", "pulls", {"title": title, "head": branch, "base": base, "body": body})
            return _number(made, "number")
        number = _number(there, "number")
        if (there["title"], there["body"]) != (title, body):
            self._ask("PATCH", f"pulls/{number}", {"title": title, "body": body})
        return number

    def _open_issue(self, mark: str) -> dict[str, Any] | None:
        found = self._ours("issues", {"state": "open", "creator": self.bot}, mark)
        return next((one for one in found if "pull_request" not in one), None)

    def _ours(self, path: str, query: Mapping[str, str], mark: str) -> Iterator[dict[str, Any]]:
        """
        Yield what bears the mark and is by us: anybody can write the mark, but not in our name.
        """
        for one in self._pages(path, query):
            author = one.get("user")
            named = isinstance(author, dict) and author.get("login") == self.bot
            if named and isinstance(body := one.get("body"), str) and body.startswith(mark):
                yield one

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        answer = self._get(path, {**query, **_PAGE})
        for _ in range(_MOST_PAGES):
            yield from self._list(answer)
            following = _NEXT.search(answer.headers.get("link", ""))
            if not following:
                return
            answer = self._sent(Request(method="GET", path=following[1], headers=_HEADERS, repeatable=True))

    def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        where = f"repos/{self.repository}/{path}"
        return self._sent(Request(method="GET", path=where, query=dict(query), headers=_HEADERS, repeatable=True))

    def _ask(self, method: str, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        """
        Return what a writing call answers. Only one that says the same twice is repeated when its answer is lost.
        """
        request = Request(
            method=method,
            path=f"repos/{self.repository}/{path}",
            headers={**_HEADERS, "Content-Type": "application/json"},
            body=msgspec.json.encode(body),
            repeatable=method == "PATCH",
        )
        made = self._sent(request).json()
        if not isinstance(made, dict):
            raise GitHubError(f"{method} {path} was answered with what is no object")
        return made

    def _sent(self, request: Request) -> Answer:
        try:
            answer = self.client.ask(request)
        except WireError as error:
            raise GitHubError(error.message, hint=error.hint) from error
        if answer.good:
            return answer
        where = request.path.partition("?")[0]
        told = f"{request.method} {where} was answered {answer.status}: {_said(answer)}"
        if answer.status in _REFUSED:
            raise RefusedError(told, hint="give the job the permission; a fork's pull request has none to write")
        raise GitHubError(told, hint="see https://www.githubstatus.com, then run the job again")

    def _list(self, answer: Answer) -> list[dict[str, Any]]:
        found = answer.json()
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise GitHubError("a list was asked for, and something else answered")
        return found


def _said(answer: Answer) -> str:
    """
    Return GitHub's own word for a refusal.
    """
    try:
        said = answer.json().get("message")
    except (WireError, AttributeError):
        said = None
    return said if isinstance(said, str) else "nothing more was said"


def _number(found: Mapping[str, Any], name: str) -> int:
    number = found.get(name)
    if not isinstance(number, int) or isinstance(number, bool):
        raise GitHubError(f"what was answered has no {name}")
    return number
