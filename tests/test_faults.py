"""
What befalls the machine a run works on: a full disk, a lock that nobody removed, a clone that is not whole.

Each fault has an exit code and a message that says what to do, and once that is done the next run converges.
"""

import errno
import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import Checkout
from tests.doomed import Effect, fail
from tests.test_crashes import KILLED, Story, differences, later_run, outcome, unsound

FAILING_GIT = """#!/bin/sh
case " $* " in
*" {command} "*) echo "fatal: {said}" >&2; exit 128 ;;
esac
exec {git} "$@"
"""
FULL = "No space left on device"


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """
    Return the story of a run that has a bit of everything to do and pushes what it commits.
    """
    folder = tmp_path_factory.mktemp("later")
    checkout = Checkout.new(folder / "before")
    later_run(checkout)
    unharmed = checkout.copy(folder / "unharmed")
    ended = unharmed.run("apply", "--yes", now=KILLED)
    assert ended.code == 0, ended.err
    return Story(checkout, ended.effects, outcome(unharmed))


@pytest.fixture
def checkout(later: Story, tmp_path: Path) -> Checkout:
    """
    Return a checkout of the test's own, before that run.
    """
    return later.checkout.copy(tmp_path / "checkout")


@pytest.mark.ci
@pytest.mark.parametrize(
    ("kind", "number"),
    [
        pytest.param("write what Git is to read", 0, id="spool"),
        pytest.param("mkdir scratch", 0, id="scratch-of-intents"),
        pytest.param("write what Git is to store", -1, id="scratch-of-record"),
        pytest.param("write openpages/.users.jsonl.new", 0, id="work-tree"),
        pytest.param("sql UPDATE fence SET lineage =", 0, id="fence"),
        pytest.param("sql COMMIT", -3, id="batch"),
        pytest.param("write journal/.openpages.json.new", 0, id="journal"),
        pytest.param("rename N/N.jsonl", 0, id="run-file"),
        pytest.param("unlink journal/openpages.json", 0, id="drop-of-the-journal"),
    ],
)
def test_full_disk_loses_nothing_and_says_so(later: Story, checkout: Checkout, kind: str, number: int) -> None:
    """
    Where an effect finds no room the run ends with exit 1 and a hint, and the next one makes up for it.
    """
    effect = [one for one in later.effects if one.kind == kind][number]
    ended = checkout.run("apply", "--yes", now=KILLED, listener=fail(effect.number, full(effect)))

    assert ended.code == 1, ended.err
    assert "full" in ended.err or FULL in ended.err
    assert "hint" in ended.err
    assert [*unsound(checkout), *differences(later.outcome, outcome(checkout))] == []


@pytest.mark.nightly
def test_full_disk_at_each_kind_of_effect_loses_nothing(later: Story, tmp_path: Path) -> None:
    """
    The same at the first and the last effect of every kind but Git's own.
    """
    found = []
    for effect in ends_of_each(later.effects):
        checkout = later.checkout.copy(tmp_path / str(effect.number))
        ended = checkout.run("apply", "--yes", now=KILLED, listener=fail(effect.number, full(effect)))
        left = [*unsound(checkout), *differences(later.outcome, outcome(checkout))]
        found += [f"{effect}: {ended.code} {ended.err} {left}"] if left or ended.code not in {0, 1} else []

    assert found == []


@pytest.mark.ci
@pytest.mark.parametrize("command", ["hash-object", "write-tree", "commit-tree", "update-ref", "push"])
def test_git_without_room_is_told_in_its_own_words(later: Story, checkout: Checkout, command: str) -> None:
    """
    Git's word and a hint reach the user, and the next run makes up for it.
    """
    with_failing_git = failing_git(checkout.home, command, f"unable to write file: {FULL}")
    ended = checkout.run("apply", "--yes", now=KILLED, path=with_failing_git)

    assert ended.code == 1
    assert FULL in ended.err
    assert "hint" in ended.err
    assert [*unsound(checkout), *differences(later.outcome, outcome(checkout))] == []


@pytest.mark.ci
@pytest.mark.parametrize("lock", ["index.lock", "refs/heads/main.lock"])
def test_a_lock_that_nobody_removed_is_named(later: Story, checkout: Checkout, lock: str) -> None:
    """
    A lock that a dead Git left stops the run before the target is written, and the hint says to remove it.
    """
    path = checkout.folder / ".git" / lock
    path.touch()
    ended = checkout.run("apply", "--yes", now=KILLED)
    written = checkout.ann("last_name")
    path.unlink()

    assert (ended.code, written) == (1, "Muster")
    assert f"{lock}" in ended.err
    assert "remove that file" in ended.err
    assert [*unsound(checkout), *differences(later.outcome, outcome(checkout))] == []


@pytest.mark.ci
def test_a_shallow_clone_applies_like_a_whole_one(later: Story, checkout: Checkout) -> None:
    """
    One commit is enough to apply and to check every record of a run: no history is asked for.
    """
    whole = checkout.folder.rename(checkout.home / "whole")
    source = f"file://{checkout.remote}"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", source, checkout.folder], check=True)
    (whole / ".reconciler").rename(checkout.folder / ".reconciler")
    ended = checkout.run("apply", "--yes", now=KILLED)

    assert ended.code == 0, ended.err
    assert [*unsound(checkout), *differences(later.outcome, outcome(checkout))] == []


@pytest.mark.ci
def test_a_detached_head_is_refused_before_anything_is_written(later: Story, checkout: Checkout) -> None:
    """
    Where commits shall be pushed and no branch is checked out, the run ends before the target is written.
    """
    checkout.git("checkout", "--quiet", "--detach")
    ended = checkout.run("apply", "--yes", now=KILLED)
    written = checkout.ann("last_name")
    checkout.git("switch", "--quiet", "main")

    assert (ended.code, written) == (1, "Muster")
    assert "no branch is checked out" in ended.err
    assert "`git switch BRANCH` first" in ended.err
    assert [*unsound(checkout), *differences(later.outcome, outcome(checkout))] == []


@pytest.mark.ci
@pytest.mark.parametrize(
    ("pushes", "written"), [pytest.param(0, "Muster", id="intents"), pytest.param(1, "Moser", id="record")]
)
def test_a_refused_push_loses_nothing(later: Story, checkout: Checkout, pushes: int, written: str) -> None:
    """
    Refused intents stop the run before its first write; a refused record is kept, and recovered by the next run.
    """
    hook = checkout.remote / "hooks/pre-receive"
    hook.parent.mkdir()
    hook.write_text(f'#!/bin/sh\necho >> seen\n[ "$(wc -l < seen)" -le {pushes} ]\n', encoding="utf-8")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    ended = checkout.run("apply", "--yes", now=KILLED)
    hook.unlink()

    assert (ended.code, checkout.ann("last_name")) == (1, written)
    assert "the remote's rules refuse it" in ended.err
    assert "--resume" in ended.err or "let this account push" in ended.err
    assert [*unsound(checkout), *differences(later.outcome, outcome(checkout))] == []


def full(effect: Effect) -> Exception:
    """
    Return what the effect says where there is no room: the database has a word of its own.
    """
    if effect.verb in {"sql", "open", "close"}:
        return sqlite3.OperationalError("database or disk is full")
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), effect.what)


def ends_of_each(effects: tuple[Effect, ...]) -> Iterator[Effect]:
    """
    Yield the first and the last effect of each kind that is not a program's of its own.
    """
    kinds: dict[str, list[Effect]] = {}
    for effect in effects:
        kinds.setdefault(effect.kind, []).append(effect)
    for kind, found in sorted(kinds.items()):
        if not kind.startswith(("git", "sql ROLLBACK")):
            yield from {found[0], found[-1]}


def failing_git(folder: Path, command: str, said: str) -> str:
    """
    Return what goes before the path so that Git fails at `command` with a word of its own.
    """
    found = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    shim = folder / "shims/git"
    shim.parent.mkdir()
    shim.write_text(FAILING_GIT.format(command=command, said=said, git=found), encoding="utf-8")
    shim.chmod(0o755)
    return f"{shim.parent}:"
