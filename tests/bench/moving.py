"""
A world a day later: the cloud has changed 1 % of the people, and administrators 1 % of the accounts.

    python -m tests.bench.moving WORLD SEED
"""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from msgspec import structs

from reconciler.files.exports import read_export
from reconciler.files.rows import collector_paused
from tests.bench import organisation as made
from tests.bench.sides import write_source

_LATER = "2026-01-03T06:00:00Z"
_AUTHOR = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")


def move_on(world: Path, seed: int) -> None:
    """
    Change one field of 1 % of the people in the export, commit that, and the locale of 1 % of the accounts.
    """
    chance = random.Random(seed)
    with collector_paused():
        _move_source(world / "state" / "exports" / made.SOURCE, chance)
    for arguments in (("add", "state/exports"), ("commit", "-q", "-m", "Read the cloud again")):
        subprocess.run(["git", *_AUTHOR, *arguments], cwd=world, check=True)
    with closing(sqlite3.connect(world / made.DATABASE)) as connection, connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM users ORDER BY id")]
        edits = [(chance.choice(made.LOCALES), id_) for id_ in chance.sample(ids, len(ids) // 100)]
        connection.executemany("UPDATE users SET locale = ? WHERE id = ?", edits)


def _move_source(export: Path, chance: random.Random) -> None:
    """
    Write the export again with other descriptions of 1 % of the people.
    """
    read = read_export(export)
    users = [placed.row for placed in read.users]
    for number in chance.sample(range(len(users)), len(users) // 100):
        users[number] = structs.replace(users[number], description=f"Moved {chance.randrange(10**9)}")
    write_source(export, users, [placed.row for placed in read.groups], fetched_at=_LATER)


if __name__ == "__main__":
    move_on(Path(sys.argv[1]), int(sys.argv[2]))
