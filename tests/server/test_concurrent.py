"""
Two hundred logins at the same moment while a run about everybody goes on, on SQLite and Git.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.core.export import UserRow
from tests.server.registry import Answer, Registry, answering, registry, user

LOGINS, USERS, GROUPS = 200, 2400, 40
EVERYBODY = "extends: baw\ndefault_scope: all\nusers: {population: all}\n"


def settled(found: Registry, answer: Answer) -> Answer:
    """
    Return the answer once the trigger has ended.
    """
    deadline = time.monotonic() + 300
    while answer.json["state"] in {"waiting", "running"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        answer = found.ask("GET", f"/runs/{answer.json['id']}")
    return answer


def who_logs_in() -> list[UserRow]:
    """
    Return two hundred users, spread over all that there are.
    """
    return [user(number, GROUPS) for number in range(0, USERS, USERS // LOGINS)]


def scopes(found: Registry) -> list[str]:
    """
    Return what each run was about, in their order.
    """
    files = sorted((found.folder / "state/ledger/flow/runs").rglob("*.jsonl"))
    return [json.loads(path.read_text().splitlines()[0])["scope"].partition(":")[0] for path in files]


@pytest.mark.ci
def test_two_hundred_logins_during_a_full_run(tmp_path: Path) -> None:
    """
    Each user is made once, is in the right groups, and stands in a ledger that lost no record.
    """
    made = registry(tmp_path, users=USERS, groups=GROUPS, policy=EVERYBODY)
    people = who_logs_in()
    with answering(made) as found, ThreadPoolExecutor(LOGINS + 1) as pool:
        full = pool.submit(found.post, "/runs", {})
        logins = pool.map(lambda one: found.post("/events/login", {"user": one.user_name}), people)
        answers = [settled(found, answer) for answer in (full.result(), *logins)]
        again = found.post("/runs", {}).json

    states = {(answer.status, answer.json["state"], answer.json["counts"]["failed"]) for answer in answers}
    assert states == {(200, "done", 0)}
    assert made.users() == {f"user{number}": 1 for number in range(USERS)}
    for one in people:
        assert made.groups_of(one.user_name) == sorted(f"group{key[1:]}" for key in one.groups)
    in_two = made.admin.run("SELECT count(*) FROM (SELECT 1 FROM memberships GROUP BY user_id HAVING count(*) = 2)")
    assert in_two == [(USERS,)]
    recorded = [line for line in made.git("log", "--format=%s").splitlines() if line.startswith("Record run")]
    assert recorded == [f"Record run {number} on flow" for number in range(len(recorded), 0, -1)]
    told = scopes(made)
    assert len(told) == len(recorded)
    assert "all" in told[told.index("login") :], "no login came between the batches of the full run"
    assert (again["run"], again["counts"]) == (0, {"failed": 0, "held": 0, "landed": 0})
