"""
Writes to a directory in memory: how few requests they are, and that what is told of them is what is there.
"""

from collections.abc import Sequence

import pytest

from reconciler.errors import TargetError
from reconciler.targets.ldap import LdapTarget
from reconciler.testing.writes import creation, landed, update
from tests.targets.ldap_memory import MemoryDirectory

MANY = 150


def staffed(directory: MemoryDirectory, number: int) -> tuple[LdapTarget, str]:
    """
    Return the target with so many people, and the id of a group that nobody is in.
    """
    target = directory.target()
    target.read()
    team = landed(target, creation("staff", kind="group"))
    made = target.write([creation(f"p{one:03}") for one in range(number)], run="run-1")
    assert {one.outcome for one in made} == {"landed"}
    return target, team.id


@pytest.mark.parametrize("overlays", [[], ["memberOf"]], ids=["none", "memberOf"])
def test_what_is_told_of_a_membership_is_what_is_there(overlays: Sequence[str]) -> None:
    """
    Also where the server notes memberships on people's own entries, whose change numbers then move.
    """
    target, team = staffed(MemoryDirectory(overlays=overlays), 3)
    told = target.write([update(one, join=(team,)) for one in target.read().users], run="run-1")

    assert tuple(one.live for one in told) == target.read().users
    assert {one.live.groups for one in told if one.live} == {(team,)}


def test_people_who_only_move_are_looked_at_once() -> None:
    """
    Most of the directory is read whole, its groups once, and one of its people again; each group is one change.
    """
    directory = MemoryDirectory()
    target, team = staffed(directory, MANY)
    people = target.read().users
    directory.asked.clear()
    before = directory.clock
    told = target.write([update(one, join=(team,)) for one in people], run="run-1")

    assert {one.outcome for one in told} == {"landed"}
    assert len(directory.asked) == 3
    assert directory.clock == before + 1


def test_few_are_asked_for_by_their_ids() -> None:
    """
    Where most of the directory is not meant, it is not read.
    """
    directory = MemoryDirectory()
    target, team = staffed(directory, MANY)
    people = target.read().users
    directory.asked.clear()
    target.write([update(one, join=(team,)) for one in people[:2]], run="run-1")

    assert not [asked for asked in directory.asked if asked == "(objectClass=inetOrgPerson)"]


def test_nobody_is_gone_in_a_reading_that_was_cut_short() -> None:
    """
    Where a limit ends the reading of everybody, nothing is written.
    """
    directory = MemoryDirectory()
    target, team = staffed(directory, MANY)
    writes = [update(one, join=(team,)) for one in target.read().users]
    directory.faults = ("it stopped at its size limit",)

    with pytest.raises(TargetError, match="size limit"):
        target.write(writes, run="run-1")
