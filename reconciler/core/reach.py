"""
Whom a scope reaches: names -> keys, and of who is who the part that is to be settled.

Who is who is told of everybody, so that nobody is taken for somebody else because a run looks at few.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.correlate import Correlation, Pair
from reconciler.core.directory import Directory
from reconciler.core.lifecycle import FORMER, Rules
from reconciler.core.model import Live
from reconciler.core.organisation import Organisation, memberships
from reconciler.core.scope import Scope
from reconciler.errors import UnknownNameError, UsageError


class Reach(Struct, frozen=True):
    """
    The keys of the users and of the groups that a scope names.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def reach_of(scope: Scope, directory: Directory) -> Reach:
    """
    Return whom the names of a scope mean, which names users or groups.

    Who is gone from the source is meant too, where the scope may take everything; and so is a group that is gone.
    Raises UnknownNameError where a name is nobody's, UsageError where it may be several's.
    """
    if scope.users == "named":
        gone = directory.recorded_person if scope.remove == "all" else _nobody
        return Reach(users=_meant(scope, directory.person, gone))
    return Reach(groups=_meant(scope, directory.group, directory.recorded_group))


def _nobody(_name: str) -> set[str]:
    return set()


def _meant(
    scope: Scope, present: Callable[[str], AbstractSet[str]], gone: Callable[[str], set[str]]
) -> frozenset[str]:
    """
    Return the keys that the scope's names mean: who bears one now comes before who is gone.
    """
    found = {name: present(name) or gone(name) for name in scope.named}
    if unknown := tuple(name for name, keys in found.items() if not keys):
        raise UnknownNameError(unknown)
    for name, keys in found.items():
        if len(keys) > 1:
            told = f"{name!r} may be any of {', '.join(sorted(keys))}"
            raise UsageError(told, hint="name the key of the one you mean")
    return frozenset(key for keys in found.values() for key in keys)


def users_within(
    who: Correlation,
    reach: Reach,
    org: Organisation,
    rules: Rules,
    *,
    managed: Mapping[str, str],
    steady: Mapping[str, Live],
) -> Correlation:
    """
    Return of the users those that the scope of the rules is about.

    `managed` maps target ids of groups to their keys, `steady` has the accounts, by key, of those who have no pair.
    """
    if rules.scope.users == "all":
        return who
    if rules.scope.users != "members":
        return _narrowed(who, rules.scope.users, reach.users)
    groups = rules.joinable or frozenset()
    links = {link for link, key in managed.items() if key in groups}
    known = _narrowed(who, "known", frozenset())
    return replace(
        known,
        pairs=tuple(pair for pair in known.pairs if _is_member(pair, org, groups, links)),
        steady=frozenset(key for key, account in steady.items() if not links.isdisjoint(account.groups)),
    )


def _is_member(pair: Pair, org: Organisation, groups: AbstractSet[str], links: AbstractSet[str]) -> bool:
    """
    Return whether somebody is in any of the groups, or shall be: the groups' keys, and their ids in the target.
    """
    there = pair.live is not None and not links.isdisjoint(pair.live.groups)
    return there or (pair.desired is not None and not groups.isdisjoint(memberships(org, org.users[pair.key])))


def groups_within(who: Correlation, scope: Scope, reach: Reach, theirs: frozenset[str]) -> Correlation:
    """
    Return of the groups those that the scope is about. Of the users' own (`theirs`) those that are to be made.
    """
    if scope.groups == "all":
        return who
    if scope.groups != "theirs":
        return _narrowed(who, scope.groups, reach.groups)
    narrow = _narrowed(who, "named", theirs)
    made = tuple(pair for pair in narrow.pairs if pair.live is None and pair.predecessor is None)
    return replace(narrow, pairs=made, superseded={})


def _narrowed(who: Correlation, which: str, named: frozenset[str]) -> Correlation:
    """
    Return those who are `named`, those who are known (the ledger links them), or none, and their conflicts.

    Who is steady is known. A key that another took over goes only together with the one who bears the new key.
    """
    known = frozenset(pair.key for pair in who.pairs if which == "known" and pair.row and pair.row.link)
    keys = named if which == "named" else known
    return replace(
        who,
        pairs=tuple(pair for pair in who.pairs if pair.key in keys),
        steady=who.steady if which == "known" else frozenset(),
        conflicts=tuple(one for one in who.conflicts if keys.intersection(one.keys)),
        superseded={old: new for old, new in who.superseded.items() if new in keys},
    )


def joinable(who: Correlation, scope: Scope, reachable: frozenset[str]) -> frozenset[str] | None:
    """
    Return the keys of the groups that users may join and leave; None: whichever there are.

    `who` are the groups that the scope is about, `reachable` those that are there or will be made. Nobody leaves a
    group for its successor before that one is there.
    """
    if scope.groups == "all":
        return None
    if scope.groups == "theirs":
        return reachable
    former = (FORMER + pair.predecessor.id for pair in who.pairs if pair.predecessor)
    return frozenset((*(pair.key for pair in who.pairs), *former))


def waits_for_members(pair: Pair) -> bool:
    """
    Return whether a group is not made because nobody would be in it, as far as anybody was looked at.
    """
    return pair.live is None and pair.desired is not None and pair.desired.reason == "unpopulated"
