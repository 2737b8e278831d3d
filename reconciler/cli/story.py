"""
The story that `reconciler demo` tells: what happens, in whose words, and what must then be so.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from reconciler.cli.stage import Stage, Step
from reconciler.effects import effect
from reconciler.wiring.scaffold import cloud_example

PEOPLE = 48
"""How many of the example's people may sign in."""

ANN, BOB = "IBMid-6620010001", "IBMid-6620010138"

OVERRIDE = """\
# yaml-language-server: $schema=../../schemas/overrides.schema.json
- user: ann.muster@example.com
  set: {locale: fr_FR}
  reason: HR-2301
"""

# What is typed at the database, written out so that it can be copied.
SET_LOCALE = "UPDATE users SET locale = 'de_DE' WHERE user_name = 'ann.muster@example.com'"
MAKE_PROFILE = "INSERT INTO profiles (name) VALUES ('Loss Events')"
GIVE_PROFILE = (
    "INSERT INTO user_profiles (user_id, profile)"
    " SELECT id, 'Loss Events' FROM users WHERE user_name = 'ann.muster@example.com'"
)
ANNS_CHOICE = "SELECT locale, profiles, changed_by FROM people WHERE user_name = 'ann.muster@example.com'"
ANNS_NAME = "SELECT last_name, locale FROM users WHERE user_name = 'ann.muster@example.com'"
BOBS_ACCOUNT = "SELECT id, enabled FROM users WHERE user_name = 'bob.keller@example.com'"
ACTIVE = "SELECT count(*) FROM users WHERE enabled"
EVERYBODY = "SELECT id, enabled, version FROM users ORDER BY id"


def plan(stage: Stage) -> None:
    """
    Say what would change: a cloud export and a few overrides lie in Git.
    """
    stage.date("2026-11-20T08:00:00Z")
    stage.say("A cloud export and a few overrides lie in Git.")
    stage.run("init .", pipe="head -n 1")
    stage.run("validate")
    stage.say("What would change in the target, which is empty yet? One of each kind is enough here (--limit 1).")
    told = stage.run("plan --check --limit 1", expect=4)
    stage.check(f"users: {PEOPLE} create" in told, f"the plan does not create {PEOPLE} people")
    stage.check(not stage.rows("SELECT 1 FROM users"), "a plan has written to the target")


def apply(stage: Stage) -> None:
    """
    Converge the target and commit the ledger; the plan after it is empty.
    """
    stage.say(
        "Apply makes exactly these changes, and commits the ledger: first what it means to write, then what landed."
    )
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask(ACTIVE)
    stage.log()
    stage.say("The target is what Git says: a second plan is empty.")
    stage.run("plan --check --limit 1", pipe="head -n 1")
    stage.check(stage.rows(ACTIVE) == [(PEOPLE,)], f"there are not {PEOPLE} active people")


def decide(stage: Stage) -> None:
    """
    Let an administrator change Ann's locale and profiles; the next run records the owner and leaves them.
    """
    stage.date("2026-11-21T08:00:00Z")
    stage.say("An administrator of the target gives Ann another locale, and a profile made for the purpose.")
    stage.administer(SET_LOCALE)
    stage.administer(MAKE_PROFILE)
    stage.administer(GIVE_PROFILE)
    stage.say(
        "The next run sees it, records in Git who owns these fields now, and leaves them.\n"
        "(The profiles of Siobhán were given to the administrators by an override of the example.)"
    )
    told = stage.run("apply --yes")
    stage.check("now owned by the target's admin" in told, "the administrator's edit was not seen")
    stage.run("owners ann.muster@example.com")
    stage.ask(ANNS_CHOICE)
    _untouched(stage)


def withhold(stage: Stage) -> None:
    """
    Let Ann's surname follow the cloud; another locale for her, asked for in Git, is withheld and said.
    """
    stage.date("2026-11-23T08:00:00Z")
    stage.say("In the cloud, Ann's surname changes. In Git, somebody asks for another locale for her.")
    stage.say('# cloud/users.json: "lastname": "Muster" -> "Weber"')
    _print_cloud(stage)
    _rename(stage.folder / "cloud" / "users.json", ANN, "Weber")
    stage.run("export ibmcloud --from cloud --fetched-at 2026-11-23T06:00:00Z", pipe="head -n 2")
    stage.write("state/overrides/ann.yaml", OVERRIDE)
    stage.commit("Ann is called Weber, and asks for French")
    stage.say(
        "The surname follows, for names are the cloud's. The locale is the administrator's: withheld, and said."
    )
    told = stage.run("plan")
    stage.check('"fr_FR"' in told and "withheld" in told, "the plan does not say that the locale is withheld")
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask(ANNS_NAME)
    stage.check(stage.rows(ANNS_NAME) == [("Weber", "de_DE")], "the surname did not follow the cloud")
    _untouched(stage)


def leave(stage: Stage) -> None:
    """
    Let Bob leave and be set inactive, with who, when and why in Git; he returns to the same account.
    """
    stage.date("2026-11-24T08:00:00Z")
    before = stage.rows(BOBS_ACCOUNT)
    stage.say("Bob leaves. The cloud no longer lists him; the target keeps his account, inactive.")
    stage.say("# cloud/: Bob is gone from users.json, and from the members of his group")
    _remove(stage.folder / "cloud", {BOB})
    stage.run("export ibmcloud --from cloud --fetched-at 2026-11-24T06:00:00Z", pipe="head -n 2")
    stage.commit("The cloud of 24 November")
    told = stage.run("apply --yes", pipe="head -n 16")
    stage.check("absent from the export" in told, "the plan does not say why Bob is deactivated")
    stage.check(stage.rows(BOBS_ACCOUNT) == [(before[0][0], 0)], "Bob is not inactive")
    stage.date("2026-11-25T08:00:00Z")
    stage.say("Bob returns. The same account, by its id, is active again.")
    stage.say("# cloud/: Bob is back")
    _print_cloud(stage)
    _rename(stage.folder / "cloud" / "users.json", ANN, "Weber")
    stage.run("export ibmcloud --from cloud --fetched-at 2026-11-25T06:00:00Z", pipe="head -n 2")
    stage.commit("The cloud of 25 November")
    stage.run("apply --yes", pipe="tail -n 1")
    stage.ask(BOBS_ACCOUNT)
    stage.check(stage.rows(BOBS_ACCOUNT) == before, "Bob is not back on his account")
    stage.say("Who, when and why stands in Git, for anybody who can read the repository.")
    stage.run("audit --user bob.keller@example.com --field active")


def refuse(stage: Stage) -> None:
    """
    Remove nobody on a broken export with half the people missing, and say why.
    """
    stage.date("2026-11-26T08:00:00Z")
    before = stage.rows(EVERYBODY)
    stage.say("The script that asks the cloud breaks: half the people are missing, Ann and Bob among them.")
    stage.say("# cloud/users.json: the first 30 of 61 records are missing")
    _halve(stage.folder / "cloud" / "users.json")
    stage.run("export ibmcloud --from cloud --fetched-at 2026-11-26T06:00:00Z", expect=1, pipe="head -n 2")
    stage.commit("The cloud of 26 November, or what came of it")
    stage.say("Nobody is removed, and the reason is on the screen.")
    told = stage.run("plan --limit 1", expect=3)
    stage.check("the export is incomplete" in told, "the plan does not say why nobody is removed")
    stage.run("apply --yes", expect=3, pipe="tail -n 1")
    after = stage.rows("SELECT id, enabled, version FROM users ORDER BY id")
    stage.check(after == before, "a broken export has changed somebody")


STEPS = (
    Step("a plan", plan),
    Step("apply", apply),
    Step("an administrator decides", decide),
    Step("the cloud and Git want something of Ann", withhold),
    Step("Bob leaves, and returns", leave),
    Step("a broken export", refuse),
)


def _untouched(stage: Stage) -> None:
    """
    See that Ann's locale and profiles are what the administrator made them.
    """
    ((locale, profiles, _),) = stage.rows(ANNS_CHOICE)
    same = (locale, profiles) == ("de_DE", "Default, Loss Events")
    stage.check(same, "Ann's locale or profiles were overwritten")


def _print_cloud(stage: Stage) -> None:
    """
    Let `cloud/` hold what IBM Cloud's command line printed of the example organisation.
    """
    with effect("copy", "cloud"):
        shutil.copytree(cloud_example(), stage.folder / "cloud", copy_function=shutil.copyfile, dirs_exist_ok=True)


def _rename(path: Path, key: str, last_name: str) -> None:
    people = _read(path)
    _write(path, [one | {"lastname": last_name} if one["ibmUniqueId"] == key else one for one in people])


def _remove(cloud: Path, keys: set[str]) -> None:
    for path in (cloud / "users.json", *sorted((cloud / "members").glob("*.json"))):
        _write(path, [one for one in _read(path) if one.get("ibmUniqueId", one.get("iam_id")) not in keys])


def _halve(path: Path) -> None:
    people = _read(path)
    _write(path, people[len(people) // 2 :])


def _read(path: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return records


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    with effect("write", path):
        path.write_text(json.dumps(records, ensure_ascii=False, indent=1) + "\n", "utf-8")
