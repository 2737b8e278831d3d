"""
A plan that remembers the one before, from the command line, on files that lie in many shards.
"""

from pathlib import Path

import pytest

from reconciler.cli.plan import FORMATS
from tests.bench.organisation import organisation
from tests.bench.world import make_world
from tests.cli.conftest import ANN, BOB, NOW, Desk

MEMORY = Path(".reconciler/memory/openpages")


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """
    Return the desk of an organisation that is just large enough for its people to lie in many files.
    """
    make_world(tmp_path, organisation(1_100))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    return Desk(tmp_path, capsys)


def test_plan_is_the_same_with_and_without_what_is_remembered(large: Desk) -> None:
    """
    The first plan, those after it, and one that uses nothing print the same bytes; the memory is used, and kept.
    """
    plans = [large.run("plan", "--format", "json", *more).out for more in ([], [], [], ["--no-cache"])]
    kept = (large.folder / MEMORY).read_bytes()

    assert plans == plans[:1] * 4
    assert large.run("plan").code == 0
    assert (large.folder / MEMORY).read_bytes() == kept


def test_first_plan_leaves_only_that_it_was_made(large: Desk) -> None:
    """
    What it proves would be of use to nobody on a runner that is thrown away; the second plan remembers.
    """
    sizes = []
    for _ in range(3):
        large.run("plan")
        sizes.append((large.folder / MEMORY).stat().st_size)

    assert sizes[0] < 100 < sizes[1] == sizes[2]


def test_plan_without_cache_leaves_nothing_behind(large: Desk) -> None:
    """
    Who asks for no cache gets none.
    """
    large.run("plan", "--no-cache")

    assert not (large.folder / MEMORY).exists()


@pytest.mark.parametrize("form", FORMATS)
def test_plan_of_the_example_is_the_same_in_every_form(settled: Desk, form: str) -> None:
    """
    What a plan of the example organisation prints is the same after another plan, and without a cache.
    """
    settled.admin.admin_sets(ANN, locale="pt_BR")
    settled.cloud(lambda row: None if row.user_name == BOB else row)
    plans = [settled.run("plan", "--format", form, *more) for more in ([], [], [], ["--no-cache"])]

    assert plans[0].out
    assert plans == plans[:1] * 4
