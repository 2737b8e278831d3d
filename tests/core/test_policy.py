"""
A policy as a typed value: laid over a preset, short rules written out, each key with its place.
"""

from typing import Any

import pytest

from reconciler.core.policy import FieldRule, Limit, MoveTo, build, overlay, seconds


def test_user_stands_over_preset() -> None:
    """
    Mappings merge key by key; lists and scalars replace; neither side is changed.
    """
    below: dict[str, Any] = {"users": {"protected": ["a"], "lifecycle": {"new": "create", "local": "report"}}}
    above: dict[str, Any] = {"users": {"protected": ["b"], "lifecycle": {"local": "ignore"}}, "groups": {}}

    assert overlay(below, above) == {
        "users": {"protected": ["b"], "lifecycle": {"new": "create", "local": "ignore"}},
        "groups": {},
    }
    assert below["users"]["protected"] == ["a"]


def test_short_rule_is_written_out() -> None:
    """
    `email: source` is `email: {authority: source}`.
    """
    short = build({"users": {"fields": {"email": "source"}}}, {})
    long = build({"users": {"fields": {"email": {"authority": "source"}}}, "version": 1, "extends": "x"}, {})

    assert short.users.fields == {"email": FieldRule(authority="source")}
    assert short == long


def test_digest_follows_the_content_alone() -> None:
    """
    A policy that says the same elsewhere is the same policy.
    """
    one = build({"groups": {"lifecycle": {"missing": {"move_to": "X"}}}}, {"groups": "a:1"})
    other = build({"groups": {"lifecycle": {"missing": {"move_to": "X"}}}}, {"groups": "b:2"})

    assert (one.digest, one.groups.lifecycle.missing) == (other.digest, MoveTo(move_to="X"))
    assert build({"groups": {"prefix": "X"}}, {}).digest != one.digest


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("users.fields.email", "policy users.fields.email (p.yaml:4)"),
        ("users.fields.locale", "policy users.fields.locale (p.yaml:2)"),
        ("groups.prefix", "policy groups.prefix (default)"),
    ],
)
def test_nearest_parent_answers_for_its_parts(key: str, place: str) -> None:
    """
    A key without a place of its own is where the mapping around it is; what nobody set is the default.
    """
    policy = build({}, {"users": "p.yaml:1", "users.fields": "p.yaml:2", "users.fields.email": "p.yaml:4"})

    assert policy.origin(key) == place


@pytest.mark.parametrize(("text", "number"), [("90s", 90), ("15m", 900), ("36h", 129600), ("30d", 2592000)])
def test_duration_in_seconds(text: str, number: int) -> None:
    """
    A duration is a number and its unit.
    """
    assert seconds(text) == number


@pytest.mark.parametrize(
    ("number", "total", "allowed"), [(3, 0, True), (4, 60, False), (5, 100, True), (6, 100, False), (6, 119, False)]
)
def test_limit_is_the_larger_of_both(number: int, total: int, *, allowed: bool) -> None:
    """
    More than the larger of count and percentage is too many.
    """
    assert Limit(count=3, percent=5).allows(number, total) is allowed
