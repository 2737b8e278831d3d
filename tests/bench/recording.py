"""
The commit of a run's record: as the product makes it, and as `git commit` does with the same files.

    python -m tests.bench.recording prepare WORLD TOUCHED        tags what `record` commits
    python -m tests.bench.recording record WORLD TOUCHED
    python -m tests.bench.recording "git commit" WORLD TOUCHED

The last two print the CPU seconds of the commit alone, once the ledger is read, those of Git included.
"""

import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from reconciler.apply.book import Book, commit_record, load
from reconciler.core.ledger import Last, LedgerRow, RunHeader
from reconciler.core.model import Inputs
from reconciler.core.record import Delta, Recorded
from reconciler.files.rows import collector_paused
from reconciler.store import GitStore
from tests.bench import organisation as made
from tests.bench.measure import cpu_seconds

BEGIN, RECORDED = "begin", "recorded"
_AUTHOR = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")


def prepare(world: Path, touched: int) -> None:
    """
    Tag the commit that `record` makes.
    """
    record(world, touched)
    _git(world, "tag", "-f", RECORDED)


def record(world: Path, touched: int) -> float:
    """
    Return the CPU seconds in which the product commits a record of a run that touched so many people.
    """
    store = GitStore.open(
        world / "state",
        root=f"ledger/{made.TARGET}",
        branch=None,
        author=("Bench", "bench@example.com"),
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
    )
    book = Book(target=made.TARGET, store=store, folder=world)
    with collector_paused():
        opened = load(book)
        ledger = opened.ledger.whole()
        chosen = random.Random(1).sample(sorted(ledger.users), touched)
        recorded = Recorded(
            delta=Delta(users={key: _touched(ledger.users[key]) for key in chosen}, groups={}),
            head=replace(ledger.head, serial=ledger.head.serial + 1),
            header=_header(ledger.head.serial + 1),
            lines=(),
        )
        begun = cpu_seconds()
        commit_record(book, opened, recorded, trailers={})
        return cpu_seconds() - begun


def _touched(row: LedgerRow) -> LedgerRow:
    """
    Return the row after a run has written another description.
    """
    last = row.last or Last()
    return replace(row, last=replace(last, fields={**last.fields, "description": "Moved"}))


def _header(run: int) -> RunHeader:
    return RunHeader(
        run=run,
        time=made.NOW,
        scope="all",
        who="bench",
        tool="bench",
        inputs=Inputs(),
        plan="",
        approval="",
        previous="",
    )


def git_commit(world: Path, touched: int) -> float:
    """
    Return the CPU seconds in which Git itself adds and commits the files that the product's commit changed.
    """
    del touched
    paths = _git(world, "diff", "--name-only", "-z", BEGIN, RECORDED)
    files = {path: _git(world, "show", f"{RECORDED}:{path}") for path in paths.decode().split("\0") if path}
    begun = cpu_seconds()
    for path, content in files.items():
        (world / path).parent.mkdir(parents=True, exist_ok=True)
        (world / path).write_bytes(content)
    _git(world, "add", "--pathspec-from-file=-", "--pathspec-file-nul", feed=paths)
    _git(world, "commit", "-q", "-m", "Record")
    return cpu_seconds() - begun


def _git(world: Path, *arguments: str, feed: bytes = b"") -> bytes:
    command = ["git", *_AUTHOR, *arguments]
    return subprocess.run(command, cwd=world, check=True, input=feed, stdout=subprocess.PIPE).stdout


MODES: dict[str, Callable[[Path, int], float]] = {"git commit": git_commit, "record": record}


def main(mode: str, world: Path, touched: int) -> None:
    """
    Do what the command line says, and leave the world as it was.
    """
    try:
        if mode == "prepare":
            prepare(world, touched)
        else:
            sys.stdout.write(f"{MODES[mode](world, touched)}\n")
    finally:
        _git(world, "reset", "-q", "--hard", BEGIN)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
