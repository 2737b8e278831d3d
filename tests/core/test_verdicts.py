"""
The table for one shared field, word for word: the whole verdict of each row, where the target folds case.
"""

from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.ledger import Claim, Intent
from reconciler.core.model import Equality, Transfer
from reconciler.core.ownership import Field, FieldRules, Moment, Verdict, settle_field

NOW = Moment(now="2026-11-22T10:00:00Z", run=7)
RULES = FieldRules(name="locale", equality=Equality(caseless=frozenset({"locale", "roles"})))
POWER = replace(RULES, name="roles", privileged=frozenset({"Admin"}))

GIT = Claim(owner="git", wrote="W", saw="B", since="2026-01-01T00:00:00Z", run=3)
ADMIN = replace(GIT, owner="admin", saw="A")
NEW_GIT = Claim(owner="git", since=NOW.now, run=NOW.run)
NEW_ADMIN = replace(NEW_GIT, owner="admin")
OPEN = (Intent(value="I", replaces="B", at="2026-11-22T09:59:00Z", run=6),)

TAKE = Transfer(verb="take", digest="sha256:t", origin="overrides/a.yaml:1", reason="AUD-1", reviewed="A")
RESTORE = replace(TAKE, verb="restore", value="V")


def says(row: int, goal: Any, claim: Claim, reached: Claim | None = None, **more: Any) -> Verdict:
    """
    Return a verdict; where no other claim is reached, the one that holds.
    """
    return Verdict(row=row, goal=goal, claim=claim, reached=reached or claim, **more)


def owned(claim: Claim, wrote: Any, saw: Any, **more: Any) -> Claim:
    """
    Return a claim with other W and B.
    """
    return replace(claim, wrote=wrote, saw=saw, **more)


TABLE = {
    "1 unreadable": (
        {"desired": "D", "claim": GIT},
        says(1, UNSET, GIT, text="unreadable: neither written nor judged"),
    ),
    "6 given": (
        {"desired": "D", "live": "L", "claim": GIT, "give": True},
        says(6, "L", owned(NEW_ADMIN, "W", "L"), text="given to the admin"),
    ),
    "6 given, who has it": (
        {"desired": "D", "live": "L", "claim": ADMIN, "give": True},
        says(6, "L", owned(ADMIN, "W", "L")),
    ),
    "7 taken": (
        {"desired": "D", "live": "a", "claim": ADMIN, "transfer": TAKE},
        says(
            7,
            "D",
            ADMIN,
            owned(NEW_GIT, "D", "D", override="sha256:t"),
            text="taken back by Git (AUD-1; overrides/a.yaml:1)",
        ),
    ),
    "7 taken, agree": (
        {"desired": "D", "live": "d", "claim": ADMIN, "transfer": TAKE},
        says(
            7,
            "d",
            owned(NEW_GIT, "D", "d", override="sha256:t"),
            text="taken back by Git (AUD-1; overrides/a.yaml:1)",
        ),
    ),
    "7 restored": (
        {"desired": "D", "live": "A", "claim": GIT, "transfer": RESTORE},
        says(
            7,
            "V",
            GIT,
            owned(NEW_ADMIN, "V", "V", override="sha256:t"),
            text="restored for the admin (AUD-1; overrides/a.yaml:1)",
        ),
    ),
    "7 nothing to take": (
        {"live": "A", "claim": ADMIN, "transfer": TAKE},
        says(7, UNSET, ADMIN, held="Git gives no value to take the field back to"),
    ),
    "7 not reviewed": (
        {"desired": "D", "live": "X", "claim": ADMIN, "transfer": TAKE},
        says(7, UNSET, ADMIN, held="the live value is not the one that take was reviewed for"),
    ),
    "9 as it was": ({"desired": "w", "live": "a", "claim": ADMIN}, says(9, "a", ADMIN)),
    "9 the admin moved": (
        {"desired": "w", "live": "X", "claim": ADMIN},
        says(9, "X", owned(ADMIN, "W", "X"), text="changed again by the admin"),
    ),
    "9 the admin moved, Git is silent": (
        {"live": "X", "claim": ADMIN},
        says(9, "X", owned(ADMIN, "W", "X"), text="changed again by the admin"),
    ),
    "9 Git moved": (
        {"desired": "D", "live": "a", "claim": ADMIN},
        says(9, "a", ADMIN, text="Git now says otherwise: withheld", withheld="D"),
    ),
    "9 both moved": (
        {"desired": "D", "live": "X", "claim": ADMIN},
        says(
            9,
            "X",
            owned(ADMIN, "W", "X"),
            text="changed again by the admin; Git now says otherwise: withheld",
            withheld="D",
        ),
    ),
    "9 agree": (
        {"desired": "A", "live": "a", "claim": ADMIN},
        says(9, "a", ADMIN, text="agrees with Git, can be taken back"),
    ),
    "9 agree, and the admin moved": (
        {"desired": "D", "live": "d", "claim": ADMIN},
        says(9, "d", owned(ADMIN, "W", "d"), text="changed again by the admin"),
    ),
    "10 edited before we could write": (
        {"desired": "D", "live": "L", "claim": Claim(intents=OPEN)},
        says(10, "L", replace(NEW_ADMIN, saw="L", intents=OPEN), text="now owned by the target's admin"),
    ),
    "11 Git is silent": ({"live": "L", "claim": GIT}, says(11, UNSET, GIT)),
    "11 Git is silent, and we wrote": (
        {"live": "i", "claim": replace(GIT, intents=OPEN)},
        says(11, UNSET, owned(GIT, "i", "i", intents=OPEN)),
    ),
    "12 agree": ({"desired": "D", "live": "d", "claim": GIT}, says(12, "d", owned(GIT, "D", "d"))),
    "13 as seen": ({"desired": "w", "live": "b", "claim": GIT}, says(13, "b", GIT)),
    "14 as seen": ({"desired": "D", "live": "b", "claim": GIT}, says(14, "D", GIT, owned(GIT, "D", "D"))),
    "14 as written": ({"desired": "D", "live": "w", "claim": GIT}, says(14, "D", GIT, owned(GIT, "D", "D"))),
    "15 unfinished": (
        {"desired": "D", "live": "i", "claim": replace(GIT, intents=OPEN)},
        says(
            15,
            "D",
            replace(GIT, intents=OPEN),
            owned(GIT, "D", "D", intents=OPEN),
            text="our own unfinished write",
        ),
    ),
    "15 finished": (
        {"desired": "I", "live": "i", "claim": Claim(intents=OPEN)},
        says(15, "i", owned(NEW_GIT, "I", "i", intents=OPEN)),
    ),
    "16 the admin moved": (
        {"desired": "w", "live": "L", "claim": GIT},
        says(16, "L", owned(NEW_ADMIN, "W", "L"), text="now owned by the target's admin"),
    ),
    "17 both moved": (
        {"desired": "D", "live": "L", "claim": GIT},
        says(
            17,
            "L",
            owned(NEW_ADMIN, "W", "L"),
            text="now owned by the target's admin; Git says otherwise: withheld",
            withheld="D",
        ),
    ),
    "18 differ": (
        {"desired": "D", "live": "L", "was_ours": True},
        says(
            18,
            "D",
            owned(NEW_GIT, "L", "L"),
            owned(NEW_GIT, "D", "D"),
            text="nobody but Git could own it so far",
        ),
    ),
    "18 agree": (
        {"desired": "D", "live": "d", "was_ours": True},
        says(18, "d", owned(NEW_GIT, "D", "d")),
    ),
    "19 agree": ({"desired": "D", "live": "d"}, says(19, "d", owned(NEW_GIT, "D", "d"))),
    "20 asked": (
        {"desired": "D", "live": "L"},
        says(20, UNSET, Claim(), held="the account was there before, and this field differs"),
    ),
    "20 kept": (
        {"desired": "D", "live": "L", "rules": replace(RULES, foreign="keep")},
        says(20, "L", owned(NEW_ADMIN, "D", "L"), text="adopted: the admin's value is kept"),
    ),
    "20 taken": (
        {"desired": "D", "live": "L", "rules": replace(RULES, foreign="take")},
        says(20, "D", Claim(), owned(NEW_GIT, "D", "D"), text="adopted: Git's value is written"),
    ),
    "8 fallen back": (
        {"desired": ("User",), "live": ("ADMIN",), "claim": ADMIN, "lapsed": True, "rules": POWER},
        says(
            8,
            ("User",),
            owned(NEW_GIT, ("ADMIN",), ("ADMIN",)),
            owned(NEW_GIT, ("User",), ("User",)),
            text="privilege falls back to Git",
        ),
    ),
}


@pytest.mark.parametrize(("given", "verdict"), TABLE.values(), ids=TABLE.keys())
def test_each_row_says_the_whole_verdict(given: dict[str, Any], verdict: Verdict) -> None:
    """
    Goal, both claims, since when and by which run, the news, what is held and what is withheld are the table's.
    """
    field = {"desired": UNSET, "live": UNSET, "claim": Claim(), **given}
    rules = field.pop("rules", RULES)

    assert settle_field(Field(**field), rules, NOW) == verdict
