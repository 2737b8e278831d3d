"""
An entry that cannot be read is taken out, and every other line stays where it is.
"""

import pytest

from reconciler.files.salvage import without_entry

LIST = "# c\n- a: 1\n  b: 2\n# d\n- e: 3\n\n- f: 4\n"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        pytest.param(2, "# c\n\n\n\n- e: 3\n\n- f: 4\n", id="first line of an entry"),
        pytest.param(3, "# c\n\n\n\n- e: 3\n\n- f: 4\n", id="another line of it"),
        pytest.param(5, "# c\n- a: 1\n  b: 2\n# d\n\n\n- f: 4\n", id="in the middle"),
        pytest.param(7, "# c\n- a: 1\n  b: 2\n# d\n- e: 3\n\n\n", id="the last"),
    ],
)
def test_the_entry_with_the_line_is_blanked(line: int, left: str) -> None:
    """
    Lines keep their numbers.
    """
    assert without_entry(LIST, line) == left


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: 1\nb: [\n", 2, id="mapping"),
        pytest.param("", 1, id="nothing"),
        pytest.param("# c\n", 1, id="comments"),
        pytest.param(LIST, 1, id="line before the first entry"),
        pytest.param(LIST, 0, id="no line"),
        pytest.param(LIST, 99, id="line behind the last"),
    ],
)
def test_what_is_no_entry_is_not_taken_out(text: str, line: int) -> None:
    """
    Then the reading ends where it stopped.
    """
    assert without_entry(text, line) is None
