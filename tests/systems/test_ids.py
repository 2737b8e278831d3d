"""
The README's table of rows against the tests that there are: what it promises is tested, what it lacks is lacking.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "README.md").read_text("utf-8").partition("without a test yet")[2].partition("\n\n")[0]
SPAN = re.compile(r"([A-Z])(\d+)(?:-\1(\d+))?")
TEST = re.compile(r"^def test_([a-z])(\d\d)_", re.MULTILINE)


class Line(Struct, frozen=True):
    """
    One line of the table: the rows of one system, where their tests are, and which of them have none.
    """

    rows: frozenset[str]
    tests: Path
    lacking: frozenset[str]


def spanned(text: str) -> Iterator[str]:
    """
    Yield each id that a text such as `O1-O3, I7` names, as tests spell it (`o01`).
    """
    for letter, first, last in SPAN.findall(text):
        yield from (f"{letter.lower()}{number:02}" for number in range(int(first), int(last or first) + 1))


def lines(table: str) -> list[Line]:
    """
    Return the lines of the table.
    """
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if "`" in line]
    return [
        Line(frozenset(spanned(rows)), ROOT / tests.strip("`"), frozenset(spanned(lacking)))
        for rows, _, tests, lacking in cells
    ]


def ids_in(place: Path) -> frozenset[str]:
    """
    Return the ids that tests bear, in all below a folder or in the files of a name, which may have wildcards.
    """
    files = sorted(place.rglob("test_*.py")) if place.is_dir() else sorted(place.parent.glob(place.name))
    return frozenset("".join(found) for file in files for found in TEST.findall(file.read_text("utf-8")))


LINES = lines(TABLE)


@pytest.mark.parametrize("line", LINES, ids=lambda line: min(line.rows)[0])
def test_row_without_a_test_is_listed_and_no_other(line: Line) -> None:
    """
    Each row has a test that bears its id, but those of which the table says that they lack one.
    """
    assert line.rows - ids_in(line.tests) == line.lacking


def test_table_has_every_row_once() -> None:
    """
    The table speaks of each row of the four systems, and of what Git adds, and of each once.
    """
    counts = {"o": 14, "i": 12, "l": 8, "a": 11, "b": 9, "g": 8}
    every = {f"{letter}{number:02}" for letter, count in counts.items() for number in range(1, count + 1)}

    assert sorted(row for line in LINES for row in line.rows) == sorted(every)


def test_every_test_of_a_row_bears_an_id_of_the_table() -> None:
    """
    A test whose id no row has would answer a question that nobody asks.
    """
    assert ids_in(ROOT / "tests" / "systems") - {row for line in LINES for row in line.rows} == set()


def test_table_that_says_too_little_or_too_much_is_found() -> None:
    """
    A row that lost its test, and one that is listed although it has one, both fail the comparison.
    """
    told = "| O1-O3 | x | `tests/systems/test_openpages.py` | O1, O4 |"
    (line,) = lines(told)

    assert line.rows == {"o01", "o02", "o03"}
    assert line.rows - ids_in(line.tests) == {"o03"} != line.lacking
