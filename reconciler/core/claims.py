"""
The life of a claim: what is noted before a write, confirmed after it, and forgotten once no request can land.
"""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from msgspec import UnsetType
from msgspec.structs import replace

from reconciler.core.ledger import Claim, Intent
from reconciler.core.model import Equality, Value
from reconciler.core.policy import seconds

STATE = "active"
"""The key under which intents about the lifecycle state are kept among the claims."""


def elements(value: Value) -> frozenset[str]:
    """
    Return the elements of a set value; of any other value, itself as text.
    """
    if isinstance(value, tuple):
        return frozenset(value)
    return frozenset() if value is None else frozenset({str(value)})


def power_of(value: Value, privileged: AbstractSet[str], equality: Equality) -> frozenset[str]:
    """
    Return the elements of a value of the field `roles` that carry power, compared as the target compares.
    """
    if "roles" not in equality.caseless | equality.trimmed:
        return elements(value) & privileged
    folded = {equality.fold("roles", one) for one in privileged}
    return frozenset(one for one in elements(value) if equality.fold("roles", one) in folded)


def written(claim: Claim, sent: Value, kept: Value) -> Claim:
    """
    Return `claim` after a confirmed write of ours: W is what was sent, B what held; its intents have served.
    """
    return replace(claim, wrote=sent, saw=kept, intents=())


def intend(claim: Claim, intent: Intent) -> Claim:
    """
    Return `claim` with one more open intent; the same value for the same reason is not noted twice in a run.
    """
    known = any(
        one.value == intent.value and one.replaces == intent.replaces and one.run == intent.run
        for one in claim.intents
    )
    return claim if known else replace(claim, intents=(*claim.intents, intent))


def forget(claim: Claim, live: Value | UnsetType, *, name: str, equality: Equality, before: str) -> Claim:
    """
    Return `claim` without the intents made at or before time `before`: no request of theirs can land any more.

    Where the live value is one of them, it first becomes what we wrote and saw. Where nobody owns the field yet,
    they are kept as long as it is: nothing else tells that the value is ours.
    """
    old = tuple(intent for intent in claim.intents if intent.at <= before)
    if not old or isinstance(live, UnsetType):
        return claim
    landed = among(live, old, name, equality)
    if landed and claim.owner is None:
        return claim
    news = landed and claim.owner == "git" and not equality.same(name, live, claim.saw)
    seen = replace(claim, saw=live, wrote=live) if news else claim
    return replace(seen, intents=tuple(intent for intent in claim.intents if intent.at > before))


def among(live: Value, intents: tuple[Intent, ...], name: str, equality: Equality) -> bool:
    """
    Return whether the live value of field `name` is one that we meant to write.
    """
    return any(equality.same(name, live, intent.value) for intent in intents)


def foreign(live: Value, intents: tuple[Intent, ...], name: str, equality: Equality) -> bool:
    """
    Return whether there are intents, and the live value is neither theirs nor what they were to replace.
    """
    if not intents or among(live, intents, name, equality):
        return False
    replaced = (intent.replaces for intent in intents)
    return not any(not isinstance(one, UnsetType) and equality.same(name, live, one) for one in replaced)


@lru_cache(maxsize=64)
def earlier(time: str, by: str) -> str:
    """
    Return the UTC time `by` (`15m`, `30d`) before `time`, in the same form.

    Remembered, because guards and claims ask for the same few again and again, and to parse a time is slow.
    """
    moment = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (moment - timedelta(seconds=seconds(by))).strftime("%Y-%m-%dT%H:%M:%SZ")
