"""
Which changes an approval allows.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.approval import Order, approve
from reconciler.apply.fence import Patience
from reconciler.core.model import Change

PATIENCE = Patience(
    now=lambda: "", later=lambda _time: "", sleep=lambda _seconds: None, alive=lambda _holder: False
)
ORDER = Order(who="ops", holder="h", lineage="L", patience=PATIENCE)


def change(name: str, **fields: Any) -> Change:
    """
    Return a change that is called by its id.
    """
    return Change(id=name, action="update", kind="user", key=name, name=name, **fields)


PLAIN, DANGER = change("plain"), change("danger", risk=("dangerous",))
AFTER, LAST = change("after", needs=("danger",)), change("last", needs=("after", "plain"))
ALL = (PLAIN, DANGER, AFTER, LAST)


@pytest.mark.parametrize(
    ("approved", "chosen"),
    [
        pytest.param(None, ["plain"], id="no plan: nothing dangerous, and nothing that needs it"),
        pytest.param(
            frozenset({"plain", "danger", "after", "last"}), ["plain", "danger", "after", "last"], id="all"
        ),
        pytest.param(frozenset({"danger"}), ["danger"], id="the dangerous one"),
        pytest.param(frozenset({"after", "plain", "last"}), ["plain"], id="not what the others need"),
        pytest.param(frozenset(), [], id="none"),
    ],
)
def test_only_what_is_approved_is_made(approved: frozenset[str] | None, chosen: list[str]) -> None:
    """
    Without an approved plan everything but what is dangerous; with one, exactly what it names and can be made.
    """
    made, held = approve(ALL, replace(ORDER, approved=approved), "registry")

    assert [one.id for one in made] == chosen
    assert [one.name for one in held] == [one.id for one in ALL if one.id not in chosen]


def test_what_is_not_approved_says_why() -> None:
    """
    A held change says what it waits for, and has the same id in every run.
    """
    _, dangerous = approve(ALL, ORDER, "registry")
    _, unnamed = approve(ALL, replace(ORDER, approved=frozenset()), "registry")

    assert dangerous[0].reason == "it is dangerous, and needs an approved plan"
    assert unnamed[0].reason == "it is not in the approved plan"
    assert dangerous[0].id == unnamed[1].id
    assert "--approved" in dangerous[0].release


@pytest.mark.parametrize(
    ("shown", "made"),
    [
        pytest.param({}, True, id="as shown"),
        pytest.param({"name": "somebody"}, False, id="shown of somebody else"),
        pytest.param({"after": {"locale": "en_US"}}, False, id="another value shown"),
        pytest.param({"risk": ()}, False, id="not shown as dangerous"),
        pytest.param({"expects": "6"}, False, id="the account has changed since"),
    ],
)
def test_only_what_was_shown_is_approved(*, shown: dict[str, Any], made: bool) -> None:
    """
    An id that stands in the plan is not enough: what a person approved is what the plan said beside it.
    """
    present = replace(DANGER, after={"locale": "de_DE"}, expects="7")
    order = replace(ORDER, approved=frozenset({"danger"}), reviewed={"danger": replace(present, **shown)})
    chosen, held = approve([present], order, "registry")

    assert bool(chosen) == made
    assert [one.reason.partition(":")[0] for one in held] == ["it is not what was approved"] * (not made)


def test_plain_change_stays_approved_when_its_account_moves() -> None:
    """
    An edit elsewhere in the row makes no approval of a plain change stale: its own values still hold.
    """
    order = replace(ORDER, approved=frozenset({"plain"}), reviewed={"plain": replace(PLAIN, expects="6")})

    assert approve([replace(PLAIN, expects="7")], order, "registry") == ((replace(PLAIN, expects="7"),), ())
