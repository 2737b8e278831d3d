"""
Nothing changes the world beside the one door: held on the text of the package, and on real runs.

On the text, because a run shows only what it comes to; on runs, because a text does not show what a library does.
"""

import ast
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reconciler.effects import EVENT, effect
from tests.doomed import reconciler

ROOT = Path(__file__).parents[1]
NOW = "2026-11-20T08:00:00Z"
CLOUD = ROOT / "tests/data/ibmcloud/cli"

# Calls that change something outside this process, by the name they are called by. `open` and `replace` are judged
# by their arguments, GitPython's `execute` by whose it is.
CHANGES = {
    *("chmod", "chown", "copyfile", "copytree", "fsync", "hardlink_to", "link", "makedirs", "mkdir"),
    *("mkdtemp", "mkstemp", "move", "remove", "rename", "rmdir", "rmtree", "symlink", "symlink_to", "touch"),
    *("truncate", "unlink", "utime", "write_bytes", "write_text", "NamedTemporaryFile", "TemporaryDirectory"),
    *("Popen", "call", "check_call", "check_output", "execv", "execve", "posix_spawn", "popen", "system"),
}
# Functions of these are judged by their module: everything that they do is a change.
WHOLE = {"subprocess", "shutil", "socket"}
HARMLESS = {"ignore_patterns", "which", "getaddrinfo", "gethostname"}
FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}

# What Python itself tells of a change: https://docs.python.org/3/library/audit_events.html
AUDITED = {
    *("os.chmod", "os.chown", "os.exec", "os.link", "os.mkdir", "os.posix_spawn", "os.remove", "os.rename"),
    *("os.rmdir", "os.symlink", "os.system", "os.truncate", "os.utime", "sqlite3.connect", "subprocess.Popen"),
    *("socket.connect", "socket.sendto", "statement"),
}
OPENED: list[sqlite3.Connection] = []
SCRATCH = tempfile.gettempdir()  # asked for here: finding it out opens files, of which a listener would hear


def test_every_call_that_changes_the_world_stands_in_an_effect() -> None:
    """
    In the whole package no file is written, no program started and no database opened outside `with effect`.
    """
    paths = sorted((ROOT / "reconciler").rglob("*.py"))

    assert [fault for path in paths for fault in unannounced(path.name, path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "call",
    [
        "path.write_bytes(b'')",
        "path.unlink()",
        "path.replace(other)",
        "os.replace(path, other)",
        "path.open('w')",
        "open(path, mode='ab')",
        "os.open(path, os.O_WRONLY | os.O_CREAT)",
        "os.fsync(descriptor)",
        "shutil.copytree(path, other)",
        "subprocess.run(['git'])",
        "tempfile.TemporaryDirectory()",
        "sqlite3.connect(path)",
        "_gitpython().execute(['git'])",
    ],
)
def test_call_beside_the_door_is_seen(call: str) -> None:
    """
    Each way to change the world is found where it stands alone, and is lawful where it stands in an effect.
    """
    alone, inside = f"def f():\n  {call}\n", f"def f():\n  with effect('a', 'b'):\n    {call}\n"

    assert len(list(unannounced("store_git.py", alone))) == 1
    assert list(unannounced("store_git.py", inside)) == []


@pytest.mark.parametrize(
    "call", ["path.open()", "open(path, 'rb')", "os.open(path, os.O_RDONLY)", "text.replace('a', 'b')"]
)
def test_what_only_reads_needs_no_effect(call: str) -> None:
    """
    What opens a file to read it, or replaces text by text, changes nothing.
    """
    assert list(unannounced("store_git.py", f"def f():\n  {call}\n")) == []


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param(["apply --yes", "give ann.muster@example.com locale --reason T-1"], id="apply-give"),
        pytest.param(["plan --out plan.json", "validate"], id="plan-validate"),
        pytest.param([f"export ibmcloud --from {CLOUD} --fetched-at {NOW}"], id="export"),
        pytest.param(["init new"], id="init"),
        pytest.param(["demo story"], id="demo"),
    ],
)
def test_nothing_dodges_the_door(example: Path, commands: list[str]) -> None:
    """
    On a real run no audited change, and no statement that SQLite itself traces, comes outside an effect.
    """
    ran = [reconciler(example, *command.split(), now=NOW, witness=accuse) for command in commands]

    assert [(ended.code, ended.err.count("dodged")) for ended in ran] == [(0, 0)] * len(ran), ran[-1].err
    assert all(ended.effects for ended in ran)


def test_what_dodges_the_door_is_seen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """
    The witness of the test above sees a file, a folder, a program and a statement that nobody announced.
    """
    script = """
import sqlite3, subprocess, sys
from pathlib import Path
from tests.test_effects import accuse
sys.addaudithook(lambda event, details: accuse(event, details, False))
Path("folder").mkdir()
Path("folder/file").write_text("")
subprocess.run(["true"])
database = sqlite3.connect("file.db")
sys.audit("reconciler.effect", "ends", "open", "")
database.execute("CREATE TABLE a (b)")
database.close()
"""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environ, check=True)
    seen = capfd.readouterr().err

    assert all(f"dodged: {event}" in seen for event in ("os.mkdir", "open", "subprocess.Popen", "statement"))


def test_an_effect_that_fails_ends_all_the_same() -> None:
    """
    Whoever listens hears of an effect's beginning and of its end, however it went.
    """
    script = f"""
import sys
from reconciler.effects import effect
sys.addaudithook(lambda event, details: print(*details) if event == {EVENT!r} else None)
with effect("write", "a"):
    raise OSError
"""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", script], env=environ, check=False, capture_output=True, text=True)

    assert ran.stdout.splitlines() == ["begins write a", "ends write a"]


def test_an_effect_that_nobody_hears_is_the_block_alone() -> None:
    """
    Without a listener an effect adds nothing and takes nothing away.
    """
    done = []
    with effect("write", "a"):
        done.append(1)

    assert done == [1]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Return a repository with the example organisation that no run has seen. Python itself writes no file meanwhile.
    """
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    shutil.copytree(ROOT / "state", tmp_path / "state", ignore=shutil.ignore_patterns("ledger"))
    (tmp_path / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
        who = ["-c", "user.name=Ops", "-c", "user.email=ops@example.com"]
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True)
    return tmp_path


def accuse(event: str, details: tuple[Any, ...], inside: bool) -> None:  # noqa: FBT001  a listener's signature
    """
    Say on stderr what changes the world outside an effect.

    SQLite tells of its statements only once it is asked to, and can be asked once the connection is open.
    """
    if event == "sqlite3.connect/handle":
        OPENED.append(details[0])
    elif event.startswith("reconciler") and OPENED:
        with suppress(sqlite3.ProgrammingError):  # closed again before anybody could ask
            OPENED.pop().set_trace_callback(lambda sql: sys.audit("statement", sql))
    compiled = sys.pycache_prefix and str(details[:1]).startswith(f"('{sys.pycache_prefix}")  # by Python itself
    if not inside and not compiled and (event in AUDITED or (event == "open" and _writes(*details))):
        os.write(2, f"dodged: {event} {details}\n".encode())


def _writes(path: object, _mode: object, flags: int) -> bool:
    """
    Return whether a file is opened to be changed; one without a name (a descriptor, a folder's) is ours alone.
    """
    nameless = isinstance(path, int) or path in {os.devnull, SCRATCH}
    return not nameless and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))


def unannounced(name: str, text: str) -> Iterator[str]:
    """
    Yield `module:line: call` for each call that changes the world and stands in no `with effect`.
    """
    for call in _outside(ast.parse(text, name)):
        if _changes(call):
            yield f"{name}:{call.lineno}: {ast.unparse(call)}"


def _outside(node: ast.AST) -> Iterator[ast.Call]:
    """
    Yield every call below `node` that no `with effect` surrounds; what stands after it in one `with` is inside.
    """
    if isinstance(node, ast.With) and any(_is_effect(item.context_expr) for item in node.items):
        first = next(place for place, item in enumerate(node.items) if _is_effect(item.context_expr))
        for item in node.items[:first]:
            yield from _outside(item)
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside(child)


def _is_effect(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "effect"


def _changes(call: ast.Call) -> bool:
    """
    Return whether a call changes something outside this process, as far as its text tells.
    """
    owner, _, name = ast.unparse(call.func).rpartition(".")
    if name == "open":
        return _opens_to_write(call)
    if name == "replace":
        return owner == "os" or (len(call.args) == 1 and not call.keywords)
    if owner in WHOLE or (owner, name) == ("sqlite3", "connect"):
        return name not in HARMLESS
    return name in CHANGES or (name == "execute" and "git" in owner)


def _opens_to_write(call: ast.Call) -> bool:
    """
    Return whether a file is opened with a mode, or with flags, that let it be changed.
    """
    words = [str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant)]
    names = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
    return bool(names & FLAGS) or any(re.fullmatch("[rwaxbt+]*[wax+][rwaxbt+]*", word) for word in words)
