"""
Where the fields that RFC 7643 has no attribute for lie on a test's SCIM server: in extensions of its own.
"""

from typing import Any

from reconciler.core.model import Fields
from reconciler.targets.scim_settings import ScimSettings

USER = "urn:example:params:scim:schemas:extension:registry:2.0:User"
GROUP = "urn:example:params:scim:schemas:extension:registry:2.0:Group"

SETTINGS = ScimSettings(
    users={
        **{
            name: f"{USER}:{name}"
            for name in ("distinguished_name", "description", "locked", "can_change_password")
        },
        **{name: f"{USER}:{name}" for name in ("temporary_password", "password_expires_in_days")},
        "profiles": f"{USER}:profiles[]",
    },
    groups={
        **{name: f"{GROUP}:{name}" for name in ("description", "parent", "deleted", "active")},
        "roles": f"{GROUP}:roles[]",
    },
)
"""Every field that a policy can name has a place."""

FIELDS: Fields = {
    **dict.fromkeys(("user_name", "email", "first_name", "last_name", "display_name", "locale")),
    **dict.fromkeys(("distinguished_name", "description", "password_expires_in_days")),
    **dict.fromkeys(("locked", "can_change_password", "temporary_password"), False),
    **dict.fromkeys(("profiles", "roles"), ()),
}
CORE_FIELDS: Fields = {
    **dict.fromkeys(("user_name", "email", "first_name", "last_name", "display_name", "locale")),
    "roles": (),
}
GROUP_FIELDS: Fields = {"name": None, "description": None, "parent": None, "deleted": False, "roles": ()}
"""What SCIM keeps of somebody of whom nothing was said: it has no defaults."""


CANNOT = {
    "test_new_target_knows_its_catalogue": "SCIM has no catalogue",
    "test_catalogue_tells_associations": "SCIM has no catalogue",
    "test_value_that_does_not_fit_is_refused[unknown profile]": "SCIM has no catalogue",
    "test_fence_is_moved_by_who_saw_it": "SCIM has no place for a fence: Git keeps it",
    "test_each_write_makes_a_version": "a request that changes nothing makes no version",
    "test_admin_edit_moves_the_version[same value]": "a request that changes nothing makes no version",
}
"""What the contract asks and SCIM has no words for."""


CORE_CANNOT = {
    **CANNOT,
    "test_group_moves_retires_and_returns": "a core group has neither parent nor state",
    "test_admin_edit_moves_the_version[profiles]": "a core user has no profiles",
}
"""The same, where a server has no extensions."""


def schemas(core: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    Return the schemas of a server that has the extensions, too.
    """
    user = [
        *(_attribute(name) for name in ("distinguished_name", "description")),
        *(_attribute(name, "boolean") for name in ("locked", "can_change_password", "temporary_password")),
        _attribute("password_expires_in_days", "integer"),
        _attribute("profiles", several=True),
    ]
    group = [
        *(_attribute(name) for name in ("description", "parent")),
        *(_attribute(name, "boolean") for name in ("deleted", "active")),
        _attribute("roles", several=True),
    ]
    extensions = ((USER, "RegistryUser", user), (GROUP, "RegistryGroup", group))
    return [*core, *({"id": urn, "name": name, "attributes": attributes} for urn, name, attributes in extensions)]


def resource_types(core: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    Return the resource types of a server whose users and groups have the extensions, too.
    """
    urns = {"User": USER, "Group": GROUP}
    return [
        {
            **one,
            "schemaExtensions": [
                *one.get("schemaExtensions", ()),
                {"schema": urns[one["name"]], "required": False},
            ],
        }
        for one in core
    ]


def _attribute(name: str, kind: str = "string", *, several: bool = False) -> dict[str, Any]:
    return {"name": name, "type": kind, "multiValued": several, "required": False, "caseExact": True}
