"""
YAML is taken at its word: text as written, each part with its line, and nothing that means more than it shows.
"""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.files.placed import Document, Plain
from reconciler.files.scan import Scanned, scan
from reconciler.files.yamlio import DEPTH, parse

LOADERS = [pytest.param(yaml.SafeLoader, id="python")]
if yaml.__with_libyaml__:
    LOADERS.append(pytest.param(yaml.CSafeLoader, id="C"))
both = pytest.mark.parametrize("loader", LOADERS)


def document(text: str | bytes, loader: type[Any] = yaml.SafeLoader) -> Document:
    """
    Return the document of a file with this content.
    """
    return parse(scan(text.encode() if isinstance(text, str) else text, "a.yaml"), loader=loader)


@both
@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        pytest.param("a: 1\nb: !!python/object:os.system x\n", 2, "tag", id="tag"),
        pytest.param("a: 1\nb: !!str x\n", 2, "tag", id="harmless tag"),
        pytest.param("a: 1\nb: ! x\n", 2, "tag", id="empty tag"),
        pytest.param("a: 1\nb: &x 1\n", 2, "anchor", id="anchor"),
        pytest.param("a: 1\nb: [*x]\n", 2, "alias", id="alias"),
        pytest.param("a: 1\n<<: {b: 2}\n", 2, "merge key", id="merge key"),
        pytest.param("a: 1\nb: 2\na: 3\n", 3, "here and in line 1", id="key that stands twice"),
        pytest.param('a: 1\n"\\u0061": 2\n', 2, "here and in line 1", id="key that stands twice, once escaped"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "second document", id="second document"),
        pytest.param("%YAML 1.1\n---\na: 1\n", 1, "directive", id="YAML directive"),
        pytest.param("%TAG ! tag:x,2000:\n---\na: 1\n", 1, "directive", id="tag directive"),
        pytest.param("a: 1\n? [b]\n: 2\n", 2, "not text", id="list as key"),
        pytest.param("a: 1\n? {b: {c: d}}\n: 2\n", 2, "not text", id="mapping as key"),
        pytest.param("a: 1\n? &x b\n: 2\n", 2, "anchor", id="anchor at a key"),
        pytest.param("a: 1\n'': 2\n", 2, "empty key", id="empty key"),
        pytest.param("a: 1\nb:\n", 2, "no value", id="no value"),
        pytest.param('a: 1\nb: "\\u202e"\n', 2, "U+202E", id="hidden character as an escape"),
        pytest.param('a: 1\n"b\\0": 2\n', 2, "U+0000", id="hidden character in a key, as an escape"),
        pytest.param('a: 1\nb: "A\\u030a"\n', 2, "NFC", id="two spellings, as an escape"),
        pytest.param("a: 1\n@b: 2\n", 2, "not YAML", id="no YAML"),
        pytest.param("a: 1\nb: 'open\nc: 2\n", 2, "not YAML", id="open quote"),
        pytest.param("a: 1\nb: [1, 2\nc: 3\n", 2, "not YAML", id="open bracket"),
    ],
)
def test_what_means_more_than_it_shows_is_refused(text: str, line: int, word: str, loader: type[Any]) -> None:
    """
    Each is one fault with its line, with either parser.
    """
    (fault,) = document(text, loader).faults

    assert fault.line == line
    assert word in fault.message


@both
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 50_000, id="lists on one line"),
        pytest.param("{a: " * 50_000, id="mappings on one line"),
        pytest.param("- " * 50_000, id="lists in blocks"),
        pytest.param("".join(" " * level + "a:\n" for level in range(2_000)), id="mappings in blocks"),
        pytest.param("? " * 50_000, id="keys in keys"),
        pytest.param("? " + "[" * 50_000, id="lists in a key"),
        pytest.param("a: 1\n? [{b: " + "[{c: " * 50_000, id="both, in a key"),
    ],
)
def test_deep_nesting_is_a_fault_and_no_crash(text: str, loader: type[Any]) -> None:
    """
    The reading stops at the first level too many; the tree builder written in C would end the process.
    """
    messages = [fault.message for fault in document(text, loader).faults]

    assert f"is nested deeper than {DEPTH} levels" in messages


@both
def test_as_many_levels_as_are_allowed_are_read(loader: type[Any]) -> None:
    """
    The limit itself is allowed, one more is not.
    """
    assert document("[" * DEPTH + "a" + "]" * DEPTH, loader).faults == ()
    assert document("[" * (DEPTH + 1) + "a" + "]" * (DEPTH + 1), loader).faults != ()


@both
@pytest.mark.parametrize(
    "text", ["NO", "0123456", "1e3", "12:30:45", "2001-12-14", "true", "~", "0x1F", ".inf", "1_0"]
)
def test_scalars_stay_text_as_written(text: str, loader: type[Any]) -> None:
    """
    No scalar changes its type because of how it looks; without quotes it is marked, with them it is not.
    """
    read = document(f"- {text}\n- '{text}'\n", loader).value

    assert read == [text, text]
    assert [isinstance(scalar, Plain) for scalar in read] == [True, False]


@both
def test_every_key_and_element_has_its_line(loader: type[Any]) -> None:
    """
    Lines are those of the file, whatever ends them; of a key it is the key's, of an element where it begins.
    """
    read = document(b"\xef\xbb\xbf# first\r\na:\r\n  - 1\r\n  - b: 2\r\n    c: |\r\n      x\r\n      y\r\n", loader)

    assert read.value == {"a": ["1", {"b": "2", "c": "x\ny\n"}]}
    assert read.lines == {
        (): 2,
        ("a",): 2,
        ("a", 0): 3,
        ("a", 1): 4,
        ("a", 1, "b"): 4,
        ("a", 1, "c"): 5,
    }
    assert read.line(("a", 1, "missing", "deeper")) == 4


@both
@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\n\n"])
def test_a_file_with_nothing_in_it_is_empty_and_sound(text: str, loader: type[Any]) -> None:
    """
    Comments alone are no value and no fault.
    """
    read = document(text, loader)

    assert not read.value
    assert read.faults == ()


@both
def test_all_faults_are_found_at_once_also_behind_an_entry_that_cannot_be_read(loader: type[Any]) -> None:
    """
    An entry with an open bracket hides neither the faults before it nor those behind it.
    """
    text = "- a: &x 1\n- b: [open\n- c: 1\n  c: 2\n- d: 'open\n- e: *x\n- f: 1\n g: 2\n- h: !t 1\n"
    faults = document(text, loader).faults

    assert [fault.line for fault in faults][:4] == [1, 2, 4, 5]
    assert faults[-1].line == 9


def test_a_fault_of_the_bytes_hides_no_fault_of_the_parser() -> None:
    """
    A file with a hidden character is still read for what else is wrong, and told once a line.
    """
    faults = document("a: \u200b&x 1\nb: 2\nb: 3\n").faults

    assert [(fault.line, fault.message[:9]) for fault in faults] == [(1, "holds U+2"), (3, 'key "b" s')]


def test_a_file_that_could_not_be_scanned_is_not_parsed() -> None:
    """
    Its one fault stands, and there is no value.
    """
    read = document(b"\xff\xfea\x00")

    assert read.value is None
    assert len(read.faults) == 1


@given(st.text(max_size=60))
def test_no_text_whatever_raises(text: str) -> None:
    """
    Faults are values: whatever a file holds, reading it ends in a document.
    """
    read = document(text.encode("utf-8", "surrogatepass"))

    assert read.path == "a.yaml"


@given(
    st.lists(
        st.sampled_from(["- ", "a: ", "[", "]", "{", "}", "\n", "  ", "'", '"', "&x ", "*x", "? ", ": ", "|", "#"])
    )
)
def test_no_arrangement_of_yaml_raises(parts: list[str]) -> None:
    """
    The same for text made of what YAML gives a meaning to, with the parser that is used.
    """
    read = parse(scan("".join(parts).encode(), "a.yaml"))

    assert all(fault.path == "a.yaml" for fault in read.faults)


@both
def test_what_the_parser_refuses_without_a_line_is_a_fault_too(loader: type[Any]) -> None:
    """
    Scanned text holds no such character; should one pass, it ends in a fault and not in a traceback.
    """
    (fault,) = parse(Scanned("a.yaml", "a: \x00"), loader=loader).faults

    assert fault.message.startswith("is not YAML")


def test_a_large_file_of_nothing_but_faults_does_not_take_for_ever() -> None:
    """
    Reading again has a budget; within it, every broken entry is told.
    """
    small = document("- [\n" * 100)
    large = document("- [\n" * 20_000, yaml.SafeLoader)

    assert len(small.faults) == 100
    assert 10 < len(large.faults) < 200
