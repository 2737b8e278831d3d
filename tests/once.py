"""
Folders that many tests begin with: the first test that needs one makes it, the others get a copy.

What runs of the command line leave in a folder takes a second to make and milliseconds to copy.
"""

import shutil
from collections.abc import Callable
from pathlib import Path


class Once:
    """
    What was made, kept below `store` as it was then; each process that runs tests has a store of its own.
    """

    def __init__(self, store: Path) -> None:
        self._store = store

    def __call__(self, name: str, folder: Path, make: Callable[[], object]) -> None:
        """
        Have `folder` hold what `make` makes there, which is done once for each `name`.
        """
        kept = self._store / name
        if not kept.exists():
            make()
            shutil.copytree(folder, kept, symlinks=True)
            return
        # emptied, and not removed: commands run in it
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
