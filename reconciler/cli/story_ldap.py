"""
The story of `ldap-import`: a repository imports whom somebody chose from its directories, and removes nobody.
"""

from pathlib import Path

from reconciler.cli.stage import Stage, Step

DATABASE = Path(".reconciler/repository.db")

CONFIG = """\
version: 1
sources:
  berlin: {type: rows, account: berlin}
  lisbon: {type: rows, account: lisbon}
targets:
  repository:
    type: sql
    url: sqlite:///.reconciler/repository.db
    sources: [berlin, lisbon]
    policy: ldap-import
"""

BERLIN = """\
[{"key": "b-1", "user_name": "andarm", "state": "active", "display_name": "Anders Armgard", "groups": ["b-5"]},
 {"key": "b-2", "user_name": "andbal", "state": "active", "display_name": "Andrea Balint", "groups": ["b-5"]},
 {"key": "b-3", "user_name": "aandrei", "state": "active", "display_name": "Andrei Petrov", "groups": ["b-5"]},
 {"key": "b-4", "user_name": "mona", "state": "active", "display_name": "Mona Lindt"}]
"""
BERLIN_GROUPS = """\
[{"key": "b-5", "name": "Analysis", "description": "Who asks"}, {"key": "b-6", "name": "Sales"}]
"""
LISBON = """\
[{"key": "l-1", "user_name": "joana", "state": "active", "display_name": "Joana Reis"}]
"""

INTERNAL = "INSERT INTO users (user_name, display_name) VALUES ('andbal', 'made in the repository')"
AUDITOR = (
    "INSERT INTO user_roles (user_id, role) SELECT id, role FROM users,"
    " (SELECT 'Auditor' AS role UNION SELECT 'Modeler') WHERE user_name = 'andarm'"
)
LESS = "DELETE FROM user_roles WHERE role = 'Reviewer'"
EVERYBODY = "SELECT user_name, display_name, enabled, roles, group_names FROM people ORDER BY user_name"

ADOPT = """\
# yaml-language-server: $schema=../../schemas/overrides.schema.json
- user: b-2
  adopt: true
  reason: "OPS-12: it is her account"
"""


def search(stage: Stage) -> None:
    """
    Search one of two directories, and see what an import of each match would come to.
    """
    stage.date("2026-11-20T08:00:00Z")
    stage.say("Two directories feed one repository. What they say lies in Git; nobody has been chosen yet.")
    stage.begin()
    stage.write("state/reconciler.yaml", CONFIG)
    stage.write("berlin/users.json", BERLIN)
    stage.write("berlin/groups.json", BERLIN_GROUPS)
    stage.write("lisbon/users.json", LISBON)
    stage.write("lisbon/groups.json", "[]\n")
    for name in ("berlin", "lisbon"):
        stage.run(f"export {name} --from {name} --fetched-at 2026-11-20T07:00:00Z", pipe="head -n 1")
    stage.commit("Two directories")
    stage.run("plan", pipe="head -n 1")
    stage.say("In the repository itself, somebody made an account of a name that the directory has, too.")
    stage.administer(INTERNAL)
    stage.say("Text is found anywhere in a name; each match shows its status before anything happens.")
    told = stage.run("import berlin 'an*'")
    stage.check("blocked: exists as internal user" in told, "the internal user does not block its namesake")


def choose(stage: Stage) -> None:
    """
    Choose a user and a group; the choice is an override, which is planned and applied like any other.
    """
    stage.say("One user and one group are chosen, with a role, to be enabled. The choice is a file for review.")
    stage.run("import berlin 'an*' --select andarm --select Analysis --roles Reviewer --enable")
    stage.commit("Import Anders and Analysis")
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask(EVERYBODY)
    stage.check(len(stage.rows(EVERYBODY)) == 2, "others than the chosen ones were imported")  # noqa: PLR2004
    stage.say("From the other directory everybody is chosen. Without --enable the account waits.")
    stage.run("import lisbon '*' --all", pipe="tail -n 1")
    stage.commit("Import Joana")
    stage.run("apply --yes", pipe="tail -n 1")


def release(stage: Stage) -> None:
    """
    Release the blocked account by a reviewed decision.
    """
    stage.say("Andrea's account is hers: a decision says so, and the import may have it.")
    stage.write("state/overrides/andrea.yaml", ADOPT)
    stage.run("import berlin andbal --select andbal", pipe="head -n 2")
    stage.commit("Andrea's account is hers")
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask(EVERYBODY)
    stage.check(("andbal", "Andrea Balint") in [row[:2] for row in stage.rows(EVERYBODY)], "she was not adopted")


def synchronize(stage: Stage) -> None:
    """
    Let names follow the directory, and leave roles as the repository's administrators made them.
    """
    stage.date("2026-11-21T08:00:00Z")
    stage.say("An administrator of the repository gives Anders other roles. In Berlin his name and a group change.")
    stage.administer(AUDITOR)
    stage.administer(LESS)
    stage.write("berlin/users.json", BERLIN.replace("Anders Armgard", "Anders Berg"))
    stage.write("berlin/groups.json", BERLIN_GROUPS.replace("Who asks", "Who answers"))
    stage.run("export berlin --from berlin --fetched-at 2026-11-21T07:00:00Z", pipe="head -n 1")
    stage.commit("Berlin of 21 November")
    stage.say("One group can be synchronised by name, at once.")
    stage.run("sync-groups Analysis", pipe="tail -n 1")
    stage.say("A run about everybody brings the name. The roles stay exactly as they are.")
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask(EVERYBODY)
    roles = {str(row[0]): row[3] for row in stage.rows(EVERYBODY)}
    stage.check(roles["andarm"] == "Auditor, Modeler", "his roles did not stay")


def copy(stage: Stage) -> None:
    """
    Give another what Anders has now, once.
    """
    stage.say("Andrea shall have what Anders has: read now, written into a file, added to what she has, and once.")
    stage.run("import berlin andbal --select andbal --copy-access-from andarm")
    stage.commit("Andrea gets what Anders has")
    stage.run("plan", pipe="tail -n 6")
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask(EVERYBODY)
    roles = {str(row[0]): row[3] for row in stage.rows(EVERYBODY)}
    stage.check(roles["andbal"] == "Auditor, Modeler", "the access was not copied")
    stage.run("plan --check", pipe="head -n 1")


STEPS = (
    Step("search", search),
    Step("choose", choose),
    Step("release what is blocked", release),
    Step("synchronise", synchronize),
    Step("copy somebody's access", copy),
)
