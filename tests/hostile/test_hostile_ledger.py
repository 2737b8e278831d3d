"""
A ledger that somebody else wrote: whatever was committed in its place is refused, and nothing is built on it.

The ledger is what Git has committed; a file of the work tree that differs is somebody's work and stays.
"""

import json
from typing import Any

import pytest

from tests.cli.conftest import Desk
from tests.hostile.attack import Plant, attacked, edits, links, puts, swaps

HEAD, USERS, GROUPS, RUN = (
    f"ledger/openpages/{name}" for name in ("head.json", "users.jsonl", "groups.jsonl", "runs/2026/000001.jsonl")
)
OWNER = '"owner":"git"'


def head(**changes: Any) -> Plant:
    """
    Return the attack that commits a head which says something else.
    """

    def edit(content: bytes) -> bytes:
        return (json.dumps(json.loads(content) | changes, indent=2, sort_keys=True) + "\n").encode()

    return edits(HEAD, edit)


# name: (the attack, the place that is named, words of the refusal)
LEDGERS: dict[str, tuple[Plant, str, str]] = {
    "head of a newer format": (head(version=2), "head.json: ", "made by a newer reconciler"),
    "head without a version": (swaps(HEAD, ',\n  "version": 1', ""), "head.json: ", "version"),
    "head of another target": (head(target="payroll"), "head.json: ", "'payroll'"),
    "head with a key twice": (
        swaps(HEAD, '  "serial": 1,\n', '  "serial": 1,\n  "serial": 1,\n'),
        "head.json: ",
        "twice",
    ),
    "head with merge marks": (edits(HEAD, lambda text: b"<<<<<<< HEAD\n" + text), "head.json: ", ""),
    "head with an unknown key": (head(trust="everybody"), "head.json: ", "trust"),
    "head that is a list": (puts(HEAD, "[]\n"), "head.json: ", ""),
    "head that is empty": (puts(HEAD, ""), "head.json: ", ""),
    "head that is deep": (puts(HEAD, "[" * 100_000), "head.json: ", ""),
    "head with a serial below zero": (head(serial=-1), "head.json: ", "serial"),
    "head with a serial of five thousand digits": (
        swaps(HEAD, '"serial": 1', f'"serial": {"9" * 5_000}'),
        "head.json: ",
        "",
    ),
    "head with fewer people than none": (
        head(counts={"groups": 0, "memberships": 0, "users": -1}),
        "head.json: ",
        "users",
    ),
    "head with a word for a time": (head(fetched_at="zzz"), "head.json: ", "fetched_at"),
    "counters with a word for a time": (head(removed_24h={"x": [["zzz", 1]]}), "head.json: ", ""),
    "counters below zero": (head(removed_24h={"x": [["2026-11-20T08:00:00Z", -99]]}), "head.json: ", ""),
    "head gone": (lambda desk: (desk.state / HEAD).unlink(), "head.json: ", "is missing"),
    "row with an owner that nobody is": (swaps(USERS, OWNER, '"owner":"bob"'), "users.jsonl:1: ", "bob"),
    "row with a key twice": (swaps(USERS, OWNER, f"{OWNER},{OWNER}"), "users.jsonl:1: ", "twice"),
    "row with an unknown key": (swaps(USERS, OWNER, f'{OWNER},"x":1'), "users.jsonl:1: ", "x"),
    "unknown key whose value is no text": (
        swaps(USERS, OWNER.encode(), OWNER.encode() + b',"x":"\xff"'),
        "users.jsonl:1: ",
        "not canonical",
    ),
    "row with merge marks": (
        edits(USERS, lambda rows: b"<<<<<<< HEAD\n" + rows),
        "users.jsonl:1: ",
        "merge conflict",
    ),
    "row twice": (edits(USERS, lambda rows: rows.partition(b"\n")[0] + b"\n" + rows), "users.jsonl:2: ", "already"),
    "rows not sorted": (
        edits(GROUPS, lambda rows: b"\n".join(rows.split(b"\n")[1::-1]) + b"\n"),
        "groups.jsonl:2: ",
        "sorted",
    ),
    "rows that are an LFS pointer": (
        puts(USERS, "version https://git-lfs.github.com/spec/v1\n"),
        "users.jsonl:1: ",
        "git lfs",
    ),
    "row that is deep": (swaps(USERS, '"saw":"en_US"', f'"saw":{"[" * 100_000}'), "users.jsonl:1: ", ""),
    "row that is not UTF-8": (swaps(USERS, b'"en_US"', b'"\xff"'), "users.jsonl:1: ", ""),
    "rows cut off": (edits(USERS, lambda rows: rows[:-20]), "users.jsonl:", ""),
    "file that no ledger has": (puts("ledger/openpages/more.jsonl", "{}\n"), "more.jsonl: ", "no file of a ledger"),
    "shard of another depth": (puts("ledger/openpages/users/00.jsonl", ""), "users/00.jsonl: ", "depth"),
    "rows that are a link": (links(USERS, "/etc/hostname"), "users.jsonl", ""),
}


@pytest.mark.parametrize(("plant", "place", "word"), LEDGERS.values(), ids=LEDGERS.keys())
def test_hostile_ledger_is_refused(settled: Desk, plant: Plant, *, place: str, word: str) -> None:
    """
    A ledger that no run of ours wrote is refused with its file and line, and stays as it is.
    """
    after = attacked(settled, plant)

    assert (after.told.code, after.found.code, after.moved) == (1, 1, [])
    assert after.missing(place, word, "hint: ") == []


# name: (the attack, the place that is named, words of the finding)
RECORDS: dict[str, tuple[Plant, str, str]] = {
    "outcome changed": (swaps(RUN, '"outcome":"landed"', '"outcome":"failed"'), "head.json: ", "names sha256:"),
    "change taken out": (
        edits(RUN, lambda lines: lines[: lines[:-1].rfind(b"\n") + 1]),
        "head.json: ",
        "names sha256:",
    ),
    "line that is no record": (swaps(RUN, '"type":"run"', '"type":"walk"'), "000001.jsonl:1: ", "walk"),
    "record that is deep": (puts(RUN, "[" * 100_000 + "\n"), "000001.jsonl:1: ", ""),
    "record that is not UTF-8": (swaps(RUN, b'"Cloud IAM', b'"\xffCloud IAM'), "000001.jsonl:", "utf-8"),
    "record that is empty": (puts(RUN, ""), "000001.jsonl", ""),
    "record gone": (lambda desk: (desk.state / RUN).unlink(), "head.json: ", ""),
    "record put in": (
        lambda desk: (
            (desk.state / RUN).with_name("000002.jsonl").write_bytes((desk.state / RUN).read_bytes()) and None
        ),
        "00000",
        "",
    ),
}


@pytest.mark.parametrize(("plant", "place", "word"), RECORDS.values(), ids=RECORDS.keys())
def test_changed_record_of_a_run_is_found(settled: Desk, plant: Plant, *, place: str, word: str) -> None:
    """
    A record that was changed, dropped or put in breaks the chain, and the repository alone is enough to find it.
    """
    after = attacked(settled, plant, "validate")

    assert (after.told.code, after.moved) == (1, [])
    assert after.missing(place, word) == []


@pytest.mark.parametrize(
    ("plant", "word"),
    [
        pytest.param(head(lineage="0" * 32), "", id="lineage"),
        pytest.param(head(serial=9_223_372_036_854_775_807), "", id="serial that overtakes"),
        pytest.param(head(serial=0), "", id="serial that falls behind"),
    ],
)
def test_ledger_that_is_not_this_target_s_is_no_ground_to_write_on(settled: Desk, plant: Plant, word: str) -> None:
    """
    Where target and ledger do not belong together, as after a restore, nothing is written.
    """
    after = attacked(settled, plant)

    assert (after.told.code, after.moved) == (1, [])
    assert after.missing(word, "hint: ") == []


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(swaps(USERS, OWNER, '"owner":"admin"'), id="edited"),
        pytest.param(links(USERS, "/etc/hostname"), id="link to a file"),
    ],
)
def test_file_of_the_ledger_that_is_somebodys_work_is_not_overwritten(settled: Desk, plant: Plant) -> None:
    """
    What the work tree has and no commit is refused by name, whatever Git has committed.
    """
    settled.cloud(lambda row: row if row.user_name[0] != "b" else None)
    plant(settled)
    told = settled.run("apply", "--yes", "--quiet")

    assert told.code == 1
    assert "users.jsonl" in told.err
