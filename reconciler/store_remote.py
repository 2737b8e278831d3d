"""
The ledger's branch at the remote: followed, and published by compare-and-set.

The remote takes a commit only on top of what it has; that is the lock of `durability: push`. Who comes second looks
at what came first. Where that left the ledger as it was (a person's commit, the run of another target), the commits
that are only here are made again on top of it; where it did not, another run was first.
"""

import random
import re
import time
from collections.abc import Iterator

from reconciler.errors import OvertakenError, StoreError
from reconciler.store_commit import commit_names
from reconciler.store_git import Answer, Git, failure, printable

ATTEMPTS = 5
"""How often a push is tried while others keep coming first."""

_QUIETLY = ("--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no")
_ALL = "--depth=2147483647"
_OVERTAKEN = ("fetch first", "non-fast-forward", "stale info", "cannot lock ref", "incorrect old value")
_REFUSALS = (
    (_OVERTAKEN, "the remote has commits that are not here", "pull"),
    (("hook declined", "protected branch", "GH006", "GH013"), "the remote's rules refuse it", "rules"),
    (
        ("Authentication failed", "could not read Username", "Permission denied", "returned error: 40"),
        "the remote does not accept our credentials",
        "credentials",
    ),
    (("Could not resolve host", "unable to access", "does not appear to be a git"), "it cannot be reached", "url"),
)
_WAYS_OUT = {
    "pull": "`git fetch`, then `reconciler apply --resume`; nothing is ever forced",
    "rules": "let this account push to the branch, or keep the ledger on one of its own: `ledger: {branch: NAME}`",
    "credentials": "check that the token may write contents and has not expired",
    "url": "check `git remote --verbose` and the network",
}


def push(git: Git, ref: str, *, root: str) -> None:
    """
    Publish `ref`, the branch of the ledger at `root`, never by force.

    Commits of others go before ours as long as they leave the ledger alone. Raises OvertakenError where they do
    not, StoreError where the remote refuses for another reason.
    """
    remote = required(git, ref)
    options = ("--porcelain", "--no-follow-tags", "--no-verify", "--recurse-submodules=no")
    for attempt in range(ATTEMPTS):
        answer = git.ask("push", *options, "--", remote, f"{ref}:{ref}")
        if not answer.status:
            return
        if not _is_overtaken(answer):
            raise refusal(ref, remote, answer)
        ours, theirs = _tip(git, ref), fetched(git, ref, remote)
        new = _again(git, ours, theirs, root=root)
        if not new:
            raise OvertakenError(refusal(ref, remote, answer).message, hint=_WAYS_OUT["pull"])
        _step(git, ref, ours, new)
        # others wait as long, or longer: who always comes at the same moment always loses
        time.sleep(random.uniform(0, 0.1 * attempt))  # noqa: S311  spreads, and hides nothing
    raise refusal(ref, remote, answer)


def follow(git: Git, ref: str, *, root: str) -> None:
    """
    Bring `ref`, which is not checked out, in step with the remote's branch of that name, if there is one.

    Commits that are only here go on top of it; where both sides have written the ledger at `root`, the remote's
    counts, and ours stay in the reflog: without being published they allowed no write to any target.
    """
    remote = remote_of(git, ref)
    if remote not in git.line("remote").split("\n"):
        return
    ours, theirs = _tip(git, ref), fetched(git, ref, remote)
    if theirs in {"", ours} or (ours and _contains(git, ours, theirs)):
        return
    ahead = ours and not _contains(git, theirs, ours)
    new = (ahead and _again(git, ours, theirs, root=root)) or theirs
    git.run("update-ref", "-m", "reconciler: follow the remote", ref, new, ours)


def deepen(git: Git, ref: str) -> bool:
    """
    Return whether older commits of `ref` had to be fetched, because the clone was made without them.
    """
    tip = _tip(git, ref)
    missing = shallow(git) & set(git.line("rev-list", tip).split("\n")) if tip else set()
    remote = remote_of(git, ref)
    if not missing or remote not in git.line("remote").split("\n"):
        return False
    answer = git.ask("fetch", *_QUIETLY, _ALL, "--", remote, ref)
    if answer.status:
        raise _unreached(ref, remote, answer)
    return True


def shallow(git: Git) -> frozenset[str]:
    """
    Return the commits whose parents this clone was made without.
    """
    path = git.folder / git.line("rev-parse", "--git-path", "shallow")
    return frozenset(path.read_text().split()) if path.is_file() else frozenset()


def refusal(ref: str, remote: str, answer: Answer) -> StoreError:
    """
    Return the error for a push that was refused: why, the remote's word, and the way out.
    """
    return _told(f"{ref} was not pushed to {remote}", answer)


def _unreached(ref: str, remote: str, answer: Answer) -> StoreError:
    return _told(f"{ref} was not fetched from {remote}", answer)


def _told(what: str, answer: Answer) -> StoreError:
    said = printable(f"{answer.output.decode('utf-8', 'replace')}\n{answer.error}")
    for signs, why, way in _REFUSALS:
        if any(sign in said for sign in signs):
            return StoreError(f"{what}: {why}\n{said}", hint=_WAYS_OUT[way])
    return StoreError(
        f"{what}\n{said}", hint="mend what the remote complains of, then: `reconciler apply --resume`"
    )


def _is_overtaken(answer: Answer) -> bool:
    said = answer.output.decode("utf-8", "replace") + answer.error
    return any(sign in said for sign in _OVERTAKEN)


def remote_of(git: Git, ref: str) -> str:
    """
    Return the name of the remote that a branch belongs to.
    """
    configured = git.line("config", f"branch.{ref.removeprefix('refs/heads/')}.remote")
    return configured if configured not in {"", "."} else "origin"


def required(git: Git, ref: str) -> str:
    """
    Return the name of the remote that a branch is pushed to; raises StoreError where there is none.
    """
    if ref == "HEAD":
        raise StoreError("no branch is checked out, so none can be pushed", hint="`git switch BRANCH` first")
    remote = remote_of(git, ref)
    if remote not in git.line("remote").split("\n"):
        raise StoreError(f"there is no remote {remote} to push to", hint=f"`git remote add {remote} URL` first")
    return remote


def _tip(git: Git, ref: str) -> str:
    return git.line("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")


def fetched(git: Git, ref: str, remote: str) -> str:
    """
    Return the commit at which the remote has `ref`, once it is here; empty where the remote has no such branch.

    A clone that is shallow already gets the last commit of a branch that it has nothing of, and no history.
    """
    answer = git.ask("ls-remote", "--quiet", "--", remote, ref)
    if answer.status:
        raise _unreached(ref, remote, answer)
    listed = (line.split("\t") for line in answer.output.decode("utf-8", "replace").splitlines())
    theirs = next((name for name, path in listed if path == ref), "")
    if not theirs or not git.ask("cat-file", "-e", f"{theirs}^{{commit}}").status:
        return theirs
    depth = () if _tip(git, ref) or not shallow(git) else ("--depth=1",)
    answer = git.ask("fetch", *_QUIETLY, *depth, "--", remote, ref)
    if answer.status:
        raise _unreached(ref, remote, answer)
    return theirs


def _contains(git: Git, tip: str, commit: str) -> bool:
    return not git.ask("merge-base", "--is-ancestor", commit, tip).status


def _again(git: Git, ours: str, theirs: str, *, root: str) -> str:
    """
    Return the last of the commits that are only here, each made again on top of `theirs`.

    Empty where that may not be: the ledger at `root` is another one there, or one of them touches other files.
    """
    base = git.line("merge-base", ours, theirs) if theirs else ""
    if not base or git.tree(base, root) != git.tree(theirs, root):
        return ""
    tip = theirs
    for commit in git.line("rev-list", "--reverse", f"{theirs}..{ours}").split():
        names = dict(_changed(git, commit))
        if any(not path.startswith(f"{root}/") for path in names):
            return ""
        message = git.line("show", "--no-patch", "--format=%B", commit)
        tip = commit_names(git, names, message, tip=tip, signature=_signature(git, commit))
    return tip


_ENTRY = re.compile(r":\d{6} \d{6} [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*")


def _changed(git: Git, commit: str) -> Iterator[tuple[str, str | None]]:
    """
    Yield path and object of each file that a commit changed; None for one that it removed.
    """
    options = ("-r", "-z", "--no-commit-id", "--no-renames", "--root", "--full-index")
    words = git.run("diff-tree", *options, commit).decode("utf-8", "surrogateescape").split("\0")
    for entry, path in zip(words[0::2], words[1::2], strict=False):
        found = _ENTRY.fullmatch(entry)
        if found:
            yield path, found[1] if found[1].strip("0") else None


def _signature(git: Git, commit: str) -> dict[str, str]:
    """
    Return who made a commit, and when, as Git is told.
    """
    name, mail, seconds = git.line("show", "--no-patch", "--format=%an%x09%ae%x09%at", commit).split("\t")
    parts = {"NAME": name, "EMAIL": mail, "DATE": f"@{seconds} +0000"}
    return {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in parts.items()}


def _step(git: Git, ref: str, old: str, new: str) -> None:
    """
    Move `ref`, and where it is checked out the work tree before it: killed in between, nothing is undone.
    """
    if git.line("symbolic-ref", "--quiet", "HEAD") == ref:
        git.ask("update-index", "-q", "--refresh")
        # what somebody is working on stays, and where the others' commits change just that, Git refuses
        git.run("read-tree", "-m", "-u", old, new)
    answer = git.ask("update-ref", "-m", "reconciler: after others", ref, new, old)
    if answer.status:
        raise failure("update-ref", answer)
