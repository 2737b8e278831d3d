"""
`reconciler init --github`: the files this repository works with itself, and what remains to be clicked.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler import __version__
from reconciler.cli.main import run
from reconciler.wiring.scaffold_github import FILES

ROOT = Path(__file__).parents[2]
SERVER = "https://github.example.com"
PINNED = re.compile(r"uses: (?:\./[\w./-]+|[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Return a repository that `init --github` made.
    """
    monkeypatch.chdir(tmp_path)
    assert run(["init", "access", "--github", "--quiet"]) == 0
    return tmp_path / "access"


def test_new_repository_has_the_files_of_this_one(made: Path) -> None:
    """
    There is one source: what is scaffolded is what this repository runs, byte by byte.
    """
    theirs = {name: (made / ".github" / name).read_bytes() for name in FILES}

    assert theirs == {name: (ROOT / ".github" / name).read_bytes() for name in FILES}


def test_new_repository_keeps_its_ledger_on_a_branch_of_its_own_and_plans(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The ledger's branch is configured, every file is sound, and there is something to do.
    """
    monkeypatch.chdir(made)

    assert "ledger: {branch: reconciler-ledger, durability: push}" in (made / "state/reconciler.yaml").read_text()
    assert [run(line.split()) for line in ("validate", "plan --check --limit 0")] == [0, 4]


def test_code_owners_own_what_decides(made: Path) -> None:
    """
    The file owns itself, the workflows, configuration, policies, decisions on groups, waivers and the ledger.
    """
    owned = {line.split()[0] for line in (made / ".github/CODEOWNERS").read_text().splitlines() if line[0] != "#"}

    assert owned >= {
        "/.github/",
        "/state/reconciler.yaml",
        "/state/policies/",
        "/state/overrides/groups/",
        "/state/overrides/waivers.yaml",
        "/state/ledger/",
    }


def test_branch_that_git_begins_with_is_the_one_that_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where the default branch has another name, it is that one which starts a run.
    """
    config = tmp_path / "config"
    config.write_text("[init]\n\tdefaultBranch = trunk\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    run(["init", str(tmp_path / "access"), "--github", "--quiet"])

    assert "branches: [trunk]" in (tmp_path / "access/.github/workflows/apply.yml").read_text()


def test_what_remains_to_be_clicked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Whoever made a repository is told the steps, and where each is explained.
    """
    monkeypatch.chdir(tmp_path)
    run(["init", "access", "--github"])
    told = capsys.readouterr().out
    steps = re.findall(r"(?m)^(\d)\. \*\*", (tmp_path / "access/.github/SETUP.md").read_text())

    assert re.findall(r"(?m)^  (\d)  ", told) == steps == list("1234567")


def test_release_that_workflows_install_is_this_one() -> None:
    """
    A new repository runs the release by which it was made.
    """
    assert (
        f"\nidentity-reconciler[github]=={__version__}\n"
        in (ROOT / ".github/actions/reconcile/requirements.txt").read_text()
    )


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".yml") and "/" in name])
def test_nothing_unpinned_or_unbounded_runs(name: str) -> None:
    """
    Actions are pinned to commits, no expression stands in a script, and jobs have no right but those they name.
    """
    text = (ROOT / ".github" / name).read_text()
    scripts = re.findall(r"(?m)^ +run: \|\n((?: {8,}.*\n)+)", text)

    assert [line for line in text.splitlines() if "uses:" in line and not PINNED.search(line)] == []
    assert not any("${{" in script for script in scripts)
    assert "pull_request_target" not in text
    assert not name.startswith("workflows/") or "\npermissions: {}\n" in text


def test_git_gets_the_token_from_the_environment_for_its_own_server_alone() -> None:
    """
    The helper that the action configures answers for that server with the token, and is silent to any other.
    """
    text = (ROOT / ".github/actions/reconcile/action.yml").read_text()
    given = dict(re.findall(r"(?m)^ +(GIT_CONFIG_\w+): (.+)$", text))
    given = {name: value.strip("\"'").replace("${{ github.server_url }}", SERVER) for name, value in given.items()}
    environ = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "ghs_1", "GIT_TERMINAL_PROMPT": "0", **given}

    def asked(host: str) -> str:
        command = ["git", "credential", "fill"]
        wanted = f"protocol=https\nhost={host}\n\n"
        return subprocess.run(
            command, input=wanted, env=environ, capture_output=True, text=True, check=False
        ).stdout

    assert "username=x-access-token\npassword=ghs_1\n" in asked("github.example.com")
    assert "ghs_1" not in asked("evil.example.com")


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_rulesets_let_nobody_force_or_delete(name: str) -> None:
    """
    Both rulesets can be imported, and neither branch can be rewritten or removed.
    """
    rules = json.loads((ROOT / ".github" / name).read_text())["rules"]

    assert {"deletion", "non_fast_forward", "required_linear_history"} <= {rule["type"] for rule in rules}


def installed(folder: Path, *, extras: str, version: str = "", wheel: bool = False) -> tuple[int, list[str]]:
    """
    Return how the action's step Install ends, and what it would have installed.
    """
    text = (ROOT / ".github/actions/reconcile/action.yml").read_text()
    script = re.findall(r"(?m)^ +run: \|\n((?: {8,}.*\n)+)", text)[0]
    action, tools = folder / "a/b/c", folder / "tools"
    action.mkdir(parents=True)
    tools.mkdir()
    (tools / "python3").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$TOLD"\n')
    (tools / "python3").chmod(0o755)
    if wheel:
        (action / "identity_reconciler-1-py3-none-any.whl").touch()
    environ = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "TOLD": str(folder / "told"),
        "GITHUB_ACTION_PATH": str(action),
        "RUNNER_TEMP": str(folder),
        "VERSION": version,
        "EXTRAS": extras,
    }
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], env=environ, capture_output=True, check=False
    )
    told = (folder / "told").read_text().splitlines() if (folder / "told").exists() else []
    return done.returncode, [
        word.removeprefix(f"{action}/") for word in told[told.index("--quiet") + 1 :]
    ] if told else []


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param(
            {"extras": "scim"}, ["-r", "requirements.txt", "identity-reconciler[github,scim]"], id="release"
        ),
        pytest.param({"extras": ""}, ["-r", "requirements.txt", "identity-reconciler[github]"], id="none"),
        pytest.param(
            {"extras": "ldap,scim", "wheel": True},
            ["identity_reconciler-1-py3-none-any.whl[github,ldap,scim]"],
            id="wheel",
        ),
        pytest.param(
            {"extras": "scim", "version": "2.0", "wheel": True},
            ["identity-reconciler[github,scim]==2.0"],
            id="version",
        ),
    ],
)
def test_action_installs_the_libraries_of_the_targets(
    tmp_path: Path, given: dict[str, Any], wanted: list[str]
) -> None:
    """
    What GitHub needs, and the extras; from a wheel that lies beside the action where no release is named.
    """
    assert installed(tmp_path, **given) == (0, wanted)


@pytest.mark.parametrize("extras", ["scim]", "scim,", "--pre", "$(id)", "scim ldap", "a\nb"])
def test_action_refuses_extras_that_are_no_names(tmp_path: Path, extras: str) -> None:
    """
    Whatever is no list of names installs nothing.
    """
    assert installed(tmp_path, extras=extras) == (1, [])


def test_new_repository_can_be_read_from_the_cloud(made: Path) -> None:
    """
    The source has the key's placeholder, and the place of the account; the job installs IBM's library.
    """
    config = (made / "state/reconciler.yaml").read_text()

    assert 'settings: {api_key: "${IBMCLOUD_API_KEY}"}' in config
    assert "# account: " in config
    assert "extras: ibmcloud\n" in (made / ".github/workflows/export.yml").read_text()


def test_apply_without_a_remote_is_refused_before_the_plan(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The ledger must be pushed and there is nowhere to push it to: that is said first, and nothing is planned.
    """
    monkeypatch.chdir(made)
    code = run(["apply", "--yes"])
    told = capsys.readouterr()

    assert (code, told.out) == (1, "")
    assert "there is no remote origin to push to" in told.err


def test_next_steps_on_github_do_not_begin_with_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    What is told as next works as it stands: `apply` needs a remote first.
    """
    monkeypatch.chdir(tmp_path)
    run(["init", "access", "--github"])
    told = capsys.readouterr().out

    assert "\n  reconciler plan " in told
    assert "\n  reconciler apply" not in told
