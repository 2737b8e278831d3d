"""
The ledger's branch at a remote: followed, pushed by compare-and-set, and made good after others came first.
"""

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import OvertakenError, StoreError
from reconciler.store_remote import ATTEMPTS

if TYPE_CHECKING:
    from tests.store.conftest import Repository

OTHER = "state/ledger/another"


@pytest.fixture
def remote(repo: "Repository") -> "Repository":
    """
    Return a bare repository that is `repo`'s origin and has its `main`.
    """
    bare = repo.beside("bare.git")
    repo.git("init", "--quiet", "--template=", "--bare", "--initial-branch=main", str(bare.folder))
    repo.git("remote", "add", "origin", f"file://{bare.folder}")
    repo.git("push", "--quiet", "origin", "main")
    return bare


@pytest.fixture
def clone(repo: "Repository", remote: "Repository") -> "Repository":
    """
    Return another clone of the remote, once `repo` has published a ledger on a branch of its own.
    """
    store = repo.store(branch="ledger")
    repo.record(store)
    store.push()
    return cloned(remote, "clone")


def cloned(remote: "Repository", name: str, *options: str) -> "Repository":
    """
    Return a clone of `main` alone, as a job of a workflow makes it.
    """
    made = remote.beside(name)
    remote.git("clone", "--quiet", "--single-branch", *options, f"file://{remote.folder}", str(made.folder))
    return made


def commits(place: "Repository", ref: str = "ledger") -> list[str]:
    """
    Return the subjects of a branch, the latest first.
    """
    return place.git("log", "--format=%s", ref).split("\n")


def test_a_fresh_clone_finds_the_ledger_without_a_checkout(clone: "Repository") -> None:
    """
    Where the ledger's branch is only at the remote it is fetched, and neither work tree nor HEAD knows of it.
    """
    store = clone.store(branch="ledger")
    store.follow(published=False)

    assert dict(store.read()) == clone.rows
    assert clone.status() == ""
    assert clone.git("symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_shallow_clone_gets_the_last_commit_and_can_push_onto_it(
    clone: "Repository", remote: "Repository"
) -> None:
    """
    A clone without history fetches no history of the ledger either, and what it records is published.
    """
    del clone
    shallow = cloned(remote, "shallow", "--depth=1")
    store = shallow.store(branch="ledger")
    store.follow(published=True)
    shallow.record(store, {"users.jsonl": b"2\n"})
    store.push()

    assert commits(remote) == ["Record run 1", "Record run 1"]
    assert remote.git("show", f"ledger:{shallow.root}/users.jsonl") == "2"


def test_history_that_a_shallow_clone_lacks_is_fetched_for_who_asks(
    repo: "Repository", clone: "Repository", remote: "Repository"
) -> None:
    """
    `deepen` says whether it had to fetch older commits; then every record has the commit that added it.
    """
    del clone
    store = repo.store(branch="ledger")
    repo.record(store, {"runs/2026/2.jsonl": b"{}\n"})
    store.push()
    shallow = cloned(remote, "shallow", "--depth=1").store(branch="ledger")
    shallow.follow(published=True)
    before = shallow.added("runs")

    assert before == {}
    assert (shallow.deepen(), shallow.deepen()) == (True, False)
    assert sorted(shallow.added("runs")) == ["runs/2026/1.jsonl", "runs/2026/2.jsonl"]


def test_a_ledger_that_moved_on_at_the_remote_is_followed(repo: "Repository", clone: "Repository") -> None:
    """
    A published ledger is read as the remote has it, and not as it was when this clone last looked.
    """
    store = clone.store(branch="ledger")
    store.follow(published=True)
    theirs = repo.store(branch="ledger")
    new = repo.record(theirs, {"users.jsonl": b"2\n"})
    theirs.push()
    store.follow(published=True)

    assert store.revision() == new


@pytest.mark.parametrize("published", [True, False])
def test_a_ledger_that_is_ahead_or_private_is_left_as_it_is(clone: "Repository", *, published: bool) -> None:
    """
    What is not pushed yet stays, whether or not runs rely on the remote.
    """
    store = clone.store(branch="ledger")
    store.follow(published=True)
    new = clone.record(store, {"users.jsonl": b"2\n"})
    store.follow(published=published)

    assert store.revision() == new


def test_without_a_remote_nothing_is_followed(repo: "Repository") -> None:
    """
    A repository that has no remote keeps its ledger to itself, without a word.
    """
    store = repo.store(branch="ledger")
    store.follow(published=True)

    assert store.revision() == ""


def test_a_remote_that_cannot_be_reached_is_no_empty_ledger(repo: "Repository") -> None:
    """
    Where nobody answers, a plan must not take a published ledger for none.
    """
    repo.git("remote", "add", "origin", "http://ann:s3cret@127.0.0.1:9/x.git")

    with pytest.raises(StoreError, match="was not fetched from origin: it cannot be reached") as raised:
        repo.store(branch="ledger").follow(published=True)

    assert "s3cret" not in raised.value.message


def test_commits_that_leave_the_ledger_alone_cost_a_push_nothing(
    repo: "Repository", clone: "Repository", remote: "Repository"
) -> None:
    """
    Where another target's run was first, ours goes on top of it, with its message, its author and its time.
    """
    other = repo.store(branch="ledger", root=OTHER)
    repo.record(other, {"users.jsonl": b"theirs\n"})
    other.push()
    store = clone.store(branch="ledger")
    store.follow(published=True)
    clone.git("update-ref", "refs/heads/ledger", "ledger~1")
    message = "Record run 2\n\nRun: 2\nChanges: +1 ~0 -0 held 0\n"
    store.commit({"users.jsonl": b"ours\n", "groups.jsonl": b"x\n"}, message, parent=store.revision())
    store.commit({"groups.jsonl": None}, "Record run 3\n", parent=store.revision())
    store.push()

    assert commits(remote) == ["Record run 3", "Record run 2", "Record run 1", "Record run 1"]
    assert (
        remote.git("log", "-1", "--format=%an|%cI|%B", "ledger~1")
        == f"Reconciler|2026-11-22T12:00:00+00:00|{message}"
    )
    assert remote.git("show", f"ledger:{OTHER}/users.jsonl") == "theirs"
    assert remote.git("show", f"ledger:{clone.root}/users.jsonl") == "ours"
    assert store.paths() == sorted(clone.rows)
    assert store.revision() == remote.git("rev-parse", "ledger")


def test_another_run_of_the_same_ledger_is_never_written_over(repo: "Repository", clone: "Repository") -> None:
    """
    Where the ledger itself has moved on at the remote the push is refused; the next look is at the remote's.
    """
    store = clone.store(branch="ledger")
    store.follow(published=True)
    theirs = repo.store(branch="ledger")
    first = repo.record(theirs, {"users.jsonl": b"theirs\n"})
    theirs.push()
    clone.record(store, {"users.jsonl": b"ours\n"})

    with pytest.raises(OvertakenError, match="the remote has commits that are not here") as raised:
        store.push()

    assert "--resume" in raised.value.hint

    store.follow(published=True)
    assert store.revision() == first


def test_a_human_commit_goes_before_the_record_on_a_branch_that_is_checked_out(
    repo: "Repository", remote: "Repository"
) -> None:
    """
    Somebody who pushes to the branch during a run costs it nothing; their file arrives, ours stay as edited.
    """
    human = cloned(remote, "human")
    (human.folder / "notes.txt").write_text("theirs\n")
    human.git("commit", "--quiet", "--all", "-m", "Human")
    human.git("push", "--quiet")
    (repo.folder / "mine.txt").write_text("mine\n")
    store = repo.store()
    repo.record(store)
    store.push()

    assert commits(remote, "main") == ["Record run 1", "Human", "Begin"]
    assert repo.git("rev-parse", "main") == remote.git("rev-parse", "main")
    assert (repo.folder / "notes.txt").read_text() == "theirs\n"
    assert repo.status() == "?? mine.txt"


def test_own_work_that_is_not_pushed_yet_is_not_moved(repo: "Repository", remote: "Repository") -> None:
    """
    A person's own commit beside the record is not made anew behind their back: they pull, and push again.
    """
    human = cloned(remote, "human")
    human.git("commit", "--quiet", "--allow-empty", "-m", "Human")
    human.git("push", "--quiet")
    (repo.folder / "notes.txt").write_text("mine\n")
    repo.git("commit", "--quiet", "--all", "-m", "Mine")
    store = repo.store()
    repo.record(store)

    with pytest.raises(OvertakenError):
        store.push()

    assert commits(repo, "main") == ["Record run 1", "Mine", "Begin"]


def test_who_always_comes_second_gives_up(repo: "Repository", remote: "Repository") -> None:
    """
    A remote at which somebody else is always first is asked a bounded number of times.
    """
    tried = remote.folder / "tried"
    remote.hook(
        "hooks/pre-receive",
        f"echo x >>{tried}; echo 'cannot lock ref' >&2; exit 1",
    )
    store = repo.store()
    repo.record(store)

    with pytest.raises(StoreError, match="was not pushed"):
        store.push()

    assert tried.read_text().count("x") == ATTEMPTS
