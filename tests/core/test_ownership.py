"""
The table for one shared field, at its borders: what each row says of goal and claim, and which row comes first.
"""

from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.ledger import Claim, Intent
from reconciler.core.model import Equality, Transfer, Value
from reconciler.core.ownership import Field, FieldRules, Moment, Verdict, settle_field

NOW = Moment(now="2026-11-22T10:00:00Z", run=7)
RULES = FieldRules(name="locale", equality=Equality(caseless=frozenset({"locale"})), foreign="ask")
GIT = Claim(owner="git", wrote="W", saw="B", since="2026-01-01T00:00:00Z", run=3)
ADMIN = replace(GIT, owner="admin", saw="A")
OPEN = (Intent(value="I", replaces="B", at="2026-11-22T09:59:00Z", run=6),)
NEW = (Intent(value="I", at="2026-11-22T09:59:00Z", run=6),)
TAKE = Transfer(verb="take", digest="sha256:t", origin="overrides/a.yaml:1", reason="AUD-1", reviewed="A")


def settled(**field: Any) -> Verdict:
    """
    Return the verdict on a field; what is not said is absent.
    """
    blank: dict[str, Any] = {"desired": UNSET, "live": UNSET, "claim": Claim()}
    return settle_field(Field(**{**blank, **field}), RULES, NOW)


@pytest.mark.parametrize(
    ("row", "goal", "owner", "field"),
    [
        pytest.param(1, UNSET, "git", {"desired": "D", "claim": GIT}, id="unreadable"),
        pytest.param(6, "L", "admin", {"desired": "D", "live": "L", "claim": GIT, "give": True}, id="given"),
        pytest.param(7, "D", "git", {"desired": "D", "live": "A", "claim": ADMIN, "transfer": TAKE}, id="taken"),
        pytest.param(9, "A", "admin", {"desired": "D", "live": "A", "claim": ADMIN}, id="admin's"),
        pytest.param(9, "A", "admin", {"live": "A", "claim": ADMIN}, id="admin's, and Git says nothing"),
        pytest.param(9, None, "admin", {"desired": "D", "live": None, "claim": ADMIN}, id="admin's, and empty"),
        pytest.param(10, "L", "admin", {"desired": "D", "live": "L", "claim": Claim(intents=OPEN)}, id="edited"),
        pytest.param(10, "L", "admin", {"live": "L", "claim": Claim(intents=NEW)}, id="edited after a create"),
        pytest.param(11, UNSET, "git", {"live": "L", "claim": GIT}, id="Git says nothing"),
        pytest.param(11, UNSET, None, {"live": "L"}, id="nobody says anything"),
        pytest.param(12, "D", "git", {"desired": "D", "live": "D", "claim": GIT}, id="agree"),
        pytest.param(12, "d", "git", {"desired": "D", "live": "d", "claim": GIT}, id="agree but for case"),
        pytest.param(13, "B", "git", {"desired": "W", "live": "B", "claim": GIT}, id="as seen"),
        pytest.param(12, "W", "git", {"desired": "W", "live": "W", "claim": GIT}, id="as written"),
        pytest.param(14, "D", "git", {"desired": "D", "live": "B", "claim": GIT}, id="Git moved, as seen"),
        pytest.param(14, "D", "git", {"desired": "D", "live": "w", "claim": GIT}, id="Git moved, as written"),
        pytest.param(
            15, "D", "git", {"desired": "D", "live": "I", "claim": replace(GIT, intents=OPEN)}, id="unfinished"
        ),
        pytest.param(15, "D", "git", {"desired": "D", "live": "I", "claim": Claim(intents=NEW)}, id="unclaimed"),
        pytest.param(15, "I", "git", {"desired": "I", "live": "I", "claim": Claim(intents=NEW)}, id="finished"),
        pytest.param(16, "L", "admin", {"desired": "W", "live": "L", "claim": GIT}, id="the admin moved"),
        pytest.param(17, "L", "admin", {"desired": "D", "live": "L", "claim": GIT}, id="both moved"),
        pytest.param(18, "D", "git", {"desired": "D", "live": "L", "was_ours": True}, id="was Git's alone"),
        pytest.param(19, "D", "git", {"desired": "D", "live": "D"}, id="adopted, agree"),
        pytest.param(20, UNSET, None, {"desired": "D", "live": "L"}, id="adopted, differ"),
        pytest.param(
            20, UNSET, None, {"desired": "D", "live": "B", "claim": Claim(intents=OPEN)}, id="adopted, intended"
        ),
    ],
)
def test_each_row_says_goal_and_owner(row: int, goal: Any, owner: str | None, field: dict[str, Any]) -> None:
    """
    The first row that matches decides what the field becomes, and whose it is once it is.
    """
    verdict = settled(**field)

    assert (verdict.row, verdict.goal, verdict.reached.owner) == (row, goal, owner)


@pytest.mark.parametrize(
    "claim",
    [pytest.param(GIT, id="Git's"), pytest.param(ADMIN, id="admin's"), pytest.param(Claim(), id="no one's")],
)
def test_digest_of_a_transfer_that_was_acted_on_survives_every_row(claim: Claim) -> None:
    """
    An override that acted acts no more, whoever owns the field since, and its digest is not lost.
    """
    acted = replace(claim, override=TAKE.digest, intents=OPEN)
    lives: tuple[Value, ...] = ("A", "B", "D", "W", "I", "L", None)
    verdicts = [
        settled(desired=desired, live=live, claim=acted, transfer=TAKE, was_ours=was_ours)
        for desired in ("D", "W", UNSET)
        for live in lives
        for was_ours in (False, True)
    ]

    assert {one.row for one in verdicts} & {7} == set()
    assert {(one.claim.override, one.reached.override) for one in verdicts} == {(TAKE.digest, TAKE.digest)}


@pytest.mark.parametrize(
    ("owner", "transfer", "live"),
    [
        pytest.param("git", TAKE, "A", id="take of what was reviewed"),
        pytest.param("git", TAKE, "D", id="take of what Git says"),
        pytest.param("git", TAKE, "I", id="take of what we meant to write"),
        pytest.param("admin", replace(TAKE, verb="restore", value="V"), "V", id="restore of what is there"),
        pytest.param("admin", replace(TAKE, verb="restore", value="V"), "A", id="restore of what was reviewed"),
    ],
)
def test_a_transfer_acts_on_what_it_knows(owner: str, transfer: Transfer, live: str) -> None:
    """
    The live value is the one reviewed, the one wanted, or one that we meant to write.
    """
    claim = replace(ADMIN, intents=OPEN)
    verdict = settled(desired="D", live=live, claim=claim, transfer=transfer)

    assert (verdict.row, verdict.held, verdict.reached.owner) == (7, "", owner)
    assert verdict.reached.override == transfer.digest


def test_a_transfer_does_not_act_on_what_nobody_looked_at() -> None:
    """
    A value that is neither is held, and its claim stays.
    """
    verdict = settled(desired="D", live="X", claim=ADMIN, transfer=TAKE)

    assert (verdict.row, verdict.goal, verdict.claim, bool(verdict.held)) == (7, UNSET, ADMIN, True)


POWER = replace(RULES, name="roles", privileged=frozenset({"Admin"}), expires="30d")
POWERFUL = Claim(owner="admin", saw=("Admin",), wrote=("User",), since="2026-10-23T10:00:01Z")


@pytest.mark.parametrize(
    ("row", "field", "rules"),
    [
        pytest.param(9, {}, POWER, id="in its term"),
        pytest.param(8, {"claim": replace(POWERFUL, since="2026-10-23T10:00:00Z")}, POWER, id="at its end"),
        pytest.param(8, {"lapsed": True}, POWER, id="lapsed"),
        pytest.param(9, {"lapsed": True, "desired": UNSET}, POWER, id="lapsed, but Git says nothing"),
        pytest.param(9, {"lapsed": True, "live": ("Viewer",)}, POWER, id="lapsed, but no power"),
        pytest.param(
            8, {"lapsed": True, "claim": replace(POWERFUL, owner="git", saw=())}, POWER, id="lapsed, while away"
        ),
        pytest.param(
            8, {"lapsed": True, "claim": Claim(intents=NEW)}, POWER, id="lapsed, while away, and never recorded"
        ),
        pytest.param(16, {"claim": replace(POWERFUL, owner="git", saw=())}, POWER, id="not lapsed"),
        pytest.param(
            9, {"claim": replace(POWERFUL, since="2020-01-01T00:00:00Z")}, replace(POWER, expires=""), id="no term"
        ),
        pytest.param(6, {"lapsed": True, "give": True}, POWER, id="confirmed"),
    ],
)
def test_privilege_ends_with_its_account_or_its_term(row: int, field: dict[str, Any], rules: FieldRules) -> None:
    """
    A privileged value that is the administrator's, or would become it, falls back to Git unless confirmed.
    """
    one = Field(**{"desired": ("User",), "live": ("Admin",), "claim": POWERFUL, **field})

    assert settle_field(one, rules, NOW).row == row


@pytest.mark.parametrize(
    ("rules", "owner", "field"),
    [
        pytest.param(POWER, "git", {"claim": POWERFUL, "lapsed": True}, id="fallen back"),
        pytest.param(POWER, "git", {"claim": Claim(), "was_ours": True}, id="was Git's alone"),
        pytest.param(replace(POWER, foreign="take"), None, {"claim": Claim()}, id="adopted and taken"),
        pytest.param(POWER, "git", {"claim": replace(POWERFUL, owner="git")}, id="Git moved"),
    ],
)
def test_until_it_is_written_the_claim_says_what_is_known(
    rules: FieldRules, owner: str | None, field: dict[str, Any]
) -> None:
    """
    Where the write has to wait, the next run decides the same way.
    """
    one = Field(**{"desired": ("Editor",), "live": ("Admin",), **field})
    verdict = settle_field(one, rules, NOW)
    again = settle_field(replace(one, claim=verdict.claim, lapsed=False, was_ours=False), rules, NOW)

    assert verdict.claim.owner == owner
    assert (again.goal, again.reached.owner) == (verdict.goal, verdict.reached.owner) == (("Editor",), "git")


def test_since_tells_when_a_field_changed_hands() -> None:
    """
    Who keeps a field keeps its date; who gets it gets today's.
    """
    kept, taken = settled(desired="D", live="D", claim=GIT), settled(desired="W", live="L", claim=GIT)

    assert (kept.claim.since, kept.claim.run) == (GIT.since, 3)
    assert (taken.claim.since, taken.claim.run) == (NOW.now, 7)


def test_keeping_the_foreign_value_remembers_what_git_said() -> None:
    """
    A value that was kept on adoption is told as withheld only once Git says something else.
    """
    one = Field(desired="D", live="L", claim=Claim())
    kept = settle_field(one, replace(RULES, foreign="keep"), NOW)
    quiet = settle_field(replace(one, claim=kept.claim), RULES, NOW)
    moved = settle_field(replace(one, claim=kept.claim, desired="E"), RULES, NOW)

    assert (kept.claim.owner, kept.text) == ("admin", "adopted: the admin's value is kept")
    assert (quiet.withheld, moved.withheld) == (UNSET, "E")
