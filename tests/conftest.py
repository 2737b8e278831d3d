"""
What holds for every test: Git knows no person and no machine, and hypothesis gives every run the same cases.
"""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.once import Once

_MANY = {"fuzz", "hostile", "schedules", "test_crashes.py", "test_imports.py", "test_style.py", "test_worlds.py"}

# Whoever runs the tests may be in the middle of a commit, may sign commits, or may have told Git no name at all.
for name in [name for name in os.environ if name.startswith("GIT_")]:
    del os.environ[name]
os.environ["GIT_CONFIG_GLOBAL"] = str(Path(__file__).parent / "data" / "gitconfig")
os.environ["GIT_CONFIG_NOSYSTEM"] = "1"

# A shared core misses any deadline; a red test must be red again when it is run again.
settings.register_profile("same cases", deadline=None, derandomize=True, database=None)
settings.load_profile("same cases")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """
    Look for no garbage among thousands of collected tests, which stay until the end, and less often for any.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """
    Return the function that makes a folder once, and copies it from then on.
    """
    return Once(tmp_path_factory.mktemp("once"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """
    Measure no coverage where many cases pass through the same code, to which measuring adds as much again.

    What is covered is thereby what an example holds: a line that only a random world happens to reach is not.
    pytest-cov has a mark for this, of which its second measurement in each process of pytest-xdist knows nothing.
    """
    if not (item.get_closest_marker("hypothesis") or _MANY.intersection(item.path.parts)):
        return (yield)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
