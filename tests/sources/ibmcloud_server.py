"""
A server on this machine that answers as IBM Cloud's documentation says, from the example account's files.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = Path(__file__).parents[1] / "data" / "ibmcloud" / "api"
ACCOUNT = "1f2e3d4c5b6a47988a7b6c5d4e3f2a1b"


class Cloud:
    """
    What the server answers: `trouble` by path, as status and headers, is answered first, once each.
    """

    def __init__(self) -> None:
        self.users = [record for name in (1, 2, 3) for record in saved(f"users-{name}")["resources"]]
        self.groups = [record for page in saved("access-groups") for record in page["groups"]]
        self.trouble: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self.asked: list[str] = []
        self.url = ""
        self.token = token()

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """
        Return the page that a path and a query ask for.
        """
        if path == f"/v2/accounts/{ACCOUNT}/users":
            return self._users(query)
        if path == "/v2/groups":
            return self._page("groups", self.groups, query, f"/v2/groups?account_id={ACCOUNT}")
        if path.startswith("/v2/groups/"):
            group = path.split("/")[3]
            return self._page("members", listed(f"members/{group}", "members"), query, f"{path}?a=b")
        return saved({"/v1/policies": "policies-v1", "/v2/policies": "policies-v2"}[path])

    def _users(self, query: dict[str, str]) -> Any:
        """
        Return a page of users, whose address has a mark that only the server understands.
        """
        limit, start = int(query["limit"]), int(query.get("_start", "0-g").partition("-")[0])
        page = {"total_results": len(self.users), "limit": limit, "first_url": "/v2/accounts/x/users"}
        page["resources"] = self.users[start : start + limit]
        if start + limit < len(self.users):
            page["next_url"] = f"/v2/accounts/x/users?limit={limit}&_start={start + limit}-g"
        return page

    def _page(self, name: str, rows: list[Any], query: dict[str, str], address: str) -> Any:
        limit, offset = int(query["limit"]), int(query["offset"])
        page = {"limit": limit, "offset": offset, "total_count": len(rows), name: rows[offset : offset + limit]}
        page["first"] = {"href": f"https://iam.cloud.ibm.com{address}&limit={limit}&offset=0"}
        if offset + limit < len(rows):
            page["next"] = {"href": f"https://elsewhere.example.com{address}&limit={limit}&offset={offset + limit}"}
        return page


def saved(name: str) -> Any:
    """
    Return what a file of the example account holds.
    """
    return json.loads((API / f"{name}.json").read_text())


def listed(name: str, field: str) -> list[Any]:
    """
    Return the records of all pages in a file.
    """
    document = saved(name)
    return [record for page in (document if isinstance(document, list) else [document]) for record in page[field]]


def token() -> str:
    """
    Return a token as IAM gives it, signed by nobody.
    """
    claims = {"iat": int(time.time()), "exp": int(time.time()) + 3600}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({"alg": "HS256"}, claims)]
    return ".".join(part.strip("=") for part in (*parts, "c2ln"))


class Handler(BaseHTTPRequestHandler):
    """
    Answers for one cloud.
    """

    cloud: Cloud

    def do_GET(self) -> None:
        """
        Answer a question about the account, to whoever has a token.
        """
        parts = urlsplit(self.path)
        self.cloud.asked.append(parts.path)
        if waiting := self.cloud.trouble.get(parts.path):
            status, headers = waiting.pop(0)
            self.reply(status, {"errors": [{"message": "no"}]}, headers)
        elif not self.headers["Authorization"].startswith("Bearer "):
            self.reply(401, {"errors": [{"message": "who are you?"}]}, {})
        else:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.reply(200, self.cloud.answer(parts.path, query), {})

    def do_POST(self) -> None:
        """
        Give a token to whoever has the key.
        """
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "apikey=right" not in form:
            self.reply(400, {"errorMessage": "Provided API key could not be found."}, {})
        else:
            self.reply(200, {"access_token": self.cloud.token, "expires_in": 3600, "expiration": 0}, {})

    def reply(self, status: int, document: Any, headers: dict[str, str]) -> None:
        """
        Answer with a document.
        """
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """
        Print nothing.
        """


@contextmanager
def serving(cloud: Cloud) -> Iterator[Cloud]:
    """
    Yield the cloud once it answers on a free port of this machine.
    """
    kind = type("Answering", (Handler,), {"cloud": cloud})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
