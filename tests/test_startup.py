"""
What a command imports before it does anything: people type it, shells complete by it, and every job starts with it.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# typing_extensions is msgspec's, where it is installed at all
ALWAYS = {"click", "msgspec", "typing_extensions"}
# idna is jsonschema's, where it is installed at all
FILES = {"yaml", "_yaml", "jsonschema", "jsonschema_specifications", "referencing", "rpds", "attr", "attrs", "idna"}
OURS = {
    "reconciler",
    "reconciler.cli",
    "reconciler.cli.leaving",
    "reconciler.cli.main",
    "reconciler.cli.session",
    "reconciler.errors",
    "reconciler.render",
    "reconciler.render.escape",
}
LISTING = """
import atexit, json, sys
before = set(sys.modules)
atexit.register(lambda: print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr))
from reconciler.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_what_answers_at_once_imports_next_to_nothing(asked: str, tmp_path: Path) -> None:
    """
    Asking for help or the version imports click, msgspec and the modules that know the commands' names.
    """
    code, imported = imported_by([asked], tmp_path)

    assert code == 0
    assert foreign(imported) <= ALWAYS
    assert {name for name in imported if name.partition(".")[0] == "reconciler"} == OURS


@pytest.mark.parametrize("config", ["version: [1\n", "version: one\n"], ids=["no YAML", "against the schema"])
def test_a_fault_in_a_file_is_told_without_the_rest(config: str, tmp_path: Path) -> None:
    """
    `validate` imports what reads and checks files, and no HTTP client, no Git, no SQL and no deepdiff.
    """
    (tmp_path / "reconciler.yaml").write_text(config)
    code, imported = imported_by(["validate", "--state", str(tmp_path)], tmp_path)

    assert code == 1
    assert {"click", "yaml"} <= foreign(imported) <= ALWAYS | FILES


def imported_by(arguments: list[str], folder: Path) -> tuple[int, set[str]]:
    """
    Return the exit code of a command line, and the modules it has imported by its end.
    """
    command = [sys.executable, "-c", LISTING, *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "LC_ALL": "C.UTF-8"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, set(json.loads(ended.stderr.splitlines()[-1]))


def foreign(modules: set[str]) -> set[str]:
    """
    Return the libraries among some modules that are neither Python's own nor ours, nor what Cython makes of one.
    """
    names = {name.partition(".")[0] for name in modules if "cython" not in name}
    return names - set(sys.stdlib_module_names) - {"reconciler"}
