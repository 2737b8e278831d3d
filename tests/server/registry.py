"""
A registry of many users and groups in a repository of its own, and its service, answering on a free port.
"""

import http.client
import json
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import uvicorn

from reconciler.core.export import GroupRow, UserRow
from reconciler.files.new_export import write_export
from reconciler.server import Service, application
from reconciler.server_run import service
from reconciler.wiring.triggering import Place, found_by, make
from tests.targets.sql_admin import SqlAdmin

SECRET = "a secret of some length"  # noqa: S105  the tests' own
NOW = "2026-11-22T10:00:00Z"
CONFIG = """\
version: 1
sources:
  registry: {type: ibmcloud, max_age: 36h}
targets:
  flow:
    type: sql
    url: sqlite:///.reconciler/flow.db
    sources: [registry]
    policy: flow.yaml
"""


class Answer(NamedTuple):
    """
    What the service answered.
    """

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """
        What was said, read as JSON.
        """
        return json.loads(self.text)


class Registry(NamedTuple):
    """
    The repository in `folder`, and the port that its service answers on; 0 where none does.
    """

    folder: Path
    port: int = 0

    @property
    def admin(self) -> SqlAdmin:
        """
        Return the target's administrator.
        """
        return SqlAdmin(self.folder / ".reconciler" / "flow.db")

    def git(self, *arguments: str) -> str:
        """
        Return what Git prints.
        """
        ann = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        done = subprocess.run(
            ["git", *ann, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def says(self, users: int, *, groups: int = 10, at: str = "2026-11-22T09:00:00Z") -> None:
        """
        Let the registry's export have so many users, each in two groups, and commit it.
        """
        write_export(
            self.folder / "state" / "exports" / "registry",
            source="registry",
            account="acc",
            fetched_at=at,
            complete=True,
            faults=(),
            read={},
            users=[user(number, groups) for number in range(users)],
            groups=[GroupRow(key=f"g{number}", name=f"group{number}") for number in range(groups)],
        )
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "Say")

    def ask(
        self, method: str, path: str, body: object = None, /, *, secret: str = SECRET, **headers: str
    ) -> Answer:
        """
        Return the answer to a request; a body that is no text is sent as JSON.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if secret:
            sent.setdefault("Authorization", f"Bearer {secret}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        content = body if isinstance(body, str | bytes | None) else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read().decode())
        finally:
            connection.close()

    def post(self, path: str, body: object, **headers: str) -> Answer:
        """
        Return the answer to something that is asked.
        """
        return self.ask("POST", path, body, **headers)

    def token(self, lifetime: int = 7200) -> str:
        """
        Return a fresh BPMCSRFToken.
        """
        asked = {"refresh-groups": False, "requested_lifetime": lifetime}
        return str(self.post("/system/login", asked).json["csrf_token"])

    def users(self) -> dict[object, object]:
        """
        Return how often each user name is there.
        """
        return {row[0]: row[1] for row in self.admin.run("SELECT user_name, count(*) FROM users GROUP BY 1")}

    def groups_of(self, name: str) -> list[object]:
        """
        Return the names of the groups a user is in, sorted.
        """
        found = "SELECT group_name FROM group_members WHERE user_name = ? ORDER BY 1"
        return [row[0] for row in self.admin.run(found, name)]


def user(number: int, groups: int) -> UserRow:
    """
    Return a user of the registry, in two of its groups.
    """
    mine = tuple(sorted({f"g{number % groups}", f"g{(number + 1) % groups}"}))
    return UserRow(
        key=f"u{number}", user_name=f"user{number}", state="active", display_name=f"User {number}", groups=mine
    )


def registry(folder: Path, *, users: int = 20, groups: int = 10, policy: str = "extends: baw\n") -> Registry:
    """
    Return a registry of so many users in a new repository, under preset `baw` or what a policy lays over it.
    """
    found = Registry(folder)
    (folder / "state" / "policies").mkdir(parents=True)
    (folder / "state" / "reconciler.yaml").write_text(CONFIG)
    (folder / "state" / "policies" / "flow.yaml").write_text(f"version: 1\n{policy}")
    (folder / ".gitignore").write_text(".reconciler/\n")
    found.git("init", "--quiet", "--template=", "--initial-branch=main")
    found.says(users, groups=groups)
    return found


def place(found: Registry) -> Place:
    """
    Return where the service of a registry acts; its clock stands still.
    """
    return Place(root=found.folder / "state", target=None, environ={"RECONCILER_NOW": NOW})


def serving(found: Registry) -> Service:
    """
    Return the service of a registry, as the command makes it.
    """
    here = place(found)
    return service(
        SECRET, make=lambda scope, stopped: make(here, scope, stopped), search=lambda it: found_by(here, it)
    )


@contextmanager
def answering(found: Registry, made: Service | None = None) -> Iterator[Registry]:
    """
    Yield the registry while its service answers, in a thread of this process; it has ended afterwards.
    """
    config = uvicorn.Config(application(made or serving(found)), port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        yield found._replace(port=server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


def at_once(found: Registry, path: str, bodies: list[dict[str, Any]]) -> list[Answer]:
    """
    Return the answers to as many requests, all sent at the same time.
    """
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(lambda body: found.post(path, body), bodies))
