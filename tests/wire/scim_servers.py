"""
SCIM servers that nobody here wrote, each started empty.
"""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.wire import scim_places
from tests.wire.servers import absent, folder, free_port, program, running


@contextmanager
def scim2_server(*options: str) -> Iterator[str]:
    """
    Run scim2-server (https://pypi.org/project/scim2-server/) with the extensions; each path below it is a tenant.
    """
    command = program("scim2-server")
    with folder(None) as home:
        schemas, types = home / "schemas.json", home / "types.json"
        with _served([command], home) as url:
            schemas.write_text(json.dumps(scim_places.schemas(_listed(f"{url}/Schemas"))))
            types.write_text(json.dumps(scim_places.resource_types(_listed(f"{url}/ResourceTypes"))))
        words = [command, "--schema", str(schemas), "--resource-type", str(types), "--dynamic-tenants", *options]
        with _served(words, home) as url:
            yield url


@contextmanager
def _served(command: list[str], home: Path) -> Iterator[str]:
    port = free_port()
    with running([*command, "--port", str(port)], port=port, user=None, log=home / "log"):
        yield f"http://127.0.0.1:{port}"


def _listed(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(url) as answer:  # noqa: S310  a server of this machine
        resources: list[dict[str, Any]] = json.load(answer)["Resources"]
    return resources


@contextmanager
def scimmy(*options: str) -> Iterator[str]:
    """
    Run a server on scimmy-routers (npm); each path below it is a server of its own.
    """
    node = program("node")
    known = subprocess.run(
        [node, "-e", "require.resolve('scimmy-routers')"], cwd="/", capture_output=True, check=False
    )
    if known.returncode:
        absent("scimmy-routers is not installed where NODE_PATH says")
    script = Path(__file__).with_name("scimmy.cjs")
    port = free_port()
    words = [node, str(script), str(port), *options]
    with folder(None) as home, running(words, port=port, user=None, log=home / "log"):
        yield f"http://127.0.0.1:{port}"


_CANAILLE = """\
SECRET_KEY = "test"
[CANAILLE]
DATABASE = "sql"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{home}/canaille.db"
AUTO_MIGRATE = true
[CANAILLE_OIDC]
ENABLE_OIDC = true
[CANAILLE_SCIM]
ENABLE_SERVER = true
"""


@contextmanager
def canaille(token: str) -> Iterator[str]:
    """
    Run canaille (https://pypi.org/project/Canaille/) on SQLite, for a client that bears the token.
    """
    command = program("canaille")
    port = free_port()
    with folder(None) as home, pytest.MonkeyPatch.context() as patch:
        (home / "canaille.toml").write_text(_CANAILLE.format(home=home))
        patch.setenv("CANAILLE_CONFIG", str(home / "canaille.toml"))
        began = ("--issue-date", "2026-01-01T00:00:00+00:00", "--lifetime", "1000000000", "--scope", "openid")
        for words in (
            ("install",),
            ("create", "client", "--client-id", "us", "--client-name", "us"),
            ("create", "token", "--token-id", "us", "--access-token", token, "--client", "us", *began),
        ):
            subprocess.run([command, *words], cwd=home, capture_output=True, check=True)
        served = [command, "run", "--bind", f"127.0.0.1:{port}"]
        with running(served, port=port, user=None, log=home / "log"):
            yield f"http://127.0.0.1:{port}/scim/v2"
