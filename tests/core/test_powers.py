"""
Who gains and loses an administrator's power by a plan, whichever way it comes.
"""

from typing import Any

import pytest

from reconciler.core.model import Catalogue, Change, Equality, Live, Snapshot
from reconciler.core.powers import Scale, powers
from tests.render.render_plans import change

SCALE = Scale(
    privileged=frozenset({"Administrator"}),
    equality=Equality(caseless=frozenset({"roles"})),
    ids={"g-boss": "7", "g-desk": "8"},
)
GROUPS = (
    Live(kind="group", id="7", name="boss", fields={"roles": ("ADMINISTRATOR", "Viewer")}),
    Live(kind="group", id="8", name="desk", fields={"roles": ("Viewer",)}),
)


def account(roles: tuple[str, ...] = (), groups: tuple[str, ...] = (), *, active: bool = True) -> Live:
    """
    Return Ann's account.
    """
    return Live(kind="user", id="1", name="ann", fields={"roles": roles}, groups=groups, active=active)


def moved(live: Live | None, *changes: Change) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """
    Return what everybody gains and loses.
    """
    users = (live,) if live else ()
    snapshot = Snapshot(users=users, groups=GROUPS, catalogue=Catalogue())
    return [(one.gains, one.loses) for one in powers(changes, snapshot, SCALE)]


def update(before: dict[str, Any], after: dict[str, Any]) -> Change:
    """
    Return an update of Ann's account.
    """
    return change("update", "ann", link="1", before=before, after=after)


GAINED, LOST = [(("ADMINISTRATOR",), ())], [((), ("ADMINISTRATOR",))]
JOIN, LEAVE = update({"groups": ()}, {"groups": ("g-boss",)}), update({"groups": ("g-boss",)}, {"groups": ()})
OFF = change("deactivate", "ann", link="1", before={"active": True}, after={"active": False})
ON = change("activate", "ann", link="1", before={"active": False}, after={"active": True})
ARMED = change(
    "update", "g-desk", kind="group", link="8", before={"roles": ()}, after={"roles": ("Administrator",)}
)
DISARMED = change("update", "g-boss", kind="group", link="7", before={"roles": ()}, after={"roles": ("Viewer",)})

CASES: dict[str, tuple[Live | None, tuple[Change, ...], list[Any]]] = {
    "joins a group that has it": (account(), (JOIN,), GAINED),
    "leaves a group that has it": (account(groups=("7",)), (LEAVE,), LOST),
    "leaves one, and has it still": (account(("ADMINISTRATOR",), ("7",)), (LEAVE,), []),
    "is granted it": (
        account(),
        (update({"roles": ()}, {"roles": ("Administrator",)}),),
        [(("Administrator",), ())],
    ),
    "loses it": (
        account(("Administrator",)),
        (update({"roles": ("Administrator",)}, {"roles": ("Viewer",)}),),
        [((), ("Administrator",))],
    ),
    "is made unusable": (account(groups=("7",)), (OFF,), LOST),
    "is made usable": (account(groups=("7",), active=False), (ON,), GAINED),
    "is unusable, and stays so": (account(active=False), (JOIN,), []),
    "is deleted": (account(groups=("7",)), (change("delete", "ann", link="1", before={"name": "ann"}),), LOST),
    "is made": (
        None,
        (change("create", "ann", after={"roles": ("Administrator",), "active": True}),),
        [(("Administrator",), ())],
    ),
    "is made unusable from the first": (
        None,
        (change("create", "ann", after={"roles": ("Administrator",), "active": False}),),
        [],
    ),
    "is in a group that is given it": (account(groups=("8",)), (ARMED,), [(("Administrator",), ())]),
    "is in a group that loses it": (account(groups=("7",)), (DISARMED,), LOST),
    "joins a group as it is given it": (
        account(),
        (ARMED, update({"groups": ()}, {"groups": ("g-desk",)})),
        [(("Administrator",), ())],
    ),
    "group is told otherwise": (
        account(groups=("7",)),
        (
            change(
                "update", "g-boss", kind="group", link="7", before={"description": ""}, after={"description": "x"}
            ),
        ),
        [],
    ),
}


@pytest.mark.parametrize(("live", "changes", "told"), CASES.values(), ids=CASES.keys())
def test_power_is_told_as_it_is_in_effect(live: Live | None, changes: tuple[Change, ...], told: list[Any]) -> None:
    """
    A privileged role counts once, whichever way somebody holds it, and only where the account is usable.
    """
    assert moved(live, *changes) == told
