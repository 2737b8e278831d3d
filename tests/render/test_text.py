"""
Tests of reconciler/render/text.py: what a person needs to see, and first.
"""

import re

import pytest

from reconciler.core.model import ClaimNews, Held, Plan
from reconciler.render.text import render_text
from tests.render.render_plans import busy, change, creates, plan


def shown(one: Plan, limit: int | None = 20) -> list[str]:
    """
    Return the lines of the plan as text.
    """
    return render_text(one, color=False, limit=limit).splitlines()


def titles(one: Plan) -> list[str]:
    """
    Return the titles of the sections, in order.
    """
    return [line for line in shown(one)[1:] if re.match(r"[A-Z].* \([\d,]+\)$", line)]


def test_the_summary_stands_first_and_last() -> None:
    """
    Whoever sees only the first or the last line sees every count.
    """
    lines = shown(busy())

    assert lines[0] == lines[-1]
    assert lines[0] == (
        "6 changes to openpages "
        "(users: 1 create, 1 update, 1 activate; memberships: 1 gained, 1 lost; groups: 1 create), "
        "1 dangerous, 1 removal, 2 held (1 new), 1 in conflict (1 new)."
    )


def test_risk_comes_first() -> None:
    """
    Warnings and dangerous changes stand before removals and what is held, and these before what is harmless.
    """
    assert titles(busy())[:7] == [
        "Warnings (1)",
        "Dangerous: each needs an approval (1)",
        "Administrators' power gained and lost (1)",
        "Removals and privileged changes (1)",
        "Held (1)",
        "Conflicts (1)",
        "Users to create (1)",
    ]


def test_an_entity_has_one_heading() -> None:
    """
    All changes of an entity stand under one heading, in the order in which they are applied.
    """
    ann = plan(
        change("update", "ann", before={"locale": "a"}, after={"locale": "b"}),
        change("update", "bob", before={"locale": "a"}, after={"locale": "b"}),
        change("update", "ann", before={"groups": ("g-risk",)}, after={"groups": ()}),
        change("deactivate", "ann", before={"active": True}, after={"active": False}),
    )
    lines = shown(ann)
    start = lines.index('- user "ann@example.com" [ann]: update, then deactivate')

    assert lines[start + 1 : start + 4] == [
        '~     locale: "a" -> "b"',
        '-     groups: "Cloud IAM - Risk Officers"',
        "~     active: true -> false",
    ]
    assert len([line for line in lines if "[ann]" in line]) == 1


def test_a_replaced_account_is_not_its_successor() -> None:
    """
    The account that a renamed person leaves behind bears the same key, and has a heading of its own.
    """
    lines = shown(
        plan(
            change("create", "k", name="new", after={"active": True}),
            change("deactivate", "k", name="old", link="1", before={"active": True}, after={"active": False}),
        )
    )

    assert [line for line in lines if "[k]" in line] == ['+ user "new" [k]: create', '- user "old" [k]: deactivate']


def test_a_cause_that_most_fields_share_is_told_once() -> None:
    """
    The heading tells the usual cause, and what the policy sets for everybody stands in one line.
    """
    one = change(
        "create",
        "ann",
        after={"email": "a", "first_name": "Ann", "locale": "en_US"},
        because={"email": "users.jsonl:1", "first_name": "users.jsonl:1", "locale": "policy locale"},
    )

    assert shown(plan(one))[10:14] == [
        '+ user "ann@example.com" [ann]: create, because users.jsonl:1',
        '+     email "a"; first_name "Ann"',
        '+     by policy: locale "en_US"',
        "",
    ]


def test_ten_thousand_creates_are_readable() -> None:
    """
    Counts, the first few, and how to see the rest.
    """
    lines = shown(creates(10_000))

    assert lines[0] == lines[-1] == "10,000 changes to openpages (users: 10,000 create)."
    assert "Users to create (10,000)" in lines
    assert "  … 9,980 more; --limit shows more, --format json all" in lines
    assert len(lines) < 120


def test_no_limit_shows_all() -> None:
    """
    Without a limit every entity is shown.
    """
    lines = shown(creates(50), limit=None)

    assert sum(line.endswith("create", 0, 60) or ": create" in line for line in lines) == 50
    assert not any("more" in line for line in lines)


def test_the_limit_holds_for_each_kind() -> None:
    """
    Many creates do not push the few updates out of sight.
    """
    update = change("update", "zoe", before={"locale": "a"}, after={"locale": "b"})
    lines = shown(plan(*creates(30).changes, update), limit=2)

    assert "  … 28 more; --limit shows more, --format json all" in lines
    assert '~     locale: "a" -> "b"' in lines


def test_nothing_dangerous_is_ever_cut() -> None:
    """
    Each change that needs an approval is shown, whatever the limit.
    """
    risky = [
        change("activate", f"u{number}", before={"active": False}, after={"active": True}, risk=("dangerous",))
        for number in range(30)
    ]

    assert sum("(dangerous)" in line for line in shown(plan(*risky), limit=1)) == 30


def test_a_plan_without_changes_says_so() -> None:
    """
    No changes is the first thing said, with what was looked at.
    """
    assert shown(plan())[0] == "No changes. openpages: 60 users, 12 groups looked at."
    assert titles(plan()) == []


def test_a_plan_without_changes_still_tells_what_is_held() -> None:
    """
    What waits for a decision is shown with its reason and its release.
    """
    held = Held(id="h", kind="user", key="k", name="n", reason="two match", release="override adopt", standing=True)
    lines = shown(plan(held=(held,)))

    assert lines[0] == "No changes. openpages: 60 users, 12 groups looked at, 1 held (0 new)."
    assert "!     held:    two match" in lines
    assert "!     release: override adopt" in lines


def test_every_line_of_the_plan_starts_with_a_sign_of_ours() -> None:
    """
    The first column holds a sign, a blank, or the first letter of a title or summary.
    """
    assert {line[0] for line in shown(busy()) if line} <= set("+~-=! 6WDRUGHCPOAEN")


@pytest.mark.parametrize(("sign", "code"), [("+", "32"), ("~", "33"), ("-", "31"), ("=", "36"), ("!", "35")])
def test_colour_follows_the_sign(sign: str, code: str) -> None:
    """
    Each sign has its colour, and without colour no escape is written.
    """
    painted = render_text(busy(), color=True, limit=20).splitlines()

    assert any(line.startswith(f"\x1b[{code}m{sign} ") for line in painted)
    assert [re.sub("\x1b\\[\\d+m", "", line) for line in painted] == shown(busy())


def test_a_field_that_nobody_owns_has_no_owner() -> None:
    """
    News of a field without owner is told without inventing one.
    """
    news = ClaimNews(
        kind="user", key="k", name="n", field="locale", row=20, owner=None, text="adopted: asks", value="a"
    )

    assert shown(plan(claims=(news,)))[-4:-2] == [
        '= user "n" [k], locale: adopted: asks',
        '=     value:    "a"',
    ]


def test_what_waits_for_approval_is_no_less_dangerous() -> None:
    """
    A dangerous change that is held for want of an approval stands first, however many others are not shown.
    """
    waiting = change("activate", "ann", before={"active": False}, after={"active": True}, risk=("dangerous",))
    hold = Held(
        id="h",
        kind="user",
        key="ann",
        name="ann",
        reason="r",
        release="r",
        guard="approval",
        change=waiting,
        standing=True,
    )
    text = render_text(plan(held=(hold,)), limit=0)

    assert "Dangerous: each needs an approval (1)\n! user" in text
    assert "activate (dangerous)" in text
    assert "1 waiting for approval (0 new)" in text


def test_new_holds_are_shown_however_few_entries_are_asked_for() -> None:
    """
    A decision that is newly needed is told with its release under `--limit 0` too; what was told before is cut.
    """
    new, old = (
        Held(id=str(at), kind="user", key="ann", name="ann", reason=f"r{at}", release=f"do {at}", standing=at > 0)
        for at in range(2)
    )
    text = render_text(plan(held=(new, old)), limit=0)

    assert "release: do 0" in text
    assert "do 1" not in text
