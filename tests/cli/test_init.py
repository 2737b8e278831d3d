"""
`reconciler init`: what it makes plans at once, and nothing outside the folder knows of it.
"""

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.cli.main import run

ROOT = Path(__file__).parents[2]
NOW = "2027-03-01T08:00:00Z"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Return a repository that `init` made long after the example organisation was exported.
    """
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    monkeypatch.chdir(tmp_path)
    assert run(["init", "access", "--quiet"]) == 0
    monkeypatch.chdir(tmp_path / "access")
    return tmp_path / "access"


def git(folder: Path, *arguments: str) -> str:
    """
    Return what Git prints.
    """
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_new_repository_is_committed_whole(made: Path) -> None:
    """
    One commit, dated by the clock, holds all that was written.
    """
    assert git(made, "status", "--porcelain", "--ignored") == ""
    assert git(made, "log", "--format=%s|%cI") == "Start with the example organisation|2027-03-01T08:00:00+00:00\n"


def test_new_repository_holds_what_it_needs(made: Path) -> None:
    """
    Configuration, policy, overrides, export, every schema and a README are there, and no ledger.
    """
    tracked = set(git(made, "ls-files").split())
    schemas = {f"schemas/{path.name}" for path in (ROOT / "schemas").iterdir()}
    needed = {"README.md", ".gitignore", "state/reconciler.yaml", "state/policies/openpages.yaml"}

    assert tracked >= needed | schemas | {"state/exports/ibmcloud/manifest.json"}
    assert sorted(path for path in tracked if path.startswith("state/overrides/"))
    assert not [path for path in tracked if "ledger/" in path]


def test_new_repository_is_valid(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    `validate` finds nothing to complain of, not even a warning.
    """
    code = run(["validate"])

    assert code == 0, made
    assert "warning" not in "".join(capsys.readouterr())


def test_new_repository_plans_at_once(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The first plan makes everybody's account, on an export that is fresh, and no decision is needed.
    """
    code = run(["plan", "--check", "--limit", "0"])
    told = capsys.readouterr().out

    assert code == 4, made
    assert "48 create" in told
    assert f"export  {NOW}" in told
    assert "stale" not in told


def test_new_repository_is_in_step_after_one_apply(made: Path) -> None:
    """
    A plan finds changes, one apply makes them all, and nothing is left, nor held.
    """
    codes = [run(line.split()) for line in ("plan --check --limit 0", "apply --yes --limit 0", "plan --check")]

    assert codes == [4, 0, 0], made


def test_example_override_is_about_to_end_whenever_it_was_made(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The override that helps for a while still holds on the day of `init`, and the plan says until when.
    """
    run(["plan", "--limit", "0"])

    assert "until: 2027-03-22" in (made / "state/overrides/year-end.yaml").read_text()
    assert "Expiring (1)" in capsys.readouterr().out


def test_schema_lines_lead_to_the_schemas(made: Path) -> None:
    """
    The first line of every YAML file names a schema that is there, so that an editor finds it.
    """
    files = sorted((made / "state").rglob("*.yaml"))
    named = [path.parent / path.read_text().splitlines()[0].partition("$schema=")[2] for path in files]

    assert len(files) >= 4
    assert [path for path in named if not path.is_file()] == []


def test_database_and_journal_stay_out_of_git(made: Path) -> None:
    """
    What a run leaves in `.reconciler/` is ignored.
    """
    run(["plan", "--quiet"])

    assert (made / ".reconciler").is_dir()
    assert git(made, "status", "--porcelain") == ""


def test_next_commands_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Whoever has just run `init` is told what to type next; a folder with a space is quoted for the shell.
    """
    monkeypatch.chdir(tmp_path)
    run(["init", "who may"])
    told = capsys.readouterr().out

    assert [line.split("  ")[1] for line in told.splitlines() if line.startswith("  ")] == [
        "cd 'who may'",
        "reconciler validate",
        "reconciler plan",
        "reconciler apply",
    ]


@pytest.mark.parametrize("present", ["notes.txt", ".git"])
def test_folder_that_holds_anything_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], present: str
) -> None:
    """
    Nothing is written into a folder that is somebody's, and the exit code says that the command was wrong.
    """
    (tmp_path / present).mkdir()
    code = run(["init", str(tmp_path)])

    assert code == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [present]


def test_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A file is no folder, and is left as it was.
    """
    (tmp_path / "access").write_text("mine")
    code = run(["init", str(tmp_path / "access")])

    assert code == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "access").read_text() == "mine"


def test_another_state_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    `--state` is refused rather than ignored, because the folder inside DIR has a fixed name.
    """
    code = run(["init", str(tmp_path / "access"), "--state", "elsewhere"])

    assert code == 2
    assert "--state" in capsys.readouterr().err
    assert not (tmp_path / "access").exists()


def test_empty_folder_is_taken(tmp_path: Path) -> None:
    """
    A folder that is there and empty is as good as a new one.
    """
    assert run(["init", str(tmp_path), "--quiet"]) == 0
    assert (tmp_path / "state" / "reconciler.yaml").is_file()


def test_first_commit_bears_the_name_that_git_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whom Git knows is the author; only where it knows nobody it is Reconciler itself.
    """
    run(["init", str(tmp_path / "nobody"), "--quiet"])
    config = tmp_path / "config"
    config.write_text("[user]\n\tname = Ann Muster\n\temail = ann@example.com\n[init]\n\tdefaultBranch = trunk\n")
    monkeypatch.setitem(os.environ, "GIT_CONFIG_GLOBAL", str(config))
    run(["init", str(tmp_path / "ann"), "--quiet"])

    assert (
        git(tmp_path / "nobody", "log", "--format=%an <%ae> %D")
        == "Reconciler <reconciler@localhost> HEAD -> main\n"
    )
    assert git(tmp_path / "ann", "log", "--format=%an <%ae> %D") == "Ann Muster <ann@example.com> HEAD -> trunk\n"


def test_hooks_of_a_template_are_neither_copied_nor_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A Git template with a hook that refuses every commit has no say in a new repository.
    """
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (template / "pre-commit").chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(template.parent))
    code = run(["init", str(tmp_path / "access"), "--quiet"])

    assert code == 0
    assert not (tmp_path / "access" / ".git" / "hooks" / "pre-commit").exists()


def test_repository_within_another_is_told(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Whoever types `init` within a repository learns that it will not hold the new one's files.
    """
    code = run(["init", "inner"])

    assert code == 0
    assert f"inner lies within the Git repository {made}, which will not hold its files." in capsys.readouterr().err
