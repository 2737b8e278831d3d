"""
A real SCIM server, read live: what was applied comes back page after page, and makes a second server the same.
"""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from reconciler.core.export import GroupRow, UserRow
from reconciler.files.exports import read_export
from tests.cli.conftest import Desk
from tests.wire.scim_servers import scim2_server, scimmy

pytestmark = pytest.mark.ci

TWINS = "Reviewers"
"""Two groups of the example organisation are called so: a server would not know them apart."""

_TENANTS = count(1)
_CONFIG = """\
version: 1
sources:
  ibmcloud: {{type: ibmcloud, max_age: 36h}}
  first: {{type: scim, max_age: 36h, settings: {{url: "{first}", page: 7}}}}
  second: {{type: scim, max_age: 36h, settings: {{url: "{second}", page: 7}}}}
targets:
  one: {{type: scim, url: "{first}", sources: [ibmcloud], policy: scim.yaml}}
  two: {{type: scim, url: "{second}", sources: [first], policy: scim.yaml}}
"""
_POLICY = """\
version: 1
extends: atlassian
groups:
  fields:
    description: target
"""


class Whole(NamedTuple):
    """
    What an export says, without the ids that each server makes of its own.
    """

    users: list[UserRow]
    groups: list[GroupRow]


@pytest.fixture(scope="module", params=[scim2_server, scimmy], ids=["scim2-server", "scimmy"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """
    Return the url below which every path is a server of its own.
    """
    with request.param() as url:
        yield url


@pytest.fixture
def desk(server: str, unplanned: Path, tmp_path: Path, seated: Callable[[Path], Desk]) -> Desk:
    """
    Return a desk with the example organisation, and two empty servers that are targets and sources both.
    """
    folder = shutil.copytree(unplanned, tmp_path / "desk")
    first, second = (f"{server}/live{next(_TENANTS)}" for _ in range(2))
    (folder / "state/reconciler.yaml").write_text(_CONFIG.format(first=first, second=second))
    (folder / "state/policies/scim.yaml").write_text(_POLICY)
    (folder / "state/policies/openpages.yaml").unlink()
    shutil.rmtree(folder / "state/overrides")
    desk = seated(folder)
    desk.cloud(groups=lambda row: replace(row, name=f"{row.name} {row.key[-4:]}") if row.name == TWINS else row)
    return desk


def whole(desk: Desk, source: str) -> Whole:
    """
    Return what the export of a source says; groups are called by their names, and nobody by an id.
    """
    export = read_export(desk.state / "exports" / source)
    names = {placed.row.key: placed.row.name for placed in export.groups}
    users = [
        replace(row, key=row.user_name, groups=tuple(sorted(names[key] for key in row.groups)), attributes={})
        for row in (placed.row for placed in export.users)
    ]
    groups = [replace(placed.row, key=placed.row.name) for placed in export.groups]
    return Whole(sorted(users, key=lambda row: row.key), sorted(groups, key=lambda row: row.key))


def carried(desk: Desk, source: str, target: str) -> None:
    """
    Apply to a target, commit, and read the server that it is as a source.
    """
    applied = desk.run("apply", "--yes", "--target", target)
    assert applied.code == 0, applied.err + applied.out
    told = desk.run("export", source)
    assert told.code == 0, told.err
    desk.commit()


def test_what_was_applied_is_exported_and_applied_and_exported_the_same(desk: Desk) -> None:
    """
    The cloud's organisation goes to a server, is read there live, goes to another, and reads there the same.
    """
    carried(desk, "first", "one")
    carried(desk, "second", "two")
    first, second = whole(desk, "first"), whole(desk, "second")

    assert first == second
    assert desk.run("plan", "--check", "--target", "two").code == 0


def test_server_says_of_people_what_the_cloud_said(desk: Desk) -> None:
    """
    Names, addresses, state and groups of the live export are those of the export that was applied.
    """
    carried(desk, "first", "one")
    cloud, live = whole(desk, "ibmcloud"), whole(desk, "first")
    told = {row.key: (row.email, row.first_name, row.last_name, row.groups) for row in live.users}
    said = {row.key: (row.email, row.first_name, row.last_name, row.groups) for row in cloud.users}

    assert told == {key: value for key, value in said.items() if key in told}
    assert len(told) == 54
    assert read_export(desk.state / "exports/first").manifest.complete
