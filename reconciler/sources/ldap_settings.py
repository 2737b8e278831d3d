"""
What reconciler.yaml says of a source of type `ldap`.
"""

from msgspec import Struct, field

from reconciler.ports_adapter import Secret

USERS = (
    "(|(objectClass=person)(objectClass=organizationalPerson)(objectClass=inetOrgPerson)(objectClass=user)"
    "(objectClass=posixAccount))"
)
"""
Every class by its name, because OpenLDAP's index finds an entry by the classes it lists, not by those above them.

And none excluded: what a server makes of a class that it does not know is neither true nor false (RFC 4511,
section 4.5.1.7), so "not a computer" would find nobody there. Machines are told from people once they are read.
"""
GROUPS = (
    "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers)"
    "(objectClass=groupOfURLs)(objectClass=posixGroup)(objectClass=group))"
)
NAMES: dict[str, tuple[str, ...]] = {
    "user_name": ("uid", "sAMAccountName", "userPrincipalName"),
    "email": ("mail",),
    "first_name": ("givenName",),
    "last_name": ("sn",),
    "display_name": ("displayName", "cn"),
    "description": ("description",),
    "locale": ("preferredLanguage",),
}
"""Which attributes a field is taken from: the first that an entry has (RFC 2798, RFC 4519; [MS-ADA3])."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Where a directory is, who reads it, and which of its attributes say what.

    `servers` are tried in order (`ldaps://HOST`, or `ldap://HOST` with `start_tls`); without any, only LDIF files
    are read. `base` is what users, and groups unless `groups_base` says otherwise, are below. `fields` names
    another attribute for a field, `key` one that never changes, `attributes` those that come along.
    """

    servers: tuple[str, ...] = ()
    bind_dn: str = ""
    password: Secret = ""
    start_tls: bool = False
    ca_file: str | None = None
    base: str = ""
    groups_base: str = ""
    user_filter: str = USERS
    group_filter: str = GROUPS
    key: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    page: int = 500
    timeout: int = 30

    def names(self, name: str) -> tuple[str, ...]:
        """
        Return the attributes that a field is taken from.
        """
        return (self.fields[name],) if name in self.fields else NAMES.get(name, ())
