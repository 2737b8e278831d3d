"""
What people decided, as values: overrides of users and groups, and waivers (formats.md, overrides).
"""

from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType, field

from reconciler.core.canonical import encode
from reconciler.core.matching import folded
from reconciler.core.model import Fields, Kind, Value

_SINGLE = ("adopt", "copy_access_from", "decision", "enable", "rename")
_CARE = ("include", "exclude", "block")


class Override(Struct, frozen=True, kw_only=True):
    """
    One entry of a file under `overrides/`, for one user or one group, as written.

    `user` is a key, user name or e-mail; `group` a name. `origin` is the entry's `path:line`, `places` the same
    for each of its keys (`set.locale`, `groups.add`). `digest` covers the content without its place, so that an
    override that acts once is known when the file moves. `until` is the last day it holds (UTC, inclusive).
    """

    origin: str
    digest: str
    places: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    group: str | None = None
    set: Fields = field(default_factory=dict)
    groups_add: tuple[str, ...] = ()
    groups_remove: tuple[str, ...] = ()
    roles_add: tuple[str, ...] = ()
    roles_remove: tuple[str, ...] = ()
    copy_access_from: str | None = None
    take: tuple[str, ...] = ()
    reviewed: dict[str, Value] | str | UnsetType = UNSET
    restore: Fields = field(default_factory=dict)
    give: tuple[str, ...] = ()
    adopt: bool = False
    enable: bool = False
    include: bool = False
    exclude: bool = False
    block: bool = False
    rename: str | None = None
    decision: str | None = None
    until: str | None = None
    reason: str = ""


class Waiver(Struct, frozen=True, kw_only=True):
    """
    A reviewed, dated permission for one guard to let exactly `count` changes pass.

    `guard` is the code that a held change names (`users-deactivated`, `export-older`...). `since` is the first day
    it holds (empty: any), `until` the last, both inclusive and in UTC.
    """

    origin: str
    target: str
    guard: str
    count: int
    until: str
    reason: str
    since: str = field(default="", name="from")


def to_write(kind: Kind, key: str, verb: str) -> str:
    """
    Return the entry that a person would write, but for the reason, to say `adopt: true`, or the like, of somebody.
    """
    return f"`- {{{kind}: {encode(key).decode()}, {verb}: true, reason: ...}}`"


def statements(one: Override) -> Iterator[tuple[str, object, str]]:
    """
    Yield of what an override says something, what it says, and which part of it does (a key of `places`).

    Who owns a field is one statement, whether `take`, `give` or `restore` makes it; so is whether somebody is
    looked after, whether `include`, `exclude` or `block` does.
    """
    yield from ((f"set.{name}", value, f"set.{name}") for name, value in one.set.items())
    for name, value in one.restore.items():
        yield f"the owner of {name}", ("restore", value), f"restore.{name}"
    for verb, names in (("take", one.take), ("give", one.give)):
        yield from ((f"the owner of {name}", verb, f"{verb}.{name}") for name in names)
    for verb, names in (("add", one.groups_add), ("remove", one.groups_remove)):
        yield from ((f"the group {folded(name)!r}", verb, f"groups.{verb}.{name}") for name in names)
    for verb, names in (("add", one.roles_add), ("remove", one.roles_remove)):
        yield from ((f"the role {role!r}", verb, f"roles.{verb}.{role}") for role in names)
    if isinstance(one.reviewed, str):
        yield "what was reviewed", one.reviewed, "reviewed"
    for part in _SINGLE:
        if part in one.places or getattr(one, part):
            yield part, getattr(one, part), part
    yield from (("care", verb, verb) for verb in _CARE if getattr(one, verb))
