"""
The floors that the plan is measured against: what a good engineer would script in an hour, and less than that.

    python -m tests.bench.floors dict FOLDER      everything in dictionaries, the garbage collector off
    python -m tests.bench.floors stream FOLDER    two sorted files merged, lines compared as bytes
    python -m tests.bench.floors rows FOLDER      the target's rows read with the bare driver, and nothing compared

FOLDER is one that `python -m tests.bench` made. Both print what they counted as JSON, and nothing else.
"""

import gc
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

_COMPARED = ("user_name", "email", "first_name", "last_name", "description", "locale")
_TABLES = ("users", "memberships", "user_profiles", "user_roles", "groups", "group_roles")


def floor_dict(folder: Path) -> Counter[str]:
    """
    Return how many people are the same, changed, missing or extra: both sides decoded whole, joined and compared.
    """
    gc.disable()
    desired = {row["key"]: row for path in _files(folder) for row in _rows(path)}
    groups = {row["id"]: row["external_id"] for row in _rows(folder / "floor" / "live-groups.jsonl")}
    live = {row.get("external_id") or row["id"]: row for row in _rows(folder / "floor" / "live-users.jsonl")}
    counts = Counter(
        "missing" if key not in live else "same" if _same(row, live[key], groups) else "changed"
        for key, row in desired.items()
    )
    counts["extra"] = len(live.keys() - desired.keys())
    return counts


def _files(folder: Path) -> list[Path]:
    """
    Return the files of the export's users, whatever their depth.
    """
    export = folder / "state" / "exports" / "ibmcloud"
    return sorted([*export.glob("users.jsonl"), *export.glob("users/**/*.jsonl")])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """
    Yield the decoded lines of a file.
    """
    return map(orjson.loads, path.read_bytes().splitlines())


def _same(row: dict[str, Any], live: dict[str, Any], groups: dict[str, str]) -> bool:
    """
    Return whether a person has in the target what the cloud says, field by field, and the same groups.
    """
    fields = live["fields"]
    for name in _COMPARED:
        if row.get(name) != fields[name]:
            return False
    return sorted(groups[group] for group in live["groups"]) == row["groups"] and bool(live["active"])


def floor_stream(folder: Path) -> Counter[str]:
    """
    Return the same counts, administrators' edits apart: of each side one line in memory, decoded where they differ.
    """
    counts: Counter[str] = Counter()
    sides = folder / "floor"
    with (sides / "desired.jsonl").open("rb") as desired, (sides / "live.jsonl").open("rb") as live:
        one, other = next(desired, b""), next(live, b"")
        while one or other:
            fate = "same" if one == other else _fate(one, other)
            counts[fate] += 1
            one = one if fate == "extra" else next(desired, b"")
            other = other if fate == "missing" else next(live, b"")
    return counts


def _fate(one: bytes, other: bytes) -> str:
    """
    Return what is to be said of two lines that differ; an empty one is the end of its side.
    """
    if not one or not other:
        return "missing" if one else "extra"
    wanted, found = orjson.loads(one)["key"], orjson.loads(other)["key"]
    if wanted == found:
        return "changed"
    return "missing" if wanted < found else "extra"


def floor_rows(folder: Path) -> Counter[str]:
    """
    Return how many rows the target's tables of people and groups hold, each fetched by the bare driver.
    """
    gc.disable()
    with closing(sqlite3.connect(folder / ".reconciler" / "openpages.db")) as connection:
        return Counter({table: sum(1 for _ in connection.execute(f"SELECT * FROM {table}")) for table in _TABLES})


FLOORS: dict[str, Callable[[Path], Counter[str]]] = {
    "dict": floor_dict,
    "stream": floor_stream,
    "rows": floor_rows,
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(FLOORS[sys.argv[1]](Path(sys.argv[2])), sort_keys=True) + "\n")
