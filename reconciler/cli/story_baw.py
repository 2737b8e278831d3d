"""
The story of `baw`: groups come when the server starts, users when they are searched for or log in.
"""

from pathlib import Path

from reconciler.cli.stage import Stage, Step

DATABASE = Path(".reconciler/workflow.db")

CONFIG = """\
version: 1
sources:
  registry: {type: rows, account: registry}
targets:
  workflow:
    type: sql
    url: sqlite:///.reconciler/workflow.db
    sources: [registry]
    policy: baw
"""

USERS = """\
[{"key": "u-1", "user_name": "ann", "state": "active", "display_name": "Ann Muster", "groups": ["g-1", "g-3"]},
 {"key": "u-2", "user_name": "bob", "state": "active", "display_name": "Bob Keller", "groups": ["g-1", "g-2"]},
 {"key": "u-3", "user_name": "cleo", "state": "active", "display_name": "Cleo Vogt", "groups": ["g-2"]}]
"""
GROUPS = """\
[{"key": "g-1", "name": "Approvers"}, {"key": "g-2", "name": "Analysts"}, {"key": "g-3", "name": "Traders"}]
"""

FLAGS = "SELECT name, deleted, members FROM group_overview ORDER BY name"
PEOPLE = "SELECT user_name, display_name, enabled, group_names FROM people ORDER BY user_name"
LOCAL = (
    "INSERT INTO memberships (user_id, group_id) SELECT u.id, g.id FROM users u, groups g WHERE g.name = 'Analysts'"
)
SWITCHED_OFF = "UPDATE users SET enabled = 0 WHERE user_name = 'ann'"


def start(stage: Stage) -> None:
    """
    Start the server: all groups of the registry come, and nobody else.
    """
    stage.date("2026-11-20T08:00:00Z")
    stage.say(
        "The registry's users and groups lie in Git. When the server starts, all groups come, without members."
    )
    stage.begin()
    stage.write("state/reconciler.yaml", CONFIG)
    stage.write("registry/users.json", USERS)
    stage.write("registry/groups.json", GROUPS)
    stage.run("export registry --from registry --fetched-at 2026-11-20T07:00:00Z", pipe="head -n 1")
    stage.commit("The registry of 20 November")
    stage.run("start", pipe="tail -n 1")
    stage.ask(FLAGS)
    stage.check(
        stage.rows(FLAGS) == [(name, 0, 0) for name in ("Analysts", "Approvers", "Traders")], "other groups"
    )
    stage.check(stage.rows(PEOPLE) == [], "a start has made somebody")


def log_in(stage: Stage) -> None:
    """
    Let Ann log in: she is made, and is in the registry's groups, whoever else is.
    """
    stage.say("Ann logs in. She is made at once, with her groups; the other members come when they log in.")
    stage.run("login ann", pipe="tail -n 1")
    stage.ask(PEOPLE)
    stage.check([row[0] for row in stage.rows(PEOPLE)] == ["ann"], "others than Ann were made")


def search(stage: Stage) -> None:
    """
    Search for Cleo: she is made, though nobody adds her to a group.
    """
    stage.say("Somebody searches for Cleo. Whom a search finds is made, also if nobody adds her to a group.")
    stage.run("search vogt", pipe="tail -n 1")
    stage.ask(PEOPLE)
    stage.check([row[0] for row in stage.rows(PEOPLE)] == ["ann", "cleo"], "the search did not make Cleo alone")


def absent(stage: Stage) -> None:
    """
    Let a group go and come back: it is flagged, keeps its row and members, and loses the flag.
    """
    stage.date("2026-11-21T08:00:00Z")
    stage.say("The registry no longer has the traders. At the next start the group is flagged as deleted, no more.")
    stage.write("registry/users.json", USERS.replace(', "g-3"', ""))
    stage.write("registry/groups.json", GROUPS.replace(', {"key": "g-3", "name": "Traders"}', ""))
    stage.run("export registry --from registry --fetched-at 2026-11-21T07:00:00Z", pipe="head -n 1")
    stage.commit("The registry of 21 November")
    stage.run("start", pipe="tail -n 1")
    stage.ask(FLAGS)
    stage.check(("Traders", 1, 1) in stage.rows(FLAGS), "the flag is not set, or a member is gone")
    stage.date("2026-11-22T08:00:00Z")
    stage.say("They are back, and the flag goes.")
    stage.write("registry/users.json", USERS)
    stage.write("registry/groups.json", GROUPS)
    stage.run("export registry --from registry --fetched-at 2026-11-22T07:00:00Z", pipe="head -n 1")
    stage.commit("The registry of 22 November")
    stage.run("start", pipe="tail -n 1")
    stage.check(("Traders", 0, 1) in stage.rows(FLAGS), "the flag did not go")


def again(stage: Stage) -> None:
    """
    Let Ann log in again: her groups become the registry's, hers alone, and her account is usable again.
    """
    stage.say("In the workflow product an administrator adds both to Analysts, and deactivates Ann.")
    stage.administer(LOCAL)
    stage.administer(SWITCHED_OFF)
    stage.ask(PEOPLE)
    stage.say(
        "Ann logs in. Her groups are the registry's again, hers alone, and the login makes her account usable."
    )
    stage.run("login ann", pipe="tail -n 1")
    stage.ask(PEOPLE)
    people = {row[0]: row[2:] for row in stage.rows(PEOPLE)}
    stage.check(people["ann"] == (1, "Approvers, Traders"), "Ann is not as the registry has her")
    stage.check(people["cleo"] == (1, "Analysts"), "the login has touched Cleo")


STEPS = (
    Step("the server starts", start),
    Step("Ann logs in", log_in),
    Step("a search", search),
    Step("a group goes, and comes back", absent),
    Step("Ann logs in again", again),
)
