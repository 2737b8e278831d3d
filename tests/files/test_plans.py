"""
Tests of reconciler/files/plans.py: a plan file is read whole and strictly, or refused with a reason.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from reconciler.core.model import Change, Inputs, Plan
from reconciler.core.plan import plan_digest
from reconciler.errors import InputError
from reconciler.files.plans import parse_plan


def a_plan() -> Plan:
    """
    Return a plan with one change.
    """
    change = Change(
        id="c1", action="update", kind="user", key="k", name="n", before={"s": ("a",)}, after={"s": None}
    )
    return Plan(
        version=1,
        tool="0.1.0",
        target="t",
        identity="sqlite:t.db",
        scope="all",
        inputs=Inputs(),
        summary={},
        changes=(change,),
        held=(),
        conflicts=(),
        claims=(),
        expiring=(),
        notices=(),
        names={},
        entities={},
        digest=plan_digest([change]),
    )


def document() -> Any:
    """
    Return the JSON of that plan, to be changed.
    """
    return json.loads(msgspec.json.encode(a_plan()))


def refusal(content: bytes) -> str:
    """
    Return why `content` is refused.
    """
    with pytest.raises(InputError) as caught:
        parse_plan(content, "plan.json")
    return str(caught.value)


def test_a_plan_is_read_as_it_was_written() -> None:
    """
    The plan that comes back equals the one that was written.
    """
    assert parse_plan(msgspec.json.encode(a_plan()), "plan.json") == a_plan()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "plan.json:1: not JSON", id="empty"),
        pytest.param(b'{\n"a": }', "plan.json:2: not JSON", id="no JSON"),
        pytest.param(b"\xff", "plan.json: not JSON that a plan can be", id="no UTF-8"),
        pytest.param(b"[]", "plan.json: not a plan: list", id="a list"),
        pytest.param(b'{"version": NaN}', "NaN is no JSON number", id="no number"),
        pytest.param(b'{"a": 1, "a": 2}', "key 'a' stands twice", id="doubled key"),
        pytest.param(b'{"a": "\\ud800"}', "not JSON that a plan can be", id="half a surrogate pair"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="nested"),
        pytest.param(b"{}", "version is None, not 1", id="no version"),
        pytest.param(b'{"version": true}', "version is True, not 1", id="version that is no number"),
        pytest.param(b'{"version": 2}', "version is 2, not 1", id="newer version"),
        pytest.param(b'{"version": 1}', "not a plan: Object missing required field", id="nothing but a version"),
    ],
)
def test_what_is_no_plan_is_refused(content: bytes, reason: str) -> None:
    """
    Each way of not being a plan file is named, with its line where there is one, and a hint.
    """
    message = refusal(content)

    assert reason in message
    assert "hint: " in message


EDITS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "unknown key": (lambda it: it.update(extra=1), "$.extra is not what a plan file holds there"),
    "unknown key below": (lambda it: it["changes"][0].update(extra=1), "$.changes[0].extra is not"),
    "default spelled out": (lambda it: it["changes"][0].update(link=None), "$.changes[0].link is not"),
    "number in other words": (lambda it: it["summary"].update(a=1.0), "Expected `int`, got `float`"),
    "unknown action": (lambda it: it["changes"][0].update(action="drop"), "not a plan: Invalid enum value 'drop'"),
    "wrong type": (lambda it: it.update(scope=1), "not a plan: Expected `str`, got `int`"),
    "change put in": (lambda it: it["changes"].append(it["changes"][0] | {"id": "c2"}), "its changes give sha256:"),
    "change taken out": (lambda it: it["changes"].clear(), "its changes give sha256:"),
    "change doubled": (lambda it: it["changes"].append(it["changes"][0]), "change c1 stands in it 2 times"),
    "digest altered": (lambda it: it.update(digest="sha256:0"), "its digest is 'sha256:0'"),
}


@pytest.mark.parametrize(("edit", "reason"), EDITS.values(), ids=EDITS.keys())
def test_an_edited_plan_is_refused(edit: Callable[[Any], Any], reason: str) -> None:
    """
    A plan file says what was planned or is refused; nothing in it is passed over.
    """
    edited = document()
    edit(edited)

    assert reason in refusal(json.dumps(edited).encode())


def test_all_faults_are_told_at_once() -> None:
    """
    A file with several faults is refused with all of them.
    """
    edited = document()
    edited["changes"].append(edited["changes"][0])
    edited["extra"] = 1

    assert refusal(json.dumps(edited).encode()).count("plan.json: ") == 3
