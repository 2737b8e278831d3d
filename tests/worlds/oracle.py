"""
What anybody would expect of the target, worked out from what the cloud and Git say, and not from the code.

Where a plan holds something or tells of a conflict, it is about the others.
"""

from collections.abc import Iterator

from reconciler.core.export import UserRow
from reconciler.core.model import Equality, Live, Plan, Value
from tests.targets.memory import MemoryTarget
from tests.world import World

LOOSE = Equality(caseless=frozenset({"first_name", "email"}), trimmed=frozenset({"first_name", "email"}))
"""How any of the targets may keep a value."""


def spared(world: World, target: MemoryTarget) -> frozenset[str]:
    """
    Return the ids of accounts that no run may touch: protected ones, and those of people who are excluded.
    """
    names = set(world.policy.users.protected)
    out = {one.user for one in world.overrides if one.exclude and not _ended(world, one.until)}
    links = {row.link for key, row in world.ledger.users.items() if key in out and row.link}
    return frozenset({one.id for one in target.read().users if one.name in names} | links)


def expected(world: World, target: MemoryTarget, plan: Plan) -> Iterator[str]:
    """
    Yield what is not as one would expect after everything that a plan said was done.
    """
    unclear = {one.key for one in plan.held} | {key for one in plan.conflicts for key in one.keys}
    lives = {one.id: one for one in target.read().users}
    for key, row in sorted(world.ledger.users.items()):
        live, said = lives.get(row.link or ""), world.people.get(key)
        if live is None or said is None or key in unclear:
            continue
        decided = [one for one in world.overrides if key in {one.user, one.copy_access_from}]
        if any(one.block and not _ended(world, one.until) for one in decided) and live.active:
            yield f"{live.name} is blocked, and can still log in"
        if not decided:
            yield from _about(world, said, live, unclear)


def _about(world: World, said: UserRow, live: Live, unclear: set[str]) -> Iterator[str]:
    """
    Yield what is wrong with an account of ours of which no override says anything.
    """
    users = world.policy.users
    if said.state in {"left", "suspended"} and live.active:
        yield f"{live.name} is {said.state}, and can still log in"
    if said.state != "active" or users.population == "selected":
        return
    provisioned = _may_log_in(world, said)
    if live.active is not provisioned and users.lifecycle.returned == "activate":
        yield f"{live.name} may log in: {provisioned}; can: {live.active}"
    if not provisioned:
        return
    for name, value in (("first_name", said.first_name), ("email", said.email)):
        if isinstance(value, str) and users.fields[name].authority == "source":
            yield from _differing(name, value, live)
    if world.policy.groups.membership == "exact" and not any(one.group for one in world.overrides):
        yield from _memberships(world, said, live, unclear)


def _may_log_in(world: World, said: UserRow) -> bool:
    """
    Return whether the cloud gives the person, or one of its groups, a role to log in with.
    """
    held = {role for key in said.groups if key in world.groups for role in world.groups[key].roles}
    return bool((held | {*said.roles}) & {*world.policy.users.login_roles})


def _differing(name: str, value: str, live: Live) -> Iterator[str]:
    kept: Value = live.fields[name]
    if not LOOSE.same(name, kept, value):
        yield f"{live.name} has the {name} {kept!r}, and the cloud says {value!r}"


def _memberships(world: World, said: UserRow, live: Live, unclear: set[str]) -> Iterator[str]:
    """
    Yield how the account's groups, as far as they are the cloud's, differ from the person's.
    """
    login = {*world.policy.users.login_roles}
    clear = {key: row for key, row in world.ledger.groups.items() if key in world.groups and key not in unclear}
    links = {row.link: key for key, row in clear.items() if row.link and {*world.groups[key].roles} & login}
    have = {links[one] for one in live.groups if one in links}
    wanted = {key for key in said.groups if key in links.values()}
    if have != wanted:
        yield f"{live.name} is in {sorted(have)}, and shall be in {sorted(wanted)}"


def _ended(world: World, until: str | None) -> bool:
    return until is not None and until < world.now[:10]
