"""
Entries of OpenLDAP, 389 Directory Server and Active Directory as rows: keys, states, names.
"""

import pytest

from reconciler.sources.ldap_rows import is_group, is_person, key_of, people, state_of, teams, wanted
from reconciler.sources.ldap_settings import Settings
from reconciler.wire.ldap_entry import Entry
from tests.wire.directories import made

GUID = bytes(range(16))
PLAIN = Settings()


@pytest.mark.parametrize(
    ("one", "key"),
    [
        pytest.param(made("cn=a", objectGUID=GUID), "03020100-0504-0706-0809-0a0b0c0d0e0f", id="objectGUID"),
        pytest.param(made("cn=a", entryUUID="23A2-B"), "23a2-b", id="entryUUID"),
        pytest.param(made("cn=a", nsUniqueId="66446001-1dd211b2-A"), "66446001-1dd211b2-a", id="nsUniqueId"),
        pytest.param(made("cn=a", objectGUID=b"short", ipaUniqueID="x"), "x", id="broken GUID, ipaUniqueID"),
        pytest.param(made("cn=a", uid="a"), None, id="none"),
    ],
)
def test_key_is_what_never_changes(one: Entry, key: str | None) -> None:
    """
    Each directory's own id is the key; the bytes of a GUID come in the order that Active Directory shows.
    """
    assert key_of(one, PLAIN) == key


def test_key_may_be_an_attribute_of_ones_choice() -> None:
    """
    Where `key` names an attribute, that one is taken as it stands.
    """
    assert key_of(made("cn=a", entryUUID="x", employeeNumber="A7"), Settings(key="employeeNumber")) == "A7"


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        pytest.param({"userAccountControl": "512"}, "active", id="AD normal"),
        pytest.param({"userAccountControl": "514"}, "suspended", id="AD disabled"),
        pytest.param({"userAccountControl": "66050"}, "suspended", id="AD disabled, password never expires"),
        pytest.param({"userAccountControl": "-2147483134"}, "suspended", id="AD negative number"),
        pytest.param({"userAccountControl": "yes"}, "unknown", id="AD no number"),
        pytest.param({"nsAccountLock": "TRUE"}, "suspended", id="389 locked"),
        pytest.param({"nsAccountLock": "false", "nsUniqueId": "1"}, "active", id="389 unlocked"),
        pytest.param(
            {"nsRoleDN": "CN=nsManagedDisabledRole,dc=x", "nsUniqueId": "1"}, "suspended", id="389 inactivated"
        ),
        pytest.param(
            {"nsRoleDN": ("cn=Managers,dc=x", "nonsense"), "nsUniqueId": "1"}, "active", id="389 other roles"
        ),
        pytest.param({"msDS-UserAccountDisabled": "TRUE"}, "suspended", id="AD LDS disabled"),
        pytest.param({"pwdAccountLockedTime": "000001010000Z"}, "suspended", id="locked for good"),
        pytest.param({"pwdAccountLockedTime": "20261101120000Z", "entryUUID": "1"}, "active", id="wrong passwords"),
        pytest.param({"entryUUID": "1"}, "active", id="operational attributes and no lock"),
        pytest.param({"objectGUID": GUID}, "unknown", id="AD says nothing"),
        pytest.param({"objectGUID": GUID, "modifyTimestamp": "2026"}, "unknown", id="AD hides it"),
        pytest.param({"sAMAccountName": "ann", "createTimestamp": "2026"}, "unknown", id="AD hides it, no GUID"),
        pytest.param({"objectGUID": GUID, "msDS-UserAccountDisabled": "FALSE"}, "active", id="AD LDS enabled"),
        pytest.param({}, "unknown", id="nothing printed that could say"),
    ],
)
def test_state_is_what_the_directory_says(attributes: dict[str, str], state: str) -> None:
    """
    Disabled is read from each directory's own attribute; where none can be seen, nobody is taken for active.
    """
    assert state_of(made("cn=a", **attributes))[0] == state


@pytest.mark.parametrize(
    ("classes", "person", "group"),
    [
        (("top", "person", "organizationalPerson", "inetOrgPerson"), True, False),
        (("top", "person", "organizationalPerson", "user"), True, False),
        (("top", "person", "organizationalPerson", "user", "computer"), False, False),
        (("top", "person", "organizationalPerson", "contact"), False, False),
        (("account", "posixAccount"), True, False),
        (("top", "groupOfNames"), False, True),
        (("posixGroup",), False, True),
        (("top", "group"), False, True),
        (("organizationalUnit",), False, False),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_people_are_told_from_groups_and_machines(classes: tuple[str, ...], *, person: bool, group: bool) -> None:
    """
    What an entry is, its object classes say; a machine has an account and is nobody.
    """
    one = made("cn=a", objectClass=classes)

    assert (is_person(one), is_group(one)) == (person, group)


def test_person_is_a_row() -> None:
    """
    Each field comes from its attribute, in NFC; what the entry lacks is absent, and not empty.
    """
    one = made(
        "uid=ann,dc=x",
        uid="ann",
        cn="Ann Mu\u0308ller",
        sn="Mu\u0308ller",
        mail="ann@x",
        entryUUID="1",
        employeeType=("b", "a"),
        o="Acme",
    )
    settings = Settings(fields={"roles": "employeeType"}, attributes=("o", "ou"))
    [person] = people([one], settings, [])

    assert (person.row.user_name, person.row.display_name, person.row.last_name) == ("ann", "Ann Müller", "Müller")
    assert (person.row.email, person.row.roles, person.row.state) == ("ann@x", ("a", "b"), "active")
    assert person.row.attributes == {"dn": "uid=ann,dc=x", "o": ("Acme",)}
    assert not isinstance(person.row.first_name, str)


def test_user_name_of_active_directory_is_the_login() -> None:
    """
    An AD user is called by sAMAccountName, or by what the settings say.
    """
    one = made("cn=Ann Lee", cn="Ann Lee", sAMAccountName="alee", userPrincipalName="ann@x", objectGUID=GUID)
    [login] = people([one], PLAIN, [])
    [principal] = people([one], Settings(fields={"user_name": "userPrincipalName"}), [])

    assert (login.row.user_name, principal.row.user_name) == ("alee", "ann@x")


@pytest.mark.parametrize(
    ("one", "word"),
    [
        pytest.param(made("cn=a", uid="a"), "operational attributes", id="no key"),
        pytest.param(made("dc=a", entryUUID="1"), "no name", id="no name"),
    ],
)
def test_entry_that_is_no_row_is_told(one: Entry, word: str) -> None:
    """
    Who has no lasting key, or no name, is left out, and the reading is not whole.
    """
    faults: list[str] = []

    assert (people([one], PLAIN, faults), teams([one], PLAIN, faults)) == ([], [])
    assert all(word in fault for fault in faults)
    assert faults


def test_group_is_a_row() -> None:
    """
    A group is called by its cn; one whose members a search decides is dynamic.
    """
    every = made("cn=All,dc=x", cn="All", description="Everybody", entryUUID="1", objectClass="groupOfURLs")
    [team] = teams([every], PLAIN, [])

    assert (team.row.name, team.row.description, team.row.dynamic) == ("All", "Everybody", True)


def test_server_is_asked_for_what_says_who_is_locked() -> None:
    """
    Operational attributes come only to those who ask for them by name.
    """
    asked = wanted(Settings(key="employeeNumber", attributes=("o",), fields={"locale": "l"}))

    assert {"entryUUID", "nsAccountLock", "pwdAccountLockedTime", "employeeNumber", "o", "l"} <= {*asked}
    assert "preferredLanguage" not in asked
