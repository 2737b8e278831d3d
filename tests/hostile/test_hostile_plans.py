"""
Plan files that nobody reviewed: edited, forged, cut off, of another target. What they ask for is not done.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from reconciler.core.plan import plan_digest
from reconciler.files.plans import parse_plan
from tests.cli.conftest import ANN, Desk
from tests.hostile.attack import attacked
from tests.once import Once

Edit: TypeAlias = Callable[[bytes], bytes]


def document(edit: Callable[[Any], object]) -> Edit:
    """
    Return the forgery that changes the plan as JSON.
    """

    def forge(content: bytes) -> bytes:
        found = json.loads(content)
        edit(found)
        return json.dumps(found).encode()

    return forge


def told(old: str, new: str) -> Edit:
    """
    Return the forgery that replaces text of the file.
    """
    return lambda content: content.replace(old.encode(), new.encode(), 1)


# name: (the forgery, words of the refusal)
FORGERIES: dict[str, tuple[Edit, str]] = {
    "empty": (lambda _content: b"", "plan.json:1: not JSON"),
    "cut off": (lambda content: content[: len(content) // 2], "not JSON"),
    "no UTF-8": (lambda content: content + b"\xff", "plan.json: not JSON"),
    "UTF-16": (lambda content: content.decode().encode("utf-16"), "plan.json: not JSON"),
    "HTML": (lambda _content: b"<html>", "plan.json:1: not JSON"),
    "null": (lambda _content: b"null", "plan.json: not a plan"),
    "list": (lambda content: b"[" + content + b"]", "plan.json: not a plan"),
    "two plans": (lambda content: content + content, "not JSON"),
    "deep": (lambda _content: b"[" * 100_000, "nested too deeply"),
    "key twice": (told('"tool":', '"tool": "x", "tool":'), "stands twice"),
    "key twice, once escaped": (told('"tool":', '"t\\u006fol": "x", "tool":'), "stands twice"),
    "NaN": (told('"entities": {', '"entities": {"x": NaN, '), "NaN is no JSON number"),
    "Infinity": (told('"entities": {', '"entities": {"x": -Infinity, '), "Infinity is no JSON number"),
    "number of five thousand digits": (told('"version": 1', f'"version": {"9" * 5_000}'), "not JSON"),
    "half a surrogate pair": (told('"tool": "', '"tool": "\\ud800'), "not JSON"),
    "merge marks": (lambda content: b"<<<<<<< HEAD\n" + content, "plan.json:1: not JSON"),
    "newer format": (document(lambda it: it.update(version=2)), "version is 2"),
    "version as text": (document(lambda it: it.update(version="1")), "version is '1'"),
    "unknown key": (document(lambda it: it.update(approved_by="me")), "$.approved_by"),
    "unknown key in a change": (document(lambda it: it["changes"][0].update(force=True)), "$.changes[0].force"),
    "unknown action": (document(lambda it: it["changes"][0].update(action="drop")), "'drop'"),
    "change taken out": (document(lambda it: it["changes"].pop()), "its digest is"),
    "change put in": (
        document(lambda it: it["changes"].append(it["changes"][0] | {"id": "sha256:0"})),
        "its digest is",
    ),
    "change twice": (document(lambda it: it["changes"].append(it["changes"][0])), "2 times"),
    "digest altered": (document(lambda it: it.update(digest="sha256:0")), "its digest is"),
}


@pytest.fixture
def reviewed(settled: Desk, once: Once) -> Desk:
    """
    Return a desk with a plan file of one change that somebody has reviewed.
    """
    once("reviewed", settled.folder, lambda: _planned(settled))
    return settled


def _planned(settled: Desk) -> None:
    settled.decides(f"- user: {ANN}\n  set: {{description: Head of Risk}}\n  reason: T-1\n")
    assert settled.run("plan", "--quiet", "--out", "plan.json").code == 0


def with_plan(desk: Desk, forge: Edit) -> None:
    """
    Forge the plan file of a desk.
    """
    path = desk.folder / "plan.json"
    path.write_bytes(forge(path.read_bytes()))


@pytest.mark.parametrize(("forge", "word"), FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_plan_file_is_refused(reviewed: Desk, forge: Edit, word: str) -> None:
    """
    A plan file that is not one, or not whole, is refused by name before anything is looked at.
    """
    after = attacked(reviewed, lambda desk: with_plan(desk, forge), "apply", "--yes", "--approved", "plan.json")

    assert (after.told.code, after.moved) == (1, [])
    assert after.missing("plan.json:", word, "hint: ") == []


def first(**changes: Any) -> Edit:
    """
    Return the forgery of the first change that keeps its id, so that the plan's digest still holds.
    """
    return document(lambda it: it["changes"][0].update(changes))


# What a person was shown differs from what the id stands for, or from what there is to do.
UNSEEN: dict[str, Edit] = {
    "harmless value for another": first(after={"description": "Head of Cake"}),
    "value that hides another": first(before={"description": "Head of Risk"}),
    "name of somebody else": first(name="bob.keller@example.com"),
    "risk left out": first(risk=["removal"]),
    "nothing approved": document(lambda it: it.update(changes=[], digest=plan_digest(()))),
}


@pytest.mark.parametrize("forge", UNSEEN.values(), ids=UNSEEN.keys())
def test_change_that_nobody_was_shown_is_not_made(reviewed: Desk, forge: Edit) -> None:
    """
    What a plan file shows is what may be done: a change that it shows otherwise is held with exit code 3.
    """
    after = attacked(reviewed, lambda desk: with_plan(desk, forge), "apply", "--yes", "--approved", "plan.json")

    assert after.told.code == 3
    assert after.missing("it is not") == []
    assert reviewed.admin.run("SELECT description FROM users WHERE user_name = ?", ANN) == [(None,)]


def test_plan_of_another_target_is_refused(reviewed: Desk) -> None:
    """
    A plan is of one physical target, and is taken for no other.
    """
    forge = document(lambda it: it.update(identity="sqlite:/elsewhere.db"))
    after = attacked(reviewed, lambda desk: with_plan(desk, forge), "apply", "--yes", "--approved", "plan.json")

    assert (after.told.code, after.moved) == (2, [])
    assert after.missing("sqlite:/elsewhere.db", "hint: ") == []


def test_plan_that_was_applied_is_no_licence_to_apply_again(reviewed: Desk) -> None:
    """
    What an administrator changed after an approved apply stays changed when the plan is presented once more.
    """
    assert reviewed.run("apply", "--yes", "--approved", "plan.json").code == 0
    reviewed.admin.admin_sets(ANN, locale="de_DE")
    told = reviewed.run("apply", "--yes", "--approved", "plan.json")

    assert told.code == 0
    assert "hold no longer" in told.err
    assert reviewed.admin.run("SELECT locale FROM users WHERE user_name = ?", ANN) == [("de_DE",)]


def test_plan_that_was_not_forged_is_read(reviewed: Desk) -> None:
    """
    The file that the forgeries start from is sound.
    """
    path = Path("plan.json")

    assert len(parse_plan(path.read_bytes(), str(path)).changes) == 1
    assert reviewed.run("apply", "--yes", "--approved", "plan.json").code == 0
