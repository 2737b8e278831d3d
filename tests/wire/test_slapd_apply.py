"""
The whole tool on a real directory: plan, apply, an administrator at work, a leaver; and nothing left to do.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systems.office import Office, person, team
from tests.wire.ldap_admin import GROUPS, PEOPLE, LdapAdmin
from tests.wire.slapd import Slapd, slapd
from tests.wire.slapd_office import opened

pytestmark = pytest.mark.ci

POLICY = """\
version: 1
users:
  rename: update
  lifecycle: {new: create, existing: adopt, local: ignore, missing: deactivate, returned: activate}
  fields:
    user_name: source
    email: source
    last_name: source
    locale: {authority: shared, default: en_US}
groups:
  membership: exact
  lifecycle: {existing: review, missing: keep, renamed: update, returned: keep}
  fields: {description: source}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    """
    Return an empty directory.
    """
    with slapd() as running:
        yield running


@pytest.fixture
def admin(server: Slapd) -> Iterator[LdapAdmin]:
    """
    Return the directory's administrator.
    """
    admin = LdapAdmin(server.url)
    yield admin
    admin.empties()
    admin.close()


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: Slapd
) -> Office:
    """
    Return a repository whose target is the directory.
    """
    return opened(Office(tmp_path, capsys), server, monkeypatch, policy=POLICY)


def test_directory_follows_git_and_keeps_what_its_administrator_decides(office: Office, admin: LdapAdmin) -> None:
    """
    Two dozen people come, one leaves, one marries, one is given another locale by hand; then the plan is empty.
    """
    people = [person(f"p{number:02}", email=f"p{number}@x", groups=("staff",)) for number in range(24)]
    office.source_says(people, [team("staff", description="Everybody")])
    office.applied()
    admin.admin_sets("p01", locale="de_DE")
    married = person("p02", user_name="p02, née x", email="p2@x", groups=("staff",))
    office.source_says([*people[:2], married, *people[3:23]], [team("staff")], at="2026-11-20T07:30:00Z")
    told = office.applied()
    admin.connection.search(PEOPLE, "(pwdAccountLockedTime=*)", attributes=["uid"])
    gone = [one["attributes"]["uid"] for one in admin.connection.response]
    admin.connection.search(PEOPLE, "(preferredLanguage=de_DE)", attributes=["uid"])
    admin_owned = [one["attributes"]["uid"] for one in admin.connection.response]
    admin.connection.search(GROUPS, "(cn=staff)", attributes=["member"])
    members = admin.connection.response[0]["attributes"]["member"]

    assert told.code == 0
    assert gone == [["p23"]]
    assert admin_owned == [["p01"]]
    assert sum("née" in member for member in members) == 1
    assert not any(member.startswith("uid=p02,") for member in members)


def test_policy_that_a_directory_cannot_keep_is_refused(office: Office) -> None:
    """
    A policy that writes what no attribute keeps is told at once, and nothing is planned.
    """
    office.writes("state/policies/corp.yaml", POLICY.replace("email: source", "email: source\n    locked: source"))
    office.source_says([person("ann")])
    told = office.run("plan")

    assert told.code == 2
    assert "users.locked" in told.err
