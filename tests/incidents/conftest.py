"""
Where incidents are told: at the command line with the example organisation, or in a small world of a few people.

Both have the embedded database for a target, and the shipped preset for a policy.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.policy import build, overlay
from reconciler.files.policies import preset
from reconciler.targets.sql import SqlTarget
from tests.cli.conftest import converged, desk, seated, settled, unplanned
from tests.targets.sql_admin import SqlAdmin
from tests.world import World

__all__ = ["converged", "desk", "seated", "settled", "unplanned"]

Begin = Callable[..., World]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """
    Return the function that begins a world of Bob the administrator, and of others, and applies it once.
    """

    def world(*names: str, policy: Mapping[str, Any] | None = None) -> World:
        target = SqlTarget.open(f"sqlite:///{tmp_path}/registry.db", role_groups=frozenset({"OPAdministrators"}))
        made = World(target, tmp_path)
        made.policy = build(overlay(preset("openpages").value, policy or {}), {})
        made.cloud_has_group("staff", roles=("Viewer",))
        made.cloud_says("bob", roles=("Administrator",))
        for name in names:
            made.cloud_says(name)
        made.apply()
        return made

    return world


@pytest.fixture
def admin(tmp_path: Path) -> SqlAdmin:
    """
    Return the target's administrator, with a connection of its own.
    """
    return SqlAdmin(tmp_path / "registry.db")
