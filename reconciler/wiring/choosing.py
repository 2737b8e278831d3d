"""
The overrides that record who was chosen for an import, with which roles: one file, reviewed in Git like any other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.decide import Decision
from reconciler.core.decisions import Resolved, resolve
from reconciler.core.desired import desired_group, desired_user
from reconciler.core.directory import Directory, directory_of
from reconciler.core.matching import folded
from reconciler.core.model import Desired, Fields, Live, Value
from reconciler.core.organisation import Organisation
from reconciler.core.world import organisation_of
from reconciler.errors import InputError, ReconcilerError, UsageError
from reconciler.files.atomic import remove_file
from reconciler.files.new_override import Entry, override_text, write_override
from reconciler.files.references import misfits
from reconciler.files.state import load_state
from reconciler.wiring.bench import Bench
from reconciler.wiring.copying import Access
from reconciler.wiring.elsewhere import about_here
from reconciler.wiring.importing import Found, Match


class Choice(Struct, frozen=True, kw_only=True):
    """
    Who was chosen, and what each is given: roles, somebody's access, an account that is enabled at once, and why.
    """

    chosen: tuple[Match, ...]
    roles: tuple[str, ...]
    access: Access | None
    enable: bool
    reason: str


class Recorded(Struct, frozen=True, kw_only=True):
    """
    The file that was written, and its text; no file where everything that was chosen is decided already.
    """

    path: Path | None
    text: str


class _Ground(Struct, frozen=True, kw_only=True):
    """
    What entries are made from: the decision, Git's side of it, and the directory of everybody there is.
    """

    decision: Decision
    org: Organisation
    directory: Directory


def record_choice(bench: Bench, found: Found, choice: Choice) -> Recorded:
    """
    Return the override file that records a choice.

    Raises ReconcilerError where one that is blocked was chosen, or the state folder would not load with the file.
    """
    blocked = [one for one in choice.chosen if one.status == "blocked"]
    if blocked:
        told = "\n".join(f"{one.kind} {one.name} is blocked: {one.reason}" for one in blocked)
        raise ReconcilerError(told, hint=blocked[0].release)
    if choice.roles and "roles" not in bench.asked.policy.users.fields:
        told = f"the policy of {bench.asked.target} says nothing of roles, so nobody can be made with any"
        raise UsageError(told, hint="leave --roles out, or name the field `roles` in the policy")
    everybody = tuple(placed for _, people in bench.asked.export.shards() for placed in people)
    world = replace(found.decision.world, export=replace(found.decision.world.export, users=everybody))
    directory = directory_of(world.export, world.ledger, world.policy.groups)
    ground = _Ground(decision=found.decision, org=organisation_of(world), directory=directory)
    entries = [entry for one in choice.chosen if (entry := _entry(one, choice, ground))]
    if not entries:
        return Recorded(path=None, text="")
    path = write_override(bench.root / "overrides", "import", *entries)
    try:
        _acceptable(bench, ground, entries)
    except ReconcilerError:
        remove_file(path)
        raise
    return Recorded(path=path, text=override_text(*entries))


def _entry(match: Match, choice: Choice, ground: _Ground) -> Entry | None:
    """
    Return what is to be written of one match; None where it is chosen already, and nothing is added.

    | status | written |
    |---|---|
    | import | chosen; roles and access; enabled, if wished |
    | synchronize | chosen, if no override says so yet; access, added to what it has |
    """
    entry: dict[str, Value | Mapping[str, Value]] = {}
    if not match.chosen:
        entry["include"] = True
    if match.status == "import":
        entry |= _at_first(match, choice, ground)
    elif choice.access:
        entry |= _added(match, choice.access, ground)
    if not entry:
        return None
    return {match.kind: _called(match, ground.directory), "reason": choice.reason, **entry}


def _at_first(match: Match, choice: Choice, ground: _Ground) -> Iterator[tuple[str, Value | Mapping[str, Value]]]:
    """
    Yield what one that is made gets beside what the source says of it.
    """
    roles = tuple(sorted({*choice.roles, *(choice.access.roles if choice.access else ())}))
    if match.kind == "group":
        if roles:
            yield "set", {"roles": tuple(sorted({*_roles(_desired(match, ground).fields), *roles}))}
        return
    if choice.enable:
        yield "enable", True
    if roles:
        yield "roles", {"add": roles}
    if choice.access and choice.access.groups:
        yield "groups", {"add": _group_names(choice.access.groups, ground)}


def _added(match: Match, access: Access, ground: _Ground) -> Iterator[tuple[str, Value | Mapping[str, Value]]]:
    """
    Yield what adds somebody's access to that of one who is there: nothing of what it has is lost.

    Where the target's value stands above Git's, the sum is restored: written once, while the value is the one seen.
    """
    desired, live = _desired(match, ground), _live(match, ground)
    if match.kind == "user" and (joining := set(access.groups) - set(desired.groups)):
        yield "groups", {"add": _group_names(sorted(joining), ground)}
    has, said = _roles(live.fields), _roles(desired.fields)
    if _is_the_targets(match, ground):
        if added := set(access.roles) - set(has):
            yield "restore", {"roles": tuple(sorted({*has, *added}))}
            yield "reviewed", {"roles": has}
    elif added := set(access.roles) - set(said):
        yield from [("roles", {"add": tuple(sorted(added))})] if match.kind == "user" else []


def _is_the_targets(match: Match, ground: _Ground) -> bool:
    """
    Return whether the roles of one that is there are no longer Git's: set once, or an administrator's.
    """
    policy, ledger = ground.org.policy, ground.decision.world.ledger
    fields = policy.users.fields if match.kind == "user" else policy.groups.fields
    row = (ledger.users if match.kind == "user" else ledger.groups)[match.key]
    claimed = "roles" in row.claims and row.claims["roles"].owner == "admin"
    return "roles" in fields and (fields["roles"].authority == "initial" or claimed)


def _roles(fields: Fields) -> tuple[str, ...]:
    roles = fields.get("roles")
    return roles if isinstance(roles, tuple) else ()


def _desired(match: Match, ground: _Ground) -> Desired:
    if match.kind == "user":
        return desired_user(ground.org, ground.org.users[match.key])
    return desired_group(ground.org, ground.org.groups[match.key])


def _live(match: Match, ground: _Ground) -> Live:
    """
    Return the entity of the target to which a match is linked.
    """
    world = ground.decision.world
    rows, live = (
        (world.ledger.users, world.snapshot.users)
        if match.kind == "user"
        else (world.ledger.groups, world.snapshot.groups)
    )
    return next(one for one in live if one.id == rows[match.key].link)


def _called(match: Match, directory: Directory) -> str:
    """
    Return what an override calls one by: its name where nobody else answers to it, else its key.
    """
    index = directory.people if match.kind == "user" else directory.groups
    return _plain(match.name, match.key, alone=index.get(folded(match.name)) == {match.key})


def _group_names(keys: Sequence[str], ground: _Ground) -> tuple[str, ...]:
    """
    Return what an override calls the groups of these keys by, sorted.
    """
    names = {key: ground.org.groups[key].row.name for key in keys if key in ground.org.groups}
    alone = {key: ground.directory.groups.get(folded(name)) == {key} for key, name in names.items()}
    return tuple(sorted(_plain(name, key, alone=alone[key]) for key, name in names.items()))


def _plain(name: str, key: str, *, alone: bool) -> str:
    return name if alone and name.isascii() and name.isprintable() else key


def _acceptable(bench: Bench, ground: _Ground, entries: Iterable[Entry]) -> None:
    """
    Raise unless the state folder loads with the new file in it, and no entry of it has been acted on before.
    """
    state = load_state(bench.root)
    resolved = resolve(
        about_here(state.overrides, bench.elsewhere), ground.directory, today=date.fromisoformat(bench.now[:10])
    )
    faults = (*resolved.faults, *misfits(state.overrides, state.policies))
    if faults:
        raise InputError(faults)
    for entry in entries:
        if older := _acted_on(entry, resolved, ground):
            told = f"{older} gave {entry.get('user') or entry.get('group')} these roles before, and acts but once"
            raise UsageError(told, hint="remove that entry, or give another --reason")


def _acted_on(entry: Entry, resolved: Resolved, ground: _Ground) -> str:
    """
    Return the place of the override that holds for the roles of an entry, if a run has acted on it; else nothing.
    """
    if "restore" not in entry:
        return ""
    ledger, directory = ground.decision.world.ledger, ground.directory
    if "user" in entry:
        (key,), decided, rows = directory.person(str(entry["user"])), resolved.users, ledger.users
    else:
        (key,), decided, rows = directory.group(str(entry["group"])), resolved.groups, ledger.groups
    transfer, claims = decided[key].decisions.transfers["roles"], rows[key].claims
    return transfer.origin if "roles" in claims and claims["roles"].override == transfer.digest else ""
