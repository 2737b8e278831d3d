"""
The README does not rot: its plan is what the tool prints, its commands run, its files are valid.
"""

import json
import os
import re
import shlex
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS, run
from reconciler.cli.stage import stage
from reconciler.cli.story import STEPS
from reconciler.core.limits import COUNTED

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SCAFFOLDED = (ROOT / "reconciler/wiring/scaffold.md").read_text("utf-8")
NOW = "2026-11-20T08:00:00Z"
SUCCESS = {0, 3, 4}
"""Exit codes of a command that did its work: done, a decision is needed, there are changes."""


def blocks(text: str, language: str) -> list[str]:
    """
    Return the fenced blocks of one language.
    """
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Return an empty folder, the current one, at a time that stands still.
    """
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    for name, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_first_screen_has_the_two_commands() -> None:
    """
    Whoever opens the README sees, before scrolling, what to type to see the story and to run the tests.
    """
    first = README.splitlines()[:40]

    assert "    python3 -m pip install . && reconciler demo" in first
    assert "    python3 -m pip install '.[test]' && python3 -m pytest" in first
    assert any("venv" in line for line in first)


def test_plan_shown_is_the_plan_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Every paragraph of the README's plan stands, word for word and in order, in what step 4 of the demo prints.
    """
    (shown,) = blocks(README, "diff")
    with stage(tmp_path / "story", run) as told:
        for step in STEPS[:4]:
            capsys.readouterr()
            step.play(told)
    printed = capsys.readouterr().out.partition("$ reconciler plan\n")
    places = [f"{printed[1]}{printed[2]}".find(part.strip("\n")) for part in shown.split("\n\n")]

    assert len(places) >= 3
    assert -1 not in places
    assert places == sorted(places)


def test_console_lines_run(place: Path) -> None:
    """
    Every line of the README's console blocks, typed one after another in a new folder, does its work.
    """
    lines = [line for block in blocks(README, "console") for line in block.splitlines()]

    assert len(lines) > 20, place
    assert [line for line in lines if not line.startswith("$ ")] == []
    assert [(line, code) for line in lines if (code := typed(line.removeprefix("$ "))) not in SUCCESS] == []


def test_scaffolded_readme_runs_where_it_lies(place: Path) -> None:
    """
    The commands that a new repository's README names for every day run there.
    """
    run(["init", "access", "--quiet"])
    typed("cd access")
    typed("reconciler apply --yes --quiet")
    lines = [line.removeprefix("$ ") for block in blocks(SCAFFOLDED, "console") for line in block.splitlines()]
    commands = [line.partition("#")[0] for line in lines]

    assert len(commands) >= 6, place
    assert [(line, code) for line in commands if (code := typed(line)) not in SUCCESS] == []


def typed(line: str) -> int:
    """
    Return the exit code of one line of a console block; raises KeyError for a program this test cannot run.
    """
    program, *arguments = shlex.split(line)
    return {"reconciler": run, "sqlite3": sql, "git": git, "cd": change}[program](arguments)


def sql(arguments: list[str]) -> int:
    """
    Run a statement as the sqlite3 shell does; raises what SQLite says where it refuses.
    """
    database, statement = arguments
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement).fetchall()
    return 0


def git(arguments: list[str]) -> int:
    """
    Run Git.
    """
    return subprocess.run(["git", *arguments], capture_output=True, check=False).returncode


def change(arguments: list[str]) -> int:
    """
    Go into a folder; the fixture comes back.
    """
    os.chdir(arguments[0])
    return 0


def test_overrides_shown_are_valid(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The overrides and the waiver of the README, put into the example, are without fault.
    """
    run(["init", ".", "--quiet"])
    overrides, waivers = blocks(README, "yaml")
    (place / "state/overrides/readme.yaml").write_text(overrides)
    (place / "state/overrides/waivers.yaml").write_text(waivers)
    code = run(["validate"])

    assert code == 0, capsys.readouterr()


def test_every_verb_of_an_override_is_shown() -> None:
    """
    The override block has an example of each thing that an override of a user can say.
    """
    schema = json.loads((ROOT / "schemas/overrides.schema.json").read_text())
    (overrides, _) = blocks(README, "yaml")
    verbs = set(schema["$defs"]["user"]["properties"]) | {"group", "rename"}

    assert sorted(verb for verb in verbs if not re.search(rf"\b{verb}:", overrides)) == []


@pytest.mark.parametrize(
    ("kind", "url", "settings"),
    [
        pytest.param("scim", "https://idp.example.com", "{}", id="scim"),
        pytest.param(
            "ldap",
            "ldaps://ldap.example.com",
            '{bind_dn: cn=x, password: "${P}", users: {base: o=x}, groups: {base: o=x}}',
            id="ldap",
        ),
    ],
)
def test_policy_of_a_directory_is_valid(place: Path, kind: str, url: str, settings: str) -> None:
    """
    The policy shown for a SCIM server and a directory has a place in both for all that it writes.
    """
    run(["init", "access", "--quiet"])
    state = place / "access/state"
    (shown,) = re.findall(r"^    (# state/policies/directory.yaml\n(?:    .*\n)+)", README, re.MULTILINE)
    (state / "policies/openpages.yaml").write_text(shown.replace("\n    ", "\n"))
    config = (state / "reconciler.yaml").read_text()
    changed = config.replace("type: sql", f"type: {kind}\n    settings: {settings}")
    (state / "reconciler.yaml").write_text(re.sub(r"url: \S+", f"url: {url}", changed))
    for path in (state / "overrides").glob("*.yaml"):
        path.unlink()

    assert run(["validate", "--state", str(state)]) == 0


def test_every_command_is_described() -> None:
    """
    The table of commands has exactly the commands there are.
    """
    table = README.partition("## Commands")[2].partition("All take")[0]

    assert set(re.findall(r"^\| `([\w-]+)", table, re.MULTILINE)) == set(COMMANDS)


def test_guards_named_are_guards() -> None:
    """
    A guard that the README tells people to waive is one that can trip.
    """
    named = set(re.findall(r"guard: ([a-z-]+)", README)) | set(re.findall(r"waive `([a-z-]+)`", README))

    assert named
    assert named <= {*COUNTED, "export-older", "export-degraded"}


def test_files_named_are_there() -> None:
    """
    Every file of the repository that the README points to is there.
    """
    linked = set(re.findall(r"\]\(([^)#:]+)\)", README)) | set(re.findall(r"`(tests/\w+\.py|\.ci/run)`", README))

    assert linked
    assert sorted(path for path in linked if not (ROOT / path).is_file()) == []
