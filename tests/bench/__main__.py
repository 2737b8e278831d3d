"""
The benchmark's table: what the product costs beside a floor.

    python -m tests.bench --size 1k,10k,100k --case first --case startup

Every figure is of a whole process, start-up and rendering included; read the ratios, not the seconds.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench.cases import CASES
from tests.bench.measure import Cost, in_turn
from tests.bench.table import table

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1M": 1_000_000}


def main() -> None:
    """
    Print the tables that the arguments ask for.
    """
    asked = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (asked.folder or Path(scratch)).absolute()
        for case in asked.case or ["first"]:
            _compare(case, asked.size, folder, asked.rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--size", type=sizes, default=["10k"], help=f"one or several of {', '.join(SIZES)}")
    parser.add_argument("--case", choices=CASES, action="append", help="what to measure; may be said several times")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run; the median counts")
    parser.add_argument("--folder", type=Path, help="keep the worlds below this, and use them again")
    return parser.parse_args()


def sizes(text: str) -> list[str]:
    """
    Return the names of the sizes, smallest first.
    """
    asked = {name.casefold() for name in text.split(",")}
    if unknown := asked - {name.casefold() for name in SIZES}:
        raise argparse.ArgumentTypeError(f"no size is called {', '.join(sorted(unknown))}")
    return [name for name in SIZES if name.casefold() in asked]


def _compare(case: str, sizes: list[str], folder: Path, rounds: int) -> None:
    """
    Print one case's table of each size, each beside the size before.
    """
    smaller: dict[str, Cost] | None = None
    for size in sizes:
        measured = CASES[case](folder / size, SIZES[size])
        costs = in_turn(measured.commands, rounds, folder)
        title = f"{case}, {size} users"
        sys.stdout.write(table(costs, title=title, objects=measured.objects, smaller=smaller) + "\n")
        sys.stdout.flush()
        smaller = costs


if __name__ == "__main__":
    main()
