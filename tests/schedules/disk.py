"""
What outlives a crash on the reconciler's side: the ledger's files and the journal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from reconciler.core.ledger import Claim, Ledger
from reconciler.core.model import Value
from reconciler.files.ledger import decode_ledger

TARGET = "registry"
KEY, FIELD = "id-ann", "locale"

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Disk:
    """
    The ledger's files and the journal (None: there is none).
    """

    files: Files
    journal: bytes | None = None

    @cached_property
    def likeness(self) -> tuple[object, ...]:
        """
        Return what two disks have in common that differ in their past alone.

        Records of past runs, and the hashes that chain them, are there for auditors: nothing is decided by them,
        but for whether the run of the journal is among them.
        """
        rows = tuple(item for item in sorted(self.files.items()) if not item[0].startswith(("runs/", "head")))
        head = self.files.get("head.json")
        waiting = _waiting(self.journal) if self.journal is not None else None
        recorded = waiting is not None and waiting.run_path in self.files
        return rows, head and _present(head), waiting, recorded

    @cached_property
    def claim(self) -> Claim:
        """
        Return our claim on Ann's field; an empty one where there is none.
        """
        row = self.ledger.users.get(KEY)
        return row.claims.get(FIELD, Claim()) if row else Claim()

    @cached_property
    def ledger(self) -> Ledger:
        """
        Return the ledger that the files hold.
        """
        return decode_ledger(sorted(self.files.items()), target=TARGET)

    @cached_property
    def own(self) -> tuple[Value, ...]:
        """
        Return the values of Ann's field that cannot be told from ours: B and W, open intents, what they replace.

        An administrator who owns the field may set whatever he likes.
        """
        claim = self.claim
        if claim.owner == "admin":
            return ()
        known = (claim.saw, claim.wrote) if claim.owner else ()
        replaced = () if claim.owner else tuple(intent.replaces for intent in claim.intents)
        return (*known, *self.intended, *(one for one in replaced if one is None or isinstance(one, str)))

    @cached_property
    def intended(self) -> tuple[Value, ...]:
        """
        Return the values of Ann's field that are open intents.
        """
        return tuple(intent.value for intent in self.claim.intents)


class Waiting(NamedTuple):
    """
    What a journal will make of the ledger, and the path of the run's record.
    """

    outcome: str
    run_path: str


@cache
def _present(head: bytes) -> str:
    """
    Return a head without what chains it to the past.
    """
    return _unchained(json.loads(head))


def _unchained(head: dict[str, Any]) -> str:
    inputs = {name: value for name, value in head["inputs"].items() if name != "ledger"}
    return json.dumps({**head, "previous": "", "inputs": inputs})


@cache
def _waiting(journal: bytes) -> Waiting:
    found = json.loads(journal)
    rows = json.dumps([found[name] for name in ("run", "users", "groups")])
    return Waiting(outcome=rows + _unchained(found["head"]), run_path=found["run_path"])
