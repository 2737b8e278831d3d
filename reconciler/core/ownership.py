"""
Who owns one shared field, and what it must become: the table of ownership.md, row by row.

Of our claim: B is what we saw hold after our last write (`saw`), W what we wrote then (`wrote`), I the open
intents. L is the live value, D the desired one. "L = B" means B or W. The first row that matches decides.

A verdict says what the field must become (`goal`), the claim that holds as things stand (`claim`), and the one
that holds once the goal is reached (`reached`). Where the goal is what is live already, the two are one.
"""

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from reconciler.core.claims import among, earlier, foreign, power_of
from reconciler.core.ledger import Claim, Owner
from reconciler.core.model import Equality, Transfer, Value

NO_CLAIM = Claim()


class Moment(Struct, frozen=True, kw_only=True):
    """
    When and by which run things are settled. Times are UTC, `2026-11-22T10:00:00Z`.
    """

    now: str
    run: int


class FieldRules(Struct, frozen=True, kw_only=True):
    """
    What the policy says of one shared field.

    `privileged` are the elements that carry an administrator's power, `expires` how long an administrator may
    own them unconfirmed. `was_source`: Git alone owned the field under the policy that the ledger's head names.
    """

    name: str
    equality: Equality
    foreign: str = "ask"
    privileged: frozenset[str] = frozenset()
    expires: str = ""
    was_source: bool = False


class Field(Struct, frozen=True, kw_only=True):
    """
    One shared field of one entity that is there: D, L, our claim, and what overrides decide of it.

    `was_ours`: the entity is the one we made or adopted, and the field was Git's alone when it was last settled.
    `lapsed`: it was inactive until now.
    """

    desired: Value | UnsetType
    live: Value | UnsetType
    claim: Claim
    was_ours: bool = False
    lapsed: bool = False
    give: bool = False
    transfer: Transfer | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """
    What the table says of one field. `goal` UNSET: the field is left alone. `held`: the decision that is needed.
    """

    row: int
    goal: Value | UnsetType
    claim: Claim
    reached: Claim
    text: str = ""
    held: str = ""
    withheld: Value | UnsetType = UNSET


def settle_field(field: Field, rules: FieldRules, moment: Moment) -> Verdict:
    """
    Return the verdict of rows 1 and 6 to 20 for a shared field of an entity that is there.

    Rows 2 to 5 are about whole entities: see `settle.py`.
    """
    if isinstance(field.live, UnsetType):
        return _leave(1, field, "unreadable: neither written nor judged")
    return (
        _by_override(field, field.live, rules, moment)
        or _owned_by_admin(field, field.live, rules, moment)
        or _by_claim(field, field.live, rules, moment)
        or _unclaimed(field, field.live, rules, moment)
    )


def _by_override(field: Field, live: Value, rules: FieldRules, moment: Moment) -> Verdict | None:
    """
    Rows 6 and 7: somebody decided, and it was reviewed.
    """
    if field.give:
        claim = _admin(field.claim, live, moment)
        return Verdict(row=6, goal=live, claim=claim, reached=claim, text=_news(field.claim, "given to the admin"))
    transfer = field.transfer
    if transfer is None or transfer.digest == field.claim.override:
        return None
    value = field.desired if transfer.verb == "take" else transfer.value
    if isinstance(value, UnsetType):
        return _leave(7, field, "", held="Git gives no value to take the field back to")
    known = (transfer.reviewed, value, *(intent.value for intent in field.claim.intents))
    if not any(not isinstance(one, UnsetType) and rules.equality.same(rules.name, live, one) for one in known):
        return _leave(7, field, "", held=f"the live value is not the one that {transfer.verb} was reviewed for")
    owner: Owner = "git" if transfer.verb == "take" else "admin"
    owned = _owned(field.claim, owner, moment)
    reached = replace(owned, wrote=value, saw=value, override=transfer.digest)
    text = "taken back by Git" if transfer.verb == "take" else "restored for the admin"
    return _reach(
        7, field, value, reached=reached, rules=rules, text=f"{text} ({transfer.reason}; {transfer.origin})"
    )


def _owned_by_admin(field: Field, live: Value, rules: FieldRules, moment: Moment) -> Verdict | None:
    """
    Rows 8 and 9: the administrator's value stays, but privilege does not outlive its account or its term.
    """
    claim = field.claim
    if claim.owner != "admin":
        return None
    ended = field.lapsed or _expired(claim, rules, moment)
    if ended and (fallen := _fallen_back(field, live, rules, moment)):
        return fallen
    text, withheld = _admin_news(field, live, rules)
    kept = claim if rules.equality.same(rules.name, live, claim.saw) else replace(claim, saw=live)
    return Verdict(row=9, goal=live, claim=kept, reached=kept, text=text, withheld=withheld)


def _fallen_back(field: Field, live: Value, rules: FieldRules, moment: Moment) -> Verdict | None:
    """
    Return row 8's verdict on a privileged value. It is Git's at once, so that a write that fails is made again.
    """
    claim, desired = field.claim, field.desired
    if isinstance(desired, UnsetType) or not power_of(live, rules.privileged, rules.equality):
        return None
    return _reach(
        8,
        field,
        desired,
        reached=git_owned(claim, desired, moment),
        rules=rules,
        text="privilege falls back to Git",
        meanwhile=git_owned(claim, live, moment),
    )


def _admin_news(field: Field, live: Value, rules: FieldRules) -> tuple[str, Value | UnsetType]:
    """
    Return what row 9 tells of an administrator's field, and the value of Git's that is withheld.
    """
    same, desired = rules.equality.same, field.desired
    again = "" if same(rules.name, live, field.claim.saw) else "changed again by the admin"
    if isinstance(desired, UnsetType):
        return again, UNSET
    if same(rules.name, live, desired):
        return again or "agrees with Git, can be taken back", UNSET
    if same(rules.name, desired, field.claim.wrote):
        return again, UNSET
    told = "Git now says otherwise: withheld"
    return f"{again}; {told}" if again else told, desired


def _by_claim(field: Field, live: Value, rules: FieldRules, moment: Moment) -> Verdict | None:
    """
    Rows 10 to 17: what our claim, or an open intent, tells of who wrote the live value.
    """
    claim, desired = field.claim, field.desired
    ours = claim.owner == "git"
    if not ours and foreign(live, claim.intents, rules.name, rules.equality):
        return _to_admin(10, field, live, rules, moment)
    intended = among(live, claim.intents, rules.name, rules.equality)
    if isinstance(desired, UnsetType):
        seen = replace(claim, saw=live, wrote=live) if intended else claim
        return Verdict(row=11, goal=UNSET, claim=seen, reached=seen)
    same = rules.equality.same
    if ours and same(rules.name, live, desired):
        return _reach(12, field, desired, reached=replace(claim, wrote=desired), rules=rules)
    held = ours and (same(rules.name, live, claim.saw) or same(rules.name, live, claim.wrote))
    moved = not same(rules.name, desired, claim.wrote)
    if held and not moved:
        return Verdict(row=13, goal=live, claim=claim, reached=claim)
    if held or intended:
        text = "" if held or same(rules.name, live, desired) else "our own unfinished write"
        return _reach(
            14 if held else 15, field, desired, reached=git_owned(claim, desired, moment), rules=rules, text=text
        )
    return _to_admin(17 if moved else 16, field, live, rules, moment) if ours else None


def _unclaimed(field: Field, live: Value, rules: FieldRules, moment: Moment) -> Verdict:
    """
    Rows 18 to 20: nobody has claimed the field yet. Row 11 has answered where nothing is desired.
    """
    claim, desired = field.claim, field.desired
    wanted = live if isinstance(desired, UnsetType) else desired
    if field.was_ours:
        reached, meanwhile = git_owned(claim, wanted, moment), git_owned(claim, live, moment)
        text = "" if rules.equality.same(rules.name, live, wanted) else "nobody but Git could own it so far"
        return _reach(18, field, wanted, reached=reached, rules=rules, text=text, meanwhile=meanwhile)
    if rules.equality.same(rules.name, live, wanted):
        return _reach(19, field, wanted, reached=git_owned(claim, wanted, moment), rules=rules)
    if rules.foreign == "keep":
        kept = replace(_admin(claim, live, moment), wrote=wanted)
        return Verdict(row=20, goal=live, claim=kept, reached=kept, text="adopted: the admin's value is kept")
    if rules.foreign == "take":
        return _reach(
            20,
            field,
            wanted,
            reached=git_owned(claim, wanted, moment),
            rules=rules,
            text="adopted: Git's value is written",
        )
    return _leave(20, field, "", held="the account was there before, and this field differs")


def _reach(
    row: int,
    field: Field,
    value: Value,
    *,
    reached: Claim,
    rules: FieldRules,
    text: str = "",
    meanwhile: Claim | None = None,
) -> Verdict:
    """
    Return a verdict that wants `value`; where it is live already, the claim is reached as things stand.

    Until the value is written, `meanwhile` is the claim; by default the one there was.
    """
    live = field.live
    if not isinstance(live, UnsetType) and rules.equality.same(rules.name, live, value):
        settled = replace(reached, saw=live)
        return Verdict(row=row, goal=live, claim=settled, reached=settled, text=text)
    return Verdict(row=row, goal=value, claim=meanwhile or field.claim, reached=reached, text=text)


def _leave(row: int, field: Field, text: str, held: str = "") -> Verdict:
    """
    Return a verdict that changes neither the field nor its claim.
    """
    return Verdict(row=row, goal=UNSET, claim=field.claim, reached=field.claim, text=text, held=held)


def _to_admin(row: int, field: Field, live: Value, rules: FieldRules, moment: Moment) -> Verdict:  # noqa: PLR0917  rules and moment are every row's
    """
    Return the verdict that an administrator changed the field, and owns it from now on.

    Privilege that was given while the account was unusable has lapsed like any other.
    """
    if field.lapsed and (fallen := _fallen_back(field, live, rules, moment)):
        return fallen
    claim = _admin(field.claim, live, moment)
    withheld = field.desired if row == 17 else UNSET  # noqa: PLR2004  the table's own number
    told = "now owned by the target's admin" + ("; Git says otherwise: withheld" if withheld is not UNSET else "")
    return Verdict(row=row, goal=live, claim=claim, reached=claim, text=told, withheld=withheld)


def git_owned(claim: Claim, value: Value, moment: Moment) -> Claim:
    """
    Return `claim` as Git's with W = `value`; B is the same until it is read back.
    """
    return replace(_owned(claim, "git", moment), wrote=value, saw=value)


def _admin(claim: Claim, value: Value, moment: Moment) -> Claim:
    """
    Return `claim` as the administrator's, who set `value`.
    """
    return replace(_owned(claim, "admin", moment), saw=value)


def _owned(claim: Claim, owner: Owner, moment: Moment) -> Claim:
    """
    Return `claim` with its owner; since when is told anew only where it changed hands.
    """
    if claim.owner == owner:
        return claim
    return replace(claim, owner=owner, since=moment.now, run=moment.run)


def _news(claim: Claim, text: str) -> str:
    """
    Return `text` unless the administrator owned the field already.
    """
    return "" if claim.owner == "admin" else text


def _expired(claim: Claim, rules: FieldRules, moment: Moment) -> bool:
    """
    Return whether the administrator's ownership is past the policy's `admin_owned_expires`.
    """
    return bool(rules.expires) and claim.since <= earlier(moment.now, rules.expires)
