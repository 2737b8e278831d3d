"""
The values of a review of groups: what a group of the target gives, what was decided of it, what would come of that.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

Verb: TypeAlias = Literal["overwrite", "keep", "merge", "rename"]
Standing: TypeAlias = Literal["undecided", "stale", "blocked", "later", "adopt", "overwrite", "keep", "merge"]

WON: frozenset[Standing] = frozenset({"adopt", "overwrite", "merge"})
"""How a contest stands that makes the group ours."""


class Ruling(Struct, frozen=True, kw_only=True):
    """
    A decision about a group whose name is taken: what shall be done, at which place it stands, and why.

    `reviewed` is the digest of the two memberships that were looked at, and of who would join and leave.
    """

    verb: Verb
    reviewed: str
    origin: str
    reason: str


class GroupAccess(Struct, frozen=True, kw_only=True):
    """
    What a group of the target gives its members: products, and the sites on which it stands.

    `default` are the (site, product) of which it is the default access group: whoever is let in there joins it.
    """

    products: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    default: tuple[tuple[str, str], ...] = ()


class Contest(Struct, frozen=True, kw_only=True):
    """
    A group of the source whose name is borne by one that we do not manage, and how that stands.

    `name` and `link` are the target's, `called` is its name at the source. `sites` are those on which it stands.
    `wants` are the keys of whom Git would have in it, `has` the target ids of whom it has; `digest` covers both,
    and whom the review shows joining and leaving.
    `reason` says why it waits, `release` for what.
    """

    key: str
    called: str
    name: str
    link: str
    access: GroupAccess
    sites: tuple[str, ...]
    wants: frozenset[str]
    has: frozenset[str]
    digest: str
    standing: Standing
    ruling: Ruling | None = None
    reason: str = ""
    release: str = ""

    @property
    def is_won(self) -> bool:
        """
        Return whether the group is ours from now on.
        """
        return self.standing in WON

    @property
    def waits(self) -> bool:
        """
        Return whether somebody must decide, or decide again.
        """
        return self.standing in {"undecided", "stale", "blocked"}


class Member(Struct, frozen=True, kw_only=True):
    """
    Somebody who would join or leave a group: user name, and key (of whom no source knows, `target:ID`).
    """

    key: str
    name: str


class Review(Struct, frozen=True, kw_only=True):
    """
    A contest, and who would join and leave the target's group if it were overwritten, each sorted by name.
    """

    contest: Contest
    joins: tuple[Member, ...]
    leaves: tuple[Member, ...]


class Entitled(Struct, frozen=True, kw_only=True):
    """
    One person, and the products to which a plan gives and takes access.
    """

    key: str
    name: str
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
