"""
What Git wants of each person and group: every state of a source row, every verb of an override.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.desired import desired_groups
from reconciler.core.model import Desired, Profile, Value
from reconciler.core.policy import Policy
from tests.core.organisations import STAFF, TRADERS, desired_users, made, person, policy, said, team


def ann(*overrides: Any, **more: Any) -> Desired:
    """
    Return Ann as Git wants her, in the company of Bob, a trader.
    """
    fields = more.pop("fields", {})
    bob = person("bob", groups=("id-traders",), roles=("Administrator",))
    return next(desired_users(made([person("ann", **fields), bob], *overrides, **more)))


def group(key: str, *overrides: Any, **more: Any) -> Desired:
    """
    Return a group as Git wants it.
    """
    people = more.pop("people", [person("ann")])
    return next(one for one in desired_groups(made(people, *overrides, **more)) if one.key == key)


@pytest.mark.parametrize(
    ("fields", "overrides", "standing"),
    [
        pytest.param({}, [], ("active", ""), id="active"),
        pytest.param({"state": "invited"}, [], ("untouched", "invited"), id="invited"),
        pytest.param({"state": "unknown"}, [], ("untouched", "unknown"), id="unknown"),
        pytest.param({"state": "suspended"}, [], ("inactive", "suspended"), id="suspended"),
        pytest.param({"state": "left"}, [], ("inactive", "left"), id="left"),
        pytest.param({"groups": ()}, [], ("inactive", "unprovisioned"), id="no login role"),
        pytest.param({"groups": (), "roles": ("Usr",)}, [], ("active", ""), id="direct role, by its alias"),
        pytest.param({}, [{"block": True}], ("inactive", "blocked"), id="blocked"),
        pytest.param({"state": "unknown"}, [{"block": True}], ("inactive", "blocked"), id="blocked and unknown"),
        pytest.param({}, [{"exclude": True}], ("untouched", "excluded"), id="excluded"),
        pytest.param({"state": "left"}, [{"exclude": True}], ("untouched", "excluded"), id="excluded leaver"),
        pytest.param({}, [{"roles_remove": ("Usr",)}], ("inactive", "unprovisioned"), id="role taken"),
        pytest.param({"groups": ()}, [{"roles_add": ("User",)}], ("active", ""), id="role given"),
        pytest.param({}, [{"groups_remove": ("staff",)}], ("inactive", "unprovisioned"), id="group taken"),
        pytest.param({"groups": ()}, [{"groups_add": ("staff",)}], ("active", ""), id="group given"),
    ],
)
def test_standing(fields: dict[str, Any], overrides: list[dict[str, Any]], standing: tuple[str, str]) -> None:
    """
    What a person shall be follows from the source's state, the overrides and the login roles, in that order.
    """
    one = ann(*(said(1, user="ann", **parts) for parts in overrides), fields=fields)

    assert (one.state, one.reason) == standing


@pytest.mark.parametrize(
    ("population", "overrides", "known", "state"),
    [
        ("all", [], (), "active"),
        ("selected", [], ("id-ann",), "untouched"),
        ("selected", [{"include": True}], (), "active"),
        ("on-demand", [], (), "untouched"),
        ("on-demand", [], ("id-ann",), "active"),
        ("on-demand", [{"include": True}], (), "active"),
    ],
)
def test_population(
    population: str, overrides: list[dict[str, Any]], known: tuple[str, ...], *, state: str
) -> None:
    """
    Whoever the population leaves out is neither created nor touched.
    """
    rules = policy({"users": {"population": population}})
    one = ann(*(said(1, user="ann", **parts) for parts in overrides), known=known, rules=rules)

    assert one.state == state


@pytest.mark.parametrize(
    ("field", "fields", "overrides", "value"),
    [
        pytest.param("email", {}, [], "ann@example.com", id="source"),
        pytest.param("email", {}, [{"set": {"email": "x"}}], "x", id="set"),
        pytest.param("email", {}, [{"set": {"email": None}}], None, id="null clears"),
        pytest.param("locked", {}, [], False, id="constant"),
        pytest.param("locale", {}, [], "en_US", id="default"),
        pytest.param("locale", {"locale": "de_DE"}, [], "de_DE", id="source before default"),
        pytest.param("locale", {"locale": ""}, [], "", id="empty is a value"),
        pytest.param("department", {}, [], "absent", id="absent is none"),
        pytest.param("department", {"attributes": {"department": "IT"}}, [], "IT", id="attribute"),
        pytest.param("department", {"attributes": {"department": ("b", "a", "b")}}, [], ("a", "b"), id="sorted"),
        pytest.param("secret", {"attributes": {"secret": "x"}}, [], "absent", id="target's own"),
        pytest.param("profiles", {}, [{"set": {"profiles": None}}], (), id="a cleared set is empty"),
        pytest.param("profiles", {}, [{"set": {"profiles": ("B", "A")}}], ("A", "B"), id="set of a set"),
        pytest.param("roles", {}, [], ("User",), id="through a group"),
        pytest.param("roles", {}, [{"roles_add": ("Editor",)}], ("Editor", "User"), id="role given"),
        pytest.param("roles", {}, [{"copy_access_from": "bob"}], ("Admins", "Template", "User"), id="copied"),
    ],
)
def test_value(field: str, fields: dict[str, Any], *, overrides: list[dict[str, Any]], value: Value) -> None:
    """
    A field is what an override sets, else the policy's constant, else the source's value, else the default.
    """
    one = ann(*(said(1, user="ann", **parts) for parts in overrides), fields=fields)

    assert one.fields.get(field, "absent") == value


@pytest.mark.parametrize(
    ("overrides", "groups"),
    [
        ([], ("id-staff",)),
        ([{"groups_add": ("TRADERS",)}], ("id-staff", "id-traders")),
        ([{"groups_remove": ("id-staff",)}], ()),
        ([{"copy_access_from": "bob@example.com"}], ("id-staff", "id-traders")),
        ([{"copy_access_from": "bob"}, {"groups_remove": ("traders",)}], ("id-staff",)),
    ],
)
def test_memberships(overrides: list[dict[str, Any]], groups: tuple[str, ...]) -> None:
    """
    Memberships are the source's with what overrides add, copy and remove; removing comes last.
    """
    one = ann(*(said(line * 10, user="ann", **parts) for line, parts in enumerate(overrides, 1)))

    assert one.groups == groups


def test_membership_of_a_group_that_grants_no_login_is_not_ours() -> None:
    """
    A group that the policy does not provision is nobody's membership, and a group nobody knows neither.
    """
    rows = [STAFF, TRADERS, team("billing", "Payer")]
    one = ann(groups=rows, fields={"groups": ("id-billing", "id-ghost", "id-staff")})

    assert one.groups == ("id-staff",)


def test_every_group_is_provisioned_where_none_must_grant_a_login() -> None:
    """
    Without `grants_login` every group comes over.
    """
    rules = policy({"groups": {"grants_login": False}})
    keys = [one.key for one in desired_groups(made([], groups=[team("billing", "Payer")], rules=rules))]

    assert keys == ["id-billing"]


def test_decisions_come_with_the_person() -> None:
    """
    What overrides decide of ownership and adoption goes with the desired person.
    """
    one = ann(
        said(1, user="ann", give=("locale",), adopt=True),
        said(10, user="ann", take=("profiles",), reviewed={"profiles": ("X",), "locale": "x"}),
        said(20, user="ann", restore={"roles": ("Editor",)}),
    )
    take, restore = one.decisions.transfers["profiles"], one.decisions.transfers["roles"]

    assert (sorted(one.decisions.give), one.decisions.adopt) == (["locale"], True)
    assert (take.verb, take.reviewed, take.origin, take.reason) == ("take", ("X",), "all.yaml:12", "T-1")
    assert (restore.verb, restore.value) == ("restore", ("Editor",))


@pytest.mark.parametrize(
    ("parts", "create", "people", "expected"),
    [
        pytest.param({}, "when-populated", [person("ann")], ("active", ""), id="populated"),
        pytest.param({}, "when-populated", [], ("active", "unpopulated"), id="nobody"),
        pytest.param(
            {}, "when-populated", [person("ann", state="invited")], ("active", "unpopulated"), id="invited"
        ),
        pytest.param({}, "always", [], ("active", ""), id="always"),
        pytest.param({"exclude": True}, "always", [], ("untouched", "excluded"), id="excluded"),
    ],
)
def test_group_standing(
    parts: dict[str, Any], create: str, *, people: list[Any], expected: tuple[str, str]
) -> None:
    """
    A group is wanted, but not made before anybody would be in it, and not touched where an override excludes it.
    """
    rules = policy({"groups": {"create": create}})
    one = group("id-staff", *([said(1, group="staff", **parts)] if parts else []), rules=rules, people=people)

    assert (one.state, one.reason) == expected


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        ({}, {"name": "Cloud - traders", "description": "Buy and sell", "parent": "Top"}),
        ({"rename": "Dealers"}, {"name": "Cloud - Dealers", "description": "Buy and sell", "parent": "Top"}),
        ({"set": {"description": None}}, {"name": "Cloud - traders", "description": None, "parent": "Top"}),
    ],
)
def test_group_fields(parts: dict[str, Any], fields: dict[str, Value]) -> None:
    """
    A group bears the prefix and its name, or the one an override gives, and stands below the policy's parent.
    """
    one = group("id-traders", *([said(1, group="traders", **parts)] if parts else []))

    assert (one.name, one.fields) == (fields["name"], fields)


def test_group_without_parent_or_description_says_neither() -> None:
    """
    Absent is not a value.
    """
    rules = policy({"groups": {"parent": None}})

    assert group("id-staff", rules=rules).fields == {"name": "Cloud - staff"}


def test_group_parent_may_be_a_governed_field() -> None:
    """
    Where the policy lists `parent` among its fields, it is written once.
    """
    rules = policy({"groups": {"fields": {"parent": "source", "floor": "source"}}})
    one = group("id-staff", rules=rules, groups=[team("staff", "User", attributes={"floor": "2"})])

    assert one.fields == {"name": "Cloud - staff", "parent": "Top", "floor": "2"}


@pytest.mark.parametrize(
    ("rules", "former", "profiles", "expected"),
    [
        pytest.param({}, {}, [], ("Risk",), id="by group"),
        pytest.param(
            {}, {}, [Profile(name="Risk", enabled=False), Profile(name="Default")], ("Default",), id="disabled"
        ),
        pytest.param(
            {}, {}, [Profile(name="Risk", deleted=True), Profile(name="Default")], ("Default",), id="deleted"
        ),
        pytest.param({}, {}, [Profile(name="Default")], ("Default",), id="not in the catalogue"),
        pytest.param({}, {}, [Profile(name="Other")], "absent", id="fallback not offered"),
        pytest.param(
            {"by_group": {"brokers": ["Desk"]}},
            {"id-traders": ("brokers",)},
            [],
            ("Risk",),
            id="present name first",
        ),
        pytest.param(
            {"by_group": {"traders": None, "brokers": ["Desk"]}},
            {"id-traders": ("brokers",)},
            [],
            ("Desk",),
            id="earlier name",
        ),
        pytest.param(
            {"from": "target"}, {}, [Profile(name="P", groups=("Cloud - traders",))], ("P",), id="catalogue"
        ),
        pytest.param({"from": "target", "fallback": None}, {}, [Profile(name="P")], (), id="catalogue says none"),
        pytest.param(
            {"from": "target", "fallback": None},
            {},
            [Profile(name="P", fallback=True)],
            ("P",),
            id="its own fallback",
        ),
        pytest.param(
            {"by_group": {"x": ["Y"], "traders": []}, "fallback": None}, {}, [], (), id="policy says none"
        ),
    ],
)
def test_profiles(
    rules: dict[str, Any], former: dict[str, tuple[str, ...]], *, profiles: list[Profile], expected: Value
) -> None:
    """
    A trader has the enabled profiles of the group, else the fallback, else, where nobody says anything, no value.
    """
    associated = {name: names for name, names in rules.get("by_group", {}).items() if names is not None}
    asked = policy({"profiles": {**rules, **({"by_group": associated} if "by_group" in rules else {})}})
    if rules.get("by_group", {}).get("traders", "") is None:
        asked = _only(asked, associated)
    one = ann(rules=asked, profiles=profiles, former=former, fields={"groups": ("id-traders",)})

    assert one.fields.get("profiles", "absent") == expected


def _only(rules: Policy, associated: dict[str, Any]) -> Policy:
    """
    Return the policy with these associations and no others.
    """
    return replace(rules, profiles=replace(rules.profiles, by_group=associated))


def test_profiles_nobody_speaks_of_are_left_alone() -> None:
    """
    A policy that associates nothing and names no fallback says nothing of profiles.
    """
    rules = _only(policy({"profiles": {"fallback": None}}), {})

    assert "profiles" not in ann(rules=rules).fields


@pytest.mark.parametrize("name", ["roles", "profiles"])
def test_access_that_is_the_targets_own_is_not_desired(name: str) -> None:
    """
    Roles or profiles that the policy leaves to the target are never even worked out.
    """
    rules = policy({"users": {"fields": {name: "target"}}})

    assert name not in ann(rules=rules).fields
