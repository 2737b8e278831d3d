"""
Tests of reconciler/render/json_text.py: JSON that is only JSON, and reads back as the plan it was.
"""

import hashlib
import json

import pytest

from reconciler.core.model import Plan
from reconciler.files.plans import parse_plan
from reconciler.render.json_text import file_digest, json_text, render_json
from tests.render.render_plans import busy, creates, plan
from tests.render.test_renderings import HOSTILE, hostile


@pytest.mark.parametrize("one", [plan(), busy(), creates(50)], ids=["empty", "busy", "first run"])
def test_a_plan_reads_back_as_it_was(one: Plan) -> None:
    """
    What is written is read back as the same plan, and written again as the same bytes.
    """
    read = parse_plan(render_json(one).encode(), "plan.json")

    assert read == one
    assert render_json(read) == render_json(one)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_it_is_ascii_and_holds_every_value_whole(text: str) -> None:
    """
    Only ASCII that prints, and yet each text is there to its last character.
    """
    rendering = render_json(hostile(text))

    assert rendering.isascii()
    assert rendering.replace("\n", "").isprintable()
    assert json.loads(rendering)["scope"] == text


def test_no_log_command_hides_in_a_string() -> None:
    """
    Number signs in a row are written so that no log finds a command, and read as what they are.
    """
    rendering = json_text({"a": "###[group]\\##"})

    assert "##" not in rendering
    assert json.loads(rendering) == {"a": "###[group]\\##"}


def test_half_a_surrogate_pair_changes_nothing_else() -> None:
    """
    A text that is no Unicode is written as any other, and the rest of the file stays as it was.
    """
    rendering = json_text({"a": "\ud800", "b": [{}, [], {"c": None}]})

    assert rendering == json_text({"a": "x", "b": [{}, [], {"c": None}]}).replace('"x"', '"\\ud800"')


def test_keys_are_sorted() -> None:
    """
    Every object has its keys in order, so that two files can be compared.
    """
    rendering = render_json(busy())

    assert rendering == json_text(json.loads(rendering))


def test_the_file_digest_is_that_of_the_file() -> None:
    """
    The digest that every rendering shows is what `sha256sum` says of the written file.
    """
    assert file_digest(busy()) == "sha256:" + hashlib.sha256(render_json(busy()).encode()).hexdigest()
