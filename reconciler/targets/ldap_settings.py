"""
What reconciler.yaml says of a target of type `ldap`: where people and groups are, and which attributes hold what.
"""

from msgspec import Struct, field

from reconciler.ports_adapter import Secret


class Disabled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The attribute, and its value, by which an account cannot be used.

    OpenLDAP's overlay `ppolicy` locks for good by this time; 389 Directory Server has `nsAccountLock: true`.
    """

    attribute: str = "pwdAccountLockedTime"
    value: str = "000001010000Z"


class Users(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Entries of people: below `base`, of these classes, named by the attribute that holds `user_name`.

    `fields` says which attribute keeps a field; `external_id` keeps our key (empty: nowhere). An attribute in
    `required` of which nothing is said holds `filler`.
    """

    base: str
    object_classes: tuple[str, ...] = ("inetOrgPerson",)
    fields: dict[str, str] = field(
        default_factory=lambda: {
            "user_name": "uid",
            "email": "mail",
            "first_name": "givenName",
            "last_name": "sn",
            "display_name": "displayName",
            "description": "description",
            "locale": "preferredLanguage",
        }
    )
    external_id: str = "employeeNumber"
    required: tuple[str, ...] = ("sn",)
    filler: str = "-"
    disabled: Disabled = field(default_factory=Disabled)


class Groups(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Entries of groups: below `base`, of these classes, with members by DN (`memberUid`: by login) in `member`.

    Classes that must have a member are given `placeholder`, the empty name, which is nobody.
    """

    base: str
    object_classes: tuple[str, ...] = ("groupOfNames",)
    fields: dict[str, str] = field(default_factory=lambda: {"name": "cn", "description": "description"})
    external_id: str = "businessCategory"
    member: str = "member"
    placeholder: str | None = ""


class LdapSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Who we are in the directory, whom we trust, and where things are.

    `id` is the attribute that names an entry for good: `entryUUID`, or `nsUniqueId` of 389 Directory Server.
    """

    users: Users
    groups: Groups
    bind_dn: str
    password: Secret
    start_tls: bool = False
    ca_file: str | None = None
    id: str = "entryUUID"
    page: int = 500
    timeout: int = 30
