"""
What people decided, as values: overrides of users and groups, and waivers (formats.md, overrides).
"""

from msgspec import UNSET, Struct, UnsetType, field

from reconciler.core.model import Fields, Value


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

    `guard` is the code that a held change names (`users-deactivated`, `export-older`...).
    """

    origin: str
    target: str
    guard: str
    count: int
    until: str
    reason: str
