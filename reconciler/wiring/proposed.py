"""
What a pull request would do: its content, planned with the settings and the ledger of the branch it is to join.

Content of a pull request is data to compare. Where a target lies, and what lets us in there, is taken from the base
branch alone; where a pull request changes that, or comes with no credential, the target is not asked at all.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.ledger import Fence, Head, Ledger
from reconciler.core.model import Equality, Snapshot
from reconciler.core.remembered import remembered
from reconciler.errors import StoreError, TargetError
from reconciler.files.config import Config, TargetConfig
from reconciler.files.rows import collector_paused
from reconciler.files.state import CONFIG, State, read_state
from reconciler.ports import Recorded, Result, Target, Write
from reconciler.store import GitStore
from reconciler.store_git import Git
from reconciler.store_scratch import put, scratch
from reconciler.wiring.adapters import open_store, open_target
from reconciler.wiring.bench import Bench, assembled, chosen, require_repository, sound_state
from reconciler.wiring.fenced import fenced
from reconciler.wiring.surroundings import clock


class Remembered(Struct, frozen=True):
    """
    A target as its ledger remembers it: nothing is asked, and nothing can be written.
    """

    identity: str
    head: Head
    ledger: Ledger
    equality: Equality = Equality()

    def read(self) -> Snapshot:
        """
        Return what the last run saw hold.
        """
        return remembered(self.ledger)

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Raise TargetError: there is nothing to write to.
        """
        del writes, run
        raise TargetError(f"{self.identity} is only remembered, and cannot be written")

    def fence(self) -> Fence | None:
        """
        Return the fence of the ledger itself; None where no run was made yet.
        """
        return Fence(lineage=self.head.lineage, serial=self.head.serial) if self.head.serial else None

    def move_fence(self, seen: Fence | None, new: Fence) -> bool:
        """
        Return False: nobody writes here.
        """
        del seen, new
        return False

    def close(self) -> None:
        """
        Do nothing: nothing is open.
        """


class Proposed(Struct, frozen=True, kw_only=True):
    """
    What a plan of a pull request is made from; `offline` says why the target is not asked (empty: it is).
    """

    bench: Bench
    offline: str


@contextmanager
def proposed(
    root: Path, target: str | None, *, environ: Mapping[str, str], base: str, fork: bool
) -> Iterator[Proposed]:
    """
    Yield what a plan of the content at `root` is made from, when it is merged into the commit `base`.

    `fork`: there is no credential. Raises InputError for faulty files, StoreError where `base` is not here.
    """
    with collector_paused():
        found = _proposed(root, target, environ=environ, base=base, fork=fork)
        try:
            yield found
        finally:
            found.bench.target.close()


def _proposed(root: Path, target: str | None, *, environ: Mapping[str, str], base: str, fork: bool) -> Proposed:
    wanted = sound_state(root)
    name = chosen(wanted.config, target)
    git, prefix, commit = _repository(wanted, name, base, environ)
    before = config_at(git, commit, prefix)
    state = replace(wanted, config=replace(wanted.config, ledger=before.ledger)) if before else wanted
    store = require_repository(open_store(state, name, clock(environ)))
    if state.config.ledger.branch is None:
        store = replace(store, ref=commit)
    else:
        store.follow(published=state.config.ledger.durability == "push")
    why = _offline(name, before, wanted.config, fork=fork)
    if not why:
        strange = foreign_file(wanted.config.targets[name], state.root, git, commit=commit, prefix=prefix)
        why = f"this pull request changes whom we trust: {strange}" if strange else ""

    def live(head: Head) -> Target:
        return fenced(open_target(state, name, environ), store, head)

    def from_memory(head: Head) -> Target:
        return Remembered(f"{name}, as last seen", head, Ledger(head, {}, {}))

    bench = assembled(state, name, store=store, live=from_memory if why else live, environ=environ)
    if why:
        memory = Remembered(f"{name}, as last seen", bench.opened.ledger.head, _whole(bench.opened.ledger))
        bench = replace(bench, target=memory)
    return Proposed(bench=bench, offline=why)


def _whole(ledger: Recorded) -> Ledger:
    users = {key: row for _, rows in ledger.shards() for key, row in rows.items()}
    return Ledger(ledger.head, users, ledger.groups)


def _repository(state: State, name: str, base: str, environ: Mapping[str, str]) -> tuple[Git, str, str]:
    """
    Return Git, the path of the state folder in its repository, and the commit that `base` names.
    """
    plain = replace(state, config=replace(state.config, ledger=replace(state.config.ledger, branch=None)))
    store = require_repository(open_store(plain, name, clock(environ)))
    commit = commit_named(store, base)
    return store.git, store.prefix, commit


def commit_named(store: GitStore, base: str) -> str:
    """
    Return the commit that `base` names; raises StoreError where this clone has none of that name.
    """
    commit = store.git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if not commit:
        told = f"there is no commit {base!r} here, which this is to be merged into"
        raise StoreError(told, hint="check out the merge with its parents: fetch-depth: 2")
    return commit


def _offline(name: str, before: Config | None, after: Config, *, fork: bool) -> str:
    """
    Return why the target may not be asked; empty where it may.
    """
    if fork:
        return "a pull request from a fork has no credential"
    old = before.targets.get(name) if before else None
    if old is None:
        return "the base branch does not know this target yet"
    same = _connection(old) == _connection(after.targets[name])
    return "" if same else "this pull request changes where the target lies, or what lets us in there"


def _connection(config: TargetConfig) -> TargetConfig:
    return replace(config, sources=(), policy="")


def foreign_file(config: TargetConfig, root: Path, git: Git, *, commit: str, prefix: str) -> str:
    """
    Return the first file that a target's settings or address name and that is not as `commit` has it; else nothing.

    The settings are as they were, but a file beside them, the authority that we trust say, is read as it is here.
    """
    home = root.resolve().parent
    top = root.resolve().parents[len(Path(prefix).parts) - 1] if prefix else root.resolve()
    named = {*_texts(config.settings), *(value for _, value in parse_qsl(urlsplit(config.url).query))}
    for text in sorted(one for one in named if one and "\0" not in one):
        for start in {home, Path.cwd()}:
            path = Path(os.path.normpath(start / text))
            # what is too long for a path is none
            there = path.is_relative_to(top) and os.path.isfile(path)  # noqa: PTH113
            if there and not _as_at(path, top, git, commit):
                return text
    return ""


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _as_at(path: Path, top: Path, git: Git, commit: str) -> bool:
    """
    Return whether a file holds what it does in a commit, or is in neither that one nor HEAD: a job put it there.
    """
    place = path.relative_to(top).as_posix()
    try:
        (before, now) = (git.tree(one, place) for one in (commit, "HEAD"))
    except StoreError:
        return False
    if not before and not now:
        return path.resolve() == path
    return list(git.blobs(before.values())) == [path.read_bytes()]


def config_at(git: Git, commit: str, prefix: str) -> Config | None:
    """
    Return reconciler.yaml as a commit has it; None where it has none, or a faulty one.
    """
    tree = git.tree(commit, f"{prefix}{CONFIG}")
    with scratch() as folder:
        for name, content in zip(tree, git.blobs(tree.values()), strict=True):
            put(folder / Path(name).name, content)
        return read_state(folder).config if tree else None


def named_at(root: Path, target: str | None, *, environ: Mapping[str, str], base: str) -> str:
    """
    Return the target that is meant, by what `base` says: nothing of what is checked out is read.

    Where that is not clear it is `all`.
    """
    if target:
        return target
    store = GitStore.open(root, root="ledger", branch=None, author=("", ""), now=clock(environ))
    before = config_at(store.git, commit_named(store, base), store.prefix)
    names = tuple(before.targets) if before else ()
    return names[0] if len(names) == 1 else "all"


def ledger_paths_changed(root: Path, *, environ: Mapping[str, str], base: str) -> list[str]:
    """
    Return the files of any ledger that differ between `base` and what is checked out; only apply writes these.

    Asked before anything of the pull request is read.
    """
    store = GitStore.open(root, root="ledger", branch=None, author=("", ""), now=clock(environ))
    commit = commit_named(store, base)
    listed = store.git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", commit, "HEAD", "--", store.root)
    return sorted(path for path in listed.decode("utf-8", "replace").split("\0") if path)
