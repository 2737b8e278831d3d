"""
Canonical rows: the one way to write them, and what is said of every other.
"""

import gc
import random
import unicodedata
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.core.export import UserRow
from reconciler.errors import Fault, InputError
from reconciler.files.exports import USERS
from reconciler.files.rows import collector_paused, decode, encode, refusal, shown

ANN = b'{"key":"ann","state":"active","user_name":"ann@example.com"}\n'
BOB = b'{"key":"bob","state":"active","user_name":"bob@example.com"}\n'


def row(key: str = "ann", **more: object) -> UserRow:
    """
    Return a user with defaults.
    """
    return UserRow(key=key, user_name=f"{key}@example.com", state="active", **more)  # type: ignore[arg-type]


def faults(content: bytes) -> list[str]:
    """
    Return the faults of a file of users, as they are printed.
    """
    with pytest.raises(InputError) as caught:
        decode(content, USERS, "users.jsonl")
    return [str(fault) for fault in caught.value.faults]


def test_a_row_is_one_line_with_sorted_keys_and_no_defaults() -> None:
    """
    A line has its keys sorted, no spaces, and nothing that is as it would be anyway.
    """
    written = encode([row(groups=(), email="", attributes={"z": "1", "a": ("x", "y")})])

    assert written == (
        b'{"attributes":{"a":["x","y"],"z":"1"},"email":"","key":"ann","state":"active","user_name":"ann@example.com"}\n'
    )


def test_rows_are_sorted_by_the_bytes_of_their_keys() -> None:
    """
    Keys sort as their UTF-8 bytes do, also beyond the basic multilingual plane.
    """
    keys = ["\U0001f600", "\uffee", "é", "z", "Z", "10", "9"]

    written = encode([row(key) for key in keys])

    assert [each.key for each in decode(written, USERS, "users.jsonl")] == sorted(keys, key=str.encode)


def test_no_rows_are_no_bytes() -> None:
    """
    A file without rows is empty, and an empty file has no rows.
    """
    assert encode([]) == b""
    assert decode(b"", USERS, "users.jsonl") == []


def normal(text: str) -> str:
    """
    Return `text` in Unicode's normal form C.
    """
    return unicodedata.normalize("NFC", text)


def elements(values: list[str]) -> tuple[str, ...]:
    """
    Return a set as rows hold it.
    """
    return tuple(sorted(set(values)))


TEXTS = st.text(max_size=8).map(normal)
SETS = st.lists(TEXTS, max_size=4).map(elements)
USER_ROWS = st.builds(
    UserRow,
    key=TEXTS,
    user_name=TEXTS,
    state=st.sampled_from(["active", "invited", "suspended", "left", "unknown"]),
    email=TEXTS,
    locale=st.just(msgspec.UNSET) | TEXTS,
    groups=SETS,
    roles=SETS,
    attributes=st.dictionaries(TEXTS, TEXTS | SETS, max_size=3),
)
MANY = st.lists(USER_ROWS, max_size=5, unique_by=lambda each: each.key)


@given(rows=MANY)
def test_what_is_written_is_read_back(rows: list[UserRow]) -> None:
    """
    Reading gives the very rows that were written, sorted by key.
    """
    assert decode(encode(rows), USERS, "users.jsonl") == sorted(rows, key=lambda each: each.key)


@given(rows=MANY, seed=st.integers())
def test_same_rows_same_bytes(rows: list[UserRow], seed: int) -> None:
    """
    The order in which rows come decides nothing (law 8).
    """
    shuffled = random.Random(seed).sample(rows, len(rows))

    assert encode(shuffled) == encode(rows)


@given(rows=MANY.filter(bool), data=st.data())
def test_no_other_bytes_read_as_the_same_rows(rows: list[UserRow], data: st.DataObject) -> None:
    """
    A file with one byte changed, added or dropped is refused, or holds other rows.
    """
    content = encode(rows)
    at = data.draw(st.integers(0, len(content) - 1))
    other = content[:at] + data.draw(st.binary(max_size=2)) + content[at + 1 :]
    assume(other != content)
    with suppress(InputError):
        found = decode(other, USERS, "users.jsonl")

        assert found != sorted(rows, key=lambda each: each.key)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            ANN.replace(b'"key":"ann"', b'"key":"bob","key":"ann"'),
            "users.jsonl:1: JSON key 'key' stands twice in one object",
            id="key twice",
        ),
        pytest.param(
            ANN + b'{"key": "bob","state":"active","user_name":"bob@example.com"}\n',
            'users.jsonl:2: not canonical from column 8: \' "bob","state":"active",\' where '
            '\'"bob","state":"active","\' should stand',
            id="space",
        ),
        pytest.param(
            ANN.replace(b'"key":"ann",', b'"groups":[],"key":"ann",'),
            'users.jsonl:1: not canonical from column 3: \'groups":[],"key":"ann","\' where '
            '\'key":"ann","state":"acti\' should stand',
            id="default written out",
        ),
        pytest.param(
            ANN.replace(b"ann@", b"\\u0061nn@"),
            "users.jsonl:1: not canonical from column 44: '\\u0061nn@example.com\"}' where 'ann@example.com\"}' "
            "should stand",
            id="needless escape",
        ),
        pytest.param(
            ANN.replace(b"\n", b"\r\n"),
            "users.jsonl:1: not canonical from column 61: '\\u000d' where '' should stand",
            id="carriage return",
        ),
        pytest.param(
            BOB + ANN,
            "users.jsonl:2: key 'ann' stands after 'bob' (line 1): rows are sorted by key",
            id="wrong order",
        ),
        pytest.param(ANN + BOB + BOB, "users.jsonl:3: key 'bob' stands on line 2 already", id="row twice"),
        pytest.param(
            ANN.replace(b'"key":"ann"', b'"groups":["b","a"],"key":"ann","roles":["r","r"]'),
            "users.jsonl:1: groups, roles: a set is sorted, and holds nothing twice",
            id="sets",
        ),
        pytest.param(
            ANN.replace(b'"key":"ann"', '"first_name":"A\u0308nne","key":"ann"'.encode()),
            "users.jsonl:1: text is not in Unicode's normal form C",
            id="decomposed text",
        ),
        pytest.param(ANN.rstrip(), "users.jsonl:1: the last line has no line break", id="no line break"),
        pytest.param(b"\n" + ANN, "users.jsonl:1: Input data was truncated", id="blank line"),
        pytest.param(
            b"\xef\xbb\xbf" + ANN,
            "users.jsonl:1: JSON is malformed: invalid character (byte 0)",
            id="byte order mark",
        ),
        pytest.param(
            ANN.replace(b'"ann"', b"7"),
            "users.jsonl:1: Expected `str`, got `int` - at `$.key`",
            id="number for text",
        ),
        pytest.param(
            ANN.replace(b"active", b"actvie"),
            "users.jsonl:1: Invalid enum value 'actvie' - at `$.state`",
            id="unknown state",
        ),
        pytest.param(
            ANN.replace(b'"key"', b'"\\u001b[2J":1,"key"'),
            "users.jsonl:1: Object contains unknown field `\\u001b[2J`",
            id="unknown field that would clear the terminal",
        ),
        pytest.param(
            b"[" * 100_000 + b"\n", "users.jsonl:1: Expected `object`, got `array`", id="nesting beyond any stack"
        ),
        pytest.param(b"<<<<<<< HEAD\n" + ANN, "users.jsonl:1: a merge conflict was left in", id="merge conflict"),
        pytest.param(
            b"version https://git-lfs.github.com/spec/v1\n",
            "users.jsonl:1: a Git LFS pointer stands where the rows should (git lfs pull)",
            id="large-file pointer",
        ),
    ],
)
def test_a_line_that_is_not_canonical_is_refused_with_its_place(content: bytes, expected: str) -> None:
    """
    Every other way to write a row is refused, and what is wrong is said with file and line.
    """
    assert faults(content) == [expected]


def test_all_faults_of_a_file_are_told_at_once() -> None:
    """
    The first fault does not hide the next.
    """
    told = faults(BOB + b"null\n" + ANN + BOB)

    assert [fault.partition(": ")[0] for fault in told] == ["users.jsonl:2", "users.jsonl:3", "users.jsonl:4"]


def test_a_caller_may_explain_what_the_decoder_refuses() -> None:
    """
    The explanation, where there is one, stands in place of the decoder's word.
    """
    form = msgspec.structs.replace(USERS, explain=lambda line: ["state: is missing"] if line == b"{}" else [])
    with pytest.raises(InputError) as caught:
        decode(b"{}\n[]\n", form, "users.jsonl")

    assert [fault.message for fault in caught.value.faults] == [
        "state: is missing",
        "Expected `object`, got `array`",
    ]


def test_fifty_faults_are_printed_and_the_others_counted() -> None:
    """
    A file full of faults does not fill the screen, and says how many there are.
    """
    error = refusal(
        (Fault("e/users.jsonl", line, "bad") for line in range(1, 1_235)), folder="e", hint="write it again"
    )

    assert len(error.faults) == 51
    assert str(error.faults[0]) == "e: 1,234 faults, of which the first 50 follow"
    assert str(error.faults[-1]) == "e/users.jsonl:50: bad\n    hint: write it again"
    assert error.message.count("hint") == 1


def test_what_cannot_be_printed_is_named() -> None:
    """
    A message holds no character that a terminal would act on, and no endless name.
    """
    assert shown("a\x1b]0;\u202eb" + "x" * 100) == "a\\u001b]0;\\u202eb" + "x" * 73 + "..."


@pytest.mark.parametrize("enabled", [True, False], ids=["on before", "off before"])
def test_the_collector_is_as_it_was_after_loading(request: pytest.FixtureRequest, enabled: bool) -> None:  # noqa: FBT001 - a parameter
    """
    Loading pauses the garbage collector and leaves it as it was.
    """
    request.addfinalizer(gc.enable)
    switch: Callable[[], None] = gc.enable if enabled else gc.disable
    switch()
    with collector_paused():
        paused = not gc.isenabled()

    assert paused
    assert gc.isenabled() is enabled
