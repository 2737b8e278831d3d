"""
An account is held against its record at one go, and comes to the same as field by field.
"""

from typing import Any

import pytest
from msgspec import UNSET

from reconciler.core.export import UserRow
from reconciler.core.likeness import NOTHING, likeness
from reconciler.core.model import Fields
from reconciler.core.policy import FieldRule

RULES = {
    "user_name": FieldRule(authority="source"),
    "email": FieldRule(authority="source"),
    "locale": FieldRule(authority="shared", default="en_US"),
    "locked": FieldRule(authority="source", value=False),
    "department": FieldRule(authority="source"),
    "profiles": FieldRule(authority="shared"),
    "roles": FieldRule(authority="shared", default=()),
    "description": FieldRule(authority="target"),
}
HELD: Fields = {
    "user_name": "ann",
    "email": "ann@example.com",
    "locale": "en_US",
    "locked": False,
    "department": "D1",
    "profiles": ("Default",),
    "roles": (),
    "description": "hers",
}
ANN = UserRow(
    key="id-ann", user_name="ann", email="ann@example.com", state="active", attributes={"department": "D1"}
)
GIVEN: dict[str, Any] = {"profiles": ("Default",), "roles": UNSET}


@pytest.mark.parametrize(
    ("row", "held", "given", "unsaid"),
    [
        pytest.param({}, {}, {}, set(), id="alike"),
        pytest.param({}, {"description": "another"}, {}, set(), id="the target's own field"),
        pytest.param({"locale": "en_US"}, {}, {}, set(), id="the default, said"),
        pytest.param({"locale": "de_DE"}, {}, {}, None, id="another value"),
        pytest.param({}, {"locale": "de_DE"}, {}, None, id="not the default"),
        pytest.param({}, {"locked": True}, {}, None, id="not the constant"),
        pytest.param({}, {"locked": 0}, {}, None, id="equal to Python, another type"),
        pytest.param({}, {"department": "D2"}, {}, None, id="another attribute"),
        pytest.param({"attributes": {}}, {}, {}, {"department"}, id="no attribute"),
        pytest.param({"email": UNSET}, {}, {}, {"email"}, id="nothing said"),
        pytest.param({"email": None}, {}, {}, None, id="empty is a value"),
        pytest.param({}, {}, {"profiles": UNSET}, {"profiles"}, id="nothing given"),
        pytest.param({}, {}, {"profiles": ("Audit",)}, None, id="something else given"),
        pytest.param({}, {"roles": ("Editor",)}, {}, None, id="not the default of what is given"),
    ],
)
def test_account_is_alike_or_not(
    row: dict[str, Any], held: Fields, given: dict[str, Any], unsaid: set[str] | None
) -> None:
    """
    What Git says of every field it governs must stand there; of what it says nothing is told.
    """
    values = {name: getattr(ANN, name) for name in ANN.__struct_fields__} | row
    compared = likeness(RULES, without=frozenset())
    computed = compared.computed({**GIVEN, **given})

    assert compared.unsaid(UserRow(**values), {**HELD, **held}, computed) == unsaid


def test_initial_fields_are_not_compared() -> None:
    """
    What is written once and never again may be anything.
    """
    compared = likeness(RULES, without=frozenset({"locale", "email"}))

    held = {**HELD, "locale": "de_DE", "email": "her own"}

    assert compared.unsaid(ANN, held, compared.computed(GIVEN)) == NOTHING


@pytest.mark.parametrize("names", [(), ("user_name",), ("user_name", "email")], ids=["none", "one", "two"])
def test_any_number_of_fields_is_compared(names: tuple[str, ...]) -> None:
    """
    A policy may govern no field at all, or a single one.
    """
    compared = likeness({name: RULES[name] for name in names}, without=frozenset())

    assert compared.unsaid(ANN, HELD, ()) == NOTHING
    assert all(compared.unsaid(ANN, {**HELD, name: "another"}, ()) is None for name in names)


def test_what_the_target_does_not_give_is_no_likeness() -> None:
    """
    An account of which a field could not be read is for others to judge.
    """
    held = {name: value for name, value in HELD.items() if name != "email"}
    compared = likeness(RULES, without=frozenset())

    with pytest.raises(KeyError):
        compared.unsaid(ANN, held, compared.computed(GIVEN))
