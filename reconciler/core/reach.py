"""
Whom a scope reaches: names -> keys, and of who is who the part that is to be settled.

Who is who is told of everybody, so that nobody is taken for somebody else because a run looks at few.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.correlate import Correlation, Pair
from reconciler.core.directory import Directory
from reconciler.core.lifecycle import FORMER
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


def _meant(scope: Scope, present: Callable[[str], set[str]], gone: Callable[[str], set[str]]) -> frozenset[str]:
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


def users_within(who: Correlation, scope: Scope, reach: Reach) -> Correlation:
    """
    Return of the users those that the scope is about.
    """
    return who if scope.users == "all" else _narrowed(who, scope.users, reach.users)


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
