"""
Tests of reconciler/render/escape.py: what is shown can be read back, and nothing in it acts.
"""

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.escape import code_span, csv_cell, escape, fence, log_line, unescape

# Default_Ignorable_Code_Point of DerivedCoreProperties.txt.
IGNORABLE = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)

# Every code point, and more often those that matter here.
HOSTILE = st.text(st.characters() | st.sampled_from("<<<U+U+>#:`| \u202e\u200b\x1b\n\u0301\ud800abé\uff1c"))


@given(HOSTILE)
def test_what_is_escaped_can_be_read_back(text: str) -> None:
    """
    Unescaping gives the very text that was escaped, so two texts never show alike.
    """
    assert unescape(escape(text)) == text


@given(HOSTILE, st.sets(st.sampled_from(["`", "|", '"', "->", "']", "U", "<", ">"])))
def test_what_is_escaped_further_can_be_read_back_too(text: str, also: set[str]) -> None:
    """
    Whatever else is asked to be hidden, unescaping gives the text.
    """
    assert unescape(escape(text, also=also)) == text


@given(HOSTILE)
def test_nothing_that_acts_or_hides_is_left(text: str) -> None:
    """
    What is shown is printable, composed, one line, and has no start of a log command.
    """
    shown = escape(text)

    assert shown.isprintable()
    assert unicodedata.is_normalized("NFC", shown)
    assert "##" not in shown


@given(HOSTILE)
def test_only_escapes_look_like_escapes(text: str) -> None:
    """
    Every `<U` in what is shown opens a whole escape.
    """
    shown = escape(text)

    assert len(re.findall("<[Uu]", shown)) == len(re.findall("<U\\+[0-9A-F]{4,6}>", shown))


def test_default_ignorable_characters_are_shown() -> None:
    """
    No character that Unicode lets a renderer leave out is left as it is.
    """
    ignorable = [chr(code) for first, last in IGNORABLE for code in range(first, last + 1)]

    assert [f"{ord(char):X}" for char in ignorable if escape(f"a{char}") == f"a{char}"] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("ann@example.com", "ann@example.com", id="plain"),
        pytest.param("José Müller-Жуков 山田", "José Müller-Жуков 山田", id="many scripts"),
        pytest.param("นที नमस्ते", "นที नमस्ते", id="scripts that need marks"),
        pytest.param("a < b <b>", "a < b <b>", id="a bracket that opens no escape"),
        pytest.param("a\u202eb", "a<U+202E>b", id="bidi"),
        pytest.param("a\u200bb", "a<U+200B>b", id="zero width"),
        pytest.param("a\u00a0b", "a<U+00A0>b", id="a space that is none"),
        pytest.param("\x1b[31m", "<U+001B>[31m", id="ANSI"),
        pytest.param("\x9b31m", "<U+009B>31m", id="C1 control"),
        pytest.param("a\r\nb", "a<U+000D><U+000A>b", id="line break"),
        pytest.param("a\u2028b", "a<U+2028>b", id="line separator"),
        pytest.param("\ud83d", "<U+D83D>", id="lone surrogate"),
        pytest.param("\ue000", "<U+E000>", id="private use"),
        pytest.param("\U0010ffff", "<U+10FFFF>", id="unassigned"),
        pytest.param("<U+202E>", "<U+003C>U+202E>", id="an escape itself"),
        pytest.param("<u+202e>", "<U+003C>u+202e>", id="nearly an escape"),
        pytest.param("\uff1cU+202E>", "<U+FF1C>U+202E>", id="look-alike of an escape"),
        pytest.param("<\u0421+", "<U+003C>\u0421+", id="bracket before another script"),
        pytest.param("Jose\u0301", "Jose<U+0301>", id="not composed"),
        pytest.param("\u0301a", "<U+0301>a", id="mark on what stands before"),
        pytest.param(
            "a b\u20dd\u20dd\u20dd\u20dd\u20dd", "a b\u20dd\u20dd\u20dd\u20dd<U+20DD>", id="tower of marks"
        ),
        pytest.param("##[add-mask]x", "#<U+0023>[add-mask]x", id="log command"),
    ],
)
def test_escapes_are_as_listed(text: str, shown: str) -> None:
    """
    Letters of all scripts are left alone, and what acts or hides is named by its code point.
    """
    assert escape(text) == shown


@pytest.mark.parametrize("text", ["::add-mask::x", "  ::error::x", "::", ":: ::"])
def test_no_log_line_starts_a_command(text: str) -> None:
    """
    A log line never starts with two colons, and still says all.
    """
    shown = log_line(text)

    assert not shown.lstrip().startswith("::")
    assert unescape(shown) == text


def test_a_log_line_is_otherwise_left_alone() -> None:
    """
    Colons elsewhere are colons.
    """
    assert log_line("a::b") == "a::b"


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\uff1d1", "'x", "\n=1"],
)
def test_no_cell_is_a_formula(text: str) -> None:
    """
    A cell that a spreadsheet would compute is text.
    """
    assert re.match("['<]", csv_cell(text))


@given(st.lists(HOSTILE, unique=True))
def test_cells_differ_as_texts_do(texts: list[str]) -> None:
    """
    Different texts are different cells, and each survives a CSV reader.
    """
    cells = [csv_cell(text) for text in texts]
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow(cells)

    assert len(set(cells)) == len(texts)
    assert next(csv.reader([written.getvalue()]), []) == cells


MARKDOWN = [
    "a|b",
    "`x`",
    "``` \n# x",
    "<script>alert(1)</script>",
    "<!-- ",
    "[x](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "@octocat",
    "#1",
    "Fixes #12",
    "http://evil.example",
    "www.evil.example",
    "x@evil.example",
    "::add-mask::x",
    "&lt;b&gt;",
    "\\`x",
    " x ",
    "   ",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_a_code_span_holds_all_of_its_text(text: str) -> None:
    """
    One span, closed by the first backtick after the one that opens it, with nothing that a table or a trim takes.
    """
    span = code_span(text)

    assert re.fullmatch(r"`[^`|\n]*`", span)
    assert span[1:-1].strip(" ") == span[1:-1]
    assert unescape(span[1:-1]) == text


@given(st.text("`\n a", max_size=40))
def test_a_fence_is_longer_than_any_run_inside(body: str) -> None:
    """
    No line of the body can close the fence.
    """
    lines = fence(body, language="diff").split("\n")
    ticks = lines[-1]

    assert set(ticks) == {"`"}
    assert lines[0] == f"{ticks}diff"
    assert ticks not in body
    assert "\n".join(lines[1:-1]) == body
