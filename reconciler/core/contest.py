"""
Groups whose name is borne by one that the target's administrators made: how each stands, and what it would come to.

Nothing is decided here but by what people wrote: a ruling counts for the two memberships that were looked at, and
for those who would join and leave; a default access group is overwritten by none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from shlex import quote
from typing import TypeAlias

from msgspec.structs import replace

from reconciler.core.canonical import digest
from reconciler.core.correlate import Correlation, Pair
from reconciler.core.lifecycle import OURS, Rules
from reconciler.core.model import Decisions, Live, Notice, Snapshot
from reconciler.core.organisation import ACTIVE, Organisation, memberships, standing
from reconciler.core.overrides import to_write
from reconciler.core.rules import reaching
from reconciler.core.ruling import WON, Contest, GroupAccess, Member, Review, Ruling, Standing
from reconciler.core.scope import ALL, Scope
from reconciler.core.settle import Settled
from reconciler.core.sites import directory_in

_NOTHING = GroupAccess()
_Members: TypeAlias = dict[str, frozenset[str]]
_Settle: TypeAlias = Callable[[Pair, Rules, Mapping[str, str]], Settled]


def contested(  # noqa: PLR0917  what a contest is between, and how people are settled
    who: Correlation,
    people: Correlation,
    rules: Rules,
    org: Organisation,
    snapshot: Snapshot,
    *,
    settle: _Settle,
    scope: Scope,
) -> tuple[Correlation, tuple[Review, ...]]:
    """
    Return the correlation of groups with the contest of each whose name is taken, and the review of each contest.

    There are none unless the policy wants a review.
    """
    open_ones = _open(who, org, snapshot)
    if not open_ones:
        return who, ()
    decisions = {pair.key: pair.desired.decisions for pair in who.pairs if pair.desired}
    found = tuple(
        replace(one, contest=_ruled(_sealed(one), decisions[one.contest.key], scope))
        for one in _reviews(open_ones, people, _as_if_ours(rules, open_ones), settle)
    )
    ruled = {one.contest.key: one.contest for one in found}
    pairs = (replace(pair, contest=ruled[pair.key]) if pair.key in ruled else pair for pair in who.pairs)
    return replace(who, pairs=tuple(pairs)), found


def _open(who: Correlation, org: Organisation, snapshot: Snapshot) -> list[Contest]:
    """
    Return a contest, of which nothing is decided yet, for each group whose name is taken.
    """
    if org.policy.groups.lifecycle.existing != "review":
        return []
    taken = {pair.key: pair.live for pair in who.pairs if pair.desired and pair.live and pair.via not in OURS}
    if not taken:
        return []
    wants, has = _wanted(org, taken), _held(snapshot, frozenset(live.id for live in taken.values()))
    return [_contest(key, live, org, wants[key], has[live.id], snapshot) for key, live in taken.items()]


def _wanted(org: Organisation, taken: Iterable[str]) -> _Members:
    """
    Return the keys of those who are to be in each group of these keys.
    """
    found: dict[str, set[str]] = {key: set() for key in taken}
    for placed in org.users.values():
        for key in memberships(org, placed):
            if key in found and standing(org, placed) is ACTIVE:
                found[key].add(placed.row.key)
    return {key: frozenset(keys) for key, keys in found.items()}


def _held(snapshot: Snapshot, links: frozenset[str]) -> _Members:
    """
    Return the target ids of those who are in each group of these ids.
    """
    found: dict[str, set[str]] = {link: set() for link in links}
    for one in snapshot.users:
        for link in links.intersection(one.groups):
            found[link].add(one.id)
    return {link: frozenset(ids) for link, ids in found.items()}


def _contest(  # noqa: PLR0917  what a contest is between
    key: str, live: Live, org: Organisation, wants: frozenset[str], has: frozenset[str], snapshot: Snapshot
) -> Contest:
    access = snapshot.catalogue.access.get(live.id, _NOTHING)
    return Contest(
        key=key,
        called=org.groups[key].row.name,
        name=live.name,
        link=live.id,
        access=access,
        sites=tuple(sorted({*access.sites, *directory_in(key, org.policy.groups.directories)})),
        wants=wants,
        has=has,
        digest="",
        standing="undecided",
    )


def _sealed(review: Review) -> Contest:
    """
    Return the contest with the digest of all that its review shows.

    Who leaves is no matter of both memberships alone: an excluded or protected person stays, until that ends.
    """
    one = review.contest
    moved = [sorted(member.key for member in members) for members in (review.joins, review.leaves)]
    return replace(one, digest=digest(one.key, sorted(one.wants), one.link, sorted(one.has), *moved))


def _ruled(contest: Contest, decisions: Decisions, scope: Scope) -> Contest:
    """
    Return the contest as what was decided leaves it in a run of this scope, with why it waits, and for what.

    A run that is not about everybody cannot make all members what was reviewed: it leaves the group to one that is.
    Were the group ours after a start, the next full run would take out whoever came in between.
    """
    found = _standing(contest, decisions)
    at_once = scope.settles_groups if found == "adopt" else scope.whole
    found = "later" if found in WON and not at_once else found
    reason, release = _waiting(contest, found, decisions.ruling)
    return replace(contest, standing=found, ruling=decisions.ruling, reason=reason, release=release)


def _standing(contest: Contest, decisions: Decisions) -> Standing:
    """
    Return how a contest stands: the first that applies.

    | decided | of these memberships | default access group | standing |
    |---|---|---|---|
    | keep | yes | | keep |
    | | | yes | blocked |
    | adopt | | no | adopt |
    | nothing, or a new name that is taken, too | | no | undecided |
    | overwrite, keep, merge | no | no | stale |
    | overwrite, merge | yes | no | overwrite, merge |
    """
    ruling = decisions.ruling
    reviewed = ruling is not None and ruling.reviewed == contest.digest
    if ruling is not None and ruling.verb == "keep" and reviewed:
        return "keep"
    if contest.access.default:
        return "blocked"
    if decisions.adopt:
        return "adopt"
    if ruling is None or ruling.verb == "rename":
        return "undecided"
    return ruling.verb if reviewed else "stale"


def _waiting(contest: Contest, found: Standing, ruling: Ruling | None) -> tuple[str, str]:
    """
    Return why the group waits, and what would release it; nothing where it does not.
    """
    decide = f"reconciler groups decide {quote(contest.called)}"
    review = "look at both memberships (reconciler groups review --members)"
    if found == "blocked":
        where = " and ".join(f"of {product} on {site}" for site, product in contest.access.default)
        told = (
            f"it is the default access group {where}: whoever is let in there joins it, so it cannot be overwritten"
        )
        return (
            told,
            f"make another group the default {where}, then decide; or leave it: {decide} --keep --reason ...",
        )
    if found == "stale" and ruling:
        told = f"{ruling.verb} was decided of other memberships than there are now ({ruling.origin})"
        told += ", or of others who would join or leave"
        return told, f"{review}, then decide again: {decide} --{ruling.verb} --reason ..."
    if found == "undecided":
        adopt = to_write("group", contest.key, "adopt")
        told = "its new name is taken, too" if ruling else "a group of that name was there before"
        return told, f"{review}, then {decide} ...; or, if it is the same group, write {adopt} below overrides/"
    return "", ""


def lost(who: Correlation) -> frozenset[str]:
    """
    Return the keys of the groups in conflict that are not ours: nobody joins them, and nobody has to leave them.
    """
    return frozenset(one.key for one in _contests(who) if not one.is_won)


def of_standing(who: Correlation, found: Standing) -> frozenset[str]:
    """
    Return the keys of the groups in conflict that stand so.
    """
    return frozenset(one.key for one in _contests(who) if one.standing == found)


def decisions_won(who: Correlation) -> dict[str, str]:
    """
    Return where the decision stands, and why it was made, by key of each group that it makes ours.
    """
    won = ((one.key, one.ruling) for one in _contests(who) if one.is_won)
    return {key: f"{one.verb} decided at {one.origin} ({one.reason})" for key, one in won if one}


def _contests(who: Correlation) -> list[Contest]:
    return [pair.contest for pair in who.pairs if pair.contest]


def _as_if_ours(rules: Rules, contests: Iterable[Contest]) -> Rules:
    """
    Return the rules for users as if all groups in conflict, and no others, were there to be overwritten.
    """
    keys = frozenset(one.key for one in contests)
    return reaching(rules, keys, scope=ALL, joinable=None, merged=frozenset(), overwritten=keys)


def _reviews(contests: Sequence[Contest], people: Correlation, rules: Rules, settle: _Settle) -> tuple[Review, ...]:
    """
    Return each contest with who would join and leave the target's group, were it overwritten; by name of the group.

    `settle` settles a person under the rules, with the keys of groups by target id: so it is what a run would do.
    """
    managed = {one.link: one.key for one in contests}
    wants = frozenset().union(*(one.wants for one in contests))
    has = frozenset().union(*(one.has for one in contests))
    joins: dict[str, list[Member]] = {one.key: [] for one in contests}
    leaves: dict[str, list[Member]] = {one.key: [] for one in contests}
    for pair in people.pairs:
        if pair.key not in wants and (pair.live is None or pair.live.id not in has):
            continue
        settled = settle(pair, rules, managed)
        goal = frozenset(settled.goal.groups) if settled.goal else frozenset(settled.groups)
        for found, keys in ((joins, goal.difference(settled.groups)), (leaves, {*settled.groups} - goal)):
            for key in keys:
                found[key].append(_member(pair))
    return tuple(
        Review(contest=one, joins=_by_name(joins[one.key]), leaves=_by_name(leaves[one.key]))
        for one in sorted(contests, key=lambda one: (one.name, one.key))
    )


def _member(pair: Pair) -> Member:
    live, desired = pair.live, pair.desired
    name = live.name if live else desired.name if desired else pair.key
    return Member(key=pair.key or f"target:{live.id if live else ''}", name=name)


def _by_name(members: Iterable[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda one: (one.name, one.key)))


def merged(org: Organisation) -> frozenset[str]:
    """
    Return the keys of the groups that were merged with the target's: for as long as the ruling lies in Git.
    """
    decided = org.decided.groups.items()
    return frozenset(key for key, one in decided if one.decisions.ruling and one.decisions.ruling.verb == "merge")


def idle(who: Correlation) -> Iterator[Notice]:
    """
    Yield a notice for each ruling about a group that is in no conflict, and that we do not manage yet.

    Once the group is ours, the ruling has done its work; a new name needs nothing to be there.
    """
    for pair in who.pairs:
        ruling = pair.desired.decisions.ruling if pair.desired else None
        if ruling and ruling.verb != "rename" and pair.contest is None and pair.via not in OURS:
            name = pair.desired.name if pair.desired else pair.key
            told = (
                f"{ruling.origin}: {ruling.verb} is decided of {name!r}, which is in no conflict: remove the file"
            )
            yield Notice(code="decision-idle", level="warning", text=told)
