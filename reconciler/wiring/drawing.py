"""
What a target draws from: the export of its source, or of its sources as one.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from reconciler.core.joined import TOGETHER, joined
from reconciler.core.merging import Joining
from reconciler.core.policy import seconds
from reconciler.files.config import Config, TargetConfig
from reconciler.files.exports import open_export, read_export
from reconciler.ports import Exported, Recorded


class Drawn(Struct, frozen=True, kw_only=True):
    """
    The export, the account that it must be of (None: nobody says), and how old it may be.
    """

    export: Exported
    account: str | None
    max_age: str


def drawn(root: Path, config: Config, target: str, ledger: Recorded) -> Drawn:
    """
    Return what the target draws from. Of several sources the whole is read at once.

    Whoever stands in several of them, joined, keeps the key by which the ledger links them.
    Raises SourceError where a source has no export, InputError where one cannot be believed, or two have one key.
    """
    names = config.targets[target].sources
    sources = [config.sources[name] for name in names]
    accounts = [source.account for source in sources]
    known = [account for account in accounts if account is not None]
    return Drawn(
        export=open_export(root / "exports" / names[0])
        if len(names) == 1
        else joined(
            {name: read_export(root / "exports" / name) for name in names},
            joining(
                config.targets[target],
                lambda: _linked(ledger),
            ),
        ),
        account=TOGETHER.join(known) if len(known) == len(accounts) else None,
        max_age=min((source.max_age for source in sources), key=seconds),
    )


def joining(target: TargetConfig, known: Callable[[], Iterable[str]]) -> Joining | None:
    """
    Return by what people of a target's sources are one, if they are; `known` is asked for those with an account.
    """
    join = target.join
    return Joining(by=join.by, precedence=join.precedence, known=frozenset(known())) if join else None


def _linked(ledger: Recorded) -> Iterator[str]:
    """
    Yield the keys that have an account: a row that only says what was held is nobody's whom a join could lose.
    """
    yield from (key for _, rows in ledger.shards() for key, row in rows.items() if row.link)
