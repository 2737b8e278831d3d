"""
Which of some people gain by a plan.
"""

import pytest

from reconciler.core.export import UserRow
from reconciler.core.gainers import gainers
from reconciler.core.model import Change, Held
from tests.render.render_plans import change, plan

ANN = UserRow(
    key="ann", user_name="ann@example.com", email="Ann.Muster@example.com", groups=("g-risk",), state="active"
)
BOB = UserRow(key="bob", user_name="bob", state="active")


@pytest.mark.parametrize(
    ("found", "gains"),
    [
        pytest.param(change("create", "ann"), ["create of the account"], id="account"),
        pytest.param(
            change("update", "ann", before={"roles": ("A",)}, after={"roles": ("A", "B")}), ["roles: B"], id="role"
        ),
        pytest.param(
            change("update", "ann", before={"groups": ()}, after={"groups": ("g-audit",)}),
            ["groups: Cloud IAM - Auditors"],
            id="group",
        ),
        pytest.param(change("update", "ann", before={"roles": ("A",)}, after={"roles": ()}), [], id="loss"),
        pytest.param(change("update", "ann", after={"locale": "de_DE"}), [], id="no access"),
        pytest.param(change("update", "bob", after={"roles": ("A",)}), [], id="somebody else"),
        pytest.param(
            change("update", "g-risk", kind="group", name="Risk", after={"roles": ("A",)}),
            ["roles of group Risk: A"],
            id="through a group",
        ),
        pytest.param(
            change("update", "g-audit", kind="group", name="Audit", after={"roles": ("A",)}), [], id="another group"
        ),
        pytest.param(change("update", "g-risk", kind="group", after={"description": "x"}), [], id="no role"),
    ],
)
def test_whoever_gains_is_named(found: Change, gains: list[str]) -> None:
    """
    An account, a role, a group or a profile is a gain, also one that comes through a group; a loss is none.
    """
    told = gainers(plan(found), [ANN, BOB], {"ann.muster@EXAMPLE.com", "stranger@example.com"})

    assert [text for _, text in told] == gains


def test_what_waits_for_approval_is_a_gain_too() -> None:
    """
    A gain that only waits to be approved is named like any other.
    """
    waiting = change("activate", "ann", risk=("dangerous",))
    held = Held(id="1", kind="user", key="ann", name="ann", reason="", release="", guard="approval", change=waiting)

    assert gainers(plan(held=(held,)), [ANN], {"ann@example.com"}) == (
        ("ann@example.com", "activate of the account"),
    )


def test_nobody_is_meant_by_nothing() -> None:
    """
    Somebody without an address is not found by an empty one.
    """
    assert gainers(plan(change("create", "bob")), [BOB], {"x@example.com"}) == ()
