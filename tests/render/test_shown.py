"""
Tests of reconciler/render/shown.py: no value is shown as another.
"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import Value
from reconciler.render.shown import cut, entity, field_name, group_names, key_of, quoted, sentence, shown

ALIKE = ["", "None", "(empty)", "true", "1", "{}", "[]", '"a"', '{"a"}', "a", "a, b", 'a", "b', 'a" -> "b']
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(ALIKE) | st.text(max_size=5)
VALUES: st.SearchStrategy[Value] = SCALARS | st.lists(st.sampled_from([*ALIKE, "b"]), max_size=3).map(tuple)


@given(VALUES, VALUES)
def test_different_values_are_shown_differently(one: Value, other: Value) -> None:
    """
    Two values that differ, be it in type alone, never show alike.
    """
    assert (shown(one) == shown(other)) == (one == other and type(one) is type(other))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, "(empty)", id="none"),
        pytest.param("", '""', id="empty text"),
        pytest.param("None", '"None"', id="text"),
        pytest.param(True, "true", id="yes"),
        pytest.param("true", '"true"', id="text that says yes"),
        pytest.param(1, "1", id="number"),
        pytest.param((), "{}", id="empty set"),
        pytest.param(("a", "b"), '{"a", "b"}', id="set"),
        pytest.param(("b", "a"), '["b", "a"]', id="not sorted, so no set"),
        pytest.param('x" -> "y', '"x<U+0022> -<U+003E> <U+0022>y"', id="quotes and arrow of its own"),
    ],
)
def test_values_are_shown_as_listed(value: Value, expected: str) -> None:
    """
    Each type has its own look.
    """
    assert shown(value) == expected


def test_a_long_value_is_cut_with_its_length_and_digest() -> None:
    """
    A megabyte shows its start, its length and its digest, at once.
    """
    start = time.perf_counter()
    text = quoted("n" * 1_048_576)

    assert time.perf_counter() - start < 1
    assert text.startswith('"nnn')
    assert "(1,048,576 characters, sha256:" in text
    assert len(text) < 300


def test_long_values_that_end_differently_are_shown_differently() -> None:
    """
    What is cut off still tells two values apart.
    """
    assert quoted("n" * 5_000 + "a") != quoted("n" * 5_000 + "b")


def test_a_text_cannot_pass_for_a_cut_one() -> None:
    """
    A text that spells out how a cut one looks is shown differently, because the note stands outside the quotes.
    """
    kept, note = cut("n" * 300, 200)

    assert quoted(f"{kept} {note}") != quoted("n" * 300)
    assert note not in quoted(kept + note)[:-60]


def test_sets_of_very_many_elements_differ_by_their_digest() -> None:
    """
    Two long sets that differ beyond what is shown show differently.
    """
    many = tuple(f"{number:05}" for number in range(1_000))

    assert shown(many) != shown((*many[:-1], "zzzzz"))
    assert len(shown(many)) < 1_000


def test_a_key_cannot_close_its_bracket() -> None:
    """
    A key with brackets of its own stays within ours.
    """
    assert key_of("a] [b") == "[a<U+005D> <U+005B>b]"


def test_a_heading_tells_name_from_key() -> None:
    """
    A name that spells out a key is still only a name.
    """
    assert entity("user", 'ann" [k2]', "k1") != entity("user", "ann", "k2")


def test_groups_of_one_name_are_told_apart_by_key() -> None:
    """
    A name that two groups bear, if only but for case, is shown with its key; any other alone.
    """
    names = group_names({"g1": "Traders", "g2": "TRADERS", "g3": "Risk"})

    assert names == {"g1": '"Traders" [g1]', "g2": '"TRADERS" [g2]', "g3": '"Risk"'}


def test_a_field_name_of_several_words_is_quoted() -> None:
    """
    Only a name that is one plain word stands without quotes.
    """
    assert [field_name("last_name"), field_name('a: "b"')] == ["last_name", '"a: <U+0022>b<U+0022>"']


def test_a_sentence_is_escaped_and_cut() -> None:
    """
    A reason is shown without quotes, on one line, bounded.
    """
    assert sentence("a\nb") == "a<U+000A>b"
    assert len(sentence("a" * 100_000)) < 2_100
