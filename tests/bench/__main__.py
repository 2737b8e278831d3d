"""
The benchmark's table: what the product costs beside a floor.

    python -m tests.bench --size 10k --case first

Every figure is of a whole process, start-up and rendering included; read the ratios, not the seconds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.bench.measure import Command, Cost, in_turn

ROOT = Path(__file__).parents[2]
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}

# A hold that a run tells for the first time ends it with 3; the plan was made and printed all the same.
_PLANNED = frozenset({0, 3})


def main() -> None:
    """
    Print the table that the arguments ask for.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="10k")
    parser.add_argument("--case", choices=CASES, default="first")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the worlds below this, and use them again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.folder or Path(scratch)).absolute() / arguments.size
        if not folder.exists():
            make_world(folder, SIZES[arguments.size])
        costs = in_turn(CASES[arguments.case](folder), arguments.rounds, folder)
    sys.stdout.write(table(costs, title=f"{arguments.case}, {arguments.size} users"))


def first_plan(folder: Path) -> dict[str, Command]:
    """
    Return what is compared for the first plan of a state, nothing cached: the plan after its floors.
    """
    return {
        "floor-dict": _python(folder, "tests.bench.floors", "dict", str(folder)),
        "floor-stream": _python(folder, "tests.bench.floors", "stream", str(folder)),
        "plan": _python(folder, "reconciler", "plan", codes=_PLANNED),
    }


CASES = {"first": first_plan}


def table(costs: Mapping[str, Cost], *, title: str) -> str:
    """
    Return the costs as a table, each with its ratio to the first of them, the floor.
    """
    floor = next(iter(costs.values()))
    head = f"{title}\n{'':14} {'CPU s':>8} {'x floor':>8} {'peak MiB':>9}\n"
    return head + "".join(
        f"{name:14} {cost.cpu:8.2f} {cost.cpu / floor.cpu:8.2f} {cost.mib:9.0f}\n" for name, cost in costs.items()
    )


def make_world(folder: Path, size: int) -> None:
    """
    Make the world in a process of its own: a child's peak memory counts from its parent's, which must stay small.
    """
    command = _python(ROOT, "tests.bench.world", str(folder), str(size))
    subprocess.run(command.arguments, cwd=ROOT, env=dict(command.environment), check=True)


def _python(folder: Path, module: str, *arguments: str, codes: frozenset[int] = frozenset({0})) -> Command:
    """
    Return the command that runs a module of this checkout in `folder`.
    """
    # whoever installs a program has its modules compiled once, whatever the shell that measures it says
    compiled = {
        "PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/reconciler-bytecode",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    environment = {**os.environ, **compiled, "PYTHONPATH": str(ROOT)}
    return Command(
        arguments=(sys.executable, "-m", module, *arguments), folder=folder, environment=environment, codes=codes
    )


if __name__ == "__main__":
    main()
