"""
`reconciler export`: what was read, what is missing, and the exit code.
"""

from pathlib import Path

import pytest

from reconciler.files.exports import read_export
from tests.cli.conftest import ROOT, Desk

PRINTED = ROOT / "tests" / "data" / "ibmcloud"
AT = ("--fetched-at", "2026-11-20T07:00:00Z")


@pytest.mark.parametrize("form", ["api", "cli"])
def test_export_says_what_was_read(desk: Desk, form: str) -> None:
    """
    Users by state, groups and memberships are counted, and notes say what was left out.
    """
    told = desk.run("export", "ibmcloud", "--from", str(PRINTED / form), *AT)
    counts = read_export(desk.export).manifest.counts

    assert told.code == 0
    assert f"users        {counts.users} (" in told.out
    assert f"groups       {counts.groups}\n" in told.out
    assert f"memberships  {counts.memberships}\n" in told.out
    assert "active, 3 invited" in told.out
    assert "note: " in told.out
    assert told.err == ""


def test_incomplete_export_is_written_and_named(desk: Desk) -> None:
    """
    Each gap is named, exit code 1 says that it is partial, and nothing will be removed on it.
    """
    files = sorted((PRINTED / "api").glob("users-*.json"))
    told = desk.run("export", "ibmcloud", "--from", *map(str, files), *AT)

    assert told.code == 1
    assert "missing: no access groups were given" in told.out
    assert "nobody and nothing removed" in told.err
    assert not read_export(desk.export).manifest.complete


def test_from_may_be_repeated_and_take_several(desk: Desk) -> None:
    """
    It does not matter how the files are named on the command line.
    """
    first, *others = (str(path) for path in sorted((PRINTED / "api").iterdir()))
    several = desk.run("export", "ibmcloud", "--from", first, *others, *AT)
    once = (desk.export / "manifest.json").read_bytes()
    repeated = desk.run(
        "export", "ibmcloud", *(word for path in (first, *others) for word in ("--from", path)), *AT
    )

    assert several == repeated
    assert (desk.export / "manifest.json").read_bytes() == once


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(("okta", "--from", "."), 2, "one of: ibmcloud", id="source"),
        pytest.param(("ibmcloud",), 2, "--from PATH", id="no files"),
        pytest.param(("ibmcloud", "--from", "nowhere"), 1, "nowhere", id="missing file"),
        pytest.param(("ibmcloud", "--from", str(PRINTED / "api"), "--fetched-at", "noon"), 2, "noon", id="no time"),
        pytest.param(("ibmcloud", "--from", str(PRINTED / "api"), "--account", "other"), 1, "other", id="account"),
    ],
)
def test_wrong_input_writes_nothing(desk: Desk, arguments: tuple[str, ...], code: int, words: str) -> None:
    """
    Where the command cannot work it says why, and the export before stays as it was.
    """
    told = desk.run("export", *arguments)

    assert told.code == code
    assert words in told.err
    assert desk.git("status", "--porcelain") == ""


def test_broken_file_is_named_with_its_place(desk: Desk, tmp_path: Path) -> None:
    """
    A page that is HTML is refused by its name, and nothing is written.
    """
    (tmp_path / "users.json").write_text("<html>Sign in</html>")
    told = desk.run("export", "ibmcloud", "--from", str(tmp_path), *AT)

    assert told.code == 1
    assert "users.json" in told.err
    assert desk.git("status", "--porcelain") == ""
