"""
People on canaille's SCIM endpoints, which know neither filter nor `count`, no external id and no empty group.

Its groups cannot be a target: each member must come with its `$ref`, and is told by its user name, not by its id.
"""

from collections.abc import Iterator

import pytest

from reconciler.core.model import Fields
from reconciler.targets.scim import ScimTarget
from reconciler.targets.scim_settings import ScimSettings
from reconciler.testing.writes import creation, deletion, landed, update, user, written
from reconciler.wire.settings import Bearer
from tests.wire.scim_servers import canaille

pytestmark = pytest.mark.ci

SETTINGS = ScimSettings(
    auth=Bearer(token="secret"),  # noqa: S106  of a server that lives as long as the test
    page=0,
    etag=False,
    users={
        "email": "emails[first].value",
        "display_name": "name.formatted",
        "locale": "preferredLanguage",
        "roles": None,
    },
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """
    Return the address of the server.
    """
    with canaille("secret") as url:
        yield url


@pytest.fixture
def target(url: str) -> Iterator[ScimTarget]:
    """
    Return the server as a target that has been read.
    """
    opened = ScimTarget.open(url, SETTINGS)
    opened.read()
    yield opened
    opened.close()


def test_person_comes_changes_goes_and_returns(target: ScimTarget) -> None:
    """
    Create, update, deactivate, activate and delete are what is read afterwards, and what comes too late is left.
    """
    names: Fields = {"first_name": "Ann", "last_name": "Muster", "display_name": "Ann Muster"}
    ann = landed(target, creation("ann", {**names, "email": "ann@example.com", "locale": "de"}))
    moved = landed(target, update(ann, last_name="Miller", email="miller@example.com"))
    late = written(target, update(ann, last_name="Other"))
    away = landed(target, update(moved, active=False))
    back = landed(target, update(away, active=True))

    assert moved.fields == {**ann.fields, "last_name": "Miller", "email": "miller@example.com"}
    assert (late.outcome, away.active, back.active) == ("left", False, True)
    assert user(target, "ann") == back
    assert written(target, deletion(back)).outcome == "landed"
    assert target.read().users == ()


def test_group_is_refused_with_the_servers_own_word(target: ScimTarget) -> None:
    """
    A group that has no members yet cannot be made there, and the reason is told.
    """
    assert "Field 'members' is required" in written(target, creation("Traders", kind="group")).message


def test_versions_that_stand_still_are_found_out(url: str) -> None:
    """
    Its ETag counts in seconds: two writes within one pass for one, which only a probe shows.
    """
    target = ScimTarget.open(url, SETTINGS)
    found = {one.what: one for one in target.diagnose(probe=True)}  # what is measured stands for what was said
    target.close()

    assert found["ETag"].found == "stands still, a late write is taken"
    assert "etag: false" in found["ETag"].means
    assert found["create a group"].found == "refused (400)"
