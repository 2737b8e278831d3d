"""
The one table of adapters leads to adapters, and what others plug in is found through entry points.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.ports_adapter import SourceAdapter, TargetAdapter
from reconciler.wiring.registry import SOURCES, TARGETS, source_adapter, target_adapter
from tests.wiring.plugs import installed

PLUGGED = """\
from msgspec import Struct
from reconciler.ports_adapter import NoSettings, SourceAdapter, TargetAdapter
SOURCE = SourceAdapter(settings=NoSettings)
TARGET = TargetAdapter(settings=NoSettings, open=lambda opening: opening)
"""
POINTS = """\
[reconciler.sources]
workday = plugged_workday:SOURCE
swapped = plugged_workday:TARGET
gone = plugged_workday:NOTHING
lost = plugged_nowhere:SOURCE
[reconciler.targets]
workday = plugged_workday:TARGET
swapped = plugged_workday:SOURCE
"""


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    Yield a folder on the path in which another distribution is installed.
    """
    installed(tmp_path, "workday", POINTS, plugged_workday=PLUGGED)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("plugged_workday", None)


@pytest.mark.parametrize("kind", SOURCES)
def test_each_type_of_source_has_an_adapter(kind: str) -> None:
    """
    What the table names is there, and can be read in one way at least.
    """
    adapter = source_adapter(kind)

    assert adapter.files or adapter.live


@pytest.mark.parametrize("kind", TARGETS)
def test_each_type_of_target_has_an_adapter(kind: str) -> None:
    """
    What the table names is there.
    """
    assert isinstance(target_adapter(kind), TargetAdapter)


@pytest.mark.usefixtures("plugged")
def test_adapters_of_others_are_found_by_their_entry_points() -> None:
    """
    A distribution that announces an adapter need do no more for its type to be known.
    """
    assert isinstance(source_adapter("workday"), SourceAdapter)
    assert isinstance(target_adapter("workday"), TargetAdapter)


@pytest.mark.usefixtures("plugged")
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        pytest.param("swapped", "is no SourceAdapter: plugged_workday:TARGET", id="target"),
        pytest.param("gone", "cannot be loaded from plugged_workday:NOTHING", id="no-such-name"),
        pytest.param("lost", "cannot be loaded from plugged_nowhere:SOURCE", id="no-such-module"),
        pytest.param("nobody", "there is no adapter 'nobody'", id="unknown"),
    ],
)
def test_what_is_no_adapter_is_refused_by_its_place(kind: str, told: str) -> None:
    """
    The message says where it was looked for.
    """
    with pytest.raises(UsageError) as refused:
        source_adapter(kind)

    assert told in refused.value.message


@pytest.mark.usefixtures("plugged")
def test_the_near_name_is_offered() -> None:
    """
    Both the package's own types and what is plugged in are candidates.
    """
    hints = []
    for kind in ("wokday", "ibmclod"):
        with pytest.raises(UsageError) as refused:
            source_adapter(kind)
        hints.append(refused.value.hint)

    assert hints == ['did you mean "workday"?', 'did you mean "ibmcloud"?']


def test_two_adapters_of_one_name_are_refused(plugged: Path) -> None:
    """
    Which of the two would be used is chance, so neither is.
    """
    installed(plugged, "other", "[reconciler.sources]\nworkday = other_workday:SOURCE\n")
    with pytest.raises(UsageError) as refused:
        source_adapter("workday")

    assert refused.value.message.endswith("more than once: other_workday:SOURCE, plugged_workday:SOURCE")


def test_nobody_takes_the_name_of_a_type_of_the_package(plugged: Path) -> None:
    """
    What comes with the package is what its name means, whatever else is installed.
    """
    installed(plugged, "other", "[reconciler.targets]\nsql = plugged_workday:TARGET\n")

    assert target_adapter("sql").open.__module__ == "reconciler.targets.sql"
