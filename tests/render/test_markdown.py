"""
Tests of reconciler/render/markdown.py: bounded, what matters first, values only inside fences.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import Plan
from reconciler.render.markdown import render_markdown
from tests.render.render_plans import busy, change, creates, plan
from tests.render.test_renderings import HOSTILE, hostile

OURS = re.compile(
    r"\*\*Plan\*\*, shown whole"
    r"|\*\*Plan, cut to fit\*\*: [\d,]+ of [\d,]+ entries are not shown here, "
    r"[\d,]+ of them under “[A-Za-z:' ]+”; the plan's JSON has them all"
    r"|<details( open)?><summary>[A-Za-z:' ]+ \([\d,]+\)</summary>|</details>|"
)


def outside(text: str) -> list[str]:
    """
    Return the lines that stand outside every code fence, as CommonMark (4.5) reads them.
    """
    found: list[str] = []
    ticks = ""
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(`{3,})([^`]*)$", line)
        if mark and not ticks:
            ticks = mark[1]
        elif mark and len(mark[1]) >= len(ticks) and not mark[2].strip():
            ticks = ""
        elif not ticks:
            found.append(line)
    assert ticks == ""
    return found


def large(count: int) -> Plan:
    """
    Return a plan with `count` entities in each of three sections, the first of them dangerous.
    """
    return plan(
        *creates(count).changes,
        *(
            change("activate", f"d{number}", before={"active": False}, after={"active": True}, risk=("dangerous",))
            for number in range(count)
        ),
        *(
            change("deactivate", f"r{number}", before={"active": True}, after={"active": False}, risk=("removal",))
            for number in range(count)
        ),
    )


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_value_stands_outside_a_fence(text: str) -> None:
    """
    Outside the fences there are only words of ours, whatever the plan holds.
    """
    assert [line for line in outside(render_markdown(hostile(text))) if not OURS.fullmatch(line)] == []


@given(st.text("`~ \n-x", max_size=300))
def test_no_run_of_backticks_ends_a_fence(text: str) -> None:
    """
    A fence is longer than any run inside it, so that it ends where we end it.
    """
    assert [line for line in outside(render_markdown(hostile(text))) if not OURS.fullmatch(line)] == []


@pytest.mark.parametrize("count", [1, 100, 1_000])
@pytest.mark.parametrize("limit", [4_000, 60_000])
def test_it_is_never_longer_than_it_may_be(count: int, limit: int) -> None:
    """
    Bytes are counted, not characters, and the limit holds.
    """
    assert len(render_markdown(large(count), limit_bytes=limit).encode()) <= limit


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_plan_is_not_longer_either(text: str) -> None:
    """
    No value of a plan makes its comment too long to be posted.
    """
    assert len(render_markdown(hostile(text)).encode()) <= 60_000


def test_counts_and_digests_stand_in_the_first_thousand_characters() -> None:
    """
    Whoever reads only the top knows how much changes and which plan it is.
    """
    one = large(1_000)
    top = render_markdown(one)[:1_000]

    assert "3,000 changes to openpages" in top
    assert "1,000 dangerous, 1,000 removals" in top
    assert one.digest in top
    assert re.search("file +sha256:[0-9a-f]{64}", top)


def test_the_first_line_says_what_was_cut() -> None:
    """
    How many entries are missing, of how many, and where most of them are, is said first of all.
    """
    first = render_markdown(creates(10_000)).splitlines()[0]

    assert OURS.fullmatch(first)
    assert "of 10,000 entries are not shown here" in first
    assert "“Users to create”" in first


def test_a_plan_that_fits_is_shown_whole() -> None:
    """
    Nothing is cut where nothing has to be.
    """
    text = render_markdown(large(60))

    assert text.startswith("**Plan**, shown whole\n")
    assert "more" not in text
    assert text.count("(dangerous)") == 60


def test_risk_comes_first_and_leaves_room_for_the_rest() -> None:
    """
    Dangerous changes stand first and take most of the room, but every section is there.
    """
    text = render_markdown(large(1_000))
    places = [text.index(f"<summary>{title}") for title in ("Dangerous", "Removals", "Users to create")]

    assert places == sorted(places)
    assert text.count("(dangerous)") > text.count("(removal)") > 0


def test_an_entry_with_very_many_lines_is_shown_in_part() -> None:
    """
    A user who leaves a thousand groups does not fill the comment alone.
    """
    many = tuple(f"g{number:04}" for number in range(1_000))
    text = render_markdown(plan(change("update", "ann", before={"groups": many}, after={"groups": ()})))

    assert "more lines of this entry" in text
    assert len(text) < 5_000


def test_risk_is_unfolded() -> None:
    """
    What is risky is open when the page loads; the rest is folded.
    """
    text = render_markdown(busy())

    assert "<details open><summary>Dangerous: each needs an approval (1)</summary>" in text
    assert "<details><summary>Users to create (1)</summary>" in text


def test_nothing_to_change_is_one_line() -> None:
    """
    A plan with nothing to do and nothing to tell is one line, with both digests.
    """
    text = render_markdown(plan())

    assert text.count("\n") == 1
    assert text.startswith("No changes. `openpages`: 60 users, 12 groups looked at. Plan `sha256:")
