"""
Everything that was read -> the plan, and what the ledger will say once it has been made.

The steps of `decide` are the steps of the product: trust, resolve, groups, users, order, guard, tell.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.causes import why
from reconciler.core.changes import Draft, Drafting, drafts
from reconciler.core.contest import contested, decisions_won, idle, lost, merged, of_standing
from reconciler.core.correlate import Correlation, Pair
from reconciler.core.decisions import expiring
from reconciler.core.desired import desired_user
from reconciler.core.entitled import entitled
from reconciler.core.guard import Guarded, guard, weighs_totals
from reconciler.core.instep import is_group_in_step
from reconciler.core.ledger import LedgerRow
from reconciler.core.lifecycle import FORMER, Rules, empties, group_fate
from reconciler.core.limits import Facts
from reconciler.core.model import Expiring, Notice, Plan
from reconciler.core.notices import disputed, unblocked, unknown_states, unmade, unproved, without_profile
from reconciler.core.organisation import Organisation, memberships
from reconciler.core.ownership import Moment
from reconciler.core.plan import Telling, ordered, told
from reconciler.core.powers import scale_of, with_powers
from reconciler.core.reach import Reach, groups_within, joinable, users_within, waits_for_members
from reconciler.core.roster import facts_of, live_groups, losing
from reconciler.core.rows import row_as_settled
from reconciler.core.rules import group_rules, reaching, user_rules
from reconciler.core.ruling import Review
from reconciler.core.settle import Settled, settle_group, settle_user
from reconciler.core.weigh import weighed
from reconciler.core.world import World, doubts, groups_in, organisation_of, people_in, reach


class Decision(Struct, frozen=True, kw_only=True):
    """
    The plan, and what applying it needs: the entities it is about, settled, and target ids of group keys.

    `settled` has every entity that a change is about or whose ledger row differs; `rows` those rows, as they
    are if nothing is written, by (kind, key), None where one goes; `tags` what the guards count each change as.
    `accepted`: the export proved who is absent, or a waiver accepted it as it is. `looked_at` are the places of
    everybody whom the run was about; None: of all there are. `reviews` are the groups whose names are taken.
    `at_large`: it rests on others too.
    """

    world: World
    plan: Plan
    settled: dict[tuple[str, str], Settled]
    rows: dict[tuple[str, str], LedgerRow | None]
    tags: dict[str, frozenset[str]]
    group_ids: dict[str, str]
    rules: dict[str, Rules]
    accepted: bool
    looked_at: frozenset[tuple[str, str]] | None = None
    reviews: tuple[Review, ...] = ()
    at_large: bool = False


class _Settling(Struct, frozen=True, kw_only=True):
    """
    What settling one kind gathers; `within` is who of all there are the run is about.
    """

    rules: Rules
    correlation: Correlation
    within: Correlation
    interesting: list[Settled]
    found: list[Draft]
    notices: list[Notice]


def decide(world: World) -> Decision:
    """
    Return what is to be done, and what is not, and why.

    1. The export is judged. 2. Overrides are resolved. 3. Groups are settled, then 4. users, whose rows hold the
    memberships: of both those in the scope. 5. The changes are ordered and 6. guarded. 7. All of it is told.

    Raises HeldError where the export is refused, InputError for overrides, UsageError where the scope names nobody.
    """
    degraded = doubts(world)
    named = reach(world)
    org = organisation_of(world, called=named.users)
    moment = Moment(now=world.now, run=world.ledger.head.serial + 1)
    fetched_at = world.export.manifest.fetched_at
    rules = user_rules(world.policy, world.ledger.head, world.equality, fetched_at=fetched_at, proved=not degraded)
    people = people_in(world, org)
    who, reviews = contested(
        groups_in(world, org, proved=not degraded),
        people,
        rules,
        org,
        world.snapshot,
        settle=lambda pair, rules, managed: settle_user(_in_full(org, pair), rules, moment, managed=managed),
        scope=world.scope,
    )
    groups = _settled_groups(world, org, moment, named, who, proved=not degraded)
    users = _settled_users(world, org, moment, named, groups, people, rules)
    members = _managed(world, groups)
    found = [*groups.found, *users.found]
    facts = facts_of(
        world, groups.correlation, users.correlation, members=members, losing=losing(found), degraded=degraded
    )
    facts = replace(facts, reviewed=of_standing(groups.correlation, "overwrite"))
    guarded = guard(ordered(weighed(found, facts)), facts)
    notices = (
        *org.decided.notices,
        *idle(groups.correlation),
        *unknown_states(placed for key, placed in org.users.items() if world.scope.whole or key in named.users),
        *users.notices,
        *unmade(users.within.pairs, org.decided.users, world.scope),
        *(() if world.scope.whole else _still_on(org, users)),
        *disputed(world.export.manifest, None if world.scope.whole else named.users),
        *unproved(degraded, guarded.notices),
    )
    made = _decision(world, (groups, users), guarded, facts=facts, told_too=(notices, org.decided.expiring))
    at_large = bool(reviews) or weighs_totals(guarded) or any(map(waits_for_members, groups.within.pairs))
    return replace(made, reviews=reviews, at_large=at_large)


def _still_on(org: Organisation, users: _Settling) -> Iterator[Notice]:
    off = {one.change.key for one in users.found if one.change.action == "deactivate"}
    return unblocked(users.correlation.pairs, org.decided.users, off)


def _settled_groups(  # noqa: PLR0917  each is what one step before it found
    world: World, org: Organisation, moment: Moment, named: Reach, who: Correlation, *, proved: bool
) -> _Settling:
    fetched_at = world.export.manifest.fetched_at
    rules = group_rules(
        world.policy, world.ledger.head, world.equality, fetched_at=fetched_at, proved=proved, scope=world.scope
    )
    theirs = frozenset(key for user in named.users & org.users.keys() for key in memberships(org, org.users[user]))
    within = groups_within(who, world.scope, named, theirs)
    rows = world.ledger.groups
    moving = (pair for pair in within.pairs if not is_group_in_step(pair, rows.get(pair.key), rules))
    settled = (settle_group(pair, rules, moment) for pair in moving)
    return _gathered(world, org, (who, within), settled, rules=rules)


def _settled_users(  # noqa: PLR0917  each is what one step before it found
    world: World, org: Organisation, moment: Moment, named: Reach, groups: _Settling, who: Correlation, rules: Rules
) -> _Settling:
    members = _managed(world, groups)
    made = {one.change.key for one in groups.found if one.change.action == "create"}
    reachable = frozenset(made | {key for key in members.values() if not key.startswith(FORMER)})
    rules = reaching(
        rules,
        reachable,
        scope=world.scope,
        joinable=joinable(groups.within, world.scope, reachable),
        merged=merged(org),
        overwritten=of_standing(groups.correlation, "overwrite"),
    )
    within = users_within(who, named, org, rules, managed=members, steady=world.steady.accounts)
    settled = (settle_user(_in_full(org, pair), rules, moment, managed=members) for pair in within.pairs)
    decided = decisions_won(groups.correlation)
    return _gathered(world, org, (who, within), settled, rules=rules, decided=decided)


def _managed(world: World, groups: _Settling) -> dict[str, str]:
    """
    Return the key of each managed group that is there, by its target id.

    One that waits to be adopted, or is kept as it is, is not managed: nobody joins it, and nobody has to leave it.
    """
    waiting = {pair.key for pair in groups.correlation.pairs if group_fate(pair, groups.rules).verb == "hold"}
    waiting |= lost(groups.correlation)
    found = live_groups(world.snapshot.groups, groups.correlation, empties=empties(world.policy))
    return {link: key for link, key in found.items() if key not in waiting}


def _in_full(org: Organisation, pair: Pair) -> Pair:
    """
    Return the pair with all that is desired, and not only what tells people apart.
    """
    return replace(pair, desired=desired_user(org, org.users[pair.key])) if pair.desired else pair


def _gathered(
    world: World,
    org: Organisation,
    who: tuple[Correlation, Correlation],
    settled: Iterable[Settled],
    *,
    rules: Rules,
    decided: Mapping[str, str] | None = None,
) -> _Settling:
    """
    Return what there is to do and to remember; entities of which there is neither are dropped at once.
    """
    about = Drafting(
        identity=world.identity,
        equality=world.equality,
        privileged=world.policy.roles.administrator.privileged,
        cause=why(org, world.export.manifest.fetched_at, decided),
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
    return _Settling(
        rules=rules, correlation=who[0], within=who[1], interesting=interesting, found=found, notices=notices
    )


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
        for key in kind.within.superseded
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
            "group": len(kinds[0].within.pairs),
            "user": len(kinds[1].within.pairs) + len(kinds[1].within.steady),
        },
        scope=world.scope.told,
    )
    members = live_groups(world.snapshot.groups, kinds[0].correlation, empties=True)
    ids = {key: link for link, key in members.items()}
    plan = told(
        telling,
        guarded,
        settled=settled.values(),
        conflicts=[conflict for kind in kinds for conflict in kind.within.conflicts],
        notices=told_too[0],
        expiring=(*told_too[1], *expiring(world.waivers, date.fromisoformat(world.now[:10]))),
        access=entitled((one.change for one in guarded.kept), world.snapshot, ids),
    )
    return Decision(
        world=world,
        plan=with_powers(plan, world.snapshot, scale_of(world.policy, world.equality, ids)),
        settled=settled,
        rows=rows,
        tags={one.change.id: one.tags for one in guarded.kept},
        group_ids=ids,
        rules=rules,
        accepted=not facts.degraded or "export-degraded" in guarded.waived,
        looked_at=_looked_at(world, kinds),
    )


def _looked_at(world: World, kinds: tuple[_Settling, _Settling]) -> frozenset[tuple[str, str]] | None:
    """
    Return the places of everybody whom the run is about; None where it is about everybody.
    """
    if world.scope.whole:
        return None
    told = zip(("group", "user"), kinds, strict=True)
    return frozenset(
        (name, key)
        for name, kind in told
        for key in (
            *(pair.key for pair in kind.within.pairs),
            *(key for one in kind.within.conflicts for key in one.keys),
        )
    )


def _key(one: Settled) -> str:
    return one.pair.key or f"target:{one.pair.live.id if one.pair.live else ''}"
