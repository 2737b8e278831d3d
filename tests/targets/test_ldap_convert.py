"""
Entries as live values, and writes as changes of entries: what a directory is sent, and what it is never sent.
"""

import pytest

from reconciler.core.model import Fields
from reconciler.core.policy import FieldRule, GroupPolicy, Policy, UserPolicy
from reconciler.errors import UsageError
from reconciler.ports import Write
from reconciler.targets.ldap import ADAPTER, LdapTarget, fit
from reconciler.targets.ldap_convert import OURS, RefusedError, added, checked, csn, differing, live, modified
from reconciler.targets.ldap_settings import Disabled, Groups, LdapSettings, Users
from reconciler.testing.writes import creation
from reconciler.wire.ldap_connect import Channel
from reconciler.wire.ldap_entry import Entry
from tests.wire.directories import made

OPENLDAP = LdapSettings(users=Users(base="ou=p"), groups=Groups(base="ou=g"), bind_dn="cn=Tool,dc=x", password="")
DIRECTORY_389 = LdapSettings(
    users=Users(base="ou=p", disabled=Disabled(attribute="nsAccountLock", value="true")),
    groups=Groups(base="ou=g", object_classes=("groupOfUniqueNames",), member="uniqueMember", external_id=""),
    bind_dn="cn=Tool,dc=x",
    password="",
    id="nsUniqueId",
)


def ann(**attributes: str) -> Entry:
    """
    Return Ann's entry.
    """
    return made("uid=ann,ou=p", **{"uid": "ann", "entryUUID": "1", "sn": "-", "entryCSN": "5", **attributes})


def several(dn: str, **attributes: tuple[str, ...]) -> Entry:
    """
    Return an entry with several values of some attributes.
    """
    return Entry(dn, {name: tuple(value.encode() for value in values) for name, values in attributes.items()})


def locked(mail: str) -> Entry:
    """
    Return Ann's entry as 389 Directory Server has it.
    """
    return made("uid=ann,ou=p", uid="ann", nsUniqueId="9-A", nsAccountLock="TRUE", mail=mail)


def test_user_of_openldap_is_read() -> None:
    """
    A filler is nothing said, a permanent lock is inactive, and our own name is a run's.
    """
    one = ann(pwdAccountLockedTime="000001010000Z", modifiersName="CN=tool, dc=x", employeeNumber="k1", mail="a@x")
    said = live(one, OPENLDAP, "user", groups=("b", "a"), roles=())

    assert (said.id, said.name, said.external_id, said.active) == ("1", "ann", "k1", False)
    assert (said.fields["last_name"], said.fields["email"], said.groups) == (None, "a@x", ("a", "b"))
    assert (said.changed_by, csn(said.version)) == (OURS, "5")


def test_lock_after_wrong_passwords_is_no_administrators_decision() -> None:
    """
    An account that is locked for a while is active: nobody disabled it.
    """
    assert live(ann(pwdAccountLockedTime="20261120060000Z"), OPENLDAP, "user", groups=(), roles=()).active


def test_user_of_389_is_read() -> None:
    """
    389 Directory Server has another id, another lock, and no change number: then every attribute counts.
    """
    before, after = (live(locked(mail), DIRECTORY_389, "user", groups=(), roles=()) for mail in ("a@x", "b@x"))
    one = made("uid=bob,ou=p", uid="bob", nsUniqueId="8", sn="B")
    bob = live(one, DIRECTORY_389, "user", groups=(), roles=("Admins",))

    assert (before.id, before.active, before.changed_by) == ("9-A", False, None)
    assert before.version != after.version
    assert (csn(bob.version), bob.fields["roles"]) == ("", ("Admins",))


def test_membership_moves_the_version_of_a_user_and_not_of_a_group() -> None:
    """
    Who joins a group is another version of the user; the group is the same.
    """
    group = made("cn=a,ou=g", cn="a", entryUUID="2", entryCSN="7", modifiersName="cn=admin")
    later = made("cn=a,ou=g", cn="a", entryUUID="2", entryCSN="8", modifiersName="cn=admin")
    alone, joined = (live(ann(), OPENLDAP, "user", groups=groups, roles=()) for groups in ((), ("2",)))
    before, after = (live(one, OPENLDAP, "group", groups=(), roles=()) for one in (group, later))

    assert alone.version != joined.version
    assert (before.version, before.changed_by) == (after.version, "admin")


def test_new_user_has_all_that_its_class_requires() -> None:
    """
    A new entry has its classes, its key, a common name, and a filler where a surname is required.
    """
    write = creation("ann", email="a@x", active=False)
    sent = added(write, checked(write, OPENLDAP), OPENLDAP)

    assert sent == {
        "objectClass": [b"inetOrgPerson"],
        "uid": [b"ann"],
        "mail": [b"a@x"],
        "cn": [b"ann"],
        "sn": [b"-"],
        "employeeNumber": [b"key of ann"],
        "pwdAccountLockedTime": [b"000001010000Z"],
    }


def test_new_group_has_nobody_as_its_first_member() -> None:
    """
    A group is made with the empty name in it, so that its class lets it be; and without a key where none is kept.
    """
    write = creation("Traders", kind="group", description="They trade")
    sent = added(write, checked(write, DIRECTORY_389), DIRECTORY_389)

    assert sent["uniqueMember"] == [b""]
    assert (sent["cn"], sent["description"], len(sent)) == ([b"Traders"], [b"They trade"], 4)


@pytest.mark.parametrize(
    ("fields", "attribute", "values"),
    [
        pytest.param({"email": "b@x"}, "mail", [b"b@x"], id="set"),
        pytest.param({"email": None}, "mail", [], id="cleared"),
        pytest.param({"last_name": None}, "sn", [b"-"], id="cleared, and required"),
        pytest.param({"active": False}, "pwdAccountLockedTime", [b"000001010000Z"], id="disabled"),
        pytest.param({"active": True}, "pwdAccountLockedTime", [], id="enabled"),
    ],
)
def test_field_is_replaced(fields: Fields, attribute: str, values: list[bytes]) -> None:
    """
    Each field is one replacement of its attribute; the name is not among them, because it names the entry.
    """
    assert modified({"user_name": "anna", **fields}, OPENLDAP, "user", ann()) == {
        attribute: [("MODIFY_REPLACE", values)]
    }


@pytest.mark.parametrize(
    ("value", "change"),
    [
        pytest.param("c@x", [("MODIFY_DELETE", [b"a@x", b"b@x"]), ("MODIFY_ADD", [b"c@x", b"b@x"])], id="new"),
        pytest.param("b@x", [("MODIFY_DELETE", [b"a@x", b"b@x"]), ("MODIFY_ADD", [b"b@x"])], id="there"),
        pytest.param(None, [("MODIFY_DELETE", [b"a@x"])], id="cleared"),
    ],
)
def test_values_that_were_not_shown_stay(value: str | None, change: list[tuple[str, list[bytes]]]) -> None:
    """
    Of several values the one we read goes, and the new one stands first, so that it is read next.
    """
    one = several("uid=ann,ou=p", uid=("ann",), mail=("a@x", "b@x"))

    assert modified({"email": value}, OPENLDAP, "user", one) == {"mail": change}


def test_login_outside_the_entrys_name_is_an_attribute() -> None:
    """
    Where the DN is made of a common name, a new login is a changed attribute, and the other logins stay.
    """
    one = several("cn=Bob Builder,ou=p", uid=("bob", "bobby"), cn=("Bob Builder",))
    change = [("MODIFY_DELETE", [b"bob", b"bobby"]), ("MODIFY_ADD", [b"bob2", b"bobby"])]

    assert modified({"user_name": "bob2"}, OPENLDAP, "user", one) == {"uid": change}


def test_login_in_the_entrys_name_is_the_one_that_is_read() -> None:
    """
    Of several logins, in whatever order, the one that the DN says is the person's.
    """
    one = several("cn=Ann+uid=ANN,ou=p", uid=("annie", "ann"), sn=("-",))

    assert live(one, OPENLDAP, "user", groups=(), roles=()).name == "ann"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"shoe_size": "44"}, "shoe_size"),
        ({"email": ""}, "no empty text"),
        ({"email": 7}, "takes text"),
        ({"roles": "Viewer"}, "takes a list"),
        ({"roles": ("a\0",)}, "no directory keeps"),
        ({"email": "\ud800"}, "no directory keeps"),
        ({"active": None}, "true or false"),
        ({"user_name": None}, "cannot be empty"),
    ],
    ids=["unknown", "empty", "number", "text for a set", "NUL", "surrogate", "no state", "no name"],
)
def test_what_has_no_place_is_refused(fields: Fields, word: str) -> None:
    """
    What no attribute keeps as it is is refused before anything is sent.
    """
    with pytest.raises(RefusedError, match=word):
        checked(
            Write(change="c", action="update", kind="user", id="1", key="k", name="ann", fields=fields), OPENLDAP
        )


def test_group_joins_no_group() -> None:
    """
    Only people are members.
    """
    with pytest.raises(RefusedError, match="no member"):
        checked(creation("a", kind="group", join=("1",)), OPENLDAP)


def test_group_is_there_or_is_not() -> None:
    """
    A group is always active, so that one may be made so; none can be put away.
    """
    given = checked(creation("a", kind="group", active=True), OPENLDAP)

    assert modified(given, OPENLDAP, "group", made("cn=a,ou=g", cn="a")) == {}
    with pytest.raises(RefusedError, match="no inactive groups"):
        checked(creation("a", kind="group", active=False), OPENLDAP)


def test_difference_of_an_earlier_create_is_named() -> None:
    """
    An account that is there is compared with what was asked for, field by field, and its groups.
    """
    there = live(ann(mail="a@x"), OPENLDAP, "user", groups=("1",), roles=())

    assert differing(there, {"email": "a@x", "active": True}, ("1",)) == []
    assert differing(there, {"email": "b@x", "active": False}, ("1", "2")) == ["active", "email", "groups"]


def test_policy_that_writes_what_has_no_place_is_refused() -> None:
    """
    A policy and a directory that do not fit are told before anything is read, with every field.
    """
    mine, theirs = FieldRule(authority="source"), FieldRule(authority="target")
    policy = Policy(
        users=UserPolicy(fields={"locked": mine, "email": mine, "profiles": theirs}),
        groups=GroupPolicy(fields={"parent": mine}),
    )

    with pytest.raises(UsageError, match=r"users\.locked, groups\.parent"):
        fit(policy, OPENLDAP, frozenset())


def test_identity_names_server_and_base_alone() -> None:
    """
    What is recorded of where we wrote holds nobody's name and no password.
    """
    channel = Channel(servers=("ldaps://ldap.example.com:1636",), bind_dn="cn=Tool")
    target = LdapTarget(channel, OPENLDAP)
    target.close()

    assert target.identity == "ldap:ldap.example.com:1636/ou=p"
    assert ADAPTER.settings is LdapSettings
