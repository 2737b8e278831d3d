"""
Membership changes of many people, folded by group.
"""

from typing import Any

from reconciler.targets.scim_members import Move, body, chunks, folded, moved


def test_changes_of_many_people_become_one_move_a_group() -> None:
    """
    Who joins and who leaves is gathered by group, everything sorted.
    """
    people = [("u2", ["g1"], ["g2"]), ("u1", ["g1", "g2"], []), ("u3", [], [])]

    assert folded(people) == [
        Move(group="g1", join=("u1", "u2")),
        Move(group="g2", join=("u1",), leave=("u2",)),
    ]


def test_large_move_is_made_in_parts_with_joins_first() -> None:
    """
    No part has more changes than the server takes, and nobody leaves before all have joined.
    """
    move = Move(group="g", join=("a", "b", "c"), leave=("x", "y"))

    assert chunks(move, 2) == [
        Move(group="g", join=("a", "b")),
        Move(group="g", join=("c",), leave=("x",)),
        Move(group="g", leave=("y",)),
    ]


def test_patch_names_each_who_leaves() -> None:
    """
    Those who come are added to the members, and each who goes is named: without a name all would go.
    """
    move = Move(group="g", join=("a", "b"), leave=('x"y',))

    assert body(move)["Operations"] == [
        {"op": "add", "path": "members", "value": [{"value": "a"}, {"value": "b"}]},
        {"op": "remove", "path": 'members[value eq "x\\"y"]'},
    ]


def test_put_carries_what_we_do_not_know() -> None:
    """
    Where the server takes no PATCH the whole group is sent, other members and attributes as they were.
    """
    group: dict[str, Any] = {
        "id": "g",
        "displayName": "G",
        "meta": {"version": "1"},
        "members": [{"value": "x"}, {"value": "y", "display": "Y"}, {"value": "n", "type": "Group"}],
        "urn:x:Group": {"owner": "o"},
    }
    after = moved(group, Move(group="g", join=("a", "y"), leave=("x",)))

    assert after == {
        "id": "g",
        "displayName": "G",
        "members": [{"value": "y", "display": "Y"}, {"value": "n", "type": "Group"}, {"value": "a"}],
        "urn:x:Group": {"owner": "o"},
    }
