"""
An administrator of a directory at work, over a connection and under a name of its own.
"""

import ldap3
from ldap3.utils.conv import escape_filter_chars

from reconciler.core.model import Value
from tests.wire.slapd import ADMIN, BASE, SECRET

PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
PLACES = {
    "email": "mail",
    "first_name": "givenName",
    "last_name": "sn",
    "display_name": "displayName",
    "description": "description",
    "locale": "preferredLanguage",
    "roles": "employeeType",
    "profiles": "departmentNumber",
}


class LdapAdmin:
    """
    The administrator's verbs on the directory at `url`.
    """

    def __init__(self, url: str) -> None:
        server = ldap3.Server(url, get_info=ldap3.NONE)
        self.connection = ldap3.Connection(
            server, ADMIN, SECRET, auto_bind=True, raise_exceptions=True, check_names=False
        )

    def close(self) -> None:
        """
        Hang up.
        """
        self.connection.unbind()

    def admin_creates(self, user_name: str, /, **fields: Value) -> None:
        """
        Make an account by hand.
        """
        attributes = {"objectClass": "inetOrgPerson", "cn": user_name, "sn": "-"}
        self.connection.add(f"uid={user_name},{PEOPLE}", attributes=attributes)
        self.admin_sets(user_name, **fields)

    def admin_sets(self, user_name: str, /, **fields: Value) -> None:
        """
        Change fields of an account; `active` among them.
        """
        for name, value in fields.items():
            if name == "user_name":
                self._renames(user_name, str(value))
            elif name == "active":
                self._replaces(user_name, "pwdAccountLockedTime", [] if value else ["000001010000Z"])
            else:
                texts = list(value) if isinstance(value, tuple) else [] if value is None else [str(value)]
                self._replaces(user_name, PLACES[name], texts)

    def admin_joins(self, user_name: str, group_name: str) -> None:
        """
        Put somebody into a group.
        """
        member = self.dn(user_name, PEOPLE, "uid")
        self.connection.modify(self.dn(group_name, GROUPS, "cn"), {"member": [("MODIFY_ADD", [member])]})

    def admin_leaves(self, user_name: str, group_name: str) -> None:
        """
        Take somebody out of a group.
        """
        member = self.dn(user_name, PEOPLE, "uid")
        self.connection.modify(self.dn(group_name, GROUPS, "cn"), {"member": [("MODIFY_DELETE", [member])]})

    def admin_deletes(self, user_name: str) -> None:
        """
        Delete an account.
        """
        self.connection.delete(self.dn(user_name, PEOPLE, "uid"))

    def admin_creates_group(self, name: str, /, **fields: Value) -> None:
        """
        Make a group by hand.
        """
        self.connection.add(f"cn={name},{GROUPS}", attributes={"objectClass": "groupOfNames", "member": ""})
        self.admin_sets_group(name, **fields)

    def admin_sets_group(self, name: str, /, **fields: Value) -> None:
        """
        Change fields of a group.
        """
        for field, value in fields.items():
            dn = self.dn(name, GROUPS, "cn")
            if field == "name":
                self.connection.modify_dn(dn, f"cn={value}")
                continue
            self.connection.modify(dn, {PLACES[field]: [("MODIFY_REPLACE", [str(value)])]})

    def admin_adds_profile(self, name: str, *, groups: tuple[str, ...] = (), enabled: bool = True) -> None:
        """
        Fail: a directory has no catalogue of profiles.
        """
        raise AssertionError(f"no place for {name} {groups} {enabled}")

    def empties(self) -> None:
        """
        Delete all people and groups.
        """
        for base in (PEOPLE, GROUPS):
            self.connection.search(base, "(objectClass=*)", "LEVEL", attributes=[])
            for dn in [one["dn"] for one in self.connection.response]:
                self.connection.delete(dn)

    def dn(self, name: str, base: str, attribute: str) -> str:
        """
        Return the distinguished name of who bears a name.
        """
        self.connection.search(base, f"({attribute}={escape_filter_chars(name)})", "LEVEL", attributes=[])
        return str(self.connection.response[0]["dn"])

    def _replaces(self, user_name: str, attribute: str, texts: list[str]) -> None:
        dn = self.dn(user_name, PEOPLE, "uid")
        self.connection.modify(dn, {attribute: [("MODIFY_REPLACE", texts)]})

    def _renames(self, user_name: str, name: str) -> None:
        self.connection.modify_dn(self.dn(user_name, PEOPLE, "uid"), f"uid={name}")
