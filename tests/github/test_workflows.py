"""
The workflows that `init --github` writes, run as they are written.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from tests.github.actor import Actor
from tests.github.forge import NOW, Forge
from tests.github.stand_in import REPOSITORY, hub_at_work

pytestmark = pytest.mark.ci

ROOT = Path(__file__).parents[2]
ANN = "ann.muster@example.com"
LOCALE = f"- user: {ANN}\n  set: {{locale: de_DE}}\n  reason: T-1\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Return the folder that holds the wheel of this checkout.
    """
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, capture_output=True, check=True)
    return folder


@pytest.fixture
def actor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wheel: Path
) -> Iterator[Actor]:
    """
    Yield Actions for a repository that `init --github` made, with the address of its target in a secret.
    """
    act = shutil.which("act", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if act is None and not os.environ.get("CI"):
        pytest.skip("act is not installed: pip install '.[workflows]'")
    assert act, "act runs the workflows: pip install '.[workflows]'"
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    monkeypatch.setenv("HOME", str(tmp_path))
    with hub_at_work() as hub:
        forge = Forge(tmp_path, hub, monkeypatch, capsys)
        assert run(["init", str(forge.desk), "--github", "--quiet"]) == 0
        config = forge.desk / "state/reconciler.yaml"
        text = config.read_text().replace("sqlite:///.reconciler/openpages.db", "${RECONCILER_TARGET_URL}")
        config.write_text(text)
        forge.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(forge.remote))
        forge.git("remote", "add", "origin", str(forge.remote))
        forge.pushes(message="Say where the target lies")
        yield Actor(forge, act, wheel)


def pull(number: int, forge: Forge, *, fork: bool = False) -> dict[str, Any]:
    """
    Return the event of a pull request.
    """
    repository = {"full_name": REPOSITORY, "name": "access"}
    head = {"full_name": "mallory/access", "name": "access"} if fork else repository
    base = forge.git("rev-parse", "refs/heads/main", at=forge.remote)
    request = {
        "number": number,
        "head": {"ref": f"change-{number}", "repo": head},
        "base": {"ref": "main", "sha": base, "repo": repository},
    }
    return {"number": number, "pull_request": request}


def test_workflows_carry_a_change_from_pull_request_to_target(actor: Actor) -> None:
    """
    `apply.yml` fills the target, `plan.yml` comments, `apply.yml` makes the change, `audit.yml` finds it true.
    """
    forge = actor.forge
    first = actor.runs("apply", "workflow_dispatch")
    number = forge.proposes({"state/overrides/ann.yaml": LOCALE})
    planned = actor.runs("plan", "pull_request", pull(number, forge))
    forge.squashes(number)
    applied = actor.runs("apply", "push")
    audited = actor.runs("audit", "workflow_dispatch")

    assert first.code == 0, first.out
    assert planned.code == 0, planned.out
    assert 'locale: "en_US" -> "de_DE"' in forge.comment(number)
    assert "override state/overrides/ann.yaml:2" in forge.comment(number)
    assert applied.code == 0, applied.out
    assert f"Since review (#{number}): the same changes." in applied.out
    assert forge.person(ANN, "locale") == "de_DE"
    assert [subject for subject in forge.subjects() if subject.startswith("Record")] == [
        "Record run 1 on openpages",
        "Record run 2 on openpages",
    ]
    assert audited.code == 0, audited.out
    assert "sqlite:///" not in first.out + planned.out + applied.out


def test_a_fork_runs_only_the_job_without_an_environment(actor: Actor) -> None:
    """
    Of the two jobs of `plan.yml` a fork's pull request gets the one that names no secret.
    """
    forge = actor.forge
    number = forge.proposes({"state/overrides/ann.yaml": LOCALE})
    planned = actor.runs("plan", "pull_request", pull(number, forge, fork=True))

    assert planned.code == 0, planned.out
    assert set(re.findall(r"(?m)^\[plan/([^\]]*?) *\]", planned.out)) == {"plan, from a fork"}
    assert not forge.database.exists()
