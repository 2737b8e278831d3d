"""
Passing over those who are in step changes neither a plan nor the ledger.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import decide
from reconciler.core.decide import Decision
from reconciler.core.instep import in_step
from tests.core.test_laws import LIVES, POLICIES, TARGETS, Life, Step, able
from tests.targets.memory import MemoryTarget
from tests.world import World


def told(decision: Decision) -> tuple[object, ...]:
    """
    Return what a decision says to people, and what it would record of whom something changes.
    """
    ledger = decision.world.ledger
    rows = {("user", key): row for key, row in ledger.users.items()}
    rows |= {("group", key): row for key, row in ledger.groups.items()}
    changed = {place: row for place, row in decision.rows.items() if rows.get(place) != row}
    return decision.plan, changed, decision.group_ids, decision.tags


@settings(max_examples=60)
@given(steps=LIVES, policy=POLICIES, on=st.sampled_from(sorted(TARGETS)))
def test_whoever_is_in_step_needs_no_settling(steps: list[Step], policy: dict[str, Any], on: str) -> None:
    """
    After any life of a world, a decision that settles everybody is the one that passes over those in step.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), TARGETS[on](), able(policy, on))
        for _ in life.live([*steps, ("applies", ()), *steps[:2]]):
            pass
        short = told(life.world.decide())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decide, "in_step", lambda *_, **__: {})
            whole = told(life.world.decide())

        assert short == whole


def test_most_people_are_in_step(tmp_path: Path) -> None:
    """
    Right after an apply everybody whom nothing was decided of is passed over.
    """
    world = World(MemoryTarget(), tmp_path)
    for name in ("ann", "bob", "cyd"):
        world.cloud_says(name)
    world.apply()
    seen: list[dict[str, str]] = []

    def noted(*one: Any, **more: Any) -> dict[str, str]:
        seen.append(in_step(*one, **more))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "in_step", noted)
        world.decide()

    assert seen == [{"id-ann": "ann", "id-bob": "bob", "id-cyd": "cyd"}]
