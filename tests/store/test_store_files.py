"""
The ledger's copy in the work tree: refused where somebody changed it, healed where a run was killed.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.errors import StoreError
from reconciler.store import GitStore
from reconciler.store_git import Git

if TYPE_CHECKING:
    from tests.store.conftest import Repository


def edited(repo: "Repository") -> None:
    """
    Change a file of the ledger.
    """
    (repo.ledger / "users.jsonl").write_text("mine\n")


def staged(repo: "Repository") -> None:
    """
    Stage a change to the ledger and put the file back.
    """
    edited(repo)
    repo.git("add", ".")
    (repo.ledger / "users.jsonl").write_bytes(repo.rows["users.jsonl"])


def linked(repo: "Repository") -> None:
    """
    Replace a file of the ledger by a symbolic link.
    """
    (repo.ledger / "users.jsonl").unlink()
    (repo.ledger / "users.jsonl").symlink_to(repo.folder / "notes.txt")


def begun(repo: "Repository") -> None:
    """
    Begin a file that the next commit is to add.
    """
    (repo.ledger / "groups.jsonl").write_text("mine\n")


@pytest.mark.parametrize("work", [edited, staged, linked, begun])
def test_a_ledger_changed_by_hand_is_refused_before_anything_is_written(
    repo: "Repository", work: Callable[["Repository"], None]
) -> None:
    """
    Somebody's change to the ledger's files is neither committed nor overwritten.
    """
    store = repo.store()
    repo.record(store, repo.rows | {"old.jsonl": b"1\n"})
    parent = repo.record(store, {"old.jsonl": b"2\n"})
    work(repo)
    before = repo.status(), repo.git("diff", "HEAD"), repo.git("rev-parse", "HEAD")

    with pytest.raises(StoreError, match="changed by hand: state/ledger/sql/") as raised:
        store.commit({"head.json": b"2\n", "groups.jsonl": b"1\n"}, "x", parent=parent)

    assert "git checkout HEAD -- state/ledger/sql/" in raised.value.hint
    assert (repo.status(), repo.git("diff", "HEAD"), repo.git("rev-parse", "HEAD")) == before


def test_a_ledger_behind_a_link_is_refused(repo: "Repository") -> None:
    """
    Where a folder of the ledger's path is a symbolic link, nothing is written through it.
    """
    outside = repo.beside("outside").folder
    outside.mkdir()
    (repo.folder / "state").symlink_to(outside)

    with pytest.raises(StoreError, match="symbolic link"):
        repo.record(repo.store())

    assert list(outside.iterdir()) == []


def test_a_ledger_that_became_a_link_is_refused(repo: "Repository") -> None:
    """
    Where the ledger's folder itself was replaced by a link, its files are not healed through it.
    """
    store = repo.store()
    repo.record(store)
    repo.ledger.rename(repo.beside("outside").folder)
    repo.ledger.symlink_to(repo.beside("outside").folder)
    (repo.ledger / "head.json").unlink()

    with pytest.raises(StoreError, match="symbolic link"):
        store.heal()

    assert not (repo.ledger / "head.json").exists()


def test_a_file_of_nobodys_in_the_ledgers_folder_is_left_alone(repo: "Repository") -> None:
    """
    A file that the ledger neither has nor writes is no reason to refuse.
    """
    store = repo.store()
    repo.record(store)
    (repo.ledger / "todo.txt").write_text("mine\n")
    repo.record(store, {"head.json": b"2\n"})

    assert repo.status() == f"?? {repo.root}/todo.txt"


NEXT: Mapping[str, bytes | None] = {"users.jsonl": None, "groups.jsonl": b"new\n", "head.json": b'{"serial":2}\n'}


def killed_before_any_file(repo: "Repository") -> None:
    """
    Leave what a run leaves that is killed right after the ref moved.
    """


def killed_between_two_files(repo: "Repository") -> None:
    """
    Leave what a run leaves that is killed while it writes the files.
    """
    (repo.ledger / "users.jsonl").unlink()
    (repo.ledger / ".head.json.new").write_bytes(b'{"ser')


def killed_before_the_index(repo: "Repository") -> None:
    """
    Leave what a run leaves that is killed after the last file.
    """
    killed_between_two_files(repo)
    (repo.ledger / ".head.json.new").unlink()
    (repo.ledger / "groups.jsonl").write_bytes(b"new\n")
    (repo.ledger / "head.json").write_bytes(b'{"serial":2}\n')


@pytest.mark.parametrize("crash", [killed_before_any_file, killed_between_two_files, killed_before_the_index])
@pytest.mark.parametrize("then", ["heal", "commit", "user commits first"])
def test_a_run_killed_after_the_ref_moved_is_made_up_for(
    repo: "Repository", crash: Callable[["Repository"], None], then: str
) -> None:
    """
    Whatever of files and index a killed run did not reach is written by the next, which then finds all in step.
    """
    store = repo.store()
    repo.record(store)
    crashed(store, repo, crash)
    if then == "user commits first":
        repo.git("commit", "--quiet", "--allow-empty", "--only", "-m", "Other work")
    if then == "commit":
        repo.record(store, {"runs/2026/2.jsonl": b"{}\n"})
    store.heal()

    assert repo.status() == ""
    assert (repo.ledger / "head.json").read_bytes() == b'{"serial":2}\n'
    assert not (repo.ledger / "users.jsonl").exists()


def crashed(store: GitStore, repo: "Repository", crash: Callable[["Repository"], None]) -> None:
    """
    Commit NEXT, then put work tree and index back to where `crash` leaves them.
    """
    before = store.revision()
    repo.record(store, NEXT)
    repo.git("reset", "--quiet", "--hard", before)
    repo.git("update-ref", "HEAD", "HEAD@{1}")
    crash(repo)


def test_a_crash_does_not_hide_somebodys_change(repo: "Repository") -> None:
    """
    After a crash, too, a file that equals neither state of the ledger is refused, and nothing is healed.
    """
    store = repo.store()
    repo.record(store)
    crashed(store, repo, killed_before_any_file)
    (repo.ledger / "users.jsonl").write_text("mine\n")

    with pytest.raises(StoreError, match=r"changed by hand: state/ledger/sql/users.jsonl$"):
        store.heal()

    assert (repo.ledger / "head.json").read_bytes() == repo.rows["head.json"]


def test_a_stale_lock_is_named(repo: "Repository", monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A lock that a dead Git left is named with the way out, and nothing is committed.
    """
    monkeypatch.setattr("reconciler.store_files.LOCK_WAIT", 0.0)
    (repo.folder / ".git" / "index.lock").touch()

    with pytest.raises(StoreError, match=r"index\.lock") as raised:
        repo.record(repo.store())

    assert "remove that file" in raised.value.hint
    assert repo.git("rev-list", "--count", "HEAD") == "1"


def test_a_lock_taken_after_the_commit_is_told_and_healed(
    repo: "Repository", monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where another Git holds the index just when ours is to be written, the commit stands and the next run heals.
    """
    monkeypatch.setattr("reconciler.store_files.LOCK_WAIT", 0.0)
    lock = repo.folder / ".git" / "index.lock"

    def locked() -> datetime:
        lock.touch()
        return repo.noon

    store = repo.store(now=locked)

    with pytest.raises(StoreError, match=r"index\.lock"):
        repo.record(store)
    lock.unlink()
    repo.store().heal()

    assert repo.status() == ""
    assert dict(store.read("")) == repo.rows


def test_a_disk_that_refuses_is_told_and_healed(repo: "Repository") -> None:
    """
    Where a file cannot be written after the commit, the error says that the commit stands.
    """
    store = repo.store()
    repo.ledger.mkdir(parents=True)
    (repo.ledger / "runs").write_text("in the way\n")

    with pytest.raises(StoreError, match=r"is committed as [0-9a-f]{40}, but .* cannot be written"):
        repo.record(store)
    (repo.ledger / "runs").unlink()
    store.heal()

    assert repo.status() == ""


class GitAmongOthers(Git, frozen=True):
    """
    Git in a folder in which somebody else does something just before it is asked what changed.
    """

    meanwhile: list[Callable[[], None]]

    def changed(self, paths: Iterable[str]) -> set[str]:
        """
        Return what changed, once the next of the others is done.
        """
        if self.meanwhile:
            self.meanwhile.pop()()
        return super().changed(paths)


def test_another_run_that_commits_while_files_are_healed_is_no_change_by_hand(repo: "Repository") -> None:
    """
    Where its files are newer than the commit that was looked at, there is a newer commit to look at.
    """
    repo.record(repo.store())

    def half_committed() -> None:
        repo.record(repo.store(), {"head.json": b"2"})
        repo.git("reset", "--quiet", "HEAD~1", "--", f"{repo.root}/head.json")

    store = replace(repo.store(), git=GitAmongOthers(folder=repo.folder, meanwhile=[half_committed]))
    store.heal()

    assert (repo.status(), (repo.ledger / "head.json").read_bytes()) == ("", b"2")
