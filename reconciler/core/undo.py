"""
The overrides that take back what a run changed. They decide nothing but that: each is reviewed in Git, and planned.

| what a run did | what takes it back |
|---|---|
| set a field that is Git's | `set` to the value it had |
| set a field that was the administrators' | `restore`, with the value that is there now as the reviewed one |
| gave a field to the administrators, with a value of its own | `set` to the value it had, and `take` |
| put somebody into a group, or took them out | `groups: remove`, `groups: add` |
| made an account, or made one usable | `block` |
| switched an account off for want of a role | the roles it lost, `roles: add` |
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, TypeAlias, get_args

from msgspec import UNSET, Struct, UnsetType

from reconciler.core.claims import elements
from reconciler.core.decide import Decision
from reconciler.core.decisions import Decided
from reconciler.core.directory import Directory
from reconciler.core.ledger import Owner
from reconciler.core.model import Live, Value
from reconciler.core.organisation import UNDECIDED, UNPROVISIONED, Organisation
from reconciler.core.overrides import Override
from reconciler.core.policy import FieldRule
from reconciler.core.undone import Lost, Wish, account, besides, foreseen, place_of, row_of, unfulfilled


class Ground(Struct, frozen=True, kw_only=True):
    """
    What a run is undone on: the plan as it would be without that, Git's side of it, and who is called what.

    `until` is the last day on which the overrides hold; None: until somebody removes them.
    """

    decision: Decision
    org: Organisation
    directory: Directory
    reason: str
    until: str | None = None


class Undoing(Struct, frozen=True, kw_only=True):
    """
    One override for each person and group, without a place yet; and what no override can take back.
    """

    overrides: tuple[Override, ...]
    lost: tuple[Lost, ...]


Verb: TypeAlias = Literal["set", "restore", "reviewed", "take", "add", "remove", "roles", "block", "rename"]


class Said(Struct, frozen=True):
    """
    One thing that an override says: `set`, `restore`, `reviewed` of a field; `take` it; `add`, `remove` a group ...
    """

    verb: Verb
    name: str
    value: Value = None


Answer: TypeAlias = tuple[Said, ...] | Lost
"""What takes one wish's change back (nothing, where nothing needs to), or why nothing can."""


def undo_whole(wanted: Sequence[Wish], ground: Ground, tried: Callable[[Sequence[Override]], Decision]) -> Undoing:
    """
    Return the overrides that undo a run, with all that their plan does not bring back, or would change besides.

    `tried` returns what would be decided with some overrides in force. What a first draft would change besides is
    kept as it is by a second one.
    """
    draft = undo(wanted, ground)
    extra = besides(wanted, ground.decision, tried(draft.overrides))
    every = sorted((*wanted, *extra), key=place_of)
    found = undo(every, ground) if extra else draft
    planned = tried(found.overrides)
    left = unfulfilled((*every, *besides(every, ground.decision, planned)), planned, told=found.lost)
    return Undoing(overrides=found.overrides, lost=left)


def undo(wanted: Iterable[Wish], ground: Ground) -> Undoing:
    """
    Return what takes back what a run changed; what is as it was already, or will be, needs nothing.

    The wishes come sorted by whom they are about.
    """
    overrides: list[Override] = []
    lost: list[Lost] = []
    for _, group in groupby(wanted, key=lambda wish: (wish.kind, wish.key)):
        theirs = list(group)
        answers = [_answer(wish, ground) for wish in theirs]
        lost += (one for one in answers if isinstance(one, Lost))
        said = [one for answer in answers if not isinstance(answer, Lost) for one in answer]
        said += () if any(one.verb == "block" for one in said) else _login(theirs, ground)
        if said:
            overrides.append(_override(theirs[0], said, ground))
    return Undoing(overrides=tuple(overrides), lost=tuple(lost))


def _answer(wish: Wish, ground: Ground) -> Answer:
    live = account(wish, ground.decision)
    if wish.act == "delete" or live is None:
        # told once all is planned: nothing that an override says would change it
        return ()
    if reason := _unreachable(wish, ground):
        return Lost(wish, reason)
    if wish.act == "create":
        return (Said("block", ""),) if wish.kind == "user" and live.active else ()
    if wish.act == "set" and wish.owner != "admin" and foreseen(wish, live, ground.decision) == wish.before:
        return ()
    if wish.field == "groups":
        return _membership(wish, ground)
    if wish.kind == "user" and wish.field == "active":
        return _state(wish, ground)
    return _value(wish, live, ground)


def _state(wish: Wish, ground: Ground) -> Answer:
    """
    Return that an account is kept inactive; one that shall be usable again is so once it has a role (`_login`).
    """
    if not wish.before:
        return (Said("block", ""),)
    _, reason = ground.org.standings[wish.key]
    if reason in {"", UNPROVISIONED[1]}:
        return ()
    said = (
        _placed(_decided(wish, ground), "block") if reason == "blocked" else f"the source, which says {reason!r},"
    )
    return Lost(wish, f"{said} keeps it inactive: change it there")


def _unreachable(wish: Wish, ground: Ground) -> str:
    """
    Return why no override can speak of the one that a wish is about, or would be heeded.
    """
    if wish.key.startswith("target:"):
        return "Git knows nobody whose it is, so no override can speak of it"
    if wish.key not in (ground.org.users if wish.kind == "user" else ground.org.groups):
        return "the source no longer has it, so no override of it is heeded"
    decided = _decided(wish, ground)
    return f"{_placed(decided, 'exclude')} says hands off" if decided.exclude else ""


def _decided(wish: Wish, ground: Ground) -> Decided:
    decided = ground.org.decided
    return (decided.users if wish.kind == "user" else decided.groups).get(wish.key, UNDECIDED)


def _membership(wish: Wish, ground: Ground) -> Answer:
    if wish.group not in ground.org.groups:
        return Lost(wish, "the source no longer has that group")
    decided = _decided(wish, ground)
    if wish.group in (decided.groups_remove if wish.before else decided.groups_add):
        return Lost(wish, f"{_placed(decided, 'groups.')} says otherwise: change it there")
    name = _plainly(ground.org.groups[wish.group].row.name, wish.group, ground.directory.group)
    return (Said("add" if wish.before else "remove", name),)


def _value(wish: Wish, live: Live, ground: Ground) -> Answer:
    """
    Return which value a field gets, and whose it then is.

    A value that is neither what the run left nor what was before is somebody's since, and stays.
    """
    name, before, held = wish.field, wish.before, live.fields.get(wish.field, UNSET)
    rule = _rules(wish, ground).get(name)
    if rule is None or rule.authority == "target" or isinstance(before, UnsetType):
        return _renamed(wish, ground)
    if isinstance(held, UnsetType) or not _as_left(wish, held, ground):
        return Lost(wish, "it was changed again since, and stays as it is")
    if reason := _contradicted(wish, _decided(wish, ground)):
        return Lost(wish, reason)
    if _owner_then(wish, rule, ground) == "admin":
        return Said("restore", name, before), Said("reviewed", name, held)
    taken = (Said("take", name), Said("reviewed", name, held)) if _owner_now(wish, ground) == "admin" else ()
    return Said("set", name, before), *taken


def _as_left(wish: Wish, held: Value, ground: Ground) -> bool:
    """
    Return whether a field holds what the run left there, or what was there before.
    """
    same = ground.decision.world.equality.same
    return any(not isinstance(one, UnsetType) and same(wish.field, held, one) for one in (wish.after, wish.before))


def _rules(wish: Wish, ground: Ground) -> dict[str, FieldRule]:
    policy = ground.org.policy
    return (policy.users if wish.kind == "user" else policy.groups).fields


def _renamed(wish: Wish, ground: Ground) -> Answer:
    """
    Return the group's earlier name; of where a group stands, and of what no policy writes, nobody can say anything.
    """
    prefix, before = ground.org.policy.groups.prefix, wish.before
    if wish.kind != "group" or wish.field != "name" or not isinstance(before, str):
        return Lost(wish, "no override says anything of this")
    if not before.startswith(prefix):
        return Lost(wish, f"the policy gives every group a name that begins with {prefix!r}")
    return (Said("rename", before.removeprefix(prefix)),)


def _owner_then(wish: Wish, rule: FieldRule, ground: Ground) -> Owner | None:
    """
    Return who shall own a field: who did before the run. What is set once and never again is restored, too.
    """
    if rule.authority == "initial":
        return "admin"
    if rule.authority == "source":
        return "git"
    return _owner_now(wish, ground) if isinstance(wish.owner, UnsetType) else wish.owner


def _owner_now(wish: Wish, ground: Ground) -> Owner | None:
    row = row_of(wish, ground.decision)
    return row.claims[wish.field].owner if row and wish.field in row.claims else None


def _contradicted(wish: Wish, decided: Decided) -> str:
    """
    Return which override says of a field what no other may contradict, and what to do; nothing if there is none.
    """
    name, decisions = wish.field, decided.decisions
    if name in decided.set and decided.set[name] != wish.before:
        return f"{_placed(decided, f'set.{name}')} says otherwise: change it there"
    if name in decisions.give:
        return f"{_placed(decided, 'give')} says otherwise: change it there"
    if name not in decisions.transfers:
        return ""
    origin = decisions.transfers[name].origin
    return f"override {origin} says otherwise: it acts once, so delete that entry, commit, and undo again"


def _placed(decided: Decided, part: str) -> str:
    return next((place for name, place in sorted(decided.places.items()) if name.startswith(part)), "an override")


def _login(theirs: Iterable[Wish], ground: Ground) -> Iterator[Said]:
    """
    Yield the roles without which an account that shall be usable may not log in, as it had them.

    They are granted, for what is merely set says nothing of a login; and set, so that nothing comes with them.
    """
    found = {wish.field: wish for wish in theirs if wish.act in {"set", "keep"}}
    active = found.get("active")
    if active is None or active.before is not True or _unreachable(active, ground) or _state(active, ground):
        return
    live = account(active, ground.decision)
    roles = found["roles"].before if "roles" in found else live.fields.get("roles") if live else None
    login = elements(None if isinstance(roles, UnsetType) else roles).intersection(
        ground.org.policy.users.login_roles
    )
    yield from (Said("roles", role) for role in sorted(login))
    if login and "roles" not in found and not isinstance(roles, UnsetType):
        yield Said("set", "roles", roles)


def _plainly(name: str, key: str, answers: Callable[[str], Collection[str]]) -> str:
    return name if name.isascii() and name.isprintable() and set(answers(name)) == {key} else key


def _override(wish: Wish, said: Sequence[Said], ground: Ground) -> Override:
    """
    Return the entry of one person or group.
    """
    org, users = ground.org, wish.kind == "user"
    name = org.users[wish.key].row.user_name if users else org.groups[wish.key].row.name
    called = _plainly(name, wish.key, ground.directory.person if users else ground.directory.group)
    names = {verb: tuple(sorted(one.name for one in said if one.verb == verb)) for verb in get_args(Verb)}
    values = {verb: {one.name: one.value for one in said if one.verb == verb} for verb in get_args(Verb)}
    return Override(
        origin="",
        digest="",
        user=called if users else None,
        group=None if users else called,
        set=values["set"],
        groups_add=names["add"],
        groups_remove=names["remove"],
        roles_add=names["roles"],
        take=names["take"],
        restore=values["restore"],
        reviewed=values["reviewed"] or UNSET,
        block="block" in {one.verb for one in said},
        rename=next(iter(names["rename"]), None),
        until=ground.until,
        reason=ground.reason,
    )
