"""
`reconciler serve` as a process: what it refuses to begin with, and how it ends.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import reconciler
from reconciler.cli.main import run
from tests.server.registry import NOW, SECRET, Registry, registry

ROOT = Path(__file__).parents[2]


@contextmanager
def served(found: Registry, *arguments: str, secret: str = SECRET) -> Iterator[subprocess.Popen[str]]:
    """
    Yield the process; it is gone afterwards, however it was left.
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "RECONCILER_TOKEN": secret, "RECONCILER_NOW": NOW}
    command = [sys.executable, "-m", "reconciler", "serve", *arguments]
    with subprocess.Popen(command, cwd=found.folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    """
    Return the port that the process tells.
    """
    assert process.stderr is not None
    told = process.stderr.readline()
    match = re.search(r"http://127\.0\.0\.1:(\d+)", told)
    assert match, told
    return int(match[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_signal_ends_the_service_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """
    What was asked is answered and recorded, the process says that it has stopped, and its exit is 0.
    """
    found = registry(tmp_path / "org")
    with served(found, "--port", "0") as process:
        answer = found._replace(port=port_of(process)).post("/events/login", {"user": "user1"})
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    told = "login of 1: run 1, 4 landed, 0 failed, 0 held\nstopped\n"

    assert (answer.status, process.returncode, err) == (200, 0, told)
    assert found.git("log", "-1", "--format=%s").strip() == "Record run 1 on flow"


@pytest.mark.parametrize(
    ("arguments", "secret", "told"),
    [
        pytest.param((), "", "RECONCILER_TOKEN is not set", id="no secret"),
        pytest.param((), "guess me", "shorter than 16 characters", id="short secret"),
        pytest.param(("--target", "nobody"), SECRET, "there is no target 'nobody'", id="no target"),
        pytest.param(("--host", "256.1.1.1"), SECRET, "256.1.1.1:8080 cannot be answered at", id="no address"),
    ],
)
def test_what_cannot_work_does_not_begin(
    tmp_path: Path, arguments: tuple[str, ...], secret: str, told: str
) -> None:
    """
    The exit is that of a wrong call, and says what is wrong.
    """
    with served(registry(tmp_path / "org"), *arguments, secret=secret) as process:
        _, err = process.communicate(timeout=60)

    assert (process.returncode, told in err) == (2, True), err


def test_library_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Whoever installed no extra is told which one.
    """
    monkeypatch.delitem(sys.modules, "reconciler.server_run", raising=False)
    monkeypatch.delattr(reconciler, "server_run", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code = run(["serve"])
    told = capsys.readouterr().err

    assert (code, "pip install 'identity-reconciler[server]'" in told) == (2, True)


def test_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """
    Two services cannot answer at one port.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with served(registry(tmp_path / "org"), "--port", port) as process:
            _, err = process.communicate(timeout=60)

    assert (process.returncode, f"127.0.0.1:{port} cannot be answered at" in err) == (2, True), err


def test_service_answers_on_this_machine_alone(tmp_path: Path) -> None:
    """
    Unless it is told otherwise; and then it says what that means.
    """
    found = registry(tmp_path / "org")
    with served(found, "--port", "0", "--host", "0.0.0.0") as process:  # noqa: S104  what is warned of
        assert process.stderr is not None
        told = process.stderr.readline()

    assert "put a proxy with TLS before it" in told
