"""
What holds for every rendering of a plan: it is told apart from every other, it is stable, and nothing in it acts.

Run as a module (`python -m tests.render.test_renderings`) this writes the golden files anew.
"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model import (
    Change,
    ClaimNews,
    Conflict,
    Expiring,
    Held,
    Inputs,
    Notice,
    Plan,
    Value,
)
from reconciler.core.ruling import Entitled
from reconciler.render.json_text import render_json
from reconciler.render.markdown import render_markdown
from reconciler.render.text import render_text
from reconciler.render.tree import render_deepdiff
from tests.render.render_plans import busy, change, plan

GOLDEN = Path(__file__).parent / "golden"
RENDERINGS: dict[str, Callable[[Plan], str]] = {
    "text": partial(render_text, color=False, limit=20),
    "text, one of each": partial(render_text, color=False, limit=1),
    "markdown": render_markdown,
    "json": render_json,
    "deepdiff": render_deepdiff,
}
FILES = {"text": "busy.txt", "markdown": "busy.md", "deepdiff": "busy.deepdiff.json"}
each = pytest.mark.parametrize("render", RENDERINGS.values(), ids=RENDERINGS.keys())

HOSTILE = {
    "ANSI": "\x1b[2J\x1b[31mann",
    "OSC 8 link": "\x1b]8;;http://evil.example\x1b\\ann\x1b]8;;\x1b\\",
    "C1 control": "\x9b31mann",
    "bidi": "ann\u202egnp.exe\u2066",
    "zero width": "a\u200bn\u200dn\ufeff",
    "tag characters": "ann\U000e0041\U000e007f",
    "line that imitates the plan": '\n+ user "admin" [k]: create',
    "other line ends": "a\rb\x85c\u2028d\u2029e\x0bf\x0c",
    "log command": "\n::add-mask::x",
    "old log command": "##[add-mask]x ##vso[task.setvariable]",
    "escape": "<U+202E><u+202e>\uff1cU+202E>",
    "lone surrogate": "\ud800ann",
    "NUL and DEL": "\x00\x7f",
    "long": "n" * 100_000,
    "many lines": "\n+ admin" * 12_500,
    "fence": "```\n````\n# ann",
    "long run of backticks": "`" * 5_000,
    "HTML": "</details><script>alert(1)</script><!--",
    "link, image, mention, reference": "[a](http://e.example) ![](x) @bob #1 Fixes #12 www.e.example a@e.example",
    "table": "a|b|c",
    "path of DeepDiff": "ann']['roles']['x",
    "quotes": 'ann" -> "root',
    "tower of marks": "a" + "\u0301" * 500,
}


def hostile(text: str) -> Plan:
    """
    Return a plan that holds `text` wherever a plan holds text, but in its enumerations.
    """
    one = Change(
        id="1",
        action="update",
        kind="user",
        key=text,
        name=text,
        link=text,
        before={"last_name": "x", "groups": ("g1",)},
        after={"last_name": text, text: text, "roles": (text,), "groups": (text,)},
        because={"last_name": text},
        expects=text,
        risk=("dangerous",),
        drift=("last_name",),
    )
    place: dict[str, Any] = {"kind": "user", "key": text, "name": text}
    return plan(
        one,
        tool=text,
        target=text,
        identity=text,
        scope=text,
        digest=text,
        inputs=Inputs(export=text, fetched_at=text),
        held=(Held(**place, id=text, reason=text, release=text, guard=text, field=text, change=one),),
        conflicts=(Conflict(id=text, kind="group", keys=(text, text), message=text, release=text),),
        claims=(ClaimNews(**place, field=text, row=9, owner="admin", text=text, value=text, since=text),),
        expiring=(Expiring(origin=text, until=text, text=text),),
        notices=(Notice(code=text, level="held", text=text), Notice(code=text, level="note", text=text)),
        names={"g1": text, text: text},
        access=(Entitled(key=text, name=text, gains=(text,), loses=(text,)),),
        powers=(Entitled(key=text, name=text, gains=(text,), loses=(text,)),),
    )


def change_of(key: str, before: Value, after: Value) -> Change:
    """
    Return an update of one user's locale.
    """
    return change("update", key, before={"locale": before}, after={"locale": after})


SMALL: st.SearchStrategy[Value] = st.sampled_from([None, "", "None", True, "true", 1, (), ("a",), "\u202e"])
CHANGES = st.lists(
    st.builds(change_of, st.sampled_from("ab"), SMALL, SMALL), max_size=3, unique_by=lambda one: one.id
)
WORDS = st.sampled_from(["", "x", "\n", "<U+000A>"])
PLANS = st.builds(
    lambda changes, scope, notices: plan(*changes, scope=scope, notices=tuple(notices)),
    CHANGES,
    WORDS,
    st.lists(st.builds(Notice, code=WORDS, level=st.sampled_from(["note", "held"]), text=WORDS), max_size=2),
)


@each
@settings(max_examples=25)
@given(one=PLANS, other=PLANS)
def test_different_plans_never_render_equal(render: Callable[[Plan], str], one: Plan, other: Plan) -> None:
    """
    Two plans that differ in anything are shown differently, and one plan always alike.
    """
    same = repr(one) == repr(other)

    assert (render(one) == render(other)) == same


@pytest.mark.parametrize("name", Plan.__struct_fields__)
@each
def test_each_part_of_a_plan_tells_it_apart(render: Callable[[Plan], str], name: str) -> None:
    """
    Whatever part of a plan is replaced, also one that no line shows, the rendering changes.
    """
    whole, empty = busy(), plan(version=2, tool="", target="", identity="", scope="", inputs=Inputs(), summary={})
    empty = msgspec.structs.replace(empty, names={}, entities={}, digest="")
    other = msgspec.structs.replace(whole, **{name: getattr(empty, name)})

    assert render(other) != render(whole)


@each
def test_the_same_plan_is_the_same_bytes(render: Callable[[Plan], str]) -> None:
    """
    Neither the order in which mappings were filled nor a second run changes a byte.
    """
    turned = msgspec.convert(reversed_mappings(msgspec.to_builtins(busy())), Plan)

    assert render(turned) == render(busy())


def reversed_mappings(found: Any) -> Any:
    """
    Return JSON with the keys of every object in reverse order.
    """
    if isinstance(found, dict):
        return {key: reversed_mappings(found[key]) for key in reversed(found)}
    return [reversed_mappings(one) for one in found] if isinstance(found, list | tuple) else found


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@each
def test_no_hostile_value_acts(render: Callable[[Plan], str], text: str) -> None:
    """
    Wherever a hostile text stands, the rendering is printable, short, and has no line of the text's making.
    """
    rendering = render(hostile(text))

    assert [line for line in rendering.split("\n") if not line.isprintable()] == []
    assert not re.search(r"(?m)^\s*::|##|^\+ (user \"admin\"|admin)", rendering)
    assert len(rendering) < 200_000 or render is render_json


@each
def test_no_text_adds_or_hides_a_line(render: Callable[[Plan], str]) -> None:
    """
    A hostile plan has as many lines as a tame one.
    """
    lines = {text: render(hostile(text)).count("\n") for text in ("\x1b[2K\r\n+ x", "\u202ex", "::x", "</details>")}

    assert set(lines.values()) == {render(hostile("tame")).count("\n")}


@pytest.mark.parametrize(("name", "file"), FILES.items(), ids=FILES.keys())
def test_a_busy_plan_looks_as_it_should(name: str, file: str) -> None:
    """
    A plan in which everything happens is shown as the golden file has it.
    """
    assert RENDERINGS[name](busy()) == (GOLDEN / file).read_text("utf-8")


if __name__ == "__main__":
    for name, file in FILES.items():
        (GOLDEN / file).write_text(RENDERINGS[name](busy()), "utf-8")
