"""
A plan as a page: one file that shows everything, acts on nothing and fetches nothing.
"""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from reconciler.render.html import render_html
from reconciler.render.text import render_text
from tests.render.render_plans import busy, creates, plan
from tests.render.test_renderings import HOSTILE, hostile

ATTRIBUTES = {"class", "data-card", "data-f0", "data-f1", "data-f2", "open", "value", "name", "tabindex", "scope"}
OF_ENTRIES = {"section", "h2", "details", "summary", "pre", "span", "main"}


class Reader(HTMLParser):
    """
    The tags of a page's body, by name with their attributes, and its text.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """
        Note a tag.
        """
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """
        Note text.
        """
        self.text += data


def body(page: str) -> Reader:
    """
    Return what stands in the page's main part.
    """
    return Reader(page[page.index("<main>") : page.index("</main>")])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_plan_adds_no_tag_and_no_attribute(text: str) -> None:
    """
    Whatever names hold, the page has our tags alone, and nothing in it is a link, an image or a script.
    """
    found = body(render_html(hostile(text)))

    assert {tag for tag, _ in found.tags} <= OF_ENTRIES
    assert {name for _, attributes in found.tags for name in attributes} <= ATTRIBUTES


def test_page_shows_what_the_text_shows() -> None:
    """
    Each line of the plan as text stands in the page, under the same titles.
    """
    seen = unescape(body(render_html(busy())).text)
    told = render_text(busy(), color=False, limit=1_000)
    lines = told[told.index("Warnings (1)") : told.rindex("\n6 changes")].splitlines()

    assert [line for line in lines if line not in seen] == []


def test_page_fetches_nothing() -> None:
    """
    No address stands in the page, and its own policy forbids every connection, and every script but ours.
    """
    page = render_html(busy())

    assert re.findall(r"https?:|src=|href=|@import|url\(", page) == []
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "script-src 'sha256-" in page


def test_page_is_searched_by_kind_group_and_cause() -> None:
    """
    Each facet offers what the plan holds, and each entry bears the numbers of its own.
    """
    page = render_html(busy())
    menus = {
        name: re.findall(r"<option[^>]*>([^<]*)", options)
        for name, options in re.findall(r"<label>(\w+)<select[^>]*>(.*?)</select>", page)
    }

    assert menus["kind"] == ["all", "group", "user"]
    assert menus["cause"] == ["all", "an override", "the policy", "the rules", "the source"]
    assert unescape(menus["group"][1]) == '"Cloud IAM - Auditors"'
    assert any(attributes.get("data-f1") == "0" for _, attributes in body(page).tags)


def test_counts_are_a_chart_that_can_be_read_aloud() -> None:
    """
    The chart says in words what its bars show; a plan without changes has none.
    """
    assert 'aria-label="users: create: 3"' in render_html(creates(3))
    assert "<svg" not in render_html(plan())


def test_everything_is_in_the_page() -> None:
    """
    Nothing is cut, however much there is.
    """
    assert render_html(creates(200)).count(" data-card") == 200
