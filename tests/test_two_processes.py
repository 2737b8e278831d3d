"""
Two real processes that apply at once, on SQLite and Git: fifty times, with a little time between their beginnings.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from tests.checkout import Checkout
from tests.doomed import Ended

ROUNDS = 50
LOCALES = ("de_DE", "fr_FR", "it_IT")


def both(checkout: Checkout, random: Random, *, now: str) -> list[Ended]:
    """
    Return how two applies ended that began one after the other, and had some or no patience.
    """
    patience = [random.choice(("0", "30")) for _ in range(2)]
    pause = random.choice((0.0, 0.05, 0.1, 0.2, 0.4))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(checkout.run, "apply", "--yes", "--wait", patience[0], now=now)
        time.sleep(pause)
        second = pool.submit(checkout.run, "apply", "--yes", "--wait", patience[1], now=now)
        return [first.result(), second.result()]


def landed(checkout: Checkout) -> list[str]:
    """
    Return the locales that were written to Ann's account, run by run, as the records have them.
    """
    folder = checkout.folder / "state/ledger/openpages/runs"
    lines = [json.loads(line) for path in sorted(folder.rglob("*.jsonl")) for line in path.read_text().splitlines()]
    changes = [line for line in lines if line["type"] == "change" and line["outcome"] == "landed"]
    return [one["after"]["locale"] for one in changes if "locale" in one["after"] and one["action"] == "update"]


@pytest.mark.ci
def test_two_processes_never_interleave(tmp_path: Path) -> None:
    """
    Each ends well or is held, one of them does the work, all of it is recorded once, and the chain holds.
    """
    checkout, random, codes = Checkout.new(tmp_path / "checkout"), Random(ROUNDS), list[int]()
    codes.append(checkout.run("apply", "--yes", now="2026-11-20T08:00:00Z").code)
    wanted = [LOCALES[number % len(LOCALES)] for number in range(ROUNDS)]
    for number, locale in enumerate(wanted):
        checkout.wants_locale(locale)
        ended = both(checkout, random, now=f"2026-11-20T09:{number:02}:00Z")
        codes += [one.code for one in ended]

        assert {one.code for one in ended} <= {0, 3}, [one.err for one in ended]
        assert checkout.ann("locale") == locale

    later = "2026-11-20T10:00:00Z"
    assert set(codes) == {0, 3}
    assert landed(checkout) == wanted
    assert checkout.sql("SELECT count(*) FROM users") == checkout.sql(
        "SELECT count(DISTINCT external_id) FROM users"
    )
    for command in (("validate",), ("apply", "--yes"), ("plan", "--check")):
        ran = checkout.run(*command, now=later)
        assert ran.code == 0, (command, ran.err)
    assert checkout.git("status", "--porcelain") == ""
