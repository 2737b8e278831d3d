"""
The adoption table: every account and group that was there before and is taken for one of ours, one by one.

It is what a first run against a populated target must show: what was matched, by what, and where the two differ.
"""

from collections.abc import Iterator

from msgspec import Struct

from reconciler.core.claims import power_of
from reconciler.core.decide import Decision
from reconciler.core.lifecycle import OURS, Rules
from reconciler.core.model import Desired, Kind, Live, Value
from reconciler.core.settle import Settled


class Adoption(Struct, frozen=True, kw_only=True):
    """
    One account that was there before, and whose it is taken for.

    `account` and `link` are its name and id in the target, `by` is what it was found by, `differs` what it holds
    and what Git wants of each field in which they differ. `undecided` are fields of which nobody has said whose
    they are; `reason` says why the account as a whole is not adopted yet, `decidable` whether `adopt` decides that.
    """

    kind: Kind
    key: str
    name: str
    account: str
    link: str
    by: str
    differs: dict[str, tuple[Value, Value]]
    undecided: tuple[str, ...] = ()
    reason: str = ""
    privileged: bool = False
    decidable: bool = True

    @property
    def waits(self) -> bool:
        """
        Return whether a person must decide something of it.
        """
        return bool(self.reason or self.undecided)


def adoptions(decision: Decision) -> tuple[Adoption, ...]:
    """
    Return the adoption table: what waits for a decision first, privileged before others, then by kind and name.
    """
    found = (one for settled in decision.settled.values() for one in _adoption(decision, settled))
    return tuple(sorted(found, key=lambda one: (not one.waits, not one.privileged, one.kind, one.name, one.key)))


def _adoption(decision: Decision, settled: Settled) -> Iterator[Adoption]:
    pair = settled.pair
    if pair.desired is None or pair.live is None or pair.via in OURS or settled.fate.verb not in {"keep", "hold"}:
        return
    rules = decision.rules[pair.kind]
    held = settled.fate.verb == "hold"
    held_roles, privileged = pair.live.fields.get("roles"), rules.policy.roles.administrator.privileged
    yield Adoption(
        kind=pair.kind,
        key=pair.key,
        name=pair.desired.name,
        account=pair.live.name,
        link=pair.live.id,
        by=pair.via,
        differs=_differing(pair.desired, pair.live, rules),
        undecided=tuple(hold.field for hold in settled.holds if hold.field),
        reason=settled.fate.reason if held else "",
        privileged=pair.kind == "user" and bool(power_of(held_roles, privileged, rules.equality)),
        decidable=not held or "adopt: true" in settled.fate.release,
    )


def _differing(desired: Desired, live: Live, rules: Rules) -> dict[str, tuple[Value, Value]]:
    """
    Return what the account holds, and what Git wants, of each field that the policy looks at and that differs.
    """
    looked_at = {name for name, rule in rules.fields.items() if rule.authority in {"source", "shared"}}
    return {
        name: (live.fields[name], value)
        for name, value in sorted(desired.fields.items())
        if name in looked_at & live.fields.keys() and not rules.equality.same(name, live.fields[name], value)
    }
