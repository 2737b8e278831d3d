"""
What 100,000 people may cost in memory, and that their plan is right; `python -m tests.bench` prints the rest.
"""

from pathlib import Path

import pytest

from tests.bench.cases import first
from tests.bench.measure import in_turn
from tests.bench.table import table

PEOPLE, MIB = 100_000, 512

pytestmark = pytest.mark.nightly


def test_first_plan_of_many_people_fits(tmp_path: Path) -> None:
    """
    The first plan of 100,000 people finds what was made for it to find, in 512 MiB.
    """
    costs = in_turn(first(tmp_path / "world", PEOPLE).commands, 1, tmp_path)

    assert costs["plan"].mib <= MIB, table(costs, title="first plan", objects=PEOPLE)
    assert "500 create" in (tmp_path / "plan.out").read_text("utf-8")
