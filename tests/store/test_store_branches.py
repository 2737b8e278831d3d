"""
Which branch the ledger is on, and what happens when somebody else moves it.
"""

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StoreError

if TYPE_CHECKING:
    from tests.store.conftest import Repository


def test_a_branch_of_its_own_touches_no_file(repo: "Repository") -> None:
    """
    A ledger on its own branch begins without a parent and leaves work tree, index and current branch alone.
    """
    (repo.folder / "notes.txt").write_text("changed\n")
    index = (repo.folder / ".git" / "index").read_bytes()
    store = repo.store(branch="ledger")
    new = repo.record(store)

    assert repo.git("rev-list", "ledger") == new
    assert repo.git("rev-list", "--count", "main") == "1"
    assert (repo.folder / ".git" / "index").read_bytes() == index
    assert sorted(path.name for path in repo.folder.iterdir()) == [".git", "notes.txt"]


def test_a_named_branch_that_is_checked_out_keeps_its_work_tree_in_step(repo: "Repository") -> None:
    """
    Naming the branch one stands on is the same as naming none.
    """
    repo.record(repo.store(branch="main"))

    assert repo.status() == ""
    assert (repo.ledger / "head.json").exists()


def test_a_branch_left_meanwhile_is_still_the_ledgers(repo: "Repository") -> None:
    """
    Where the user switches away during a run, the record goes to the branch the run began on, and no file moves.
    """
    store = repo.store()
    repo.git("switch", "--quiet", "--create", "elsewhere")
    new = repo.record(store)

    assert repo.git("rev-parse", "main") == new
    assert repo.status() == ""
    assert not repo.ledger.exists()


def test_the_first_commit_of_a_repository_may_be_the_ledgers(place: "Repository") -> None:
    """
    On a branch without commits the ledger makes the first, and leaves what is staged staged.
    """
    place.git("init", "--quiet")
    (place.folder / "mine.txt").write_text("mine\n")
    place.git("add", "mine.txt")
    place.record(place.store())

    assert place.git("rev-list", "--count", "HEAD") == "1"
    assert place.status() == "A  mine.txt"


def test_a_detached_head_carries_the_ledger(repo: "Repository") -> None:
    """
    Where no branch is checked out, HEAD itself moves on and no branch does.
    """
    repo.git("checkout", "--quiet", "--detach")
    new = repo.record(repo.store())

    assert repo.git("rev-parse", "HEAD") == new
    assert repo.git("rev-list", "--count", "main") == "1"
    assert repo.status() == ""


@pytest.mark.parametrize("branch", ["-x", "a..b", "a b", "x.lock", "@{-1}", "a/", "HEAD^", "refs//x"])
def test_a_branch_that_is_no_plain_name_is_refused(repo: "Repository", branch: str) -> None:
    """
    What the configuration calls a branch reaches Git only if it can be nothing else.
    """
    with pytest.raises(StoreError, match="cannot name a branch"):
        repo.store(branch=branch)


def test_a_linked_work_tree_has_a_ledger_of_its_own(repo: "Repository") -> None:
    """
    In a second work tree of the repository the commit goes to the branch that is checked out there.
    """
    second = repo.beside("second")
    repo.git("worktree", "add", "--quiet", "-b", "second", str(second.folder))
    new = second.record(second.store())

    assert repo.git("rev-parse", "second") == new
    assert second.status() == ""


def test_of_two_commits_on_one_parent_one_loses(repo: "Repository") -> None:
    """
    Who comes second on the same parent is refused and changes nothing.
    """
    store = repo.store()
    parent = store.revision()
    first = store.commit({"users.jsonl": b"first\n"}, "x", parent=parent)

    with pytest.raises(StoreError, match="the ledger has moved") as raised:
        repo.store().commit({"users.jsonl": b"second\n"}, "x", parent=parent)

    assert "--resume" in raised.value.hint
    assert store.revision() == first
    assert (repo.ledger / "users.jsonl").read_bytes() == b"first\n"


def test_a_ref_that_moves_at_the_last_moment_is_not_overwritten(repo: "Repository") -> None:
    """
    The ref is moved by compare-and-set: a commit that slips in after the check still wins.
    """

    def meanwhile() -> datetime:
        repo.git("commit", "--quiet", "--allow-empty", "-m", "Slip in")
        return repo.noon

    store = repo.store(now=meanwhile)

    with pytest.raises(StoreError, match="the ledger has moved"):
        repo.record(store)

    assert repo.git("log", "-1", "--format=%s") == "Slip in"
    assert repo.status() == ""


def test_a_commit_of_the_user_is_no_obstacle(repo: "Repository") -> None:
    """
    Somebody who commits other work during a run costs the run nothing, and loses nothing.
    """
    store = repo.store()
    parent = repo.record(store)
    repo.git("commit", "--quiet", "--allow-empty", "-m", "Other work")
    new = store.commit({"users.jsonl": b"2\n"}, "x", parent=parent)

    assert repo.git("log", "--format=%s").split("\n") == ["x", "Other work", "Record run 1", "Begin"]
    assert store.revision() == new


def test_a_history_that_was_rewritten_is_refused(repo: "Repository") -> None:
    """
    Where the parent is no ancestor any more, the ledger is another one.
    """
    store = repo.store()
    parent = repo.record(store)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")

    with pytest.raises(StoreError, match="the ledger has moved"):
        store.commit({"users.jsonl": b"2\n"}, "x", parent=parent)
