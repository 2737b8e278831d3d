"""
Exports that lie, and files of a cloud that are not what they should be: refused, or trusted for no removal.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.export import UserRow
from tests.cli.conftest import ANN, BOB, Desk
from tests.hostile.attack import APPLY, Plant, attacked, edits, links, puts, swaps
from tests.sources.ibmcloud_account import RISK, member, policy, user, world

USERS, GROUPS, MANIFEST = (f"exports/ibmcloud/{name}" for name in ("users.jsonl", "groups.jsonl", "manifest.json"))
ACTIVE = '"state":"active"'

# name: (the attack, the place that is named, words of the refusal)
EDITED: dict[str, tuple[Plant, str, str]] = {
    "row taken out": (edits(USERS, lambda rows: rows.partition(b"\n")[2]), f"{MANIFEST}:", "the rows have 59"),
    "value changed": (swaps(USERS, "ann.muster@", "ann.mustre@"), f"{MANIFEST}:9: ", "digest"),
    "all rows taken out": (puts(USERS, ""), f"{MANIFEST}:", "the rows have 0"),
    "file of rows gone": (lambda desk: (desk.state / USERS).unlink(), f"{MANIFEST}:", "the rows have 0"),
    "manifest gone": (lambda desk: (desk.state / MANIFEST).unlink(), f"{MANIFEST}: ", "is missing"),
    "key twice in one object": (swaps(USERS, ACTIVE, f"{ACTIVE},{ACTIVE}"), f"{USERS}:1: ", "stands twice"),
    "row twice": (edits(USERS, lambda rows: rows.partition(b"\n")[0] + b"\n" + rows), f"{USERS}:2: ", "already"),
    "rows not sorted": (
        edits(GROUPS, lambda rows: b"\n".join(rows.split(b"\n")[1::-1]) + b"\n"),
        f"{GROUPS}:2: ",
        "sorted",
    ),
    "truth value for a state": (swaps(USERS, ACTIVE, '"state":"False"'), f"{USERS}:1: ", "False"),
    "number for a key": (swaps(USERS, '"key":"IBMid-6620010001"', '"key":9007199254740993'), f"{USERS}:1: ", "key"),
    "NaN": (swaps(USERS, '"key":"IBMid-6620010001"', '"key":NaN'), f"{USERS}:1: ", "JSON"),
    "unknown field": (swaps(USERS, ACTIVE, f'{ACTIVE},"isadmin":true'), f"{USERS}:1: ", "isadmin"),
    "lone surrogate": (swaps(USERS, '"first_name":"Ann"', '"first_name":"\\ud800"'), f"{USERS}:1: ", ""),
    "not UTF-8": (swaps(USERS, b'"Ann"', b'"\xff"'), f"{USERS}:1: ", ""),
    "text that is not NFC": (swaps(USERS, '"Ann"', '"Mu\u0308ller"'), f"{USERS}:1: ", "normal form C"),
    "nesting": (swaps(USERS, '"Ann"', "[" * 100_000), f"{USERS}:1: ", ""),
    "HTML": (puts(USERS, "<html>Sign in</html>\n"), f"{USERS}:1: ", ""),
    "null": (puts(USERS, "null\n"), f"{USERS}:1: ", ""),
    "merge conflict": (edits(USERS, lambda rows: b"<<<<<<< HEAD\n" + rows), f"{USERS}:1: ", "merge conflict"),
    "Git LFS pointer": (
        puts(USERS, "version https://git-lfs.github.com/spec/v1\n"),
        f"{USERS}:1: ",
        "git lfs pull",
    ),
    "truncated": (edits(USERS, lambda rows: rows[:-1]), f"{USERS}:60: ", "no line break"),
    "rows that are a link": (links(USERS, "/etc/hostname"), f"{USERS}: ", "is a link"),
    "manifest that is a link": (links(MANIFEST, "/etc/hostname"), f"{MANIFEST}: ", "is a link"),
    "shard of another depth": (
        puts("exports/ibmcloud/users/00.jsonl", ""),
        "exports/ibmcloud/users/00.jsonl: ",
        "depth",
    ),
    "manifest of a newer version": (swaps(MANIFEST, '"version": 1', '"version": 2'), f"{MANIFEST}: ", "newer"),
    "manifest with a key twice": (
        swaps(MANIFEST, '  "complete": true,\n', '  "complete": true,\n  "complete": true,\n'),
        f"{MANIFEST}: ",
        "stands twice",
    ),
    "manifest with another account": (
        swaps(MANIFEST, '"source": "ibmcloud"', '"source": ""'),
        f"{MANIFEST}:32: ",
        "source is empty",
    ),
    "time that no calendar has": (swaps(MANIFEST, "2026-11-20T06", "2026-02-30T06"), f"{MANIFEST}:10: ", "no time"),
    "total that is not the rows": (swaps(MANIFEST, '"total": 61', '"total": 62'), f"{MANIFEST}:11: ", "62"),
    "manifest that is deep": (puts(MANIFEST, "[" * 100_000), f"{MANIFEST}: ", ""),
    "number of five thousand digits": (
        swaps(MANIFEST, '"users": 60', f'"users": {"9" * 5_000}'),
        f"{MANIFEST}: ",
        "out of range",
    ),
}


@pytest.mark.parametrize(("plant", "place", "word"), EDITED.values(), ids=EDITED.keys())
def test_edited_export_is_refused(settled: Desk, plant: Plant, *, place: str, word: str) -> None:
    """
    An export is believed whole or not at all: whatever was edited is named with its file and line.
    """
    after = attacked(settled, plant)

    assert (after.told.code, after.found.code, after.moved) == (1, 1, [])
    assert after.missing(f"state/{place}", word) == []


def test_membership_of_an_unknown_group_is_refused(settled: Desk) -> None:
    """
    Somebody whose only group has no row is not taken for somebody who left all groups.
    """
    after = attacked(settled, lambda desk: desk.cloud(only(ANN, groups=("AccessGroupId-nowhere",))))

    assert (after.told.code, after.moved) == (1, [])
    assert after.missing(f"state/{USERS}:1: ", "'AccessGroupId-nowhere'") == []


def account(desk: Desk) -> None:
    """
    Commit an export of another account, sound in itself.
    """
    _remade(desk, "account", "somebody-else")


def _remade(desk: Desk, name: str, value: str) -> None:
    path = desk.state / MANIFEST
    document = json.loads(path.read_bytes()) | {name: value}
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")


REFUSED: dict[str, tuple[Plant, str]] = {
    "another account": (account, "'somebody-else'"),
    "dated in the future": (lambda desk: desk.cloud(at="2026-11-20T09:00:00Z"), "in the future"),
    "older than the last applied": (lambda desk: desk.cloud(at="2026-11-20T05:00:00Z"), "was applied already"),
}


@pytest.mark.parametrize(("plant", "word"), REFUSED.values(), ids=REFUSED.keys())
def test_sound_export_of_another_place_or_time_is_refused(settled: Desk, plant: Plant, word: str) -> None:
    """
    An export that is sound in itself, but not the one that is due, waits for a decision: exit 3.
    """
    after = attacked(settled, plant)

    assert (after.told.code, after.moved) == (3, [])
    assert after.missing(word, "hint: ") == []


def only(name: str, **changes: Any) -> Callable[[UserRow], UserRow]:
    """
    Return what the cloud says once it says something else of one person.
    """
    return lambda row: replace(row, **changes) if row.user_name == name else row


# name: (what the cloud says of everybody, words that the plan says)
MISLEADING: dict[str, tuple[Callable[[UserRow], UserRow | None], str]] = {
    "two with one name": (only(BOB, user_name=ANN), "Conflicts (1)"),
    "two whose names differ in case": (only(BOB, user_name=ANN.upper()), "Conflicts (1)"),
    "two whose names fold to the same": (only(BOB, user_name="\uff41nn.muster@example.com"), "Conflicts (1)"),
    "everybody gone": (lambda _row: None, "Held ("),
    "every second one gone": (lambda row: row if int(row.key[-1]) % 2 else None, "Held ("),
    "nobody with a state": (lambda row: replace(row, state="unknown"), "No changes"),
}


@pytest.mark.parametrize(("edit", "word"), MISLEADING.values(), ids=MISLEADING.keys())
def test_misleading_export_removes_nobody(
    settled: Desk, edit: Callable[[UserRow], UserRow | None], word: str
) -> None:
    """
    Where it is not clear who is meant, or too many are gone, nobody loses anything.
    """
    settled.cloud(edit)
    before = settled.admin.run(LIVE)
    told = settled.run(*APPLY)

    assert settled.admin.run(LIVE) == before
    assert word in told.out


LIVE = "SELECT u.user_name, u.enabled, m.group_id FROM users u LEFT JOIN memberships m ON m.user_id = u.id"
AT = ("--fetched-at", "2026-11-20T07:00:00Z", "--account", "acc")
PAGE = {"total_results": 2, "limit": 1, "first_url": "/v2/accounts/acc/users?limit=1", "resources": [user()]}
NEXT = "/v2/accounts/acc/users?limit=1&_start=x"

# name: (the files, the one that is named, words of the refusal)
PRINTED: dict[str, tuple[dict[str, Any], str, str]] = {
    "empty": (world(users=b""), "users.json: ", "is empty"),
    "blank": (world(users=b" \n\n"), "users.json: ", "is empty"),
    "null": (world(users=b"null"), "users.json: ", "null"),
    "HTML": (world(users=b"<html>Sign in</html>"), "users.json:1: ", "HTML"),
    "truncated": (world(users=b'[{"iam_id": "IBMid-ann"'), "users.json:1: ", "truncated"),
    "two values": (world(users=b"[] []"), "users.json:1: ", "not JSON"),
    "key twice": (world(users=b'[{"iam_id": "a", "iam_id": "b"}]'), "users.json: ", "twice"),
    "NaN": (world(users=b'[{"iam_id": "a", "added_on": NaN}]'), "users.json: ", "nan"),
    "lone surrogate": (world(users=b'[{"iam_id": "a", "firstname": "\\ud800"}]'), "users.json: ", "surrogate"),
    "Latin-1": (world(users='[{"iam_id": "Müller"}]'.encode("latin-1")), "users.json:1: ", "not UTF-8"),
    "UTF-16": (world(users="[]".encode("utf-16")), "users.json: ", "UTF-16"),
    "deep": (world(users=b"[" * 100_000), "users.json: ", "64 levels"),
    "deep, and closed": (world(users=b"[" * 900 + b"]" * 900), "users.json: ", "64 levels"),
    "merge conflict": (world(users=b"<<<<<<< HEAD\n[]\n"), "users.json:1: ", "merge conflict"),
    "Git LFS pointer": (
        world(users=b"version https://git-lfs.github.com/spec/v1\n"),
        "users.json:1: ",
        "git lfs pull",
    ),
    "id beyond 2^53": (world(users=[user(9007199254740993)]), "users.json: ", "iam_id"),
    "id in exponent form": (world(users=b'[{"iam_id": 1e3, "user_id": "a"}]'), "users.json: ", "iam_id"),
    "id that is empty": (world(users=[user("")]), "users.json: ", "iam_id"),
    "one id with two contents": (
        world(users=[user(), user(email="else@example.com")]),
        "users.json: ",
        "IBMid-ann",
    ),
    "list for a record": (world(users=[[]]), "users.json: ", ""),
    "text for a list": (world(users={"resources": "x", "total_results": 1}), "users.json: ", ""),
    "error for a page": (world(users={"errors": [{"code": "x"}], "trace": "t"}), "users.json: ", ""),
    "two accounts": (world(users=[user(), user("IBMid-bob", account_id="other")]), "", "other"),
    "number of five thousand digits": (
        world(users=b'[{"user_id": "a", "state": "ACTIVE", "iam_id": ' + b"9" * 5_000 + b"}]"),
        "users.json: ",
        "iam_id",
    ),
}


@pytest.mark.parametrize(("files", "place", "word"), PRINTED.values(), ids=PRINTED.keys())
def test_hostile_file_of_a_cloud_is_refused(
    settled: Desk, tmp_path: Path, files: dict[str, Any], *, place: str, word: str
) -> None:
    """
    A file that is not what the cloud prints is named, and the export before it stays as it was.
    """
    after = attacked(
        settled,
        lambda _desk: put(tmp_path / "saved", files),
        "export",
        "ibmcloud",
        "--from",
        str(tmp_path / "saved"),
        *AT,
    )

    assert (after.told.code, after.moved) == (1, [])
    assert after.missing(place and f"{tmp_path}/saved/{place}", word) == []


# name: (the files, what is missing)
PARTIAL: dict[str, tuple[dict[str, Any], str]] = {
    "first page only": (world(users=PAGE | {"next_url": NEXT}), "users"),
    "total that is not the rows": (world(users=PAGE), "users"),
    "page that leads to itself": (world(users=[PAGE | {"next_url": PAGE["first_url"]}]), "users"),
    "next page on another origin": (world(users=PAGE | {"next_url": f"https://evil.example{NEXT}"}), "users"),
    "id that is hidden": (world(users=[user("IBMid-a\u202e")]), "IBMid-ann"),
    "no members": (world(members=None), "members"),
    "no policies": (world(policies=None), "policies"),
    "no groups": (world(groups=None), "groups"),
    "member of an unknown group": (world(members={RISK: [member()], "AccessGroupId-x": []}), "AccessGroupId-x"),
    "member who is nobody": (world(members={RISK: [member("IBMid-ghost")]}), "IBMid-ghost"),
    "grant to an unknown group": (
        world(policies={"policies": [policy(group_key="AccessGroupId-y")]}),
        "AccessGroupId-y",
    ),
}


@pytest.mark.parametrize(("files", "word"), PARTIAL.values(), ids=PARTIAL.keys())
def test_partial_files_of_a_cloud_remove_nobody(
    settled: Desk, tmp_path: Path, files: dict[str, Any], word: str
) -> None:
    """
    What is missing is named with exit code 1, and an apply of what was read takes nothing from anybody.
    """
    put(tmp_path / "saved", files)
    told = settled.run("export", "ibmcloud", "--from", str(tmp_path / "saved"), *AT)
    settled.configures("type: ibmcloud,", "type: ibmcloud, account: acc,")
    before = settled.admin.run(LIVE)
    applied = settled.run(*APPLY)

    assert told.code == 1
    assert "missing: " in told.out
    assert word in told.out
    assert applied.code in {0, 3}
    assert {*before} <= {*settled.admin.run(LIVE)}


def put(folder: Path, files: dict[str, Any]) -> None:
    """
    Save the files of a cloud below `folder`.
    """
    for name, content in files.items():
        folder.mkdir(exist_ok=True)
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / f"{name}.json").write_bytes(raw)
