"""
Stories of a run that is killed between the target's write and the ledger's commit: who owns what afterwards.

Git moves a ref twice in a run, for the intents and for the record. The run is killed before the second, so the
target has been written and nobody has recorded it.
"""

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.checkout import ANN, Checkout
from tests.doomed import kill_before


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """
    Return a checkout whose target is in sync, made once, to be copied.
    """
    checkout = Checkout.new(tmp_path_factory.mktemp("killed") / "begun")
    ended = checkout.run("apply", "--yes", now="2026-11-20T08:00:00Z")
    assert ended.code == 0, ended.err
    return checkout


@pytest.fixture
def checkout(begun: Checkout, tmp_path: Path) -> Checkout:
    """
    Return a checkout of the test's own whose target is in sync.
    """
    return begun.copy(tmp_path / "checkout")


def apply_and_die(checkout: Checkout, *, now: str, lose_journal: bool = True) -> None:
    """
    Apply in a process that is killed after the target's write and before the ledger's commit.

    On a runner of a CI service the journal is lost with the machine.
    """
    died = checkout.run("apply", "--yes", now=now, listener=kill_before("git update-ref", time=2))
    assert died.code == -9, died.err
    if lose_journal:
        shutil.rmtree(checkout.folder / ".reconciler/journal")


def cloud_calls_ann(checkout: Checkout, last_name: str, *, fetched_at: str) -> None:
    """
    Merge an export in which Ann has another surname.
    """
    checkout.cloud_says(
        lambda row: [replace(row, last_name=last_name) if row.key == ANN else row], fetched_at=fetched_at
    )


@pytest.mark.parametrize("lost", [True, False], ids=["journal-lost", "journal-kept"])
@pytest.mark.parametrize("later", ["2026-11-20T09:00:01Z", "2026-11-21T09:30:00Z"], ids=["at-once", "a-day-later"])
def test_own_write_is_not_taken_for_the_admins(checkout: Checkout, later: str, lost: bool) -> None:  # noqa: FBT001
    """
    What a killed run wrote of a shared field stays Git's, and the next desired value follows.
    """
    checkout.wants_locale("de_DE")
    apply_and_die(checkout, now="2026-11-20T09:00:00Z", lose_journal=lost)
    written = checkout.ann("locale")
    checkout.wants_locale("fr_FR")
    after = checkout.run("apply", "--yes", now=later)
    again = checkout.run("plan", "--check", now=later)

    assert written == "de_DE"
    assert after.code == 0, after.err
    assert (checkout.ann("locale"), checkout.owner("locale")) == ("fr_FR", "git")
    assert again.code == 0, again.out


def test_edit_after_a_killed_run_is_the_admins(checkout: Checkout) -> None:
    """
    An administrator's edit after the kill is neither our write nor what it replaced, and is left alone.
    """
    checkout.wants_locale("de_DE")
    apply_and_die(checkout, now="2026-11-20T09:00:00Z")
    checkout.sql(f"UPDATE users SET locale = 'it_IT' WHERE external_id = '{ANN}'")
    checkout.wants_locale("fr_FR")
    checkout.run("apply", "--yes", now="2026-11-20T09:00:01Z")

    assert (checkout.ann("locale"), checkout.owner("locale")) == ("it_IT", "admin")


def test_two_kills_in_a_row_converge(checkout: Checkout) -> None:
    """
    Two killed runs with two desired states leave nothing that a third does not put right.
    """
    for number, locale in enumerate(("de_DE", "fr_FR"), 1):
        checkout.wants_locale(locale)
        apply_and_die(checkout, now=f"2026-11-20T09:00:0{number}Z")
    cloud_calls_ann(checkout, "Moser", fetched_at="2026-11-20T09:30:00Z")
    checkout.wants_locale("es_ES")
    after = checkout.run("apply", "--yes", now="2026-11-20T10:00:00Z")

    assert after.code == 0, after.err
    assert (checkout.ann("locale"), checkout.ann("last_name")) == ("es_ES", "Moser")
    assert checkout.owner("locale") == "git"


def test_admins_edits_survive_ten_runs_while_names_follow(checkout: Checkout) -> None:
    """
    Locale, profiles and roles that an administrator set outlive ten runs; the surname is the cloud's each time.
    """
    checkout.sql("INSERT INTO profiles (name) VALUES ('Night shift')")
    checkout.sql(f"UPDATE users SET locale = 'pt_PT' WHERE external_id = '{ANN}'")
    user = checkout.ann("id")
    checkout.sql(f"UPDATE user_profiles SET profile = 'Night shift' WHERE user_id = {user}")
    checkout.sql(f"INSERT INTO user_roles (user_id, role) VALUES ({user}, 'Editor')")
    seen = set()
    for day in range(21, 31):
        cloud_calls_ann(checkout, f"Muster {day}", fetched_at=f"2026-11-{day}T06:00:00Z")
        ran = checkout.run("apply", "--yes", now=f"2026-11-{day}T08:00:00Z")
        assert ran.code == 0, ran.err
        profiles = checkout.sql(f"SELECT profile FROM user_profiles WHERE user_id = {user}")
        roles = checkout.sql(f"SELECT role FROM user_roles WHERE user_id = {user} ORDER BY role")
        seen.add((checkout.ann("locale"), str(profiles), str(roles)))
    told = checkout.run(
        "audit",
        "--user",
        "ann.muster@example.com",
        "--field",
        "locale",
        "--format",
        "json",
        now="2026-12-01T00:00:00Z",
    )
    handed = [one for one in json.loads(told.out) if one.get("owner") == "admin" and one.get("was") == "git"]

    assert seen == {("pt_PT", "[('Night shift',)]", "[('Editor',), ('OpenPages User',)]")}
    assert checkout.ann("last_name") == "Muster 30"
    assert {checkout.owner(field) for field in ("locale", "profiles", "roles")} == {"admin"}
    assert [(one["run"], one["time"]) for one in handed] == [(2, "2026-11-21T08:00:00Z")]
