"""
The SCIM target on a server in memory: the contract, and what a server may do otherwise.
"""

from typing import Any, ClassVar

import pytest

from reconciler.targets.scim import ScimTarget
from reconciler.testing.targets import TargetContract
from tests.targets.scim_memory import ROOT, MemoryScim
from tests.wire.scim_admin import ScimAdmin
from tests.wire.scim_places import CANNOT, FIELDS, GROUP_FIELDS, SETTINGS


class MemoryAdmin(ScimAdmin):
    """
    One who changes the server's resources past everything.
    """

    def __init__(self, server: MemoryScim) -> None:
        super().__init__(ROOT, SETTINGS)
        self.server = server

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """
        Return what the server says; a refusal is a mistake of the test.
        """
        return self.server.answers(method, f"/{path}", body)[1]


@pytest.fixture
def server() -> MemoryScim:
    """
    Return a server that can do everything.
    """
    return MemoryScim()


@pytest.fixture
def target(server: MemoryScim) -> ScimTarget:
    """
    Return the empty server as a target.
    """
    return server.target(SETTINGS)


@pytest.fixture
def admin(server: MemoryScim) -> MemoryAdmin:
    """
    Return the server's administrator.
    """
    return MemoryAdmin(server)


class TestScim(TargetContract):
    """
    The contract, on a server that can do everything.
    """

    fields: ClassVar = FIELDS
    group_fields: ClassVar = GROUP_FIELDS
    tells_writer: ClassVar = False
    cannot: ClassVar = CANNOT


class TestPoorScim(TestScim):
    """
    The contract, on a server without ETags that takes no PATCH and lists two at a time.
    """

    cannot: ClassVar = CANNOT

    @pytest.fixture
    def server(self) -> MemoryScim:
        """
        Return the poor server.
        """
        return MemoryScim(etag=False, patch=False, page=2)


class TestSilentScim(TestScim):
    """
    The contract, on a server that says nothing of what a PATCH made.
    """

    cannot: ClassVar = CANNOT

    @pytest.fixture
    def server(self) -> MemoryScim:
        """
        Return the silent server.
        """
        return MemoryScim(silent=True)
