"""
Servers that nobody here wrote, started for a test; never the system's own service.

Each runs in a folder of its own, by an account without rights, on a port that nobody uses.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 60.0
"""Seconds that a server may take to answer: a loaded machine is slow."""


def program(*names: str, folders: Sequence[str] = ()) -> str:
    """
    Return the first of these programs that is installed; without any, skip the test, or fail it where CI is set.
    """
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *folders])
    found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    if found is None:
        absent(f"none of {', '.join(names)} is installed")
    return str(found)


def absent(reason: str) -> None:
    """
    Skip the test, or fail it where CI is set: a server that is missing there would be missed by nobody.
    """
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def account(*names: str) -> str | None:
    """
    Return the account that a server shall run as: the first of these that there is; None where we are not root.
    """
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next(name for name in (*names, "nobody") if name in known)


@contextmanager
def folder(user: str | None) -> Iterator[Path]:
    """
    Give a new folder that belongs to the account, and take it away again.
    """
    path = Path(tempfile.mkdtemp(prefix="reconciler-"))
    try:
        if user is not None:
            shutil.chown(path, user)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def free_port() -> int:
    """
    Return a port of this machine that nobody listens on.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], *, port: int, user: str | None, log: Path) -> Iterator[None]:
    """
    Run a server until the block ends, once it answers on its port.
    """
    with log.open("wb") as output:
        server = subprocess.Popen(command, user=user, stdout=output, stderr=subprocess.STDOUT, cwd="/")
    try:
        _await(server, port, log)
        yield
    finally:
        server.terminate()
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(PATIENCE)


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the server ended at once: {log.read_text('utf-8', 'replace')[-2000:]}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nobody answers on port {port}: {log.read_text('utf-8', 'replace')[-2000:]}")
