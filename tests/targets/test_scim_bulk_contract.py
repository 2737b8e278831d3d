"""
The contract on a server in memory to which every write is sent as an operation of a bulk request.
"""

from typing import ClassVar

import pytest

from reconciler.targets.scim import ScimTarget
from reconciler.testing.targets import TargetContract
from tests.targets.scim_bulk_memory import BulkScim
from tests.targets.test_scim import MemoryAdmin
from tests.wire.scim_places import CANNOT, FIELDS, GROUP_FIELDS, SETTINGS


@pytest.fixture
def server() -> BulkScim:
    """
    Return a server that can do everything.
    """
    return BulkScim()


@pytest.fixture
def target(server: BulkScim) -> ScimTarget:
    """
    Return the empty server as a target that makes no write by itself where it could go with others.
    """
    target = server.target(SETTINGS)
    target.server.fewest = 1
    return target


@pytest.fixture
def admin(server: BulkScim) -> MemoryAdmin:
    """
    Return the server's administrator.
    """
    return MemoryAdmin(server)


class TestBulk(TargetContract):
    """
    The contract, each write an operation of a bulk request.
    """

    fields: ClassVar = FIELDS
    group_fields: ClassVar = GROUP_FIELDS
    tells_writer: ClassVar = False
    cannot: ClassVar = CANNOT


class TestPoorBulk(TestBulk):
    """
    The contract, on a server with bulk that has no ETags and takes no PATCH.
    """

    cannot: ClassVar = CANNOT

    @pytest.fixture
    def server(self) -> BulkScim:
        """
        Return the poor server.
        """
        return BulkScim(etag=False, patch=False)
