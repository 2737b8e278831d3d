"""
What there is to tell of the shared fields of one entity: who owns them anew, and which wait for a decision.
"""

from collections.abc import Iterator, Mapping
from shlex import quote

from msgspec import UNSET, Struct, UnsetType

from reconciler.core.claims import power_of
from reconciler.core.correlate import Pair
from reconciler.core.lifecycle import Rules
from reconciler.core.model import ClaimNews
from reconciler.core.ownership import Verdict


class FieldHold(Struct, frozen=True, kw_only=True):
    """
    Something of one entity that waits for a decision; `field` empty: all of it.
    """

    field: str
    reason: str
    release: str


def news(pair: Pair, label: str, verdicts: Mapping[str, Verdict], rules: Rules) -> Iterator[ClaimNews]:
    """
    Yield what the table says of each shared field; privilege that is the administrator's is told in every plan.
    """
    claims = pair.row.claims if pair.row else {}
    for name, one in verdicts.items():
        if name not in rules.shared:
            continue
        value = pair.live.fields.get(name, UNSET) if pair.live else UNSET
        known = None if isinstance(value, UnsetType) else value
        held = power_of(known, rules.shared[name].privileged, rules.equality)
        privileged = one.reached.owner == "admin" and bool(held)
        if not one.text and not privileged:
            continue
        yield ClaimNews(
            kind=pair.kind,
            key=pair.key,
            name=label,
            field=name,
            row=one.row,
            owner=one.reached.owner,
            text=one.text or "privileged, and the admin's",
            value=value,
            withheld=one.withheld,
            was=claims[name].owner if name in claims else None,
            since=one.reached.since,
            privileged=privileged,
        )


def holds(pair: Pair, verdicts: Mapping[str, Verdict]) -> Iterator[FieldHold]:
    """
    Yield the shared fields that wait for a decision.
    """
    for name, one in sorted(verdicts.items()):
        if one.held:
            yield FieldHold(field=name, reason=one.held, release=_release(pair, name, one))


def _release(pair: Pair, name: str, one: Verdict) -> str:
    """
    Return what to type, or to correct, so that a field is no longer held.
    """
    if one.row == 20:  # noqa: PLR2004  the table's own number
        both = f"`{_command('give', pair, name)}` or `{_command('take', pair, name)}`"
        return f"set `foreign: keep` or `take` in the policy, or write an override: {both}"
    transfer = pair.desired.decisions.transfers.get(name) if pair.desired else None
    if transfer and transfer.verb == "restore":
        return f"look at the value again, and correct `reviewed:` at {transfer.origin}"
    return f"look at the value again: `{_command('take', pair, name)}`"


def _command(verb: str, pair: Pair, name: str) -> str:
    """
    Return what to type to move a field; it works as it stands, but for the reason.
    """
    return f"reconciler {verb} {quote(pair.key)} {name} --reason TEXT"
