"""
Exports: what is written is read back, and what does not hold together is refused with its place.
"""

import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from reconciler.core.export import Collection, Export, GroupRow, Manifest, UserRow
from reconciler.errors import InputError, SourceError
from reconciler.files.exports import open_export, read_export
from reconciler.files.new_export import write_export

ANN = UserRow(key="ann", user_name="ann@example.com", state="active", groups=("traders",))
BOB = UserRow(key="bob", user_name="bob@example.com", state="left")
TRADERS = GroupRow(key="traders", name="Traders", roles=("Viewer",))


def write(
    folder: Path, users: Sequence[UserRow] = (ANN, BOB), groups: Sequence[GroupRow] = (TRADERS,), **more: Any
) -> Manifest:
    """
    Write a small export, with whatever else a test says of it.
    """
    said = {
        "source": "ibmcloud",
        "account": "1f2e",
        "fetched_at": "2026-11-22T10:00:00Z",
        "complete": True,
        "faults": (),
        "read": {"users": Collection(rows=len(users), pages=1, total=len(users))},
    }
    return write_export(folder, users=users, groups=groups, **{**said, **more})


def people(count: int) -> list[UserRow]:
    """
    Return so many users.
    """
    return [UserRow(key=f"id-{number}", user_name=f"u{number}", state="active") for number in range(count)]


def files(folder: Path) -> dict[str, bytes]:
    """
    Return every file below `folder` with its content.
    """
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(folder: Path) -> list[str]:
    """
    Return what is said of a broken export, one line a fault, without the folder.
    """
    with pytest.raises(InputError) as caught:
        read_export(folder)
    return [
        f"{fault.path.removeprefix(f'{folder}/')}:{fault.line}: {fault.message}" for fault in caught.value.faults
    ]


def edit(path: Path, before: str, after: str) -> None:
    """
    Replace text in a file by hand.
    """
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    Return the folder of one source, with nothing in it.
    """
    return tmp_path / "ibmcloud"


def test_what_is_written_is_read_back_with_its_places(folder: Path) -> None:
    """
    Rows come back sorted by key, each with its file and line, and the manifest as it was returned.
    """
    manifest = write(folder, (BOB, ANN))

    export = read_export(folder)

    assert export.manifest == manifest
    assert [(placed.row, placed.origin) for placed in export.users] == [
        (ANN, f"{folder}/users.jsonl:1"),
        (BOB, f"{folder}/users.jsonl:2"),
    ]
    assert [(placed.row, placed.origin) for placed in export.groups] == [(TRADERS, f"{folder}/groups.jsonl:1")]


def test_a_manifest_reads_well_in_a_review(folder: Path) -> None:
    """
    Each field of the manifest has its line, sorted.
    """
    write(folder, faults=["page 2 is missing", "a", "a"], complete=False)

    said = json.loads((folder / "manifest.json").read_text())
    assert list(said) == sorted(said)
    assert said["counts"] == {"groups": 1, "memberships": 1, "users": 2}
    assert said["faults"] == ["a", "page 2 is missing"]
    assert (folder / "manifest.json").read_text().startswith('{\n  "account": "1f2e",\n  "complete": false,\n')


def test_same_rows_same_bytes_whatever_their_order(tmp_path: Path) -> None:
    """
    The order in which a cloud lists people decides nothing (law 8).
    """
    users = people(1_200)
    write(tmp_path / "one", users)
    write(tmp_path / "other", random.Random(1).sample(users, len(users)))

    assert files(tmp_path / "one") == files(tmp_path / "other")


def test_the_digest_does_not_depend_on_the_shards(folder: Path, tmp_path: Path) -> None:
    """
    The same rows have the same digest in one file and in 256.
    """
    write(folder, people(1_100))
    sharded = write(folder, people(900))

    single = write(tmp_path / "fresh", people(900))

    assert (sharded.depth, single.depth) == (1, 0)
    assert sharded.digest == single.digest


def test_rows_move_to_shards_and_back_and_leave_nothing_behind(folder: Path) -> None:
    """
    Another depth replaces every file, and no folder stays empty.
    """
    write(folder, people(1_001))
    many = files(folder)
    write(folder, people(3))

    assert len(many) > 200
    assert "users.jsonl" not in many
    assert sorted(path.name for path in folder.iterdir()) == ["groups.jsonl", "manifest.json", "users.jsonl"]


def test_a_sharded_export_is_read_back_sorted(folder: Path) -> None:
    """
    The reader puts rows of all shards in the order of their keys.
    """
    write(folder, people(1_001))

    keys = [placed.row.key for placed in read_export(folder).users]

    assert keys == sorted(keys)
    assert len(keys) == 1_001


def test_users_can_be_read_shard_by_shard(folder: Path) -> None:
    """
    The stream gives every user once, without the whole export in memory.
    """
    write(folder, people(1_001))

    keys = [placed.row.key for _, shard in open_export(folder).shards() for placed in shard]

    assert sorted(keys) == sorted(row.key for row in people(1_001))


def test_memberships_are_the_very_keys_of_the_groups(folder: Path) -> None:
    """
    A million memberships are one text a group in memory, not one each.
    """
    write(folder, [structs.replace(one, groups=("traders",)) for one in (ANN, BOB)])

    read = read_export(folder)

    assert all(placed.row.groups[0] is read.groups[0].row.key for placed in read.users)


def test_an_unchanged_file_is_not_touched(folder: Path) -> None:
    """
    A second export of the same people writes their names' files no more, only the manifest with the new time.
    """
    write(folder)
    before = {path: path.stat().st_ino for path in folder.iterdir()}
    write(folder, fetched_at="2026-11-23T10:00:00Z")

    moved = [path.name for path in folder.iterdir() if before[path] != path.stat().st_ino]

    assert moved == ["manifest.json"]


def test_what_a_killed_writer_left_is_swept_away(folder: Path) -> None:
    """
    Neither a half-written file nor one of a former depth survives the next export.
    """
    write(folder)
    (folder / "users").mkdir()
    (folder / "users" / ".ab.jsonl.new").write_bytes(b"{")
    (folder / "users" / "ab.jsonl").write_bytes(b"{")
    write(folder)

    assert set(files(folder)) == {"groups.jsonl", "manifest.json", "users.jsonl"}


def test_an_export_without_anybody_is_an_export(folder: Path) -> None:
    """
    An empty cloud is written and read; whether it is believed is for the guards to say.
    """
    manifest = write(folder, (), ())

    assert read_export(folder) == Export(manifest, (), ())


def test_no_export_is_said_with_the_command_that_makes_one(folder: Path) -> None:
    """
    A missing folder is no empty cloud.
    """
    with pytest.raises(SourceError, match="there is no export") as caught:
        read_export(folder)

    assert caught.value.hint == "reconciler export ibmcloud --from PATH"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            '"version": 1',
            '"version": 2',
            "0: version 2 is made by a newer reconciler; this one reads version 1",
            id="newer version",
        ),
        pytest.param(
            '"version": 1',
            '"version": 0',
            "0: version 0 is unknown; this one reads version 1",
            id="unknown version",
        ),
        pytest.param('"users": 2', '"users": 3', "4: says 3 users; the rows have 2", id="count of users"),
        pytest.param(
            '"memberships": 1',
            '"memberships": 0',
            "4: says 0 memberships; the rows have 1",
            id="count of memberships",
        ),
        pytest.param(
            '"total": 2',
            '"total": 9',
            "11: calls itself complete, but read 2 of 9 users",
            id="total",
        ),
        pytest.param(
            '"source": "ibmcloud"',
            '"source": ""',
            "18: source is empty: it must say where the rows are from",
            id="no source",
        ),
        pytest.param(
            '"1f2e"',
            '""',
            "2: account is empty: it must say where the rows are from",
            id="no account",
        ),
        pytest.param(
            "T10:00:00Z",
            " 10:00",
            "10: '2026-11-22 10:00' is no time in UTC such as 2026-11-22T10:00:00Z",
            id="time",
        ),
        pytest.param(
            "2026-11-22T",
            "2026-02-30T",
            "10: '2026-02-30T10:00:00Z' is no time in UTC such as 2026-11-22T10:00:00Z",
            id="day that no calendar has",
        ),
        pytest.param('"digest"', '"depth": 4,\n  "digest"', "9: depth 4 is not between 0 and 3", id="depth"),
        pytest.param(
            '"complete": true',
            '"complete": "yes"',
            "0: Expected `bool`, got `str` - at `$.complete`",
            id="type",
        ),
        pytest.param(
            '"account"',
            '"account": "1f2e",\n  "account"',
            "0: is not canonical: edited by hand, or a key stands twice",
            id="key twice",
        ),
    ],
)
def test_a_manifest_that_does_not_hold_is_refused_with_its_line(
    folder: Path, before: str, after: str, expected: str
) -> None:
    """
    An export is believed whole or not at all.
    """
    write(folder)
    edit(folder / "manifest.json", before, after)

    assert refused(folder) == [f"manifest.json:{expected}"]


def test_an_edited_row_is_found_by_the_digest(folder: Path) -> None:
    """
    A row that somebody changed by hand, canonically, is no word of the cloud.
    """
    write(folder)
    edit(folder / "users.jsonl", "ann@example.com", "eve@example.com")

    told = refused(folder)

    assert [text[:46] for text in told] == ["manifest.json:9: says the digest is sha256:e56"]


def test_rows_without_a_manifest_are_no_export(folder: Path) -> None:
    """
    What only a manifest can say, nobody guesses.
    """
    write(folder)
    (folder / "manifest.json").unlink()

    assert refused(folder) == ["manifest.json:0: is missing"]


def test_a_missing_shard_is_found_by_the_counts(folder: Path) -> None:
    """
    A shard that is gone removes nobody.
    """
    write(folder, people(1_001), ())
    next(iter((folder / "users").iterdir())).unlink()

    assert refused(folder)[0].startswith("manifest.json:4: says 1,001 users; the rows have ")


def test_a_file_of_another_depth_is_no_part_of_the_export(folder: Path) -> None:
    """
    A file that `export` would not have written is named, not read.
    """
    write(folder)
    (folder / "users").mkdir()
    (folder / "users" / "ab.jsonl").write_bytes(b"")
    (folder / "users" / "people.jsonl").write_bytes(b"")

    assert refused(folder) == [
        "users/ab.jsonl:0: is no file of this export, whose depth is 0",
        "users/people.jsonl:0: is no file of this export, whose depth is 0",
    ]


def test_a_row_in_another_shard_is_refused(folder: Path) -> None:
    """
    A row stands in the file of its key, or one key could stand in two.
    """
    write(folder, people(1_001), ())
    one, other, *_ = sorted((folder / "users").iterdir())
    one.rename(folder / "kept")
    other.rename(one)

    assert refused(folder)[0].endswith(f" belongs in users/{other.name}")


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """
    Only regular files are read: a link could lead out of the repository.
    """
    write(folder)
    (folder / "users.jsonl").rename(tmp_path / "elsewhere")
    (folder / "users.jsonl").symlink_to(tmp_path / "elsewhere")

    assert refused(folder) == ["users.jsonl:0: is a link"]


def test_faults_of_all_files_are_told_at_once_with_one_hint(folder: Path) -> None:
    """
    Rows and manifest are judged together, and what to do is said once.
    """
    write(folder)
    edit(folder / "users.jsonl", '"key"', '"kee"')
    edit(folder / "groups.jsonl", "Viewer", "View\\u0065r")
    edit(folder / "manifest.json", "ibmcloud", "")
    with pytest.raises(InputError) as caught:
        read_export(folder)

    assert [Path(fault.path).name for fault in caught.value.faults] == [
        "groups.jsonl",
        "manifest.json",
        "users.jsonl",
        "users.jsonl",
    ]
    assert str(caught.value).count("hint: ") == 1
    assert str(caught.value).endswith("reconciler export ibmcloud --from PATH")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"users": [ANN, ANN]}, "key 'ann' stands on line 1 already", id="one key twice"),
        pytest.param(
            {"groups": [GroupRow(key="g", name="G", roles=("b", "a"))]}, "roles: a set is sorted", id="unsorted set"
        ),
        pytest.param({"groups": [GroupRow(key="g", name="A\u0308")]}, "normal form C", id="text not normal"),
        pytest.param({"account": ""}, "account is empty", id="no account"),
        pytest.param(
            {"read": {"users": Collection(rows=1, pages=1, total=2)}}, "read 1 of 2 users", id="complete but is not"
        ),
    ],
)
def test_nothing_is_written_that_could_not_be_read(folder: Path, said: dict[str, Any], expected: str) -> None:
    """
    The writer holds itself to what the reader asks.
    """
    with pytest.raises(InputError, match=expected):
        write(folder, **said)

    assert not folder.exists()


def test_an_incomplete_read_may_have_read_less(folder: Path) -> None:
    """
    An export that calls itself incomplete says how much is missing, and is read.
    """
    write(folder, complete=False, read={"users": Collection(rows=2, pages=1, total=9)})

    assert read_export(folder).manifest.read["users"].total == 9


@pytest.mark.parametrize(
    ("name", "make", "expected"),
    [
        pytest.param("manifest.json", Path.mkdir, "manifest.json:0: is a folder", id="folder"),
        pytest.param("users.jsonl", os.mkfifo, "users.jsonl:0: is no regular file", id="pipe"),
    ],
)
def test_what_is_no_file_is_not_waited_for(
    folder: Path, name: str, make: Callable[[Path], None], expected: str
) -> None:
    """
    A folder or a pipe in a file's place is refused at once.
    """
    write(folder)
    (folder / name).unlink()
    make(folder / name)

    assert refused(folder) == [expected]
