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
def scimmy() -> Iterator[str]:
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
    with folder(None) as home, running([node, str(script), str(port)], port=port, user=None, log=home / "log"):
        yield f"http://127.0.0.1:{port}"
