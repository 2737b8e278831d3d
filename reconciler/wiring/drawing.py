"""
What a target draws from: the export of its source, or of its sources as one.
"""

from pathlib import Path

from msgspec import Struct

from reconciler.core.joined import TOGETHER, joined
from reconciler.core.policy import seconds
from reconciler.files.config import Config
from reconciler.files.exports import open_export, read_export
from reconciler.ports import Exported


class Drawn(Struct, frozen=True, kw_only=True):
    """
    The export, the account that it must be of (None: nobody says), and how old it may be.
    """

    export: Exported
    account: str | None
    max_age: str


def drawn(root: Path, config: Config, target: str) -> Drawn:
    """
    Return what the target draws from. Of several sources the whole is read at once.

    Raises SourceError where a source has no export, InputError where one cannot be believed, or two have one key.
    """
    names = config.targets[target].sources
    sources = [config.sources[name] for name in names]
    accounts = [source.account for source in sources]
    known = [account for account in accounts if account is not None]
    return Drawn(
        export=open_export(root / "exports" / names[0])
        if len(names) == 1
        else joined({name: read_export(root / "exports" / name) for name in names}),
        account=TOGETHER.join(known) if len(known) == len(accounts) else None,
        max_age=min((source.max_age for source in sources), key=seconds),
    )
