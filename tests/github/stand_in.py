"""
A stand-in for GitHub's REST interface: the few calls that are used, as https://docs.github.com/en/rest has them.

It knows one repository, one token that may write and one that may not, and pages lists as GitHub does.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN, READ_ONLY = "ghs_writes", "ghs_reads"
BOT = "github-actions[bot]"
REPOSITORY = "acme/access"
PAGE = 2
"""Entries on a page at most, whatever is asked for: so few that every list has several."""


class Hub:
    """
    What the stand-in holds: issues and pull requests share their numbers, as on GitHub.
    """

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.commits: dict[int, list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.approvals: list[dict[str, Any]] = []
        self.failing: dict[str, list[int]] = {}
        self.url = ""

    def opens_pull(
        self, *, head: str, base: str = "main", mails: tuple[str, ...] = (), title: str = "Change"
    ) -> int:
        """
        Return the number of a pull request that somebody opened; its commits are by these addresses.
        """
        number = len(self.issues) + 1
        self.issues.append(
            {
                "number": number,
                "title": title,
                "body": "",
                "state": "open",
                "user": {"login": "ann", "type": "User"},
                "pull_request": {"url": f"{self.url}/repos/{REPOSITORY}/pulls/{number}"},
                "head": {"ref": head},
                "base": {"ref": base},
                "merged_at": None,
            }
        )
        people = [{"name": "A", "email": mail} for mail in mails]
        self.commits[number] = [{"sha": "0" * 40, "commit": {"author": one, "committer": one}} for one in people]
        return number

    def merges(self, number: int, at: str) -> None:
        """
        Note that a pull request was merged.
        """
        self.issues[number - 1] |= {"state": "closed", "merged_at": at}

    def says(self, number: int, body: str, *, login: str = "ann") -> None:
        """
        Have somebody comment.
        """
        user = {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}
        self.comments.append({"id": len(self.comments) + 1, "issue": number, "body": body, "user": user})

    def ours(self, number: int) -> list[str]:
        """
        Return the texts of the bot's comments.
        """
        return [one["body"] for one in self.comments if one["issue"] == number and one["user"]["login"] == BOT]

    def open_issues(self) -> list[dict[str, Any]]:
        """
        Return open issues that are no pull requests.
        """
        return [one for one in self.issues if one["state"] == "open" and "pull_request" not in one]

    def get(self, path: str, query: dict[str, str]) -> list[dict[str, Any]] | None:
        """
        Return a list; None for what is not there.
        """
        if found := re.fullmatch(r"issues/(\d+)/comments", path):
            return [one for one in self.comments if one["issue"] == int(found[1])]
        if found := re.fullmatch(r"pulls/(\d+)/commits", path):
            return self.commits.get(int(found[1]), [])
        if re.fullmatch(r"actions/runs/\d+/approvals", path):
            return self.approvals
        if path == "issues":
            return [
                one
                for one in self.issues
                if query["state"] in {one["state"], "all"}
                and query.get("creator", "") in {"", one["user"]["login"]}
            ]
        if path == "pulls":
            return [one for one in self.issues if "pull_request" in one and self._fits(one, query)]
        return None

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """
        Return what is made.
        """
        if found := re.fullmatch(r"issues/(\d+)/comments", path):
            self.says(int(found[1]), body["body"], login=BOT)
            return self.comments[-1]
        number = len(self.issues) + 1
        made = {"number": number, "state": "open", "user": {"login": BOT, "type": "Bot"}, "merged_at": None, **body}
        if path == "pulls":
            made |= {"pull_request": {}, "head": {"ref": body["head"]}, "base": {"ref": body["base"]}}
        elif path != "issues":
            return None
        self.issues.append(made)
        return made

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """
        Return what is changed.
        """
        if found := re.fullmatch(r"issues/comments/(\d+)", path):
            self.comments[int(found[1]) - 1] |= body
            return self.comments[int(found[1]) - 1]
        if found := re.fullmatch(r"(?:issues|pulls)/(\d+)", path):
            self.issues[int(found[1]) - 1] |= body
            return self.issues[int(found[1]) - 1]
        return None

    def _fits(self, one: dict[str, Any], query: dict[str, str]) -> bool:
        head = query.get("head", f"acme:{one['head']['ref']}")
        return (
            query.get("state") in {one["state"], "all"}
            and query.get("base") in {None, one["base"]["ref"]}
            and head == f"acme:{one['head']['ref']}"
        )


class _Handler(BaseHTTPRequestHandler):
    """
    One request.
    """

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """
        Say nothing.
        """

    def _answer(self, status: int, body: object, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.hub.asked.append(f"{self.command} {parts.path}")
        start = f"/repos/{REPOSITORY}/"
        path = parts.path.removeprefix(start)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if failing := self.hub.failing.get(f"{self.command} {path}"):
            self._answer(failing.pop(0), {"message": "Server Error"}, **{"Retry-After": "0"})
        elif token not in {TOKEN, READ_ONLY}:
            self._answer(401, {"message": "Bad credentials"})
        elif self.headers.get("X-GitHub-Api-Version") != "2022-11-28" or not parts.path.startswith(start):
            self._answer(404, {"message": "Not Found"})
        elif self.command == "GET":
            self._page(path, query)
        elif token == READ_ONLY:
            self._answer(403, {"message": "Resource not accessible by integration"})
        else:
            made = (self.hub.post if self.command == "POST" else self.hub.patch)(path, body)
            self._answer(
                404 if made is None else 201 if self.command == "POST" else 200, made or {"message": "Not Found"}
            )

    def _page(self, path: str, query: dict[str, str]) -> None:
        found = self.hub.get(path, query)
        if found is None:
            self._answer(404, {"message": "Not Found"})
            return
        page, more = int(query.get("page", "1")), {}
        if len(found) > page * PAGE:
            rest = "&".join(f"{name}={value}" for name, value in {**query, "page": str(page + 1)}.items())
            here = f"{self.hub.url}{urlsplit(self.path).path}"
            more = {"Link": f'<{here}?{rest}>; rel="next", <{here}?page=99>; rel="last"'}
        self._answer(200, found[(page - 1) * PAGE : page * PAGE], **more)

    do_GET = do_POST = do_PATCH = _do  # noqa: N815  as http.server calls them


@contextmanager
def hub_at_work() -> Iterator[Hub]:
    """
    Yield a stand-in that answers at its `url`, on a free port of this machine.
    """
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
