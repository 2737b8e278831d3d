"""
Which groups of the source a run has synchronised, and of each other one why not: the two numbers must meet.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from reconciler.core.claims import elements
from reconciler.core.decide import Decision
from reconciler.core.model import Change
from reconciler.core.organisation import Organisation
from reconciler.core.plan import unsynchronised
from reconciler.core.sites import at_source
from reconciler.core.world import organisation_of


class LeftOut(Struct, frozen=True, kw_only=True):
    """
    A group of the source that is not synchronised, and why.
    """

    key: str
    name: str
    reason: str


class Tally(Struct, frozen=True, kw_only=True):
    """
    How many groups the source has, how many of them the target has as they are there, and the others by name.

    Where the target has several directories, a group counts once it is right in each.
    """

    source: int
    synchronised: int
    left_out: tuple[LeftOut, ...]


def tally(decision: Decision, failed: Mapping[str, str]) -> Tally:
    """
    Return what a run about everybody made of the source's groups. `failed` has why, by id, of changes not made.
    """
    org = organisation_of(decision.world)
    why = dict((*_unready(decision, failed), *_decided(decision), *_unwanted(org)))
    why |= unsynchronised(decision.plan.held, decision.plan.conflicts)
    found = (
        LeftOut(key=key, name=org.groups[key].row.name, reason=reason)
        for key, reason in why.items()
        if key in org.groups
    )
    left_out = tuple(sorted(found, key=lambda one: (one.name, one.key)))
    directories = org.policy.groups.directories
    every = {at_source(key, directories) for key in org.groups}
    return Tally(
        source=len(every),
        synchronised=len(every.difference(at_source(one.key, directories) for one in left_out)),
        left_out=left_out,
    )


def _unwanted(org: Organisation) -> Iterator[tuple[str, str]]:
    """
    Yield the groups that Git does not want in the target.
    """
    for key in sorted(org.groups):
        decided = org.decided.groups.get(key)
        if key not in org.managed:
            yield key, "it grants no login role"
        elif decided and decided.exclude:
            yield key, f"excluded by {decided.places['exclude']}"
        elif org.policy.groups.population != "all" and not (decided and decided.include):
            yield key, "it is not selected"
        elif org.policy.groups.create != "always" and key not in org.populated:
            yield key, "nobody would be in it"


def _decided(decision: Decision) -> Iterator[tuple[str, str]]:
    """
    Yield the groups that were decided to stay the target's own.
    """
    for contest in (one.contest for one in decision.reviews):
        if contest.standing == "keep" and contest.ruling:
            yield contest.key, f"kept as it is: {contest.ruling.reason} ({contest.ruling.origin})"


def _unready(decision: Decision, failed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """
    Yield the groups of which some change was not made, or is held.
    """
    missing = [(one.change, f"held ({one.guard})") for one in decision.plan.held if one.change]
    missing += [
        (change, f"not made ({failed[change.id]})") for change in decision.plan.changes if change.id in failed
    ]
    counts = Counter((key, kind, how) for change, how in missing for key, kind in _about(change))
    for (key, kind, how), count in sorted(counts.items()):
        yield key, f"{count} {kind}{'s' if count > 1 else ''} {how}"


def _about(change: Change) -> Iterator[tuple[str, str]]:
    """
    Yield the groups that a change is about, each with what of it changes.
    """
    if change.kind == "group":
        yield change.key, change.action
    for key in elements(change.before.get("groups")) ^ elements(change.after.get("groups")):
        yield key, "membership"
