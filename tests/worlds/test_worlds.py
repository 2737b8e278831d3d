"""
Random worlds: lives of a few people, groups and weeks, with every promise checked after every step.

The plain run and CI live the same lives each time, so that what is red is red again; the nightly run lives others,
and prints the seed with which `WORLDS_SEED` repeats it. A life that breaks a promise becomes a story in
`test_world_stories.py`.
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.worlds.fingerprint import fingerprint
from tests.worlds.machine import RandomWorld

PARTS = 20
"""The nightly lives come in so many parts, each with a seed of its own."""


def live(number: int, *, steps: int, new: int | None = None) -> None:
    """
    Live so many lives of so many steps: the same ones each time, or `new` ones, which that number repeats.
    """
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(
        phases=[Phase.generate, Phase.shrink],
        max_examples=number,
        stateful_step_count=steps,
        suppress_health_check=slow,
        derandomize=new is None,
    )

    world = type("NewWorld", (RandomWorld,), {})
    run_state_machine_as_test(world if new is None else seed(new)(world), settings=chosen)


def test_some_lives_keep_every_promise() -> None:
    """
    Whatever happens, laws 3, 4, 5 and 8 and the promises P1, P2 and P6 hold after it.
    """
    live(25, steps=6)


@pytest.mark.ci
def test_many_lives_keep_every_promise() -> None:
    """
    The same, in more and longer lives.
    """
    live(300, steps=7)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_new_lives_keep_every_promise(part: int) -> None:
    """
    The same, in lives that nobody has lived before.
    """
    number = int(os.environ.get("WORLDS_SEED", secrets.randbits(32)))
    print(f"WORLDS_SEED={number} part {part}")  # noqa: T201  pytest shows it with what fails
    live(20_000 // PARTS, steps=15, new=number + part)


@pytest.mark.parametrize("hashes", ["0", "1", "4242"])
def test_no_order_of_hashes_shows(hashes: str) -> None:
    """
    Law 8 across processes: whatever order Python gives its sets, a life ends in the same plan and the same ledger.
    """
    told = subprocess.run(
        [sys.executable, "-m", "tests.worlds.fingerprint"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": hashes},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == fingerprint()
