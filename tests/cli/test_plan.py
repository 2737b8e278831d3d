"""
`reconciler plan`: what it prints, and what its exit code says.
"""

import json
import shutil
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.export import UserRow
from tests.cli.conftest import ANN, BOB, Desk


def test_check_finds_changes_until_they_are_applied(desk: Desk) -> None:
    """
    `plan --check` leaves with 4, and with 0 once `apply` is through.
    """
    codes = [desk.run(*line.split()).code for line in ("plan --check", "plan", "apply --yes", "plan --check")]

    assert codes == [4, 0, 0, 0]


def test_plan_changes_nothing(desk: Desk) -> None:
    """
    A plan leaves target, work tree and history as they were.
    """
    desk.run("plan")

    assert desk.admin.run("SELECT count(*) FROM users WHERE user_name = ?", ANN) == [(0,)]
    assert desk.git("status", "--porcelain") == ""


def test_empty_plan_says_so_and_how_much_was_looked_at(settled: Desk) -> None:
    """
    Where nothing is to be done the first line says so.
    """
    told = settled.run("plan")

    assert told.out.startswith("No changes. openpages:")


@pytest.mark.parametrize("form", ["json", "deepdiff"])
def test_json_on_stdout_is_only_json(desk: Desk, form: str) -> None:
    """
    The formats for programs print one JSON document and nothing else, with --out too.
    """
    told = desk.run("plan", "--format", form, "--out", "plan.json")

    assert isinstance(told.json, dict)
    assert "plan.json" in told.err


def test_out_writes_what_format_json_prints(desk: Desk) -> None:
    """
    The file of `--out` holds the same bytes as `--format json`.
    """
    told = desk.run("plan", "--format", "json", "--out", "plan.json")

    assert Path("plan.json").read_text() == told.out


def test_out_that_cannot_be_written_is_told(settled: Desk) -> None:
    """
    A file that cannot be written is a failure of the user's surroundings, not a bug.
    """
    told = settled.run("plan", "--out", "nowhere/plan.json")

    assert told.code == 2
    assert "nowhere/plan.json" in told.err


def test_quiet_says_nothing_but_the_plan(settled: Desk) -> None:
    """
    With --quiet nothing stands on stderr.
    """
    assert settled.run("plan", "--out", "plan.json", "--quiet").err == ""


@pytest.mark.parametrize(("name", "form"), [("plan.html", "html"), ("PLAN.HTM", "html"), ("plan.md", "markdown")])
def test_plan_file_is_named_for_what_it_holds(settled: Desk, name: str, form: str) -> None:
    """
    A name that promises a page is refused before anything is read, with the way to get that page.
    """
    told = settled.run("plan", "--format", form, "--out", name)

    assert (told.code, told.out) == (2, "")
    assert f"reconciler plan --format {form} > {name}" in told.err
    assert not (settled.folder / name).exists()


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")], ids=["plan", "apply"])
def test_verbose_says_what_the_plan_is_made_from(settled: Desk, command: tuple[str, ...]) -> None:
    """
    The export's time, the ledger's run and the physical target are told to whoever asks for more.
    """
    told = settled.run(*command, "--verbose")

    assert "export of ibmcloud, read at 20" in told.err
    assert "ledger at run 1, commit " in told.err
    assert "target openpages: sqlite:.reconciler/openpages.db" in told.err


def test_markdown_begins_with_counts_and_digest(desk: Desk) -> None:
    """
    Who reads only the beginning of the Markdown form has seen the counts and the digest.
    """
    digest = desk.run("plan", "--format", "json").json["digest"]
    told = desk.run("plan", "--format", "markdown").out[:1_000]

    assert "changes to openpages" in told
    assert digest in told


def test_limit_bounds_what_is_shown(desk: Desk) -> None:
    """
    `--limit` shows so many of each kind, and says how many more there are.
    """
    short, long = desk.run("plan", "--limit", "1").out, desk.run("plan", "--limit", "1000").out

    assert len(short) < len(long)
    assert "more; --limit shows more" in short


def test_colour_needs_a_terminal(desk: Desk) -> None:
    """
    Where stdout is no terminal there is no colour.
    """
    assert "\x1b" not in desk.run("plan").out


@pytest.mark.parametrize(
    ("arguments", "variable", "colored"),
    [
        pytest.param((), "", True, id="terminal"),
        pytest.param(("--no-color",), "", False, id="option"),
        pytest.param((), "1", False, id="NO_COLOR"),
    ],
)
def test_colour_on_a_terminal_can_be_refused(
    settled: Desk,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arguments: tuple[str, ...],
    variable: str,
    colored: object,
) -> None:
    """
    On a terminal a plan is coloured unless --no-color or NO_COLOR says otherwise.
    """
    monkeypatch.setenv("NO_COLOR", variable)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    told = settled.run("plan", *arguments)

    assert ("\x1b[1m" in told.out) is colored


def test_hostile_name_is_shown_and_not_obeyed(settled: Desk) -> None:
    """
    A name that turns text around and paints a terminal is shown by its code points.
    """
    settled.cloud(lambda row: replace(row, first_name="A\u202enn\x1b[31m\nGit: +") if row.user_name == ANN else row)
    told = settled.run("plan")

    assert "<U+202E>" in told.out
    assert "<U+001B>" in told.out
    assert "<U+000A>" in told.out
    assert "\u202e" not in told.out


def test_broken_export_removes_nobody_and_says_why(settled: Desk) -> None:
    """
    Where half the people are missing nobody is deactivated, and the plan says that the export has shrunk.
    """
    half = {row.key for row in settled.people()[::2]}
    settled.cloud(lambda row: None if row.key in half else row)
    told = settled.run("plan", "--format", "json")

    assert told.code == 3
    assert {one["action"] for one in told.json["changes"]} <= {"create", "update"}
    assert not [one for one in told.json["changes"] if "removal" in one.get("risk", ())]
    assert "the export has shrunk" in told.out


def test_hold_that_was_told_before_is_no_news(settled: Desk) -> None:
    """
    A hold is exit code 3 once; when it has been recorded the same plan leaves with 0.
    """
    half = {row.key for row in settled.people()[::2]}
    settled.cloud(lambda row: None if row.key in half else row)
    codes = [settled.run(*line.split()).code for line in ("plan", "apply --yes", "plan", "apply --yes")]

    assert codes == [3, 3, 0, 0]


def test_incomplete_export_says_what_is_missing(settled: Desk) -> None:
    """
    An export that is not the whole still adds and changes, and the plan names the gap.
    """

    def gappy(row: UserRow) -> UserRow | None:
        renamed = replace(row, first_name="Anna") if row.user_name == ANN else row
        return None if row.user_name == BOB else renamed

    settled.cloud(gappy, complete=False)
    told = settled.run("plan", "--format", "json")

    assert [(one["name"], one["after"]) for one in told.json["changes"]] == [(ANN, {"first_name": "Anna"})]
    assert "a page of users is missing" in told.out


@pytest.mark.parametrize(
    ("at", "code", "words"),
    [
        pytest.param("2026-11-20T05:00:00Z", 3, "was applied already", id="older"),
        pytest.param("2026-11-21T05:00:00Z", 3, "in the future", id="future"),
    ],
)
def test_export_of_another_time_is_refused(settled: Desk, at: str, code: int, words: str) -> None:
    """
    An export older than the last applied one, or of the future, is refused.
    """
    settled.cloud(at=at)
    told = settled.run("plan")

    assert told.code == code
    assert words in told.err
    assert told.out == ""


def test_several_targets_need_a_name(desk: Desk) -> None:
    """
    Where there are several targets, the command must say which, and is told their names.
    """
    desk.configures(
        "targets:\n",
        "targets:\n  other: {type: sql, url: 'sqlite:///o.db', sources: [ibmcloud], policy: openpages.yaml}\n",
    )
    unnamed, wrong, right = (desk.run("plan", *more) for more in ((), ("--target", "x"), ("--target", "other")))

    assert (unnamed.code, wrong.code, right.code) == (2, 2, 0)
    assert "openpages, other" in unnamed.err
    assert "there is no target 'x'" in wrong.err


def test_plan_needs_no_repository(desk: Desk, tmp_path: Path) -> None:
    """
    Who has no repository yet may plan.
    """
    state = shutil.copytree(desk.state, tmp_path / "loose" / "state")
    told = desk.run("plan", "--state", str(state), "--check")

    assert told.code == 4


def test_wrong_clock_is_a_usage_error(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A RECONCILER_NOW that is no time is refused before anything is read.
    """
    monkeypatch.setenv("RECONCILER_NOW", "yesterday")
    told = settled.run("plan")

    assert told.code == 2
    assert "RECONCILER_NOW is 'yesterday'" in told.err


def test_unset_secret_is_named(desk: Desk) -> None:
    """
    An address whose variable is unset is a usage error that names the variable.
    """
    desk.configures("sqlite:///.reconciler/openpages.db", "sqlite:///${NOWHERE_SET}.db")
    told = desk.run("plan")

    assert told.code == 2
    assert "NOWHERE_SET" in told.err


def test_faults_of_the_files_are_told_with_their_lines(desk: Desk) -> None:
    """
    What cannot be right in overrides stops a plan, with file and line.
    """
    desk.decides("- user: ann.muster@example.com\n  sett: {locale: de_DE}\n")
    told = desk.run("plan")

    assert told.code == 1
    assert "state/overrides/decided.yaml:2: unknown key" in told.err


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param("{active: false}", 'set: no policy has a field "active"', id="a field nobody has"),
        pytest.param("{locked: 'yes'}", 'set.locked is "yes", not true or false', id="text where truth belongs"),
        pytest.param("{user_name: null}", "nobody can be without a name", id="no name"),
    ],
)
def test_override_that_cannot_be_so_stops_the_plan(settled: Desk, said: str, message: str) -> None:
    """
    What `validate` refuses of a field no plan is made from: it would write nonsense, or pass over it in silence.
    """
    settled.decides(f"- {{user: {ANN}, set: {said}}}\n")
    told = settled.run("plan")

    assert (told.code, told.out) == (1, "")
    assert "state/overrides/" in told.err
    assert message in told.err


def test_same_state_is_the_same_plan(desk: Desk) -> None:
    """
    Two plans of one state are the same bytes.
    """
    first, second = (desk.run("plan", "--format", "json").out for _ in range(2))

    assert first == second
    assert json.loads(first)["changes"]


def test_groups_of_one_name_are_held_until_an_override_parts_them(desk: Desk) -> None:
    """
    Without the example's override its two groups of one name are held, and the way out named is that override.
    """
    (parting,) = (desk.state / "overrides" / "groups").iterdir()
    text = parting.read_text()
    parting.unlink()
    desk.commit()
    held = desk.run("plan", "--format", "json")
    desk.decides(text, name=f"groups/{parting.name}")
    parted = [desk.run(*line.split()).code for line in ("plan --check", "apply --yes", "plan --check")]
    names = desk.admin.run("SELECT name FROM groups WHERE name LIKE '%Reviewers' ORDER BY name")

    assert held.code == 3
    assert [len(one["keys"]) for one in held.json["conflicts"]] == [2]
    assert "`rename: " in held.json["conflicts"][0]["release"]
    assert not [one for one in held.json["changes"] if one["name"].endswith("Reviewers")]
    assert parted == [4, 0, 0]
    assert names == [("Cloud IAM - Contract Reviewers",), ("Cloud IAM - Reviewers",)]


def test_restored_database_is_planned_with_no_more_than_applied_to(settled: Desk, tmp_path: Path) -> None:
    """
    A copy of an earlier day, put back, is refused before anybody reads a plan of another world.
    """
    database = settled.folder / ".reconciler/openpages.db"
    shutil.copy(database, tmp_path / "backup.db")
    settled.decides(f"- user: {ANN}\n  set: {{locale: de_DE}}\n")
    applied = settled.run("apply", "--yes")
    for file in database.parent.glob("openpages.db*"):
        file.unlink()
    shutil.copy(tmp_path / "backup.db", database)
    told = settled.run("plan")

    assert (applied.code, told.code) == (0, 1)
    assert "restored" in told.err
    assert told.out == ""


def test_lost_database_is_no_empty_target(settled: Desk) -> None:
    """
    Where the ledger knows of runs, a target without any is another one: nothing is planned for it.
    """
    for file in (settled.folder / ".reconciler").glob("openpages.db*"):
        file.unlink()
    told = settled.run("plan")

    assert told.code == 1
    assert "url" in told.err
