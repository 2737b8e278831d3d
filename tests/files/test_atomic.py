"""
A file is replaced whole or not at all.
"""

import stat
from pathlib import Path

import pytest

from reconciler.files.atomic import PRIVATE, replace_file


@pytest.mark.parametrize("durable", [False, True])
def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path, *, durable: bool) -> None:
    """
    The file holds the new content, its folders are made, and nothing else is left beside it.
    """
    path = tmp_path / "a" / "b" / "file"
    replace_file(path, b"old")
    replace_file(path, b"new", durable=durable)

    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    """
    Who has the old file open reads it to its end: it is replaced, not written over.
    """
    path = tmp_path / "file"
    replace_file(path, b"old")
    with path.open("rb") as reader:
        replace_file(path, b"new")

        assert reader.read() == b"old"


def test_a_private_file_is_private_again_after_a_public_one(tmp_path: Path) -> None:
    """
    The mode is that of the new file, whatever the old one's was.
    """
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_file(path, b"new", mode=PRIVATE)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["file", ".file.new"])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    """
    A link at the file's place, or at that of the half-written one, is replaced and not followed.
    """
    (tmp_path / "elsewhere").write_bytes(b"theirs")
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    replace_file(tmp_path / "file", b"new")

    assert (tmp_path / "elsewhere").read_bytes() == b"theirs"
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    """
    Where the new content cannot be written, the old one is still there.
    """
    path = tmp_path / "file"
    path.write_bytes(b"old")
    (tmp_path / ".file.new").mkdir()

    with pytest.raises(OSError, match=r"\.file\.new"):
        replace_file(path, b"new")

    assert path.read_bytes() == b"old"
