"""
What overrides and policies say of people, groups, roles and fields must be so.
"""

from typing import Any

import pytest

from reconciler.core.directory import Directory
from reconciler.core.export import Counts, Export, GroupRow, Manifest, Placed, PlacedGroup, UserRow
from reconciler.core.ledger import LedgerRow, Names
from reconciler.core.overrides import Override
from reconciler.core.policy import Policy, build
from reconciler.files.references import Checked, check

MANIFEST = Manifest(
    version=1,
    source="ibmcloud",
    account="1",
    fetched_at="2026-11-22T10:00:00Z",
    complete=True,
    counts=Counts(),
    digest="",
)
EXPORT = Export(
    MANIFEST,
    (
        Placed(UserRow(key="u1", user_name="ann", email="ann@example.com", state="active"), "users.jsonl:1"),
        Placed(UserRow(key="u2", user_name="bob", state="active"), "users.jsonl:2"),
        Placed(UserRow(key="u3", user_name="Bob", state="active"), "users.jsonl:3"),
    ),
    (PlacedGroup(GroupRow(key="g1", name="Auditors"), "groups.jsonl:1"),),
)
DIRECTORY = Directory(
    EXPORT,
    {"u9": LedgerRow(key="u9", names=Names(present="gone"))},
    {"g9": LedgerRow(key="g9", names=Names(present="Old"))},
)
FIELDS = {
    "email": "source",
    "locale": {"authority": "shared", "default": "en_US"},
    "profiles": "shared",
    "locked": {"authority": "source", "value": False},
    "days": {"authority": "source", "value": 0},
    "phone": "target",
    "badge": "initial",
}


def policy(**sections: Any) -> Policy:
    """
    Return a policy with these fields, and sections laid over.
    """
    document = {
        "users": {"fields": FIELDS, "login_roles": ["Viewer"]},
        "groups": {"fields": {"description": "source"}},
    }
    return build({**document, **sections}, {"profiles.by_group.Nobody": "policy.yaml:7"})


def override(**content: Any) -> Override:
    """
    Return an override of Ann, each of whose keys stands on a line of its own.
    """
    about: dict[str, Any] = {} if "user" in content or "group" in content else {"user": "ann"}
    names = [f"{verb}.{name}" for verb in ("set", "restore", "take", "give") for name in content.get(verb, ())]
    names += [f"roles.{part}.{role}" for part in ("add", "remove") for role in content.get(f"roles_{part}", ())]
    places = {name: f"a.yaml:{line}" for line, name in enumerate(names, 2)}
    return Override(origin="a.yaml:1", digest="", places=places, **about, **content)


def checked(one: Override, **sections: Any) -> Checked:
    """
    Return what is wrong with one override under one policy.
    """
    return check([one], {"openpages": policy(**sections)}, DIRECTORY, roles=["Editor"])


@pytest.mark.parametrize(
    ("content", "line", "message", "hint"),
    [
        pytest.param({"user": "carl", "include": True}, 1, "unknown user 'carl'", "correct", id="user"),
        pytest.param({"user": "BOB", "block": True}, 1, "may be u2, u3", "name the key", id="ambiguous user"),
        pytest.param({"group": "Audit", "rename": "x"}, 1, "unknown group 'Audit'", "correct", id="group"),
        pytest.param({"copy_access_from": "carl"}, 1, "unknown user 'carl'", "correct", id="user to copy from"),
        pytest.param({"groups_add": ("Audit",)}, 1, "unknown group 'Audit'", "correct", id="group to add"),
        pytest.param({"set": {"locle": "x"}}, 2, 'no policy has a field "locle"', '"locale"?', id="field to set"),
        pytest.param({"take": ("emial",)}, 2, 'no policy has a field "emial"', '"email"?', id="field to take"),
        pytest.param({"set": {"phone": "1"}}, 2, '"phone" is target, not initial', "change", id="target's field"),
        pytest.param(
            {"take": ("email",)}, 2, '"email" is source, not shared', "change", id="take of a source field"
        ),
        pytest.param(
            {"give": ("badge",)}, 2, '"badge" is initial, not shared', "change", id="give of an initial field"
        ),
        pytest.param(
            {"restore": {"email": "x"}}, 2, '"email" is source, not initial or shared', "change", id="restore"
        ),
        pytest.param(
            {"set": {"profiles": "Audit"}}, 2, 'set.profiles is "Audit", not a list', "", id="set as text"
        ),
        pytest.param({"set": {"locale": ("a",)}}, 2, 'set.locale is ["a"], not text', "", id="text as list"),
        pytest.param({"set": {"email": True}}, 2, "set.email is true, not text", "in quotes", id="text as truth"),
        pytest.param({"set": {"locale": 12}}, 2, "set.locale is 12, not text", '"12"', id="text as number"),
        pytest.param({"set": {"locked": "no"}}, 2, 'set.locked is "no", not true or false', "", id="truth as text"),
        pytest.param({"set": {"locked": 1}}, 2, "set.locked is 1, not true or false", "", id="truth as number"),
        pytest.param({"set": {"days": True}}, 2, "set.days is true, not a whole number", "", id="number as truth"),
        pytest.param({"restore": {"locale": True}}, 2, "restore.locale is true, not text", "", id="restored value"),
        pytest.param({"roles_add": ("Editr",)}, 2, 'nobody knows a role "Editr"', '"Editor"?', id="role"),
        pytest.param(
            {"group": "Auditors", "set": {"locale": "x"}}, 2, "no policy has a field", "", id="group's field"
        ),
    ],
)
def test_what_is_not_so_is_a_fault_at_its_line(content: dict[str, Any], line: int, message: str, hint: str) -> None:
    """
    Each names the value, and what was probably meant.
    """
    (fault,) = checked(override(**content)).faults

    assert (fault.path, fault.line) == ("a.yaml", line)
    assert message in fault.message
    assert hint in fault.hint


@pytest.mark.parametrize("name", [None, "", " "])
def test_nobody_is_left_without_a_name(name: str | None) -> None:
    """
    Null clears every field but the one by which a target knows a person.
    """
    faults = checked(override(set={"user_name": name}), users={"fields": {"user_name": "source"}}).faults

    assert [(one.line, "without a name" in one.message) for one in faults] == [(2, True)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"user": "u2", "set": {"email": "x@example.com"}}, id="user by key"),
        pytest.param({"user": "ANN@example.com", "block": True}, id="user by e-mail, in another case"),
        pytest.param(
            {"set": {"locale": "x", "profiles": ("A",), "locked": True, "days": 1, "badge": "x"}}, id="values"
        ),
        pytest.param({"set": {"locale": None, "profiles": None, "locked": None}}, id="nulls"),
        pytest.param({"take": ("locale",), "restore": {"profiles": ("A",)}}, id="shared fields"),
        pytest.param({"give": ("locale",)}, id="given field"),
        pytest.param({"roles_add": ("Editor", "Viewer", "View", "Boss", "Template")}, id="roles"),
        pytest.param({"groups_add": ("Auditors",), "groups_remove": ("g1",)}, id="groups by name and key"),
        pytest.param({"copy_access_from": "u2"}, id="copy"),
        pytest.param({"group": "auditors", "set": {"description": "x"}}, id="group"),
    ],
)
def test_what_is_so_is_neither_fault_nor_warning(content: dict[str, Any]) -> None:
    """
    Roles are known from the export, the login roles, the aliases and what makes an administrator.
    """
    roles = {"aliases": {"View": "Viewer"}, "administrator": {"roles": ["Boss"], "templates": ["Template"]}}

    assert checked(override(**content), roles=roles) == Checked((), ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param({"user": "gone", "block": True}, '"gone" is no longer in the export', id="user"),
        pytest.param({"group": "old", "rename": "x"}, '"old" is no longer in the export', id="group"),
        pytest.param({"user": "carl", "exclude": True}, 'no user of the export is "carl"', id="excluded stranger"),
        pytest.param({"user": "carl", "block": True}, 'no user of the export is "carl"', id="blocked stranger"),
        pytest.param({"group": "X", "exclude": True}, 'no group of the export is "X"', id="excluded group"),
        pytest.param({"roles_remove": ("Editr",)}, 'nobody knows a role "Editr"', id="role to remove"),
    ],
)
def test_what_was_so_once_is_a_warning(content: dict[str, Any], message: str) -> None:
    """
    A leaver must not stop the run, and nothing is lost by removing what nobody has.
    """
    found = checked(override(**content))

    assert found.faults == ()
    assert [message in warning.message for warning in found.warnings] == [True]


def test_profiles_for_a_group_nobody_knows_are_a_warning() -> None:
    """
    The group may come later; until then the line of the policy is told.
    """
    by_group = {"Auditors": ["A"], "Old": ["A"], "Nobody": ["A"]}
    found = checked(override(block=True), profiles={"by_group": by_group})

    assert found.faults == ()
    assert [(warning.path, warning.line) for warning in found.warnings] == [("policy.yaml", 7)]


def test_a_field_of_any_policy_may_be_named() -> None:
    """
    Overrides hold for every target; a field that one of them has is a field.
    """
    other = build({"users": {"fields": {"phone": "shared"}}, "groups": {}}, {})
    one = override(take=("phone",), set={"phone": "1"})

    assert check([one], {"a": policy(), "b": other}, DIRECTORY, roles=[]).faults == ()


def test_all_that_is_wrong_is_told_at_once() -> None:
    """
    One override may be wrong in several ways.
    """
    one = override(user="carl", set={"locle": "x", "email": 1}, roles_add=("Boss",), take=("email",))

    assert [fault.line for fault in checked(one).faults] == [1, 2, 3, 4, 5]
