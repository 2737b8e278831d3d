"""
One settled entity -> the changes that take it from what is live to its goal.

Each change is one thing that may be held alone: what is gained, what each set loses, the lifecycle state, the
memberships gained, each membership lost. No change is left out here; ownership was settled before.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from reconciler.core.canonical import digest
from reconciler.core.claims import elements, power_of
from reconciler.core.ledger import LedgerRow
from reconciler.core.lifecycle import FORMER, LOGIN
from reconciler.core.model import SETS, Action, Change, Equality, Fields, Live, Risk, Value
from reconciler.core.settle import Goal, Settled, last_of, was_held
from reconciler.core.successor import external_id_of

PUT_BACK, MADE, CHANGED, TAKEN_FIRST, USABLE, JOINED, TAKEN, OFF, PUT_AWAY, DISARMED = range(10)
"""
The order: groups made or put back; users made; fields and gains; what an account loses before it is usable, and
made usable; memberships gained; things taken; accounts made unusable; groups put away; power taken.
"""


class Draft(Struct, frozen=True, kw_only=True):
    """
    A change before it is guarded: its place in the order, and what the guards count it as.
    """

    change: Change
    phase: int
    tags: frozenset[str] = frozenset()


class Drafting(Struct, frozen=True, kw_only=True):
    """
    What all changes of a plan share: the physical target, how it compares, which roles carry power, and why.

    `cause` returns where the desired value of a field comes from.
    """

    identity: str
    equality: Equality
    privileged: frozenset[str]
    cause: Callable[[Settled, str], str]

    def power(self, roles: Value) -> bool:
        """
        Return whether any of these roles makes an administrator.
        """
        return bool(power_of(roles, self.privileged, self.equality))


def drafts(settled: Settled, about: Drafting) -> Iterator[Draft]:
    """
    Yield the changes that take one entity from what is live to its goal.
    """
    goal, live = settled.goal, settled.pair.live
    if goal is not None and live is None:
        yield from _creation(settled, about, goal)
    elif goal is not None and live is not None:
        yield from _update(settled, about, live) if goal.exists else [_deletion(settled, about, live)]
    if settled.pair.predecessor and goal is not None:
        yield _retirement(settled, about, settled.pair.predecessor)


def _deletion(settled: Settled, about: Drafting, live: Live) -> Draft:
    power = live.active and about.power(live.fields.get("roles"))
    risk: tuple[Risk, ...] = ("removal", "privileged") if power else ("removal",)
    change = _change(settled, about, "delete", before={"name": live.name}, after={}, risk=risk)
    return Draft(change=change, phase=PUT_AWAY, tags=frozenset({f"{settled.pair.kind}s-deleted"}))


def _creation(settled: Settled, about: Drafting, goal: Goal) -> Iterator[Draft]:
    power = about.power(goal.fields.get("roles")) and goal.fields["active"] is True
    phase, tags = (PUT_BACK, set[str]()) if settled.pair.kind == "group" else (MADE, _gain_tags(power))
    risk: tuple[Risk, ...] = ("dangerous",) if was_held(settled.pair) else ()
    made: Fields = {**goal.fields, **external_id_of(settled.pair)}
    change = _change(settled, about, "create", before={}, after=made, risk=risk)
    yield Draft(change=change, phase=phase, tags=frozenset({"created", *tags}))
    if goal.groups:
        joined = _change(settled, about, "update", before={"groups": ()}, after={"groups": goal.groups})
        yield Draft(change=joined, phase=JOINED)


def _update(settled: Settled, about: Drafting, live: Live) -> Iterator[Draft]:
    """
    Yield the changes of an entity that is there: gains, losses, its state, its memberships.
    """
    fields = settled.goal.fields if settled.goal else {}
    differing = {
        name: value
        for name, value in fields.items()
        if name != "active" and not about.equality.same(name, live.fields.get(name), value)
    }
    if settled.pair.kind == "group":
        yield from _group_update(settled, about, live, differing)
        return
    yield from _gains(settled, about, live, differing)
    yield from _losses(settled, about, live, differing)
    if "active" in fields and fields["active"] != live.active:
        yield _switch(settled, about, live)
    yield from _memberships(settled, about)


def _gains(settled: Settled, about: Drafting, live: Live, differing: Fields) -> Iterator[Draft]:
    """
    Yield the one change that sets plain fields and adds what sets lack.
    """
    after = {name: _with_gains(name, live.fields.get(name), value, about) for name, value in differing.items()}
    after = {name: value for name, value in after.items() if value != live.fields.get(name)}
    if not after:
        return
    before = {name: live.fields.get(name) for name in after}
    power = about.power(_without("roles", after.get("roles"), before.get("roles"), about))
    change = _change(settled, about, "update", before=before, after=after, risk=("privileged",) if power else ())
    yield Draft(change=change, phase=CHANGED, tags=frozenset(_gain_tags(power)))


def _losses(settled: Settled, about: Drafting, live: Live, differing: Fields) -> Iterator[Draft]:
    """
    Yield a change for each set that loses something, from what it is after the gains.
    """
    for name, value in sorted(differing.items()):
        full = _with_gains(name, live.fields.get(name), value, about)
        lost = _without(name, full, value, about) if name in SETS else ()
        if not lost:
            continue
        power = name == "roles" and about.power(lost)
        risk: tuple[Risk, ...] = ("removal", "privileged") if power else ("removal",)
        change = _change(settled, about, "update", before={name: full}, after={name: value}, risk=risk)
        armed = power and live.active
        phase = DISARMED if armed else TAKEN if live.active else TAKEN_FIRST
        tags = {f"{name}-removed", *({"power-lost"} if armed else ())}
        yield Draft(change=change, phase=phase, tags=frozenset(tags))


def _with_gains(name: str, before: Value, after: Value, about: Drafting) -> Value:
    """
    Return a set with what it gains and nothing lost; any other value as it shall be.
    """
    if isinstance(before, tuple) and isinstance(after, tuple):
        gained = _without(name, after, before, about)
        return tuple(sorted({*after, *_without(name, before, after, about)})) if gained else before
    return after


def _without(name: str, one: Value, other: Value, about: Drafting) -> tuple[str, ...]:
    """
    Return the elements of `one` that the target would not find in `other`.
    """
    known = {about.equality.fold(name, element) for element in elements(other)}
    return tuple(element for element in sorted(elements(one)) if about.equality.fold(name, element) not in known)


def _switch(settled: Settled, about: Drafting, live: Live) -> Draft:
    """
    Return the change that makes an account usable or unusable.

    One that neither we nor an intent of ours switched off was switched off by an administrator: dangerous, but
    where the policy waits for a login, and no power comes with it.
    """
    usable = not live.active
    roles = settled.goal.fields.get("roles", live.fields.get("roles")) if settled.goal else None
    power = about.power(roles if usable else live.fields.get("roles"))
    risk: list[Risk] = [] if usable else ["removal"]
    risk += ["privileged"] if power else []
    waited = settled.fate.reason == LOGIN and not power
    if usable and not waited and not switched_off_by_us(settled.pair.row):
        risk.append("dangerous")
    action: Action = "activate" if usable else "deactivate"
    change = _change(
        settled, about, action, before={"active": live.active}, after={"active": usable}, risk=tuple(risk)
    )
    if usable:
        return Draft(change=change, phase=USABLE, tags=frozenset({"reactivated", *_gain_tags(power)}))
    counted = "leavers" if settled.fate.reason in {"suspended", "left", "blocked"} else "users-deactivated"
    return Draft(change=change, phase=OFF, tags=frozenset({counted}))


def switched_off_by_us(row: LedgerRow | None) -> bool:
    """
    Return whether the ledger says that an account is unusable because we made it so, or were about to.
    """
    if row is None:
        return False
    intended = row.claims["active"].intents if "active" in row.claims else ()
    return (row.last is not None and row.last.state == "inactive") or any(one.value is False for one in intended)


def _memberships(settled: Settled, about: Drafting) -> Iterator[Draft]:
    """
    Yield the memberships gained in one change, and each one lost in its own, so that one group can be held alone.
    """
    have, want = set(settled.groups), set(settled.goal.groups if settled.goal else ())
    if gained := tuple(sorted(want - have)):
        joined = _change(settled, about, "update", before={"groups": ()}, after={"groups": gained})
        yield Draft(change=joined, phase=JOINED)
    for key in sorted(have - want):
        change = _change(
            settled, about, "update", before={"groups": (key,)}, after={"groups": ()}, risk=("removal",)
        )
        yield Draft(change=change, phase=TAKEN, tags=frozenset({"memberships-removed", f"left:{key}"}))


def _group_update(settled: Settled, about: Drafting, live: Live, differing: Fields) -> Iterator[Draft]:
    """
    Yield the changes of a group: its fields, and its coming back or being put away.
    """
    state = {name: value for name, value in differing.items() if name in {"parent", "deleted"}}
    goal = settled.goal.fields if settled.goal else {}
    if "active" in goal and goal["active"] != live.active:
        state["active"] = goal["active"]
    plain = {name: value for name, value in differing.items() if name not in state}
    if plain:
        before = {name: live.fields.get(name) for name in plain}
        yield Draft(change=_change(settled, about, "update", before=before, after=plain), phase=PUT_BACK)
    if not state:
        return
    before = {name: live.active if name == "active" else live.fields.get(name) for name in state}
    if settled.fate.verb != "off":
        yield Draft(change=_change(settled, about, "restore", before=before, after=state), phase=PUT_BACK)
        return
    action: Action = "move" if "parent" in state else "retire" if "deleted" in state else "deactivate"
    change = _change(settled, about, action, before=before, after=state, risk=("removal",))
    yield Draft(change=change, phase=PUT_AWAY, tags=frozenset({"groups-removed"}))


def _retirement(settled: Settled, about: Drafting, old: Live) -> Draft:
    """
    Return the change that makes a replaced account or group unusable.
    """
    kind, key, heir = settled.pair.kind, settled.pair.key, settled.pair.desired
    change = Change(
        id=digest(about.identity, kind, old.id, "deactivate", {"active": True}, {"active": False}),
        action="deactivate",
        kind=kind,
        key=key,
        name=old.name,
        link=old.id,
        before={"active": True},
        after={"active": False},
        because={"active": f"replaced by {heir.name if heir else key}"},
        expects=old.version,
        risk=("removal",),
    )
    return Draft(change=change, phase=OFF, tags=frozenset({f"{kind}s-deactivated", "replaced"}))


def _gain_tags(power: bool) -> set[str]:  # noqa: FBT001  one fact, one tag
    return {"administrators-added"} if power else set()


def _change(
    settled: Settled,
    about: Drafting,
    action: Action,
    *,
    before: Fields,
    after: Fields,
    risk: tuple[Risk, ...] = (),
) -> Change:
    """
    Return one change of an entity, with its causes and the digest that names it.
    """
    pair = settled.pair
    link = pair.live.id if pair.live else None
    key = pair.key or f"target:{link}"
    name = pair.live.name if pair.live else pair.desired.name if pair.desired else key
    power = action == "create" and about.power(after.get("roles"))
    moved = "groups" in {*before, *after} and _membership_drift(settled, before, after)
    return Change(
        id=digest(about.identity, pair.kind, key, action, before, after),
        action=action,
        kind=pair.kind,
        key=key,
        name=name,
        link=link,
        before=before,
        after=after,
        because={field: about.cause(settled, field) for field in sorted({*before, *after})},
        expects=pair.live.version if pair.live else "",
        risk=("privileged",) if power else risk,
        drift=tuple(sorted(({*settled.drift} & {*after}) | ({"groups"} if moved else set()))),
    )


def _membership_drift(settled: Settled, before: Fields, after: Fields) -> bool:
    """
    Return whether a change undoes what somebody else did: takes what we never gave, or gives what we had given.

    Who moves from a group to its successor is moved by us. An account that is made anew had no membership to lose.
    """
    last = last_of(settled.pair) if settled.pair.live is not None else None
    if last is None or any(key.startswith(FORMER) for key in settled.groups):
        return False
    given, taken = elements(after.get("groups")), elements(before.get("groups"))
    return bool(taken - {*last.groups} or given & {*last.groups})
