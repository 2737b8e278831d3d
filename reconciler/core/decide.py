"""
Everything that was read -> the plan, and what the ledger will say once it has been made.

The steps of `decide` are the steps of the product: trust, resolve, groups, users, order, guard, tell.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.approval import Approval
from reconciler.core.causes import why
from reconciler.core.changes import Draft, Drafting, drafts
from reconciler.core.correlate import Correlation, Pair, correlate
from reconciler.core.decisions import expiring, resolve
from reconciler.core.desired import desired_groups, desired_user, outline
from reconciler.core.directory import directory_of
from reconciler.core.export import Export
from reconciler.core.guard import Guarded, guard
from reconciler.core.instep import in_step
from reconciler.core.ledger import Ledger, LedgerRow
from reconciler.core.lifecycle import FORMER, Rules, empties
from reconciler.core.limits import Facts
from reconciler.core.model import Equality, Expiring, Inputs, Notice, Plan, Snapshot
from reconciler.core.notices import unknown_states, unproved, without_profile
from reconciler.core.organisation import Organisation, organisation
from reconciler.core.overrides import Override, Waiver
from reconciler.core.ownership import Moment
from reconciler.core.plan import Telling, ordered, told
from reconciler.core.policy import Policy
from reconciler.core.roster import facts_of, live_groups, losing
from reconciler.core.rows import row_as_settled
from reconciler.core.rules import group_matching, group_rules, reaching, user_matching, user_rules
from reconciler.core.settle import Settled, settle_group, settle_user
from reconciler.core.trust import Expectation, judge
from reconciler.core.weigh import weighed
from reconciler.errors import HeldError, InputError


class World(Struct, frozen=True, kw_only=True):
    """
    Everything a decision is made from. `now` and `read_at` (when the target was read) are UTC times.

    `approval` None: nobody has approved a plan yet, so what is dangerous waits.
    """

    target: str
    identity: str
    equality: Equality
    export: Export
    overrides: tuple[Override, ...]
    waivers: tuple[Waiver, ...]
    policy: Policy
    snapshot: Snapshot
    ledger: Ledger
    inputs: Inputs
    now: str
    read_at: str
    tool: str
    max_age: str = "36h"
    account: str | None = None
    approval: Approval | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """
    The plan, and what applying it needs: the entities it is about, settled, and target ids of group keys.

    `settled` has every entity that a change is about or whose ledger row differs; `rows` those rows, as they
    are if nothing is written, by (kind, key), None where one goes; `tags` what the guards count each change as.
    `accepted`: the export proved who is absent, or a waiver accepted it as it is.
    """

    world: World
    plan: Plan
    settled: dict[tuple[str, str], Settled]
    rows: dict[tuple[str, str], LedgerRow | None]
    tags: dict[str, frozenset[str]]
    group_ids: dict[str, str]
    rules: dict[str, Rules]
    accepted: bool


class _Settling(Struct, frozen=True, kw_only=True):
    """
    What settling one kind gathers.
    """

    rules: Rules
    correlation: Correlation
    interesting: list[Settled]
    found: list[Draft]
    notices: list[Notice]


def decide(world: World) -> Decision:
    """
    Return what is to be done, and what is not, and why.

    1. The export is judged. 2. Overrides are resolved. 3. Groups are settled, then 4. users, whose rows hold the
    memberships. 5. The changes are ordered and 6. guarded. 7. All of it is told as one plan.

    Raises HeldError where the export is refused, InputError where overrides cannot be resolved.
    """
    degraded = _trusted(world)
    org = organisation_of(world)
    moment = Moment(now=world.now, run=world.ledger.head.serial + 1)
    groups = _settled_groups(world, org, moment, proved=not degraded)
    users = _settled_users(world, org, moment, groups, proved=not degraded)
    members = live_groups(world.snapshot.groups, groups.correlation, empties=empties(world.policy))
    found = [*groups.found, *users.found]
    facts = facts_of(
        world, groups.correlation, users.correlation, members=members, losing=losing(found), degraded=degraded
    )
    guarded = guard(ordered(weighed(found, facts)), facts)
    notices = (
        *org.decided.notices,
        *unknown_states(world.export.users),
        *users.notices,
        *unproved(degraded, guarded.notices),
    )
    return _decision(world, (groups, users), guarded, facts=facts, told_too=(notices, org.decided.expiring))


def organisation_of(world: World) -> Organisation:
    """
    Return what Git says of the target, as `decide` has it: whoever explains a plan asks the same.

    Raises InputError where overrides cannot be resolved.
    """
    directory = directory_of(world.export, world.ledger, world.policy.groups)
    resolved = resolve(world.overrides, directory, today=date.fromisoformat(world.now[:10]))
    if resolved.faults:
        raise InputError(resolved.faults)
    return organisation(
        world.export,
        resolved,
        world.policy,
        catalogue=world.snapshot.catalogue,
        known=frozenset(key for key, row in world.ledger.users.items() if row.link),
        former=directory.former,
    )


def _trusted(world: World) -> tuple[str, ...]:
    expected = Expectation(
        target=world.target,
        now=world.now,
        max_age=world.max_age,
        account=world.account,
        head=world.ledger.head,
        guards=world.policy.guards,
        waivers=world.waivers,
    )
    trust = judge(world.export.manifest, expected)
    if trust.refused:
        raise HeldError(trust.refused, hint=trust.hint)
    return trust.degraded


def _settled_groups(world: World, org: Organisation, moment: Moment, *, proved: bool) -> _Settling:
    fetched_at = world.export.manifest.fetched_at
    rules = group_rules(world.policy, world.ledger.head, world.equality, fetched_at=fetched_at, proved=proved)
    desired = {one.key: one for one in desired_groups(org)}
    matching = group_matching(world.policy, world.equality, proved=proved)
    who = _without_excluded(correlate(desired, world.snapshot.groups, world.ledger.groups, matching))
    settled = (settle_group(pair, rules, moment) for pair in who.pairs)
    return _gathered(world, org, who, settled, rules=rules)


def _without_excluded(who: Correlation) -> Correlation:
    """
    Return the correlation without groups that an override excludes: hands off them, and off who is in them.
    """
    governed = tuple(pair for pair in who.pairs if pair.desired is None or pair.desired.state != "untouched")
    return replace(who, pairs=governed)


def _settled_users(
    world: World, org: Organisation, moment: Moment, groups: _Settling, *, proved: bool
) -> _Settling:
    fetched_at = world.export.manifest.fetched_at
    members = live_groups(world.snapshot.groups, groups.correlation, empties=empties(world.policy))
    made = {one.change.key for one in groups.found if one.change.action == "create"}
    reachable = frozenset(made | {key for key in members.values() if not key.startswith(FORMER)})
    rules = reaching(
        user_rules(world.policy, world.ledger.head, world.equality, fetched_at=fetched_at, proved=proved), reachable
    )
    live, rows = world.snapshot.users, world.ledger.users
    steady = in_step(org, rules, live, rows, managed=members)
    outlines = {key: outline(org, placed) for key, placed in org.users.items() if key not in steady}
    who = correlate(outlines, live, rows, user_matching(world.policy, world.equality), steady=steady)
    settled = (settle_user(_in_full(org, pair), rules, moment, managed=members) for pair in who.pairs)
    return _gathered(world, org, who, settled, rules=rules)


def _in_full(org: Organisation, pair: Pair) -> Pair:
    """
    Return the pair with all that is desired, and not only what tells people apart.
    """
    return replace(pair, desired=desired_user(org, org.users[pair.key])) if pair.desired else pair


def _gathered(
    world: World, org: Organisation, who: Correlation, settled: Iterable[Settled], *, rules: Rules
) -> _Settling:
    """
    Return what there is to do and to remember; entities of which there is neither are dropped at once.
    """
    about = Drafting(
        identity=world.identity,
        equality=world.equality,
        privileged=world.policy.roles.administrator.privileged,
        cause=why(org, world.export.manifest.fetched_at),
    )
    interesting: list[Settled] = []
    found: list[Draft] = []
    notices: list[Notice] = []
    for one in settled:
        changes = list(drafts(one, about))
        found.extend(changes)
        notices.extend(without_profile(one, org.catalogue))
        if changes or one.news or one.holds or row_as_settled(one, rules, world.read_at) != _before(world, one):
            interesting.append(one)
    return _Settling(rules=rules, correlation=who, interesting=interesting, found=found, notices=notices)


def _before(world: World, one: Settled) -> LedgerRow | None:
    """
    Return the row that the ledger has under the entity's key; of one that bears another key now, none.
    """
    return (world.ledger.users if one.pair.kind == "user" else world.ledger.groups).get(one.pair.key)


def _decision(
    world: World,
    kinds: tuple[_Settling, _Settling],
    guarded: Guarded,
    *,
    facts: Facts,
    told_too: tuple[Sequence[Notice], Sequence[Expiring]],
) -> Decision:
    settled: dict[tuple[str, str], Settled] = {
        (one.pair.kind, _key(one)): one for kind in kinds for one in kind.interesting
    }
    rules = {"group": kinds[0].rules, "user": kinds[1].rules}
    rows: dict[tuple[str, str], LedgerRow | None] = {
        (name, key): None
        for name, kind in zip(("group", "user"), kinds, strict=True)
        for key in kind.correlation.superseded
    }
    for place, one in settled.items():
        row = row_as_settled(one, rules[one.pair.kind], world.read_at)
        rows |= {place: row} if row is not None else {}
    telling = Telling(
        target=world.target,
        identity=world.identity,
        tool=world.tool,
        inputs=world.inputs,
        ledger=world.ledger,
        names=facts.names,
        entities={
            "group": len(kinds[0].correlation.pairs),
            "user": len(kinds[1].correlation.pairs) + len(kinds[1].correlation.steady),
        },
    )
    members = live_groups(world.snapshot.groups, kinds[0].correlation, empties=True)
    return Decision(
        world=world,
        plan=told(
            telling,
            guarded,
            settled=settled.values(),
            conflicts=[conflict for kind in kinds for conflict in kind.correlation.conflicts],
            notices=told_too[0],
            expiring=(*told_too[1], *expiring(world.waivers, date.fromisoformat(world.now[:10]))),
        ),
        settled=settled,
        rows=rows,
        tags={one.change.id: one.tags for one in guarded.kept},
        group_ids={key: link for link, key in members.items()},
        rules=rules,
        accepted=not facts.degraded or "export-degraded" in guarded.waived,
    )


def _key(one: Settled) -> str:
    return one.pair.key or f"target:{one.pair.live.id if one.pair.live else ''}"
