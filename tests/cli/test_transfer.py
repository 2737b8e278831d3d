"""
`reconciler take` and `reconciler give`: the override they write, and when they write none.
"""

import re
import shlex
from pathlib import Path

import pytest

from reconciler.files.state import load_state
from tests.cli.conftest import ANN, BOB, Answer, Desk
from tests.once import Once


@pytest.fixture
def owned(settled: Desk, once: Once) -> Desk:
    """
    Return a desk at which Ann's locale is the administrator's.
    """
    once("owned", settled.folder, lambda: _edited(settled))
    return settled


def _edited(settled: Desk) -> None:
    settled.admin.admin_sets(ANN, locale="de_AT")
    assert settled.run("apply", "--yes").code == 0


def overrides(desk: Desk) -> set[Path]:
    """
    Return the override files of the desk.
    """
    return set((desk.state / "overrides").iterdir())


def wrote(desk: Desk, *arguments: str) -> tuple[Answer, set[Path]]:
    """
    Return what a command left behind, and the override files it made.
    """
    before = overrides(desk)
    told = desk.run(*arguments)
    return told, overrides(desk) - before


def test_take_gives_a_field_back_to_git_once(owned: Desk) -> None:
    """
    The override is written, committed and applied; then Git's value holds, and the next plan is empty.
    """
    told, files = wrote(owned, "take", ANN, "locale", "--reason", "HR: it is English # again")
    owned.commit()
    codes = [owned.run(*line.split()).code for line in ("plan --check", "apply --yes", "plan --check", "validate")]

    assert told.code == 0
    assert len(files) == 1
    assert codes == [4, 0, 0, 0]
    assert owned.admin.run("SELECT locale FROM users WHERE user_name = ?", ANN) == [("en_US",)]


def test_take_may_follow_an_edit_that_no_run_has_seen(settled: Desk) -> None:
    """
    Who sees the administrator's edit at once need not wait for a run to take the field back.
    """
    settled.admin.admin_sets(ANN, locale="de_AT")
    told = settled.run("take", ANN, "locale", "--reason", "HR-1")
    settled.commit()

    assert told.code == 0
    assert settled.run("apply", "--yes").code == 0
    assert settled.admin.run("SELECT locale FROM users WHERE user_name = ?", ANN) == [("en_US",)]


def test_take_shows_the_reviewed_value_and_what_to_do_next(owned: Desk) -> None:
    """
    The live value, what Git wants, the file, its text and the next command are on the screen.
    """
    told, (path,) = wrote(owned, "take", ANN, "locale", "--reason", "HR-1")

    assert f'locale of {ANN} is "de_AT" in the target; Git wants "en_US"' in told.out
    assert "reviewed: {locale: de_AT}" in told.out
    assert all(f"  {line}\n" in told.out for line in path.read_text().splitlines())
    assert f"git add {path.relative_to(owned.folder)}" in told.err


def test_value_that_changed_after_the_review_is_held(owned: Desk) -> None:
    """
    Where the administrator changes the value once more, nothing is overwritten and the run says why.
    """
    owned.run("take", ANN, "locale", "--reason", "HR-1")
    owned.commit()
    owned.admin.admin_sets(ANN, locale="de_CH")
    told = owned.run("apply", "--yes")

    assert told.code == 3
    assert owned.admin.run("SELECT locale FROM users WHERE user_name = ?", ANN) == [("de_CH",)]


def test_command_that_a_hold_names_can_be_typed(owned: Desk) -> None:
    """
    What waits for another look names the command for it, and that command works as it stands.
    """
    owned.run("take", ANN, "locale", "--reason", "HR-1")
    owned.commit()
    owned.admin.admin_sets(ANN, locale="de_CH")
    (held,) = owned.run("plan", "--format", "json").json["held"]
    (command,) = re.findall("`reconciler (.*?)`", held["release"])

    assert owned.run(*shlex.split(command)).code == 0


def test_adoption_that_is_asked_about_names_commands_that_can_be_typed(desk: Desk) -> None:
    """
    Where an adopted account differs, both commands that would decide it are named whole.
    """
    desk.run("plan")
    desk.admin.run("INSERT INTO users (user_name, locale) VALUES (?, 'de_AT')", ANN)
    held = desk.run("plan", "--format", "json").json["held"]
    releases = [one["release"] for one in held if one["name"] == ANN and "reconciler" in one["release"]]

    assert releases
    assert [re.findall(r"`reconciler (\w+) \S+ \w+ --reason TEXT`", one) for one in releases] == [
        ["give", "take"] for _ in releases
    ]


def test_give_makes_a_field_the_administrator_s(settled: Desk) -> None:
    """
    Once the override is applied the field is the administrator's, and its value stays.
    """
    told, files = wrote(settled, "give", BOB, "locale", "profiles", "--reason", "HR-2", "--until", "2027-01-31")
    settled.commit()
    applied = settled.run("apply", "--yes")
    owners = settled.run("owners", BOB, "--owner", "admin", "--format", "json").json

    assert (told.code, applied.code) == (0, 0)
    assert len(files) == 1
    assert [one["field"] for one in owners] == ["locale", "profiles"]


def test_written_override_loads_as_it_was_meant(owned: Desk) -> None:
    """
    What was typed is what the state folder then says, whatever stands in the reason.
    """
    reason = 'no: "yes" # {a: [b]} \\ \' — é, : - ?'
    _, (path,) = wrote(owned, "take", ANN, "locale", "--reason", reason, "--until", "2026-12-31")
    (found,) = [one for one in load_state(owned.state).overrides if Path(one.origin.rpartition(":")[0]) == path]

    assert (found.user, found.take, found.reviewed) == (ANN, ("locale",), {"locale": "de_AT"})
    assert (found.reason, found.until) == (reason, "2026-12-31")


def test_name_of_the_file_holds_no_data(owned: Desk) -> None:
    """
    The file is named for the verb and a digest.
    """
    _, (path,) = wrote(owned, "take", ANN, "locale", "--reason", "../../x")

    assert path.name.startswith("take-")
    assert len(path.name) == len("take-01234567.yaml")


def test_file_of_the_same_decision_is_never_overwritten(owned: Desk) -> None:
    """
    Saying the same twice is refused, and the first file stays byte by byte.
    """
    _, (path,) = wrote(owned, "take", ANN, "locale", "--reason", "HR-1")
    before = path.read_bytes()
    told, files = wrote(owned, "take", ANN, "locale", "--reason", "HR-1")

    assert told.code == 2
    assert "is there already" in told.err
    assert (files, path.read_bytes()) == (set(), before)


def test_take_that_was_acted_on_needs_another_reason(owned: Desk) -> None:
    """
    An override acts once: the same one, written again after it was acted on, would do nothing, so it is refused.
    """
    _, (path,) = wrote(owned, "take", ANN, "locale", "--reason", "HR-1")
    owned.commit()
    owned.run("apply", "--yes")
    owned.admin.admin_sets(ANN, locale="de_AT")
    owned.run("apply", "--yes")
    path.unlink()
    again, none = wrote(owned, "take", ANN, "locale", "--reason", "HR-1")
    anew, files = wrote(owned, "take", ANN, "locale", "--reason", "HR-2")

    assert (again.code, none) == (2, set())
    assert "give another --reason" in again.err
    assert (anew.code, len(files)) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(("take", ANN, "profiles"), 1, "is Git's already", id="owned by git"),
        pytest.param(("give", ANN, "locale"), 1, "is the administrator's already", id="owned by the admin"),
        pytest.param(("take", ANN, "locael"), 1, 'did you mean "locale"?', id="no field"),
        pytest.param(("take", ANN, "user_name"), 1, "the policy says 'source' of it", id="source field"),
        pytest.param(("take", "ann.must", "locale"), 1, f"did you mean {ANN!r}?", id="nobody"),
        pytest.param(("take", ANN, "locale", "--until", "2026-13-01"), 1, "there is no such date", id="no day"),
        pytest.param(("take", ANN, "locale", "--until", "2026-11-19"), 2, "2026-11-19 has passed", id="past day"),
        pytest.param(("take", ANN, "locale", "--target", "x"), 2, "there is no target 'x'", id="no target"),
    ],
)
def test_refused_transfer_leaves_no_file(owned: Desk, arguments: tuple[str, ...], code: int, words: str) -> None:
    """
    What cannot be moved as asked is told, and nothing is written.
    """
    told, files = wrote(owned, *arguments, "--reason", "HR-1")

    assert told.code == code
    assert words in told.err
    assert files == set()


def test_all_refused_fields_are_told_at_once(owned: Desk) -> None:
    """
    Each field that cannot be moved is named in one go.
    """
    told = owned.run("take", ANN, "profiles", "user_name", "--reason", "HR-1")

    assert told.code == 1
    assert "profiles of" in told.err
    assert "'user_name' has no owner" in told.err


def test_person_without_account_owns_nothing(desk: Desk) -> None:
    """
    Before anything was created there is no value to review.
    """
    told, files = wrote(desk, "take", ANN, "locale", "--reason", "HR-1")

    assert (told.code, files) == (1, set())
    assert "has no account in the target" in told.err


def test_contradiction_names_the_other_override(owned: Desk) -> None:
    """
    Where an override says otherwise of the field already, its line is named and nothing is written.
    """
    owned.decides(f"- user: {ANN}\n  give: [locale]\n  reason: HR-9\n")
    told, files = wrote(owned, "take", ANN, "locale", "--reason", "HR-1")

    assert (told.code, files) == (1, set())
    assert "state/overrides/decided.yaml:2" in told.err


def test_contradiction_is_seen_whatever_the_person_is_called(owned: Desk) -> None:
    """
    An override that calls the same person by key contradicts as well.
    """
    key = next(row.key for row in owned.people() if row.user_name == ANN)
    owned.decides(f"- user: {key}\n  give: [locale]\n  reason: HR-9\n")
    told, files = wrote(owned, "take", ANN, "locale", "--reason", "HR-1")

    assert (told.code, files) == (1, set())
    assert "state/overrides/decided.yaml:" in told.err


def test_field_of_which_git_says_nothing_cannot_be_taken(owned: Desk) -> None:
    """
    Where there is no value to write in its place the administrator's stays, and nothing is written.
    """
    with (owned.state / "policies" / "openpages.yaml").open("a") as file:
        file.write("users: {fields: {locale: shared, nickname: shared}}\n")
    told, files = wrote(owned, "take", ANN, "locale", "nickname", "--reason", "HR-1")

    assert (told.code, files) == (1, set())
    assert "Git says nothing of locale of" in told.err
    assert "the target says nothing of nickname of" in told.err


def test_person_in_the_override_is_named_as_people_name_them(owned: Desk) -> None:
    """
    Who types a key gets the user name, which a reviewer can read.
    """
    key = next(row.key for row in owned.people() if row.user_name == ANN)
    _, (path,) = wrote(owned, "take", key, "locale", "--reason", "HR-1")

    assert f"user: {ANN}\n" in path.read_text()
