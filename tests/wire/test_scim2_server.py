"""
The contract on scim2-server: ETags, PATCH, filters, extensions.
"""

from collections.abc import Iterator
from itertools import count
from typing import ClassVar

import pytest
from msgspec.structs import replace

from reconciler.targets.scim import ScimTarget
from reconciler.testing.targets import TargetContract
from tests.wire.scim_admin import ScimAdmin
from tests.wire.scim_places import CANNOT, FIELDS, GROUP_FIELDS, SETTINGS
from tests.wire.scim_servers import scim2_server

pytestmark = pytest.mark.ci

_TENANTS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """
    Return the url below which every path is a server of its own.
    """
    with scim2_server() as url:
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
    opened = ScimTarget.open(url, SETTINGS)
    opened.read()
    yield opened
    opened.close()


@pytest.fixture
def admin(url: str) -> ScimAdmin:
    """
    Return the server's administrator.
    """
    return ScimAdmin(url, SETTINGS)


class TestScim2Server(TargetContract):
    """
    The contract, on scim2-server.
    """

    fields: ClassVar = FIELDS
    group_fields: ClassVar = GROUP_FIELDS
    tells_writer: ClassVar = False
    cannot: ClassVar = CANNOT


class TestWithoutEtagOrPatch(TestScim2Server):
    """
    The same server, taken for one that knows neither ETag nor PATCH: read before the write, and put back whole.
    """

    cannot: ClassVar = CANNOT

    @pytest.fixture
    def target(self, url: str) -> Iterator[ScimTarget]:
        """
        Return the empty server, to which no version is sent and no PATCH.
        """
        opened = ScimTarget.open(url, replace(SETTINGS, etag=False, patch=False))
        opened.read()
        yield opened
        opened.close()


class TestInBulk(TestScim2Server):
    """
    The same server, each write an operation of a bulk request with the version that it replaces.
    """

    cannot: ClassVar = CANNOT

    @pytest.fixture
    def target(self, url: str) -> Iterator[ScimTarget]:
        """
        Return the empty server, to which no write is sent by itself.
        """
        opened = ScimTarget.open(url, SETTINGS)
        opened.server.fewest = 1
        opened.read()
        yield opened
        opened.close()
