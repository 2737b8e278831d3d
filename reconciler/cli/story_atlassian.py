"""
The story of `atlassian`: groups whose names are taken are reviewed, one by one, before anything is written to them.
"""

from pathlib import Path

from reconciler.cli.stage import Stage, Step

DATABASE = Path(".reconciler/organisation.db")

CONFIG = """\
version: 1
sources:
  idp: {type: rows, account: idp}
targets:
  organisation:
    type: sql
    url: sqlite:///.reconciler/organisation.db
    sources: [idp]
    policy: atlassian
"""

USERS = """\
[{"key": "u-1", "user_name": "ann", "state": "active", "email": "ann@example.com", "groups": ["g-1", "g-3"]},
 {"key": "u-2", "user_name": "bob", "state": "active", "email": "bob@example.com", "groups": ["g-1", "g-2"]},
 {"key": "u-3", "user_name": "cleo", "state": "active", "email": "cleo@example.com", "groups": ["g-2", "g-3"]}]
"""
GROUPS = """\
[{"key": "g-1", "name": "developers"}, {"key": "g-2", "name": "jira-users"}, {"key": "g-3", "name": "designers"}]
"""

MADE = (
    "INSERT INTO users (user_name, email) VALUES ('lee', 'lee@example.com')",
    "INSERT INTO groups (name) VALUES ('developers'), ('jira-users')",
    "INSERT INTO memberships (user_id, group_id) SELECT u.id, g.id FROM users u, groups g",
)
ACCESS = (
    "INSERT INTO group_product_access (group_id, product) SELECT id, 'Jira' FROM groups",
    "INSERT INTO group_sites (group_id, site) SELECT id, 'emea' FROM groups",
)
DEFAULT = (
    "INSERT INTO group_default_access (group_id, site, product)"
    " SELECT id, 'emea', 'Jira' FROM groups WHERE name = 'jira-users'"
)
NO_DEFAULT = "DELETE FROM group_default_access"
MEMBERS = "SELECT group_name, user_name FROM group_members ORDER BY group_name, user_name"


def conflict(stage: Stage) -> None:
    """
    Find the groups whose names are taken before anything is written.
    """
    stage.date("2026-11-20T08:00:00Z")
    stage.say("An identity provider sends three people and three groups.")
    stage.begin()
    stage.write("state/reconciler.yaml", CONFIG)
    stage.write("idp/users.json", USERS)
    stage.write("idp/groups.json", GROUPS)
    stage.run("export idp --from idp --fetched-at 2026-11-20T07:00:00Z", pipe="head -n 1")
    stage.commit("The identity provider of 20 November")
    stage.run("plan", pipe="head -n 1")
    stage.say(
        "In the organisation, its own administrators have made groups of two of these names, with Lee in them."
    )
    for statement in (*MADE, *ACCESS):
        stage.administer(statement)
    stage.administer(DEFAULT)
    stage.say("Both are conflicts. The plan opens with their number.")
    stage.run("plan --limit 2", expect=3, pipe="head -n 3")
    told = stage.run("groups review")
    stage.check("2 in conflict, 2 waiting" in told, "the conflicts were not found")
    stage.run("groups review --members")


def proceed(stage: Stage) -> None:
    """
    Let everything else proceed; what is undecided stays as it is.
    """
    before = stage.rows(MEMBERS)
    stage.say("Everything else proceeds. The two stay exactly as they are, until somebody decides.")
    stage.run("apply --yes --limit 2", expect=3, pipe="tail -n 1")
    stage.ask(MEMBERS)
    stage.check(set(before) < set(stage.rows(MEMBERS)), "an undecided group has changed")


def overwrite(stage: Stage) -> None:
    """
    Decide one group; the decision is good for the two memberships that were looked at.
    """
    stage.say(
        "A reviewer decides: developers become the identity provider's. The file has the digest of both sides."
    )
    stage.run("groups decide developers --overwrite --reason OPS-91")
    stage.commit("Developers are the identity provider's")
    stage.run("plan --limit 4", pipe="head -n 24")
    stage.run("apply --yes --limit 2", pipe="tail -n 1")
    stage.ask(MEMBERS)
    members = [user for group, user in stage.rows(MEMBERS) if group == "developers"]
    stage.check(members == ["ann", "bob"], "the group's members are not the identity provider's")


def blocked(stage: Stage) -> None:
    """
    Show that a default access group cannot be overwritten, and what helps.
    """
    stage.say(
        "jira-users gives every new user Jira. Such a group cannot be overwritten; the refusal says what helps."
    )
    told = stage.run("groups decide jira-users --overwrite --reason OPS-92", expect=1)
    stage.check("default access group" in told, "the refusal does not say why")
    stage.say("Once another group is the default, it can.")
    stage.administer(NO_DEFAULT)
    stage.run("groups decide jira-users --overwrite --reason OPS-92", pipe="head -n 1")
    stage.commit("So are those who use Jira")
    stage.run("apply --yes --limit 2", pipe="tail -n 1")
    stage.ask(MEMBERS)
    members = [user for group, user in stage.rows(MEMBERS) if group == "jira-users"]
    stage.check(members == ["bob", "cleo"], "the group's members are not the identity provider's")


def leave(stage: Stage) -> None:
    """
    Let Cleo leave: her account is deactivated, and the plan is empty again afterwards.
    """
    stage.date("2026-11-21T08:00:00Z")
    stage.say("Cleo leaves. Her account is deactivated, so that what she wrote keeps its author.")
    stage.write("idp/users.json", USERS.replace('"cleo", "state": "active"', '"cleo", "state": "left"'))
    stage.run("export idp --from idp --fetched-at 2026-11-21T07:00:00Z", pipe="head -n 1")
    stage.commit("The identity provider of 21 November")
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask("SELECT user_name, enabled FROM people ORDER BY user_name")
    stage.run("plan --check", pipe="head -n 1")


STEPS = (
    Step("two names are taken", conflict),
    Step("the rest proceeds", proceed),
    Step("a decision", overwrite),
    Step("a default access group", blocked),
    Step("Cleo leaves", leave),
)
