"""
The SCIM server in memory, with bulk (RFC 7644 section 3.7) as scim2-server and scimmy do it: no answer has a body.
"""

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from reconciler.core.model import Kind, Live
from reconciler.ports import Result, Write
from reconciler.targets.scim import ScimTarget
from reconciler.targets.scim_settings import ScimSettings
from reconciler.testing.writes import creation
from reconciler.wire.message import Answer
from tests.targets.scim_memory import ROOT, MemoryScim, Refusal

DATE = "Sun, 22 Nov 2026 10:00:30 GMT"
PLAIN = ScimSettings()
MANY = 30


class BulkScim(MemoryScim):
    """
    Takes several writes at once. `on_bulk(said)` may put another answer in place of the one it would give.

    `seen` are the operations of each such request that was made. While it `lags`, a list of what
    changed shows what was there `before`.
    """

    def __init__(self, *, most: int = 1000, size: int = 1 << 20, **able: Any) -> None:
        super().__init__(**able)
        self.config["bulk"] = {"supported": True, "maxOperations": most, "maxPayloadSize": size}
        self.most, self.size = most, size
        self.on_bulk: Callable[[Any], Any] = lambda said: said
        self.seen: list[list[Any]] = []
        self.lags = False
        self.before: list[Any] = []

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """
        Return what the server answers, and when.
        """
        if url == f"{ROOT}/Bulk" and len(body or b"") > self.size:
            return Answer(status=413)
        answer = super().send(method, url, headers, body)
        return replace(answer, headers={"date": DATE, **answer.headers})

    def answers(self, method: str, path: str, body: Any, *, match: str = "") -> tuple[int, Any]:
        """
        Return the status and what the server says; raises Refusal.
        """
        if path == "/Bulk":
            return self._bulk(body)
        status, said = super().answers(method, path, body, match=match)
        if "lastModified" in path and self.lags:
            said = {"totalResults": len(self.before), "Resources": self.before}
        return status, said

    def _bulk(self, body: Any) -> tuple[int, Any]:
        if len(body["Operations"]) > self.most:
            raise Refusal(413, "too many operations")
        self.seen.append(body["Operations"])
        return 200, self.on_bulk({"Operations": [self._one_of_many(one) for one in body["Operations"]]})

    def _one_of_many(self, one: Any) -> Any:
        method, path = one["method"], one["path"]
        told = {"method": method, "location": f"{ROOT}{path}"} | {k: one[k] for k in ("bulkId",) if k in one}
        try:
            status, said = self.answers(method, path, one.get("data"), match=one.get("version", ""))
        except Refusal as refusal:
            return {**told, "status": str(refusal.answer.status), "response": json.loads(refusal.answer.body)}
        if method == "POST":
            told["location"] += f"/{said['id']}"
        return {**told, "status": str(status)}


def creations(kind: Kind = "user") -> list[Write]:
    """
    Return creates of many.
    """
    return [creation(f"{kind}{number}", kind=kind) for number in range(MANY)]


def made(target: ScimTarget, kind: Kind = "user") -> list[Live]:
    """
    Return many who were made.
    """
    return [one.live for one in target.write(creations(kind), run="run-1") if one.live]


def outcomes(results: list[Result]) -> set[str]:
    """
    Return what became of the writes.
    """
    return {one.outcome for one in results}
