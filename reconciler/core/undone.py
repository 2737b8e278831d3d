"""
What a recorded run changed, as wishes to have it as it was before; and which of them a plan would not fulfil.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Literal, cast

from msgspec import UNSET, Struct, UnsetType, convert
from msgspec.structs import replace

from reconciler.core.approval import awaiting
from reconciler.core.claims import elements
from reconciler.core.decide import Decision
from reconciler.core.ledger import LedgerRow, Owner, RunChange, RunClaim
from reconciler.core.model import Change, Fields, Kind, Live, Value
from reconciler.core.runs import Run


class Wish(Struct, frozen=True, kw_only=True):
    """
    One thing that a run changed, and what it was: a field, one membership (`groups`, a set of one key), an account.

    `act` is what was done: an account or group was made or deleted, a field was set; `keep` is what nobody has done
    yet, but undoing the rest would do besides. `owner` is who owned the field before the run, where the run changed
    that; `name` is what the entity was called.
    """

    kind: Kind
    key: str
    name: str
    act: Literal["create", "delete", "set", "keep"] = "set"
    field: str = ""
    before: Value | UnsetType = UNSET
    after: Value | UnsetType = UNSET
    owner: Owner | UnsetType | None = UNSET

    @property
    def group(self) -> str:
        """
        Return the key of the group that a membership is of.
        """
        moved = self.before or self.after
        return moved[0] if isinstance(moved, tuple) else ""


class Lost(Struct, frozen=True):
    """
    A wish that will not come true, and why.
    """

    wish: Wish
    reason: str


def wishes(run: Run) -> tuple[Wish, ...]:
    """
    Return what the run changed in the target, and which fields it took from the administrators, by entity.

    What failed or was left changed nothing. Of an entity that was made, everything else is part of that.
    """
    landed = sorted((one for one in run.changes if one.outcome == "landed"), key=_entity)
    owners = {(one.kind, one.key, one.field): one for one in run.claims}
    found = [wish for _, changes in groupby(landed, key=_entity) for wish in _of_entity(list(changes), owners)]
    told = {(one.kind, one.key, one.field) for one in found}
    taken = (one for one in run.claims if one.was == "admin" and one.owner == "git")
    found += (_taken(one) for one in taken if (one.kind, one.key, one.field) not in told)
    return tuple(sorted(found, key=place_of))


def place_of(wish: Wish) -> tuple[str, str, str, str, str]:
    """
    Return what wishes are sorted by: whom they are about, then the field.
    """
    return wish.kind, wish.key, wish.name, wish.field, wish.group


def _entity(change: RunChange) -> tuple[str, str, str]:
    return change.kind, change.key, change.name


def _of_entity(changes: list[RunChange], owners: Mapping[tuple[str, str, str], RunClaim]) -> Iterator[Wish]:
    """
    Yield what a run did to one entity.
    """
    first = changes[0]
    wish = Wish(kind=convert(first.kind, Kind), key=first.key, name=first.name)
    acts = {one.action for one in changes}
    if "create" in acts:
        yield replace(wish, act="create")
    elif "delete" in acts:
        yield replace(wish, act="delete")
    else:
        claims = {field: claim.was for (kind, key, field), claim in owners.items() if (kind, key) == _place(first)}
        for one in _fields(wish, changes):
            yield replace(one, owner=claims.get(one.field, UNSET))


def _place(change: RunChange | Change) -> tuple[str, str]:
    return change.kind, change.key


def _fields(wish: Wish, changes: Sequence[RunChange | Change]) -> Iterator[Wish]:
    """
    Yield a wish for each field that the changes set, first value before and last one after, and each membership.
    """
    before, after = _first(changes), _last(changes)
    for name in sorted(before.keys() - {"groups"}):
        yield replace(wish, field=name, before=before[name], after=after[name])
    for change in changes:
        lost, gained = (elements(fields.get("groups")) for fields in (change.before, change.after))
        yield from (replace(wish, field="groups", before=(one,), after=()) for one in sorted(lost))
        yield from (replace(wish, field="groups", before=(), after=(one,)) for one in sorted(gained))


def _first(changes: Iterable[RunChange | Change]) -> Fields:
    """
    Return the fields as they were before the first of the changes that touched each.
    """
    fields: Fields = {}
    for change in changes:
        fields = {**change.before, **fields}
    return fields


def _last(changes: Iterable[RunChange | Change]) -> Fields:
    fields: Fields = {}
    for change in changes:
        fields |= change.after
    return fields


def _taken(claim: RunClaim) -> Wish:
    """
    Return the wish for a field that Git took although nothing had to be written: both agreed on its value.
    """
    kind = convert(claim.kind, Kind)
    return Wish(
        kind=kind,
        key=claim.key,
        name=claim.name,
        field=claim.field,
        before=claim.value,
        after=claim.value,
        owner="admin",
    )


def besides(wanted: Iterable[Wish], without: Decision, decision: Decision) -> tuple[Wish, ...]:
    """
    Return what a plan with an undo in it would change that neither the wishes nor the plan `without` it name.

    Whoever leaves a group loses its roles, say. Each is a wish to keep what is there.
    """
    known = {(one.kind, one.key, one.field) for one in wanted}
    made = {(one.kind, one.key) for one in wanted if one.act == "create"}
    same = {change.id for change in _all_changes(without)}
    found = (one for one in _all_changes(decision) if one.id not in same and _place(one) not in made)
    news = sorted(found, key=_place)
    kept = (wish for place, changes in groupby(news, key=_place) for wish in _kept(place, list(changes)))
    return tuple(wish for wish in kept if (wish.kind, wish.key, wish.field) not in known)


def _kept(place: tuple[str, str], changes: list[Change]) -> Iterator[Wish]:
    kind, key = place
    yield from _fields(Wish(kind=convert(kind, Kind), key=key, name=changes[0].name, act="keep"), changes)


def _all_changes(decision: Decision) -> tuple[Change, ...]:
    """
    Return what a decision's plan does, and what it would once somebody approves it.
    """
    return (*decision.plan.changes, *awaiting(decision.plan.held))


def unfulfilled(wanted: Iterable[Wish], decision: Decision, *, told: Iterable[Lost] = ()) -> tuple[Lost, ...]:
    """
    Return each wish that the plan would not fulfil; what waits for an approval counts as made.

    The reason is the one that was `told` when nothing could be written for it, if there is one.
    """
    known = {one.wish: one.reason for one in told}
    missed = ((wish, _missed(wish, decision)) for wish in wanted)
    return tuple(Lost(wish, known.get(wish, reason)) for wish, reason in missed if reason)


def _missed(wish: Wish, decision: Decision) -> str:
    if wish.act == "delete":
        return f"the {_what(wish)} was deleted: one that is made anew is another one"
    live = account(wish, decision)
    if wish.act == "create":
        return "" if live is None else _stays(wish, live, decision)
    if live is None:
        return f"the {_what(wish)} is gone from the target"
    if not _same(wish, foreseen(wish, live, decision), decision):
        return _held(wish, live, decision) or "the plan would leave it otherwise"
    owner = _owner(wish, decision)
    if wish.owner == "admin" and owner != "admin":
        return "the value will be back, but the field stays Git's"
    return ""


def _stays(wish: Wish, live: Live, decision: Decision) -> str:
    """
    Return what becomes of what a run made: it stays, and an account is inactive at most.
    """
    told = f"the {_what(wish)} stays: nothing deletes what a run made"
    if wish.kind == "group":
        return told
    active = replace(wish, field="active")
    if not foreseen(active, live, decision):
        return f"{told}; it will be inactive"
    return f"{told}; a guard holds what makes it inactive" if _held(active, live, decision) else told


def _held(wish: Wish, live: Live, decision: Decision) -> str:
    """
    Return why a guard holds back the change that would fulfil a wish, and what releases it; nothing if none does.
    """
    found = (
        f"held: {one.reason}; {one.release}"
        for one in decision.plan.held
        if one.change and one.change.link == live.id and wish.field in {*one.change.before, *one.change.after}
    )
    return next(found, "")


def _what(wish: Wish) -> str:
    return "account" if wish.kind == "user" else "group"


def row_of(wish: Wish, decision: Decision) -> LedgerRow | None:
    """
    Return the ledger's row of whom a wish is about.
    """
    ledger = decision.world.ledger
    return (ledger.users if wish.kind == "user" else ledger.groups).get(wish.key)


def account(wish: Wish, decision: Decision) -> Live | None:
    """
    Return the account or group of the target that a wish is about, as it is now.

    One that no ledger knew bears its own id as its key. One that another took the place of is found by its name.
    """
    snapshot, row = decision.world.snapshot, row_of(wish, decision)
    there = {one.id: one for one in (snapshot.users if wish.kind == "user" else snapshot.groups)}
    if wish.key.startswith("target:"):
        return there.get(wish.key.removeprefix("target:"))
    ids = (row.link, *row.tombstones) if row else ()
    found = [there[one] for one in ids if one is not None and one in there]
    named = [one for one in found if one.name == wish.name]
    return next(iter([*named, *found]), None)


def foreseen(wish: Wish, live: Live, decision: Decision) -> Value | UnsetType:
    """
    Return what the wish's field will hold once the plan has been applied, with all that waits for an approval.
    """
    changes = _changes_of(live, wish, decision)
    if wish.field == "groups":
        member = decision.group_ids.get(wish.group) in live.groups
        for change in changes:
            member &= wish.group not in elements(change.before.get("groups"))
            member |= wish.group in elements(change.after.get("groups"))
        return (wish.group,) if member else ()
    held: dict[str, Value | UnsetType] = {**live.fields, "active": live.active}
    for change in changes:
        held |= change.after
    return held.get(wish.field, UNSET)


def _changes_of(live: Live, wish: Wish, decision: Decision) -> list[Change]:
    return [one for one in _all_changes(decision) if one.kind == wish.kind and one.link == live.id]


def _same(wish: Wish, value: Value | UnsetType, decision: Decision) -> bool:
    known = not isinstance(value, UnsetType) and not isinstance(wish.before, UnsetType)
    return known and decision.world.equality.same(wish.field, cast("Value", value), cast("Value", wish.before))


def _owner(wish: Wish, decision: Decision) -> Owner | None:
    """
    Return who will own the wish's field.
    """
    settled, row = decision.settled.get((wish.kind, wish.key)), row_of(wish, decision)
    claims = settled.reached if settled and settled.reached else row.claims if row else {}
    return claims[wish.field].owner if wish.field in claims else None
