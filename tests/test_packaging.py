"""
The wheel carries what a checkout has: schemas, presets, the example organisation; and no run's traces.
"""

import subprocess
import sys
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from reconciler.wiring.scaffold_github import FILES

ROOT = Path(__file__).parents[1]
SHIPPED = {
    "schemas": "reconciler/shipped/schemas",
    "state": "reconciler/shipped/state",
    "tests/data/ibmcloud": "reconciler/shipped/ibmcloud",
    "reconciler": "reconciler",
}

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """
    Return the opened wheel of this checkout, built by what the extra `test` installs.
    """
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return ZipFile(path)


@pytest.mark.parametrize("folder", SHIPPED)
def test_wheel_holds_the_folder(wheel: ZipFile, folder: str) -> None:
    """
    Every file of the folder is in the wheel, byte by byte.
    """
    shipped = {name: wheel.read(f"{SHIPPED[folder]}/{name}") for name in names_below(wheel, SHIPPED[folder])}

    assert shipped
    assert shipped == {name: (ROOT / folder / name).read_bytes() for name in files_below(ROOT / folder)}


def test_wheel_holds_what_a_repository_needs_on_github(wheel: ZipFile) -> None:
    """
    Workflows, action and rulesets are in the wheel as they are here, and no other file of that folder.
    """
    below = "reconciler/shipped/.github"
    shipped = {name: wheel.read(f"{below}/{name}") for name in names_below(wheel, below)}

    assert shipped == {name: (ROOT / ".github" / name).read_bytes() for name in FILES}


def test_wheel_holds_nothing_else(wheel: ZipFile) -> None:
    """
    Beside the package the wheel has its metadata only: no test, no workflow, no cache.
    """
    strangers = [name for name in wheel.namelist() if PurePosixPath(name).parts[0] != "reconciler"]

    assert [name for name in strangers if not PurePosixPath(name).parts[0].endswith(".dist-info")] == []


def test_wheel_brings_command_licence_and_types(wheel: ZipFile) -> None:
    """
    The wheel installs the command, states its licence, and tells type checkers that it has types.
    """
    texts = {
        PurePosixPath(name).name: wheel.read(name).decode() for name in wheel.namelist() if "dist-info" in name
    }

    assert "reconciler = reconciler.__main__:main" in texts["entry_points.txt"]
    assert "Apache License" in texts["LICENSE"]
    assert "reconciler/py.typed" in wheel.namelist()


def names_below(wheel: ZipFile, folder: str) -> list[str]:
    """
    Return the wheel's files below `folder`, relative to it; what is shipped apart is no part of the package's own.
    """
    names = [name.removeprefix(f"{folder}/") for name in wheel.namelist() if name.startswith(f"{folder}/")]
    return [name for name in names if not name.startswith("shipped/")]


def files_below(folder: Path) -> list[str]:
    """
    Return the checkout's files below `folder`, relative to it, but what a run or Python left there.
    """
    traces = {"__pycache__", ".reconciler", "ledger"}
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return [name.as_posix() for name in names if not traces & set(name.parts)]
