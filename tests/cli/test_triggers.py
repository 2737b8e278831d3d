"""
The triggers at the command line: at once, about few, and with what a run about everybody needs left in place.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reconciler.core.export import UserRow
from tests.cli.conftest import ANN, BOB, Desk

LATER = "2026-11-20T07:30:00Z"


def first_names(desk: Desk) -> dict[object, object]:
    """
    Return what Ann and Bob are called in the target.
    """
    rows = desk.admin.run("SELECT user_name, first_name FROM users WHERE user_name IN (?, ?)", ANN, BOB)
    return {row[0]: row[1] for row in rows}


def everybody(first_name: str) -> Callable[[UserRow], UserRow]:
    """
    Return the edit of an export that gives everybody another first name.
    """
    return lambda row: replace(row, first_name=first_name)


def test_login_refreshes_one_user_and_commits_it(desk: Desk) -> None:
    """
    Nobody is asked, nobody else is touched, and the ledger says what the run was about.
    """
    desk.run("apply", "--yes")
    desk.cloud(everybody("Kim"), at=LATER)
    told = desk.run("login", ANN)
    (changed,) = [name for name, first_name in first_names(desk).items() if first_name == "Kim"]

    assert (told.code, changed) == (0, ANN)
    assert "Run 2: 1 of 1 changes landed" in told.err
    assert f'"scope":"login: {ANN}"' in desk.git("show", "--format=", "HEAD")
    assert desk.git("status", "--porcelain") == ""


def test_login_may_be_ahead_of_git(desk: Desk) -> None:
    """
    Somebody who came a minute ago stands in the newest export here, which nobody has committed yet.
    """
    desk.run("apply", "--yes")
    desk.cloud(everybody("Kim"), at=LATER)
    desk.git("reset", "--quiet", "--soft", "HEAD~1")
    desk.git("restore", "--staged", "state/exports")

    assert desk.run("login", ANN).code == 0
    assert first_names(desk)[ANN] == "Kim"
    assert "not committed" in desk.run("sync-users", ANN).err


@pytest.mark.parametrize(
    "command", [("login", "zoe"), ("sync-users", ANN, "zoe"), ("sync-groups", "zoe")], ids=lambda it: it[0]
)
def test_name_that_nobody_bears_is_a_wrong_call(desk: Desk, command: tuple[str, ...]) -> None:
    """
    The name is told, and nothing is written.
    """
    desk.run("apply", "--yes")
    before = desk.git("rev-parse", "HEAD")
    desk.cloud(everybody("Kim"), at=LATER)
    told = desk.run(*command)

    assert (told.code, "nobody is known as 'zoe'" in told.err) == (2, True)
    assert desk.git("rev-parse", "HEAD~1") == before
    assert "Kim" not in first_names(desk).values()


@pytest.mark.parametrize("command", ["login", "search", "sync-users", "sync-groups"])
def test_empty_name_is_not_everybody(desk: Desk, command: str) -> None:
    """
    A script whose variable is not set gets an error, and not a run about all.
    """
    told = desk.run(command, "")

    assert (told.code, "is empty" in told.err) == (2, True)


def test_search_makes_whom_it_finds_without_a_role(desk: Desk) -> None:
    """
    Whoever is found is there, in no group and without a role, and what Git gives them comes with the full run.
    """
    told = desk.run("search", "muster")
    there = [row[0] for row in desk.admin.run("SELECT user_name FROM users")]
    given = desk.admin.run("SELECT (SELECT count(*) FROM user_roles) + (SELECT count(*) FROM memberships)")
    desk.run("apply", "--yes")

    assert (told.code, there, given) == (0, [ANN], [(0,)])
    assert desk.admin.run("SELECT count(*) FROM group_members WHERE user_name = ?", ANN) != [(0,)]
    assert desk.run("plan", "--format", "json").json["changes"] == []


@pytest.mark.parametrize(
    ("query", "told"), [("zzz", "nobody is known as 'zzz'"), ("*", "and a search makes 2 at most")]
)
def test_search_that_finds_nobody_or_too_many_makes_none(desk: Desk, query: str, told: str) -> None:
    """
    Above the cap the number is told, and nobody is made.
    """
    policy = desk.state / "policies" / "openpages.yaml"
    policy.write_text(f"{policy.read_text()}search_cap: 2\n")
    desk.commit()
    answer = desk.run("search", query)

    assert (answer.code, told in answer.err) == (2, True), answer.err
    assert desk.admin.run("SELECT count(*) FROM users") == [(0,)]


def test_start_is_about_groups_alone(desk: Desk) -> None:
    """
    Groups become what Git says, and no user does.
    """
    desk.run("apply", "--yes")
    desk.cloud(everybody("Kim"), groups=lambda row: replace(row, description="By night"), at=LATER)
    told = desk.run("start")
    described = desk.admin.run("SELECT DISTINCT description FROM groups WHERE external_id IS NOT NULL")

    assert (told.code, described) == (0, [("By night",)])
    assert "Kim" not in first_names(desk).values()


def test_users_and_groups_are_synchronised_by_name(desk: Desk) -> None:
    """
    What was named becomes what Git says, and the full run that follows does the rest.
    """
    desk.run("apply", "--yes")
    desk.cloud(everybody("Kim"), groups=lambda row: replace(row, description="By night"), at=LATER)
    desk.run("sync-users", ANN)
    after_one = first_names(desk)
    desk.run("sync-groups")
    after_groups = desk.run("plan", "--format", "json").json["changes"]
    desk.run("sync-users")

    assert (after_one[ANN], after_one[BOB] == "Kim") == ("Kim", False)
    assert {one["kind"] for one in after_groups} == {"user"}
    assert desk.run("plan", "--format", "json").json["changes"] == []


def test_plan_shows_what_a_trigger_would_do(desk: Desk) -> None:
    """
    The same scope can be looked at, and applied, with a look at it before.
    """
    desk.run("apply", "--yes")
    desk.cloud(everybody("Kim"), at=LATER)
    plan = desk.run("plan", "--scope", f"login:{ANN}", "--format", "json").json
    desk.run("apply", "--scope", f"login:{ANN}", "--yes")

    assert [one["name"] for one in plan["changes"]] == [ANN]
    assert (first_names(desk)[ANN], first_names(desk)[BOB] == "Kim") == ("Kim", False)


def test_scope_that_nobody_knows_is_a_wrong_call(desk: Desk) -> None:
    """
    The scopes that there are, are told.
    """
    told = desk.run("plan", "--scope", "nightly")

    assert (told.code, "one of: all, start, login" in told.err) == (2, True)
