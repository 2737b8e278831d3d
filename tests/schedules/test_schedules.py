"""
No administrator's edit is overwritten and no write of ours taken for one, in any schedule of three runs.

The ownership, engine and apply code is the real one. `python -m tests.schedules` tells what is not promised.
"""

import pytest

from tests.schedules.terms import Extent, Kind
from tests.schedules.worlds import BROKEN, FEW, LATER, SOUND, TWICE, WHOLE, counted


@pytest.mark.parametrize(
    ("extent", "least"),
    [
        pytest.param(FEW, 5_000, id="one trouble"),
        pytest.param(WHOLE, 1_000_000, id="two troubles", marks=pytest.mark.ci),
        pytest.param(LATER, 100_000, id="a minute or an hour apart", marks=pytest.mark.nightly),
    ],
)
def test_no_edit_is_overwritten_and_no_write_of_ours_mistaken(extent: Extent, least: int) -> None:
    """
    Whatever crashes, is lost, late or doubled, and whenever the edit comes: 0 and 0, from every start.
    """
    found = dict(counted(SOUND, extent))

    assert {name: one.failures() for name, one in found.items() if one.failures()} == {}
    assert sum(one.schedules for one in found.values()) >= least


@pytest.mark.parametrize("kind", BROKEN, ids=[kind.name for kind in BROKEN])
def test_a_step_that_is_switched_off_is_found(kind: Kind) -> None:
    """
    The check finds schedules that break the promise as soon as one step of the order of writes is missing.
    """
    found = dict(counted(kind, TWICE, only="settled"))

    assert found["settled"].failures() != {}


def test_every_run_of_a_schedule_ends_well() -> None:
    """
    No run is refused after a crash: whatever one leaves behind, the next one goes on from there.
    """
    found = dict(counted(SOUND, TWICE, only="settled"))

    assert {label for label in found["settled"].happened if label.startswith("the run ends")} == {
        "the run ends (well)"
    }
