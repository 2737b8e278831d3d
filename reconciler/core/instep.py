"""
Who is so much in step that settling would change neither the target nor the ledger: most people, on most days.

It only saves work: whatever it does not know for sure it leaves to `correlate.py` and `settle.py`, which come to
the same. A property test holds the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.access import Together, may_log_in
from reconciler.core.correlate import Pair
from reconciler.core.desired import roles_given
from reconciler.core.export import Placed, UserRow
from reconciler.core.ledger import Claim, Last, LedgerRow, Names
from reconciler.core.lifecycle import Rules
from reconciler.core.likeness import Computed, Likeness, all_of, likeness
from reconciler.core.matching import folded
from reconciler.core.memory import digest_of
from reconciler.core.model import NO_DECISIONS, Fields, Live, Value
from reconciler.core.organisation import Organisation
from reconciler.core.rules import user_matching
from reconciler.core.world import World

Claims: TypeAlias = Mapping[str, Claim]

NOT_THERE = ""
"""Stands for the id of a managed group that the target has not got: nobody is in it."""


class Ground(Struct, frozen=True, kw_only=True):
    """
    What everybody is measured by: Git's side, the rules, and the managed groups.

    `exact`: membership is, and everybody belongs to the population that was not chosen one by one; otherwise nobody
    is measured. `managed` are all managed groups, key by target id; `ids` has that of each group of the source, by
    key (None: it is not managed). `protected` are names as `name_key` gives them, `named` those of people who are
    not to be passed over, folded. `fields` is how their fields are compared, `source` gives those that are Git's,
    `shared` the shared ones, and `claimed` what these are by somebody's claims. `computed` are those that come from
    what somebody is given.
    """

    org: Organisation
    rules: Rules
    exact: bool
    managed: Mapping[str, str]
    ids: Mapping[str, str | None]
    name_key: Callable[[str], str]
    protected: frozenset[str]
    named: frozenset[str]
    fields: Likeness
    source: Callable[[Fields], tuple[Any, ...]]
    shared: Callable[[Fields], tuple[Any, ...]]
    claimed: Callable[[Claims], tuple[Any, ...] | None]
    computed: Callable[[Together], Computed]


def ground(org: Organisation, rules: Rules, *, managed: Mapping[str, str], named: frozenset[str]) -> Ground:
    """
    Return what everybody is measured by. `managed` maps target ids of managed groups to their keys.
    """
    policy = rules.policy
    name_key = user_matching(policy, rules.equality).name_key
    ids = {key: link for link, key in managed.items()}
    fields = likeness(policy.users.fields, without=rules.initial)
    return Ground(
        org=org,
        rules=rules,
        exact=policy.groups.membership == "exact" and policy.users.population != "selected",
        managed=managed,
        ids={key: ids.get(key, NOT_THERE) if key in org.managed else None for key in org.groups},
        name_key=name_key,
        protected=frozenset(map(name_key, policy.users.protected)),
        named=named,
        fields=fields,
        source=all_of(tuple(sorted(rules.source))),
        shared=all_of(tuple(sorted(rules.shared))),
        claimed=_Claimed(tuple(sorted(rules.shared))),
        computed=cache(lambda given: fields.computed({"roles": given.roles, "profiles": given.profiles})),
    )


def basis_of(ground: Ground, world: World) -> bytes:
    """
    Return the digest of all that decides who is in step, but for what is said of the people themselves.
    """
    org, rules = ground.org, ground.rules
    return digest_of(
        (world.tool, world.target, world.identity, rules.policy.digest),
        (sorted(rules.shared), rules.source, rules.initial, rules.equality),
        (ground.ids, ground.managed, org.given.sort_of, org.given.sorts),
        (org.managed, sorted(org.decided.users), world.snapshot.catalogue, ground.protected, ground.named),
    )


_MOST = 4_096
"""Dicts of claims of which is kept what they say; of a ledger that is proved there are far fewer."""


class _Claimed:
    """
    Tells by claims what the shared fields, in the order of `names`, were when we wrote them last.

    Of a ledger that is proved, hundreds of thousands share a few dicts of claims: each dict is looked at once, for
    none is ever changed. Not more than a few thousand are kept.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._known: dict[int, tuple[Claims, tuple[Value, ...] | None]] = {}

    def __call__(self, claims: Claims) -> tuple[Value, ...] | None:
        """
        Return the values of the fields; None where any is not Git's, or not as we wrote it, or there are others.
        """
        found = self._known.get(id(claims))
        if found is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            found = self._known[id(claims)] = claims, self._values(claims)
        return found[1]

    def _values(self, claims: Claims) -> tuple[Value, ...] | None:
        if claims.keys() != set(self._names):
            return None
        settled = all(one.owner == "git" and not one.intents and one.saw == one.wrote for one in claims.values())
        return tuple(claims[name].wrote for name in self._names) if settled else None


def is_in_step(placed: Placed, live: Live, row: LedgerRow, ground: Ground) -> bool:
    """
    Return whether the source's row, the account and the ledger's row of one person say the same.
    """
    said, last = placed.row, row.last
    if last is None or last.state != "active" or said.state != "active" or not live.active or last.wrote:
        return False
    if not _is_untroubled(said, live, row, ground) or not _same_groups(said, live, last, ground):
        return False
    given = ground.org.given.by(said.groups)
    if not given.login and not may_log_in(said.roles, ground.rules.policy):
        return False
    return _same_fields(placed, live.fields, row, last, given=given, ground=ground)


def _is_untroubled(said: UserRow, live: Live, row: LedgerRow, ground: Ground) -> bool:
    """
    Return whether nothing is decided, intended, held or pending, and the row was settled under this policy.
    """
    names = row.names
    return (
        said.user_name == live.name
        and names is not None
        and names.present == live.name
        and not names.previous
        and row.intent is None
        and row.absent is None
        and not row.tombstones
        and not row.holds
        and not row.seen
        and row.policy == ground.rules.policy.digest
        and ground.name_key(live.name) not in ground.protected
        and not (ground.named and _is_named(said, ground.named))
    )


def _is_named(said: UserRow, names: frozenset[str]) -> bool:
    """
    Return whether the person answers to any of the names.
    """
    mail = said.email if isinstance(said.email, str) else ""
    return folded(said.user_name) in names or folded(said.key) in names or folded(mail) in names


def _same_groups(said: UserRow, live: Live, last: Last, ground: Ground) -> bool:
    """
    Return whether the managed groups are those desired, and those last seen.
    """
    wanted, there = said.groups, set(map(ground.ids.get, said.groups))
    if None in there:
        wanted = tuple(key for key in wanted if ground.ids.get(key) is not None)
        there.discard(None)
    if wanted != last.groups:
        return False
    if len(live.groups) == len(there) and there.issuperset(live.groups):
        return True
    return set(live.groups) & ground.managed.keys() == there


def _same_fields(
    placed: Placed, held: Fields, row: LedgerRow, last: Last, *, given: Together, ground: Ground
) -> bool:
    """
    Return whether every governed field is as desired, as last seen, and Git's.
    """
    claimed = ground.claimed(row.claims)
    if placed.row.roles or placed.row.key in ground.org.decided.users:
        given = replace(given, roles=roles_given(ground.org, placed, given))
    try:
        unsaid = ground.fields.unsaid(placed.row, held, ground.computed(given))
        if unsaid is None or not _same_source(held, last.fields, unsaid, ground):
            return False
        return claimed == ground.shared(held) and unsaid.isdisjoint(row.claims)
    except KeyError:
        return False


def _same_source(held: Fields, last: Fields, unsaid: frozenset[str], ground: Ground) -> bool:
    """
    Return whether Git's fields are as last seen. Raises KeyError where one was not.
    """
    if not unsaid and len(last) == len(ground.rules.source):
        return ground.source(last) == ground.source(held)
    return last.items() <= held.items() and last.keys() >= ground.rules.source - unsaid


def is_group_in_step(pair: Pair, row: LedgerRow | None, rules: Rules) -> bool:
    """
    Return whether Git, the target and the ledger's row of that key say the same of a group, and nothing is decided.
    """
    desired, live = pair.desired, pair.live
    if desired is None or live is None or row is None or row.last is None or row.names is None or rules.shared:
        return False
    settled = LedgerRow(
        key=desired.key,
        link=live.id,
        names=Names(present=live.name, previous=row.names.previous),
        last=Last(fields={name: value for name, value in desired.fields.items() if name in rules.fields}),
        policy=rules.policy.digest,
        tombstones=row.tombstones,
    )
    return (
        row == settled
        and pair.predecessor is None
        and live.active
        and desired.state == "active"
        and desired.decisions == NO_DECISIONS
        and desired.fields.items() <= live.fields.items()
    )
