"""
Tests of reconciler/render/delta.py: what a change does to each field.
"""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import Fields, Value
from reconciler.render.delta import change_lines
from tests.render.render_plans import change

SCALARS: st.SearchStrategy[Value] = (
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "1", "None"])
)
FIELDS: st.SearchStrategy[Fields] = st.dictionaries(st.sampled_from(["a", "__b"]), SCALARS)


def lines(before: Fields, after: Fields, **rest: Any) -> list[str]:
    """
    Return the lines of a change from `before` to `after`, as text.
    """
    one = change("update", "ann", before=before, after=after, **rest)
    return [f"{line.sign}{line.text}" for line in change_lines([one], {"g1": '"Risk"'})]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"a": "x"}, {"a": "y"}, ['~    a: "x" -> "y"'], id="text"),
        pytest.param({"a": None}, {"a": ""}, ['~    a: (empty) -> ""'], id="empty to empty text"),
        pytest.param({"a": 1}, {"a": True}, ["~    a: 1 -> true"], id="number to yes"),
        pytest.param({}, {"a": None}, ["+    a: (empty)"], id="absent to empty"),
        pytest.param({"a": "x"}, {}, ['-    a: "x"'], id="to absent"),
        pytest.param({"__a": "x"}, {"__a": "y"}, ['~    __a: "x" -> "y"'], id="what DeepDiff takes for private"),
        pytest.param({"s": ("a", "b")}, {"s": ("b", "c")}, ['-    s: "a"', '+    s: "c"'], id="set"),
        pytest.param({"s": ("a",)}, {"s": ()}, ['-    s: "a"'], id="set emptied"),
        pytest.param({"s": ()}, {"s": ("a",)}, ['+    s: "a"'], id="set filled"),
        pytest.param({}, {"s": ("a", "b")}, ['+    s: {"a", "b"}'], id="new set"),
        pytest.param({"s": None}, {"s": ("a",)}, ['~    s: (empty) -> {"a"}'], id="empty to set"),
        pytest.param(
            {"s": ("b", "a")}, {"s": ("a", "b")}, ['~    s: ["b", "a"] -> {"a", "b"}'], id="no set to set"
        ),
        pytest.param(
            {"groups": ("g2",)}, {"groups": ("g1",)}, ['+    groups: "Risk"', "-    groups: [g2]"], id="groups"
        ),
    ],
)
def test_each_difference_has_a_line(before: Fields, after: Fields, expected: list[str]) -> None:
    """
    A field shows before and after, a set what joins and what goes, and groups bear their names.
    """
    assert lines(before, after) == expected


@given(FIELDS, FIELDS, FIELDS, FIELDS)
def test_different_differences_have_different_lines(one: Fields, two: Fields, three: Fields, four: Fields) -> None:
    """
    Two changes that differ in what they change never have the same lines.
    """
    same = repr(differing(one, two)) == repr(differing(three, four))

    assert (lines(one, two) == lines(three, four)) == same


def differing(before: Fields, after: Fields) -> list[tuple[object, ...]]:
    """
    Return name, before and after of every field that differs, a missing value as an empty list.
    """
    names = sorted({*before, *after})
    found = [(name, *([side[name]] if name in side else [] for side in (before, after))) for name in names]
    return [one for one in found if repr(one[1]) != repr(one[2])]


def test_a_cause_is_told_once_a_field() -> None:
    """
    Of a set that changes in several elements the first line tells why.
    """
    told = lines({"s": ("a",)}, {"s": ("b",)}, because={"s": "overrides/a.yaml:3"})

    assert told == ['-    s: "a"  (because overrides/a.yaml:3)', '+    s: "b"']


def test_what_an_administrator_loses_is_said() -> None:
    """
    A value that an administrator set in a source field is named where it is overwritten.
    """
    told = lines({"locale": "de_DE"}, {"locale": "en_US"}, drift=("locale",))

    assert told[1] == '-    lost: "de_DE", which an administrator set in locale'


def test_a_loss_in_a_set_is_said() -> None:
    """
    Where an administrator changed a set, the lines of the set say what is undone, and one more says whose it was.
    """
    told = lines({"s": ()}, {"s": ("a",)}, drift=("s",))

    assert told == ['+    s: "a"', "-    lost: what an administrator changed in s"]


def test_a_loss_without_a_difference_is_not_passed_over() -> None:
    """
    A field named as overwritten is told even where before and after are equal.
    """
    assert lines({"a": "x"}, {"a": "x"}, drift=("a",)) == ['-    lost: "x", which an administrator set in a']


@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param("x" * 80, "y" * 80, id="long"), pytest.param("שלום", "אב", id="right to left")],
)
def test_before_and_after_are_never_turned_around(before: str, after: str) -> None:
    """
    Long values, and those that a terminal writes from right to left, stand on lines of their own.
    """
    assert lines({"a": before}, {"a": after}) == [f'~    a: "{before}"', f'~    -> "{after}"']


def test_a_megabyte_of_lines_takes_no_time() -> None:
    """
    DeepDiff never sees the lines of a hostile value, which would take it minutes.
    """
    start = time.perf_counter()
    lines({"a": "x\n" * 500_000}, {"a": "y\n" * 500_000})

    assert time.perf_counter() - start < 2
