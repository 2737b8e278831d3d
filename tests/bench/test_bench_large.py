"""
What 100,000 people may cost, in a process of its own; ratios to a floor, because machines differ.
"""

from pathlib import Path

import pytest

from tests.bench.__main__ import first_plan, make_world, table
from tests.bench.measure import in_turn

PEOPLE = 100_000
TIMES_THE_FLOOR, MIB = 3, 512

pytestmark = pytest.mark.nightly


def test_first_plan_of_many_people_is_affordable(tmp_path: Path) -> None:
    """
    The first plan of 100,000 people costs at most three times what comparing two dicts of them does, in 512 MiB.
    """
    make_world(tmp_path / "world", PEOPLE)
    costs = in_turn(first_plan(tmp_path / "world"), 3, tmp_path / "world")
    plan, floor = costs["plan"], costs["floor-dict"]

    assert plan.mib <= MIB, table(costs, title="first plan")
    assert plan.cpu <= TIMES_THE_FLOOR * floor.cpu, table(costs, title="first plan")
