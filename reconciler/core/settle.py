"""
One entity's desired and live fields and its ledger row -> the goal, the claims that then hold, what is held.

It sees one user or one group and nothing else. Ownership is settled here, before anything is compared: what an
administrator owns is in the goal as it is live.
"""

from collections.abc import Iterator, Mapping

from msgspec import UNSET, Struct, UnsetType, field

from reconciler.core.claims import STATE, power_of
from reconciler.core.confines import goal_groups, put_off, spared, without_losses
from reconciler.core.correlate import Pair
from reconciler.core.initial import once_more
from reconciler.core.ledger import Claim, Last
from reconciler.core.lifecycle import OURS, Fate, Rules, enabled, group_fate, user_fate
from reconciler.core.model import ClaimNews, Desired, Fields, Live, Value
from reconciler.core.news import FieldHold, holds, news
from reconciler.core.ownership import NO_CLAIM, Field, Moment, Verdict, git_owned, settle_field
from reconciler.core.policy import MoveTo


class Goal(Struct, frozen=True, kw_only=True):
    """
    What the entity must become: the fields that are governed, the managed groups (keys) it belongs to.

    `fields` has `active` where the lifecycle decides it. `exists` False: it is removed.
    """

    fields: Fields
    groups: tuple[str, ...] = ()
    exists: bool = True


class Settled(Struct, frozen=True, kw_only=True):
    """
    What one entity must become, and who owns its shared fields.

    `goal` None: hands off. `claims` hold as things stand; `reached` once the goal is. `drift` names governed
    fields whose live value is neither desired nor what we last saw: an administrator's edit that will be lost.
    `groups` are the live memberships in managed groups. `why` has the cause of each value that neither the
    source nor the policy alone explains.
    """

    pair: Pair
    fate: Fate
    goal: Goal | None
    claims: dict[str, Claim] = field(default_factory=dict)
    reached: dict[str, Claim] = field(default_factory=dict)
    news: tuple[ClaimNews, ...] = ()
    holds: tuple[FieldHold, ...] = ()
    drift: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    why: dict[str, str] = field(default_factory=dict)


def settle_user(pair: Pair, rules: Rules, moment: Moment, *, managed: Mapping[str, str]) -> Settled:
    """
    Return one user settled. `managed` maps target ids of managed groups to their keys.
    """
    fate = user_fate(pair, rules, moment)
    live = pair.live
    groups = tuple(sorted(managed[one] for one in live.groups if one in managed)) if live else ()
    if fate.verb == "leave" and (kept := _tolerated(pair, groups, rules)) != groups:
        return Settled(pair=pair, fate=fate, goal=Goal(fields={}, groups=kept), groups=groups)
    if fate.verb in {"leave", "hold"}:
        return _hands_off(pair, fate, groups)
    if fate.verb == "delete":
        return Settled(pair=pair, fate=fate, goal=Goal(fields={}, exists=False), groups=groups)
    wanted = goal_groups(pair, rules, groups, last_of(pair))
    if fate.verb == "join":
        joined = Goal(fields={}, groups=wanted)
        return Settled(pair=pair, fate=fate, goal=joined, claims=_claims(pair), groups=groups)
    if fate.verb == "off":
        off = Goal(fields={"active": False}, groups=wanted)
        return Settled(pair=pair, fate=fate, goal=off, claims=_claims(pair), groups=groups)
    if live is None or pair.desired is None:
        return _created(pair, fate, rules, moment, groups=wanted)
    return _present(pair, fate, rules, moment, both=(pair.desired, live), groups=groups, wanted=wanted)


def settle_group(pair: Pair, rules: Rules, moment: Moment) -> Settled:
    """
    Return one group settled.
    """
    pair, fate = spared(pair, rules), group_fate(pair, rules)
    if fate.verb in {"leave", "hold"}:
        return _hands_off(pair, fate, ())
    if fate.verb == "delete":
        return Settled(pair=pair, fate=fate, goal=Goal(fields={}, exists=False))
    if fate.verb == "off":
        return Settled(pair=pair, fate=fate, goal=Goal(fields=_put_away(rules)), claims=_claims(pair))
    if pair.live is None or pair.desired is None:
        return _created(pair, fate, rules, moment)
    return _present(pair, fate, rules, moment, both=(pair.desired, pair.live))


def _hands_off(pair: Pair, fate: Fate, groups: tuple[str, ...]) -> Settled:
    """
    Return the entity as it is.
    """
    whole = (FieldHold(field="", reason=fate.reason, release=fate.release),) if fate.verb == "hold" else ()
    return Settled(pair=pair, fate=fate, goal=None, claims=_claims(pair), holds=whole, groups=groups)


def _tolerated(pair: Pair, groups: tuple[str, ...], rules: Rules) -> tuple[str, ...]:
    """
    Return the groups in which whoever is left alone may stay: not all for an account that only the target knows.
    """
    if not groups or pair.desired is not None or pair.row is not None:
        return groups
    lax = rules.policy.groups.membership != "exact" or rules.first_run  # then only what people decided counts
    return tuple(key for key in groups if key not in rules.overwritten and (lax or key in rules.merged))


def _claims(pair: Pair) -> dict[str, Claim]:
    return pair.row.claims if pair.row else {}


def last_of(pair: Pair) -> Last | None:
    """
    Return what we last saw or wrote of the entity that is there; of an earlier one in its place it says nothing.
    """
    if pair.row is None or (pair.live is not None and pair.row.link != pair.live.id):
        return None
    return pair.row.last


def was_held(pair: Pair) -> bool:
    """
    Return whether something was held of an account of ours that is gone: it may have been switched off before.
    """
    return pair.row is not None and pair.row.link is not None and bool(pair.row.holds)


def _put_away(rules: Rules) -> Fields:
    """
    Return what marks a group that the source no longer has.
    """
    missing = rules.policy.groups.lifecycle.missing
    if isinstance(missing, MoveTo):
        return {"parent": missing.move_to}
    return {"deleted": True} if missing == "flag" else {"active": False}


def _created(pair: Pair, fate: Fate, rules: Rules, moment: Moment, *, groups: tuple[str, ...] = ()) -> Settled:
    """
    Rows 4 and 5: what is sent for an entity that is not there. One that was gets its administrator's values back.
    """
    claims = _claims(pair)
    fields: Fields = dict(pair.desired.fields) if pair.desired else {}
    fields = {name: value for name, value in fields.items() if not _is_the_targets(name, rules)}
    if pair.kind == "user" and "roles" in fields and not rules.scope.membership:
        fields["roles"] = ()
    reached: dict[str, Claim] = {}
    why: dict[str, str] = {}
    for name, shared in rules.shared.items():
        claim = claims.get(name, NO_CLAIM)
        if claim.owner == "admin" and not power_of(claim.saw, shared.privileged, rules.equality):
            fields[name] = claim.saw
            reached[name] = claim
            why[name] = "restores the admin's value"
        elif name in fields:
            reached[name] = git_owned(claim, fields[name], moment)
            why |= {name: "privilege falls back to Git"} if claim.owner == "admin" else {}
    fields["active"] = enabled(pair, rules) is not False
    goal = Goal(fields=fields, groups=groups)
    return Settled(pair=pair, fate=fate, goal=goal, claims=claims, reached=reached, why=why)


def _is_the_targets(name: str, rules: Rules) -> bool:
    return name in rules.fields and rules.fields[name].authority == "target"


def _present(
    pair: Pair,
    fate: Fate,
    rules: Rules,
    moment: Moment,
    *,
    both: tuple[Desired, Live],
    groups: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
) -> Settled:
    """
    Return an entity that is there and shall be as desired, field by field.
    """
    desired, live = both
    last = last_of(pair)
    verdicts = dict(_verdicts(pair, rules, moment, desired=desired, live=live, last=last))
    fields = {name: one.goal for name, one in verdicts.items() if not isinstance(one.goal, UnsetType)}
    source = _source_fields(desired, live, last, rules)
    fields |= source
    fields |= _lifecycle_fields(pair, rules, live, last)
    if rules.scope.remove != "all":
        fields = without_losses(fields, live, rules)
    return Settled(
        pair=pair,
        fate=fate,
        goal=Goal(fields=fields, groups=wanted),
        claims=_noted(_claims(pair), {name: one.claim for name, one in verdicts.items()}),
        reached={name: one.reached for name, one in verdicts.items()},
        news=tuple(news(pair, live.name, verdicts, rules)),
        holds=tuple(holds(pair, verdicts)),
        drift=tuple(_drift(source, live, last, rules)),
        groups=groups,
        why={name: one.text for name, one in verdicts.items() if one.text},
    )


def _verdicts(
    pair: Pair, rules: Rules, moment: Moment, *, desired: Desired, live: Live, last: Last | None
) -> Iterator[tuple[str, Verdict]]:
    """
    Yield the verdict on each shared field, and on each that an override writes once.
    """
    claims, decisions = _claims(pair), desired.decisions
    lapsed = not live.active or (last is not None and last.state == "inactive")
    for name, shared in rules.shared.items():
        one = Field(
            desired=desired.fields.get(name, UNSET),
            live=live.fields.get(name, UNSET),
            claim=claims.get(name, NO_CLAIM),
            was_ours=pair.via in OURS and _was_source(pair, name, rules),
            lapsed=lapsed,
            give=name in decisions.give,
            transfer=decisions.transfers.get(name),
        )
        yield name, put_off(settle_field(one, shared, moment), one.claim, rules)
    yield from once_more(pair, rules, moment, desired=desired, live=live)


def _was_source(pair: Pair, name: str, rules: Rules) -> bool:
    """
    Return whether the field was Git's alone when the row was last settled: it says so, or the head still does.
    """
    row = pair.row
    noted = row is not None and row.last is not None and name in row.last.fields
    return noted or (rules.shared[name].was_source and row is not None and row.policy == rules.last_policy)


def _noted(before: dict[str, Claim], after: dict[str, Claim]) -> dict[str, Claim]:
    """
    Return the claims after settling: those of fields that are shared, and what was meant for the state.

    A field without owner or intent has none. A claim of a field that is no longer shared ends here.
    """
    state = {name: claim for name, claim in before.items() if name == STATE}
    return {name: claim for name, claim in {**state, **after}.items() if claim != NO_CLAIM}


def _source_fields(desired: Desired, live: Live, last: Last | None, rules: Rules) -> Fields:
    """
    Return what Git's fields must become; what the target made of our last write is as good as what we sent.
    """
    fields: Fields = {}
    for name, value in desired.fields.items():
        rule = rules.fields.get(name)
        if rule is None or rule.authority != "source" or name not in live.fields:
            continue
        kept = live.fields[name]
        ours = last is not None and name in last.wrote and last.wrote[name] == value
        as_named = name == "name" and rules.name_key(str(kept)) == rules.name_key(str(value))
        fields[name] = kept if as_named or (ours and last and kept == last.fields.get(name)) else value
    return fields


def _lifecycle_fields(pair: Pair, rules: Rules, live: Live, last: Last | None) -> Fields:
    """
    Return the state a desired entity must have: usable, and where we put it away, back in its place.
    """
    decided = enabled(pair, rules)
    if decided is not None:
        return {"active": decided or live.active}
    if pair.kind == "user":
        returned = rules.policy.users.lifecycle.returned
        ours = last is not None and last.state == "inactive"
        kept = not rules.scope.login if returned == "on-login" else returned == "keep" and ours
        return {"active": live.active if kept else True}
    if last is None or last.state != "retired":
        return {}
    parent = rules.policy.groups.parent
    back: Fields = {"parent": parent} if parent is not None else {}
    return {**back, "active": True, "deleted": False}


def _drift(source: Fields, live: Live, last: Last | None, rules: Rules) -> Iterator[str]:
    """
    Yield Git's fields that somebody else changed since we last looked, and that will be overwritten.
    """
    seen: Mapping[str, Value] = last.fields if last else {}
    for name, value in source.items():
        moved = name in seen and not rules.equality.same(name, live.fields[name], seen[name])
        if moved and not rules.equality.same(name, live.fields[name], value):
            yield name
