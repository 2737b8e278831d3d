"""
What somebody who searches a directory means: text that names contain, or the directory's own filter.
"""

from collections.abc import Iterable

from msgspec import Struct

from reconciler.core.export import GroupRow, UserRow
from reconciler.core.matching import folded

WILDCARD = "*"

_ESCAPED = {ord(one): f"\\{ord(one):02x}" for one in "\\*()\0"}
"""What an assertion value may not hold as it stands (RFC 4515, section 3)."""


class Query(Struct, frozen=True, kw_only=True):
    """
    What is searched for. `raw`: the text is a filter of the directory's own (RFC 4515), and is passed on as it is.
    """

    text: str
    raw: bool = False


class Matches(Struct, frozen=True, kw_only=True):
    """
    The users and groups that a search found, each sorted by key.
    """

    users: tuple[UserRow, ...] = ()
    groups: tuple[GroupRow, ...] = ()


def contains(text: str, names: Iterable[str]) -> bool:
    """
    Return whether any of the names contains the text, whatever stands before and after it.

    `*` stands for anything, case and compatibility do not count. So `an` and `an*` mean the same.
    """
    wanted = pieces(folded(text))
    return any(_in_order(wanted, folded(name)) for name in names)


def containing(text: str, attributes: Iterable[str]) -> str:
    """
    Return the LDAP filter that finds the same: any of the attributes contains the text (RFC 4515, substring).

    What a filter would act on is escaped, so that nobody searches for more than was typed.
    """
    middle = [one.translate(_ESCAPED) for one in pieces(text)]
    value = WILDCARD.join(["", *middle, ""]) if middle else WILDCARD
    return "(|" + "".join(f"({name}={value})" for name in attributes) + ")"


def pieces(text: str) -> tuple[str, ...]:
    """
    Return what stands between the wildcards of a text; nothing where it is nothing but wildcards.
    """
    return tuple(piece for piece in text.split(WILDCARD) if piece)


def _in_order(wanted: Iterable[str], name: str) -> bool:
    """
    Return whether the pieces stand in the name one after the other.
    """
    at = 0
    for piece in wanted:
        found = name.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True
