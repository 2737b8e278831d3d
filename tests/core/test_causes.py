"""
Every desired value says where it comes from: the export's line, an override's line and reason, the policy's rule.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.causes import cause, why
from reconciler.core.correlate import Pair
from reconciler.core.desired import desired_groups
from reconciler.core.ledger import Last, LedgerRow
from reconciler.core.lifecycle import LEAVE
from reconciler.core.model import Live
from reconciler.core.organisation import Organisation
from reconciler.core.settle import Settled
from tests.core.organisations import STAFF, TRADERS, desired_users, made, person, policy, said, team

HELD = "User granted directly; User through staff (groups.jsonl:1); User through traders (groups.jsonl:2)"
FALLBACK = "policy profiles.fallback (at profiles.fallback)"
ANN = person("ann", groups=("id-staff", "id-traders"), roles=("Usr",), attributes={"department": "IT"})


def told(org: Organisation, field: str, key: str = "id-ann") -> str:
    """
    Return the cause of one field.
    """
    entities = [*desired_users(org), *desired_groups(org)]
    return cause(org, next(one for one in entities if one.key == key), field)


@pytest.mark.parametrize(
    ("field", "parts", "expected"),
    [
        ("email", {}, "users.jsonl:1"),
        ("email", {"set": {"email": "x"}}, "override all.yaml:4 (T-1)"),
        ("email", {"set": {"email": "x"}, "reason": ""}, "override all.yaml:5"),
        ("department", {}, "users.jsonl:1"),
        ("locked", {}, "policy users.fields.locked (at users.fields.locked)"),
        ("locale", {}, "policy users.fields.locale (at users.fields.locale)"),
        (
            "roles",
            {},
            f"users.jsonl:1; {HELD}",
        ),
        (
            "roles",
            {"roles_add": ("Editor",)},
            f"users.jsonl:1; Editor granted directly; {HELD}; override all.yaml:3 (T-1)",
        ),
        ("groups", {}, "users.jsonl:1; groups staff, traders"),
        ("groups", {"groups_remove": ("staff", "traders")}, "users.jsonl:1; no groups; override all.yaml:3 (T-1)"),
        ("profiles", {}, "users.jsonl:1; policy profiles.by_group (at profiles.by_group); groups staff, traders"),
        (
            "profiles",
            {"groups_remove": ("traders",)},
            f"users.jsonl:1; {FALLBACK}; groups staff; override all.yaml:3 (T-1)",
        ),
        ("active", {}, "users.jsonl:1"),
        ("active", {"block": True}, "users.jsonl:1; blocked; override all.yaml:3 (T-1)"),
        ("nothing", {}, "users.jsonl:1"),
    ],
)
def test_cause_of_a_persons_field(field: str, parts: dict[str, Any], expected: str) -> None:
    """
    A cause names the record, the grants, the override with its reason, or the rule with its line.
    """
    overrides = [said(1, user="ann", **parts)] if parts else []

    assert told(made([ANN], *overrides), field) == expected


def test_cause_of_profiles_from_the_target() -> None:
    """
    Where an administrator associates profiles in the target, the policy's rule says so.
    """
    org = made([ANN], rules=policy({"profiles": {"from": "target", "fallback": None}}))

    assert "policy profiles.from" in told(org, "profiles")


@pytest.mark.parametrize(
    ("field", "parts", "expected"),
    [
        ("name", {}, "groups.jsonl:2"),
        ("name", {"rename": "Dealers"}, "override all.yaml:3 (T-1)"),
        ("parent", {}, "policy groups.parent (at groups.parent)"),
        ("description", {}, "groups.jsonl:2"),
        ("description", {"set": {"description": "x"}}, "override all.yaml:4 (T-1)"),
        ("floor", {}, "policy groups.fields.floor (at groups.fields.floor)"),
    ],
)
def test_cause_of_a_groups_field(field: str, parts: dict[str, Any], expected: str) -> None:
    """
    The same for groups.
    """
    overrides = [said(1, group="traders", **parts)] if parts else []
    rules = policy({"groups": {"fields": {"floor": {"authority": "source", "default": "1"}}}})

    assert told(made([ANN], *overrides, rules=rules), field, "id-traders") == expected


@pytest.mark.parametrize(
    ("settled", "field", "expected"),
    [
        pytest.param({"why": {"locale": "T-7"}}, "locale", "T-7", id="what settling says comes first"),
        pytest.param(
            {"key": "id-billing", "row": True},
            "active",
            "groups.jsonl:3; it grants no login role any more",
            id="no login role",
        ),
        pytest.param({"key": "id-gone", "row": True}, "active", "absent from the export of TODAY", id="gone"),
        pytest.param({"key": ""}, "groups", "policy groups.membership (at groups)", id="an intruder"),
        pytest.param({"key": ""}, "active", "policy users.lifecycle.local (at users)", id="made by hand"),
    ],
)
def test_cause_without_anybody_desired(settled: dict[str, Any], field: str, expected: str) -> None:
    """
    What happens to somebody whom nobody desires has a cause, too.
    """
    org = made([ANN], groups=[STAFF, TRADERS, team("billing", "Payer")])
    key = settled.get("key", "id-ann")
    row = LedgerRow(key=key) if settled.get("row") else None
    pair = Pair(kind="user", key=key, desired=None, live=None, row=row)
    one = Settled(pair=pair, fate=LEAVE, goal=None, why=settled.get("why", {}))

    assert why(org, "TODAY")(one, field) == expected


def test_cause_of_a_settled_person_is_that_of_the_desired_one() -> None:
    """
    Where somebody is desired, the cause is the value's.
    """
    org = made([ANN])
    desired = next(desired_users(org))
    pair = Pair(kind="user", key="id-ann", desired=replace(desired, origin="here:1"), live=None, row=None)

    assert why(org, "")(Settled(pair=pair, fate=LEAVE, goal=None), "email") == "here:1"


@pytest.mark.parametrize(
    ("live", "last", "expected"),
    [
        pytest.param(False, "active", "here:1; an administrator had switched the account off", id="by the admin"),
        pytest.param(False, "inactive", "here:1", id="by us"),
        pytest.param(True, "active", "here:1", id="not at all"),
    ],
)
def test_cause_of_an_activation_says_whom_it_would_undo(live: object, last: str, expected: str) -> None:
    """
    What makes an activation dangerous stands beside it: that an administrator had switched the account off.
    """
    org = made([ANN])
    desired = replace(next(desired_users(org)), origin="here:1")
    row = LedgerRow(key="id-ann", link="7", last=Last(state="active" if last == "active" else "inactive"))
    there = Live(kind="user", id="7", name="ann", active=bool(live), version="1", fields={})
    pair = Pair(kind="user", key="id-ann", desired=desired, live=there, row=row, via="link")

    assert why(org, "")(Settled(pair=pair, fate=LEAVE, goal=None), "active") == expected
