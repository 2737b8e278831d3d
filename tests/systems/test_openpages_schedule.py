"""
The schedule of the README: its script, run as it stands, time and again, without anybody there.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.wiring.scaffold import cloud_example

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SECTION = README.partition("## Run it on a schedule")[2].partition("\n## ")[0]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Return the README's script in a repository of its own with a remote; only its folders are those of this test.
    """
    access, printed, tools = tmp_path / "access", tmp_path / "printed", tmp_path / "tools"
    monkeypatch.chdir(tmp_path)
    assert run(["init", "access", "--quiet"]) == 0
    subprocess.run(["git", "init", "--bare", "--quiet", "remote"], check=True)
    for command in (
        ("remote", "add", "origin", "../remote"),
        ("push", "--quiet", "--set-upstream", "origin", "HEAD"),
    ):
        subprocess.run(["git", "-C", access, *command], check=True)
    shutil.copytree(cloud_example(), printed)
    tools.mkdir()
    lines = [line[4:] for line in SECTION.partition("#!/bin/sh")[2].splitlines() if line.startswith("    ")]
    text = "\n".join(["#!/bin/sh -e", *lines]).partition("# crontab")[0]
    text = text.replace("/srv/access", str(access)).replace("/run/access", str(printed))
    written = {
        tools / "nightly.sh": text,
        tools / "reconciler": f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n',
        access / "print-cloud.sh": f'#!/bin/sh\nfind "{printed}" -type f -exec touch {{}} +\n',
    }
    for path, content in written.items():
        path.write_text(content, "utf-8")
        path.chmod(0o755)
    return tools / "nightly.sh"


def nightly(script: Path) -> subprocess.CompletedProcess[str]:
    """
    Return what the script left behind, run as cron runs it: no terminal, and next to no environment.
    """
    path = f"{script.parent}:{os.environ['PATH']}"
    environ = {"PATH": path, "HOME": str(script.parent), "PYTHONPATH": str(Path(__file__).parents[2])}
    git = {f"GIT_{role}_{part}": "nightly" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    return subprocess.run(
        [script], env=environ | git, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_o03_script_of_the_schedule_converges_and_then_finds_nothing(script: Path) -> None:
    """
    The first night makes everybody and pushes the record; the second has nothing to do, and both end well.
    """
    first, second = nightly(script), nightly(script)
    remote = script.parent.parent / "remote"
    logged = subprocess.run(
        ["git", "-C", remote, "log", "--all", "--format=%s"], capture_output=True, text=True, check=True
    ).stdout

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "changes landed and are recorded" in first.stderr
    assert "No changes" in second.stdout
    assert "Record run 1 on openpages" in logged


def test_o03_crontab_line_and_timer_run_the_script() -> None:
    """
    Cron and systemd are told when, in their own words, and run the very script.
    """
    assert re.search(r"^    15 6 \* \* 1-5  /srv/access/nightly\.sh$", SECTION, re.MULTILINE)
    assert re.search(r"^    ExecStart=/srv/access/nightly\.sh$", SECTION, re.MULTILINE)
    assert re.search(r"^    OnCalendar=Mon\.\.Fri 06:15$", SECTION, re.MULTILINE)
