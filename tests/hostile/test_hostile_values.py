"""
Values that somebody chose for themselves, on their way out: they are shown, and act nowhere.

A person may set their own display name or description. Whatever it holds, each command's answer is a text of ours
with that value quoted in it; commit messages hold counts, digests and ids alone.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.export import UserRow
from tests.cli.conftest import ANN, ROOT, Answer, Desk
from tests.hostile.attack import APPLY, holdings
from tests.render.test_renderings import HOSTILE

PLANS = (("plan",), ("plan", "--format", "markdown"), ("plan", "--format", "deepdiff"))
MESSAGE = re.compile(r"[A-Za-z0-9 .,:;()@<>+~%/_=-]*")

NAMES = {
    **{
        name: text
        for name, text in HOSTILE.items()
        if name not in {"lone surrogate", "tower of marks", "NUL and DEL"}
    },
    "formula": '=HYPERLINK("http://e.example";"x")',
    "formula behind a plus": "+1+cmd|' /C calc'!A0",
    "trailer": "x\n\nApproved-by: security\nCo-authored-by: x <x@e.example>",
    "words that skip a build": "[skip ci]",
    "workflow command": "::set-output name=x::y",
    "SQL": "'); DROP TABLE users; --",
    "filter": "*)(uid=*))(|(uid=*",
    "path": "../../../../etc/passwd",
    "template": "${{ secrets.GITHUB_TOKEN }} $(id) `id`",
    "megabyte": "n" * 1_000_000,
}
TOGETHER = 10
"""So many people bear such a name at once: more, and a plan in Markdown would have no room for all of them."""


def called(text: str) -> Callable[[UserRow], UserRow]:
    """
    Return what the cloud says once Ann calls herself `text`.
    """
    return named({ANN: text})


def named(names: Mapping[str, str]) -> Callable[[UserRow], UserRow]:
    """
    Return what the cloud says once these people, by their user names, call themselves so.
    """

    def edit(row: UserRow) -> UserRow:
        text = names.get(row.user_name)
        return row if text is None else replace(row, first_name=text, description=text)

    return edit


def acting(answer: Answer) -> list[str]:
    """
    Return the lines of an answer that a terminal or a log would act on, and whatever looks like a traceback.
    """
    lines = (answer.out + answer.err).split("\n")
    return [line for line in lines if not line.isprintable() or re.search(r"^\s*::|##|Traceback|a bug in", line)]


@pytest.mark.parametrize("first", range(0, len(NAMES), TOGETHER))
def test_names_act_nowhere(settled: Desk, first: int) -> None:
    """
    Every answer quotes them in bounded length, no commit names them, and the target holds them as they are.
    """
    people = settled.admin.run("SELECT user_name FROM users ORDER BY 1")
    texts = [*NAMES.values()][first : first + TOGETHER]
    names = {str(name): text for (name,), text in zip(people, texts, strict=False)}
    settled.cloud(named(names))
    before = holdings(settled)
    shown = [settled.run(*command) for command in (*PLANS, *(("explain", name) for name in names))]
    after = holdings(settled)
    applied = settled.run(*APPLY)
    message = settled.git("log", "-1", "--format=%B")
    told = [*shown, applied, settled.run("owners"), *(settled.run("audit", "--user", name) for name in names)]

    assert before == after
    assert [line for one in told for line in acting(one)] == []
    assert [name for name in names if any(name not in one.out for one in shown[: len(PLANS)])] == []
    assert max(len(one.out) for one in told) < 200_000
    assert [line for line in message.split("\n") if not MESSAGE.fullmatch(line)] == []
    assert names.items() <= {
        (name, first) for name, first in settled.admin.run("SELECT user_name, first_name FROM users")
    }
    assert len(names) == len(texts)


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1"])
def test_no_cell_of_a_table_is_a_formula(settled: Desk, cell: str) -> None:
    """
    In CSV a value that a spreadsheet would compute is text.
    """
    settled.cloud(called(cell))
    settled.run(*APPLY)
    told = settled.run("audit", "--format", "csv")

    assert told.code == 0
    assert re.findall(r"(?m)(?:^|,)\"?[=+@\t-](?![0-9]*(?:,|$))", told.out) == []


def test_plan_file_that_holds_hostile_names_is_read_back(settled: Desk) -> None:
    """
    What is escaped on the screen is whole in the file: the reviewed plan is applied, with every character.
    """
    text = "".join(HOSTILE[name] for name in ("ANSI", "bidi", "escape", "log command", "old log command"))
    settled.cloud(called(text))
    settled.run("plan", "--out", "plan.json")
    told = settled.run("apply", "--yes", "--quiet", "--approved", "plan.json")

    assert told.code == 0
    assert settled.admin.run("SELECT first_name FROM users WHERE user_name = ?", ANN) == [(text,)]


def test_name_that_the_target_cannot_hold_is_reported(settled: Desk) -> None:
    """
    A NUL, with which databases end a text early, is refused by the target, named, and written nowhere.
    """
    settled.cloud(called("Ann\0<script>"))
    told = settled.run(*APPLY)

    assert told.code == 1
    assert "failed: update user ann.muster@example.com" in told.err
    assert acting(told) == []
    assert settled.admin.run("SELECT first_name FROM users WHERE user_name = ?", ANN) == [("Ann",)]


# A few by real processes: nothing but the process itself stands between the attack and the exit code.
PROCESSES = {
    "override": ("overrides/x.yaml", b"- user: a\n  # \xe2\x80\xa8  block: true\n", 1, b"overrides/x.yaml:2: "),
    "deep override": ("overrides/x.yaml", b"[" * 100_000, 1, b"deeper than 32"),
    "export": ("exports/ibmcloud/users.jsonl", b"[" * 100_000, 1, b"users.jsonl:1: "),
    "configuration": ("reconciler.yaml", b"\xff\xfe", 1, b"UTF-16"),
}


@pytest.mark.parametrize(("name", "content", "code", "word"), PROCESSES.values(), ids=PROCESSES.keys())
def test_hostile_file_ends_a_process_in_order(
    settled: Desk, name: str, content: bytes, *, code: int, word: bytes
) -> None:
    """
    As a process of its own, too, the command refuses with its exit code, and is not ended by a library's crash.
    """
    (settled.state / name).write_bytes(content)
    settled.commit()
    before = holdings(settled)
    command = [sys.executable, "-m", "reconciler", "apply", "--yes"]
    done = subprocess.run(command, capture_output=True, env={"PYTHONPATH": str(ROOT)}, check=False)

    assert (done.returncode, done.stdout) == (code, b"")
    assert word in done.stderr
    assert b"Traceback" not in done.stderr
    assert holdings(settled) == before


def test_no_value_leaves_its_json_string(settled: Desk) -> None:
    """
    In JSON a hostile name is one string, equal to the name.
    """
    settled.cloud(called(HOSTILE["OSC 8 link"]))
    (change,) = json.loads(settled.run("plan", "--format", "json").out)["changes"]

    assert change["after"]["first_name"] == HOSTILE["OSC 8 link"]
    assert Path.cwd() == settled.folder
