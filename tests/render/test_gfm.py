"""
What a reviewer sees on GitHub: the Markdown is rendered by GitHub's own parser, and the page is read.
"""

import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from reconciler.core.model import Plan
from reconciler.render.escape import escape
from reconciler.render.markdown import render_markdown
from tests.render.render_plans import busy, change, creates, plan
from tests.render.test_renderings import HOSTILE, hostile

OURS = {"p", "strong", "details", "summary", "pre", "code"}
"""The tags that a plan's Markdown comes to; what others wrote stands in code, where nothing is made of it."""

ACTS = re.compile(r"[@#<>]|https?:|www\.|!\[|\]\(")


class Page(HTMLParser):
    """
    A rendered page: its tags with their attributes, its text within code and outside, and what nobody would see.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[tuple[str, tuple[str, ...]]] = set()
        self.code, self.words, self.unseen = "", "", ""
        self.depth = 0
        # unsafe: nothing is taken out, so that whatever would be HTML is
        self.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """
        Note a tag.
        """
        self.tags.add((tag, tuple(f"{name}={value}" for name, value in attrs)))
        self.depth += tag in {"pre", "code"}

    def handle_endtag(self, tag: str) -> None:
        """
        Note the end of code.
        """
        self.depth -= tag in {"pre", "code"}

    def handle_data(self, data: str) -> None:
        """
        Note text.
        """
        if self.depth:
            self.code += data
        else:
            self.words += data

    def handle_comment(self, data: str) -> None:
        """
        Note what is there and cannot be seen.
        """
        self.unseen += data


def page(one: Plan) -> Page:
    """
    Return the page that a plan's Markdown comes to.
    """
    return Page(render_markdown(one))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_hostile_is_live_on_the_page(text: str) -> None:
    """
    There is no link, image, mention, reference, foreign HTML or hidden text, whatever names hold.
    """
    found = page(hostile(text))

    assert {tag for tag, _ in found.tags} <= OURS
    assert {one for _, attributes in found.tags for one in attributes} <= {"open=None", "lang=text", "lang=diff"}
    assert (ACTS.findall(found.words), found.unseen) == ([], "")


@pytest.mark.parametrize(
    "name",
    [
        "*ann*",
        "_a_ **b**",
        "&lt;b&gt; &amp;",
        "a\\|b",
        "[x]: y",
        "- [ ] task",
        "~~gone~~",
        "$a^2$",
        ":smile:",
        "<!-- a",
    ],
)
def test_name_is_seen_as_it_is(name: str) -> None:
    """
    The page shows each character of a name, and no Markdown is made of it.
    """
    found = page(plan(change("update", "ann", name=name, before={"locale": "x"}, after={"locale": name})))

    assert found.code.count(escape(name)) == 2


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_page_shows_what_the_markdown_says(text: str) -> None:
    """
    Every line within a fence of the Markdown is a line of the page, in order, and nothing else is code.
    """
    source = render_markdown(hostile(text))
    code = [line for line in Page(source).code.split("\n") if line]
    there = {*code}

    assert [line for line in source.split("\n") if line in there] == code


@pytest.mark.parametrize("count", [0, 1, 40, 4_000, pytest.param(40_000, marks=pytest.mark.ci)])
def test_it_reads_well_however_much_there_is(count: int) -> None:
    """
    The first screen has counts and digest, all is within what a comment holds, and most is folded.
    """
    one = creates(count)
    text, found = render_markdown(one), page(one)
    told = {0: "No changes.", 1: "1 change to openpages"}.get(count, f"{count:,} changes to openpages")

    assert told in (found.words + found.code)[:400]
    assert one.digest in found.code[:1_000]
    assert len(text.encode()) <= 60_000
    assert ("cut to fit" in found.words) is (count > 1_000)


def test_first_screen_has_what_a_reviewer_decides_by() -> None:
    """
    Guards, power, removals, conflicts and each held change with what releases it stand before all that is harmless.
    """
    text = render_markdown(busy())
    harmless = text.index("Users to create")
    told = ("guards  users-deactivated holds 1", "power   an administrator's power is gained by 1", "(removal)")
    decisions = ("release: a waiver in", "conflict: two groups", "gains OPAdministrators")

    assert [words for words in (*told, *decisions) if not 0 <= text.find(words) < harmless] == []
    assert text.index("<details>") > text.rindex("<details open><summary>Conflicts")
