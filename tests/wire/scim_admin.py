"""
The administrator of a SCIM server, who changes whole resources past the reconciler.
"""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from reconciler.core.model import Kind, Value
from reconciler.targets.scim_paths import put
from reconciler.targets.scim_settings import ScimSettings, places, quirks

_NAMES: dict[Kind, tuple[str, str]] = {"user": ("Users", "userName"), "group": ("Groups", "displayName")}


class ScimAdmin:
    """
    One who reads a resource, changes it and puts it back.
    """

    def __init__(self, root: str, settings: ScimSettings, *, token: str = "") -> None:
        self.root = urlsplit(root)
        self.places = places(quirks(settings))
        self.headers = {"Content-Type": "application/scim+json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """
        Return what the server answers, as JSON; a refusal is a mistake of the test.
        """
        connection = http.client.HTTPConnection(self.root.netloc, timeout=30)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, f"{self.root.path}/{path}", content, self.headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, f"{method} {path}: {answer.status} {said[:500]!r}"
        return json.loads(said) if said else {}

    def named(self, kind: Kind, name: str) -> Any:
        """
        Return the resource of that name.
        """
        endpoint, attribute = _NAMES[kind]
        found = self.ask("GET", f"{endpoint}?filter={quote(f'{attribute} eq {json.dumps(name)}')}")
        return next(one for one in found["Resources"] if one[attribute] == name)

    def admin_creates(self, user_name: str, /, **fields: Value) -> None:
        """
        Make an account by hand.
        """
        core = "urn:ietf:params:scim:schemas:core:2.0:User"
        self.ask("POST", "Users", self._with("user", {"schemas": [core], "userName": user_name}, fields))

    def admin_sets(self, user_name: str, /, **fields: Value) -> None:
        """
        Change fields of an account; `active` among them.
        """
        self._puts("user", user_name, fields)

    def admin_joins(self, user_name: str, group_name: str) -> None:
        """
        Put somebody into a group.
        """
        group, member = self.named("group", group_name), self.named("user", user_name)["id"]
        self.ask(
            "PUT", f"Groups/{group['id']}", {**group, "members": [*group.get("members", ()), {"value": member}]}
        )

    def admin_leaves(self, user_name: str, group_name: str) -> None:
        """
        Take somebody out of a group.
        """
        group, member = self.named("group", group_name), self.named("user", user_name)["id"]
        rest = [one for one in group["members"] if one["value"] != member]
        self.ask("PUT", f"Groups/{group['id']}", {**group, "members": rest})

    def admin_deletes(self, user_name: str) -> None:
        """
        Delete an account.
        """
        self.ask("DELETE", f"Users/{self.named('user', user_name)['id']}")

    def admin_creates_group(self, name: str, /, **fields: Value) -> None:
        """
        Make a group by hand.
        """
        core = "urn:ietf:params:scim:schemas:core:2.0:Group"
        self.ask("POST", "Groups", self._with("group", {"schemas": [core], "displayName": name}, fields))

    def admin_sets_group(self, name: str, /, **fields: Value) -> None:
        """
        Change fields of a group.
        """
        self._puts("group", name, fields)

    def admin_adds_profile(self, name: str, *, groups: tuple[str, ...] = (), enabled: bool = True) -> None:
        """
        Fail: SCIM knows no profiles.
        """
        pytest.fail(f"no place for profile {name!r} of {groups} ({enabled})")

    def _puts(self, kind: Kind, name: str, fields: Mapping[str, Value]) -> None:
        before = self.named(kind, name)
        self.ask("PUT", f"{_NAMES[kind][0]}/{before['id']}", self._with(kind, before, fields))

    def _with(self, kind: Kind, resource: dict[str, Any], fields: Mapping[str, Value]) -> dict[str, Any]:
        for name, value in fields.items():
            resource = put(resource, self.places[kind][name], list(value) if isinstance(value, tuple) else value)
        return resource
