"""
Where everything about one person comes from: what Git wants and why, what is there, whose it is, what will be done.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from reconciler import engine
from reconciler.core.access import direct_grants
from reconciler.core.causes import cause
from reconciler.core.decide import Decision
from reconciler.core.desired import desired_user
from reconciler.core.ledger import Claim
from reconciler.core.model import Desired, Live, Plan, Value
from reconciler.core.organisation import UNDECIDED, Organisation, belongs_to, effective
from reconciler.core.runs import Commit
from reconciler.core.scope import ALL
from reconciler.core.world import organisation_of
from reconciler.store_blame import commit_of
from reconciler.wiring.bench import Bench
from reconciler.wiring.people import account_of, claims_of, find_in


class Explained(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One field: what Git wants and where that comes from, what the target holds, and who decides it since when.

    A value is absent where nobody says anything, or nothing can be read. `wrote` is what Git wrote last.
    """

    field: str
    authority: str
    owner: str
    because: str
    desired: Value | UnsetType = UNSET
    live: Value | UnsetType = UNSET
    since: str = ""
    wrote: Value | UnsetType = UNSET


class Granted(Struct, frozen=True, kw_only=True):
    """
    A role somebody holds: the name of the group it comes through (empty: granted directly), and where that stands.
    """

    role: str
    through: str
    origin: str


class Membership(Struct, frozen=True, kw_only=True):
    """
    A group somebody is to be in: whether this target has it (`managed`), and whether the person is in it there.

    `conflict` says how the group stands where its name is taken.
    """

    key: str
    name: str
    managed: bool
    member: bool
    conflict: str = ""


class Explanation(Struct, frozen=True, kw_only=True):
    """
    Everything about one person. `origin` is the record in the export, empty where the export has none.

    `state` is what Git wants of the account (`active`, `present`, `inactive`, `untouched`, `absent`), `reason` and
    `because` why it is not active. `account` is the target's id, empty where there is none. `plan` is the part of
    the plan that is about this person. `commits` has the commit of each line of the state folder that is named
    (None: no commit holds it yet).
    """

    key: str
    name: str
    origin: str
    source_state: str
    state: str
    reason: str
    because: str
    account: str
    usable: bool
    fields: tuple[Explained, ...]
    roles: tuple[Granted, ...]
    groups: tuple[Membership, ...]
    plan: Plan
    commits: dict[str, Commit | None]


def explain(found: Bench, name: str) -> Explanation:
    """
    Return the explanation of the person whom `name` means; the target is read now.

    Raises ReconcilerError where nobody is known by that name.
    """
    decision = engine.plan(
        found.asked, found.target, found.book, opened=found.opened, now=found.now, about={name}, scope=ALL
    )
    world = decision.world
    key = find_in(found, decision, name)
    org, row = organisation_of(world), world.ledger.users.get(key)
    live, placed = account_of(decision, key), org.users.get(key)
    desired = desired_user(org, placed) if placed else None
    label = desired.name if desired else row.names.present if row and row.names else key
    state, reason = _standing(org, desired)
    missing = f"absent from the export of {world.export.manifest.fetched_at}"
    told = Explanation(
        key=key,
        name=label,
        origin=placed.origin if placed else "",
        source_state=f"{placed.row.state} ({placed.row.source_state})" if placed else "",
        state=state,
        reason=reason,
        because=cause(org, desired, "active") if desired else missing,
        account=live.id if live else "",
        usable=live.active if live else False,
        fields=tuple(_fields(org, desired, live, claims_of(decision, key))),
        roles=tuple(_roles(org, key)),
        groups=tuple(_groups(org, key, live, decision)),
        plan=_about(decision.plan, key),
        commits={},
    )
    return replace(told, commits=_commits(found.root, told))


def _standing(org: Organisation, desired: Desired | None) -> tuple[str, str]:
    """
    Return what Git wants of an account, and why it is not to be active.
    """
    if desired is None:
        return "absent", "missing"
    left = org.policy.users.lifecycle.new == "create-disabled" and not desired.decisions.enable
    return ("present", "not-enabled") if left and desired.state == "active" else (desired.state, desired.reason)


def _commits(root: Path, told: Explanation) -> dict[str, Commit | None]:
    """
    Return the commit of every line of the state folder that an explanation names, by place.
    """
    texts = (told.origin, told.because, *(one.because for one in told.fields), *(one.origin for one in told.roles))
    named = re.compile(rf"(?<![^ (]){re.escape(root.as_posix())}/([^;()]+?\.(?:jsonl|yaml)):(\d+)")
    places = sorted({match.groups() for text in texts for match in named.finditer(text)})
    return {f"{root.as_posix()}/{path}:{line}": commit_of(root, path, int(line)) for path, line in places}


def _fields(
    org: Organisation, desired: Desired | None, live: Live | None, claims: Mapping[str, Claim]
) -> Iterator[Explained]:
    """
    Yield every field that the policy governs.
    """
    for name, rule in sorted(org.policy.users.fields.items()):
        claim = claims.get(name, Claim()) if rule.authority == "shared" else Claim(owner="git")
        wanted = desired.fields.get(name, UNSET) if desired else UNSET
        yield Explained(
            field=name,
            authority=rule.authority,
            owner=claim.owner or "nobody",
            because=cause(org, desired, name) if desired and not isinstance(wanted, UnsetType) else "",
            desired=wanted,
            live=live.fields.get(name, UNSET) if live else UNSET,
            since=claim.since,
            wrote=claim.wrote if claim.owner == "admin" and claim.wrote is not None else UNSET,
        )


def _roles(org: Organisation, key: str) -> Iterator[Granted]:
    placed = org.users.get(key)
    for grant in effective(org, placed) if placed else ():
        group = org.groups.get(grant.through)
        yield Granted(
            role=grant.role,
            through=group.row.name if group else "",
            origin=group.origin if group else _granted_by(org, key, grant.role),
        )


def _granted_by(org: Organisation, key: str, role: str) -> str:
    """
    Return what gives somebody a role directly: the export's record, or the override that adds it.
    """
    placed, places = org.users[key], org.decided.users.get(key, UNDECIDED).places
    if role in {one.role for one in direct_grants(placed.row, org.policy)}:
        return placed.origin
    adding = (place for part, place in sorted(places.items()) if part.startswith("roles.add"))
    return next(adding, places.get("copy_access_from", placed.origin))


def _groups(org: Organisation, key: str, live: Live | None, decision: Decision) -> Iterator[Membership]:
    placed = org.users.get(key)
    conflicts = {one.contest.key: str(one.contest.standing) for one in decision.reviews}
    for group in belongs_to(org, placed) if placed else ():
        known = org.groups.get(group)
        yield Membership(
            key=group,
            name=known.row.name if known else group,
            managed=group in org.managed,
            member=live is not None and decision.group_ids.get(group) in live.groups,
            conflict=conflicts.get(group, ""),
        )


def _about(plan: Plan, key: str) -> Plan:
    """
    Return the part of a plan that is about one person.
    """
    mine = ("user", key)
    return replace(
        plan,
        changes=tuple(one for one in plan.changes if (one.kind, one.key) == mine),
        held=tuple(one for one in plan.held if (one.kind, one.key) == mine),
        conflicts=tuple(one for one in plan.conflicts if one.kind == "user" and key in one.keys),
        claims=tuple(one for one in plan.claims if (one.kind, one.key) == mine),
        expiring=(),
        notices=(),
    )
