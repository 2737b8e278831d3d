"""
Who is in which group as the target has it, in the source's keys; and the counts that guards judge by.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, partial
from itertools import chain
from typing import Protocol

from reconciler.core.approval import Approval
from reconciler.core.changes import Draft
from reconciler.core.claims import power_of
from reconciler.core.correlate import Correlation, Pair
from reconciler.core.ledger import Ledger
from reconciler.core.lifecycle import FORMER
from reconciler.core.limits import Facts
from reconciler.core.model import Equality, Live, Snapshot
from reconciler.core.overrides import Waiver
from reconciler.core.policy import Policy


class Judged(Protocol):
    """
    What facts are made from; a `World` is one.
    """

    @property
    def target(self) -> str: ...  # noqa: D102
    @property
    def now(self) -> str: ...  # noqa: D102
    @property
    def equality(self) -> Equality: ...  # noqa: D102
    @property
    def policy(self) -> Policy: ...  # noqa: D102
    @property
    def snapshot(self) -> Snapshot: ...  # noqa: D102
    @property
    def ledger(self) -> Ledger: ...  # noqa: D102
    @property
    def waivers(self) -> tuple[Waiver, ...]: ...  # noqa: D102
    @property
    def approval(self) -> Approval | None: ...  # noqa: D102


def live_groups(live: Iterable[Live], who: Correlation, *, empties: bool) -> dict[str, str]:
    """
    Return the key of each managed group that is there, by its target id.

    A group that the source no longer has counts where it loses its members (`empties`).
    """
    keys: dict[str, str] = {}
    for pair in who.pairs:
        if pair.live and pair.key and (pair.desired is not None or empties):
            keys[pair.live.id] = pair.key
        if pair.predecessor:
            keys[pair.predecessor.id] = FORMER + pair.predecessor.id
    return {one.id: keys[one.id] for one in live if one.id in keys}


def losing(found: Iterable[Draft]) -> frozenset[str]:
    """
    Return the keys of the groups that somebody would leave, or that would be deleted.
    """
    return frozenset(
        one.change.key if tag == "groups-deleted" else tag.removeprefix("left:")
        for one in found
        for tag in one.tags
        if tag.startswith("left:") or tag == "groups-deleted"
    )


def facts_of(
    world: Judged,
    groups: Correlation,
    users: Correlation,
    *,
    members: Mapping[str, str],
    losing: AbstractSet[str],
    degraded: Sequence[str],
) -> Facts:
    """
    Return what the guards judge by. `losing` are the keys of the groups that lose members: no other is counted.
    """
    privileged = world.policy.roles.administrator.privileged
    power = cache(partial(power_of, privileged=privileged, equality=world.equality))
    joined = Counter(chain.from_iterable(one.groups for one in world.snapshot.users)) if losing else Counter()
    names = {
        pair.key: pair.live.name if pair.live else pair.desired.name if pair.desired else pair.key
        for pair in groups.pairs
        if pair.key
    }
    former = {members[one.id]: one.name for one in world.snapshot.groups if one.id in members}
    retired = {pair.key for pair in groups.pairs if pair.desired is None and _was_put_away(pair)}
    return Facts(
        guards=world.policy.guards,
        target=world.target,
        now=world.now,
        linked=len(users.steady) + sum(1 for pair in users.pairs if pair.row and pair.live and pair.live.active),
        groups=sum(1 for pair in groups.pairs if pair.row and pair.live),
        armed=frozenset(one.id for one in world.snapshot.users if one.active and power(one.fields.get("roles"))),
        equality=world.equality,
        privileged=privileged,
        members=_counted(joined, {link: key for link, key in members.items() if key in losing}),
        memberships=sum(joined[link] for link in members),
        names={**names, **former},
        recent=world.ledger.head.removed_24h,
        waivers=world.waivers,
        approval=world.approval,
        degraded=degraded,
        unread="" if world.snapshot.complete else world.snapshot.problem or "the target was not read whole",
        emptied=frozenset(retired),
    )


def _counted(joined: Mapping[str, int], keys: Mapping[str, str]) -> Counter[str]:
    """
    Return the members by key of groups, of which `keys` has that of each by its target id.
    """
    members: Counter[str] = Counter()
    for link, key in keys.items():
        members[key] += joined[link]
    return members


def _was_put_away(pair: Pair) -> bool:
    """
    Return whether an earlier run moved, retired or switched off the group: it may be as empty as it likes.
    """
    return pair.row is not None and pair.row.last is not None and pair.row.last.state == "retired"
