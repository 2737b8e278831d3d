"""
What a whole process costs: CPU seconds and peak memory, start-up included, in turn with what it is compared to.
"""

import os
import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct


class Cost(Struct, frozen=True):
    """
    What one run cost: CPU seconds of user and system, and the largest resident set in MiB.
    """

    cpu: float
    mib: float


class Command(Struct, frozen=True, kw_only=True):
    """
    One thing to measure: its arguments, and the exit codes with which it has done its work.

    `before` makes things ready for each run, and is not measured. Of a `phase` the CPU counts that the process
    tells of itself in the last line it prints: what came before, such as reading, is not what is compared.
    """

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    codes: frozenset[int] = frozenset({0})
    before: Callable[[], None] = lambda: None
    phase: bool = False


def run(command: Command, output: Path) -> Cost:
    """
    Return what one run of the command cost; what it says is in `output` afterwards.

    Raises RuntimeError where it ends otherwise than it should: what did not do its work has no price.
    """
    command.before()
    with output.open("wb") as sink:
        child = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=dict(command.environment),
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in command.codes:
        raise RuntimeError(f"{' '.join(command.arguments)} ended with {child.returncode}; see {output}")
    cpu = float(output.read_text().split()[-1]) if command.phase else usage.ru_utime + usage.ru_stime
    return Cost(cpu, usage.ru_maxrss / 1024)


def in_turn(commands: Mapping[str, Command], rounds: int, outputs: Path) -> dict[str, Cost]:
    """
    Return the median cost of each command, all of them run once a round: A B A B.

    So whatever else the machine is doing meanwhile, it does to each of them.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(run(command, outputs / f"{name}.out"))
    return {
        name: Cost(median(cost.cpu for cost in each), median(cost.mib for cost in each))
        for name, each in costs.items()
    }


def cpu_seconds() -> float:
    """
    Return the CPU seconds of this process and of its children that have ended.
    """
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)
