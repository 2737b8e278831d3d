"""
The contract on a real OpenLDAP, and what only a directory does: names in names, lost answers, late edits.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import ClassVar

import pytest
from msgspec.structs import replace

from reconciler.errors import TargetError
from reconciler.targets.ldap import LdapTarget
from reconciler.targets.ldap_convert import OURS, csn
from reconciler.targets.ldap_settings import Groups, LdapSettings, Users
from reconciler.testing.targets import TargetContract
from reconciler.testing.writes import creation, group, landed, update, user, written
from reconciler.wire.ldap_connect import Channel, connect
from reconciler.wire.ldap_controls import asserting
from tests.wire.ldap_admin import GROUPS, PEOPLE, LdapAdmin
from tests.wire.slapd import READER, SECRET, TOOL, Slapd, slapd

pytestmark = pytest.mark.ci

USERS = Users(base=PEOPLE)
SETTINGS = LdapSettings(
    users=replace(USERS, fields={**USERS.fields, "roles": "employeeType", "profiles": "departmentNumber"}),
    groups=Groups(base=GROUPS),
    bind_dn=TOOL,
    password=SECRET,
)


_ON_THE_GROUP = "a membership is written on the group, so the user's last writer does not tell"
CANNOT = {
    "test_new_target_knows_its_catalogue": "a directory has no catalogue",
    "test_catalogue_tells_associations": "a directory has no catalogue",
    "test_value_that_does_not_fit_is_refused[unknown profile]": "a directory has no catalogue",
    "test_fence_is_moved_by_who_saw_it": "a directory has no place for a fence: Git keeps it",
    "test_empty_text_is_a_value": "no attribute of a directory holds empty text",
    "test_group_moves_retires_and_returns": "groups of a directory have neither parent nor state",
    "test_each_write_makes_a_version": "a membership that is there is not written again",
    "test_admin_edit_moves_the_version[joined]": _ON_THE_GROUP,
    "test_admin_edit_moves_the_version[left]": _ON_THE_GROUP,
    "test_hostile_text_is_kept_as_it_is[long]": "a name of 100,000 letters is beyond what OpenLDAP takes",
}
"""What the contract asks and a directory cannot do."""


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    """
    Return a directory without people or groups.
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
def target(server: Slapd, admin: LdapAdmin) -> Iterator[LdapTarget]:
    """
    Return the empty directory as a target.
    """
    assert admin
    opened = LdapTarget(Channel(servers=(server.url,), bind_dn=TOOL, password=SECRET), SETTINGS)
    yield opened
    opened.close()


class TestLdapTarget(TargetContract):
    """
    The contract, on OpenLDAP.
    """

    fields: ClassVar = {
        **dict.fromkeys(USERS.fields),
        "roles": (),
        "profiles": (),
    }
    group_fields: ClassVar = {"name": None, "description": None}
    cannot: ClassVar = CANNOT

    def writer(self, name: str) -> str | None:
        """
        Return who is told as the last writer: a directory knows by what name, and not in which run.
        """
        return name if name == "admin" else OURS


def test_late_edit_is_seen_by_the_directory_itself(server: Slapd, target: LdapTarget, admin: LdapAdmin) -> None:
    """
    Between our read and our write the directory compares: an edit of that moment is not overwritten.
    """
    ann = landed(target, creation("ann", locale="en_US"))
    with closing(connect(Channel(servers=(server.url,), bind_dn=TOOL, password=SECRET))) as directory:
        admin.admin_sets("ann", locale="de_DE")
        late = asserting(f"(entryCSN={csn(ann.version)})")
        done = directory.modify(
            f"uid=ann,{PEOPLE}", {"preferredLanguage": [("MODIFY_REPLACE", [b"fr_FR"])]}, controls=[late]
        )

    assert done.code == 122
    assert user(target, "ann").fields["locale"] == "de_DE"


def test_renamed_person_stays_in_its_groups(target: LdapTarget) -> None:
    """
    A new login is a new DN, and every group lists it instead of the old one.
    """
    auditors = landed(target, creation("Auditors", kind="group"))
    ann = landed(target, creation("ann", join=(auditors.id,), email="ann@example.com"))
    after = landed(target, update(ann, user_name='o\'neil, "x" +1', email="x@example.com"))

    assert (after.name, after.groups, after.fields["email"]) == ('o\'neil, "x" +1', (auditors.id,), "x@example.com")
    assert target.read().users == (after,)


def test_rename_is_taken_back_where_the_rest_is_refused(target: LdapTarget) -> None:
    """
    A write of which the directory takes only the name leaves the name as it was.
    """
    ann = landed(target, creation("ann", email="ann@example.com"))
    result = written(target, update(ann, user_name="anna", email="ä@example.com"))

    assert (result.outcome, user(target, "ann").fields["email"]) == ("failed", "ann@example.com")
    assert "mail" in result.message


def test_last_member_of_somebody_elses_group_can_leave(target: LdapTarget, admin: LdapAdmin) -> None:
    """
    A class of groups that must have a member is given nobody in the place of the last one.
    """
    ann = landed(target, creation("ann"))
    member = admin.dn("ann", PEOPLE, "uid")
    admin.connection.add(f"cn=Old,{GROUPS}", attributes={"objectClass": "groupOfNames", "member": member})
    after = landed(target, replace(update(user(target, "ann")), leave=(group(target, "Old").id,)))

    assert after.id == ann.id
    assert after.groups == ()
    assert [one.name for one in target.read().groups] == ["Old"]


def test_membership_that_is_so_already_stops_nobody(target: LdapTarget, admin: LdapAdmin) -> None:
    """
    Where somebody was put into the group meanwhile, the others of the same write join all the same.
    """
    auditors = landed(target, creation("Auditors", kind="group"))
    ghost = f"uid=bob,{PEOPLE}"
    admin.connection.modify(admin.dn("Auditors", GROUPS, "cn"), {"member": [("MODIFY_ADD", [ghost])]})
    results = target.write([creation(name, join=(auditors.id,)) for name in ("ann", "bob", "eve")], run="run-1")

    assert [result.outcome for result in results] == ["landed"] * 3
    assert {one.name for one in target.read().users if one.groups == (auditors.id,)} == {"ann", "bob", "eve"}


def test_role_is_expressed_by_a_group(server: Slapd, admin: LdapAdmin) -> None:
    """
    A role that a group expresses is granted and taken by membership, and is no membership to the engine.
    """
    admin.admin_creates_group("Admins")
    channel = Channel(servers=(server.url,), bind_dn=TOOL, password=SECRET)
    with closing(LdapTarget(channel, SETTINGS, roles=frozenset({"Admins", "Owners"}))) as target:
        ann = landed(target, creation("ann", roles=("Admins", "Viewer")))
        read = user(target, "ann")
        after = landed(target, update(ann, roles=("Viewer",)))
        missing = written(target, update(after, roles=("Owners",)))
        groups = target.read().groups

    assert (ann.fields["roles"], ann.groups, read) == (("Admins", "Viewer"), (), ann)
    assert after.fields["roles"] == ("Viewer",)
    assert "no group expresses the role 'Owners'" in missing.message
    assert groups == ()


def test_members_by_login(server: Slapd, admin: LdapAdmin) -> None:
    """
    Groups of RFC 2307 list logins, and follow a new one.
    """
    assert admin
    posix = Groups(
        base=GROUPS, object_classes=("posixGroup",), member="memberUid", placeholder=None, external_id=""
    )
    admin.connection.add(f"cn=posix,{GROUPS}", attributes={"objectClass": "posixGroup", "gidNumber": "7"})
    channel = Channel(servers=(server.url,), bind_dn=TOOL, password=SECRET)
    with closing(LdapTarget(channel, replace(SETTINGS, groups=posix))) as target:
        team = group(target, "posix")
        ann = landed(target, creation("ann", join=(team.id,)))
        after = landed(target, update(ann, user_name="anna"))
        read = user(target, "anna")

    assert (after.groups, read) == ((team.id,), after)


def test_group_is_renamed_and_deleted(target: LdapTarget) -> None:
    """
    A group keeps its members under another name, and takes its memberships along when it goes.
    """
    auditors = landed(target, creation("Auditors", kind="group"))
    landed(target, creation("ann", join=(auditors.id,)))
    renamed = landed(target, update(auditors, name="Reviewers, new", description="They review"))
    before = user(target, "ann")

    assert (renamed.id, before.groups) == (auditors.id, (auditors.id,))
    assert renamed.fields == {"name": "Reviewers, new", "description": "They review"}


def test_reading_that_a_limit_cut_is_not_whole(server: Slapd, admin: LdapAdmin, target: LdapTarget) -> None:
    """
    What a limit of the server's cut short says so, and creates nothing in its place.
    """
    assert admin
    target.write([creation(f"user{number:02}") for number in range(30)], run="run-1")
    settings = replace(SETTINGS, bind_dn=READER)
    with closing(LdapTarget(Channel(servers=(server.url,), bind_dn=READER, password=SECRET), settings)) as reader:
        snapshot = reader.read()

    assert not snapshot.complete
    assert "size limit" in snapshot.problem


def test_directory_that_is_gone_is_told() -> None:
    """
    A directory that does not answer is the target's error, for a read and for a write.
    """
    gone = LdapTarget(Channel(servers=("ldap://127.0.0.1:1",), bind_dn=TOOL, password=SECRET), SETTINGS)

    with pytest.raises(TargetError, match="cannot connect"):
        gone.read()
    with pytest.raises(TargetError, match="cannot connect"):
        gone.write([creation("ann")], run="run-1")
    gone.close()
