"""
SECURITY.md, CONTRIBUTING.md and CHANGELOG.md name nothing that is not there.
"""

import re
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("ARCHITECTURE.md", "CHANGELOG.md", "README.md", "SECURITY.md", ".github/CONTRIBUTING.md")
FOLDERS = "reconciler|schemas|state|tests|.github|.ci"


def text(document: str) -> str:
    """
    Return what a document says.
    """
    return (ROOT / document).read_text("utf-8")


def test_every_weakness_is_held_by_a_test_that_is_there() -> None:
    """
    Each line of the track record says how it was found, what it was, and names tests of this checkout.
    """
    table = text("SECURITY.md").partition("## Track record")[2]
    lines = re.findall(r"^\| (?!found by|---)(.+?) \| (.+?) \| (.+) \|$", table, re.MULTILINE)
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    present = set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))
    named = [re.findall(r"`(test_\w+)`", line[2]) for line in lines]

    assert len(lines) >= 8
    assert [line for line, tests in zip(lines, named, strict=True) if not tests] == []
    assert [test for tests in named for test in tests if test not in present] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_that_are_named_are_there(document: str) -> None:
    """
    A path in a text that begins with a folder of this checkout, and has no word in it to fill in, leads somewhere.
    """
    named = re.findall(rf"`/?((?:{FOLDERS})/[\w./-]*)`", text(document))
    example = re.compile(r"state/(ledger|policies|overrides|exports)|\.reconciler")

    assert [path for path in named if not (ROOT / path).exists() and not example.match(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_are_named_are_commands(document: str) -> None:
    """
    Whatever stands behind `reconciler` in code is a command of it.
    """
    named = set(re.findall(r"`reconciler (\w[\w-]*)", text(document)))

    assert named - set(COMMANDS) == set()
