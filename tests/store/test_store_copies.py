"""
What is committed is read from the work tree's copies where these are the same to the byte, and from Git where not.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.effects import EVENT
from reconciler.errors import StoreError
from reconciler.store_copies import contents_of
from reconciler.store_git import Git

if TYPE_CHECKING:
    from tests.store.conftest import Repository

CALLS: list[str] = []
"""What Git has been asked to do."""


@pytest.fixture(scope="module", autouse=True)
def _listener() -> None:
    """
    Note every call of Git; a listener of Python's own events stays for good.
    """

    def note(event: str, details: tuple[object, ...]) -> None:
        if event == EVENT and details[:2] == ("begins", "git"):
            CALLS.append(str(details[2]))

    sys.addaudithook(note)


def edited(copy: Path) -> None:
    """
    Change what the copy holds.
    """
    copy.write_bytes(b"mine\n")


def removed(copy: Path) -> None:
    """
    Remove the copy.
    """
    copy.unlink()


def linked(copy: Path) -> None:
    """
    Put a link to the same content in its place.
    """
    copy.rename(copy.with_name("elsewhere"))
    copy.symlink_to("elsewhere")


def piped(copy: Path) -> None:
    """
    Put a pipe in its place, from which nobody would ever read anything.
    """
    copy.unlink()
    os.mkfifo(copy)


def converted(copy: Path) -> None:
    """
    End its lines as Git's `core.autocrlf` does.
    """
    copy.write_bytes(copy.read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("work", [edited, removed, linked, piped, converted])
def test_committed_is_what_is_read_whatever_the_copy_holds(
    repo: "Repository", work: Callable[[Path], None]
) -> None:
    """
    A copy that is not what the commit has is passed over.
    """
    repo.record(repo.store())
    work(repo.ledger / "users.jsonl")

    assert dict(repo.store().read()) == repo.rows


def test_copy_is_read_where_it_is_the_same(repo: "Repository") -> None:
    """
    For a copy that bears the object's name Git need not have the object.
    """
    repo.record(repo.store())
    lose_objects(repo)

    assert dict(repo.store().read()) == repo.rows


def test_where_all_copies_are_others_git_is_asked_for_the_rest_at_once(
    repo: "Repository", monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A ledger that is not checked out costs two calls of Git, not one for each few files.
    """
    monkeypatch.setattr("reconciler.store_copies._TOGETHER", 2)
    repo.record(repo.store(), {f"{number}.jsonl": f"{number}\n".encode() for number in range(7)})
    for copy in repo.ledger.iterdir():
        copy.unlink()
    git = Git(repo.folder)
    tree = git.tree("HEAD", repo.root)
    CALLS.clear()
    read = b"".join(contents_of(git, tree))

    assert read == b"0\n1\n2\n3\n4\n5\n6\n"
    assert CALLS == ["cat-file", "cat-file"]


def test_what_neither_has_is_an_error(repo: "Repository") -> None:
    """
    A repository that lost an object, and whose copy is another, says so.
    """
    repo.record(repo.store())
    lose_objects(repo)
    edited(repo.ledger / "users.jsonl")

    with pytest.raises(StoreError, match="cannot read object"):
        dict(repo.store().read())


def lose_objects(repo: "Repository") -> None:
    """
    Remove the object of every file of the ledger from the repository.
    """
    for name in Git(repo.folder).tree("HEAD", repo.root).values():
        (repo.folder / ".git" / "objects" / name[:2] / name[2:]).unlink()
