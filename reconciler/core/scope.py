"""
Whom a run looks at, and what it may do to them: everybody and everything, or what one event is about.

A trigger is a scope of the one engine, never a second one. What a scope does not allow is no goal to begin with, so
nothing is taken out of a plan afterwards.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import UsageError

TOLD = 3
"""Names that a scope is told by; of more it tells how many."""


class Scope(Struct, frozen=True, kw_only=True):
    """
    What one run is about. `named` are users (of `sync-groups`: groups) as people call them, or keys.

    `users`, `groups`: which of them; `members` are the known ones who are in these groups, or shall be.
    `membership`: whether users get memberships and roles as Git says, and leave groups; otherwise whoever is made
    gets none. `create`, `refresh`: whether users may be made, and their fields become what Git says. `remove`: all
    that the policy removes, a user's own memberships alone, or nothing. `login`: they are here, so that a policy
    that waits for it makes their accounts usable.

    | scope | users | membership | create | refresh | remove | groups |
    |---|---|---|---|---|---|---|
    | all | all | yes | yes | yes | all | all |
    | start | none | | | | | all |
    | login | named | yes | yes | yes | memberships | theirs: made where the target lacks them |
    | search | named | no | yes | no | nothing | none |
    | sync-users | named, or all known | yes | yes | yes | all | theirs |
    | sync-groups | members, or all known | in these groups | no | no | memberships | named, or all known |
    """

    name: str = "all"
    named: tuple[str, ...] = ()
    users: Literal["all", "known", "named", "members", "none"] = "all"
    groups: Literal["all", "known", "named", "theirs", "none"] = "all"
    membership: bool = True
    create: bool = True
    refresh: bool = True
    remove: Literal["all", "memberships", "nothing"] = "all"
    login: bool = False

    @property
    def whole(self) -> bool:
        """
        Return whether the run is about every user there is: only such a one can tell who is new to us, or gone.
        """
        return self.users == "all"

    @property
    def settles_groups(self) -> bool:
        """
        Return whether a group that others made may be adopted in the run: its members too, or no members at all.
        """
        return self.whole or not self.membership

    @property
    def told(self) -> str:
        """
        Return the scope in a few words, as the plan and the run's record have it.
        """
        more = f"{len(self.named)} names" if len(self.named) > TOLD else ", ".join(self.named)
        return f"{self.name}: {more}" if more else self.name


ALL = Scope()
START = Scope(name="start", users="none", membership=False)


def login(users: Iterable[str]) -> Scope:
    """
    Return the scope of a login: one user, or several whose logins are looked at together.
    """
    return Scope(name="login", named=_once(users), users="named", groups="theirs", remove="memberships", login=True)


def search(users: Iterable[str]) -> Scope:
    """
    Return the scope of a search that found these users.
    """
    return Scope(
        name="search",
        named=_once(users),
        users="named",
        groups="none",
        membership=False,
        refresh=False,
        remove="nothing",
    )


def sync_users(users: Iterable[str]) -> Scope:
    """
    Return the scope in which these users, or all known ones, become what Git says.
    """
    named = _once(users)
    return Scope(name="sync-users", named=named, users="named" if named else "known", groups="theirs")


def sync_groups(groups: Iterable[str]) -> Scope:
    """
    Return the scope in which these groups, or all known ones, become what Git says, and who is in them.
    """
    named = _once(groups)
    return Scope(
        name="sync-groups",
        named=named,
        users="members" if named else "known",
        groups="named" if named else "known",
        create=False,
        refresh=False,
        remove="memberships",
    )


_BY_NAME = {"login": login, "sync-users": sync_users, "sync-groups": sync_groups}
_PLAIN = {"all": ALL, "start": START}
NAMES = (*_PLAIN, *_BY_NAME)


def scope_of(text: str) -> Scope:
    """
    Return the scope that a text names, such as `start`, `login:ann` or `sync-groups:staff,guests`.

    Raises UsageError where there is none of that name, or it lacks the names it needs, or may have none.
    """
    name, _, rest = text.partition(":")
    named = _once(one.strip() for one in rest.split(","))
    if name not in NAMES:
        raise UsageError(f"there is no scope {name!r}", hint=f"one of: {', '.join(NAMES)}")
    if named and name in _PLAIN:
        raise UsageError(f"the scope {name} is about no names", hint=f"say: {name}")
    if not named and name == "login":
        raise UsageError("a login is somebody's", hint="say whose: login:USER")
    return _PLAIN[name] if name in _PLAIN else _BY_NAME[name](named)


def joined(scopes: Iterable[Scope]) -> Scope:
    """
    Return the one scope of several of one kind: it is about all of whom they are about, each once.
    """
    first, *others = scopes
    every = (first, *others)
    named = _once(name for one in every for name in one.named) if all(one.named for one in every) else ()
    return replace(next((one for one in every if not one.named), first), named=named)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
