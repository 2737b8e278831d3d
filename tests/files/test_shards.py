"""
Which file holds which row, and when that changes.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.ledger import LedgerRow
from reconciler.files.shards import (
    depth_for,
    key_hashes,
    misplaced,
    shard_depth,
    shard_path,
    spread,
    within,
)


@pytest.mark.parametrize(
    ("count", "depth"),
    [(0, 0), (1_000, 0), (1_001, 1), (16_000, 1), (16_001, 2), (260_000, 2), (260_001, 3), (10_000_000, 3)],
)
def test_depth_follows_the_number_of_rows(count: int, depth: int) -> None:
    """
    The limits are those of the format: 1,000 rows, 16,000, 260,000.
    """
    assert depth_for(count) == depth


@pytest.mark.parametrize(
    ("count", "present", "depth"),
    [
        pytest.param(999, 1, 1, id="just below the limit: stays"),
        pytest.param(501, 1, 1, id="more than half of the shallower form: stays"),
        pytest.param(500, 1, 0, id="half of it: one file again"),
        pytest.param(1_001, 0, 1, id="above: at once deeper"),
        pytest.param(400, 3, 0, id="far below: back to one file"),
        pytest.param(8_001, 3, 2, id="from the deepest as far as it must"),
        pytest.param(300_000, 1, 3, id="far above: as deep as needed"),
    ],
)
def test_a_count_that_swings_about_a_limit_changes_nothing(count: int, present: int, depth: int) -> None:
    """
    Rows move to deeper files at the limit, and back only at half of it.
    """
    assert depth_for(count, present) == depth


def test_the_file_of_a_row_is_told_by_the_sha_256_of_its_key() -> None:
    """
    The digits of the hash are the folder and the file.
    """
    digits = hashlib.sha256("Zoë".encode()).hexdigest()

    assert [shard_path("users", "Zoë", depth) for depth in range(4)] == [
        "users.jsonl",
        f"users/{digits[:2]}.jsonl",
        f"users/{digits[:2]}/{digits[2]}.jsonl",
        f"users/{digits[:2]}/{digits[2:4]}.jsonl",
    ]


@given(key=st.text(), depth=st.integers(0, 3), plural=st.sampled_from(["users", "groups"]))
def test_kind_and_depth_are_told_from_the_path(key: str, depth: int, plural: str) -> None:
    """
    Whoever finds a file knows what it holds without asking anything else.
    """
    assert shard_depth(shard_path(plural, key, depth)) == (plural, depth)


@pytest.mark.parametrize(
    "path",
    [
        "head.json",
        "users.json",
        "users/AB.jsonl",
        "users/abc.jsonl",
        "users/ab/cde.jsonl",
        "users/x/ab.jsonl",
        "x/users.jsonl",
    ],
)
def test_other_files_are_no_shards(path: str) -> None:
    """
    What is not named as shards are holds no rows.
    """
    assert shard_depth(path) is None


def test_a_row_in_the_wrong_file_is_named_with_the_right_one() -> None:
    """
    A row that was moved by hand is found, or two files could hold one key.
    """
    rows = [LedgerRow(key=f"k{number}") for number in range(40)]
    shards = spread("users", rows, 1)
    shard = next(iter(shards))
    moved = next(row for row in rows if row not in shards[shard])

    together = [*shards[shard], moved]
    found = misplaced(together, key_hashes(together), f"state/{shard}", shard=shard)

    assert [str(fault) for fault in found] == [
        f"state/{shard}:{len(shards[shard]) + 1}: key '{moved.key}' belongs in {shard_path('users', moved.key, 1)}"
    ]


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_keys_within_some_files_are_those_whose_rows_they_hold(depth: int) -> None:
    """
    What is found from a file's path is what the path is made from, however deep.
    """
    keys = [f"key-{number}" for number in range(500)]
    files = {shard_path("users", key, depth) for key in keys[:3]}

    assert within(files, keys) == [key for key in keys if shard_path("users", key, depth) in files]
