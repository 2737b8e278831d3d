"""
Git's surroundings: environment, damage, history, and the remote.
"""

import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StoreError
from reconciler.store_git import Git, NoRepositoryError

if TYPE_CHECKING:
    from tests.store.conftest import Repository


def test_the_callers_environment_leads_git_nowhere_else(
    repo: "Repository", monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Variables that point Git at another repository, index or set of objects are not passed on.
    """
    other = repo.beside("other")
    other.folder.mkdir()
    other.git("init", "--quiet")
    with monkeypatch.context() as hostile:
        for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
            hostile.setenv(name, str(other.folder / name))
        hostile.setenv("GIT_NAMESPACE", "x")
        hostile.setenv("GIT_SHALLOW_FILE", "/dev/null")
        hostile.setenv("GIT_AUTHOR_NAME", "Mallory")
        hostile.setenv("GIT_COMMITTER_DATE", "2000-01-01T00:00:00Z")
        hostile.setenv("GIT_EXTERNAL_DIFF", "false")
        repo.record(repo.store())

    assert dict(repo.store().read("")) == repo.rows
    assert repo.status() == ""
    assert repo.git("log", "-1", "--format=%an %cI") == "Reconciler 2026-11-22T12:00:00+00:00"
    assert sorted(path.name for path in other.folder.iterdir()) == [".git"]


def test_a_folder_in_no_repository_is_told_apart(place: "Repository") -> None:
    """
    Where there is no repository at all the error has a class of its own and says `git init`.
    """
    with pytest.raises(NoRepositoryError, match="not a git repository") as raised:
        place.store()

    assert "git init" in raised.value.hint


def test_a_repository_of_somebody_else_is_not_taken_for_none(
    repo: "Repository", monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What Git refuses as unsafe is an error with Git's word, never an empty ledger.
    """
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    with pytest.raises(StoreError, match="dubious ownership") as raised:
        repo.store()

    assert not isinstance(raised.value, NoRepositoryError)
    assert "safe.directory" in raised.value.hint


def test_a_bare_repository_has_no_files_to_reconcile(place: "Repository") -> None:
    """
    A bare repository is refused with Git's word and the way out.
    """
    place.git("init", "--quiet", "--bare")

    with pytest.raises(StoreError, match="work tree") as raised:
        place.store()

    assert "clone" in raised.value.hint


def test_a_folder_that_is_not_there_is_an_error(place: "Repository") -> None:
    """
    Git never runs in the caller's folder because the one it was given is missing.
    """
    with pytest.raises(StoreError, match="cannot change to"):
        place.store("missing")


def test_git_that_is_missing_is_named(repo: "Repository", monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without Git on the PATH the error says what to install.
    """
    store = repo.store()
    monkeypatch.setenv("PATH", str(repo))

    with pytest.raises(StoreError, match="cannot be started") as raised:
        store.revision()

    assert "install Git" in raised.value.hint


def test_git_does_not_hear_what_interrupts_us(place: "Repository") -> None:
    """
    Git runs in a session of its own, so that Ctrl-C on our terminal stops no commit half-way.
    """
    tell = f"!{sys.executable} -c 'import os; print(os.getsid(0))'"
    session = Git(place.folder).run("-c", f"alias.tell={tell}", "tell")

    assert int(session) != os.getsid(0)


def test_an_object_that_is_lost_is_named(repo: "Repository") -> None:
    """
    A ledger of which neither object nor copy is there is an error, not an empty or a shorter one.
    """
    store = repo.store()
    repo.record(store)
    name = repo.git("rev-parse", f"HEAD:{repo.root}/users.jsonl")
    (repo.folder / ".git" / "objects" / name[:2] / name[2:]).unlink()
    (repo.ledger / "users.jsonl").unlink()

    with pytest.raises(StoreError, match=f"cannot read object {name}"):
        list(store.read(""))


def test_an_object_that_ends_early_is_no_content(repo: "Repository") -> None:
    """
    A damaged object of which Git gives the beginning is an error, and so is every one that it then never reaches.
    """
    store = repo.store()
    rows = {f"{number}.jsonl": random.Random(number).randbytes(400_000) for number in range(3)}
    repo.record(store, rows)
    name = repo.git("rev-parse", f"HEAD:{repo.root}/1.jsonl")
    damaged = repo.folder / ".git" / "objects" / name[:2] / name[2:]
    content = damaged.read_bytes()
    damaged.chmod(0o644)
    damaged.write_bytes(content[: len(content) // 2])
    for number in rows:
        (repo.ledger / number).unlink()

    with pytest.raises(StoreError, match=f"cannot read object {name}"):
        list(store.read(""))


def test_uncommitted_files_are_listed_as_they_were_asked_for(repo: "Repository") -> None:
    """
    Changed, new, staged and removed files below the paths are listed, relative to the folder that was opened.
    """
    state = repo.folder / "state"
    for name in ("exports/a.jsonl", "exports/b.jsonl", "overrides/c.yaml", "other/d"):
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_text("1\n")
    store = repo.store("state", root="ledger/sql")
    repo.git("add", "state/exports", "state/other")
    repo.git("commit", "--quiet", "-m", "State")
    (state / "exports" / "a.jsonl").write_text("2\n")
    (state / "exports" / "b.jsonl").unlink()

    found = ["exports/a.jsonl", "exports/b.jsonl", "overrides/c.yaml"]

    assert store.uncommitted(["exports", "overrides"]) == found
    assert store.uncommitted([]) == []


def test_each_file_is_known_by_the_commit_that_added_it(repo: "Repository") -> None:
    """
    A record is attributed to the commit that added it, not to one that touched or moved others.
    """
    store = repo.store()
    first = repo.record(store)
    second = repo.record(store, {"runs/2026/2.jsonl": b"2\n", "runs/2026/1.jsonl": b"{} \n"})
    added = store.added("runs")

    assert {path: commit.commit for path, commit in added.items()} == {
        "runs/2026/1.jsonl": first,
        "runs/2026/2.jsonl": second,
    }
    assert added["runs/2026/2.jsonl"].who == "Reconciler <reconciler@localhost>"
    assert added["runs/2026/2.jsonl"].time == "2026-11-22T12:00:00Z"


def test_a_shallow_clone_is_read_and_committed_to(repo: "Repository") -> None:
    """
    A clone of depth 1 holds the ledger and takes commits, and does not attribute old records to its only commit.
    """
    repo.record(repo.store())
    repo.git("commit", "--quiet", "--allow-empty", "-m", "Later")
    clone = repo.beside("clone")
    repo.git("clone", "--quiet", "--depth=1", repo.folder.as_uri(), str(clone.folder))
    store = clone.store()
    new = repo.record(store, {"runs/2026/2.jsonl": b"2\n"})

    assert dict(store.read("")) == repo.rows | {"runs/2026/2.jsonl": b"2\n"}
    assert {path: commit.commit for path, commit in store.added("runs").items()} == {"runs/2026/2.jsonl": new}


@pytest.fixture
def remote(repo: "Repository") -> "Repository":
    """
    Return a bare repository that is `repo`'s origin.
    """
    bare = repo.beside("bare.git")
    repo.git("init", "--quiet", "--template=", "--bare", str(bare.folder))
    repo.git("remote", "add", "origin", str(bare.folder))
    return bare


@pytest.mark.parametrize("branch", [None, "ledger"])
def test_the_ledgers_branch_is_pushed_and_no_other(
    repo: "Repository", remote: "Repository", branch: str | None
) -> None:
    """
    A push publishes the branch of the ledger under its own name and nothing else, without running a hook.
    """
    repo.git("branch", "other")
    repo.hook(".git/hooks/pre-push", "exit 1")
    store = repo.store(branch=branch)
    new = repo.record(store)
    store.push()

    assert remote.git("for-each-ref", "--format=%(refname) %(objectname)") == f"{store.ref} {new}"


def test_the_branchs_own_remote_comes_before_origin(repo: "Repository", remote: "Repository") -> None:
    """
    A branch that follows another remote is pushed there.
    """
    second = repo.beside("second.git")
    repo.git("init", "--quiet", "--bare", str(second.folder))
    repo.git("remote", "add", "second", str(second.folder))
    repo.git("config", "branch.main.remote", "second")
    repo.store().push()

    assert remote.git("for-each-ref") == ""
    assert second.git("for-each-ref") != ""


def test_a_push_that_the_remotes_rules_refuse_is_told_in_the_remotes_word(
    repo: "Repository", remote: "Repository"
) -> None:
    """
    What a remote's hook says reaches the reader, without what a terminal would act on.
    """
    remote.hook("hooks/pre-receive", "printf 'only \\033[31mrobots\\n' >&2; exit 1")

    with pytest.raises(StoreError, match="the remote's rules refuse it") as raised:
        repo.store().push()

    assert "only ?[31mrobots" in raised.value.message
    assert "\033" not in raised.value.message


def test_a_push_never_shows_the_credentials_of_a_url(repo: "Repository") -> None:
    """
    A remote that cannot be reached is named without the user and the token of its address.
    """
    repo.git("remote", "add", "origin", "http://ann:s3cret@127.0.0.1:9/x.git")

    with pytest.raises(StoreError, match="cannot be reached") as raised:
        repo.store().push()

    assert "127.0.0.1:9" in raised.value.message
    assert "s3cret" not in raised.value.message


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        pytest.param((), "no remote origin", id="no-remote"),
        pytest.param(("checkout", "--quiet", "--detach"), "no branch is checked out", id="detached"),
    ],
)
def test_a_push_with_nowhere_to_go_is_an_error(repo: "Repository", prepare: tuple[str, ...], why: str) -> None:
    """
    Without a remote, or without a branch, a push says what is missing.
    """
    if prepare:
        repo.git(*prepare)

    with pytest.raises(StoreError, match=why):
        repo.store().push()
