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


def names_of_tests(folder: str) -> set[str]:
    """
    Return the names of all tests below a folder.
    """
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / folder).rglob("test_*.py"))
    return set(re.findall(r"^def (test_\w+)", code, re.MULTILINE))


def test_every_weakness_is_held_by_a_test_that_is_there() -> None:
    """
    Each line of the track record says how it was found, what it was, and names tests of this checkout.
    """
    table = text("SECURITY.md").partition("## Track record")[2]
    lines = re.findall(r"^\| (?!found by|---)(.+?) \| (.+?) \| (.+) \|$", table, re.MULTILINE)
    present = names_of_tests("tests")
    named = [re.findall(r"`(test_\w+)`", line[2]) for line in lines]

    assert len(lines) >= 8
    assert [line for line, tests in zip(lines, named, strict=True) if not tests] == []
    assert [test for tests in named for test in tests if test not in present] == []


def test_every_incident_is_cited_and_told() -> None:
    """
    Each line of the incidents has a public address and a test, and each test of theirs is in a line.
    """
    table = text("SECURITY.md").partition("## What went wrong elsewhere")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (?!incident|---)(.+?) \| (.+?) \| (.+?) \| (.+) \|$", table, re.MULTILINE)

    assert len(lines) >= 12
    assert [line for line in lines if "](https://github.com/" not in line[1]] == []
    assert {test for line in lines for test in re.findall(r"`(test_\w+)`", line[3])} == names_of_tests(
        "tests/incidents"
    )


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
