"""
A whole organisation applied to scim2-server: the requests, counted, and their rate beside a bare client's.

    python -m tests.bench.scim --users 10000

The rate is of creates alone, the reconciler's target and the bare loop in turn, with the same bodies, width and
server: read the ratio. scim2-server must be on the PATH; it lets five connections wait, so that more than four at
once would measure how long a connection that was turned away waits before it tries again.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import urllib3

from reconciler.ports import Write
from reconciler.targets.scim import ScimTarget
from reconciler.targets.scim_settings import ScimSettings
from tests.bench.organisation import NOW, SOURCE, organisation
from tests.bench.sides import write_source
from tests.wire.servers import free_port, program, running

ROOT = Path(__file__).parents[2]
WIDTH, SAMPLE = 4, 500
CONFIG = """\
version: 1
sources: {{ibmcloud: {{type: ibmcloud, max_age: 36h}}}}
targets:
  scim:
    {{type: scim, url: "{url}", settings: {{width: {width}}}, sources: [ibmcloud], policy: scim.yaml}}
"""
POLICY = "version: 1\nextends: atlassian\ngroups: {fields: {description: target}}\n"


def main() -> None:
    """
    Print the requests of an apply, and the ratio of the rates.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scim", description=__doc__)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, port = Path(scratch), free_port()
        log = folder / "log"
        command = [program("scim2-server"), "--port", str(port), "--dynamic-tenants"]
        with running(command, port=port, user=None, log=log):
            url = f"http://127.0.0.1:{port}"
            took = apply(folder, f"{url}/whole", arguments.users)
            asked = requests(log)
            again = plan(folder)
            rates = [(ours(f"{url}/ours{turn}"), bare(f"{url}/bare{turn}")) for turn in range(arguments.rounds)]
    sys.stdout.write(told(arguments.users, asked, took, again=again, rates=rates))


def told(users: int, asked: Counter[str], took: float, *, again: int, rates: Sequence[tuple[float, float]]) -> str:
    """
    Return what was measured, for people.
    """
    counted = ", ".join(f"{number:,} {what}" for what, number in sorted(asked.items()))
    ratio = median(one / other for one, other in rates)
    turns = ", ".join(f"{one:.0f}/{other:.0f}" for one, other in rates)
    return (
        f"{users:,} users, {users // 10:,} groups, {users * 10:,} memberships\n"
        f"{asked.total():,} requests: {counted}\n"
        f"apply {took:.0f} s, {asked.total() / took:.0f} requests/s; the plan afterwards exits {again}\n"
        f"creates per second: {ratio:.2f} of a bare loop of {WIDTH} threads ({turns})\n"
    )


def apply(folder: Path, url: str, users: int) -> float:
    """
    Return the seconds that a whole apply of a new organisation takes.
    """
    state = folder / "state"
    (state / "policies").mkdir(parents=True)
    (state / "reconciler.yaml").write_text(CONFIG.format(url=url, width=WIDTH))
    (state / "policies/scim.yaml").write_text(POLICY)
    org = organisation(users)
    write_source(state / "exports" / SOURCE, org.users, org.groups)
    (folder / ".gitignore").write_text("log\n.reconciler/\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        subprocess.run(
            ["git", "-C", folder, "-c", "user.name=B", "-c", "user.email=b@example.com", *words], check=True
        )
    began = time.perf_counter()
    ended = reconciler(folder, "apply", "--yes", "--quiet")
    if ended:
        sys.exit(f"apply ended with {ended}")
    return time.perf_counter() - began


def plan(folder: Path) -> int:
    """
    Return how the plan after the apply ends: 0 where nothing is left to do.
    """
    return reconciler(folder, "plan", "--check", "--quiet")


def reconciler(folder: Path, *words: str) -> int:
    """
    Return how a command ends.
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "RECONCILER_NOW": NOW}
    command = [sys.executable, "-m", "reconciler", *words]
    return subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, check=False).returncode


def requests(log: Path) -> Counter[str]:
    """
    Return how many requests of each kind the server has written down.
    """
    lines = re.findall(r'"(GET|POST|PUT|PATCH|DELETE) /whole(?:/v2)?/(\w+)', log.read_text("utf-8", "replace"))
    return Counter(f"{method} {kind}" for method, kind in lines)


def ours(url: str) -> float:
    """
    Return the creates per second of the target.
    """
    target = ScimTarget.open(url, ScimSettings(width=WIDTH))
    target.read()
    writes = [
        Write(
            change=name,
            action="create",
            kind="user",
            id=None,
            key=name,
            name=name,
            fields={"email": f"{name}@example.com"},
        )
        for name in (f"user{number}" for number in range(SAMPLE))
    ]
    began = time.perf_counter()
    target.write(writes, run="bench")
    took = time.perf_counter() - began
    target.close()
    return SAMPLE / took


def bare(url: str) -> float:
    """
    Return the creates per second of a loop that does nothing but send the same.
    """
    pool = urllib3.PoolManager(maxsize=WIDTH)
    headers = {"Content-Type": "application/scim+json"}
    pool.request("GET", f"{url}/Users", headers=headers)
    bodies = [
        json.dumps(
            {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "externalId": f"user{number}",
                "userName": f"user{number}",
                "active": True,
                "emails": [{"value": f"user{number}@example.com", "primary": True}],
            }
        )
        for number in range(SAMPLE)
    ]
    began = time.perf_counter()
    with ThreadPoolExecutor(WIDTH) as threads:
        list(
            threads.map(
                lambda body: pool.request("POST", f"{url}/Users", body=body, headers=headers).status, bodies
            )
        )
    return SAMPLE / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
