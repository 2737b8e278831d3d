"""
Strict reading of JSON that somebody else printed.
"""

import os
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.sources import rawjson
from reconciler.sources.rawjson import Number, parse, read, shown

FILE = Path("export.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \r\n\t", "is empty", id="blank"),
        pytest.param(b"null", "holds `null`", id="null"),
        pytest.param(b"\n<!DOCTYPE html><html>", "is HTML", id="html"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer", id="lfs"),
        pytest.param(b"<<<<<<< HEAD\n[]", "merge conflict", id="conflict"),
        pytest.param(b'[{"id": "1"}, {"id"', "is truncated", id="truncated-object"),
        pytest.param(b'[{"id": "IBMid-6', "is truncated", id="truncated-text"),
        pytest.param(b"[1, 2", "is truncated", id="truncated-list"),
        pytest.param(b"[1]\n[2]", "is not JSON: Extra data", id="two-documents"),
        pytest.param(b"{'id': 1}", "is not JSON", id="python"),
        pytest.param(b"OK\nName Email", "is not JSON", id="table"),
        pytest.param(b'{"total": NaN}', "total is nan", id="nan"),
        pytest.param(b"[-Infinity]", "[0] is -inf", id="infinity"),
        pytest.param(b'{"a": [{"state": 1, "state": 2}]}', "a[0] has the key 'state' twice", id="doubled-key"),
        pytest.param(rb'{"a": {"b": "\ud800"}}', "a.b holds half a surrogate pair", id="surrogate"),
        pytest.param(rb'{"\udc00": 1}', "has half a surrogate pair in a key", id="surrogate-in-key"),
        pytest.param(b'["caf\xe9"]', "is not UTF-8: byte 0xe9 at offset 5", id="latin-1"),
        pytest.param(b'["\xed\xa0\x80"]', "is not UTF-8", id="surrogate-bytes"),
        pytest.param('["a"]'.encode("utf-16"), "is UTF-16", id="utf-16"),
        pytest.param('["a"]'.encode("utf-16-le"), "looks like UTF-16", id="utf-16-without-mark"),
        pytest.param('["a"]'.encode("utf-32"), "is UTF-32", id="utf-32"),
        pytest.param(b"[" * 65 + b"]" * 65, "nested deeper than 64", id="deep"),
        pytest.param(b"[" * 200_000, "nested deeper than 64", id="bottomless"),
        pytest.param(b'{"a":' * 200_000, "nested deeper than 64", id="bottomless-objects"),
    ],
)
def test_doubtful_content_is_refused_by_name(content: bytes, message: str) -> None:
    """
    What is no strict JSON in UTF-8 is refused with the file's name and the reason, and never with a traceback.
    """
    with pytest.raises(InputError) as refused:
        parse(content, FILE)

    assert str(FILE) in str(refused.value)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        pytest.param(b'\xef\xbb\xbf{"a": "b"}', {"a": "b"}, id="byte-order-mark"),
        pytest.param(rb'["\ud83d\ude00"]', ["\N{GRINNING FACE}"], id="whole-pair"),
        pytest.param(b"[" * 64 + b"]" * 64, None, id="deep-enough"),
        pytest.param(b"[100, true, null]", [100, True, None], id="plain"),
        pytest.param(b"[9007199254740993]", [9007199254740993], id="beyond-2-53"),
        pytest.param(b"[" + b"9" * 5000 + b"]", [Number("9" * 5000)], id="endless-number"),
        pytest.param(b"[1e400, 1.50]", [Number("1e400"), Number("1.50")], id="exponent"),
    ],
)
def test_values_are_not_changed_by_being_read(content: bytes, value: object) -> None:
    """
    Text, numbers of any length and whole surrogate pairs come out as they were written.
    """
    read_back = parse(content, FILE)

    assert value is None or read_back == value


def test_syntax_error_names_its_line() -> None:
    """
    The line of what does not parse stands in the fault.
    """
    with pytest.raises(InputError) as refused:
        parse(b'[\n {"id": 1},\n {id: 2}\n]', FILE)

    assert [fault.line for fault in refused.value.faults] == [3]


def test_all_oddities_of_a_file_are_told_at_once() -> None:
    """
    Several oddities of one file are several faults of one refusal.
    """
    with pytest.raises(InputError) as refused:
        parse(rb'[{"a": 1, "a": 2}, NaN, "\udfff"]', FILE)

    assert len(refused.value.faults) == 3


def test_oddities_without_end_are_not_all_told() -> None:
    """
    A file that is odd throughout gives a bounded number of faults.
    """
    with pytest.raises(InputError) as refused:
        parse(b"[" + b"NaN," * 5000 + b"NaN]", FILE)

    assert len(refused.value.faults) == 100


def test_size_is_looked_at_before_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file over the limit is refused with both figures.
    """
    path = tmp_path / "big.json"
    path.write_bytes(b"[1, 2, 3]")
    monkeypatch.setattr(rawjson, "MAX_BYTES", 8)

    with pytest.raises(InputError, match="has 9 bytes; the limit is 8"):
        read(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """
    A folder, a pipe and a file that is not there are refused, and none is waited for.
    """
    os.mkfifo(tmp_path / "pipe")

    for path, message in (("", "not a regular"), ("pipe", "not a regular"), ("none", "No such file")):
        with pytest.raises(InputError, match=message):
            read(tmp_path / path)


def test_text_in_messages_is_one_visible_line() -> None:
    """
    Text of others is shown without line breaks or invisible characters, and not at any length.
    """
    assert shown("a\nb\x1b[31m\u202e") == r"a\nb\x1b[31m\u202e"
    assert len(shown("x" * 1_000_000)) < 150
