"""
An export on its own branch, one commit on top of what is checked out: the content of one rolling pull request.
"""

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import StoreError
from reconciler.files.config import Author
from reconciler.store import GitStore
from reconciler.store_commit import signature
from reconciler.store_remote import fetched, refusal, remote_of
from reconciler.store_scratch import scratch
from reconciler.wiring.surroundings import clock

_AUTHOR = Author()


def published(root: Path, source: str, branch: str, *, environ: Mapping[str, str]) -> str:
    """
    Return the commit of `branch` that holds the export of `source` as it lies below `root`; empty if Git has it so.

    The branch is ours alone and always one commit ahead: it is replaced where it still is what it was (a lease).
    Neither work tree nor index nor HEAD move. Raises StoreError where the remote refuses.
    """
    store = GitStore.open(root, root="ledger", branch=None, author=("", ""), now=clock(environ))
    git, head = store.git, store.revision()
    with scratch() as folder:
        index = str(folder / "index")
        git.run("read-tree", head, GIT_INDEX_FILE=index)
        git.run("add", "--all", "--", f"{store.prefix}exports/{source}", GIT_INDEX_FILE=index)
        tree = git.run("write-tree", GIT_INDEX_FILE=index).decode().strip()
    if tree == git.line("rev-parse", f"{head}^{{tree}}"):
        return ""
    ref, remote = f"refs/heads/{branch}", remote_of(git, f"refs/heads/{branch}")
    before = fetched(git, ref, remote)
    if before and _says(store, before) == (tree, head):
        return before
    by = signature((_AUTHOR.name, _AUTHOR.email), clock(environ)())
    message = f"Read {source} anew\n"
    commit = git.run("commit-tree", tree, "-p", head, "-F", "-", feed=message.encode(), **by).decode().strip()
    _replace(store, ref, remote, before=before, commit=commit)
    return commit


def _says(store: GitStore, commit: str) -> tuple[str, str]:
    """
    Return the tree and the parent of a commit.
    """
    return store.git.line("rev-parse", f"{commit}^{{tree}}"), store.git.line("rev-parse", f"{commit}^")


def _replace(store: GitStore, ref: str, remote: str, *, before: str, commit: str) -> None:
    if remote not in store.git.line("remote").split("\n"):
        raise StoreError(f"there is no remote {remote} to push to", hint=f"`git remote add {remote} URL` first")
    lease = f"--force-with-lease={ref}:{before}"
    options = ("--porcelain", "--no-follow-tags", "--no-verify", "--recurse-submodules=no", lease)
    answer = store.git.ask("push", *options, "--", remote, f"{commit}:{ref}")
    if answer.status:
        raise refusal(ref, remote, answer)
