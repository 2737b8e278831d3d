"""
What is written on GitHub around a plan: found again, bounded, and nothing in it acts.
"""

import re

import pytest
from msgspec import UNSET

from reconciler.core.export import Counts, Manifest
from reconciler.core.model import ClaimNews, Held
from reconciler.core.reviewer import Shown, shown
from reconciler.github_text import (
    MOST_BYTES,
    comment,
    drift,
    drift_mark,
    failure,
    gain_note,
    ledger_refusal,
    no_drift,
    offline_note,
    plan_mark,
    pull_text,
    reviewer_note,
    shown_in,
)
from tests.render.render_plans import change, plan

URL = "https://github.com/acme/access/actions/runs/7"
HOSTILE = "@acme/owners <img src=x> ](http://evil) `` ``` #1 Fixes #2\n::add-mask::x\u202e"
ANN = change("update", "ann", before={"locale": "en_US"}, after={"locale": "de_DE"})


def withheld(name: str = "ann@example.com", **more: object) -> ClaimNews:
    """
    Return the news that a field is the administrators' and Git says otherwise.
    """
    found = {"kind": "user", "key": "ann", "field": "locale", "row": 9, "owner": "admin", "text": "t", **more}
    return ClaimNews(name=name, value="de_DE", **{"withheld": "fr_FR", **found})  # type: ignore[arg-type]


def test_a_comment_begins_with_its_mark_and_remembers_what_it_showed() -> None:
    """
    The mark comes first, then the notes, then the plan; ids and sorts stand where nobody sees them.
    """
    made = plan(ANN, change("deactivate", "bob", risk=("removal",)))
    text = comment(made, shown(made), ["A note."], url=URL)

    assert text.startswith(f"{plan_mark('openpages')}\n\nA note.\n\n**Plan**")
    assert shown_in(text) == shown(made)
    assert set(shown(made).sorts.values()) == {"update", "removal"}


def test_a_plan_that_was_not_asked_of_the_target_is_no_measure() -> None:
    """
    Where nothing is to be remembered nothing is found, nor in what somebody else wrote.
    """
    text = comment(plan(ANN), None, [], url=URL)

    assert shown_in(text) is None
    assert shown_in("<!-- reconciler:shown whole sha256:0 a=b -->") is None


def test_a_name_cannot_say_what_was_shown() -> None:
    """
    Somebody who is called like our hidden line changes nothing of what is remembered.
    """
    forged = f"<!-- reconciler:shown whole sha256:{'0' * 64} -->"
    made = plan(change("create", "eve", name=forged))

    assert shown_in(comment(made, shown(made), [forged], url=URL)) == shown(made)
    assert shown_in(comment(made, None, [forged], url=URL)) is None


def test_a_comment_fits_whatever_the_plan() -> None:
    """
    With tens of thousands of changes, and long notes, it still is within what GitHub takes.
    """
    made = plan(*(change("create", f"user-{number}") for number in range(5_000)))
    text = comment(made, shown(made), ["n" * 5_000], url=URL)

    assert len(text.encode()) <= MOST_BYTES
    assert not shown(made).whole


def test_hostile_text_does_not_act() -> None:
    """
    Names of people, files and faults stand in spans and fences, with nothing left that Markdown would act on.
    """
    texts = [
        gain_note([(HOSTILE, HOSTILE)]),
        ledger_refusal("openpages", [f"state/ledger/{HOSTILE}"]),
        failure(HOSTILE, HOSTILE),
        drift(plan(claims=(withheld(HOSTILE),)), url=URL)[1],
    ]

    for text in texts:
        visible = outside_code(text)
        assert visible
        assert not any(sign in visible for sign in ("@acme", "<img", "](http://evil", "#1", "::add", "\u202e"))


def outside_code(text: str) -> str:
    """
    Return what of a text stands in no code fence (CommonMark 4.5) and in no code span (6.1).
    """
    kept: list[str] = []
    ticks = ""
    for line in text.split("\n"):
        found = re.match("`{3,}", line)
        if ticks and found and line == found[0] and len(line) >= len(ticks):
            ticks = ""
        elif not ticks and found:
            ticks = found[0]
        elif not ticks:
            kept.append(line)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", "\n".join(kept))


def test_gains_beyond_a_list_are_counted() -> None:
    """
    Nobody's gain is told where there is none, and of very many the rest is a number.
    """
    assert gain_note([]) == ""
    assert gain_note([(f"u{number}", "x") for number in range(60)]).endswith("> - and 10 more")


def test_why_the_target_was_not_asked_is_said() -> None:
    """
    The note has the reason, and is none where the target was asked.
    """
    assert "The target was not asked: a fork." in offline_note("a fork")
    assert offline_note("") == ""


@pytest.mark.parametrize(
    ("needed", "numbers", "differs", "told"),
    [
        pytest.param(0, [], "", ["No change needs a reviewer: environment `e`."], id="nothing merged"),
        pytest.param(1, [], "", ["1 change to be agreed to by a reviewer: environment `e`."], id="one"),
        pytest.param(2, [3], "", ["Since review (#3): the same changes."], id="the same"),
        pytest.param(2, [3, 4], "+1 removal", ["Since review (#3, #4): +1 removal."], id="more"),
        pytest.param(2, [3], [], ["Merged since the last run: #3; no plan was shown there."], id="not shown"),
    ],
)
def test_who_must_agree_is_said(
    needed: int, numbers: list[int], differs: str | list[Shown], told: list[str]
) -> None:
    """
    First who must agree, then what nobody has been shown.
    """
    assert reviewer_note("e", needed, numbers, differs)[-1:] == told


def test_drift_offers_two_choices_a_field() -> None:
    """
    What is theirs can be kept or taken back; what is held, or will be undone, is named.
    """
    held = Held(id="1", kind="user", key="a", name="ann", reason="r", release="take it", field="roles")
    undone = change("update", "bob", after={"first_name": "Bob"}, drift=("first_name",))
    title, body = drift(plan(undone, claims=(withheld(),), held=(held,)), url=URL)

    assert title == "Drift in openpages: 2 to decide, 1 to be undone"
    assert "reconciler give ann@example.com locale" in body
    assert "reconciler take ann@example.com locale" in body
    assert "ann, roles: take it" in body
    assert "bob@example.com, first_name" in body


def test_no_drift_is_no_issue() -> None:
    """
    A field that is the administrators' without Git saying otherwise is no drift; nor is one of Git's.
    """
    news = (withheld(withheld=UNSET), withheld(owner="git"))

    assert drift(plan(ANN, claims=news), url=URL) == ("", "")
    assert no_drift("openpages", url=URL).startswith(drift_mark("openpages"))


def test_a_name_that_a_shell_would_act_on_is_not_to_be_pasted() -> None:
    """
    A command is printed with a placeholder where the name is not plain.
    """
    names = ["$(reboot)", "-x", "a b"]

    assert all("give USER locale" in drift(plan(claims=(withheld(name),)), url=URL)[1] for name in names)


def test_long_lists_of_drift_are_cut() -> None:
    """
    A thousand people are no longer a list to read.
    """
    many = tuple(withheld(f"u{number}") for number in range(60))
    undone = [change("update", f"u{number}", after={"x": "y"}, drift=("x",)) for number in range(60)]
    body = drift(plan(*undone, claims=many), url=URL)[1]

    assert "and 10 more: reconciler owners" in body
    assert "and 10 more\n" in body


def test_an_incomplete_export_says_what_is_missing() -> None:
    """
    The title has counts and no time, so that the same content keeps the same title.
    """
    manifest = Manifest(
        version=1,
        source="ibmcloud",
        account="a",
        fetched_at="2026-11-20T07:00:00Z",
        complete=False,
        counts=Counts(users=1200, groups=3, memberships=9),
        read={},
        depth=0,
        digest="",
        faults=("page 2 is missing",),
    )
    title, body = pull_text(manifest, url=URL)

    assert title == "Export of ibmcloud: 1,200 users, 3 groups"
    assert "page 2 is missing" in body
