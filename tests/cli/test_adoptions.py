"""
The first run against a target that people live in already: a table, a draft, a decision, and then the adoption.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ANN, CLARA, Desk

STRANGER = "stranger@elsewhere.example"


@pytest.fixture
def populated(settled: Desk, tmp_path: Path, unplanned: Path, seated: Callable[[Path], Desk]) -> Desk:
    """
    Return a desk whose target holds everybody, a stranger too, and whose ledger knows of nothing.
    """
    admin = settled.admin
    admin.run("DELETE FROM fence")
    admin.run("UPDATE users SET external_id = NULL")
    admin.admin_sets(ANN, locale="de_DE", first_name="A.")
    admin.admin_creates(STRANGER)
    desk = seated(shutil.copytree(unplanned, tmp_path / "populated"))
    shutil.copytree(settled.folder / ".reconciler", desk.folder / ".reconciler")
    return desk


def enabled(desk: Desk) -> int:
    """
    Return how many accounts can be used.
    """
    return int(str(desk.admin.run("SELECT count(*) FROM users WHERE enabled")[0][0]))


def test_first_run_tells_account_by_account_what_it_found(populated: Desk) -> None:
    """
    Each account with what it was found by and where it differs; the run ends with 3 and nobody is deactivated.
    """
    before = enabled(populated)
    told = populated.run("plan")
    line = next(one for one in told.out.splitlines() if one.startswith(f"user {ANN}"))

    assert told.code == 3
    assert "user_name" in line
    assert 'first_name: "A." -> "Ann"; locale: "de_DE" -> "en_US"  whose is locale?' in line
    assert STRANGER not in told.out
    populated.run("apply", "--yes", "--quiet")
    assert enabled(populated) == before


def test_privileged_account_waits_for_an_explicit_word(populated: Desk) -> None:
    """
    Whoever is an administrator in the target stands first in the table, and is not adopted.
    """
    told = populated.run("plan")
    table = told.out.partition("Accounts and groups that were there before")[2].splitlines()

    assert "privileged" in table[2]
    assert "an administrator's account was there before" in table[2]


def test_draft_validates_and_once_committed_adopts(populated: Desk) -> None:
    """
    The draft is sound as it is; who commits it has decided everything that waited, and the next plans hold nothing.
    """
    drafted = populated.run("plan", "--draft-adoptions", "state/overrides/adoptions.yaml")
    text = (populated.state / "overrides" / "adoptions.yaml").read_text(encoding="ascii")
    sound = populated.run("validate")
    populated.commit()
    applied = populated.run("apply", "--yes")

    assert (drafted.code, sound.code, applied.code) == (3, 0, 0), applied.err
    assert '#   locale: "de_DE" in the target, "en_US" in Git' in text
    assert "PRIVILEGED" in text
    after = populated.run("plan", "--format", "json").json
    assert (after["held"], [one["name"] for one in after["changes"]]) == ([], [STRANGER])
    owners = populated.run("owners", ANN, "--field", "locale", "--format", "json").json
    assert [(one["owner"], one["value"]) for one in owners] == [("admin", "de_DE")]


def test_draft_overwrites_nothing(populated: Desk) -> None:
    """
    A file of people stays; nowhere to write is told, too.
    """
    Path("mine.yaml").write_text("mine")
    there = populated.run("plan", "--draft-adoptions", "mine.yaml")
    nowhere = populated.run("plan", "--draft-adoptions", "no/such/folder.yaml")

    assert (there.code, nowhere.code) == (2, 2)
    assert Path("mine.yaml").read_text() == "mine"
    assert "is there already" in there.err


def test_accounts_that_need_no_decision_are_only_told(populated: Desk) -> None:
    """
    Where the policy decides, the draft has a comment and no entry.
    """
    populated.run("plan", "--draft-adoptions", "draft.yaml")
    text = Path("draft.yaml").read_text(encoding="ascii")
    block = next(one for one in text.split("\n\n") if f'"{CLARA}"' in one)

    assert block.endswith("#   the policy adopts it: nothing to decide")


def test_markdown_shows_the_table_where_nothing_acts(populated: Desk) -> None:
    """
    What an account is called stands in a fence; JSON on stdout stays nothing but JSON.
    """
    told = populated.run("plan", "--format", "markdown")
    table = told.out.partition("**Accounts and groups that were there before")[2]

    assert table.split("\n")[2].startswith("```")
    assert populated.run("plan", "--format", "json").json["version"] == 1
