"""
Gather, decide, act, record: the one engine behind every command. It prints nothing and knows no adapter.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from msgspec import Struct

from reconciler.apply.book import Book, Opened, overtaken
from reconciler.apply.fence import belong_together
from reconciler.apply.order import Order
from reconciler.apply.run import Report, apply
from reconciler.core.approval import Approval
from reconciler.core.canonical import digest
from reconciler.core.decide import Decision, decide
from reconciler.core.export import Export, Placed
from reconciler.core.ledger import Ledger, LedgerRow
from reconciler.core.memory import Mark, Memory, seal_of
from reconciler.core.model import Inputs
from reconciler.core.overrides import Override, Waiver
from reconciler.core.policy import Policy
from reconciler.core.scope import Scope, scope_of
from reconciler.core.sift import Shard, sift
from reconciler.core.sites import in_directories, member_in
from reconciler.core.world import World
from reconciler.errors import LedgerError
from reconciler.files.leaf import Leaf, LedgerLeaf
from reconciler.ports import Exported, Recorded, Target

_Stream: TypeAlias = Iterator[tuple[str, Sequence[Placed], Mapping[str, LedgerRow]]]
_HASHES = itemgetter(0)
LONGEST = 256
"""People in a file of whom anything is remembered: a byte then numbers each."""


class Asked(Struct, frozen=True, kw_only=True):
    """
    What Git says of one target, read and checked: its export, its overrides, its policy.

    `account` is the one the export must be of, `max_age` how old it may be, `tool` this program and its version.
    """

    target: str
    export: Exported
    overrides: Sequence[Override]
    waivers: Sequence[Waiver]
    policy: Policy
    account: str | None
    max_age: str
    tool: str


def plan(  # noqa: PLR0913  what is asked, of whom, and what a person has said to it
    asked: Asked,
    target: Target,
    book: Book,
    *,
    opened: Opened,
    now: str,
    approval: Approval | None = None,
    about: AbstractSet[str] = frozenset(),
    scope: Scope | None = None,
    memory: Memory | None = None,
) -> Decision:
    """
    Return what is to be done: the target is read now, and settled against the ledger as it was opened.

    `approval` is what a person approved; None: what is dangerous waits. Of people in step the decision's world
    knows next to nothing, but for those who answer to a name in `about`. `scope` is what the run is about; None:
    what the policy says where nobody does. `memory` is what an earlier run proved; afterwards, what this one did.
    Raises LedgerError where the two do not belong together, HeldError where another run was recorded meanwhile,
    InputError where the export cannot be believed.
    """
    try:
        belong_together(target, opened.ledger.head)
    except LedgerError as error:
        if held := overtaken(book, opened):
            raise held from error
        raise
    directories = asked.policy.groups.directories
    world = World(
        target=asked.target,
        identity=target.identity,
        equality=target.equality,
        export=Export(asked.export.manifest, (), in_directories(asked.export.groups, directories)),
        overrides=tuple(asked.overrides),
        waivers=tuple(asked.waivers),
        policy=asked.policy,
        snapshot=target.read(),
        ledger=Ledger(opened.ledger.head, {}, opened.ledger.groups),
        inputs=_inputs(asked, opened),
        now=now,
        read_at=now,
        tool=asked.tool,
        max_age=asked.max_age,
        account=asked.account,
        approval=approval,
        scope=scope or scope_of(asked.policy.default_scope),
    )
    named = about | set(world.scope.named)
    return decide(sift(world, lambda: _shards(asked, opened.ledger, memory), about=named, memory=memory))


def _shards(asked: Asked, ledger: Recorded, memory: Memory | None) -> Iterator[Shard]:
    """
    Yield the people of export and ledger, shard by shard.
    """
    if memory is None or not memorable(asked, ledger):
        return _side_by_side(asked.export, ledger, asked.policy.groups.directories)
    return _pairs(asked.export, ledger)


def memorable(asked: Asked, ledger: Recorded) -> bool:
    """
    Return whether anything of a plan can be remembered: where files of both sides hold the same people.

    Where all of them are in one file it would not pay.
    """
    return not asked.policy.groups.directories and asked.export.digits == ledger.digits > 0


def _pairs(export: Exported, ledger: Recorded) -> Iterator[Shard]:
    """
    Yield what each two files of the same people hold, unread.
    """
    said, known = export.shards(), ledger.shards()
    people, rows = next(said, None), next(known, None)
    while people or rows:
        place = min(found[0] for found in (people, rows) if found)
        users = people[1] if people and people[0] == place else ()
        recorded = rows[1] if rows and rows[0] == place else {}
        yield Shard(users, recorded, place, _mark(users, recorded))
        people = next(said, None) if people and people[0] == place else people
        rows = next(known, None) if rows and rows[0] == place else rows


def _mark(users: Sequence[Placed], rows: Mapping[str, LedgerRow]) -> Mark | None:
    """
    Return what tells two files from any others; None where they are none, or too long to be worth it.
    """
    if not isinstance(users, Leaf) or not isinstance(rows, LedgerLeaf) or users.content.count(b"\n") > LONGEST:
        return None
    return Mark(seal_of(users.digest, rows.digest), users.skip, users.note)


def _side_by_side(export: Exported, ledger: Recorded, directories: Sequence[str]) -> Iterator[Shard]:
    """
    Yield the people of both, shard by shard; a coarse shard of one stands beside all the finer ones of the other.
    """
    members = partial(member_in, directories=directories) if directories else None
    digits = min(export.digits, ledger.digits)
    placed: _Stream = ((found[:digits], users, {}) for found, users in export.shards())
    recorded: _Stream = ((found[:digits], (), rows) for found, rows in ledger.shards())
    for _, beside in groupby(merge(placed, recorded, key=_HASHES), key=_HASHES):
        shard = list(beside)
        yield Shard(
            users=[members(one) if members else one for _, users, _ in shard for one in users],
            rows={key: row for _, _, rows in shard for key, row in rows.items()},
        )


def _inputs(asked: Asked, opened: Opened) -> Inputs:
    """
    Return the digests of everything the plan is made from.
    """
    overrides = sorted((one.digest, one.until or "") for one in asked.overrides)
    waivers = sorted((one.guard, one.target, one.count, one.since, one.until) for one in asked.waivers)
    return Inputs(
        export=asked.export.manifest.digest,
        overrides=digest(overrides, waivers),
        policy=asked.policy.digest,
        ledger=digest(opened.ledger.head),
        fetched_at=asked.export.manifest.fetched_at,
    )


def act(decision: Decision, target: Target, book: Book, *, opened: Opened, order: Order) -> Report:
    """
    Return what became of the decision's changes, made and recorded in the order of ownership.md.
    """
    return apply(decision, target, book, opened=opened, order=order)
