"""
Rows L1 to L8 on a real directory: OpenLDAP is exported, searched and imported from, by the commands themselves.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systems.office import NOW, Office
from tests.wire.slapd import BASE, SECRET, TOOL, Slapd, slapd

pytestmark = pytest.mark.ci

CONFIG = """\
version: 1
sources:
  corp: {{type: ldap, account: corp, settings: {{servers: ["{url}"], bind_dn: "{user}", password: "${{PASSWORD}}",
    base: "{base}"}}}}
  lab: {{type: ldap, account: lab, settings: {{servers: ["{other}"], bind_dn: "{user}", password: "${{PASSWORD}}",
    base: "{base}"}}}}
targets:
  registry:
    type: sql
    url: sqlite:///.reconciler/registry.db
    sources: [corp, lab]
    policy: ldap-import
"""


def person(uid: str, name: str) -> str:
    """
    Return a person as LDIF.
    """
    return (
        f"dn: uid={uid},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {name}\nsn: {name}\n"
        f"mail: {uid}@example.com\n"
    )


def team(name: str, *uids: str) -> str:
    """
    Return a group as LDIF.
    """
    members = "".join(f"member: uid={uid},ou=people,{BASE}\n" for uid in uids)
    return f"dn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n{members}"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Slapd, Slapd]]:
    """
    Return two directories, each of its own people.
    """
    corp = (
        person("andarm", "Anders Armgard"),
        person("andbal", "Andrea Balint"),
        person("aandrei", "Andrei Petrov"),
        person("mona", "Mona Lindt"),
        team("Analysis", "andarm", "andbal"),
        team("Sales", "mona"),
    )
    lab = (person("joana", "Joana Silva"), team("Probes", "joana"))
    with slapd(corp) as one, slapd(lab) as other:
        yield one, other


@pytest.fixture
def office(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    servers: tuple[Slapd, Slapd],
) -> Office:
    """
    Return a repository that imports from both directories, whose exports are committed; nobody was chosen.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    monkeypatch.setenv("PASSWORD", SECRET)
    office = Office(tmp_path, capsys)
    office.begins(policy="ldap-import")
    one, other = servers
    office.writes("state/reconciler.yaml", CONFIG.format(url=one.url, other=other.url, user=TOOL, base=BASE))
    for source in ("corp", "lab"):
        told = office.run("export", source)
        assert told.code == 0, told
    office.commit()
    return office


def found(office: Office, *query: str) -> dict[str, str]:
    """
    Return the status of each match, by name.
    """
    told = office.run("import", *query, "--format", "json")
    assert told.code == 0, told
    return {one["name"]: one["status"] for one in told.json}


def test_l01_directory_that_is_named_is_searched(office: Office) -> None:
    """
    Of two directories the one that the operator names answers.
    """
    assert found(office, "corp", "an*") == dict.fromkeys(["andarm", "andbal", "aandrei", "Analysis"], "import")
    assert found(office, "lab", "an") == {"joana": "import"}


def test_l02_raw_filter_is_answered_by_the_directory(office: Office) -> None:
    """
    A filter of the directory's own finds what no name says.
    """
    assert found(office, "corp", "(mail=mona@*)", "--filter") == {"mona": "import"}


def test_l03_choice_is_imported_and_repeated(office: Office) -> None:
    """
    Who was chosen comes over with the groups that were chosen, and a later run has nothing to do.
    """
    told = office.run("import", "corp", "an", "--select", "andarm", "--select", "Analysis", "--enable")
    office.applied()

    assert told.code == 0
    assert office.admin.run("SELECT user_name, email, enabled FROM users") == [("andarm", "andarm@example.com", 1)]
    assert office.admin.run("SELECT group_name, user_name FROM group_members") == [("Analysis", "andarm")]


def test_l04_status_is_known_before_anything_happens(office: Office) -> None:
    """
    Imported before, blocked by an internal user, or new: each match says which.
    """
    office.run("import", "corp", "andarm", "--all")
    office.applied()
    office.admin.admin_creates("andbal")

    assert found(office, "corp", "and") == {"andarm": "synchronize", "andbal": "blocked", "aandrei": "import"}


def test_l05_information_follows_and_roles_stay(office: Office, servers: tuple[Slapd, Slapd]) -> None:
    """
    What the directory says anew is written, and the roles chosen at the import stay as they are.
    """
    office.run("import", "corp", "mona", "--select", "mona", "--roles", "Reviewer")
    office.applied()
    with servers[0].admin() as admin:
        admin.modify(f"uid=mona,ou=people,{BASE}", {"displayName": [("MODIFY_REPLACE", ["Mona Li"])]})
    office.run("export", "corp")
    office.applied()

    assert office.admin.run("SELECT display_name, roles, enabled FROM people") == [("Mona Li", "Reviewer", 0)]


def test_l07_access_is_copied_at_the_import(office: Office) -> None:
    """
    A newcomer has what another has whose access is copied.
    """
    office.run("import", "corp", "mona", "--select", "mona", "--roles", "Reviewer")
    office.applied()
    office.run("import", "corp", "aandrei", "--all", "--copy-access-from", "mona")
    office.applied()

    assert office.admin.run("SELECT roles FROM people WHERE user_name = 'aandrei'") == [("Reviewer",)]


def test_l08_one_group_is_synchronised_by_name(office: Office, servers: tuple[Slapd, Slapd]) -> None:
    """
    The members of one group follow the directory, and nothing else does.
    """
    office.run("import", "corp", "an", "--all")
    office.applied()
    group, member = f"cn=Analysis,ou=groups,{BASE}", f"uid=aandrei,ou=people,{BASE}"
    with servers[0].admin() as admin:
        admin.modify(group, {"member": [("MODIFY_ADD", [member])]})
    office.run("export", "corp")
    office.commit()
    told = office.run("sync-groups", "Analysis")
    with servers[0].admin() as admin:
        admin.modify(group, {"member": [("MODIFY_DELETE", [member])]})

    assert told.code == 0
    assert ("Analysis", "aandrei") in office.admin.run("SELECT group_name, user_name FROM group_members")
