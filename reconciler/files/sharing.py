"""
Equal texts and sets held once: a decoder makes them anew for every row, though most people share a few.

Of a hundred thousand rows of a ledger that is half the memory, and it costs no time: what is given back at once
need not be fetched from the machine. Names and addresses stand in the export, in the ledger and in the target:
they are interned, so that the three hold one text.
"""

from sys import intern

from msgspec.structs import force_setattr

from reconciler.core.export import UserRow
from reconciler.core.ledger import Claim, LedgerRow


class Pool(dict[str | tuple[str, ...], str | tuple[str, ...]]):
    """
    Values met so far, each with the equal one that was met first.

    Numbers are left out: to Python True and 1 are equal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._claims: dict[tuple[object, ...], Claim] = {}

    def __missing__(self, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        self[value] = value
        return value

    def claim(self, claim: Claim) -> Claim:
        """
        Return the equal claim that was met first. Most people's are what one run wrote for everybody.
        """
        if claim.intents:
            return claim
        told = (claim.owner, claim.saw, claim.wrote, claim.since, claim.run, claim.override)
        kinds = (type(claim.saw), type(claim.wrote))
        return self._claims.setdefault((told, kinds), claim)


NAMES = ("key", "user_name", "email", "first_name", "last_name", "display_name", "description")


def share_user(row: UserRow, pool: Pool) -> UserRow:
    """
    Return the row, which nobody else has yet, with all its texts held in common.
    """
    force_setattr(row, "groups", tuple(map(pool.__getitem__, row.groups)))
    force_setattr(row, "roles", pool[row.roles])
    if isinstance(row.locale, str):
        force_setattr(row, "locale", pool[row.locale])
    for name in NAMES:
        value = getattr(row, name)
        if isinstance(value, str):
            force_setattr(row, name, intern(value))
    return row


def share_ledger_row(row: LedgerRow, pool: Pool) -> LedgerRow:
    """
    Return the row, which nobody else has yet, with its texts and its claims in common.
    """
    force_setattr(row, "policy", pool[row.policy])
    force_setattr(row, "key", intern(row.key))
    if row.names is not None:
        force_setattr(row.names, "present", intern(row.names.present))
    if row.last is not None:
        force_setattr(row.last, "groups", tuple(map(pool.__getitem__, row.last.groups)))
        fields = row.last.fields
        fields.update([(name, intern(value)) for name, value in fields.items() if isinstance(value, str)])
    row.claims.update([(name, pool.claim(claim)) for name, claim in row.claims.items()])
    return row
