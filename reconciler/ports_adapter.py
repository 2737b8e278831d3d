"""
How an adapter is plugged in: what it says of itself, and what it is told when it is used.

A module holds one value, a SourceAdapter or a TargetAdapter; the registry in wiring, or an entry point of another
distribution (`reconciler.sources`, `reconciler.targets`), says where. Nothing is imported before it is used.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Generic, TypeAlias, TypeVar

from msgspec import Meta, Struct

from reconciler.core.policy import Policy
from reconciler.ports import Reading, Searchable, Unfenced

Settings = TypeVar("Settings", bound=Struct)

Secret: TypeAlias = Annotated[
    str,
    Meta(
        extra_json_schema={
            "writeOnly": True,
            "pattern": r"^(?:\$\{[A-Z_][A-Z0-9_]*\})+$",
            "examples": ["${ENV_NAME}"],
        }
    ),
]
"""A setting that is written as `${ENV_NAME}` and nothing else: its text is never in a file, and never shown."""


class NoSettings(Struct, frozen=True):
    """
    The settings of an adapter that has none.
    """


class Opening(Struct, Generic[Settings], frozen=True, kw_only=True):
    """
    What a target's adapter is told: the target's name and what reconciler.yaml and the policy say of it.

    `url` and `settings` hold secrets and are never shown; `written` is the url as it stands in the file. `home` is
    the folder that relative paths start at. Membership of a group in `role_groups` is an element of `roles`.
    `policy` is what shall hold there, for an adapter that can tell whether its system has a place for it.
    """

    name: str
    url: str
    written: str
    settings: Settings
    home: Path
    account: str | None = None
    role_groups: frozenset[str] = frozenset()
    policy: Policy | None = None


class TargetAdapter(Struct, Generic[Settings], frozen=True, kw_only=True):
    """
    A type of target: how one is opened, and what may stand in its `settings`.

    `fit` raises for a policy that its system has no place for, `address` for a url that cannot be one; neither asks
    anybody, so that `validate` can tell it, where no variable of the environment is known.
    """

    settings: type[Settings]
    open: Callable[[Opening[Settings]], Unfenced]
    fit: Callable[[Opening[Settings]], object] | None = None
    address: Callable[[str], object] | None = None


class Asking(Struct, Generic[Settings], frozen=True, kw_only=True):
    """
    What a source's adapter is told: the source's name and what reconciler.yaml and the command line say of it.

    `settings` hold secrets and are never shown. `account` is the one that is expected, `fetched_at` when files were
    printed (None: nobody says), `now` the present time, `home` the folder that relative paths start at.
    """

    name: str
    settings: Settings
    home: Path
    now: Callable[[], datetime]
    account: str | None = None
    fetched_at: str | None = None


class SourceAdapter(Struct, Generic[Settings], frozen=True, kw_only=True):
    """
    A type of source: what may stand in its `settings`, and how it is read: from files, live, or by a search.

    `live` and `search` return None where the settings name no server to ask.
    """

    settings: type[Settings]
    files: Callable[[Sequence[Path], Asking[Settings]], Reading] | None = None
    live: Callable[[Asking[Settings]], Reading | None] | None = None
    search: Callable[[Asking[Settings]], Searchable | None] | None = None
