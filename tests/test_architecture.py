"""
ARCHITECTURE.md is short, and true of the code as it is.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.test_imports import LAYERS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
LONGEST = 150


def test_architecture_stays_short() -> None:
    """
    What takes more than 150 lines to say is said in the code.
    """
    assert len(TEXT.splitlines()) <= LONGEST


def test_code_map_has_every_module_and_no_other() -> None:
    """
    Each module of the package stands on the map, under its folder, once; nothing else does.
    """
    package = ROOT / "reconciler"
    modules = sorted(path.relative_to(package).as_posix() for path in package.rglob("*.py"))
    present = [path for path in modules if not path.endswith("__init__.py") and not path.startswith("shipped/")]

    assert sorted(mapped()) == present


def test_paths_named_in_the_text_are_there() -> None:
    """
    A path that the text names, from the root or from the package, leads somewhere.
    """
    named = set(re.findall(r"`([\w.]+/[\w./]*)`", TEXT)) - {".reconciler/"}

    assert len(named) > 10
    assert (
        sorted(path for path in named if not any((top / path).exists() for top in (ROOT, ROOT / "reconciler")))
        == []
    )


def test_import_table_names_every_layer() -> None:
    """
    The table has a word on each layer that the import law knows, but for the command itself and what is not there.
    """
    table = section("Who may import whom")
    first = {word for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for word in re.split(r"[,;] ", row)}
    there = {layer for layer in LAYERS if list((ROOT / "reconciler").glob(f"{layer}*")) and layer != "__main__"}

    assert first - {"layer"} == there


def test_every_dependency_says_why_it_is_there() -> None:
    """
    A library without a reason is one too many, and a reason without a library is out of date.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = {re.split(r"[<>=~! ]", line)[0] for line in project["dependencies"]}
    reasons = set(re.findall(r"(?:^|\. ?|\n)(\w+): ", section("Why each dependency is here")))

    assert reasons == required


def section(title: str) -> str:
    """
    Return the text below a heading, up to the next.
    """
    return TEXT.partition(f"## {title}")[2].partition("\n## ")[0]


def mapped() -> Iterator[str]:
    """
    Yield each module on the code map, relative to the package; a folder stands at the left edge and ends in `/`.
    """
    folder = ""
    for line in section("Code map").splitlines():
        if re.match(r" {4}\S", line):
            folder = line.split()[0] if line.split()[0].endswith("/") else ""
        if line.startswith("    "):
            yield from (folder + name for name in re.findall(r"\b(?<!/)\w+\.py\b", line))
