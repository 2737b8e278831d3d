"""
Whom a name means: its one bearer, everybody who shares it, or whoever bore it before.
"""

import pytest

from reconciler.core.directory import Directory
from reconciler.core.ledger import LedgerRow, Names
from tests.core.organisations import export, person, team

SHARED = "office@example.com"
PEOPLE = tuple(person(name, email=SHARED) for name in ("ann", "bob", "cyd", "dee"))
TEAMS = (team("staff"), team("crew"))
ROWS = {
    "id-staff": LedgerRow(key="id-staff", names=Names(present="Cloud - staff", previous=("Cloud - hands", "crew"))),
    "id-crew": LedgerRow(key="id-crew", names=Names(present="Cloud - crew")),
}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_name_means_everybody_who_bears_it(count: int) -> None:
    """
    However many share an e-mail, all of them are meant, and none of them is another's bearer.
    """
    directory = Directory(export(PEOPLE[:count]), {}, {})

    assert directory.person("Office@Example.com") == {one.key for one in PEOPLE[:count]}
    assert directory.person("ann") == {"id-ann"}


def test_key_means_its_bearer_alone() -> None:
    """
    A key that is somebody's e-mail, too, is that of its bearer.
    """
    two = (person("ann"), person("bob", email="id-ann"))

    assert Directory(export(two), {}, {}).person("id-ann") == {"id-ann"}


def test_group_is_found_by_names_that_it_bore_before() -> None:
    """
    With and without prefix, unless another is called that now.
    """
    directory = Directory(export((), TEAMS), {}, ROWS, prefixes=("Cloud - ",))

    assert [directory.group(name) for name in ("hands", "Cloud - hands", "staff")] == [{"id-staff"}] * 3
    assert directory.group("crew") == {"id-crew"}
    assert directory.group("nobody") == set()


def test_names_that_were_found_before_are_the_same_handed_on() -> None:
    """
    Whoever has the earlier names need not look for them again.
    """
    first = Directory(export((), TEAMS), {}, ROWS, prefixes=("Cloud - ",))
    again = Directory(export(PEOPLE, TEAMS), {}, ROWS, prefixes=("Cloud - ",), former=first.former)

    assert again.groups == first.groups
    assert again.former == first.former
