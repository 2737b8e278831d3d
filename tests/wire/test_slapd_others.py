"""
A real OpenLDAP that others use, too: values, names, entries and members that are not ours stay as they are.
"""

from collections.abc import Iterator

import pytest

from reconciler.targets.ldap import LdapTarget
from reconciler.testing.writes import creation, deletion, group, landed, update, written
from reconciler.wire.ldap_connect import Channel
from tests.wire.ldap_admin import GROUPS, PEOPLE
from tests.wire.slapd import SECRET, TOOL, Slapd, slapd
from tests.wire.test_slapd_target import SETTINGS

pytestmark = pytest.mark.ci

PERSON = "objectClass: inetOrgPerson\nsn: Builder\n"
ENTRIES = (
    f"\ndn: uid=ann,{PEOPLE}\n{PERSON}uid: ann\ncn: Ann\nmail: a@x.org\nmail: alias@x.org\nemployeeNumber: k-ann\n",
    f"\ndn: cn=Bob Builder,{PEOPLE}\n{PERSON}uid: bob\ncn: Bob Builder\ncn: Bobby\nemployeeNumber: k-bob\n",
    f"\ndn: cn=Eve+uid=eve,{PEOPLE}\n{PERSON}uid: eve\ncn: Eve\nemployeeNumber: k-eve\n",
    f"\ndn: ou=external,{PEOPLE}\nobjectClass: organizationalUnit\nou: external\n",
    f"\ndn: uid=carl,ou=external,{PEOPLE}\n{PERSON}uid: carl\ncn: Carl\nemployeeNumber: k-stranger\n",
    f"\ndn: cn=Team,{GROUPS}\nobjectClass: groupOfNames\ncn: Team\nmember: \n",
)
BRANCH = {"objectClass": ["referral", "extensibleObject"], "ref": f"ldap://other.example.org/ou=branch,{PEOPLE}"}


@pytest.fixture
def server() -> Iterator[Slapd]:
    """
    Return a directory with entries that an administrator made.
    """
    with slapd(ENTRIES) as running:
        yield running


@pytest.fixture
def target(server: Slapd) -> Iterator[LdapTarget]:
    """
    Return that directory as a target.
    """
    opened = LdapTarget(Channel(servers=(server.url,), bind_dn=TOOL, password=SECRET), SETTINGS)
    yield opened
    opened.close()


def held(server: Slapd, dn: str, attribute: str) -> list[str]:
    """
    Return the values of an attribute, as the administrator sees them.
    """
    with server.admin() as connection:
        connection.search(dn, "(objectClass=*)", "BASE", attributes=[attribute])
        values: list[str] = connection.entries[0][attribute].values
    return values


def test_other_values_of_an_attribute_stay(server: Slapd, target: LdapTarget) -> None:
    """
    A new address takes the place of the one that was read: an alias stays, and the new one is read next.
    """
    ann = next(one for one in target.read().users if one.external_id == "k-ann")
    after = landed(target, update(ann, email="new@x.org"))

    assert held(server, f"uid=ann,{PEOPLE}", "mail") == ["new@x.org", "alias@x.org"]
    assert (after.fields["email"], after in target.read().users) == ("new@x.org", True)


def test_name_that_is_not_ours_stays(server: Slapd, target: LdapTarget) -> None:
    """
    A new login keeps the entry's common name, whether that is its whole DN or a part; a taken one is refused.
    """
    users = {one.external_id: one for one in target.read().users}
    bob = landed(target, update(users["k-bob"], user_name="bob2"))
    eve = landed(target, update(users["k-eve"], user_name="eve2"))
    taken = written(target, update(bob, user_name="ann"))

    assert (bob.name, held(server, f"cn=Bob Builder,{PEOPLE}", "cn")) == ("bob2", ["Bob Builder", "Bobby"])
    assert (eve.name, held(server, f"cn=Eve+uid=eve2,{PEOPLE}", "cn")) == ("eve2", ["Eve"])
    assert (taken.outcome, "is taken" in taken.message) == ("failed", True)


def test_stranger_of_the_same_login_is_not_read_back(target: LdapTarget) -> None:
    """
    Below one base a login can be that of two: what we made, and what we changed, is told of ours.
    """
    target.read()
    made = landed(target, creation("carl", email="carl@x.org"))
    after = landed(target, update(made, display_name="Carl"))
    again = landed(target, creation("carl", email="carl@x.org", display_name="Carl"))

    assert (made.external_id, made.fields["email"]) == ("key of carl", "carl@x.org")
    assert made.id == after.id == again.id


def test_group_with_a_newcomer_is_not_deleted(server: Slapd, target: LdapTarget) -> None:
    """
    Who was put into a group since it was read keeps it; whom we put there does not hinder its end.
    """
    team = group(target, "Team")
    landed(target, creation("dora", join=(team.id,)))
    with server.admin() as connection:
        connection.modify(f"cn=Team,{GROUPS}", {"member": [("MODIFY_ADD", [f"uid=ann,{PEOPLE}"])]})
    left = written(target, deletion(team))
    with server.admin() as connection:
        connection.modify(f"cn=Team,{GROUPS}", {"member": [("MODIFY_DELETE", [f"uid=ann,{PEOPLE}"])]})
    gone = written(target, deletion(team))

    assert (left.outcome, gone.outcome) == ("left", "landed")
    assert "somebody was put into it" in left.message


def test_part_of_another_server_makes_a_reading_not_whole(server: Slapd, target: LdapTarget) -> None:
    """
    Who is in a part of the tree that another server has was not read: nobody there may be taken for gone.
    """
    with server.admin() as connection:
        connection.add(f"ou=branch,{PEOPLE}", attributes=BRANCH)
    snapshot = target.read()

    assert not snapshot.complete
    assert "ldap://other.example.org/" in snapshot.problem
