"""
What is measured, and beside which floor: the cases of the benchmark.

Each is made from a folder that it may fill and the number of people; the first command of each is the floor.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tests.bench.measure import Command
from tests.bench.organisation import DATABASE, MEMBERSHIPS

ROOT = Path(__file__).parents[2]
TOUCHED = 1_000
"""How many people the run touched whose record case `ledger` commits."""

# A hold that a run tells for the first time ends it with 3; the plan was made and printed all the same.
_PLANNED = frozenset({0, 3})
_FAULTY = frozenset({1, 2})


class Case(Struct, frozen=True):
    """
    Commands that are run in turn, and how many objects each of them is about.
    """

    commands: Mapping[str, Command]
    objects: int


def first(folder: Path, size: int) -> Case:
    """
    Return the first plan of a state, nothing cached, beside both floors.
    """
    world = made_world(folder, size)

    def make_ready() -> None:
        _forget(world)
        _load(world)

    commands = {
        "floor-dict": _floor(world, "dict"),
        "floor-stream": _floor(world, "stream"),
        "plan": _reconciler(world, "plan"),
    }
    return Case({name: replace(command, before=make_ready) for name, command in commands.items()}, size)


def next_(folder: Path, size: int) -> Case:
    """
    Return the plan after the last one, 1 % of either side changed since, beside reading the target with its driver.

    The world moves on with each run, so it is not that of the first plan.
    """
    world = made_world(folder.with_name(f"{folder.name}-next"), size)
    seeds = count(os.getpid())
    _done(_reconciler(world, "plan"))  # the first plan of a folder remembers nothing

    def move_on() -> None:
        _done(_reconciler(world, "plan"))
        _done(_python(world, "tests.bench.moving", str(world), str(next(seeds))))

    commands = {
        "floor-rows": _floor(world, "rows"),
        "floor-stream": _floor(world, "stream"),
        "plan": replace(_reconciler(world, "plan"), before=move_on),
    }
    return Case(commands, size)


def login(folder: Path, size: int) -> Case:
    """
    Return the plan of one person who has just logged in, not as the first, beside the start of such a program.
    """
    one = _login(made_world(folder, size), size)
    _done(one)
    return Case({"import click": _click(folder), "plan": one}, 1)


def first_login(folder: Path, size: int) -> Case:
    """
    Return the plan of the first who logs in, beside the next one's: with no index, or an export that moved by 1 %.

    The world moves on with each run, so it is that of the next plan.
    """
    world = made_world(folder.with_name(f"{folder.name}-next"), size)
    one = _login(world, size)
    seeds = count(os.getpid())

    def move_on() -> None:
        _done(one)
        _done(_python(world, "tests.bench.moving", str(world), str(next(seeds))))

    index = world / Path(DATABASE).parent / "names"
    commands = {
        "next login": replace(one, before=partial(_done, one)),
        "no index": replace(one, before=lambda: shutil.rmtree(index)),
        "1 % moved": replace(one, before=move_on),
    }
    return Case(commands, 1)


def group(folder: Path, size: int) -> Case:
    """
    Return the plan of one group, of a hundred people at any size, beside the start of a program of that kind.
    """
    world = made_world(folder, size)
    one = _reconciler(world, "plan", "--scope", f"sync-groups:Team {size // 20}")
    _done(one)
    return Case({"import click": _click(folder), "plan": one}, MEMBERSHIPS * 10)


def _login(world: Path, size: int) -> Command:
    return _reconciler(world, "plan", "--scope", f"login:person{size // 2}@example.com")


def apply_sqlite(folder: Path, size: int) -> Case:
    """
    Return the creation of everybody in SQLite, beside the bare driver's; the phase of the writes alone.
    """
    folder = folder.with_name(f"{folder.name}-writes")
    folder.mkdir(parents=True, exist_ok=True)
    changes, empty, database = (folder / name for name in ("creates.jsonl", "empty.db", "written.db"))
    _done(_python(folder, "tests.bench.writing", "prepare", str(changes), str(empty), str(size)))
    commands = {
        mode: replace(
            _python(folder, "tests.bench.writing", mode, str(changes), str(database)),
            before=partial(_renew, empty, database),
            phase=True,
        )
        for mode in ("executemany", "apply")
    }
    return Case(commands, size)


def ledger(folder: Path, size: int) -> Case:
    """
    Return the commit of a run's record that touched some people, beside `git commit` of the same files.
    """
    world = made_world(folder, size)
    touched = min(TOUCHED, size // 2)
    _done(_python(world, "tests.bench.recording", "prepare", str(world), str(touched)))
    commands = {
        mode: replace(_python(world, "tests.bench.recording", mode, str(world), str(touched)), phase=True)
        for mode in ("git commit", "record")
    }
    return Case(commands, touched)


def startup(folder: Path, size: int) -> Case:
    """
    Return what is asked for before anything is done, beside the import of click; the same whatever the size.
    """
    del size
    state = folder / "faulty"
    state.mkdir(parents=True, exist_ok=True)
    (state / "reconciler.yaml").write_text("version: one\n")
    commands = {
        "import click": _click(folder),
        "--version": _reconciler(folder, "--version"),
        "--help": _reconciler(folder, "--help"),
        "validate": replace(_reconciler(folder, "validate", "--state", str(state)), codes=_FAULTY),
    }
    return Case(commands, 1)


CASES: dict[str, Callable[[Path, int], Case]] = {
    "first": first,
    "next": next_,
    "login": login,
    "first-login": first_login,
    "group": group,
    "apply-sqlite": apply_sqlite,
    "ledger": ledger,
    "startup": startup,
}


def made_world(folder: Path, size: int) -> Path:
    """
    Return the folder with a world in it, made in a process of its own unless it is there.

    A child's peak memory counts from its parent's, which must stay small.
    """
    if not (folder / ".git" / "refs").exists():
        _done(_python(ROOT, "tests.bench.world", str(folder), str(size)))
    return folder


def _floor(world: Path, name: str) -> Command:
    return _python(world, "tests.bench.floors", name, str(world))


def _reconciler(folder: Path, *arguments: str) -> Command:
    return replace(_python(folder, "reconciler", *arguments), codes=_PLANNED)


def _click(folder: Path) -> Command:
    return replace(_python(folder, ""), arguments=(sys.executable, "-c", "import click"))


def _python(folder: Path, module: str, *arguments: str) -> Command:
    """
    Return the command that runs a module of this checkout in `folder`.
    """
    # whoever installs a program has its modules compiled once, whatever the shell that measures it says
    compiled = {
        "PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/reconciler-bytecode",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    environment = {**os.environ, **compiled, "PYTHONPATH": str(ROOT)}
    return Command(arguments=(sys.executable, "-m", module, *arguments), folder=folder, environment=environment)


def _done(command: Command) -> None:
    """
    Run a command that is not measured; raises CalledProcessError where it fails.
    """
    ended = subprocess.run(
        command.arguments,
        cwd=command.folder,
        env=dict(command.environment),
        check=False,
        stdout=subprocess.DEVNULL,
    )
    if ended.returncode not in command.codes:
        ended.check_returncode()


def _forget(world: Path) -> None:
    """
    Remove whatever the last plan may have kept beside the target's database.
    """
    for kept in (world / DATABASE).parent.iterdir():
        if kept.is_dir():
            shutil.rmtree(kept)
        elif not kept.name.startswith(Path(DATABASE).name):
            kept.unlink()


def _load(world: Path) -> None:
    """
    Have the system hold every file of a world in memory: whether it did so already is not what is compared.
    """
    for folder, _, names in os.walk(world):
        for name in names:
            Path(folder, name).read_bytes()


def _renew(empty: Path, database: Path) -> None:
    """
    Put the empty registry in the place of the one that was written.
    """
    for leftover in database.parent.glob(f"{database.name}-*"):
        leftover.unlink()
    shutil.copyfile(empty, database)
