"""
The ledger's place in a Git repository: read at a revision, commit, push.

The ledger is what is committed; the files of the work tree are a copy for people to read. A commit is made with
an index of its own, so what the user has staged or changed elsewhere is never touched. Its effects come in the
order objects, ref, work tree, index: killed before the ref moves, nothing happened; killed after, `heal` mends.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Self

from msgspec import Struct

from reconciler.core.runs import Commit
from reconciler.errors import StoreError
from reconciler.store_commit import known_to, make_commit, signature
from reconciler.store_copies import contents_of
from reconciler.store_files import catch_up, heal, write
from reconciler.store_git import Git, failure
from reconciler.store_log import additions
from reconciler.store_remote import deepen, follow, push, shallow


class EmptyStore:
    """
    The store where there is no repository: it holds nothing and takes nothing.
    """

    def revision(self) -> str:
        """
        Return the empty revision: there is no commit.
        """
        return ""

    def read(self, *paths: str, at: str = "") -> Iterator[tuple[str, bytes]]:
        """
        Yield nothing.
        """
        del at
        for path in paths:
            _checked(path)
        yield from ()

    def paths(self, *, at: str = "") -> list[str]:
        """
        Return nothing.
        """
        del at
        return []

    def added(self, folder: str) -> dict[str, Commit]:
        """
        Return nothing.
        """
        _checked(folder)
        return {}

    def heal(self) -> None:
        """
        Raise StoreError: where nothing can be committed, nothing may be applied.
        """
        self._refuse()

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: str) -> str:
        """
        Raise StoreError.
        """
        del files, message, parent
        self._refuse()

    def push(self) -> None:
        """
        Raise StoreError.
        """
        self._refuse()

    def follow(self, *, published: bool) -> None:
        """
        Do nothing.
        """
        del published

    def uncommitted(self, paths: Sequence[str]) -> list[str]:
        """
        Return nothing: without a repository no file is committed, and saying so of each tells nobody anything.
        """
        del paths
        return []

    def _refuse(self) -> NoReturn:
        raise StoreError(
            "the ledger needs a Git repository", hint="run `git init` in the folder that holds the state"
        )


class GitStore(Struct, frozen=True):
    """
    The ledger below `root` of the repository at `git.folder`, on `ref` (`HEAD` where no branch is checked out).

    `prefix` leads from the repository's top to the folder that was opened (empty, or ending in `/`).
    """

    git: Git
    root: str
    ref: str
    prefix: str
    author: tuple[str, str]
    now: Callable[[], datetime]

    @classmethod
    def open(
        cls, folder: Path, *, root: str, branch: str | None, author: tuple[str, str], now: Callable[[], datetime]
    ) -> Self:
        """
        Return the store of the ledger at `root`, a path relative to `folder`, which lies in the repository.

        `branch` None: the branch that is checked out. `author` signs the commits where Git has no user.name and
        user.email of its own; `now` dates them. Raises NoRepositoryError where `folder` is in none.
        """
        here = Git(folder)
        top, prefix = os.fsdecode(here.run("rev-parse", "--show-toplevel", "--show-prefix")).split("\n")[:2]
        git = Git(Path(top))
        return cls(
            git=git,
            root=prefix + _checked(root),
            ref=_branch(git, branch) if branch else _head(git),
            prefix=prefix,
            author=author,
            now=now,
        )

    def revision(self) -> str:
        """
        Return the commit that the ledger stands at; empty where there is none yet.
        """
        return self.git.line("rev-parse", "--verify", "--quiet", f"{self.ref}^{{commit}}")

    def read(self, *paths: str, at: str = "") -> Iterator[tuple[str, bytes]]:
        """
        Yield path and content of every committed file at or below `paths`, sorted by path, at one revision.

        Without a path that is every file there is, without `at` the revision that the ledger stands at.
        """
        tree = dict(sorted(self.git.tree(at or self.revision(), *map(self._below, paths or ("",))).items()))
        yield from zip(map(self._inside, tree), contents_of(self.git, tree), strict=True)

    def moved(self, old: str, new: str) -> list[str]:
        """
        Return the paths of all files that differ between two revisions; raises StoreError where one is unknown.
        """
        return sorted(map(self._inside, self.git.moved(old, new, self.root)))

    def paths(self, *, at: str = "") -> list[str]:
        """
        Return the path of every committed file, sorted.
        """
        return sorted(map(self._inside, self.git.tree(at or self.revision(), self._below(""))))

    def added(self, folder: str) -> dict[str, Commit]:
        """
        Return the commit that last added each file below `folder`.

        Where a shallow clone ends, Git shows everything as added by the last commit it has; those are left out.
        """
        revision = self.revision()
        if not revision:
            return {}
        edge = shallow(self.git)
        # the log begins with the latest, and what is said last of a path stands
        logged = list(additions(self.git, revision, self._below(folder)))
        return {self._inside(path): commit for path, commit in reversed(logged) if commit.commit not in edge}

    def uncommitted(self, paths: Sequence[str]) -> list[str]:
        """
        Return the files below `paths` of the work tree that the last commit does not hold as they are, sorted.

        Both are relative to the folder that was opened: exports and overrides lie beside the ledger, not in it.
        """
        if not paths:
            return []
        changed = self.git.changed(self.prefix + _checked(path) for path in paths)
        return sorted(path.removeprefix(self.prefix) for path in changed)

    def heal(self) -> None:
        """
        Bring the ledger's files of the work tree in step again, where a run was killed between commit and copy.

        Raises StoreError, and writes nothing, where somebody else changed them or holds Git's index.
        """
        if self._checked_out():
            catch_up(self.git, self.revision, self.root)

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: str) -> str:
        """
        Return the new commit of the files (None: removed) on top of `parent`; no new one where none differs.

        A commit of somebody else on top of `parent` is no obstacle while it leaves the ledger as it was. Raises
        StoreError where it does not, or where the ledger's files of the work tree are locked or were changed.
        """
        paths = [self._below(_checked(path)) for path in files]
        if self._checked_out():
            heal(self.git, self.revision(), self.root, paths)
        tip = self._tip(parent)
        contents = dict(zip(paths, files.values(), strict=True))
        by = signature(known_to(self.git, self.author), self.now())
        new = make_commit(self.git, contents, message, tip=tip, signature=by)
        if new != tip:
            self._move(tip, new)
        if new != tip and self._checked_out():
            write(self.git, new, self.root, paths)
        return new

    def push(self) -> None:
        """
        Publish the ledger's branch, never by force; raises StoreError where the remote refuses.

        What others have pushed meanwhile stays, and our commits go on top of it, while it leaves the ledger as it
        was; raises OvertakenError where it does not.
        """
        push(self.git, self.ref, root=self.root)

    def follow(self, *, published: bool) -> None:
        """
        Bring a ledger on a branch of its own in step with the remote's; nothing happens without a remote.

        `published`: what runs rely on lies there. Otherwise only a ledger that is not here at all is fetched.
        """
        if not self._checked_out() and (published or not self.revision()):
            follow(self.git, self.ref, root=self.root)

    def deepen(self) -> bool:
        """
        Return whether the ledger's older commits, which a shallow clone leaves out, had to be fetched.
        """
        return deepen(self.git, self.ref)

    def _below(self, folder: str) -> str:
        return f"{self.root}/{_checked(folder)}".removesuffix("/")

    def _inside(self, path: str) -> str:
        return path.removeprefix(f"{self.root}/")

    def _checked_out(self) -> bool:
        return _head(self.git) == self.ref

    def _tip(self, parent: str) -> str:
        tip = self.revision()
        if tip == parent or (parent and self._same_ledger(parent, tip)):
            return tip
        raise _moved(self.ref, tip, parent)

    def _same_ledger(self, parent: str, tip: str) -> bool:
        if not tip or self.git.ask("merge-base", "--is-ancestor", parent, tip).status:
            return False
        return self.git.tree(parent, self.root) == self.git.tree(tip, self.root)

    def _move(self, tip: str, new: str) -> None:
        # an empty old value says that the ref must not be there yet
        answer = self.git.ask("update-ref", "-m", "reconciler: record", self.ref, new, tip)
        if not answer.status:
            return
        raise _moved(self.ref, self.revision(), tip) if self.revision() != tip else failure("update-ref", answer)


_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")


def _branch(git: Git, name: str) -> str:
    ref = f"refs/heads/{name}"
    if not _BRANCH.fullmatch(name) or git.ask("check-ref-format", ref).status:
        raise StoreError(f"{name!r} cannot name a branch", hint="set `ledger: {branch: NAME}` to a plain name")
    return ref


def _head(git: Git) -> str:
    return git.line("symbolic-ref", "--quiet", "HEAD") or "HEAD"


def _checked(path: str) -> str:
    """
    Return `path` if it is plain and relative: parts in [A-Za-z0-9._-], no way up, nothing of Git's own.
    """
    parts = path.split("/") if path else []
    if all(_PART.fullmatch(part) and part.lower() not in {".", "..", ".git"} for part in parts):
        return path
    raise StoreError(f"{path!r} is no path for the ledger", hint="use parts in [A-Za-z0-9._-], below the folder")


_PART = re.compile(r"[A-Za-z0-9._-]{1,200}")


def _moved(ref: str, tip: str, parent: str) -> StoreError:
    return StoreError(
        f"the ledger has moved: {ref} is at {tip or 'no commit'}, not at {parent or 'no commit'}",
        hint="another run was first: run again, or `reconciler apply --resume` where a journal was kept",
    )
