"""
The ledger in Git, on real repositories: what is committed is read back, and nothing else is touched.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StoreError
from reconciler.store import EmptyStore, GitStore

if TYPE_CHECKING:
    from tests.store.conftest import Repository


def test_what_was_committed_is_read_back_sorted(repo: "Repository") -> None:
    """
    Every file comes back byte by byte, in the order of its path.
    """
    store = repo.store()
    odd = {"users/0a.jsonl": b"\x00\xff\r\nno end", "users/0a/1.jsonl": b"", "a-b": b"x", "a/b": b"y"}
    repo.record(store, repo.rows | odd)

    assert list(store.read("")) == sorted((repo.rows | odd).items())
    assert [path for path, _ in store.read("users")] == ["users/0a.jsonl", "users/0a/1.jsonl"]


def test_only_what_is_committed_is_read(repo: "Repository") -> None:
    """
    A file that lies in the work tree but in no commit is not part of the ledger.
    """
    store = repo.store()
    repo.record(store)
    (repo.ledger / "groups.jsonl").write_text("{}\n")

    assert dict(store.read("")) == repo.rows


def test_a_reading_left_early_leaves_nothing_running(repo: "Repository") -> None:
    """
    Whoever reads only the first file leaves no process and no open pipe behind.
    """
    store = repo.store()
    repo.record(store, {f"users/{number:04}.jsonl": b"x" * 4096 for number in range(64)})
    reading = store.read("users")

    assert next(reading)[0] == "users/0000.jsonl"
    reading.close()  # type: ignore[attr-defined]


def test_many_files_are_committed_and_read_at_once(repo: "Repository") -> None:
    """
    A ledger of many shards is committed and read by a handful of processes, not one a file.
    """
    store = repo.store(branch="ledger")
    shards = {f"users/{number:02x}.jsonl": b"%d\n" % number * 4096 for number in range(256)}
    repo.record(store, shards)

    assert dict(store.read("users")) == shards


@pytest.mark.parametrize("branch", [None, "ledger"])
def test_a_ledger_that_nobody_wrote_is_empty(place: "Repository", branch: str | None) -> None:
    """
    A repository without commits, or without the branch, holds an empty ledger at no revision.
    """
    place.git("init", "--quiet")
    store = place.store(branch=branch)

    assert store.revision() == ""
    assert list(store.read("")) == []
    assert store.added("runs") == {}
    store.heal()


def test_the_ledger_lies_below_the_folder_that_was_opened(repo: "Repository") -> None:
    """
    Paths are relative to the folder that was opened, wherever in the repository it lies.
    """
    (repo.folder / "state").mkdir()
    repo.record(repo.store("state", root="ledger/sql"))

    assert dict(repo.store().read("")) == repo.rows
    assert repo.git("show", f"HEAD:{repo.root}/head.json") == '{"serial":1}'


def test_a_link_in_the_ledger_is_refused(repo: "Repository") -> None:
    """
    A committed symbolic link is no row: it would be read from wherever it leads.
    """
    repo.ledger.mkdir(parents=True)
    (repo.ledger / "users.jsonl").symlink_to("/etc/passwd")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "Link")

    with pytest.raises(StoreError, match="link or a submodule"):
        list(repo.store().read(""))


def test_a_commit_leaves_the_user_nothing_to_clean_up(repo: "Repository") -> None:
    """
    After a commit on the current branch the work tree holds the ledger and Git has no change to show.
    """
    store = repo.store()
    new = repo.record(store)

    assert repo.git("rev-parse", "main") == new
    assert repo.status() == ""
    assert {path: (repo.ledger / path).read_bytes() for path in repo.rows} == repo.rows


def test_what_is_removed_is_gone_everywhere(repo: "Repository") -> None:
    """
    A removed file leaves the commit, the index, the work tree, and no empty folder.
    """
    store = repo.store()
    repo.record(store)
    repo.record(store, {"runs/2026/1.jsonl": None, "users.jsonl": b"2\n", "never.jsonl": None})

    assert [path for path, _ in store.read("")] == ["head.json", "users.jsonl"]
    assert repo.status() == ""
    assert not (repo.ledger / "runs").exists()


def test_staged_unstaged_and_untracked_work_survives(repo: "Repository") -> None:
    """
    What the user has staged, changed or begun is after a commit what it was before, byte by byte.
    """
    (repo.folder / "staged.txt").write_text("staged\n")
    repo.git("add", "staged.txt")
    (repo.folder / "staged.txt").write_text("staged, then changed\n")
    (repo.folder / "notes.txt").write_text("changed\n")
    (repo.folder / "new.txt").write_text("untracked\n")
    before = repo.status(), repo.git("diff"), repo.git("diff", "--cached")
    new = repo.record(repo.store())

    assert (repo.status(), repo.git("diff"), repo.git("diff", "--cached")) == before
    assert repo.git("show", "--name-only", "--format=", new).split() == sorted(
        f"{repo.root}/{path}" for path in repo.rows
    )


def test_the_commit_says_who_and_when(repo: "Repository") -> None:
    """
    Author and committer are the configured ones and the time is the given one, in UTC.
    """
    repo.record(repo.store())

    told = "Reconciler <reconciler@localhost> 2026-11-22T12:00:00+00:00"

    assert repo.git("log", "-1", "--format=%an <%ae> %aI") == told
    assert repo.git("log", "-1", "--format=%cn <%ce> %cI") == told
    assert repo.git("log", "-1", "--format=%B").strip() == "Record run 1"


def test_the_person_git_knows_is_the_author(repo: "Repository") -> None:
    """
    Git's own user.name and user.email come before the configured author.
    """
    repo.git("config", "user.name", "Bob")
    repo.git("config", "user.email", "bob@example.com")
    repo.record(repo.store())

    assert repo.git("log", "-1", "--format=%an <%ae>") == "Bob <bob@example.com>"


def test_a_commit_of_nothing_new_is_none(repo: "Repository") -> None:
    """
    Committing what the ledger holds already leaves it where it is.
    """
    store = repo.store()
    first = repo.record(store)

    assert repo.record(store) == first


def test_filters_do_not_change_what_is_recorded(repo: "Repository") -> None:
    """
    The bytes that were given are the bytes that are committed, whatever .gitattributes asks for.
    """
    (repo.folder / ".gitattributes").write_text("* text eol=crlf filter=loud\n")
    repo.git("config", "filter.loud.clean", "tr a-z A-Z")
    store = repo.store(branch="ledger")
    repo.record(store, {"users.jsonl": b"a\r\nb\n"})

    assert dict(store.read("")) == {"users.jsonl": b"a\r\nb\n"}


def test_no_hook_runs_and_nothing_is_signed(repo: "Repository") -> None:
    """
    Hooks of the repository, wherever it keeps them, and its wish for signatures do not reach the ledger.
    """
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change", "fsmonitor"):
        repo.hook(f".git/hooks/{name}", f"touch {repo.folder}/hook-ran; exit 1")
    repo.git("config", "core.fsmonitor", str(repo.folder / ".git" / "hooks" / "fsmonitor"))
    repo.git("config", "core.hooksPath", str(repo.folder / ".git" / "hooks"))
    repo.git("config", "commit.gpgSign", "true")
    repo.git("config", "gpg.program", "false")
    repo.record(repo.store())

    assert not (repo.folder / "hook-ran").exists()


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/../b", ".git/config", "a/.GIT/x", "a\nb", "é", "-x/\0"])
@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda store, path: store.commit({path: b""}, "x", parent=store.revision()), id="commit"),
        pytest.param(lambda store, path: list(store.read(path)), id="read"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(
    begun: "Repository", path: str, use: Callable[[GitStore, str], object]
) -> None:
    """
    No path that could leave the ledger's folder, or mean something to Git, is passed on.
    """
    store = begun.store()

    with pytest.raises(StoreError, match="no path for the ledger"):
        use(store, path)


def test_without_a_repository_a_plan_is_possible_and_nothing_else() -> None:
    """
    The store of no repository reads nothing, lists nothing, and refuses to keep anything.
    """
    store = EmptyStore()

    assert store.revision() == ""
    assert list(store.read("")) == []
    assert store.added("runs") == {}
    assert store.uncommitted(["exports"]) == []


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(EmptyStore.heal, id="heal"),
        pytest.param(EmptyStore.push, id="push"),
        pytest.param(lambda store: store.commit({}, "x", parent=""), id="commit"),
    ],
)
def test_without_a_repository_every_effect_is_refused(use: Callable[[EmptyStore], object]) -> None:
    """
    Whatever would have to be kept is refused with the way out.
    """
    with pytest.raises(StoreError, match="needs a Git repository") as raised:
        use(EmptyStore())

    assert "git init" in raised.value.hint
