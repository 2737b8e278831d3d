"""
`reconciler owners`: who owns which field, from the ledger alone.
"""

import csv
import io

import pytest

from tests.cli.conftest import ANN, BOB, NOW, Desk


def test_every_shared_field_has_an_owner(settled: Desk) -> None:
    """
    After the first run every shared field of everybody provisioned is Git's, since that run.
    """
    told = settled.run("owners", "--format", "json").json

    assert {one["field"] for one in told} == {"locale", "profiles", "roles"}
    assert {(one["owner"], one["run"], one["since"]) for one in told} == {("git", 1, NOW)}


def test_administrator_s_field_tells_what_git_wrote(settled: Desk) -> None:
    """
    Of a field that an administrator changed the value, the run that saw it and Git's last value are told.
    """
    settled.admin.admin_sets(ANN, locale="de_AT")
    settled.run("apply", "--yes")
    (told,) = settled.run("owners", "--owner", "admin", "--format", "json").json

    assert (told["user"], told["field"], told["value"]) == (ANN, "locale", "de_AT")
    assert (told["git_wrote"], told["run"]) == ("en_US", 2)


@pytest.mark.parametrize("name", [ANN, ANN.upper(), "key"], ids=["user name", "any case", "key"])
def test_person_is_found_by_key_and_name(settled: Desk, name: str) -> None:
    """
    Key and user name mean the same person, in any case.
    """
    key = next(row.key for row in settled.people() if row.user_name == ANN)
    told = settled.run("owners", key if name == "key" else name, "--field", "locale", "--format", "json").json

    assert [(one["key"], one["field"]) for one in told] == [(key, "locale")]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("ann.mustre@example.com", f"did you mean {ANN!r}?", id="mistyped"),
        pytest.param("ann.m", f"did you mean {ANN!r}?", id="begun"),
        pytest.param("\x1b[31m", "name a key, a user name or an e-mail address", id="hostile"),
    ],
)
def test_unknown_person_gets_a_hint(settled: Desk, name: str, hint: str) -> None:
    """
    A name that nobody bears is exit code 1, with the nearest one.
    """
    told = settled.run("owners", name)

    assert told.code == 1
    assert hint in told.err
    assert "\x1b" not in told.err


def test_neither_target_nor_export_need_be_there(settled: Desk) -> None:
    """
    The ledger in Git is enough.
    """
    settled.admin.path.unlink()
    settled.git("rm", "-r", "--quiet", "state/exports")
    told = settled.run("owners", BOB)

    assert told.code == 0
    assert BOB in told.out
    assert not settled.admin.path.exists()


def test_columns_stand_under_their_headings(settled: Desk) -> None:
    """
    Every row of the table begins its cells where the heading does.
    """
    heading, *rows = settled.run("owners").out.splitlines()
    at = heading.index("FIELD")

    assert rows
    assert {row[at - 1] for row in rows} == {" "}
    assert {row[at:].split()[0] for row in rows} == {"locale", "profiles", "roles"}


def test_csv_has_a_row_for_each_field(settled: Desk) -> None:
    """
    The CSV form has the table's rows, under the names that JSON has.
    """
    rows = list(csv.DictReader(io.StringIO(settled.run("owners", ANN, "--format", "csv").out)))

    assert [(row["user"], row["field"], row["owner"]) for row in rows] == [
        (ANN, field, "git") for field in ("locale", "profiles", "roles")
    ]


def test_unwritten_ledger_is_told(desk: Desk) -> None:
    """
    Before the first run there is nothing to own, and stderr says why.
    """
    told = desk.run("owners", "--format", "json")

    assert (told.code, told.json) == (0, [])
    assert "no run has written the ledger yet" in told.err


def test_unowned_field_is_told(settled: Desk) -> None:
    """
    A field that nobody owns is an empty answer, and stderr says so.
    """
    told = settled.run("owners", "--field", "email", "--format", "json")

    assert (told.code, told.json) == (0, [])
    assert "no such field" in told.err
