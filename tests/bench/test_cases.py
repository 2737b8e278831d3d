"""
What the benchmark measures: both sides of each case do the same work, and the small sizes come to the right result.
"""

import json
import sqlite3
import subprocess
import sys
from argparse import ArgumentTypeError
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import msgspec
import pytest

from reconciler.core.model import Change
from reconciler.files.exports import read_export
from tests.bench import moving, recording, writing
from tests.bench import organisation as made
from tests.bench.__main__ import sizes
from tests.bench.cases import CASES
from tests.bench.world import make_world

SIZE = 200


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """
    Return the folder of a world of two hundred people.
    """
    make_world(tmp_path / "world", made.organisation(SIZE))
    return tmp_path / "world"


def test_the_product_writes_what_the_bare_driver_writes(tmp_path: Path) -> None:
    """
    A floor that left rows out would be no floor: both leave the same people, memberships, roles and profiles.
    """
    changes, empty = tmp_path / "creates.jsonl", tmp_path / "empty.db"
    writing.prepare(changes, empty, SIZE)
    wanted = msgspec.json.Decoder(Change).decode_lines(changes.read_bytes())
    for mode, write in writing.MODES.items():
        copyfile(empty, tmp_path / f"{mode}.db")
        write(wanted, tmp_path / f"{mode}.db")

    assert rows(tmp_path / "apply.db") == rows(tmp_path / "executemany.db")
    assert len(rows(tmp_path / "apply.db")) == SIZE * (1 + made.MEMBERSHIPS + 1) + roles(wanted)


def test_a_record_changes_at_most_one_file_for_each_row(world: Path) -> None:
    """
    A run that touched ten people commits at most ten files beside its record and the head, and so does Git.
    """
    recording.prepare(world, 10)
    changed = git(world, "diff", "--name-only", "begin", "recorded").splitlines()
    git(world, "reset", "-q", "--hard", "begin")
    recording.git_commit(world, 10)

    assert 2 < len(changed) <= 10 + 2
    assert git(world, "rev-parse", "HEAD^{tree}") == git(world, "rev-parse", "recorded^{tree}")


def test_a_day_changes_a_hundredth_of_either_side(world: Path) -> None:
    """
    What the next plan finds is what was changed for it to find.
    """
    export = world / "state" / "exports" / made.SOURCE
    before = {placed.row.key: placed.row for placed in read_export(export).users}
    locales = dict(column(world / made.DATABASE, "SELECT external_id, version FROM users"))
    moving.move_on(world, 7)

    after = read_export(export).users
    assert sum(before[placed.row.key] != placed.row for placed in after) == SIZE // 100
    moved = set(column(world / made.DATABASE, "SELECT external_id, version FROM users")) - set(locales.items())
    assert len(moved) == SIZE // 100


def test_the_floor_of_the_next_plan_reads_every_row(world: Path) -> None:
    """
    Two hundred people, one made by an administrator in the place of one who is new, with their memberships.
    """
    counts = counted(world)

    assert counts["users"] == SIZE
    assert counts["memberships"] == (SIZE - 1) * made.MEMBERSHIPS


@pytest.mark.parametrize(
    ("said", "meant"),
    [("10k", ["10k"]), ("1M,1k", ["1k", "1M"]), ("1m", ["1M"])],
    ids=["one", "smallest first", "any case"],
)
def test_sizes_are_measured_from_the_smallest(said: str, meant: list[str]) -> None:
    """
    Each size is compared with the one before it.
    """
    assert sizes(said) == meant


def test_a_size_that_is_none_is_named() -> None:
    """
    Nobody waits for a figure of a size that was mistyped.
    """
    with pytest.raises(ArgumentTypeError, match="2k"):
        sizes("1k,2k")


def test_the_table_is_printed_for_what_is_asked(tmp_path: Path) -> None:
    """
    `python -m tests.bench` measures, and prints a line for each command of a case.
    """
    command = [sys.executable, "-m", "tests.bench", "--size", "1k", "--case", "startup", "--rounds", "1"]
    printed = subprocess.run(
        [*command, "--folder", str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout.splitlines()

    assert printed[0] == "startup, 1k users"
    assert [line[:14].strip() for line in printed[2:6]] == ["import click", "--version", "--help", "validate"]
    assert set(CASES) == {"first", "next", "login", "first-login", "group", "apply-sqlite", "ledger", "startup"}


def rows(database: Path) -> list[tuple[str, str]]:
    """
    Return every user's fields and the elements of their sets, sorted, whatever their ids.
    """
    people = (
        "SELECT external_id, json_array(user_name, email, first_name, last_name, description, locale, enabled,"
        " locked, can_change_password, temporary_password, password_expires_in_days, changed_by) FROM users"
    )
    sets = (
        f"SELECT u.external_id, '{table} ' || s.{element} FROM {table} s JOIN users u ON u.id = s.user_id"
        for table, element in (("memberships", "group_id"), ("user_roles", "role"), ("user_profiles", "profile"))
    )
    return sorted(pair for query in (people, *sets) for pair in column(database, query))


def roles(changes: list[Change]) -> int:
    """
    Return how many roles the changes give.
    """
    return sum(len(given) for one in changes if isinstance(given := one.after["roles"], tuple))


def column(database: Path, query: str) -> list[tuple[str, str]]:
    """
    Return the rows of a query.
    """
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def counted(world: Path) -> dict[str, int]:
    """
    Return what the floor prints, run as the benchmark runs it: it switches the garbage collector off.
    """
    command = [sys.executable, "-m", "tests.bench.floors", "rows", str(world)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def git(world: Path, *arguments: str) -> str:
    """
    Return what a Git command prints.
    """
    return subprocess.run(["git", *arguments], cwd=world, check=True, capture_output=True, text=True).stdout
