"""
Everything a decision is made from, and what can be said of it before anybody is settled.
"""

from datetime import date

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.approval import Approval
from reconciler.core.correlate import Correlation, correlate
from reconciler.core.decisions import Resolved, resolve
from reconciler.core.desired import desired_groups, outline
from reconciler.core.directory import Directory, directory_of
from reconciler.core.export import Export, JoinedManifest
from reconciler.core.ledger import Ledger
from reconciler.core.model import Equality, Inputs, Live, Snapshot
from reconciler.core.organisation import Organisation, deserted, peopled
from reconciler.core.overrides import Override, Waiver
from reconciler.core.parted import Joins
from reconciler.core.policy import Policy
from reconciler.core.reach import Reach, reach_of
from reconciler.core.rules import group_matching, user_matching
from reconciler.core.scope import ALL, Scope
from reconciler.core.trust import Expectation, judge
from reconciler.errors import HeldError, InputError


class Groups(Struct, frozen=True):
    """
    What a sift has found out of groups, and need not be found again: what Git says of them, and which is which.

    `who` holds if all of Git's have members.
    """

    org: Organisation
    who: Correlation


class Steady(Struct, frozen=True):
    """
    People of whom nothing has moved: their accounts by key, and the keys of the groups they are in.

    `others` are all other accounts, and those of theirs that once were another's; None: everybody's. `known` is
    what was found out of groups meanwhile.
    """

    accounts: dict[str, Live] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    others: tuple[Live, ...] | None = None
    known: Groups | None = None


class World(Struct, frozen=True, kw_only=True):
    """
    Everything a decision is made from. `now` and `read_at` (when the target was read) are UTC times.

    `approval` None: nobody has approved a plan yet, so what is dangerous waits. `scope` is what the run is about.
    Whoever is `steady` stands in neither export nor ledger here: there is nothing to decide of them.
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
    steady: Steady = Steady()
    scope: Scope = ALL


def doubts(world: World) -> tuple[str, ...]:
    """
    Return why the export proves nobody's absence; nothing where it proves it. Raises HeldError where it is refused.
    """
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


def reach(world: World) -> Reach:
    """
    Return whom the names of the world's scope mean; raises UsageError where that is nobody, or not clear.
    """
    if not world.scope.named:
        return Reach()
    return reach_of(world.scope, _directory(world))


def organisation_of(world: World, *, called: frozenset[str] = frozenset()) -> Organisation:
    """
    Return what Git says of the target, as `decide` has it: whoever explains a plan asks the same.

    `called` are the keys of people whom the run is about. Raises InputError where overrides cannot be resolved.
    """
    directory = _directory(world)
    resolved = resolve(world.overrides, directory, today=date.fromisoformat(world.now[:10]))
    if resolved.faults:
        raise InputError(resolved.faults)
    groups = world.steady.known
    return peopled(
        groups.org if groups else groups_of(world, resolved, directory),
        world.export.users,
        resolved,
        known=frozenset(key for key, row in world.ledger.users.items() if row.link),
        populated=world.steady.groups,
        called=called,
    )


def groups_of(world: World, resolved: Resolved, directory: Directory) -> Organisation:
    """
    Return what Git says of the target's groups, before anybody is in them.
    """
    return deserted(
        world.export.groups,
        resolved,
        world.policy,
        catalogue=world.snapshot.catalogue,
        former=directory.former,
    )


def _directory(world: World) -> Directory:
    known = world.steady.known
    former = known.org.former if known else None
    return directory_of(world.export, world.ledger, world.policy.groups, former=former)


def groups_in(world: World, org: Organisation, *, proved: bool) -> Correlation:
    """
    Return which of the target's groups is which of Git's.

    Groups that an override excludes are left out: hands off them, and off who is in them. Where a sift has found
    that out already, for groups that all have members, it is asked no second time.
    """
    if world.steady.known and org.populated == org.managed:
        return world.steady.known.who
    desired = {one.key: one for one in desired_groups(org)}
    matching = group_matching(world.policy, world.equality, proved=proved)
    who = correlate(desired, world.snapshot.groups, world.ledger.groups, matching)
    governed = tuple(pair for pair in who.pairs if pair.desired is None or pair.desired.state != "untouched")
    return replace(who, pairs=governed)


def people_in(world: World, org: Organisation) -> Correlation:
    """
    Return which of the target's accounts is whose.
    """
    steady = world.steady
    return correlate(
        {key: outline(org, placed) for key, placed in org.users.items()},
        world.snapshot.users if steady.others is None else steady.others,
        world.ledger.users,
        user_matching(world.policy, world.equality),
        steady=steady.accounts,
        joins=_joins(world.export),
    )


def _joins(export: Export) -> Joins | None:
    """
    Return who of several sources was kept apart, and whom any of them calls active; None where there is but one.
    """
    manifest = export.manifest
    if not isinstance(manifest, JoinedManifest):
        return None
    active = (placed.row.key for placed in export.users if placed.row.state == "active")
    return Joins(manifest.apart, frozenset(active))
