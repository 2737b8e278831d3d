"""
The service over real HTTP: what each trigger does, and what is refused, with which status.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from reconciler import server, server_api
from reconciler.core.scope import START, Scope, login
from reconciler.errors import HeldError, TargetError
from reconciler.server_run import logged, service
from reconciler.server_work import BusyError
from reconciler.wiring.triggering import Result
from tests.server.registry import SECRET, Registry, answering, registry


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """
    Return a registry of twenty users whose service answers; the tests share it.
    """
    with answering(registry(tmp_path_factory.mktemp("served"))) as answered:
        yield answered


def test_login_over_http_makes_one_user_and_is_in_the_ledger(found: Registry) -> None:
    """
    The answer counts what was done, and the ledger's commits are those of any other run.
    """
    answer = found.post("/events/login", {"user": "user1"})
    record = found.git("log", "-1", "--format=%s").strip()

    assert (answer.status, answer.json["state"]) == (200, "done")
    assert answer.json["counts"] == {"landed": 4, "failed": 0, "held": 0}
    assert record == f"Record run {answer.json['run']} on flow"
    assert found.groups_of("user1") == ["group1", "group2"]
    assert found.git("status", "--porcelain") == ""


def test_search_makes_whom_it_finds(found: Registry) -> None:
    """
    Everybody whose name contains the text is there, in no group.
    """
    answer = found.post("/events/search", {"query": "user1*"})
    there = {str(name) for name in found.users()}

    assert (answer.status, {f"user1{number}" for number in range(10)} <= there) == (200, True)
    assert found.groups_of("user15") == []


def test_start_and_run_bring_the_groups(found: Registry) -> None:
    """
    What the policy makes by itself is, under this one, the start of the server.
    """
    start, run = found.post("/events/start", {}), found.post("/runs", {})
    groups = found.admin.run("SELECT count(*) FROM groups")

    assert ((start.status, run.status), groups) == ((200, 200), [(10,)])
    assert (run.json["run"], run.json["counts"]["landed"]) == (0, 0)


def test_trigger_can_be_asked_about(found: Registry) -> None:
    """
    What was answered once is answered again, under its id.
    """
    answer = found.post("/events/login", {"user": "user2"})

    assert found.ask("GET", f"/runs/{answer.json['id']}").json == answer.json


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/events/login", {"user": "zoe"}),
        ("/events/search", {"query": "zoe"}),
        ("/system/users_sync", {"users": ["user1", "zoe"]}),
        ("/ops/system/groups_sync", {"groups": ["zoe"]}),
    ],
)
def test_name_that_nobody_bears_is_not_found(found: Registry, path: str, body: Any) -> None:
    """
    The name is told, and nothing is written.
    """
    before = found.git("rev-parse", "HEAD")
    answer = found.post(path, body, BPMCSRFToken=found.token())

    assert (answer.status, answer.json["error"]) == (404, "nobody is known as 'zoe'")
    assert found.git("rev-parse", "HEAD") == before


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {SECRET}", f"Bearer {SECRET}x", SECRET])
@pytest.mark.parametrize("path", ["/events/login", "/runs", "/metrics", "/runs/1", "/system/login"])
def test_without_the_secret_nothing_is_answered(found: Registry, path: str, header: str) -> None:
    """
    No secret, a wrong one, or another scheme: 401, whatever was asked.
    """
    method = "GET" if path in {"/metrics", "/runs/1"} else "POST"
    answer = found.ask(method, path, None, secret="", Authorization=header)

    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        pytest.param({"user": 1}, 422, "user", id="wrong type"),
        pytest.param({"user": ""}, 422, "user", id="empty"),
        pytest.param({}, 422, "user", id="missing"),
        pytest.param({"user": "ann", "role": "admin"}, 422, "role", id="identity data"),
        pytest.param("", 422, "", id="nothing"),
        pytest.param([], 422, "", id="no object"),
        pytest.param('{"user": "ann"', 422, "", id="cut off"),
        pytest.param(b'{"user": "\xff"}', 422, "", id="no text"),
        pytest.param("[" * 60000, 422, "", id="deep"),
        pytest.param('{"user": "' + "a" * (1 << 20) + '"}', 413, "", id="large"),
    ],
)
def test_body_that_is_not_what_it_should_be_is_refused(found: Registry, body: Any, status: int, field: str) -> None:
    """
    The status says what is wrong, and the answer with which field.
    """
    answer = found.post("/events/login", body)

    assert (answer.status, answer.json["field"]) == (status, field)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "application/jsonx"])
def test_body_of_another_kind_is_refused(found: Registry, kind: str) -> None:
    """
    A form that a browser sends by itself is no JSON.
    """
    assert found.post("/events/login", {"user": "user1"}, Content_Type=kind).status == 415


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/events/login", 405), ("POST", "/docs", 405), ("GET", "/nothing", 404)]
)
def test_what_there_is_not_is_refused(found: Registry, method: str, path: str, status: int) -> None:
    """
    The answer says where what there is stands, and is counted as every other.
    """
    answer = found.ask(method, path)

    assert (answer.status, answer.json["hint"]) == (status, "see /docs")
    assert f'reconciler_requests_total{{status="{status}"}}' in found.ask("GET", "/metrics").text


def test_empty_body_is_called_empty(found: Registry) -> None:
    """
    Who sends nothing is told what says nothing, and not of data that was cut off.
    """
    answer = found.post("/runs", "")

    assert answer.json["error"] == "the body is empty"
    assert answer.json["hint"].startswith("{} ")


def test_login_that_makes_nobody_says_why(tmp_path: Path) -> None:
    """
    The answer names what keeps somebody from an account.
    """
    made = registry(tmp_path, users=2)
    (tmp_path / "state" / "overrides").mkdir()
    (tmp_path / "state" / "overrides" / "x.yaml").write_text("- {user: user1, exclude: true, reason: T-1}\n")
    made.git("add", "--all")
    made.git("commit", "--quiet", "-m", "Decide")
    with answering(made) as found:
        answer = found.post("/events/login", {"user": "user1"})

    assert (answer.status, made.users()) == (200, {})
    assert [one.partition(" is not made: ")[::2] for one in answer.json["notices"]] == [
        ("'user1'", f"override {tmp_path}/state/overrides/x.yaml:1 (T-1) says exclude")
    ]


def test_searches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    While as many are under way as may be, one more is told to come again, and nothing is read for it.
    """
    monkeypatch.setattr(server, "SEARCHES", 1)
    begun, ends = Event(), Event()

    def searches(text: str) -> Scope:
        begun.set()
        ends.wait(30)
        return login([text])

    made = service(SECRET, make=lambda _scope, _stopped: Result(), search=searches)
    with answering(Registry(tmp_path), made) as found, ThreadPoolExecutor(1) as others:
        first = others.submit(found.post, "/events/search", {"query": "ann"})
        begun.wait(30)
        second = found.post("/events/search", {"query": "bob"})
        ends.set()

        assert (second.status, second.json["hint"]) == (429, "ask again in a moment")
        assert first.result().status == 200


def test_service_says_what_its_runs_came_to() -> None:
    """
    Each run is a line of counts; one that is refused is told too, and nobody is named.
    """
    said: list[str] = []

    def makes(about: Scope | None, _stopped: object) -> Result:
        if about is None:
            raise HeldError("ann")
        return Result(run=7, landed=2, held=1)

    made = logged(makes, said.append)
    made(login(["ann"]), lambda _done: False)
    made(START, lambda _done: False)
    with pytest.raises(HeldError):
        made(None, lambda _done: False)

    assert said == [
        "login of 1: run 7, 2 landed, 0 failed, 1 held",
        "start of all: run 7, 2 landed, 0 failed, 1 held",
        "run: refused, HeldError",
    ]


def test_search_that_finds_too_many_is_refused(tmp_path: Path) -> None:
    """
    The number is told, and nobody is made.
    """
    made = registry(tmp_path, users=4, policy="extends: baw\nsearch_cap: 3\n")
    with answering(made) as found:
        answer = found.post("/events/search", {"query": "*"})

    assert (answer.status, "finds 4 users" in answer.json["error"]) == (409, True)
    assert made.users() == {}


@pytest.mark.parametrize(
    ("error", "status"),
    [(HeldError("x"), 409), (TargetError("x"), 503), (BusyError("x"), 429), (RuntimeError("x"), 500)],
    ids=lambda it: type(it).__name__ if isinstance(it, Exception) else "",
)
def test_failure_has_a_status(tmp_path: Path, error: Exception, status: int) -> None:
    """
    What is expected is told with its reason; what is not, without a word of the code's.
    """

    def fails(*_args: object) -> Result:
        raise error

    made = service(SECRET, make=fails, search=lambda text: login([text]))
    with answering(Registry(tmp_path), made) as found:
        answer = found.post("/runs", {})

    assert answer.status == status
    assert answer.json["error"] == ("a bug: RuntimeError" if status == 500 else "x")


def test_body_that_does_not_arrive_is_not_waited_for(found: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who sends half a body keeps nobody waiting for ever.
    """
    monkeypatch.setattr(server, "ARRIVES_WITHIN", 0.2)
    with socket.create_connection(("127.0.0.1", found.port), timeout=30) as connection:
        head = "POST /runs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
        connection.sendall(f"{head}Authorization: Bearer {SECRET}\r\n\r\n{{".encode())

        assert connection.recv(200).startswith(b"HTTP/1.1 408 ")


def test_metrics_count_and_name_nobody(found: Registry) -> None:
    """
    The numbers are those of Prometheus' text format, and no user stands among them.
    """
    found.post("/events/login", {"user": "user3"})
    text = found.ask("GET", "/metrics").text

    assert 'reconciler_triggers_total{kind="login",outcome="done"}' in text
    assert "# TYPE reconciler_requests_total counter" in text
    assert "user3" not in text


def test_health_and_page_need_no_secret(found: Registry) -> None:
    """
    Whether it answers, and what can be asked, is no secret; nor is it fetched from elsewhere.
    """
    health, page = (found.ask("GET", path, secret="") for path in ("/healthz", "/docs"))

    assert health.json == {"status": "ok", "waiting": 0}
    assert (page.status, "<script" in page.text, "http" in page.text) == (200, False, False)
    assert all(path in page.text for one in server_api.OPERATIONS for path in one.paths)


def test_document_describes_every_operation(found: Registry) -> None:
    """
    Each path is there with its answers, its body and who may ask.
    """
    told = found.ask("GET", "/openapi.json", secret="").json
    login_event = told["paths"]["/events/login"]["post"]
    sync = told["paths"]["/bas/ops/system/users_sync"]["post"]

    assert len(told["paths"]) == sum(len(one.paths) for one in server_api.OPERATIONS)
    assert set(login_event["responses"]) >= {"200", "202", "401", "404", "409", "413", "415", "422", "429", "503"}
    assert (login_event["security"], sync["security"]) == ([{"bearer": []}], [{"bearer": [], "csrf": []}])
    assert told["components"]["schemas"]["LoginEvent"]["additionalProperties"] is False
