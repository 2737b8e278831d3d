"""
People by the hundred thousand, shard by shard: who is in step is put aside at once, and need not be kept.

What is left is a world in which a decision comes to the same, only sooner. A property test holds the two together.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.correlate import Correlation
from reconciler.core.decisions import resolve
from reconciler.core.directory import directory_of
from reconciler.core.export import Placed
from reconciler.core.instep import Ground, basis_of, ground, is_in_step
from reconciler.core.ledger import LedgerRow
from reconciler.core.lifecycle import empties
from reconciler.core.matching import folded
from reconciler.core.memory import Mark, Memory, Proof, seen
from reconciler.core.model import Live
from reconciler.core.organisation import Organisation, peopled
from reconciler.core.overrides import Override
from reconciler.core.roster import live_groups
from reconciler.core.rules import user_rules
from reconciler.core.world import Groups, Steady, World, doubts, groups_in, groups_of

NOTHING = b""
"""The basis of a memory in which nothing is proved."""


class Shard(Struct, frozen=True):
    """
    Some of the people: what the source says of them, and what the ledger says of the same, by key.

    `place` names them from run to run; without a `mark` nothing of them is remembered.
    """

    users: Sequence[Placed]
    rows: Mapping[str, LedgerRow]
    place: str = ""
    mark: Mark | None = None


class _Sieve(Struct):
    """
    What has been sifted so far: people to decide of, people in step, groups that none of these is in, and links.

    `others` are the accounts, by id, of whom nobody in step has been found to be the owner.
    """

    empty: set[str]
    others: dict[str, Live]

    users: list[Placed] = field(default_factory=list)
    rows: dict[str, LedgerRow] = field(default_factory=dict)
    steady: dict[str, Live] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    linked: int = 0


def sift(
    world: World,
    shards: Callable[[], Iterable[Shard]],
    *,
    about: AbstractSet[str] = frozenset(),
    memory: Memory | None = None,
) -> World:
    """
    Return the world with the people of the shards in it, but for those who are in step.

    Whoever an override speaks of, and whoever answers to a name in `about`, is kept in any case. Where two rows of
    the ledger link one account nobody is passed over; the shards are then read again.
    What `memory` proves of a shard is not looked at again, and it holds afterwards what is proved now.
    Raises HeldError where the export is refused.
    """
    proved = not doubts(world)
    org = _everybody(world)
    who = groups_in(world, org, proved=proved)
    measure = _ground(world, org, who, about, proved=proved)
    memory = memory or Memory()
    memory.measured_by(basis_of(measure, world) if measure.exact else NOTHING)
    sieve = _sifted(shards(), world.snapshot.users, measure, memory, passing=measure.exact)
    if len(sieve.links) < sieve.linked:
        memory.measured_by(NOTHING)
        sieve = _sifted(shards(), world.snapshot.users, measure, memory, passing=False)
    return replace(
        world,
        export=replace(world.export, users=tuple(sorted(sieve.users, key=_by_key))),
        ledger=replace(world.ledger, users=sieve.rows),
        steady=Steady(sieve.steady, org.managed - sieve.empty, _others(sieve), Groups(org, who)),
    )


def _others(sieve: _Sieve) -> tuple[Live, ...]:
    """
    Return the accounts of nobody who is in step, and those that once were another's.
    """
    former = {old for row in sieve.rows.values() for old in row.tombstones}
    again = [one for one in sieve.steady.values() if one.id in former] if former else []
    return (*sieve.others.values(), *again)


def _by_key(placed: Placed) -> str:
    return placed.row.key


def _sifted(
    shards: Iterable[Shard], live: Iterable[Live], measure: Ground, memory: Memory, *, passing: bool
) -> _Sieve:
    """
    Return the people of the shards, divided; unless somebody may pass (`passing`), all are to be decided of.
    """
    sieve = _Sieve(empty=set(measure.org.managed), others={one.id: one for one in live})
    for shard in shards:
        if shard.mark and passing and _recalled(sieve, shard.place, shard.mark, measure, memory):
            continue
        passed = _divided(sieve, shard, measure, passing=passing)
        if shard.mark and passing and len(passed) == len(shard.users) == len(shard.rows):
            memory.fresh[shard.place] = Proof(
                seal=shard.mark.seal,
                keys=tuple(passed),
                links=tuple(one.id for one in passed.values()),
                accounts=seen(passed.values()),
                note=shard.mark.note(),
            )
    return sieve


def _recalled(  # noqa: PLR0917  as above
    sieve: _Sieve, place: str, mark: Mark, measure: Ground, memory: Memory
) -> bool:
    """
    Return whether everybody in a shard is known to be in step still; then they are put aside.
    """
    proof = memory.proofs.get(place)
    if proof is None or proof.seal != mark.seal:
        return False
    accounts = [one for one in map(sieve.others.get, proof.links) if one]
    if len(accounts) < len(proof.links) or seen(accounts) != proof.accounts:
        return False
    mark.skip(proof.note)
    memory.fresh[place] = proof
    sieve.links.update(proof.links)
    sieve.linked += len(proof.links)
    for key, account in zip(proof.keys, accounts, strict=True):
        _pass_over(sieve, key, account)
        if sieve.empty:
            sieve.empty.difference_update(map(measure.managed.get, account.groups))
    return True


def _divided(sieve: _Sieve, shard: Shard, measure: Ground, *, passing: bool) -> dict[str, Live]:
    """
    Return the accounts, by key, of those in a shard who are in step; they are put aside, and the others kept.
    """
    left, passed = dict(shard.rows.items()), dict[str, Live]()
    links = [row.link for row in left.values() if row.link]
    sieve.links.update(links)
    sieve.linked += len(links)
    for placed in shard.users:
        row = left.get(placed.row.key)
        account = sieve.others.get(row.link) if passing and row is not None and row.link else None
        if row is None or account is None or not is_in_step(placed, account, row, measure):
            sieve.users.append(placed)
            continue
        passed[row.key] = account
        _pass_over(sieve, row.key, account)
        del left[row.key]
        if sieve.empty:
            sieve.empty.difference_update(placed.row.groups)
    sieve.rows.update(left)
    return passed


def _pass_over(sieve: _Sieve, key: str, account: Live) -> None:
    sieve.steady[key] = account
    del sieve.others[account.id]


def _everybody(world: World) -> Organisation:
    """
    Return what Git says of groups, before anybody has been looked at.

    It takes all groups for populated: whoever is in step is in no group that is not.
    """
    directory = directory_of(world.export, world.ledger, world.policy.groups)
    of_groups = [one for one in world.overrides if one.group is not None]
    resolved = resolve(of_groups, directory, today=date.fromisoformat(world.now[:10]))
    org = groups_of(world, resolved, directory)
    return peopled(org, (), resolved, known=frozenset(), populated=org.managed)


def _ground(world: World, org: Organisation, who: Correlation, about: AbstractSet[str], *, proved: bool) -> Ground:
    """
    Return what everybody is measured by.
    """
    fetched_at = world.export.manifest.fetched_at
    return ground(
        org,
        user_rules(world.policy, world.ledger.head, world.equality, fetched_at=fetched_at, proved=proved),
        managed=live_groups(world.snapshot.groups, who, empties=empties(world.policy)),
        named=frozenset(map(folded, (*about, *_spoken_of(world.overrides)))),
    )


def _spoken_of(overrides: Iterable[Override]) -> Iterator[str]:
    """
    Yield every name that an override calls somebody by.
    """
    for one in overrides:
        yield from (name for name in (one.user, one.copy_access_from) if name)
