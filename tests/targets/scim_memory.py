"""
A SCIM server in memory, reached over no wire: what the target's own code is tried on in milliseconds.

Real servers are under tests/wire/; this one is there to be told what to do otherwise.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from reconciler.targets.scim import ScimTarget
from reconciler.targets.scim_known import Known
from reconciler.targets.scim_paths import place, put
from reconciler.targets.scim_server import Server
from reconciler.targets.scim_settings import ScimSettings, places, quirks
from reconciler.wire.client import Client, Pace
from reconciler.wire.message import Answer

ROOT = "https://scim.example.com/v2"
_NAMES = {"Users": "userName", "Groups": "displayName"}
_MEMBER = re.compile(r'members\[value eq "(.*)"\]')


class Refusal(Exception):  # noqa: N818  it is an answer
    """
    An answer that is no success.
    """

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.answer = Answer(
            status=status,
            body=json.dumps({"status": str(status), "detail": detail, "scimType": kind}).encode(),
        )


class MemoryScim:
    """
    Users and groups by id. `config` is what it says of itself, `page` the most it lists at once.

    `pages` are what else it says of itself. `silent` answers a PATCH with 204. `on_ask(method, path)` is called
    before each request and may return what is answered instead, or raise; `asked` are the requests so far.
    """

    def __init__(self, *, etag: bool = True, patch: bool = True, page: int = 1000, silent: bool = False) -> None:
        self.config: dict[str, Any] = {
            "etag": {"supported": etag},
            "patch": {"supported": patch},
            "filter": {"supported": True, "maxResults": page},
        }
        self.page = page
        self.silent = silent
        self.pages: dict[str, Any] = {}
        self.resources: dict[str, dict[str, dict[str, Any]]] = {"Users": {}, "Groups": {}}
        self.on_ask: Callable[[str, str], Answer | None] = lambda _method, _path: None
        self.asked: list[tuple[str, str]] = []
        self._clock = 0

    def target(self, settings: ScimSettings, *, roles: frozenset[str] = frozenset()) -> ScimTarget:
        """
        Return this server as a target that has been read, as each run does.
        """
        known = quirks(settings)
        pace = Pace(sleep=lambda _seconds: None)
        client = Client(ROOT, settings, transport=self, pace=pace)
        target = ScimTarget(Server(client, known), Known(places(known), roles=roles))
        target.read()
        self.asked.clear()
        return target

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """
        Return what the server answers.
        """
        path = url.removeprefix(ROOT)
        self.asked.append((method, path))
        if (instead := self.on_ask(method, path)) is not None:
            return instead
        try:
            status, said = self.answers(method, path, json.loads(body or b"{}"), match=headers.get("If-Match", ""))
        except Refusal as refusal:
            return refusal.answer
        return Answer(status=status, body=b"" if said is None else json.dumps(said).encode())

    def close(self) -> None:
        """
        Hold nothing open.
        """

    def answers(self, method: str, path: str, body: Any, *, match: str = "") -> tuple[int, Any]:
        """
        Return the status and what the server says; raises Refusal.
        """
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind, _, id_ = parts.path.strip("/").partition("/")
        if kind not in self.resources:
            return self._about(kind)
        if id_:
            return self._one(method, (kind, unquote(id_)), match, body)
        if method == "POST":
            return 201, self._create(kind, body)
        return 200, self._list(kind, query)

    def _about(self, page: str) -> tuple[int, Any]:
        if page == "ServiceProviderConfig":
            return 200, self.config
        if page in self.pages:
            return 200, self.pages[page]
        raise Refusal(404, f"no page {page}")

    def _list(self, kind: str, query: dict[str, str]) -> Any:
        wanted = re.fullmatch(r'\w+ eq (".*")', query.get("filter", ""))
        name = json.loads(wanted[1]).lower() if wanted else None
        every = [one for one in self.resources[kind].values() if name in {None, one[_NAMES[kind]].lower()}]
        start, count = int(query.get("startIndex", 1)), min(int(query.get("count", self.page)), self.page)
        page = every[start - 1 : start - 1 + count]
        return {"totalResults": len(every), **({"Resources": page} if page else {})}

    def _create(self, kind: str, body: Any) -> Any:
        if kind == "Users":
            self._free(body["userName"], "")
        id_ = f"{kind[0].lower()}{len(self.asked)}-{self._clock}"
        return self._keep(kind, {"id": id_, **body})

    def _one(self, method: str, which: tuple[str, str], match: str, body: Any) -> tuple[int, Any]:
        kind, id_ = which
        now = self.resources[kind].get(id_)
        if now is None:
            raise Refusal(404, f"no {kind} {id_}")
        if match and match != now["meta"]["version"]:
            raise Refusal(412, "changed on the server")
        if method == "DELETE":
            self._delete(kind, id_)
            return 204, None
        if method == "GET":
            return 200, now
        after = body if method == "PUT" else _patched(now, body["Operations"])
        if kind == "Users":
            self._free(after["userName"], id_)
        kept = self._keep(kind, {**after, "id": id_})
        return (204, None) if method == "PATCH" and self.silent else (200, kept)

    def _delete(self, kind: str, id_: str) -> None:
        del self.resources[kind][id_]
        for group in self.resources["Groups"].values():
            group["members"] = [one for one in group.get("members", ()) if one["value"] != id_]

    def _free(self, name: str, but: str) -> None:
        for id_, one in self.resources["Users"].items():
            if id_ != but and one["userName"].lower() == name.lower():
                raise Refusal(409, f"{name} is not unique", "uniqueness")

    def _keep(self, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
        before = self.resources[kind].get(resource["id"], {})
        rest = {name: value for name, value in resource.items() if name != "meta"}
        if rest == {name: value for name, value in before.items() if name != "meta"}:
            return before
        self._clock += 1
        self.resources[kind][resource["id"]] = {**rest, "meta": {"version": f'W/"{self._clock}"'}}
        return self.resources[kind][resource["id"]]


def _patched(resource: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """
    Return the resource after a PATCH.
    """
    for one in operations:
        gone = _MEMBER.fullmatch(one["path"])
        members = resource.get("members", [])
        if gone:
            id_ = json.loads(f'"{gone[1]}"')
            resource = {**resource, "members": [member for member in members if member["value"] != id_]}
        elif one["path"] == "members":
            new = [
                member for member in one["value"] if member["value"] not in {known["value"] for known in members}
            ]
            resource = {**resource, "members": [*members, *new]}
        else:
            resource = put(resource, place(one["path"]), one.get("value"))
    return resource
