"""
The contract on a server of scimmy-routers: PATCH and filters, no ETag, and no attributes but the standard's.
"""

from collections.abc import Iterator
from itertools import count
from typing import ClassVar

import pytest

from reconciler.targets.scim import ScimTarget
from reconciler.targets.scim_settings import ScimSettings
from reconciler.testing.targets import TargetContract
from tests.wire.scim_admin import ScimAdmin
from tests.wire.scim_places import CORE_CANNOT, CORE_FIELDS
from tests.wire.scim_servers import scimmy

pytestmark = pytest.mark.ci

_TENANTS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """
    Return the url below which every path is a server of its own.
    """
    with scimmy() as url:
        yield url


@pytest.fixture(scope="module")
def bulk_server() -> Iterator[str]:
    """
    Return the url below which every path is a server of its own, with bulk.
    """
    with scimmy("bulk") as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    """
    Return the url of an empty server.
    """
    return f"{server}/tenant{next(_TENANTS)}"


@pytest.fixture
def target(url: str) -> Iterator[ScimTarget]:
    """
    Return the empty server as a target that has been read, as each run does.
    """
    opened = ScimTarget.open(url, ScimSettings())
    opened.read()
    yield opened
    opened.close()


@pytest.fixture
def admin(url: str) -> ScimAdmin:
    """
    Return the server's administrator.
    """
    return ScimAdmin(url, ScimSettings())


class TestScimmy(TargetContract):
    """
    The contract, on scimmy-routers.
    """

    fields: ClassVar = CORE_FIELDS
    group_fields: ClassVar = {"name": None}
    tells_writer: ClassVar = False
    cannot: ClassVar = CORE_CANNOT


class TestScimmyInBulk(TestScimmy):
    """
    The contract, on scimmy-routers with bulk, each write an operation of a bulk request.
    """

    cannot: ClassVar = CORE_CANNOT

    @pytest.fixture
    def url(self, bulk_server: str) -> str:
        """
        Return the url of an empty server with bulk.
        """
        return f"{bulk_server}/tenant{next(_TENANTS)}"

    @pytest.fixture
    def target(self, url: str) -> Iterator[ScimTarget]:
        """
        Return the empty server, to which no write is sent by itself.
        """
        opened = ScimTarget.open(url, ScimSettings())
        opened.server.fewest = 1
        opened.read()
        yield opened
        opened.close()
