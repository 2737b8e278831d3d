"""
Whether what is checked out is still what Git says: an old job that runs again must not bring old decisions back.
"""

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import HeldError
from reconciler.store import GitStore
from reconciler.store_remote import fetched, remote_of
from reconciler.wiring.bench import INPUTS
from reconciler.wiring.surroundings import clock


def require_present(root: Path, branch: str, *, environ: Mapping[str, str]) -> None:
    """
    Raise HeldError where `branch` says something else at the remote than what is checked out here.

    Other files, and the ledger, may differ: what counts is what a run is made from.
    """
    store = GitStore.open(root, root="ledger", branch=None, author=("", ""), now=clock(environ))
    ref = f"refs/heads/{branch}"
    theirs = fetched(store.git, ref, remote_of(store.git, ref))
    if not theirs:
        raise HeldError(f"there is no branch {branch} at the remote any more", hint="run it on the default branch")
    paths = [f"{store.prefix}{name}" for name in INPUTS]
    changed = store.git.run("diff-tree", "-r", "-z", "--name-only", "HEAD", theirs, "--", *paths)
    if changed:
        told = f"{branch} has moved on to {theirs[:12]}: what is checked out here is not what it says any more"
        raise HeldError(told, hint="nothing was done; the run for the newer commit does all of it")
