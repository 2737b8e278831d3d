"""
The auditor's page (`audit --format html`) answers who owns what, what is held, who approved and what happened.
"""

import re
from html import unescape

import pytest
from msgspec.structs import replace

from tests.cli.conftest import ANN, BOB, Desk

HOSTILE = "<script>alert(1)</script> @bob"


@pytest.fixture
def lived(settled: Desk) -> Desk:
    """
    Return a desk with a past: an administrator owns Ann's locale, the cloud has given her another name.
    """
    settled.admin.admin_sets(ANN, locale="de_AT")
    settled.run("apply", "--yes")
    settled.cloud(lambda row: replace(row, first_name=HOSTILE) if row.user_name == ANN else row)
    settled.run("apply", "--yes")
    return settled


def tables(page: str) -> dict[str, str]:
    """
    Return the text of each part of the page, by its title.
    """
    parts = re.findall(r"<h2>(\w+) \([\d,]+\)</h2>(.*?)</section>", page, re.DOTALL)
    return {title: unescape(re.sub(r"<[^>]+>", "\t", body)) for title, body in parts}


def test_page_of_one_person_answers_the_auditor(lived: Desk) -> None:
    """
    Owners, timeline and runs stand in one file, with the hash in which the chain of records ends.
    """
    told = lived.run("audit", "--user", ANN, "--format", "html")
    found = tables(told.out)
    end = lived.run("audit", "--verify", "--format", "json").json["end"]

    assert told.code == 0
    assert set(found) == {"Owners", "Timeline", "Runs"}
    assert '"de_AT"' in found["Owners"]
    assert "now owned by the target's admin" in found["Timeline"]
    assert BOB not in found["Timeline"]
    assert found["Runs"].count("2026-11-20T08:00:00Z") == 3
    assert end in told.out


def test_page_of_everybody_is_filtered_by_user(lived: Desk) -> None:
    """
    Everybody is in the page of everybody, and can be chosen.
    """
    page = lived.run("audit", "--format", "html").out

    assert f">{ANN}</option>" in page
    assert f">{BOB}</option>" in page


def test_hostile_name_is_text_on_the_page(lived: Desk) -> None:
    """
    Whatever a name holds, the page has one script, and that is ours.
    """
    page = lived.run("audit", "--format", "html").out

    assert page.count("<script>") == 1
    assert HOSTILE in unescape(page)


def test_what_is_held_is_told_with_since_when(settled: Desk) -> None:
    """
    What a guard holds of somebody stands in the page, since which run.
    """
    settled.cloud(lambda row: row if row.user_name in {ANN, BOB} else None, complete=False)
    settled.cloud(lambda row: replace(row, last_name="Roe"), complete=False)
    settled.run("apply", "--yes")
    page = settled.run("audit", "--format", "html")

    assert page.code == 0
    assert "2026-11-20T08:00:00Z\t\t2" in tables(page.out)["Held"]


def test_page_is_no_answer_to_the_other_questions(settled: Desk) -> None:
    """
    Where a page says nothing it is refused.
    """
    assert settled.run("audit", "--verify", "--format", "html").code == 2
    assert settled.run("audit", "--administrators", "--format", "html").code == 2


def test_page_of_nothing_is_a_page(desk: Desk) -> None:
    """
    Before the first run the page says that there is none.
    """
    told = desk.run("audit", "--format", "html")

    assert told.code == 0
    assert "none yet" in told.out
