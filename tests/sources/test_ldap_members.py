"""
Who is in which group: by DN, login, number, primary group or the member's own word; near, far and in circles.
"""

import struct

from reconciler.sources.ldap_members import Memberships, memberships
from reconciler.sources.ldap_rows import people, teams
from reconciler.sources.ldap_settings import Settings
from reconciler.wire.ldap_entry import Entry, entry
from tests.wire.directories import made

DOMAIN = b"\x01\x05\x00\x00\x00\x00\x00\x05domain......"


def person(name: str, **attributes: str | bytes | tuple[str, ...]) -> Entry:
    """
    Return a person whose key is the name.
    """
    return made(f"uid={name},ou=people,dc=x", **{"uid": name, "entryUUID": name, **attributes})


def team(name: str, **attributes: str | bytes | tuple[str, ...]) -> Entry:
    """
    Return a group whose key is the name.
    """
    return made(f"cn={name},ou=groups,dc=x", **{"cn": name, "entryUUID": name, **attributes})


def found(*entries: Entry) -> Memberships:
    """
    Return the memberships of people and groups, told apart by their names.
    """
    faults: list[str] = []
    persons = people([one for one in entries if one.dn.startswith("uid=")], Settings(), faults)
    groups = teams([one for one in entries if one.dn.startswith("cn=")], Settings(), faults)
    assert faults == []
    return memberships(persons, groups)


def test_member_is_found_however_its_name_is_spelled() -> None:
    """
    DNs are compared as the directory compares them, and uniqueMember may bear a bit string behind the name.
    """
    said = found(
        person("ann"),
        team("a", member="UID=Ann, OU=People, DC=x"),
        team("b", uniqueMember=("uid=ann,ou=people,dc=x#'0101'B",)),
        team("c", uniqueMember="uid=ann,ou=people,dc=x"),
    )

    assert said.groups["ann"] == ("a", "b", "c")
    assert said.notes == ()


def test_members_by_login_and_number() -> None:
    """
    MemberUid is a login and no DN, and a person's own group is the one that bears its gidNumber.
    """
    said = found(person("ann", gidNumber="100"), team("a", memberUid="ann"), team("b", gidNumber="100"))

    assert said.groups["ann"] == ("a", "b")


def test_login_of_several_people_is_a_fault() -> None:
    """
    A login that could mean each of two people gives neither of them a group, and the reading is not whole.
    """
    said = found(person("ann"), person("anna", uid=("anna", "ann")), team("a", memberUid="ann"))

    assert said.groups == {"ann": (), "anna": ()}
    assert "could be each of 2 people" in said.faults[0]


def test_groups_named_by_the_member_count() -> None:
    """
    What memberOf names is a membership where the group was read, and nothing where it was not.
    """
    said = found(person("ann", memberOf=("CN=a,ou=groups,dc=x", "cn=far,dc=y")), team("a"))

    assert said.groups["ann"] == ("a",)


def test_primary_group_of_active_directory_is_found() -> None:
    """
    The primary group stands on neither side: its SID is the user's with another last number.
    """
    sid, group = DOMAIN + struct.pack("<I", 1105), DOMAIN + struct.pack("<I", 513)
    said = found(
        person("ann", primaryGroupID="513", objectSid=sid),
        person("bob", primaryGroupID="999999999999", objectSid=sid),
        person("eve", primaryGroupID="514", objectSid=sid),
        team("users", objectSid=group),
    )

    assert said.groups == {"ann": ("users",), "bob": (), "eve": ()}


def test_groups_in_groups_are_resolved() -> None:
    """
    Who is in the inner group is in the outer ones, however far out.
    """
    inner, middle = "cn=inner,ou=groups,dc=x", "cn=middle,ou=groups,dc=x"
    said = found(
        person("ann"),
        team("inner", member="uid=ann,ou=people,dc=x"),
        team("middle", member=inner),
        team("outer", member=middle),
        team("other"),
    )

    assert said.groups["ann"] == ("inner", "middle", "outer")


def test_circle_of_groups_is_walked_once_and_told() -> None:
    """
    Groups that contain each other have the same members, and somebody is told.
    """
    said = found(
        person("ann"),
        team("a", member=("cn=b,ou=groups,dc=x", "uid=ann,ou=people,dc=x")),
        team("b", member="cn=c,ou=groups,dc=x"),
        team("c", member="cn=a,ou=groups,dc=x"),
        team("self", member="cn=self,ou=groups,dc=x"),
    )

    assert said.groups["ann"] == ("a", "b", "c")
    assert said.notes == ("groups that contain each other, taken for equal: a, b, c",)


def test_members_that_nobody_knows_are_told() -> None:
    """
    A placeholder, a machine, a name of another directory or no name at all is no member, and is counted.
    """
    said = found(person("ann"), team("a", member=("cn=gone,dc=y", "nonsense", ""), memberUid="ghost"))

    assert said.groups == {"ann": ()}
    assert said.notes == (
        "members that are no people or groups read here, left out: 3 (cn=gone,dc=y, ghost, nonsense)",
    )


def test_part_of_the_members_is_a_fault() -> None:
    """
    A group of which only the first values were printed is not whole; one whose last part came is.
    """
    ann = b"uid=ann,ou=people,dc=x"
    first = entry("cn=a,dc=x", {"cn": [b"a"], "entryUUID": [b"a"], "member": [], "member;range=0-0": [ann]})
    last = entry("cn=b,dc=x", {"cn": [b"b"], "entryUUID": [b"b"], "member;range=0-*": [ann]})
    said = found(person("ann"), first, last)

    assert said.groups["ann"] == ("a", "b")
    assert said.faults == ("cn=a,dc=x: only a part of its members was printed",)


def test_dynamic_group_is_told() -> None:
    """
    A group whose members a search decides is read as it lists them.
    """
    said = found(person("ann"), team("all", objectClass="groupOfURLs"))

    assert said.notes == ("groups whose members a search decides, read as they list them: all",)
