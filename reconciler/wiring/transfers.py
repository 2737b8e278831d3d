"""
The override that moves fields between Git and the target's administrators: decided here, reviewed in Git.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from reconciler import engine
from reconciler.core.decide import Decision
from reconciler.core.decisions import resolve
from reconciler.core.desired import desired_user
from reconciler.core.directory import directory_of
from reconciler.core.ledger import Claim
from reconciler.core.matching import folded
from reconciler.core.model import Desired, Live, Value
from reconciler.core.scope import ALL
from reconciler.core.world import World, organisation_of
from reconciler.errors import InputError, ReconcilerError, UsageError
from reconciler.files.atomic import remove_file
from reconciler.files.explain import close
from reconciler.files.new_override import Entry, override_text, write_override
from reconciler.files.state import load_state
from reconciler.wiring.bench import Bench
from reconciler.wiring.elsewhere import about_here
from reconciler.wiring.people import account_of, claims_of, find_in

Verb: TypeAlias = Literal["take", "give"]


class Wish(Struct, frozen=True, kw_only=True):
    """
    What somebody types: which fields of whom go where, why, and until when (a day, UTC; None: for ever).
    """

    verb: Verb
    user: str
    fields: tuple[str, ...]
    reason: str
    until: str | None = None


class Moved(Struct, frozen=True, kw_only=True):
    """
    One field of a transfer: what the target holds now, and what Git wants (each absent where unknown).
    """

    field: str
    live: Value | UnsetType
    desired: Value | UnsetType


class Written(Struct, frozen=True, kw_only=True):
    """
    The override file that was written, its text, the user name of the person, and the fields it is about.
    """

    path: Path
    text: str
    name: str
    fields: tuple[Moved, ...]


class _Person(Struct, frozen=True, kw_only=True):
    """
    One person as Git, target and ledger have it.
    """

    key: str
    name: str
    desired: Desired | None
    live: Live | None
    claims: Mapping[str, Claim]


def write_transfer(found: Bench, wish: Wish) -> Written:
    """
    Return the override file that was written; the target is read now, so that what was reviewed is what holds.

    Raises ReconcilerError where the person, or a field, cannot be moved; then there is no file.
    """
    decision = engine.plan(
        found.asked, found.target, found.book, opened=found.opened, now=found.now, about={wish.user}, scope=ALL
    )
    world, person = decision.world, _person(found, decision, wish.user)
    faults = [fault for name in wish.fields for fault in _refusals(world, person, wish.verb, name)]
    if faults:
        raise ReconcilerError("\n".join(faults), hint=f"reconciler owners {person.name}")
    entry = _entry(world, person, wish)
    path = write_override(found.root / "overrides", wish.verb, entry)
    try:
        _acceptable(found, world, person, wish, written=path.name)
    except ReconcilerError:
        remove_file(path)
        raise
    moved = tuple(_moved(person, name) for name in sorted(set(wish.fields)))
    return Written(path=path, text=override_text(entry), name=person.name, fields=moved)


def _person(found: Bench, decision: Decision, name: str) -> _Person:
    world = decision.world
    key = find_in(found, decision, name)
    org, row = organisation_of(world), world.ledger.users.get(key)
    placed = org.users.get(key)
    desired = desired_user(org, placed) if placed else None
    return _Person(
        key=key,
        name=desired.name if desired else row.names.present if row and row.names else key,
        desired=desired,
        live=account_of(decision, key),
        claims=claims_of(decision, key),
    )


def _refusals(world: World, person: _Person, verb: Verb, name: str) -> Iterator[str]:
    """
    Yield why a field cannot be moved as asked.
    """
    rules = world.policy.users.fields
    shared = [field for field, rule in rules.items() if rule.authority == "shared"]
    owner = person.claims[name].owner if name in person.claims else None
    moved = _moved(person, name)
    if name not in shared:
        told = f"the policy says {rules[name].authority!r} of it" if name in rules else "no policy has such a field"
        yield f"{name!r} has no owner: {told} ({close(name, shared)})"
    elif owner == {"take": "git", "give": "admin"}[verb]:
        yield f"{name} of {person.name} is {'Git' if verb == 'take' else 'the administrator'}'s already"
    elif person.live is None:
        yield f"{person.name} has no account in the target that we know of, so nobody owns its {name}"
    elif isinstance(moved.live, UnsetType):
        yield f"the target says nothing of {name} of {person.name}, so there is no value to look at"
    elif verb == "take" and isinstance(moved.desired, UnsetType):
        yield f"Git says nothing of {name} of {person.name}, so there is nothing to write in its place"


def _moved(person: _Person, name: str) -> Moved:
    live = person.live.fields if person.live else {}
    desired = person.desired.fields if person.desired else {}
    return Moved(field=name, live=live.get(name, UNSET), desired=desired.get(name, UNSET))


def _entry(world: World, person: _Person, wish: Wish) -> Entry:
    """
    Return the entry in the schema's form; the user name stands in it where it means nobody else.
    """
    directory = directory_of(world.export, world.ledger, world.policy.groups)
    alone = directory.people.get(folded(person.name)) == {person.key}
    fields = tuple(sorted(set(wish.fields)))
    entry: dict[str, Value | Mapping[str, Value]] = {
        "user": person.name if alone and person.name.isascii() and person.name.isprintable() else person.key,
        wish.verb: fields,
        "reason": wish.reason,
    }
    if wish.until:
        entry["until"] = wish.until
    if wish.verb == "take" and person.live:
        entry["reviewed"] = {name: person.live.fields[name] for name in fields}
    return entry


def _acceptable(found: Bench, world: World, person: _Person, wish: Wish, *, written: str) -> None:
    """
    Raise unless the state folder loads with the new file in it, and the file decides something.
    """
    state = load_state(found.root)
    today = date.fromisoformat(found.now[:10])
    if wish.until and date.fromisoformat(wish.until) < today:
        raise UsageError(f"{wish.until} has passed", hint="name a day to come, or leave --until out")
    directory = directory_of(world.export, world.ledger, world.policy.groups)
    resolved = resolve(about_here(state.overrides, found.elsewhere), directory, today=today)
    if resolved.faults:
        raise InputError(resolved.faults)
    transfers = resolved.users[person.key].decisions.transfers if person.key in resolved.users else {}
    for name in wish.fields:
        transfer = transfers.get(name)
        if transfer and name in person.claims and transfer.digest == person.claims[name].override:
            told = f"{written} was acted on before: {name} was taken back for this very reason and value"
            raise UsageError(told, hint="give another --reason")
