"""
`reconciler.yaml` as a typed value: the sources, the targets, and where the ledger is kept.
"""

from typing import Any, Literal

from msgspec import Struct, field


class SourceConfig(Struct, frozen=True, kw_only=True):
    """
    One cloud: its adapter, the account its exports must be of, how old an export may be, its adapter's settings.
    """

    type: str
    account: str | None = None
    max_age: str = "36h"
    settings: dict[str, Any] = field(default_factory=dict)


class JoinConfig(Struct, frozen=True, kw_only=True):
    """
    By which field people of several sources are one, and the order of sources for single fields.
    """

    by: str
    precedence: dict[str, tuple[str, ...]] = field(default_factory=dict)


class TargetConfig(Struct, frozen=True, kw_only=True):
    """
    One system: its adapter, its address (secrets only as `${ENV_NAME}`), its sources, its policy, its settings.

    `settings`, here and of a source, stand as they are written; only wiring gives them a type.
    """

    type: str
    url: str
    sources: tuple[str, ...]
    policy: str
    account: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    join: JoinConfig | None = None


class Author(Struct, frozen=True, kw_only=True):
    """
    Who the ledger's commits are by.
    """

    name: str = "Reconciler"
    email: str = "reconciler@localhost"


class LedgerConfig(Struct, frozen=True, kw_only=True):
    """
    Where the ledger is kept (`branch` None: the current branch) and how durable an intent must be.
    """

    branch: str | None = None
    durability: Literal["commit", "push"] = "commit"
    author: Author = field(default_factory=Author)


class Config(Struct, frozen=True, kw_only=True):
    """
    The whole configuration of one state folder.
    """

    version: int
    sources: dict[str, SourceConfig]
    targets: dict[str, TargetConfig]
    ledger: LedgerConfig = field(default_factory=LedgerConfig)
