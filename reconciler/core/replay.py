"""
The ledger held against the records of its runs: who owns what must follow from what was recorded, run by run.

A record names each field whose owner changed, with who it was before. So the owners of a ledger are the sum of its
records, whatever the target did meanwhile.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from reconciler.core.ledger import Ledger, LedgerRow, Owner, RunClaim
from reconciler.core.runs import Run
from reconciler.errors import Fault

Place: TypeAlias = tuple[str, str, str]
"""Kind, key and field."""


class Held(Struct, frozen=True):
    """
    Who owns a field by the records, and which run was the last to say so.
    """

    owner: Owner | None
    run: int


NOBODYS = Held(None, 0)


class Replayed(Struct, frozen=True):
    """
    Who owns each field once all runs have been recorded, and what one record says that an earlier one does not.
    """

    owners: dict[Place, Held]
    faults: tuple[Fault, ...]


def replay(runs: Sequence[Run]) -> Replayed:
    """
    Return what the records come to, taken one after the other from the first.
    """
    owners: dict[Place, Held] = {}
    faults: list[Fault] = []
    for run in runs:
        for line, claim in enumerate(run.claims, start=2 + len(run.changes)):
            place = (claim.kind, claim.key, claim.field)
            before = owners.get(place, NOBODYS)
            if claim.was != before.owner:
                told = f"says that {_called(claim)} was {_whose(claim.was)}, but {_since(before)}"
                faults.append(Fault(run.path, line, told))
            owners[place] = Held(claim.owner, run.header.run)
    return Replayed(owners, tuple(faults))


def contradictions(replayed: Replayed, ledger: Ledger) -> Iterator[Fault]:
    """
    Yield each owner in the ledger's rows that does not follow from the records, and each that is lacking there.
    """
    found = {**_owners("group", ledger.groups.values()), **_owners("user", ledger.users.values())}
    for place in sorted(found.keys() | replayed.owners.keys()):
        held, owner = replayed.owners.get(place, NOBODYS), found.get(place)
        if owner != held.owner:
            kind, key, field = place
            told = f"{field} of {kind} {key!r} is {_whose(owner)} in the ledger, but {_since(held)}"
            yield Fault(f"{kind}s", 0, told)


def _owners(kind: str, rows: Iterable[LedgerRow]) -> dict[Place, Owner | None]:
    return {(kind, row.key, name): claim.owner for row in rows for name, claim in row.claims.items()}


def _called(claim: RunClaim) -> str:
    return f"{claim.field} of {claim.kind} {claim.key!r}"


def _since(held: Held) -> str:
    if not held.run:
        return "no record says whose it is"
    return f"by the record of run {held.run} it is {_whose(held.owner)}"


def _whose(owner: Owner | None) -> str:
    return {"git": "Git's", "admin": "the administrators'", None: "nobody's"}[owner]
