"""
The page of a plan in a real browser: it is searched, filtered and read with keys alone, in both colours, offline.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.render.html import render_html
from tests.render.browser import PATH, Browser
from tests.render.render_plans import busy, creates
from tests.render.test_renderings import HOSTILE, hostile

pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(not PATH and "CI" not in os.environ, reason="no chromium here"),
]
SHOWN = "document.querySelector('output').value"
FOCUS = "document.activeElement.tagName"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """
    Return a browser, for all tests of this module.
    """
    with Browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """
    Return the page of a plan in which everything happens once.
    """
    path = tmp_path / "plan.html"
    path.write_text(render_html(busy()), "utf-8")
    return path


def test_page_is_searched_with_keys_alone(browser: Browser, page: Path) -> None:
    """
    A slash leads to the search, letters narrow what is shown, Escape shows everything again.
    """
    browser.opens(page)
    told = [browser.says(SHOWN)]
    browser.presses("/", *"kim")
    told.append(browser.says(SHOWN))
    hidden = browser.says("document.querySelectorAll('section:not([hidden])').length")
    browser.presses("Escape")
    told.append(browser.says(SHOWN))

    assert told == ["14 of 14 shown", "1 of 14 shown", "14 of 14 shown"]
    assert hidden == 1


def test_escape_drops_what_the_address_asked_for(browser: Browser, page: Path) -> None:
    """
    What stands behind `#` is searched, and Escape shows everything again, as often as it is pressed.
    """
    browser.opens(page)
    browser.says("window.location.hash = 'kim'; window.dispatchEvent(new Event('hashchange'))")
    told = [browser.says(SHOWN)]
    browser.presses("Escape", "Escape")
    told.append(browser.says(SHOWN))

    assert told == ["1 of 14 shown", "14 of 14 shown"]


def test_address_that_is_no_text_is_searched_as_it_stands(browser: Browser, page: Path) -> None:
    """
    A lone `%` behind `#` is no code for anything, and is searched as the letter that it is.
    """
    browser.opens(page)
    browser.says("window.location.hash = '#%'; window.dispatchEvent(new Event('hashchange'))")

    assert browser.says("document.querySelector('input').value") == "%"
    assert browser.says(SHOWN) == "1 of 14 shown"


def test_every_filter_and_entry_is_reached_with_the_tab_key(browser: Browser, page: Path) -> None:
    """
    Search, the three filters and each entry take the focus in turn, and Enter opens an entry.
    """
    browser.opens(page)
    met = []
    for _ in range(12):
        browser.presses("Tab")
        met.append(browser.says(FOCUS))
    browser.says("document.querySelector('details:not([open]) > summary').focus()")
    browser.presses("Enter")

    assert met[:5] == ["INPUT", "SELECT", "SELECT", "SELECT", "SUMMARY"]
    assert set(met[4:]) == {"SUMMARY"}
    assert browser.says("document.activeElement.parentElement.open") is True


def test_filter_shows_what_it_names(browser: Browser, page: Path) -> None:
    """
    Only groups are left once the kind is a group.
    """
    browser.opens(page)
    browser.says(
        "(s => { s.value = [...s.options].find(o => o.text === 'group').value;"
        " s.dispatchEvent(new Event('input', {bubbles: true})); })(document.querySelector('select'))"
    )

    assert browser.says(SHOWN) == "2 of 14 shown"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_page_follows_the_reader_s_colours(browser: Browser, page: Path, dark: bool) -> None:  # noqa: FBT001
    """
    Dark on light, or light on dark, as the reader's system says.
    """
    browser.opens(page, dark=dark)
    colour = browser.says("getComputedStyle(document.body).backgroundColor")

    assert colour == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")


def test_nothing_is_fetched_and_nothing_hostile_runs(browser: Browser, tmp_path: Path) -> None:
    """
    Whatever names hold, the browser asks for the page alone, and finds no link, image or script of theirs in it.
    """
    found = []
    for number, text in enumerate(HOSTILE.values()):
        path = tmp_path / f"{number}.html"
        path.write_text(render_html(hostile(text)), "utf-8")
        browser.loaded.clear()
        browser.opens(path)
        foreign = browser.says("document.querySelectorAll('main :is(a, img, script, iframe, object, form)').length")
        found.append((foreign, [url for url in browser.loaded if url != path.as_uri()]))

    assert found == [(0, [])] * len(HOSTILE)


def test_four_thousand_changes_are_searched(browser: Browser, tmp_path: Path) -> None:
    """
    A large plan is a page like any other.
    """
    path = tmp_path / "large.html"
    path.write_text(render_html(creates(4_000)), "utf-8")
    browser.opens(path)
    browser.presses("/", *"03999")

    assert browser.says(SHOWN) == "1 of 4,000 shown"
