"""
The journal: whole or not there, private, and never taken for what it is not.
"""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.ledger import Claim, Head, Intent, Last, LedgerRow, Names
from reconciler.errors import LedgerError
from reconciler.files.journal import Journal, drop_journal, journal_path, read_journal, write_journal

ROW = LedgerRow(
    key="ann",
    link="17",
    names=Names(present="Ann", previous=("Änn",)),
    claims={
        "locale": Claim(owner="admin", saw="de_DE", wrote="en_US", since="2026-11-22T12:00:00Z", run=4),
        "profiles": Claim(
            intents=(Intent(value=("A", "B"), replaces=None, at="2026-11-22T12:00:00Z", run=4),), saw=(), wrote=True
        ),
    },
    last=Last(fields={"locked": False, "level": 3, "roles": ("Viewer",)}, groups=("g1",)),
)
JOURNAL = Journal(
    version=1,
    target="openpages",
    run=4,
    head=Head(
        version=1,
        lineage="l-1",
        target="openpages",
        serial=4,
        removed_24h={"users": (("2026-11-20T08:00:00Z", 2),)},
    ),
    users={"ann": ROW, "gone": None},
    groups={},
    run_path="runs/2026/000004.jsonl",
    run_file=b'{"type":"run"}\n\xff',
    message="Record run 4\n",
    parent="0" * 40,
)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """
    Rows to set, rows to remove, head and the run's own bytes come back as they were.
    """
    path = write_journal(tmp_path, JOURNAL)

    assert read_journal(tmp_path, "openpages") == JOURNAL
    assert path == tmp_path / ".reconciler" / "journal" / "openpages.json"


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """
    The file is its owner's alone from the first byte on, and so is its folder.
    """
    path = write_journal(tmp_path, JOURNAL)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_same_journal_same_bytes(tmp_path: Path) -> None:
    """
    Writing it again changes nothing, and leaves nothing else in the folder.
    """
    path = write_journal(tmp_path, JOURNAL)
    first = path.read_bytes()
    write_journal(tmp_path, JOURNAL)

    assert path.read_bytes() == first
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_run_left_half_written_is_taken_up(tmp_path: Path) -> None:
    """
    A half file beside the journal is neither read nor in the way of the next one.
    """
    path = journal_path(tmp_path, "openpages")
    path.parent.mkdir(parents=True)
    path.with_name(".openpages.json.new").write_bytes(b'{"vers')

    assert read_journal(tmp_path, "openpages") is None
    assert list(write_journal(tmp_path, JOURNAL).parent.iterdir()) == [path]


def test_a_dropped_journal_is_gone(tmp_path: Path) -> None:
    """
    Dropping removes it; dropping what is not there is fine.
    """
    write_journal(tmp_path, JOURNAL)
    drop_journal(tmp_path, "openpages")
    drop_journal(tmp_path, "openpages")

    assert read_journal(tmp_path, "openpages") is None


@pytest.mark.parametrize("target", ["", "..", ".hidden", "a/b", "a\nb", "é", "-x", "a" * 101])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, target: str) -> None:
    """
    A target's name cannot lead the journal out of its folder.
    """
    with pytest.raises(LedgerError, match="cannot name a journal"):
        read_journal(tmp_path, target)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "no journal can be read here", id="empty"),
        pytest.param(b'{"version":1', "no journal can be read here", id="cut off"),
        pytest.param(b'{"version":1}', "no journal can be read here", id="incomplete"),
        pytest.param(b'{"version":1,"target":"\xff"}', "no journal can be read here", id="not UTF-8"),
        pytest.param(b'{"version":2,"news":{}}', r"format 2 is newer .* \(1\)", id="newer"),
    ],
)
def test_a_journal_that_cannot_be_read_is_kept_and_named(tmp_path: Path, content: bytes, why: str) -> None:
    """
    A broken or newer journal is an error with its path, never an absent one, and stays where it is.
    """
    path = write_journal(tmp_path, JOURNAL)
    path.write_bytes(content)

    with pytest.raises(LedgerError, match=f"openpages.json: .*{why}") as raised:
        read_journal(tmp_path, "openpages")

    assert raised.value.hint
    assert path.read_bytes() == content


def test_another_targets_journal_is_refused(tmp_path: Path) -> None:
    """
    A journal that was renamed to another target's is not laid over that target's ledger.
    """
    write_journal(tmp_path, JOURNAL).rename(journal_path(tmp_path, "other"))

    with pytest.raises(LedgerError, match="is the journal of 'openpages', not of 'other'"):
        read_journal(tmp_path, "other")


@pytest.mark.parametrize(
    ("use", "why"),
    [
        pytest.param(lambda folder: write_journal(folder, JOURNAL), "cannot be written", id="write"),
        pytest.param(lambda folder: read_journal(folder, "openpages"), "cannot be read", id="read"),
    ],
)
def test_a_folder_that_is_in_the_way_is_named(tmp_path: Path, use: Callable[[Path], object], why: str) -> None:
    """
    Where the journal's folder cannot be used, the error says which path and why.
    """
    (tmp_path / ".reconciler").write_text("a file\n")

    with pytest.raises(LedgerError, match=f"openpages.json: the journal {why}: "):
        use(tmp_path)
