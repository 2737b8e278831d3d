"""
Fields that are written when an entity is made, and never again: but for once, where a reviewed override says what.
"""

from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.confines import put_off
from reconciler.core.correlate import Pair
from reconciler.core.ledger import Claim
from reconciler.core.lifecycle import Rules
from reconciler.core.model import Desired, Live
from reconciler.core.ownership import NO_CLAIM, Field, Moment, Verdict, settle_field


def once_more(
    pair: Pair, rules: Rules, moment: Moment, *, desired: Desired, live: Live
) -> Iterator[tuple[str, Verdict]]:
    """
    Yield the verdict on each `initial` field, of an entity that is there, which an override restores, or has.

    Row 7 of the table decides, as for a shared field: the override's value is written as long as the one that was
    reviewed holds. The field stays the target's; the claim says only which override has been acted on.
    """
    for name, rule in rules.once.items():
        claim = pair.row.claims.get(name, NO_CLAIM) if pair.row else NO_CLAIM
        transfer = desired.decisions.transfers.get(name)
        if transfer is None or transfer.verb != "restore" or transfer.digest == claim.override:
            yield from [(name, _left(claim))] if claim != NO_CLAIM else []
            continue
        one = Field(
            desired=desired.fields.get(name, UNSET),
            live=live.fields.get(name, UNSET),
            claim=claim,
            was_ours=False,
            lapsed=False,
            transfer=transfer,
        )
        verdict = settle_field(one, rule, moment)
        text = f"written once ({transfer.reason}; {transfer.origin})" if verdict.text else ""
        acted = replace(verdict, claim=_acted(verdict.claim), reached=_acted(verdict.reached), text=text)
        yield name, put_off(acted, claim, rules)


def _left(claim: Claim) -> Verdict:
    """
    Return the verdict on a field that is left as it is: row 2, hands off.
    """
    return Verdict(row=2, goal=UNSET, claim=claim, reached=claim)


def _acted(claim: Claim) -> Claim:
    return Claim(override=claim.override)
