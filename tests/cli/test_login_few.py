"""
An event at the command line reads few, and comes to what reading everything comes to.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.export import UserRow
from reconciler.core.scope import login, scope_of
from reconciler.files.few import FewLedger
from reconciler.wiring.bench import bench
from tests.cli.conftest import ANN, Desk

LATER = "2026-11-20T07:30:00Z"
INDEX = ".reconciler/names/openpages.db"


def reads_few(desk: Desk, event: str = f"login:{ANN}") -> bool:
    """
    Return whether an event reads few now.
    """
    with bench(desk.state, None, environ=os.environ, scope=scope_of(event)) as found:
        return isinstance(found.opened.ledger, FewLedger)


def renamed(row: UserRow) -> UserRow:
    """
    Return Ann with another first name.
    """
    return replace(row, first_name="Kim") if row.user_name == ANN else row


def leaves_groups(row: UserRow) -> UserRow:
    """
    Return Ann in one group less.
    """
    return replace(row, groups=row.groups[1:]) if row.user_name == ANN else row


def joins(row: UserRow) -> UserRow:
    """
    Return everybody in the groups of the first, too.
    """
    return replace(row, groups=tuple(sorted({*row.groups, "AccessGroupId-528e14de-124e-4b17-ad3b-e6606bd3c4e8"})))


def marries(row: UserRow) -> UserRow:
    """
    Return Ann under another user name.
    """
    return replace(row, user_name="anna@example.com") if row.user_name == ANN else row


def is_suspended(row: UserRow) -> UserRow:
    """
    Return Ann, suspended.
    """
    return replace(row, state="suspended") if row.user_name == ANN else row


def stays(row: UserRow) -> UserRow:
    """
    Return whoever it is.
    """
    return row


def comes(row: UserRow) -> UserRow:
    """
    Return somebody new in Ann's place, with her address.
    """
    return replace(row, key="IBMid-new", user_name="new@example.com") if row.user_name == ANN else row


@pytest.mark.parametrize(
    ("event", "edit"),
    [
        (f"login:{ANN}", renamed),
        (f"login:{ANN}", leaves_groups),
        ("login:IBMid-6620010001", marries),
        (f"login:{ANN}", is_suspended),
        ("login:new@example.com", comes),
        ("login:nobody", stays),
        (f"sync-users:{ANN}", is_suspended),
        ("sync-groups:Risk Officers", leaves_groups),
        ("sync-groups:risk officers", joins),
        ("sync-groups:Risk Officers,Auditors", comes),
        ("sync-groups:nobody", stays),
    ],
)
def test_event_that_reads_few_leaves_what_one_that_reads_all_leaves(  # noqa: PLR0917  two are the table's
    settled: Desk, seated: Callable[[Path], Desk], tmp_path: Path, event: str, edit: Callable[[UserRow], UserRow]
) -> None:
    """
    What is printed, the target, and every byte of the ledger are the same.
    """
    settled.cloud(edit, at=LATER)
    settled.decides("- {user: bob@example.com, block: true, reason: T-1}\n")
    other = shutil.copytree(settled.folder, tmp_path / "all")
    (other / ".reconciler" / "names").write_text("no folder")
    is_few = reads_few(settled, event)
    few = left(settled, event)
    whole = left(seated(other), event)

    assert is_few
    assert few == whole


def left(desk: Desk, event: str) -> tuple[object, ...]:
    """
    Return what an event leaves and a login, who comes to the ledger that the event moved.
    """
    kind, _, names = event.partition(":")
    told = [desk.run("plan", "--scope", event, "--format", "json"), desk.run(kind, *names.split(","))]
    told.append(desk.run("login", ANN))
    users = desk.admin.run("SELECT user_name, first_name, enabled, changed_by FROM users ORDER BY id")
    members = desk.admin.run("SELECT user_id, group_id FROM memberships ORDER BY 1, 2")
    return (
        [(one.code, one.out, one.err) for one in told],
        users,
        members,
        desk.git("rev-parse", "HEAD:state/ledger"),
    )


def test_index_follows_the_ledger(settled: Desk) -> None:
    """
    What a run recorded is taken in, and the index not made anew; another export, and it is.
    """
    assert reads_few(settled)
    made = (settled.folder / INDEX).stat().st_ino
    settled.cloud(renamed, at=LATER)

    assert settled.run("login", ANN).code == 0
    assert settled.run("apply", "--yes").code == 0
    assert reads_few(settled)
    assert (settled.folder / INDEX).stat().st_ino == made


def test_who_is_in_a_group_is_indexed_once_it_is_asked(settled: Desk) -> None:
    """
    An index that a login made is added to; then the next export's members are in it as well.
    """
    settled.run("login", ANN)
    joined = [reads_few(settled, "sync-groups:Traders")]
    settled.cloud(joins, at=LATER)
    settled.run("login", ANN)
    told = settled.run("plan", "--scope", "sync-groups:Risk Officers", "--format", "json")
    settled.folder.joinpath(INDEX).unlink()

    assert joined == [True]
    assert told == settled.run("plan", "--scope", "sync-groups:Risk Officers", "--format", "json")
    assert len(told.json["changes"]) > 1


def test_index_in_doubt_is_thrown_away(settled: Desk) -> None:
    """
    A file that is no index costs one reading of everything.
    """
    index = settled.folder / INDEX
    index.parent.mkdir()
    index.write_text("no database, by far")

    assert not reads_few(settled)
    assert reads_few(settled)


def test_file_that_changed_beside_its_manifest_is_noticed(settled: Desk) -> None:
    """
    The manifest is what it was, the rows are not: the login is refused as a full run would be.
    """
    assert reads_few(settled)
    path = settled.export / "users.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"Ann"', b'"Kim"'))

    told = settled.run("login", ANN)

    assert (told.code, "says the digest is" in told.err) == (1, True)
    assert not (settled.folder / INDEX).exists()


def test_ledger_that_was_edited_by_hand_is_noticed(settled: Desk) -> None:
    """
    Its seal holds for the files that commits have changed, too.
    """
    assert reads_few(settled)
    path = settled.state / "ledger" / "openpages" / "users.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"owner":"git"', b'"owner":"admin"', 1))
    settled.commit()

    told = settled.run("login", ANN)

    assert (told.code, "have the digest" in told.err) == (1, True)


def test_ledger_without_a_run_is_read_whole(desk: Desk) -> None:
    """
    Nobody has sealed it, and nobody is known yet.
    """
    assert not reads_few(desk)


def test_names_that_may_be_another_targets_are_looked_for_everywhere(settled: Desk) -> None:
    """
    Where there are several targets and overrides, everything is read to tell whom these mean.
    """
    settled.configures(
        "ledger: {",
        "  other: {type: sql, url: 'sqlite:///x.db', sources: [ibmcloud], policy: openpages}\nledger: {",
    )

    with bench(settled.state, "openpages", environ=os.environ, scope=login([ANN])) as found:
        assert found.whole is None
