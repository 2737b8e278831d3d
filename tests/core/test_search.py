"""
What a searched text means: for names, and as a directory's filter.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.search import containing, contains

TEXT = st.text(alphabet="ab*() \\\0é", max_size=6)


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        pytest.param("an", "Analysis", True, id="case"),
        pytest.param("b*a", "andbal", True, id="wildcard-inside"),
        pytest.param("l*b", "andbal", False, id="order"),
        pytest.param("a*a*a", "aa", False, id="each-piece-once"),
        pytest.param("\ufb01n", "Finance", True, id="ligature"),
        pytest.param("***", "", True, id="nothing-but-wildcards"),
        pytest.param("[a-z]", "abc", False, id="no-pattern"),
    ],
)
def test_text_is_found_anywhere(text: str, name: str, *, found: bool) -> None:
    """
    Pieces between wildcards are found one after the other, whatever stands around them.
    """
    assert contains(text, [name]) is found


def test_any_of_the_names_will_do() -> None:
    """
    One name that contains the text is enough; of no name nothing is contained.
    """
    assert contains("x", ["abc", "xyz"])
    assert not contains("x", [])


@given(TEXT)
def test_filter_holds_nothing_that_acts(text: str) -> None:
    """
    Whatever is typed, the filter is one substring assertion: no parenthesis, backslash or NUL of the text is left.
    """
    value = containing(text, ["cn"]).removeprefix("(|(cn=").removesuffix("))")
    plain = value.replace("\\28", "").replace("\\29", "").replace("\\5c", "").replace("\\00", "")

    assert not set(plain) & set("()\\\0")
    assert value.startswith("*")
    assert value.endswith("*")
