"""
Every source that comes with the package passes the contract that others' sources pass.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reconciler.ports_adapter import SourceAdapter
from reconciler.testing.sources import SourceContract
from reconciler.wiring.registry import SOURCES, source_adapter
from tests.sources.test_canonical import ANN, BOB, GROUPS
from tests.sources.test_clouds import CLOUDS, DATA, UNNAMED, asking


class TestClouds(SourceContract):
    """
    The files of each cloud, under its own account.
    """

    @pytest.fixture(params=CLOUDS)
    def cloud(self, request: pytest.FixtureRequest) -> str:
        """
        Return the cloud's name.
        """
        return str(request.param)

    @pytest.fixture
    def adapter(self, cloud: str) -> SourceAdapter[Any]:
        """
        Return what is plugged in for it.
        """
        return source_adapter(cloud)

    @pytest.fixture
    def paths(self, cloud: str) -> Sequence[Path]:
        """
        Return its files one by one, so that their order can be another.
        """
        return sorted(path for path in (DATA / cloud / "printed").rglob("*") if path.is_file())

    @pytest.fixture
    def account(self, cloud: str) -> str:
        """
        Return the account that its records name.
        """
        return CLOUDS[cloud][0] or UNNAMED[cloud]


class TestIbmCloud(SourceContract):
    """
    The files of the example account.
    """

    @pytest.fixture
    def adapter(self) -> SourceAdapter[Any]:
        """
        Return what is plugged in for IBM Cloud.
        """
        return source_adapter("ibmcloud")

    @pytest.fixture
    def paths(self) -> Sequence[Path]:
        """
        Return what its API printed.
        """
        return [DATA / "ibmcloud" / "api"]

    @pytest.fixture
    def account(self) -> str:
        """
        Return the example account.
        """
        return "1f2e3d4c5b6a47988a7b6c5d4e3f2a1b"


class TestRows(SourceContract):
    """
    Rows that a program printed.
    """

    @pytest.fixture
    def adapter(self) -> SourceAdapter[Any]:
        """
        Return what is plugged in for rows.
        """
        return source_adapter("rows")

    @pytest.fixture
    def paths(self, tmp_path: Path) -> Sequence[Path]:
        """
        Return files with two people.
        """
        (tmp_path / "users.json").write_text(json.dumps([ANN, BOB]))
        (tmp_path / "groups.json").write_text(json.dumps(GROUPS))
        return [tmp_path / "users.json", tmp_path / "groups.json"]


def test_contract_is_passed_by_every_source_that_reads_files() -> None:
    """
    Who adds a type adds it here.
    """
    assert {*CLOUDS, "ibmcloud", "rows"} == set(SOURCES)
    assert asking().fetched_at
