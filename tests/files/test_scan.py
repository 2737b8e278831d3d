"""
Raw bytes are judged before any parser sees them: what a reviewer cannot see, nobody obeys.
"""

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from reconciler.files.scan import LIMIT, is_hidden, named, quoted, read, scan

ZWSP, RLO, LS, NEL, DEL = "\u200b", "\u202e", "\u2028", "\x85", "\x7f"


@pytest.mark.parametrize(
    ("raw", "line", "word"),
    [
        pytest.param(f"a: 1\n# note{LS}  role: admin\n".encode(), 2, "U+2028", id="line separator"),
        pytest.param("a: 1\n# note\u2029b: 2\n".encode(), 2, "U+2029", id="paragraph separator"),
        pytest.param(f"# note{NEL}b: 2\n".encode(), 1, "U+0085", id="next line"),
        pytest.param(b"a: 1\n# note\rb: 2\n", 2, "U+000D", id="lone carriage return"),
        pytest.param(b"a: 1\x0bb: 2\n", 1, "U+000B", id="vertical tab"),
        pytest.param(b"a: 1\x0cb: 2\n", 1, "U+000C", id="form feed"),
        pytest.param(b"a:\t1\n", 1, "U+0009", id="tab"),
        pytest.param(b"a: \x00\n", 1, "U+0000", id="nul"),
        pytest.param(b"a: \x1b[31m\n", 1, "U+001B", id="escape"),
        pytest.param(f"a: {DEL}\n".encode(), 1, "U+007F", id="delete"),
        pytest.param(f"a: {RLO}x\n".encode(), 1, "RIGHT-TO-LEFT OVERRIDE", id="bidi override"),
        pytest.param("a: \u2066x\n".encode(), 1, "LEFT-TO-RIGHT ISOLATE", id="bidi isolate"),
        pytest.param("a: \u061cx\n".encode(), 1, "ARABIC LETTER MARK", id="arabic letter mark"),
        pytest.param(f"us{ZWSP}er: x\n".encode(), 1, "ZERO WIDTH SPACE", id="zero width space"),
        pytest.param("a: \xadx\n".encode(), 1, "SOFT HYPHEN", id="soft hyphen"),
        pytest.param("a: x\ufeff\n".encode(), 1, "U+FEFF", id="byte order mark inside"),
        pytest.param("a: x\u3164\n".encode(), 1, "HANGUL FILLER", id="hangul filler"),
        pytest.param("a: x\ufe0f\n".encode(), 1, "VARIATION SELECTOR", id="variation selector"),
        pytest.param("a: x\U000e0041\n".encode(), 1, "U+E0041", id="tag character"),
        pytest.param("a: x\u034f\n".encode(), 1, "COMBINING GRAPHEME JOINER", id="grapheme joiner"),
        pytest.param("a: x\uffff\n".encode(), 1, "U+FFFF", id="noncharacter"),
        pytest.param("a: x\ufdd0\n".encode(), 1, "U+FDD0", id="noncharacter in the middle"),
        pytest.param("a: 1\nname: A\u030a\n".encode(), 2, "NFC", id="two spellings of one letter"),
        pytest.param(b"a: 1\nb: \xff\n", 2, "byte 0xFF at column 4", id="no UTF-8"),
        pytest.param(b"a: 1\nb: \xed\xa0\x80\n", 2, "not UTF-8", id="surrogate in UTF-8"),
        pytest.param(b"a: 1\nb: \xc0\xaf\n", 2, "not UTF-8", id="overlong UTF-8"),
        pytest.param("a: 1\n".encode("utf-16"), 0, "UTF-16", id="UTF-16"),
        pytest.param("a: 1\n".encode("utf-32"), 0, "UTF-32", id="UTF-32"),
        pytest.param(b"a: 1\n<<<<<<< HEAD\n", 2, "merge-conflict", id="our side"),
        pytest.param(b"a: 1\n=======\n", 2, "merge-conflict", id="between the sides"),
        pytest.param(b"a: 1\n>>>>>>> theirs\n", 2, "merge-conflict", id="their side"),
        pytest.param(b"a: 1\n||||||| base\n", 2, "merge-conflict", id="their common base"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", 0, "LFS", id="LFS pointer"),
        pytest.param(b"#" * (LIMIT + 1), 0, "5,000,000 bytes", id="too large"),
    ],
)
def test_what_a_reader_cannot_see_is_refused_with_its_line(raw: bytes, line: int, word: str) -> None:
    """
    Each class of hostile bytes is one fault, at its line, that names what is there.
    """
    (fault,) = scan(raw, "a.yaml").faults

    assert (fault.path, fault.line) == ("a.yaml", line)
    assert word in fault.message
    assert fault.hint


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a: 1\r\nb: 2\r\n", id="CRLF"),
        pytest.param(b"a: 1\r\nb: 2\n", id="both line ends"),
        pytest.param(b"\xef\xbb\xbfa: 1\n", id="byte order mark"),
        pytest.param("name: Łukasz Şahin 王小明 Ωμέγα שלום\n".encode(), id="scripts"),
        pytest.param("name: \u00c5 \U0001f600\n".encode(), id="composed letter, emoji"),
        pytest.param(b"a: ======= b\n", id="equals signs that are no mark"),
        pytest.param(b"a: 1\n========\n", id="eight of them"),
        pytest.param(b"#" * LIMIT, id="as large as may be"),
    ],
)
def test_what_everybody_sees_is_let_pass(raw: bytes) -> None:
    """
    Text of any script, with either line end, passes whole.
    """
    scanned = scan(raw, "a.yaml")

    assert scanned.faults == ()
    assert scanned.text == raw.decode("utf-8-sig").replace("\r\n", "\n")


def test_all_faults_of_a_file_are_found_at_once() -> None:
    """
    One look names every line, and every character of a line.
    """
    raw = f"a: {ZWSP}{RLO}\nok: 1\nb: ".encode() + b"\xff\n<<<<<<< x\nc: A\xcc\x8a\n"

    faults = scan(raw, "a.yaml").faults

    assert [fault.line for fault in faults] == [1, 3, 4, 5]
    assert "U+200B" in faults[0].message
    assert "U+202E" in faults[0].message


def test_the_text_left_for_the_parser_is_harmless_and_keeps_its_lines() -> None:
    """
    Whatever was refused is not in the text that goes on, so a comment stays one comment.
    """
    scanned = scan(f"# note{LS}  role: admin\nus{ZWSP}er: A\u030a\n<<<<<<< x\n".encode(), "a.yaml")

    assert scanned.text == "# note   role: admin\nuser: \u00c5\n\n"


def test_every_character_of_the_refused_categories_is_hidden() -> None:
    """
    The rule goes by category, not by a list of cases: no control or format character of Unicode escapes it.
    """
    refused = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    hidden = {char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) in refused}

    assert {char for char in hidden if not is_hidden(char)} == {"\n"}
    assert not any(map(is_hidden, "aZ09 -_.@é王\u00a0"))


def test_a_name_in_a_message_obeys_no_terminal() -> None:
    """
    Hidden characters are written by number, values on one line and cut.
    """
    assert named(RLO) == "U+202E RIGHT-TO-LEFT OVERRIDE"
    assert quoted("a\nb") == '"a\\nb"'
    assert len(quoted("x" * 1_000)) == 60


def test_a_regular_file_inside_the_tree_is_read(tmp_path: Path) -> None:
    """
    The path in faults is the one given, as the user would type it.
    """
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: \x00\n")

    (fault,) = read(file, tree=tmp_path, path="state/a.yaml").faults

    assert fault.path == "state/a.yaml"


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    """
    A link could show a secret of the machine in an error message.
    """
    (tmp_path / "secret").write_text("s3cret", "utf-8")
    tree = tmp_path / "state"
    tree.mkdir()
    (tree / "a.yaml").symlink_to(tmp_path / "secret")

    scanned = read(tree / "a.yaml", tree=tree, path="a.yaml")

    assert scanned.text is None
    assert [fault.message for fault in scanned.faults] == ["leads out of the tree"]


@pytest.mark.parametrize("kind", ["folder", "pipe", "missing"])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    """
    A folder has no bytes, and a pipe would keep us waiting for them.
    """
    place = tmp_path / "a.yaml"
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)

    scanned = read(place, tree=tmp_path, path="a.yaml")

    assert scanned.text is None
    assert len(scanned.faults) == 1


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    """
    A file far above the limit is refused without being held in memory.
    """
    file = tmp_path / "a.yaml"
    with file.open("wb") as stream:
        stream.truncate(100 * LIMIT)

    scanned = read(file, tree=tmp_path, path="a.yaml")

    assert "larger" in scanned.faults[0].message
