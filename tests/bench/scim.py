"""
A whole organisation applied to scim2-server: the requests, counted, and their rate beside a bare client's.

    python -m tests.bench.scim --users 10000

The rate is of creates alone: the reconciler's target (each create a request, then in bulk) and the bare loop in
turn, with the same bodies, width and server: read the ratio. scim2-server must be on the PATH; it lets five
connections wait, so that more than four at once would measure how long a connection that was turned away waits
before it tries again.
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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import NamedTuple

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
            turns = [turn(url, number) for number in range(arguments.rounds)]
    sys.stdout.write(told(arguments.users, asked, took, again=again, turns=turns))


class Took(NamedTuple):
    """
    Seconds by the clock and of CPU in this process that a sample of creates took.
    """

    seconds: float
    cpu: float


class Turn(NamedTuple):
    """
    The same creates, each a request of ours, many in one, and each a bare request.
    """

    alone: Took
    together: Took
    bare: Took


def turn(url: str, number: int) -> Turn:
    """
    Return what three ways took one after the other, each on an empty server.
    """
    alone = ours(f"{url}/alone{number}", bulk=0)
    plain = bare(f"{url}/bare{number}")
    return Turn(alone, ours(f"{url}/together{number}", bulk=100), plain)


def told(users: int, asked: Counter[str], took: float, *, again: int, turns: Sequence[Turn]) -> str:
    """
    Return what was measured, for people.
    """
    counted = ", ".join(f"{number:,} {what}" for what, number in sorted(asked.items()))
    rows = [
        f"creates {name}: {median(one.bare.seconds / way(one).seconds for one in turns):.2f} of the rate of a bare"
        f" loop of {WIDTH} threads, at {median(way(one).cpu / one.bare.cpu for one in turns):.2f} of its CPU\n"
        for name, way in (("each a request", attrgetter("alone")), ("in bulk", attrgetter("together")))
    ]
    rates = ", ".join("/".join(f"{SAMPLE / one.seconds:.0f}" for one in each) for each in turns)
    return (
        f"{users:,} users, {users // 10:,} groups, {users * 10:,} memberships\n"
        f"{asked.total():,} requests: {counted}\n"
        f"apply {took:.0f} s, {users * 1.2 / took:.0f} objects/s; the plan afterwards exits {again}\n"
        f"{''.join(rows)}creates per second, alone/in bulk/bare: {rates}\n"
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


def ours(url: str, *, bulk: int) -> Took:
    """
    Return what the creates of the target take, `bulk` of them in one request.
    """
    target = ScimTarget.open(url, ScimSettings(width=WIDTH, bulk=bulk))
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
    with timed() as took:
        target.write(writes, run="bench")
    target.close()
    return took[0]


def bare(url: str) -> Took:
    """
    Return what a loop takes that does nothing but send the same.
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
    with timed() as took, ThreadPoolExecutor(WIDTH) as threads:
        list(
            threads.map(
                lambda body: pool.request("POST", f"{url}/Users", body=body, headers=headers).status, bodies
            )
        )
    return took[0]


@contextmanager
def timed() -> Iterator[list[Took]]:
    """
    Give a list that holds, at the end, what the block took.
    """
    took: list[Took] = []
    began = Took(time.perf_counter(), time.process_time())
    yield took
    took.append(Took(time.perf_counter() - began.seconds, time.process_time() - began.cpu))


if __name__ == "__main__":
    main()
