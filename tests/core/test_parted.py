"""
People of several sources who must not be one, or are one no longer: all of them are held.
"""

import pytest

from reconciler.core.correlate import Correlation, correlate
from reconciler.core.export import Apart
from reconciler.core.model import Desired, Equality, Live
from reconciler.core.parted import Joins
from reconciler.core.policy import build
from reconciler.core.rules import user_matching
from tests.core.test_correlate import POLICY, row, there, wanted

MATCHING = user_matching(build(POLICY, {}), Equality())
APART = Apart(keys=("h", "i"), field="email", said=("hr: 'a@x.com'", "iam: 'A@x.com'"))
THERE = there("7", "ann", mail="ann@x.com", external="h")
OTHER = there("8", "bob")


def parted(*desired: Desired, joins: Joins, steady: dict[str, Live] | None = None) -> Correlation:
    """
    Return who is who, where `h` has an account, and `i` another one if it is among the desired and linked.
    """
    rows = {"h": row("h", "7"), "n": row("n")} if steady is None else {}
    return correlate({one.key: one for one in desired}, [THERE, OTHER], rows, MATCHING, steady=steady, joins=joins)


def told(correlation: Correlation) -> list[tuple[str, ...]]:
    """
    Return the keys of those who are held for a join.
    """
    return [one.keys for one in correlation.conflicts if "join" in one.message or "share" in one.message]


def test_who_was_kept_apart_is_held() -> None:
    """
    Neither gets a pair, and the conflict names what each source says, and what releases it.
    """
    found = parted(wanted("h", "ann"), wanted("i", "mallory"), joins=Joins(apart=(APART,)))
    (conflict,) = found.conflicts

    assert [one.key for one in found.pairs if one.key] == ["n"]
    assert conflict.keys == ("h", "i")
    assert conflict.message.startswith("h (hr: 'a@x.com') and i (iam: 'A@x.com') share one email, ")
    assert conflict.release.startswith("correct the email at one of the sources, or write ")


@pytest.mark.parametrize("reason", ["excluded", "blocked", "not-selected"])
def test_decision_on_one_of_them_settles_it(reason: str) -> None:
    """
    Whoever is excluded, blocked or was not chosen holds nobody, and is not kept from being switched off.
    """
    joins = Joins(apart=(APART,), active=frozenset({"i"}))

    assert told(parted(wanted("h", "ann"), wanted("i", "ann", reason=reason), joins=joins)) == []
    assert told(parted(wanted("h", "ann", reason=reason), wanted("i", "ann"), joins=joins)) == []


@pytest.mark.parametrize(
    "claimant",
    [
        pytest.param(wanted("i", "ann"), id="name"),
        pytest.param(wanted("i", "other", mail="ANN@x.com"), id="e-mail"),
    ],
)
def test_account_of_another_key_is_held_while_a_source_calls_its_person_active(claimant: Desired) -> None:
    """
    The owner stands in no source any more, and is not taken for absent.
    """
    found = parted(claimant, joins=Joins(active=frozenset({"i"})))

    assert told(found) == [("h", "i")]
    assert [one.key for one in found.pairs if one.key] == ["n"]


def test_account_that_bears_the_key_as_external_id_is_held() -> None:
    """
    One that was made under another key bears that as its external id.
    """
    rows = {"i": row("i", "7")}
    found = correlate({"h": wanted("h", "x")}, [THERE], rows, MATCHING, joins=Joins(active=frozenset({"h"})))

    assert told(found) == [("h", "i")]


def test_who_is_in_step_is_held_too() -> None:
    """
    The account that may be somebody's is known by what is steady as well as by the ledger.
    """
    found = parted(wanted("i", "ann2", mail="ann@x.com"), joins=Joins(active=frozenset({"i"})), steady={"h": THERE})

    assert told(found) == [("h", "i")]


@pytest.mark.parametrize(
    ("claimant", "active"),
    [
        pytest.param(wanted("i", "ann"), (), id="left"),
        pytest.param(wanted("i", "eve", mail="eve@x.com"), ("i",), id="nobody-like-it"),
        pytest.param(wanted("i", "bob"), ("i",), id="account-of-nobody"),
        pytest.param(wanted("h", "ann"), ("h",), id="its-own"),
    ],
)
def test_others_hold_nobody(claimant: Desired, active: tuple[str, ...]) -> None:
    """
    Whom no source calls active, who is like nobody, and who has an account holds nobody's removals.
    """
    assert told(parted(claimant, joins=Joins(active=frozenset(active)))) == []
