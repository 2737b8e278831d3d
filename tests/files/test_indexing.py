"""
The index of names: it leads to whoever is asked for, and follows an export by the files that have changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.directory import names_in_ledger
from reconciler.core.export import GroupRow, UserRow
from reconciler.core.ledger import Head, Last, LedgerRow, Names
from reconciler.core.near import Ask, forms
from reconciler.errors import InputError
from reconciler.files.exports import USERS, OpenExport, open_export
from reconciler.files.few import DoubtError, FewExport, FewLedger
from reconciler.files.indexing import index_all, index_export, take_in
from reconciler.files.ledger import OpenLedger, Read, open_ledger
from reconciler.files.manifest import read_manifest
from reconciler.files.names import Names as Index
from reconciler.files.names import of_export, of_ledger
from reconciler.files.new_export import write_export
from reconciler.files.new_ledger import encode_delta
from reconciler.files.rows import encode

TEAMS = tuple(GroupRow(key=f"g{number}", name=f"Team {number}") for number in range(3))
KNOWN = LedgerRow(
    key="ID-Ann",
    link="9",
    names=Names(present="Ann", previous=("Änn", "anna")),
    last=Last(fields={"email": "Ann@Example.com", "first_name": "A"}),
    tombstones=("7", "8"),
)


def people(count: int) -> list[UserRow]:
    """
    Return so many people, each in one of three groups.
    """
    return [
        UserRow(key=f"id-{number}", user_name=f"u{number}", state="active", groups=(f"g{number % 3}",))
        for number in range(count)
    ]


def exported(folder: Path, users: Sequence[UserRow], groups: Sequence[GroupRow] = TEAMS, *, day: int = 1) -> Path:
    """
    Return the folder with an export of that day in it.
    """
    at = f"2026-11-{day:02d}T10:00:00Z"
    write_export(
        folder,
        source="s",
        account="a",
        fetched_at=at,
        complete=True,
        faults=(),
        read={},
        users=users,
        groups=groups,
    )
    return folder


def ledger_of(rows: Mapping[str, LedgerRow]) -> OpenLedger:
    """
    Return a ledger of these people, as it would be read.
    """
    empty = open_ledger(lambda *_: iter(()), (), target="t").whole()
    after, files = encode_delta(empty, Head(version=1, lineage="l", target="t", serial=1), dict(rows), {})
    read = reading({path: content for path, content in files.items() if content is not None})
    assert after.users.keys() == rows.keys()
    return open_ledger(read, files, target="t")


def reading(files: Mapping[str, bytes]) -> Read:
    """
    Return what reads these files as a store does.
    """

    def read(*paths: str) -> Iterator[tuple[str, bytes]]:
        below = tuple(f"{path}/" for path in paths)
        return (
            (name, files[name]) for name in sorted(files) if not paths or name in paths or name.startswith(below)
        )

    return read


class Counting:
    """
    A decoder that counts the rows it was given.
    """

    def __init__(self) -> None:
        self.rows = 0

    def decode_lines(self, content: bytes) -> list[UserRow]:
        """
        Return the rows.
        """
        found = USERS.decoder.decode_lines(content)
        self.rows += len(found)
        return found


def counted(folder: Path) -> tuple[OpenExport, Counting]:
    """
    Return an export, and how many people are decoded when it is read.
    """
    counting: Any = Counting()
    return open_export(folder, user_form=replace(USERS, decoder=counting)), counting


def seen(folder: Path, names: Index, *asks: Ask) -> list[str]:
    """
    Return the keys of the people of an export to whom these lead.
    """
    few = FewExport(folder=folder, manifest=read_manifest(folder), names=names)
    return sorted(few.look(frozenset(asks)).users)


@pytest.mark.parametrize("count", [30, 1_200], ids=["one file", "shards"])
def test_next_export_is_taken_in_by_the_files_that_changed(tmp_path: Path, count: int) -> None:
    """
    Nobody is decoded whose file is as it was; who has another name, or another group, is found by it.
    """
    folder, users = exported(tmp_path / "s", people(count)), people(count)
    with closing(Index(tmp_path / "index.db")) as names:
        index_all(names, open_export(folder), ledger_of({}), revision="r", members=True)
        users[5] = replace(users[5], user_name="Zoë", groups=("g0",))
        export, counting = counted(exported(folder, users, day=2))
        index_export(names, export, members=True)
        found = seen(folder, names, ("user", "name", "ZOË"))
        members = seen(folder, names, ("user", "within", "g0"))

    assert found == ["id-5"]
    assert members == sorted(row.key for row in users if "g0" in row.groups)
    assert counting.rows < max(31, count // 10)


def test_export_without_a_group_that_people_are_in_is_refused(tmp_path: Path) -> None:
    """
    No file of people has changed, and none would be decoded; yet there is no such group any more.
    """
    folder = exported(tmp_path / "s", people(30))
    with closing(Index(tmp_path / "index.db")) as names:
        index_all(names, open_export(folder), ledger_of({}), revision="r", members=False)
        exported(folder, people(30), TEAMS[:2], day=2)

        with pytest.raises(InputError, match="g2"):
            index_export(names, open_export(folder), members=False)


def test_index_of_an_export_that_was_refused_is_as_it_was(tmp_path: Path) -> None:
    """
    The rows are not those that the manifest tells of: nothing of them is taken in.
    """
    folder = exported(tmp_path / "s", people(30))
    with closing(Index(tmp_path / "index.db")) as names:
        index_all(names, open_export(folder), ledger_of({}), revision="r", members=False)
        before = names.fact("export")
        path = folder / "users.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"u7"', b'"x7"'))
        with pytest.raises(InputError):
            index_export(names, open_export(folder), members=False)

        assert names.fact("export") == before
        assert names.places([("user", "name", "x7")]) == set()


def test_file_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    """
    Where the next export has its people in other files, the former ones lead to nobody.
    """
    folder = exported(tmp_path / "s", people(1_200))
    with closing(Index(tmp_path / "index.db")) as names:
        index_all(names, open_export(folder), ledger_of({}), revision="r", members=False)
        exported(folder, people(20), day=2)
        index_export(names, open_export(folder), members=False)

        assert list(names.files("export user")) == ["export/users.jsonl"]
        assert seen(folder, names, ("user", "name", "u7")) == ["id-7"]


def test_ledger_is_indexed_by_all_that_its_rows_are_asked_for_by(tmp_path: Path) -> None:
    """
    Of a row no more is decoded than its names and links: it is the same that a reader of all of it would find.
    """
    folder = exported(tmp_path / "s", [])
    ledger = ledger_of({"ID-Ann": KNOWN})
    with closing(Index(tmp_path / "index.db")) as names:
        index_all(names, open_export(folder), ledger, revision="r", members=False)
        few = FewLedger(head=ledger.head, files=ledger.read, names=names, counts=names.counts("ledger"))
        asked = [("recorded", form) for name in names_in_ledger(KNOWN) for form in forms(name)]
        found = [
            few.look(frozenset({("user", how, text)})).user_rows  # type: ignore[arg-type]
            for how, text in (*asked, ("link", "9"), ("link", "7"), ("link", "8"))
        ]

        assert found == [{"ID-Ann": KNOWN}] * len(found)
        assert (len(found), few.counts) == (8, {"user": 1, "group": 0})


def test_row_that_says_little_is_indexed() -> None:
    """
    A row may have neither link nor name, and no mail.
    """
    count, marks = of_ledger(
        "user", encode([LedgerRow(key="ann"), LedgerRow(key="bob", last=Last(state="active"))])
    )

    assert (count, len(set(marks))) == (2, 2)


def test_commit_that_cannot_be_read_is_a_doubt(tmp_path: Path) -> None:
    """
    A file of the ledger that is not as `apply` writes it is taken in by nobody.
    """
    with closing(Index(tmp_path / "index.db")) as names:
        index_all(
            names,
            open_export(exported(tmp_path / "s", [])),
            ledger_of({"ID-Ann": KNOWN}),
            revision="r",
            members=False,
        )

        with pytest.raises(DoubtError):
            take_in(names, {"users.jsonl": b"no row"}, Head(version=1, lineage="l", target="t"), revision="s")


@given(st.lists(st.text(st.sampled_from("aB \0É\u2168ﬁ\n"), min_size=1, max_size=4), max_size=4))
def test_names_of_a_file_are_indexed_in_the_forms_in_which_they_are_asked_for(names: list[str]) -> None:
    """
    Many are folded at once; it comes to what is asked for one by one.
    """
    rows = [UserRow(key="k", user_name=name, state="active") for name in names]
    asked = {crc32(form.encode(), 1) for row in rows for name in (row.key, row.user_name) for form in forms(name)}

    assert set(of_export("user", rows)) == asked
