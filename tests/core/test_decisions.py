"""
Overrides, resolved: whom they are about, what they say together, when they end.
"""

from datetime import date
from typing import Any

import pytest

from reconciler.core.decisions import expiring, resolve
from reconciler.core.directory import Directory
from reconciler.core.export import UserRow
from reconciler.core.ledger import Last, LedgerRow, Names
from reconciler.core.overrides import Waiver
from tests.core.organisations import TODAY, export, person, resolved, said, team

PEOPLE = (
    person("ann"),
    person("bob", email="Bob@Example.com"),
    person("id-ann", key="id-zoe"),
    UserRow(key="id-x", user_name="x", state="left"),
)
GONE = {
    "id-gone": LedgerRow(
        key="id-gone", names=Names(present="gone"), last=Last(fields={"email": "gone@example.com"})
    )
}
GROUPS = {
    "id-staff": LedgerRow(
        key="id-staff", names=Names(present="Cloud - staff", previous=("Cloud - crew", "Cloud - traders"))
    ),
    "id-old": LedgerRow(key="id-old", names=Names(present="Cloud - old")),
    "id-bare": LedgerRow(key="id-bare"),
}


def about(**parts: Any) -> tuple[list[str], list[str], list[str]]:
    """
    Return whom one override is about, and the faults and notices of resolving it.
    """
    found = resolved(export(PEOPLE), [said(7, **parts)], users=GONE, groups=GROUPS)
    told = [str(fault).partition("\n")[0] for fault in found.faults]
    return [*found.users, *found.groups], told, [notice.text for notice in found.notices]


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"user": "id-bob"}, "id-bob"),
        ({"user": "BOB"}, "id-bob"),
        ({"user": "bob@example.com"}, "id-bob"),
        ({"user": "id-ann"}, "id-ann"),
        ({"group": "Staff"}, "id-staff"),
        ({"group": "id-staff"}, "id-staff"),
        ({"group": "crew"}, "id-staff"),
        ({"group": "Cloud - crew"}, "id-staff"),
        ({"group": "traders"}, "id-traders"),
    ],
)
def test_override_is_about_whoever_bears_the_name(parts: dict[str, str], key: str) -> None:
    """
    Key, user name and e-mail mean their bearer; a group also answers to a name it bore, if no other bears it now.
    """
    assert about(**parts) == ([key], [], [])


def test_key_means_its_bearer_though_it_is_somebody_elses_name() -> None:
    """
    Who is called like another's key must be named by a key, too.
    """
    assert about(user="id-zoe") == (["id-zoe"], [], [])


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"user": "nobody"}, "all.yaml:7: unknown user 'nobody'"),
        ({"group": "nothing"}, "all.yaml:7: unknown group 'nothing'"),
        ({"user": "ann", "groups_add": ("nothing",)}, "all.yaml:9: unknown group 'nothing'"),
        ({"user": "ann", "copy_access_from": "nobody"}, "all.yaml:9: unknown user 'nobody'"),
    ],
)
def test_unknown_name_is_a_fault_with_its_line(parts: dict[str, Any], fault: str) -> None:
    """
    Whom neither export nor ledger knows is an error.
    """
    assert about(**parts)[1] == [fault]


@pytest.mark.parametrize("name", ["ann", "ANN", "id-ann"])
def test_nobody_copies_their_own_access(name: str) -> None:
    """
    By whatever name: an override that says nothing is a mistake, and is told with its line.
    """
    (fault,) = about(user="ann", copy_access_from=name)[1]

    assert fault == f"all.yaml:9: {name!r} would copy the access of nobody but {name!r}"


def test_ambiguous_name_is_a_fault_that_names_all() -> None:
    """
    Two people of one name: the error names their keys.
    """
    people = [person("ann"), person("Ann", key="id-2")]
    found = resolved(export(people), [said(7, user="ann")])

    assert [str(fault) for fault in found.faults] == [
        "all.yaml:7: 'ann' is ambiguous: it may be id-2, id-ann\n    hint: name the key of the one you mean"
    ]


@pytest.mark.parametrize(
    "parts",
    [
        {"user": "id-gone"},
        {"user": "gone"},
        {"user": "GONE@example.com"},
        {"group": "old"},
        {"group": "Cloud - old"},
        {"user": "ann", "groups_add": ("old",)},
        {"user": "ann", "groups_remove": ("old",)},
        {"user": "ann", "copy_access_from": "gone"},
    ],
)
def test_leaver_does_not_block_the_run(parts: dict[str, Any]) -> None:
    """
    Whom the ledger knew, and the export no longer has, is a warning, wherever the name stands.
    """
    _, faults, notices = about(**parts)

    assert faults == []
    assert len(notices) == 1
    assert "no longer in the export" in notices[0]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([{"user": "vera", "exclude": True}], id="excluded"),
        pytest.param([{"user": "vera", "block": True}], id="blocked"),
        pytest.param([{"group": "canteen", "exclude": True}], id="group"),
        pytest.param([{"user": "vera", "exclude": True}, {"user": "VERA", "set": {"locale": "x"}}], id="and more"),
    ],
)
def test_who_leaves_without_ever_having_been_made_does_not_block_the_run(parts: list[dict[str, Any]]) -> None:
    """
    Nothing is made for whom an override excludes or blocks, so the ledger never knew them: a warning, not a fault.
    """
    found = resolved(export(PEOPLE), [said(line, **one) for line, one in enumerate(parts, 7)])

    assert (found.users, found.groups, found.faults) == ({}, {}, ())
    assert [notice.code for notice in found.notices] == ["override-of-nobody"] * len(parts)
    assert "gone, or misspelt" in found.notices[0].text


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ({"set": {"locale": "a"}}, {"set": {"locale": "b"}}, "set.locale"),
        ({"set": {"locked": 0}}, {"set": {"locked": False}}, "set.locked"),
        ({"give": ("locale",)}, {"take": ("locale",)}, "the owner of locale"),
        ({"restore": {"locale": "a"}}, {"restore": {"locale": "b"}}, "the owner of locale"),
        ({"groups_add": ("staff",)}, {"groups_remove": ("STAFF",)}, "the group 'staff'"),
        ({"roles_add": ("Editor",)}, {"roles_remove": ("Editor",)}, "the role 'Editor'"),
        ({"exclude": True}, {"block": True}, "care"),
        ({"include": True}, {"exclude": True}, "care"),
        ({"copy_access_from": "bob"}, {"copy_access_from": "id-bob"}, "copy_access_from"),
    ],
)
def test_contradiction_names_both_lines(one: dict[str, Any], other: dict[str, Any], what: str) -> None:
    """
    Two overrides that say different things are a fault, in whatever order the files are read.
    """
    overrides = [said(1, user="ann", **one), said(20, user="id-ann", **other)]
    first, second = (resolved(export(PEOPLE), order).faults for order in (overrides, overrides[::-1]))

    assert first == second
    assert len(first) == 1
    assert first[0].message.startswith(what)
    assert (first[0].path, first[0].line // 20) == ("all.yaml", 1)
    assert " at all.yaml:" in first[0].message


def test_contradiction_of_group_names() -> None:
    """
    A group cannot be renamed twice.
    """
    overrides = [said(1, group="staff", rename="a"), said(20, group="crew", rename="b")]
    found = resolved(export(PEOPLE), overrides, groups=GROUPS)

    assert [fault.message for fault in found.faults] == ["rename is 'b' here, but 'a' at all.yaml:3"]


def test_two_overrides_that_agree_are_one() -> None:
    """
    The same said twice is no fault, and acts once, whichever file comes first.
    """
    one, other = said(1, user="ann", take=("locale",)), said(9, user="ann", take=("locale",), reason="T-9")
    moved = said(50, user="ann", take=("locale",))
    first = resolved(export(PEOPLE), [one, other]).users["id-ann"].decisions.transfers["locale"]
    second = resolved(export(PEOPLE), [moved, other]).users["id-ann"].decisions.transfers["locale"]

    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("until", "holds"), [("2026-11-21", False), ("2026-11-22", True), ("2026-11-23", True), (None, True)]
)
def test_last_day_is_included(until: str | None, *, holds: bool) -> None:
    """
    An override holds through its last day, in UTC.
    """
    found = resolved(export(PEOPLE), [said(1, user="ann", block=True, until=until)])

    assert ("id-ann" in found.users) is holds


def test_ended_override_about_nobody_is_no_fault() -> None:
    """
    What has ended is not looked at again.
    """
    assert resolved(export(PEOPLE), [said(1, user="nobody", until="2026-11-21")]).faults == ()


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("2026-11-21", "override of ann has ended (T-1)"),
        ("2026-11-22", "override of ann ends (T-1)"),
        ("2026-12-22", "override of ann ends (T-1)"),
        ("2026-12-23", None),
        (None, None),
    ],
)
def test_what_ends_within_thirty_days_is_told(until: str | None, told: str | None) -> None:
    """
    The plan says what expires within 30 days, and what has expired.
    """
    found = resolved(export(PEOPLE), [said(1, user="ann", until=until)])

    assert [one.text for one in found.expiring] == ([told] if told else [])


def test_waivers_and_group_overrides_expire_like_the_rest() -> None:
    """
    What ends first is told first, whatever it is.
    """
    waiver = Waiver(origin="w:1", target="t", guard="leavers", count=3, until="2026-11-30", reason="T-3")
    found = expiring([waiver, said(1, group="staff", until="2026-11-25")], TODAY)

    assert [one.text for one in found] == ["override of staff ends (T-1)", "waiver of leavers ends (T-3)"]


def test_resolving_without_a_ledger_knows_the_export_alone() -> None:
    """
    Prefixes and earlier names are optional: `validate` has no target at hand.
    """
    directory = Directory(export([person("ann")], [team("staff", "User")]), {}, {})
    found = resolve([said(1, user="ann", include=True), said(9, group="staff")], directory, today=date.min)

    assert (list(found.users), list(found.groups), found.faults) == (["id-ann"], ["id-staff"], ())
    assert found.users["id-ann"].include


def test_nobody_answers_to_a_name_that_is_not_there() -> None:
    """
    Who has no e-mail address, or an empty one, is found by key and user name alone.
    """
    people = [person("ann", email=None), person("bob", email="")]

    assert set(Directory(export(people), {}, {}).people) == {"id-ann", "ann", "id-bob", "bob"}
