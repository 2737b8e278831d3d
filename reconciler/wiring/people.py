"""
Whom a person who types a command means: a key, a user name, an e-mail address, of now or of before.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from msgspec.structs import replace

from reconciler.core.decide import Decision
from reconciler.core.export import Export
from reconciler.core.ledger import Claim, LedgerRow
from reconciler.core.matching import folded
from reconciler.core.model import Live
from reconciler.errors import ReconcilerError
from reconciler.wiring.bench import Bench


def find_person(name: str, rows: Mapping[str, LedgerRow], export: Export | None = None) -> str:
    """
    Return the key of the one person whom `name` means; who bears it now comes before who bore it once.

    Raises ReconcilerError, with the nearest name, where nobody or more than one is meant.
    """
    wanted = folded(name)
    present = sorted({(folded(one), key, one) for key, one in (*_exported(export), *_recorded(rows))})
    former = [(folded(one), key, one) for key, row in rows.items() if row.names for one in row.names.previous]
    for known in (present, former):
        keys = sorted({key for bears, key, _ in known if bears == wanted})
        if name in keys or len(keys) == 1:
            return name if name in keys else keys[0]
        if keys:
            told = f"{name!r} may be any of {', '.join(keys)}"
            raise ReconcilerError(told, hint="name the key of the one you mean")
    raise _unknown(name, {bears: one for bears, _, one in (*former, *present)})


def find_in(found: Bench, decision: Decision, name: str) -> str:
    """
    Return the key of the one person whom `name` means, in the world of a decision that was made about it.

    Who is in step is not in that world; to tell who comes nearest to a name that nobody bears, all are read again.
    """
    world = decision.world
    try:
        return find_person(name, world.ledger.users, world.export)
    except ReconcilerError:
        everybody = tuple(placed for _, people in found.asked.export.shards() for placed in people)
        return find_person(name, found.opened.ledger.whole().users, replace(world.export, users=everybody))


def account_of(decision: Decision, key: str) -> Live | None:
    """
    Return the account of a person in the target: the one the decision is about, else the linked one.
    """
    settled, row = decision.settled.get(("user", key)), decision.world.ledger.users.get(key)
    if settled:
        return settled.pair.live
    return next((one for one in decision.world.snapshot.users if row and one.id == row.link), None)


def claims_of(decision: Decision, key: str) -> Mapping[str, Claim]:
    """
    Return the claims on a person's fields as they stand now: those of the ledger, and what was settled since.
    """
    settled, row = decision.settled.get(("user", key)), decision.world.ledger.users.get(key)
    if settled:
        return settled.claims
    return row.claims if row else {}


def _unknown(name: str, names: Mapping[str, str]) -> ReconcilerError:
    wanted = folded(name)
    near = get_close_matches(wanted, list(names), 1) or sorted(one for one in names if one.startswith(wanted))
    hint = f"did you mean {names[near[0]]!r}?" if near else "name a key, a user name or an e-mail address"
    return ReconcilerError(f"nobody is known as {name!r}", hint=hint)


def _exported(export: Export | None) -> Iterator[tuple[str, str]]:
    """
    Yield key and name of everybody in an export, once for each name.
    """
    for placed in export.users if export else ():
        row = placed.row
        yield row.key, row.key
        yield row.key, row.user_name
        if isinstance(row.email, str) and row.email:
            yield row.key, row.email


def _recorded(rows: Mapping[str, LedgerRow]) -> Iterator[tuple[str, str]]:
    """
    Yield key and name of everybody in the ledger, once for each name.
    """
    for key, row in rows.items():
        yield key, key
        if row.names:
            yield key, row.names.present
        mail = row.last.fields.get("email") if row.last else None
        if isinstance(mail, str) and mail:
            yield key, mail
