"""
The source that the README writes, plugged in as it says, passes the contract as it says.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reconciler.wiring.registry import source_adapter
from tests.sources.test_clouds import asking
from tests.test_readme import README, blocks
from tests.wiring.plugs import installed

TEXT = README.partition("### Adapters")[2].partition("\n## ")[0]
ADAPTER, CONTRACT = blocks(TEXT, "python")
(POINTS,) = blocks(TEXT, "toml")


def module(name: str, text: str) -> Any:
    """
    Return the module of this text, as an import would find it.
    """
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(text, f"{name}.py", "exec"), made.__dict__)  # noqa: S102  the README's own code
    return made


STAFF = module("reconciler_staff", ADAPTER)
TestStaff = module("test_reconciler_staff", CONTRACT).TestStaff


def test_source_of_the_readme_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What it says to announce is enough, and its settings count.
    """
    installed(tmp_path, "staff", POINTS.replace('project.entry-points."', "").replace('"]', "]").replace('"', ""))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "staff.json").write_text('[{"id": "7", "login": "ann", "teams": ["Risk"]}]')
    adapter = source_adapter("staff")
    reading = STAFF.files([tmp_path], asking("example", adapter.settings(team_prefix="HR ")))

    assert adapter is STAFF.ADAPTER
    assert [(user.state, user.groups) for user in reading.users] == [("unknown", ("HR Risk",))]
