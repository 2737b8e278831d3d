"""
Whole runs on a SCIM server: from the command line, and through a proxy that does everything wrong.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from reconciler.targets.scim_settings import ScimSettings
from tests.cli.conftest import Desk
from tests.wire.fault_proxy import FAULTS, FaultyHandler, Proxy, fault_proxy
from tests.wire.scim_admin import ScimAdmin
from tests.wire.scim_servers import scim2_server
from tests.wire.servers import program

pytestmark = pytest.mark.ci

PEOPLE, GROUPS = 54, 12
"""What of the example organisation is provisioned."""

_TENANTS = count(1)
_CONFIG = """\
version: 1
sources:
  ibmcloud: {{type: ibmcloud, max_age: 36h}}
targets:
  scim:
    type: scim
    url: {url}
    settings: {{timeout: 0.5, width: 4, retries: {{attempts: 1}}, bulk: {bulk}}}
    sources: [ibmcloud]
    policy: scim.yaml
"""
_POLICY = """\
version: 1
extends: atlassian
groups:
  fields:
    description: target
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """
    Return the url below which every path is a server of its own.
    """
    with scim2_server() as url:
        yield url


@pytest.fixture(scope="module")
def proxy(server: str) -> Iterator[Proxy]:
    """
    Return the proxy before it.
    """
    with fault_proxy(server) as proxy:
        yield proxy


@pytest.fixture
def tenant() -> str:
    """
    Return the path of an empty server.
    """
    return f"run{next(_TENANTS)}"


@pytest.fixture
def admin(server: str, tenant: str) -> ScimAdmin:
    """
    Return the server's administrator.
    """
    return ScimAdmin(f"{server}/{tenant}", ScimSettings())


@pytest.fixture
def folder(unplanned: Path, tmp_path: Path) -> Path:
    """
    Return a copy of the example organisation.
    """
    return shutil.copytree(unplanned, tmp_path / "desk")


@pytest.fixture
def bulk() -> int:
    """
    Return how many writes one request holds at most.
    """
    return 100


@pytest.fixture
def desk(proxy: Proxy, tenant: str, folder: Path, seated: Callable[[Path], Desk], *, bulk: int) -> Desk:
    """
    Return a desk with the example organisation, whose target is the empty server.
    """
    proxy.heal()
    (folder / "state/reconciler.yaml").write_text(_CONFIG.format(url=f"{proxy.url}/{tenant}", bulk=bulk))
    (folder / "state/policies/scim.yaml").write_text(_POLICY)
    (folder / "state/policies/openpages.yaml").unlink()
    desk = seated(folder)
    desk.commit()
    return desk


def held(admin: ScimAdmin, kind: str) -> list[dict[str, Any]]:
    """
    Return what the server holds.
    """
    found: list[dict[str, Any]] = admin.ask("GET", f"{kind}?count=1000")["Resources"]
    return found


def test_example_organisation_is_applied_and_then_nothing_is_left_to_do(desk: Desk, admin: ScimAdmin) -> None:
    """
    The first plan creates everybody, apply makes it so, and the next plan is empty.
    """
    first, applied, after = desk.run("plan", "--check"), desk.run("apply", "--yes"), desk.run("plan", "--check")

    assert (first.code, applied.code, after.code) == (4, 0, 0), applied.err
    assert (len(held(admin, "Users")), len(held(admin, "Groups"))) == (PEOPLE, GROUPS)


def test_another_client_finds_what_was_written_valid(desk: Desk, server: str, tenant: str) -> None:
    """
    A client that nobody here wrote, and that checks every answer against the server's schemas, takes all of it.
    """
    desk.run("apply", "--yes")
    command = [program("scim2"), "--url", f"{server}/{tenant}/v2", "query"]
    told = [
        subprocess.run([*command, kind, "--count", "1000"], capture_output=True, text=True, check=False)
        for kind in ("user", "group")
    ]

    assert [one.returncode for one in told] == [0, 0], told
    assert [json.loads(one.stdout)["totalResults"] for one in told] == [PEOPLE, GROUPS]


def test_what_an_administrator_changed_stays_theirs(desk: Desk, admin: ScimAdmin) -> None:
    """
    A shared field that was changed on the server is left alone, a name that the cloud decides comes back.
    """
    desk.run("apply", "--yes")
    admin.admin_sets("ann.muster@example.com", locale="de_DE", last_name="Other")
    second = desk.run("apply", "--yes")
    ann = admin.named("user", "ann.muster@example.com")

    assert second.code == 0, second.err
    assert (ann["locale"], ann["name"]["familyName"]) == ("de_DE", "Muster")


def test_organisation_is_written_in_a_few_requests(desk: Desk, proxy: Proxy) -> None:
    """
    Everybody is one request to a server that takes a hundred writes at once, and who is in which group another.
    """
    proxy.handler.asked.clear()
    desk.run("apply", "--yes")
    writes = [one for one in proxy.handler.asked if not one.startswith("GET")]

    assert len(writes) == 2, writes
    assert all(one.endswith("/Bulk") for one in writes)


@pytest.mark.parametrize("bulk", [100, 0], ids=["together", "alone"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_run_through_a_fault_converges_and_doubles_nobody(
    desk: Desk, admin: ScimAdmin, proxy: Proxy, fault: Callable[[FaultyHandler], None]
) -> None:
    """
    Whatever goes wrong on the wire, the runs that follow make it right, and everybody is there once.
    """
    proxy.fail(fault)
    desk.run("apply", "--yes")
    proxy.heal()
    again = desk.run("apply", "--yes")
    plan = desk.run("plan", "--check")
    users, groups = held(admin, "Users"), held(admin, "Groups")

    assert (again.code, plan.code) == (0, 0), again.err
    assert len(users) == len({one["userName"].lower() for one in users}) == PEOPLE
    assert len(groups) == len({one["displayName"] for one in groups}) == GROUPS
    assert all(len(one.get("members", ())) == len({m["value"] for m in one.get("members", ())}) for one in groups)
