"""
Two readers of one file: what people write, both take alike; what they take differently is refused.
"""

import string

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.files.agreement import agreed
from reconciler.files.cursor import UnreadableError
from reconciler.files.placed import Document, Plain
from reconciler.files.scan import scan
from reconciler.files.second import reread
from reconciler.files.yamlio import parse
from tests.files.yaml_spellings import spelled


def document(text: str) -> Document:
    """
    Return the document of a file with this content.
    """
    return parse(scan(text.encode(), "a.yaml"))


@settings(max_examples=300)
@given(spelled())
@example(({"a": "b"}, "a: b"))
def test_both_readers_take_what_people_write_for_what_they_mean(case: tuple[object, str]) -> None:
    """
    Whatever the indentation, the quotes, the brackets and the comments: no fault, and the value that was meant.
    """
    value, text = case
    found = document(text)

    assert [str(fault) for fault in found.faults] == []
    assert found.value == value


SIGNS = [
    *"-?:,[]{}#&*!|>'\"%@`~ \n",
    "- ",
    ": ",
    " #",
    "\n  ",
    "\n    ",
    "a",
    "b c",
    "'x'",
    '"y"',
    "|\n",
    ">-\n",
    "---",
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join))
def test_what_is_accepted_has_one_meaning(text: str) -> None:
    """
    Any arrangement of YAML's signs is refused, or is to the strict reader what it is to the library.
    """
    found = document(text)

    assert found.faults or not found.value or reread(text).value == found.value


# name: (the text, its line, words of the fault): the library takes each; a person might take it otherwise.
DOUBTS = {
    "list that is none": ("a: b\n  - c\n", 2, "begins with '-'"),
    "comment without a space": ("a: 'b'#c\n", 1, "more on the line"),
    "key with a question mark": ("? a\n: b\n", 1, "begins with '?'"),
    "end of a document": ("a: b\n...\n", 2, "begins or ends a document"),
    "document on the marker's line": ("--- {a: b}\n", 1, "document"),
    "width of a block": ("a: |2\n    b\n", 1, "few people know"),
    "line that a backslash joins": ('a: "b \\\n  c"\n', 2, "backslash"),
    "quotes that go on at the margin": ('a: "b\nc"\n', 2, "not indented"),
    "brackets that go on at the margin": ("a:\n  b: [c,\nd]\n", 3, "not indented"),
    "pair in a list": ("a: [b: c]\n", 1, "neither a comma"),
    "space that is none": ("a: \u00a0b\n", 1, "begins with"),
}


@pytest.mark.parametrize(("text", "line", "word"), DOUBTS.values(), ids=DOUBTS.keys())
def test_what_the_strict_reader_does_not_take_is_refused(text: str, *, line: int, word: str) -> None:
    """
    What only one of the two can read is a fault with its line, which says that they do not agree.
    """
    (fault,) = document(text).faults

    assert fault.line == line
    assert word in fault.message
    assert yaml.safe_load(text) is not None


# name: (what the first reader found, were it wrong; the line and the words of the fault)
WRONG = {
    "another text": (
        {"value": [{"a": Plain("x"), "b": Plain("2")}]},
        1,
        '"0.a": "x" (Plain), to the other "0.a": "1"',
    ),
    "a type": ({"value": [{"a": "1", "b": Plain("2")}]}, 1, "(str), to the other"),
    "a key left out": ({"value": [{"a": Plain("1")}]}, 1, "a mapping of 1, to the other 0: a mapping of 2"),
    "an entry more": ({"value": [{"a": Plain("1"), "b": Plain("2")}, Plain("c")]}, 1, "a list of 2"),
    "keys in another order": ({"value": [{"b": Plain("2"), "a": Plain("1")}]}, 2, '"0.b"'),
    "another line": ({"lines": {(): 1, (0,): 1, (0, "a"): 1, (0, "b"): 3}}, 3, '"0.b": "2"'),
    "a line less": ({"lines": {(): 1, (0,): 1, (0, "a"): 1}}, 1, '"0.b": "2"'),
    "nothing at all": ({"value": None}, 1, "a list of 1"),
}


@pytest.mark.parametrize(("changes", "line", "word"), WRONG.values(), ids=WRONG.keys())
def test_readers_that_differ_are_told_with_the_line(changes: dict[str, object], *, line: int, word: str) -> None:
    """
    Were the library to take one scalar, key, type or line for another, the file would be refused there.
    """
    text = "- a: 1\n  b: 2\n"
    (fault,) = agreed(replace(document(text), **changes), text).faults

    assert fault.line == line
    assert "two readers of YAML do not agree" in fault.message
    assert word in fault.message


@given(st.text(string.printable, max_size=40))
def test_strict_reader_reads_or_refuses(text: str) -> None:
    """
    The strict reader ends in a value or in a refusal with a line, whatever it is given.
    """
    try:
        line = reread(text).lines.get((), 1)
    except UnreadableError as error:
        line = error.line

    assert 1 <= line <= text.count("\n") + 1
