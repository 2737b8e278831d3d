"""
A repository on GitHub that holds the example organisation, with the ledger on a branch of its own.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.forge import Forge
from tests.github.stand_in import hub_at_work

ROOT = Path(__file__).parents[2]


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Forge]:
    """
    Yield such a repository; no run has been made.
    """
    with hub_at_work() as hub:
        made = Forge(tmp_path, hub, monkeypatch, capsys)
        people = shutil.ignore_patterns("ledger", "people.yaml", "year-end.yaml")
        shutil.copytree(ROOT / "state", made.desk / "state", ignore=people)
        config = made.desk / "state/reconciler.yaml"
        text = config.read_text("utf-8").replace(".reconciler/openpages.db", "${OPENPAGES_DB}")
        text = text.replace("{branch: null, durability: commit}", "{branch: reconciler-ledger, durability: push}")
        config.write_text(text, encoding="utf-8")
        (made.desk / ".gitignore").write_text(".reconciler/\nplan.json\n")
        made.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(made.remote))
        made.git("init", "--quiet", "--template=", "--initial-branch=main")
        made.git("remote", "add", "origin", str(made.remote))
        made.pushes(message="Begin")
        yield made
