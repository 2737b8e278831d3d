"""
A scalar without quotes becomes what the schema wants at its place, in the one spelling that is unmistakable.
"""

from typing import Any

import pytest

from reconciler.files.placed import Plain
from reconciler.files.shape import shape_of, typed


@pytest.mark.parametrize(
    ("text", "types", "value"),
    [
        ("true", "boolean", True),
        ("false", "boolean", False),
        ("True", "boolean", "True"),
        ("yes", "boolean", "yes"),
        ("on", "boolean", "on"),
        ("true", "string", "true"),
        ("null", "null", None),
        ("~", "null", None),
        ("Null", "null", "Null"),
        ("", "null", ""),
        ("null", "string", "null"),
        ("12", "integer", 12),
        ("-12", "integer", -12),
        ("0", "integer", 0),
        ("012", "integer", "012"),
        ("0x12", "integer", "0x12"),
        ("1_2", "integer", "1_2"),
        ("+12", "integer", "+12"),
        ("12.0", "integer", "12.0"),
        ("1e3", "number", "1e3"),
        ("12:30", "integer", "12:30"),
        ("٣", "integer", "٣"),
        ("12\n", "integer", "12\n"),
        ("9" * 5_000, "integer", "9" * 5_000),
        ("12", "number", 12),
        ("5.5", "number", 5.5),
        ("5.", "number", "5."),
        (".5", "number", ".5"),
        (".nan", "number", ".nan"),
        ("12", "string", "12"),
        ("2001-12-14", "string", "2001-12-14"),
    ],
)
def test_plain_scalar_becomes_what_is_wanted(text: str, types: str, value: object) -> None:
    """
    Anything else stays the text that was written.
    """
    found = typed(Plain(text), shape_of({"type": types}))

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["true", "null", "12"])
def test_quoted_scalar_is_always_text(text: str) -> None:
    """
    Quotes say that it is text, whatever is wanted.
    """
    assert typed(text, shape_of({"type": ["boolean", "null", "integer", "string"]})) == text


def test_types_are_found_in_every_branch_and_at_every_depth() -> None:
    """
    Alternatives, conditions, keys, further keys and elements all have a say.
    """
    schema: dict[str, Any] = {
        "if": {"required": ["a"]},
        "then": {"properties": {"a": {"type": "integer"}}},
        "else": {"oneOf": [{"properties": {"b": {"type": "boolean"}}}, {"properties": {"b": {"type": "string"}}}]},
        "additionalProperties": {"type": "array", "items": {"type": ["null", "string"]}},
    }
    value = {"a": Plain("1"), "b": Plain("true"), "c": [Plain("~"), Plain("1")], "d": {"e": Plain("1")}}

    assert typed(value, shape_of(schema)) == {"a": 1, "b": True, "c": [None, "1"], "d": {"e": "1"}}
