"""
The ledger of one target, opened from Git alone: no target is asked, and no export need be there.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from reconciler.apply.book import Book, load
from reconciler.core.ledger import Head, Ledger
from reconciler.core.runs import Run, decode_runs, verify_chain
from reconciler.errors import InputError
from reconciler.files.document import decode_document
from reconciler.files.ledger import HEAD, VERSION
from reconciler.files.state import State, read_state
from reconciler.history import RUNS, read_runs
from reconciler.store import EmptyStore, GitStore
from reconciler.wiring.adapters import open_store
from reconciler.wiring.bench import chosen, require_repository
from reconciler.wiring.surroundings import clock


class Records(Struct, frozen=True, kw_only=True):
    """
    One target's name, the store of its ledger, and the folder that holds the state folder.
    """

    target: str
    store: GitStore
    folder: Path

    def runs(self) -> tuple[Run, ...]:
        """
        Return the records of all runs; raises InputError where they are not the chain that the ledger's head ends.
        """
        runs = read_runs(self.store)
        head = dict(self.store.read(HEAD)).get(HEAD)
        last = decode_document(head, Head, HEAD, version=VERSION).previous if head else None
        if broken := verify_chain(runs, last=last):
            raise InputError(broken)
        return runs

    def ledger(self) -> Ledger:
        """
        Return the ledger as the store has it now.
        """
        book = Book(target=self.target, store=self.store, folder=self.folder)
        return load(book).ledger.whole()


def records(root: Path, target: str | None, *, environ: Mapping[str, str]) -> Records:
    """
    Return what Git holds of one target's runs.

    Faults of overrides and exports do not matter here. Raises InputError where the configuration is faulty,
    StoreError where the state folder lies in no repository.
    """
    reading = read_state(root)
    if reading.config is None:
        raise InputError(reading.faults)
    state = State(
        root=root, config=reading.config, document=reading.document, policies={}, overrides=(), waivers=()
    )
    name = chosen(reading.config, target)
    store = require_repository(open_store(state, name, clock(environ)))
    store.follow(published=state.config.ledger.durability == "push")
    return Records(target=name, store=store, folder=root.resolve().parent)


def last_run_time(store: GitStore | EmptyStore) -> str:
    """
    Return when the last recorded run was, in UTC; empty where there is none, or its record cannot be read.
    """
    paths = [path for path in store.paths() if path.startswith(f"{RUNS}/")]
    if not paths:
        return ""
    last = max(paths, key=lambda path: path.rpartition("/")[2])
    with suppress(InputError):
        runs = decode_runs((path, content, None) for path, content in store.read(last))
        return runs[0].header.time if runs else ""
    return ""
