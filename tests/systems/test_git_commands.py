"""
What Git adds, at the command line and on every preset: merged, approved, recorded, explained, audited.
"""

from pathlib import Path

import pytest

from reconciler.files.policies import presets
from tests.once import Once
from tests.systems.office import NOW, Office, person, team

POLICY = """\
version: 1
extends: {preset}
default_scope: all
users:
  population: all
  lifecycle: {{new: create}}
  fields: {{display_name: source, locale: shared, roles: shared}}
groups: {{population: all}}
roles: {{administrator: {{roles: [Administrator]}}}}
"""
"""An own policy over a preset: everybody is looked after, and locale and roles have an owner."""

GROUPS = (team("staff", roles=("Viewer",)),)
LATER = "2026-11-21T08:00:00Z"


@pytest.fixture(params=presets())
def office(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    once: Once,
) -> Office:
    """
    Return a repository under each preset, applied once: Ann, Bob, and Cleo, who is an administrator.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    once(f"under {request.param}", tmp_path, lambda: _settled(office, request.param))
    return office


def _settled(office: Office, preset: str) -> None:
    office.begins(policy="ours.yaml")
    office.writes("state/policies/ours.yaml", POLICY.format(preset=preset))
    people(office)
    office.applied()


def people(office: Office, *, bob: str = "Bob", at: str = "2026-11-20T07:00:00Z") -> None:
    """
    Commit an export of three people, of whom Bob is called so.
    """
    rows = [
        person("ann", locale="en_US", groups=("staff",)),
        person("bob", locale="en_US", groups=("staff",), display_name=bob),
        person("cleo", locale="en_US", groups=("staff",), roles=("Administrator",)),
    ]
    office.source_says(rows, GROUPS, at=at)


def locale_of(office: Office, name: str) -> object:
    """
    Return the locale that the target holds for somebody.
    """
    return office.admin.run("SELECT locale FROM users WHERE user_name = ?", name)[0][0]


def test_g01_plan_of_a_merge_shows_export_and_overrides_as_a_deepdiff(office: Office) -> None:
    """
    What the branch decided and what the cloud said meanwhile stand in one plan, that of the merge result.
    """
    office.git("switch", "--quiet", "--create", "decision")
    office.decides("- {user: ann, set: {locale: de_DE}, reason: HR-1}\n")
    office.git("switch", "--quiet", "main")
    people(office, bob="Robert", at="2026-11-20T07:30:00Z")
    office.git("merge", "--quiet", "--no-edit", "decision")
    told = office.run("plan", "--format", "deepdiff")

    assert told.code == 0
    assert told.json["differences"]["values_changed"] == {
        "root['user']['ann (id-ann)']['locale']": {"new_value": "de_DE", "old_value": "en_US"},
        "root['user']['bob (id-bob)']['display_name']": {"new_value": "Robert", "old_value": "Bob"},
    }


def test_g02_apply_does_what_was_approved(office: Office) -> None:
    """
    The plan that was reviewed is applied on the commit it was made of.
    """
    office.decides("- {user: ann, set: {locale: de_DE}, reason: HR-1}\n")
    office.run("plan", "--out", "approved.json")
    told = office.run("apply", "--yes", "--approved", "approved.json")

    assert (told.code, locale_of(office, "ann")) == (0, "de_DE")


def test_g02_apply_refuses_what_changed_since_and_says_so(office: Office) -> None:
    """
    Where the target or Git says something else than what was approved, that change is not made, and is named.
    """
    office.decides("- {user: ann, set: {locale: de_DE}, reason: HR-1}\n")
    office.run("plan", "--out", "approved.json")
    office.decides("- {user: ann, set: {locale: fr_FR}, reason: HR-1}\n")
    told = office.run("apply", "--yes", "--approved", "approved.json")

    assert (told.code, locale_of(office, "ann")) == (3, "en_US")
    assert "Of the approved changes, 1 of 1 hold no longer:\n  update user ann" in told.err


def test_g03_auditor_reads_owners_from_a_clone_alone(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who owned which field since when is in the history: a clone without any target answers it.
    """
    office.admin.admin_sets("ann", locale="de_DE")
    monkeypatch.setenv("RECONCILER_NOW", LATER)
    people(office, at="2026-11-21T07:00:00Z")
    office.run("apply", "--yes")
    clone = office.folder / "clone"
    office.git("clone", "--quiet", str(office.folder), str(clone))
    monkeypatch.chdir(clone)
    told = office.run("audit", "--user", "ann", "--field", "locale", "--format", "json").json

    seen = [(one["time"], one["owner"], one["value"]) for one in told]

    assert sorted(set(seen)) == [(NOW, "git", "en_US"), (LATER, "admin", "de_DE")]
    assert all(
        office.git("show", "--no-patch", "--format=%H", one["commit"]).strip() == one["commit"] for one in told
    )
    assert not (clone / ".reconciler").exists()


def test_g04_explain_names_record_override_rule_and_commit(office: Office) -> None:
    """
    Each desired value comes with its place: the export's row, the override's line, the policy's rule; and commits.
    """
    office.decides("- {user: ann, set: {locale: de_DE}, reason: HR-1}\n")
    decided = office.git("log", "-1", "--format=%H").strip()
    told = office.run("explain", "ann", "--format", "json").json
    because = {one["field"]: one["because"] for one in told["fields"]}

    assert because["locale"] == "override state/overrides/decided.yaml:1 (HR-1)"
    assert because["user_name"] == "state/exports/directory/users.jsonl:1"
    assert told["commits"]["state/overrides/decided.yaml:1"]["commit"] == decided
    assert told["commits"]["state/exports/directory/users.jsonl:1"]["commit"] not in {"", decided}


def test_g04_explain_says_what_no_commit_holds(office: Office) -> None:
    """
    An override that is not committed yet decides what is planned, and is shown as what it is.
    """
    office.writes("state/overrides/decided.yaml", "- {user: ann, set: {locale: de_DE}, reason: HR-1}\n")
    told = office.run("explain", "ann")

    assert "state/overrides/decided.yaml:1" in told.out
    assert "not committed" in told.out


def administrators(office: Office, day: str) -> list[tuple[str, str, str]]:
    """
    Return who could act as an administrator on a day, whose the roles are, and until when.
    """
    told = office.run("audit", "--administrators", "--on", day, "--format", "json").json
    return [(one["user"], one["owner"], one["until"]) for one in told]


def test_g03_who_could_log_in_as_administrator_on_a_day_is_in_git(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Grants of the cloud and of the target's administrators count, until the run that saw them go; nobody is asked.
    """
    office.admin.admin_sets("ann", roles=("Administrator",))
    monkeypatch.setenv("RECONCILER_NOW", LATER)
    people(office, at="2026-11-21T07:00:00Z")
    office.run("apply", "--yes")
    monkeypatch.setenv("RECONCILER_NOW", "2026-11-23T08:00:00Z")
    people(office, at="2026-11-23T07:00:00Z")
    office.admin.admin_sets("ann", roles=())
    office.decides("- {user: ann, block: true, reason: SEC-1}\n- {user: bob, set: {display_name: B}}\n")
    office.run("apply", "--yes")
    office.admin.path.unlink()

    assert office.run("audit", "--administrators", "--on", "2026-11-19").code == 1
    assert administrators(office, "2026-11-20") == [("cleo", "git", "")]
    assert administrators(office, "2026-11-22") == [("ann", "admin", ""), ("cleo", "git", "")]
    assert administrators(office, "2026-11-23") == [("ann", "admin", "2026-11-23T08:00:00Z"), ("cleo", "git", "")]
    assert administrators(office, "2026-11-24") == [("cleo", "git", "")]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--on", "2026-11-20"), id="day-alone"),
        pytest.param(("--administrators", "--user", "ann"), id="two-questions"),
        pytest.param(("--administrators", "--on", "yesterday"), id="no-day"),
    ],
)
def test_question_that_is_none_is_refused(office: Office, arguments: tuple[str, ...]) -> None:
    """
    A day without the question, two questions at once, and a day that is none are usage errors.
    """
    assert office.run("audit", *arguments).code == 2


def test_policy_without_administrators_has_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Where no policy says what makes an administrator, that is said, and not that there was none.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    office.begins(policy="atlassian")
    people(office)
    office.applied()
    told = office.run("audit", "--administrators")

    assert told.code == 2
    assert "does not say what makes an administrator" in told.err
