"""
What an export may be trusted for: everything, adds and updates only, or nothing.
"""

from typing import Any

import pytest

from reconciler.core.export import Counts, Manifest
from reconciler.core.ledger import Head
from reconciler.core.overrides import Waiver
from reconciler.core.policy import Guards, Limit
from reconciler.core.trust import Expectation, Trust, judge

NOW = "2026-11-22T10:00:00Z"
BEFORE = Counts(users=100, groups=10, memberships=400)
LAST: dict[str, Any] = {"fetched_at": "2026-11-21T09:00:00Z", "account": "acc", "counts": BEFORE}


def judged(head: dict[str, Any] | None = None, waivers: list[Waiver] | None = None, **manifest: Any) -> Trust:
    """
    Return the judgement on an export that is sound but for what a test says.
    """
    sound: dict[str, Any] = {
        "version": 1,
        "source": "cloud",
        "account": "acc",
        "fetched_at": "2026-11-22T09:00:00Z",
        "complete": True,
        "counts": BEFORE,
        "digest": "",
    }
    expected = Expectation(
        target="registry",
        now=NOW,
        max_age="36h",
        account=manifest.pop("expected", None),
        head=Head(version=1, lineage="L", target="registry", **{**LAST, **(head or {})}),
        guards=Guards(),
        waivers=waivers or [],
    )
    return judge(Manifest(**{**sound, **manifest}), expected)


def waiver(**change: Any) -> Waiver:
    """
    Return a waiver for going back, with a change.
    """
    sound: dict[str, Any] = {
        "origin": "w:1",
        "target": "registry",
        "guard": "export-older",
        "count": 1,
        "until": NOW[:10],
        "reason": "T-2",
    }
    return Waiver(**{**sound, **change})


@pytest.mark.parametrize(
    ("manifest", "head", "word"),
    [
        pytest.param({"account": "other"}, {}, "'other'", id="account last applied"),
        pytest.param({"expected": "mine"}, {}, "'mine'", id="account configured"),
        pytest.param({"fetched_at": "2026-11-22T10:05:01Z"}, {}, "in the future", id="future"),
        pytest.param({"fetched_at": "2026-11-21T08:59:59Z"}, {}, "was applied already", id="older"),
    ],
)
def test_export_is_refused(manifest: dict[str, Any], head: dict[str, Any], word: str) -> None:
    """
    What cannot be right is refused, with what to do.
    """
    trust = judged(head, **manifest)

    assert word in trust.refused
    assert trust.hint


@pytest.mark.parametrize(
    ("manifest", "head"),
    [
        pytest.param({}, {}, id="sound"),
        pytest.param({"account": "new"}, {"account": ""}, id="first account"),
        pytest.param({"fetched_at": "2026-11-22T10:05:00Z"}, {}, id="a clock five minutes ahead"),
        pytest.param({"fetched_at": "2026-11-21T09:00:00Z"}, {}, id="the same again"),
        pytest.param({"fetched_at": "2026-11-20T22:00:00Z"}, {"fetched_at": ""}, id="36 hours old"),
    ],
)
def test_export_is_trusted(manifest: dict[str, Any], head: dict[str, Any]) -> None:
    """
    At the limit all is well.
    """
    assert judged(head, **manifest) == Trust()


@pytest.mark.parametrize(
    ("change", "goes"),
    [
        ({}, True),
        ({"until": "2026-11-21"}, False),
        ({"target": "other"}, False),
        ({"guard": "export-degraded"}, False),
        ({"count": 2}, False),
    ],
)
def test_going_back_needs_a_waiver(change: dict[str, Any], *, goes: bool) -> None:
    """
    An older export is applied only with a waiver that says exactly this, and that has not ended.
    """
    trust = judged(None, [waiver(**change)], fetched_at="2026-11-21T08:00:00Z")

    assert (trust.refused == "") is goes
    assert goes or "guard: export-older, count: 1, until: 2026-11-22" in trust.hint


@pytest.mark.parametrize(
    ("manifest", "word"),
    [
        ({"complete": False}, "incomplete (its manifest says so)"),
        ({"complete": False, "faults": ("page 2 is missing",)}, "incomplete (page 2 is missing)"),
        ({"fetched_at": "2026-11-20T21:59:59Z"}, "stale"),
        ({"counts": Counts(users=0, groups=10, memberships=400)}, "empty"),
        ({"counts": Counts(users=79, groups=10, memberships=400)}, "79 users, and 100"),
        ({"counts": Counts(users=100, groups=6, memberships=400)}, "6 groups, and 10"),
        ({"counts": Counts(users=100, groups=10, memberships=319)}, "319 memberships, and 400"),
    ],
)
def test_export_proves_no_absence(manifest: dict[str, Any], word: str) -> None:
    """
    Incomplete, stale, empty or shrunken: the reason names the numbers.
    """
    trust = judged({"fetched_at": ""}, **manifest)

    assert trust.refused == ""
    assert [word in one for one in trust.degraded] == [True]


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param(Counts(users=80, groups=10, memberships=400), id="20 % fewer"),
        pytest.param(Counts(users=100, groups=7, memberships=400), id="30 % fewer, but three"),
        pytest.param(Counts(users=200, groups=20, memberships=800), id="more"),
    ],
)
def test_few_fewer_is_no_shrinking(counts: Counts) -> None:
    """
    Shrunken is over a fifth, and over three.
    """
    assert judged(counts=counts).degraded == ()


def test_first_export_can_be_empty_but_not_shrunken() -> None:
    """
    Before anything was applied there is nothing to be fewer than; no users is no export all the same.
    """
    none = Counts()

    assert [one.partition(":")[0] for one in judged({"counts": none}, counts=none).degraded] == [
        "the export is empty"
    ]


def test_limits_of_shrinking_are_settable() -> None:
    """
    The policy decides what shrunken means.
    """
    assert Limit(count=0, percent=0).allows(0, 100)
    assert not Limit(count=0, percent=0).allows(1, 100)
