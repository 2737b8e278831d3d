"""
What a state folder says of a SCIM server, and what that comes to.
"""

from typing import Annotated, Literal

from msgspec import Meta, field
from msgspec.structs import replace

from reconciler.core.model import Kind
from reconciler.core.policy import Policy
from reconciler.errors import UsageError
from reconciler.targets.fitting import refuse_what_has_no_place
from reconciler.targets.scim_paths import Place, place
from reconciler.targets.scim_profiles import PROFILES, Quirks
from reconciler.wire.settings import HttpSettings


class ScimSettings(HttpSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How to speak to one SCIM server.

    `profile` names the quirks to begin with. `users` and `groups` say where a field of ours lies (scim_paths has
    the form of a path); null: nowhere. `page`, `bulk`, `etag`, `patch` and `echo` overrule the profile and the
    server; `bulk: 0` makes each write a request of its own.
    """

    profile: Literal["generic", "openpages", "atlassian", "aws"] = "generic"
    users: dict[str, str | None] = field(default_factory=dict)
    groups: dict[str, str | None] = field(default_factory=dict)
    page: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    bulk: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    etag: bool | None = None
    patch: bool | None = None
    echo: bool | None = None


def quirks(settings: ScimSettings) -> Quirks:
    """
    Return the profile's quirks with what the settings overrule.
    """
    known = PROFILES[settings.profile]
    said = {name: getattr(settings, name) for name in ("page", "bulk", "etag", "patch", "echo")}
    return replace(
        known,
        users=_laid({**known.users, **settings.users}),
        groups=_laid({**known.groups, **settings.groups}),
        **{name: value for name, value in said.items() if value is not None},
    )


def places(known: Quirks) -> dict[Kind, dict[str, Place]]:
    """
    Return where each field lies, parsed; raises UsageError, with every fault, for paths that are none.
    """
    faults, result = [], dict[Kind, dict[str, Place]]()
    sides: tuple[tuple[Kind, dict[str, str]], ...] = (
        ("user", known.users),
        ("group", {"name": "displayName", **known.groups}),
    )
    for kind, paths in sides:
        result[kind] = {}
        for name, path in paths.items():
            try:
                result[kind][name] = place(path)
            except ValueError as error:
                faults.append(f"{kind}s.{name}: {error}")
    if faults:
        raise UsageError(
            "; ".join(faults), hint="write it like name.givenName, emails[primary].value or roles[].value"
        )
    return result


def fit(policy: Policy, known: Quirks) -> None:
    """
    Raise UsageError, with every fault, for a policy that writes what has no place on the server.
    """
    roles = ["roles"] if policy.roles.administrator.groups else []
    places: dict[Kind, set[str]] = {"user": {*known.users, *roles}, "group": {*known.groups, "name"}}
    refuse_what_has_no_place(policy, places, keeper="where a SCIM server", by="a path")
    if policy.groups.lifecycle.renamed == "update" and not known.rename_groups:
        told = "this server cannot rename groups, and the policy would (groups.lifecycle.renamed: update)"
        raise UsageError(told, hint="write in the policy groups: {lifecycle: {renamed: ask}}")
    if policy.groups.membership != "none" and not known.members:
        told = "this server lists groups without their members, so nobody can tell who is in them"
        raise UsageError(told, hint="membership: none, in the policy's groups")


def _laid(paths: dict[str, str | None] | dict[str, str]) -> dict[str, str]:
    return {name: path for name, path in paths.items() if path is not None}
