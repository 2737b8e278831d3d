"""
The ledger as files: what a run records is what the next one loads, in as few files as possible.
"""

import random
from collections.abc import Iterator, Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from reconciler.core.ledger import (
    Absent,
    Claim,
    CreateIntent,
    Head,
    Hold,
    Intent,
    Last,
    Ledger,
    LedgerRow,
    Names,
    RunChange,
    RunClaim,
    RunHeader,
)
from reconciler.core.model import Inputs
from reconciler.core.runs import decode_runs
from reconciler.errors import LedgerError
from reconciler.files.ledger import decode_ledger, open_ledger
from reconciler.files.new_ledger import encode_delta, encode_run, run_path
from reconciler.files.tally import tally

EMPTY = decode_ledger([], target="openpages")
HEAD = Head(version=1, lineage="l1", target="openpages", serial=1)
ANN = LedgerRow(key="ann", link="7", names=Names(present="ann@example.com"))
BOB = LedgerRow(key="bob", link="8", claims={"locale": Claim(owner="admin", saw="de_DE", wrote="en_US", run=3)})

Rows = Mapping[str, LedgerRow | None]


def rows(count: int) -> dict[str, LedgerRow | None]:
    """
    Return so many rows by key.
    """
    return {f"id-{number}": LedgerRow(key=f"id-{number}", link=str(number)) for number in range(count)}


def written(users: Rows, groups: Rows | None = None) -> tuple[Ledger, dict[str, bytes]]:
    """
    Return a ledger of the rows, with all its files.
    """
    ledger, files = encode_delta(EMPTY, HEAD, users, groups or {})
    return ledger, {path: content for path, content in files.items() if content is not None}


def refused(files: Mapping[str, bytes]) -> str:
    """
    Return what is said of a broken ledger.
    """
    with pytest.raises(LedgerError) as caught:
        decode_ledger(files.items(), target="openpages")
    return caught.value.message


def test_no_files_are_a_ledger_that_no_run_has_written() -> None:
    """
    The first run finds nothing, and that is no fault.
    """
    assert Ledger(Head(version=1, lineage="", target="openpages", serial=0), {}, {}) == EMPTY


def test_the_first_run_writes_head_and_rows() -> None:
    """
    One file a kind, and the head.
    """
    ledger, files = written({"ann": ANN, "bob": BOB}, {"g": LedgerRow(key="g", link="1")})

    assert list(files) == ["groups.jsonl", "head.json", "users.jsonl"]
    assert files["users.jsonl"] == (
        b'{"key":"ann","link":"7","names":{"present":"ann@example.com"}}\n'
        b'{"claims":{"locale":{"owner":"admin","run":3,"saw":"de_DE","wrote":"en_US"}},"key":"bob","link":"8"}\n'
    )
    assert decode_ledger(files.items(), target="openpages") == ledger


TEXTS = st.text(max_size=6)
SETS = st.lists(TEXTS, max_size=3).map(lambda values: tuple(sorted(set(values))))
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS | SETS
FIELDS = st.dictionaries(TEXTS, VALUES, max_size=2)
INTENTS = st.builds(Intent, value=VALUES, replaces=VALUES, at=TEXTS, run=st.integers(0, 9))
CLAIMS = st.builds(
    Claim,
    owner=st.sampled_from([None, "git", "admin"]),
    saw=VALUES,
    wrote=VALUES,
    intents=st.lists(INTENTS, max_size=2).map(tuple),
    override=TEXTS,
)
KEYS = st.sampled_from(["a", "b", "c", "é", "zz"])
LEDGER_ROWS = st.builds(
    LedgerRow,
    key=KEYS,
    link=st.none() | TEXTS,
    claims=st.dictionaries(TEXTS, CLAIMS, max_size=2),
    last=st.none() | st.builds(Last, fields=FIELDS, wrote=FIELDS, groups=SETS),
    holds=st.lists(st.builds(Hold, id=TEXTS, since=TEXTS, run=st.integers(0, 9)), max_size=2).map(tuple),
)
BY_KEY = st.lists(LEDGER_ROWS, max_size=5).map(lambda found: {row.key: row for row in found})
CHANGES = BY_KEY.flatmap(lambda found: st.sets(KEYS).map(lambda gone: {**found, **dict.fromkeys(gone)}))


@given(first=BY_KEY, users=CHANGES, groups=CHANGES)
def test_a_ledger_and_its_changes_are_read_back(first: Rows, users: Rows, groups: Rows) -> None:
    """
    The files of the first run with those of the second over them are the ledger after the second.
    """
    ledger, files = encode_delta(EMPTY, HEAD, first, first)
    after, changed = encode_delta(ledger, msgspec.structs.replace(HEAD, serial=2), users, groups)
    there = {path: content for path, content in (files | changed).items() if content is not None}

    assert decode_ledger(there.items(), target="openpages") == after


@given(users=BY_KEY, seed=st.integers())
def test_same_rows_same_files(users: dict[str, LedgerRow | None], seed: int) -> None:
    """
    The order in which rows are recorded decides nothing (law 8).
    """
    shuffled = dict(random.Random(seed).sample(sorted(users.items()), len(users)))

    assert list(encode_delta(EMPTY, HEAD, shuffled, {})[1].items()) == list(
        encode_delta(EMPTY, HEAD, users, {})[1].items()
    )


def test_only_what_changed_is_written() -> None:
    """
    A run that changed one user of thousands writes that user's file and the head, and nothing else.
    """
    ledger, _ = written(rows(2_000))
    row = LedgerRow(key="id-7", link="new")

    _, changed = encode_delta(ledger, ledger.head, {"id-7": row, "id-8": ledger.users["id-8"]}, {})

    head, content = changed.values()

    assert (len(changed), head) == (2, changed["head.json"])
    assert content is not None
    assert b'"key":"id-7","link":"new"' in content


def test_true_and_one_are_two_values() -> None:
    """
    To Python they are equal; a ledger that took them so would not record what an administrator set.
    """
    ledger, _ = written({"ann": LedgerRow(key="ann", claims={"locked": Claim(owner="git", saw=True)})})
    row = LedgerRow(key="ann", claims={"locked": Claim(owner="git", saw=1)})

    _, changed = encode_delta(ledger, ledger.head, {"ann": row}, {})

    assert list(changed) == ["head.json", "users.jsonl"]


def test_nothing_new_is_no_file() -> None:
    """
    A run that learned nothing changes no byte.
    """
    ledger, _ = written({"ann": ANN})

    assert encode_delta(ledger, ledger.head, {"ann": ANN, "bob": None}, {}) == (ledger, {})


@pytest.mark.parametrize("row", [None, LedgerRow(key="ann")], ids=["removed", "empty"])
def test_a_row_that_says_nothing_goes(row: LedgerRow | None) -> None:
    """
    Rows exist for what we manage; a file without rows goes too.
    """
    ledger, _ = written({"ann": ANN})

    after, changed = encode_delta(ledger, ledger.head, {"ann": row}, {})

    assert after.users == {}
    assert (list(changed), changed["users.jsonl"]) == (["head.json", "users.jsonl"], None)


@pytest.mark.parametrize("count", [3, 2_000], ids=["one file", "shards"])
def test_digest_of_the_rows_follows_every_commit(count: int) -> None:
    """
    However the files came to be what they are, in one commit or in many, they have the same digest.
    """
    ledger, files = written(rows(count))
    after, changed = encode_delta(ledger, ledger.head, {"id-1": None, "id-2": LedgerRow(key="id-2", link="n")}, {})
    now = {path: content for path, content in {**files, **changed}.items() if content is not None}

    assert after.head.rows == tally({path: content for path, content in now.items() if path != "head.json"})
    assert decode_ledger(now.items(), target="openpages") == after


FULL = LedgerRow(
    key="full",
    link="9",
    names=Names(present="n", previous=("m",)),
    claims={"locale": Claim(owner="git", saw="x", wrote="x", since="2026-01-01T00:00:00Z", run=1)},
    intent=CreateIntent(name="n", external_id="full", at="2026-01-01T00:00:00Z", run=2),
    last=Last(fields={"a": 1}, groups=("g",)),
    policy="p",
    holds=(Hold(id="h", since="2026-01-01T00:00:00Z", run=2),),
    absent=Absent(since="2026-01-01T00:00:00Z", exports=1, fetched_at="2026-01-01T00:00:00Z"),
    tombstones=("7",),
    seen="2026-01-02T00:00:00Z",
)


def test_ledger_that_its_digest_proves_is_read_as_any_other() -> None:
    """
    What is decoded without a look at its form, and with claims shared among rows, is what a careful reader reads.
    """
    twin = structs.replace(FULL, key="twin", link="10")
    ledger, files = written({"full": FULL, "twin": twin, "ann": ANN})

    def read(*paths: str) -> Iterator[tuple[str, bytes]]:
        return ((path, files[path]) for path in sorted(files) if not paths or path in paths)

    assert all(getattr(FULL, name) != getattr(LedgerRow(key=""), name) for name in LedgerRow.__struct_fields__)
    assert open_ledger(read, files, target="openpages").whole() == ledger


def test_another_depth_replaces_every_file_of_its_kind() -> None:
    """
    Beyond 1,000 rows of users their one file goes and the shards come, and the head says so; groups stay.
    """
    ledger, files = written(rows(1_000), {"g": LedgerRow(key="g", link="1")})

    after, changed = encode_delta(ledger, ledger.head, {"ann": ANN}, {})

    assert (ledger.head.depth, after.head.depth, after.head.groups_depth) == (0, 1, 0)
    assert [path for path, content in changed.items() if content is None] == ["users.jsonl"]
    there = {path: content for path, content in {**files, **changed}.items() if content is not None}
    assert decode_ledger(there.items(), target="openpages") == after


def test_the_records_of_runs_are_passed_over() -> None:
    """
    Loading the ledger does not read its history.
    """
    ledger, files = written({"ann": ANN})

    assert decode_ledger({**files, "runs/2026/000001.jsonl": b"?"}.items(), target="openpages") == ledger


_, SOUND = written({"ann": ANN, "bob": BOB})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {"head.json": SOUND["head.json"].replace(b'"version": 1', b'"version": 2,\n  "wings": 2')},
            "head.json: version 2 is made by a newer reconciler; this one reads version 1",
            id="newer format",
        ),
        pytest.param(
            {"head.json": SOUND["head.json"].replace(b"openpages", b"baw")},
            "head.json: this is the ledger of target 'baw', not of 'openpages'",
            id="another target's",
        ),
        pytest.param({"head.json": b"{"}, "head.json: Input data was truncated", id="head cut off"),
        pytest.param(
            {"users.jsonl": SOUND["users.jsonl"].replace(b'"admin"', b'"adm"')},
            "users.jsonl:2: Invalid enum value 'adm' - at `$.claims[...].owner`",
            id="unknown owner",
        ),
        pytest.param(
            {"users.jsonl": SOUND["users.jsonl"].replace(b'"run":3', b'"ran":3')},
            'users.jsonl:2: not canonical from column 39: \'ran":3,"saw":"de_DE","wr\' where '
            '\'saw":"de_DE","wrote":"en\' should stand',
            id="unknown field deep inside",
        ),
        pytest.param(
            {"users/ab.jsonl": b""}, "users/ab.jsonl: is no file of this ledger, whose depth is 0", id="other depth"
        ),
        pytest.param(
            {"groups.jsonl": b'{"key":"Traders"}\n'},
            "groups.jsonl:1: the row of 'Traders' says nothing",
            id="row that says nothing",
        ),
        pytest.param({"notes.txt": b""}, "notes.txt: is no file of a ledger", id="stray file"),
    ],
)
def test_a_broken_ledger_is_refused_with_its_place(change: dict[str, bytes], expected: str) -> None:
    """
    A ledger that cannot be trusted decides nothing, and says where it is broken.
    """
    assert refused(SOUND | change) == expected


def test_rows_without_a_head_are_no_ledger() -> None:
    """
    A lost head is not a first run.
    """
    assert refused({"users.jsonl": SOUND["users.jsonl"]}) == "head.json: is missing, but rows are there"


HEADER = RunHeader(
    run=7,
    time="2026-11-22T10:00:00Z",
    scope="all",
    who="ann",
    tool="reconciler 0.1.0",
    inputs=Inputs(export="sha256:1"),
    plan="sha256:2",
    approval="",
    previous="sha256:3",
)
CHANGE = RunChange(
    id="c1",
    action="update",
    kind="user",
    key="ann",
    name="ann@example.com",
    before={"last_name": "Lee"},
    after={"last_name": "Poe"},
    because={"last_name": "state/exports/ibmcloud/users.jsonl:1"},
    outcome="landed",
    version="9",
)
CLAIM = RunClaim(
    kind="user",
    key="ann",
    name="ann@example.com",
    field="locale",
    owner="admin",
    was="git",
    value="de_DE",
    row=16,
    text="x",
)


def test_a_run_is_filed_by_year_and_serial() -> None:
    """
    The year keeps folders short; six digits keep them sorted.
    """
    assert run_path("2026-11-22T10:00:00Z", 42) == "runs/2026/000042.jsonl"


def test_the_record_of_a_run_is_read_back() -> None:
    """
    Header first, then what was done in the order in which it was done.
    """
    content = encode_run(HEADER, [CLAIM, CHANGE])

    (run,) = decode_runs([("runs/2026/000007.jsonl", content, None)])

    assert (run.header, run.claims, run.changes) == (HEADER, (CLAIM,), (CHANGE,))
    assert content.count(b"\n") == 3
