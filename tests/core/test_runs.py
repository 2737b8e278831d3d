"""
Records of runs: decoded whole or refused line by line, and chained so that no change to one goes unseen.
"""

from collections.abc import Callable

import pytest

from reconciler.core.canonical import digest_bytes, encode
from reconciler.core.ledger import RunChange, RunClaim, RunHeader
from reconciler.core.model import Inputs
from reconciler.core.runs import Run, decode_runs, verify_chain
from reconciler.errors import InputError

CHANGE = RunChange(
    id="c",
    action="update",
    kind="user",
    key="ann",
    name="Ann",
    before={},
    after={"x": "1"},
    because={},
    outcome="left",
)
CLAIM = RunClaim(
    kind="user",
    key="ann",
    name="Ann",
    field="x",
    owner="admin",
    was="git",
    value=("a",),
    row=16,
    text="now the admin's",
)


def header(run: int, previous: str) -> RunHeader:
    """
    Return the first line of the record of `run`.
    """
    return RunHeader(
        run=run,
        time=f"2026-11-{run:02}T00:00:00Z",
        scope="all",
        who="ann",
        tool="reconciler 0",
        inputs=Inputs(),
        plan="",
        approval="",
        previous=previous,
    )


def record(*lines: object) -> bytes:
    """
    Return the lines as a record's file.
    """
    return b"".join(encode(line) + b"\n" for line in lines)


def chain(length: int) -> list[tuple[str, bytes]]:
    """
    Return the files of `length` runs, each naming the hash of the one before.
    """
    files: list[tuple[str, bytes]] = []
    for run in range(1, length + 1):
        previous = digest_bytes(files[-1][1]) if files else ""
        files.append((f"runs/2026/{run:06}.jsonl", record(header(run, previous), CHANGE, CLAIM)))
    return files


def decoded(files: list[tuple[str, bytes]]) -> tuple[Run, ...]:
    """
    Return the runs of `files`.
    """
    return decode_runs((path, content, None) for path, content in files)


def test_runs_come_in_the_order_in_which_they_ran() -> None:
    """
    The serial in the header decides, not the name of the file nor the order of reading.
    """
    runs = decoded(list(reversed(chain(3))))

    assert [run.header.run for run in runs] == [1, 2, 3]
    assert (runs[0].changes, runs[0].claims) == ((CHANGE,), (CLAIM,))


def test_every_line_that_is_no_record_is_named() -> None:
    """
    What is cut off, is no record, or is not as apply writes it is told all at once, each with its line.
    """
    good = encode(header(1, ""))
    files = [
        ("runs/1.jsonl", b"\n".join([good, b'{"type":"claim"}', b"{", good, b""])),
        ("runs/2.jsonl", record(CHANGE)),
        ("runs/3.jsonl", b""),
        ("runs/4.jsonl", good),
        ("runs/5.jsonl", good + b"\n" + encode(CHANGE).replace(b'"id":', b'"id":"x","id":') + b"\n"),
    ]

    with pytest.raises(InputError) as raised:
        decoded(files)

    places = [(fault.path, fault.line) for fault in raised.value.faults]
    assert places == [
        ("runs/1.jsonl", 2),
        ("runs/1.jsonl", 3),
        ("runs/1.jsonl", 4),
        ("runs/2.jsonl", 1),
        ("runs/3.jsonl", 1),
        ("runs/4.jsonl", 1),
        ("runs/5.jsonl", 2),
    ]


@pytest.mark.parametrize("length", [0, 1, 4])
def test_an_unbroken_chain_has_no_fault(length: int) -> None:
    """
    Records that nobody touched verify, up to the hash that the ledger's head holds.
    """
    files = chain(length)
    last = digest_bytes(files[-1][1]) if files else ""

    assert verify_chain(decoded(files), last=last) == ()


def tampered(files: list[tuple[str, bytes]]) -> None:
    """
    Change a value in the second record.
    """
    files[1] = (files[1][0], files[1][1].replace(b"Ann", b"Bob"))


def dropped(files: list[tuple[str, bytes]]) -> None:
    """
    Drop the second record.
    """
    del files[1]


def begun_later(files: list[tuple[str, bytes]]) -> None:
    """
    Drop the first record.
    """
    del files[0]


def renamed(files: list[tuple[str, bytes]]) -> None:
    """
    Give the second record the name of a run that never was.
    """
    files[1] = ("runs/2026/x.jsonl", files[1][1])


@pytest.mark.parametrize(
    ("harm", "where"),
    [
        pytest.param(tampered, "runs/2026/000002.jsonl", id="changed"),
        pytest.param(dropped, "runs/2026/000003.jsonl", id="dropped"),
        pytest.param(begun_later, "runs/2026/000002.jsonl", id="first dropped"),
        pytest.param(renamed, "runs/2026/x.jsonl", id="renamed"),
    ],
)
def test_a_record_that_was_touched_is_found(harm: Callable[[list[tuple[str, bytes]]], None], where: str) -> None:
    """
    Any record that was changed, dropped or renamed shows, and where.
    """
    files = chain(4)
    harm(files)

    assert [fault.path for fault in verify_chain(decoded(files))] == [where]


def test_the_head_vouches_for_the_last_record() -> None:
    """
    The last record, which no other names, is checked against the head.
    """
    files = chain(3)

    assert [fault.path for fault in verify_chain(decoded(files[:2]), last=digest_bytes(files[2][1]))] == [
        "head.json"
    ]


def test_first_record_has_none_before_it() -> None:
    """
    A first record that names another is no beginning.
    """
    (fault,) = verify_chain(decoded([("runs/2026/000001.jsonl", record(header(1, "sha256:1")))]))

    assert (fault.path, fault.message) == (
        "runs/2026/000001.jsonl",
        "names sha256:1 as the one before it, but it is the first",
    )


def test_record_that_was_put_in_is_told_as_that() -> None:
    """
    Where a record names one that is there, and not the one before it, something stands between.
    """
    files = chain(3)
    files.insert(2, ("runs/2026/000002.jsonl", record(header(2, digest_bytes(files[0][1])))))

    assert "records were reordered, or one was put in" in str(verify_chain(decoded(files)))
