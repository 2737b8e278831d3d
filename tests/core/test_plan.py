"""
The order of changes, and what each waits for.
"""

from typing import Any

import pytest

from reconciler.core import changes
from reconciler.core.changes import Draft
from reconciler.core.model import Change
from reconciler.core.plan import ordered, plan_digest


def draft(name: str, phase: int, *tags: str, **change: Any) -> Draft:
    """
    Return a draft that is known by its name.
    """
    given = {"id": name, "action": "update", "kind": "user", "key": "ann", "name": name, **change}
    return Draft(change=Change(**given), phase=phase, tags=frozenset(tags))


def needs(*drafts: Draft) -> dict[str, tuple[str, ...]]:
    """
    Return what each change waits for, in order.
    """
    return {one.change.id: one.change.needs for one in ordered(drafts)}


JOIN = {"before": {"groups": ()}, "after": {"groups": ("g",)}}


@pytest.mark.parametrize(
    ("drafts", "expected"),
    [
        pytest.param(
            [
                draft("joins", changes.JOINED, **JOIN),
                draft("makes", changes.PUT_BACK, kind="group", key="g", action="create"),
            ],
            {"makes": (), "joins": ("makes",)},
            id="a group before who joins it",
        ),
        pytest.param(
            [draft("joins", changes.JOINED, **JOIN), draft("makes", changes.MADE, action="create")],
            {"makes": (), "joins": ("makes",)},
            id="an account before its memberships",
        ),
        pytest.param(
            [draft("ends", changes.OFF, action="deactivate"), draft("makes", changes.MADE, action="create")],
            {"makes": (), "ends": ("makes",)},
            id="a successor before its predecessor ends",
        ),
        pytest.param(
            [draft("leaves", changes.TAKEN, "left:former:7"), draft("joins", changes.JOINED, **JOIN)],
            {"joins": (), "leaves": ("joins",)},
            id="the new group before the old one is left",
        ),
        pytest.param(
            [draft("leaves", changes.TAKEN, "left:h"), draft("joins", changes.JOINED, **JOIN)],
            {"joins": (), "leaves": ()},
            id="another group need not wait",
        ),
        pytest.param(
            [draft("leaves", changes.TAKEN, "left:former:7")], {"leaves": ()}, id="nor who joins no successor"
        ),
        pytest.param(
            [
                draft("lost", changes.DISARMED, "power-lost"),
                draft("b", changes.MADE, "administrators-added", key="b", action="create"),
                draft("c", changes.CHANGED, "administrators-added", key="c"),
            ],
            {"b": (), "c": (), "lost": ("b", "c")},
            id="every grant of power before any loss",
        ),
        pytest.param(
            [
                draft("usable", changes.USABLE, action="activate"),
                draft("role", changes.TAKEN_FIRST),
                draft("profile", changes.TAKEN_FIRST),
                draft("other", changes.TAKEN_FIRST, key="bob"),
            ],
            {"profile": (), "role": (), "other": (), "usable": ("profile", "role")},
            id="everything lost before an account is usable",
        ),
        pytest.param([draft("usable", changes.USABLE, action="activate")], {"usable": ()}, id="nothing is lost"),
        pytest.param(
            [
                draft("gains", changes.CHANGED, after={"roles": ("A",), "locale": "x"}),
                draft("loses", changes.TAKEN, after={"roles": ("A",)}),
                draft("other", changes.TAKEN, after={"profiles": ()}),
            ],
            {"gains": (), "loses": ("gains",), "other": ()},
            id="what a set gains before what it loses, and not before itself",
        ),
        pytest.param(
            [
                draft("makes", changes.MADE, action="create"),
                draft("grants", changes.CHANGED, "administrators-added", key="bob"),
                draft("gains", changes.CHANGED, after={"roles": ("A",)}),
                draft("loses", changes.TAKEN_FIRST, after={"locale": ""}),
                draft("all", changes.USABLE, "left:former:7", "power-lost", action="activate", after={"roles": ()}),
                draft("joins", changes.JOINED, **JOIN),
            ],
            {
                "makes": (),
                "gains": ("makes",),
                "grants": (),
                "loses": ("makes",),
                "all": ("gains", "grants", "joins", "loses", "makes"),
                "joins": ("makes",),
            },
            id="one that has every reason to wait",
        ),
    ],
)
def test_changes_wait_for_each_other(drafts: list[Draft], expected: dict[str, tuple[str, ...]]) -> None:
    """
    What must land first comes first, and is named by what waits for it.
    """
    assert needs(*drafts) == expected
    assert list(needs(*drafts)) == list(expected)


def test_order_is_that_of_the_phases_whatever_comes_in() -> None:
    """
    The same changes come out in the same order.
    """
    drafts = [draft(f"c{phase}", phase, key=f"k{phase}") for phase in range(10)]

    assert ordered(drafts[::-1]) == ordered(drafts) == tuple(drafts)


def test_digest_is_over_what_is_done_in_no_order() -> None:
    """
    A plan is known by its changes.
    """
    one, other = draft("a", 1).change, draft("b", 1).change

    assert plan_digest([one, other]) == plan_digest([other, one]) != plan_digest([one])
