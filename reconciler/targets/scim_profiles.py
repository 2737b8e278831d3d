"""
What is special about each SCIM server, as data: a profile is a set of quirks, and nothing asks for its name.

- `generic`: RFC 7643 and RFC 7644.
- `atlassian`: pages of 100, one `eq` in a filter, groups cannot be renamed, 409 for a name that is there, a PUT
  clears what it does not send. https://developer.atlassian.com/cloud/admin/user-provisioning/rest/intro/
- `aws`, IAM Identity Center: 100 member changes a PATCH, pages of 50, groups are listed without their members.
  https://docs.aws.amazon.com/singlesignon/latest/developerguide/limitations.html
- `openpages`, at `/opgrc/api/v2/scim`: no ETag. Its extensions are not documented publicly: map them in the
  settings.
"""

from msgspec import Struct, field

USERS = {
    "user_name": "userName",
    "active": "active",
    "email": "emails[primary].value",
    "first_name": "name.givenName",
    "last_name": "name.familyName",
    "display_name": "displayName",
    "locale": "locale",
    "roles": "roles[].value",
}
"""Where people's fields lie unless a profile or the settings say otherwise."""


class Quirks(Struct, frozen=True, kw_only=True):
    """
    What is special about a server; None: as its ServiceProviderConfig says.

    `echo` is whether a PATCH that asks for attributes is answered with them (RFC 7644 section 3.5.2); None: where
    there are ETags. A server that takes the attributes asked for as all there are would lose the others.

    `page` is how many are asked for at once (0: as many as the server likes), `bulk` how many writes one request
    holds where the server offers bulk (0: each its own), `changes` how many member changes one PATCH may hold,
    `others` whether a filter may hold several comparisons. `members` says whether a list of groups tells who is in
    them, `rename_groups` whether a group can take another name, `unique_groups` whether the server itself refuses a
    second group of a name. `caseless` and `trimmed` are fields that the server compares so.
    """

    users: dict[str, str] = field(default_factory=lambda: USERS)
    groups: dict[str, str] = field(default_factory=dict)
    etag: bool | None = None
    patch: bool | None = None
    echo: bool | None = None
    page: int = 500
    bulk: int = 100
    changes: int = 500
    others: bool = True
    members: bool = True
    rename_groups: bool = True
    unique_groups: bool = False
    caseless: frozenset[str] = frozenset({"user_name", "email"})
    trimmed: frozenset[str] = frozenset()


PROFILES = {
    "generic": Quirks(),
    "openpages": Quirks(etag=False),
    "atlassian": Quirks(etag=False, page=100, others=False, rename_groups=False, unique_groups=True),
    "aws": Quirks(etag=False, page=50, changes=100, others=False, members=False, unique_groups=True),
}
"""The profiles, by the name that the settings give."""
