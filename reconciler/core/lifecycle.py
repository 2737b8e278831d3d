"""
What becomes of an entity as a whole: made, kept, switched off, put away, left alone. The policy's lifecycle table.

Fields come later (`settle.py`); nothing here looks at one, but to see whether an account is privileged.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from reconciler.core.claims import earlier, power_of
from reconciler.core.correlate import Pair
from reconciler.core.ledger import Absent
from reconciler.core.model import Equality, Live
from reconciler.core.overrides import to_write
from reconciler.core.ownership import FieldRules, Moment
from reconciler.core.policy import FieldRule, MoveTo, Policy
from reconciler.core.ruling import Contest
from reconciler.core.scope import ALL, Scope

FORMER = "former:"
"""Prefix of the key of a group that a successor replaces; its members move to the successor."""

OURS = frozenset({"link", "intent"})
"""Ways of finding an account that prove it is the one we made or adopted."""


class Rules(Struct, frozen=True, kw_only=True):
    """
    What a policy says of entities of one kind, ready for use.

    `fields` are the policy's rules by name, `shared` the rules of the table for the shared ones. On the first run
    (`first_run`: no plan was ever recorded) nothing unlinked is deactivated. `fetched_at` is the time of the
    export at hand. `name_key` gives the form in which names are compared. `reachable` are the keys of groups
    that are there or will be made. `last_policy` is the digest of the policy last settled with. `proved`: the
    export proves who is absent. `source` names the fields that are Git's, `numbers` those whose value is a
    number or yes and no, `initial` those that are never written again; `once` has the rules of the table for these.
    `scope` is what the run is about, `joinable` the keys of the groups that users may join and leave in it (None:
    all). `confirmed` is the time of the export that everybody was last settled with. `merged` and
    `overwritten` are keys of groups: people decided that of them nobody who was there leaves, or everybody whom Git
    does not name.
    """

    policy: Policy
    equality: Equality
    fields: dict[str, FieldRule]
    shared: dict[str, FieldRules]
    first_run: bool
    fetched_at: str
    name_key: Callable[[str], str] = str
    reachable: frozenset[str] = frozenset()
    last_policy: str = ""
    proved: bool = True
    source: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    initial: frozenset[str] = frozenset()
    once: dict[str, FieldRules] = field(default_factory=dict)
    scope: Scope = ALL
    joinable: frozenset[str] | None = None
    confirmed: str = ""
    merged: frozenset[str] = frozenset()
    overwritten: frozenset[str] = frozenset()

    def only_adds(self, group: str) -> bool:
        """
        Return whether nobody leaves the group but whom we put in.
        """
        return self.policy.groups.membership == "add-only" or group in self.merged


class Fate(Struct, frozen=True, kw_only=True):
    """
    What becomes of one entity, and why.

    `leave`: hands off. `create`: it is made. `keep`: it is there, and shall be as desired. `off`: it is made
    unusable; its fields stay. `delete`: it is removed. `hold`: a decision is needed, `release` says which. `join`:
    its memberships alone are looked at.
    """

    verb: Literal["leave", "create", "keep", "off", "delete", "hold", "join"]
    reason: str = ""
    release: str = ""


LEAVE = Fate(verb="leave")
LOGIN = "its person has logged in"
"""Why an account becomes usable again whose policy waits for that, whoever had switched it off."""


def user_fate(pair: Pair, rules: Rules, moment: Moment) -> Fate:
    """
    Return what becomes of one user, in the scope of the run.
    """
    if _seen_since(pair, rules) and (pair.desired is None or pair.desired.reason != "blocked"):
        return LEAVE
    return _in_scope(_user_fate(pair, rules, moment), pair, rules.scope)


def _in_scope(fate: Fate, pair: Pair, scope: Scope) -> Fate:
    """
    Return a fate as far as the scope allows it. To replace an account is to remove one.
    """
    verb = fate.verb
    if verb in {"off", "delete"} or pair.predecessor is not None:
        return fate if scope.remove == "all" else LEAVE
    if verb == "create":
        return fate if scope.create else LEAVE
    if scope.refresh or verb == "leave":
        return fate
    return Fate(verb="join") if scope.membership and verb == "keep" else LEAVE


def _seen_since(pair: Pair, rules: Rules) -> bool:
    """
    Return whether somebody was seen at the source after the export at hand was read: it is no news of them.
    """
    return pair.row is not None and pair.row.seen > rules.fetched_at


def _user_fate(pair: Pair, rules: Rules, moment: Moment) -> Fate:
    """
    Return what the policy makes of one user.
    """
    desired = pair.desired
    if desired is None:
        return _missing_user(pair, rules, moment) if pair.row else _local_user(rules)
    if desired.state == "untouched":
        return LEAVE
    if pair.live is None:
        return _absent_user(pair, rules)
    if pair.via not in OURS and (held := _adoption(pair, rules)):
        return held
    if desired.state == "inactive":
        return _switched_off(pair, rules)
    waits = rules.policy.users.lifecycle.returned == "on-login" and not pair.live.active
    return Fate(verb="keep", reason=LOGIN if waits and rules.scope.login else "")


def _absent_user(pair: Pair, rules: Rules) -> Fate:
    wanted = pair.desired is not None and pair.desired.state == "active"
    known = pair.row is not None and pair.row.link is not None
    if not wanted or (rules.policy.users.lifecycle.new == "ignore" and not known):
        return LEAVE
    return Fate(verb="create", reason="its account is gone from the target" if known else "")


def enabled(pair: Pair, rules: Rules) -> bool | None:
    """
    Return whether an override enables the account, where the policy leaves that to one; None where it does not.

    An account that no override enables is made disabled. From then on its state is the administrator's affair.
    """
    if pair.kind == "group" or rules.policy.users.lifecycle.new != "create-disabled":
        return None
    return pair.desired is not None and pair.desired.decisions.enable


def _switched_off(pair: Pair, rules: Rules) -> Fate:
    life = rules.policy.users.lifecycle
    reason = pair.desired.reason if pair.desired else ""
    if reason == "suspended" and life.suspended == "keep":
        return LEAVE
    if reason == "unprovisioned" and life.unprovisioned == "keep":
        return LEAVE
    if pair.via not in OURS and rules.first_run:
        return LEAVE
    return Fate(verb="off", reason=reason)


def _missing_user(pair: Pair, rules: Rules, moment: Moment) -> Fate:
    life, quorum = rules.policy.users.lifecycle.missing, rules.policy.users.absent_for
    if pair.live is None or life == "keep":
        return LEAVE
    seen = _counted(pair, rules)
    if seen.exports < quorum.exports or seen.since > earlier(moment.now, f"{quorum.hours}h"):
        return LEAVE
    return Fate(verb="delete" if life == "delete" else "off", reason="missing")


def _local_user(rules: Rules) -> Fate:
    if rules.policy.users.lifecycle.local != "deactivate" or rules.first_run:
        return LEAVE
    return Fate(verb="off", reason="local")


def _adoption(pair: Pair, rules: Rules) -> Fate | None:
    """
    Return why an account that was there before may not be taken for the desired person yet; None if it may.
    """
    decided = pair.desired is not None and pair.desired.decisions.adopt
    section = rules.policy.users if pair.kind == "user" else rules.policy.groups
    rule = section.lifecycle.existing
    if pair.kind == "user" and rules.policy.users.rename == "replace" and _named_otherwise(pair):
        told = "it bears another user name, and the target cannot rename"
        off = to_write(pair.kind, pair.key, "exclude")
        return Fate(
            verb="hold", reason=told, release=f"correct the user name or e-mail on one side, or write {off}"
        )
    if decided:
        return None
    release = f"if it is that person's, write {to_write(pair.kind, pair.key, 'adopt')} below overrides/"
    if rule == "refuse":
        return Fate(verb="hold", reason="the policy refuses accounts that were there before", release=release)
    if rule == "review":
        return Fate(verb="hold", reason="it was there before, and the policy wants a review", release=release)
    if pair.live and _is_administrator(pair.live, rules):
        return Fate(verb="hold", reason="an administrator's account was there before", release=release)
    return None


def _is_administrator(live: Live, rules: Rules) -> bool:
    privileged = rules.policy.roles.administrator.privileged
    return bool(power_of(live.fields.get("roles"), privileged, rules.equality))


def _named_otherwise(pair: Pair) -> bool:
    return pair.live is not None and pair.desired is not None and pair.live.name != pair.desired.name


def seen(pair: Pair, rules: Rules) -> str:
    """
    Return when the source was read in which a run about this person saw it, until a full run with no older news.
    """
    before = pair.row.seen if pair.row else ""
    if rules.scope.whole:
        return before if before > rules.fetched_at else ""
    news = rules.scope.users == "named" and pair.kind == "user" and pair.desired is not None
    return max(before, rules.fetched_at) if news and rules.fetched_at > rules.confirmed else before


def absence(pair: Pair, rules: Rules) -> Absent:
    """
    Return since when, and in how many exports, the source has lacked the entity, the present one counted.

    An export that proves no absence is not counted.
    """
    counts = rules.proved and not _seen_since(pair, rules)
    return _counted(pair, rules) if counts else _absent_before(pair, rules)


def _counted(pair: Pair, rules: Rules) -> Absent:
    """
    Return the absence with the present export counted, whatever it proves: the guard holds what rests on it.
    """
    before = _absent_before(pair, rules)
    if before.fetched_at == rules.fetched_at:
        return before
    return Absent(since=before.since, exports=before.exports + 1, fetched_at=rules.fetched_at)


def _absent_before(pair: Pair, rules: Rules) -> Absent:
    unknown = Absent(since=rules.fetched_at, exports=0, fetched_at="")
    return pair.row.absent if pair.row and pair.row.absent else unknown


def group_fate(pair: Pair, rules: Rules) -> Fate:
    """
    Return what becomes of one group, in the scope of the run: only one that may remove everything puts any away.
    """
    fate = _group_fate(pair, rules)
    return LEAVE if fate.verb in {"off", "delete"} and rules.scope.remove != "all" else fate


def _group_fate(pair: Pair, rules: Rules) -> Fate:
    """
    Return what the policy makes of one group.
    """
    desired, row, life = pair.desired, pair.row, rules.policy.groups.lifecycle
    retired = row is not None and row.last is not None and row.last.state == "retired"
    if desired is None:
        put_away = pair.live is None or row is None or retired or life.missing == "keep"
        verb: Literal["delete", "off"] = "delete" if life.missing == "delete" else "off"
        return LEAVE if put_away else Fate(verb=verb, reason="missing")
    if pair.live is None:
        return LEAVE if desired.reason == "unpopulated" else Fate(verb="create")
    if pair.contest and not pair.contest.is_won:
        return _contested(pair.contest)
    if pair.contest is None and pair.via not in OURS and (held := _adoption(pair, rules)):
        return held
    return LEAVE if retired and life.returned == "keep" else Fate(verb="keep")


def _contested(contest: Contest) -> Fate:
    return Fate(verb="hold", reason=contest.reason, release=contest.release) if contest.waits else LEAVE


def empties(policy: Policy) -> bool:
    """
    Return whether a group that the source no longer has loses its members: where it is moved or deleted.
    """
    return isinstance(policy.groups.lifecycle.missing, MoveTo) or policy.groups.lifecycle.missing == "delete"
