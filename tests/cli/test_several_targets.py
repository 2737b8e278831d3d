"""
Several targets in one state folder: an override speaks of people, and each target heeds those whom it knows.
"""

from pathlib import Path

import pytest

from tests.systems.office import NOW, Office, person, team

LATER = "2026-11-20T07:30:00Z"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Office:
    """
    Return a repository with two targets, each with a directory and an Ann or a Bob of its own.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    office.begins(policy="atlassian", sources=("berlin",))
    config = (office.state / "reconciler.yaml").read_text("utf-8")
    config = config.replace("targets:", "  lisbon: {type: rows, account: lisbon}\ntargets:")
    second = config.partition("targets:\n")[2].replace("registry", "branch").replace("berlin", "lisbon")
    office.writes("state/reconciler.yaml", config + second)
    office.source_says([person("ann", locale="en_US"), person("zoe")], [team("staff")], source="berlin")
    office.source_says([person("bob", locale="en_US"), person("kim")], [team("desk")], source="lisbon")
    return office


def codes(office: Office, *arguments: str) -> tuple[int, int]:
    """
    Return how a command ends on the first target and on the second.
    """
    return office.run(*arguments, "--target", "registry").code, office.run(*arguments, "--target", "branch").code


def test_override_of_somebody_elsewhere_is_no_mistake(office: Office) -> None:
    """
    Each target heeds what is said of its own people and groups, and plans in spite of the rest.
    """
    office.decides(
        "- {user: ann, set: {locale: de_DE}}\n- {user: bob, set: {locale: pt_PT}}\n- {group: desk, rename: D}\n"
    )
    plan = office.run("plan", "--target", "branch", "--format", "json").json
    locales = {one["name"]: one["after"].get("locale") for one in plan["changes"]}

    assert (codes(office, "plan"), office.run("validate").code) == ((0, 0), 0)
    assert locales == {"bob": "pt_PT", "kim": None, "D": None}


def test_override_of_nobody_anywhere_is_a_mistake_everywhere(office: Office) -> None:
    """
    Whom no target knows is misspelt, and every plan says so, with the line.
    """
    office.decides("- {user: an, set: {locale: de_DE}}\n")
    told = office.run("plan", "--target", "branch")

    assert (codes(office, "plan"), office.run("validate").code) == ((1, 1), 1)
    assert "state/overrides/decided.yaml:1: unknown user 'an'" in told.err


def test_override_of_a_name_that_both_know_is_heeded_by_both(office: Office) -> None:
    """
    What means somebody here holds here, whoever else bears the name elsewhere.
    """
    for source in ("berlin", "lisbon"):
        office.source_says([person("pat", locale="en_US")], [team("staff")], source=source)
    office.decides("- {user: pat, set: {locale: de_DE}}\n")
    plans = [office.run("plan", "--target", target, "--format", "json").json for target in ("registry", "branch")]
    locales = [one["after"]["locale"] for plan in plans for one in plan["changes"] if one["name"] == "pat"]

    assert locales == ["de_DE", "de_DE"]


def test_leaver_of_another_target_stops_nobody(office: Office) -> None:
    """
    Whom only the ledger of another target still knows is that one's affair.
    """
    office.run("apply", "--yes", "--target", "registry")
    office.decides("- {user: zoe, set: {locale: de_DE}}\n")
    office.source_says([person("ann", locale="en_US")], [team("staff")], source="berlin", at=LATER)

    assert (codes(office, "plan"), office.run("validate").code) == ((0, 0), 0)


def test_target_that_was_never_exported_knows_nobody(office: Office) -> None:
    """
    Where another target cannot be read, what is said of strangers is a mistake; what is said of one's own is not.
    """
    for path in (office.state / "exports" / "lisbon").iterdir():
        path.unlink()
    (office.state / "exports" / "lisbon").rmdir()
    office.decides("- {user: ann, set: {locale: de_DE}}\n")
    own = office.run("plan", "--target", "registry").code
    office.decides("- {user: bob, set: {locale: de_DE}}\n")

    assert (own, office.run("plan", "--target", "registry").code) == (0, 1)


def test_override_is_written_beside_those_of_other_targets(office: Office) -> None:
    """
    What a command writes must load, and what stands there of another target's people does not keep it from that.
    """
    for target in ("registry", "branch"):
        office.run("apply", "--yes", "--target", target)
        office.commit()
    office.decides("- {user: bob, set: {locale: pt_PT}}\n")
    told = office.run("give", "ann", "locale", "--reason", "HR-1", "--target", "registry")

    assert told.code == 0, told.err
