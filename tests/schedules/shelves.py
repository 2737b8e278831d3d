"""
Stores in memory: one as it should be, and three that break a step of the order of writes.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.core.ledger import Head
from reconciler.errors import StoreError
from reconciler.files.document import decode_document, encode_document
from reconciler.files.ledger import HEAD, VERSION
from tests.schedules.disk import Files


class Shelf:
    """
    A store in memory. `durable` are the files that a crash leaves; `note` is called before and after each commit.
    """

    def __init__(self, files: Files, note: Callable[[], None]) -> None:
        self.files = dict(files)
        self.durable: Files = self.files
        self._note = note
        self._commits = 1 if files else 0

    def revision(self) -> str:
        """
        Return how many commits there are; empty where there is none.
        """
        return str(self._commits) if self._commits else ""

    def read(self, *paths: str, at: str = "") -> Iterator[tuple[str, bytes]]:
        """
        Yield the files of the last commit at or below `paths`; no other is kept.
        """
        assert at in {"", self.revision()}
        for path in sorted(self.files):
            if not paths or any(path == one or path.startswith(f"{one}/") for one in paths):
                yield path, self.files[path]

    def paths(self, *, at: str = "") -> list[str]:
        """
        Return the paths of the same.
        """
        return [path for path, _ in self.read(at=at)]

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: str) -> str:
        """
        Commit the files, unless the ledger has moved on.
        """
        self._note()
        if parent != self.revision():
            raise StoreError("the ledger has moved on")
        after = {**self.files, **files}
        self.files = {path: self._kept(path, body, message) for path, body in after.items() if body is not None}
        self._commits += 1
        self._survives(message)
        self._note()
        return self.revision()

    def follow(self, *, published: bool) -> None:
        """
        Do nothing: this is all there is.
        """
        del published

    def push(self) -> None:
        """
        Refuse: there is nowhere to push to.
        """
        raise StoreError("there is no remote")

    def uncommitted(self, paths: Sequence[str]) -> list[str]:
        """
        Return none: there is no work tree.
        """
        del paths
        return []

    def _survives(self, message: str) -> None:
        """
        Let a crash find the commit.
        """
        del message
        self.durable = self.files

    def _kept(self, path: str, body: bytes, message: str) -> bytes:
        """
        Return what the store keeps of a file: all of it.
        """
        del path, message
        return body


class ForgetfulShelf(Shelf):
    """
    Step 1 switched off: intents are not durable, so a crash finds the ledger as the last record left it.
    """

    def _survives(self, message: str) -> None:
        if not message.startswith("Intend"):
            self.durable = self.files


class ReplacingShelf(Shelf):
    """
    The other half of step 1 switched off: a run's intents replace those of the runs before it.
    """

    def _kept(self, path: str, body: bytes, message: str) -> bytes:
        if path != "users.jsonl" or not message.startswith("Intend"):
            return _unsealed(path, body)
        return _rewritten(body, lambda intents: intents[-1:])


class ClearingShelf(Shelf):
    """
    Step 3 switched off: a record clears all intents, whether a write was confirmed or not.
    """

    def _kept(self, path: str, body: bytes, message: str) -> bytes:
        if path != "users.jsonl" or not message.startswith("Record"):
            return _unsealed(path, body)
        return _rewritten(body, lambda _intents: [])


def _unsealed(path: str, body: bytes) -> bytes:
    """
    Return the file; of the head without the digest that would tell that rows were tampered with.
    """
    if path != HEAD:
        return body
    return encode_document(replace(decode_document(body, Head, HEAD, version=VERSION), rows=""))


def _rewritten(rows: bytes, keep: Callable[[list[Any]], list[Any]]) -> bytes:
    """
    Return the rows with the intents of each claim that `keep` keeps.
    """
    found = [json.loads(line) for line in rows.splitlines()]
    for row in found:
        for claim in row.get("claims", {}).values():
            claim["intents"] = keep(claim.get("intents", []))
            if not claim["intents"]:
                del claim["intents"]
    return b"".join(json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n" for row in found)
