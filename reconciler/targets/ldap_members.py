"""
Memberships as additions to, and removals from, groups: one modification a group, however many people move.
"""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct, field

from reconciler.targets.ldap_known import Known
from reconciler.wire.ldap_requests import Changes

IN_ONE = 1000
"""Members that one modification moves."""

_NO_SUCH_VALUE, _VALUE_EXISTS, _CLASS_VIOLATION = 16, 20, 65
_SETTLED = frozenset({0, _NO_SUCH_VALUE, _VALUE_EXISTS})


class Moves(Struct, frozen=True):
    """
    Who joins and who leaves, by group id: as the group lists them.
    """

    join: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    leave: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def relist(known: Known, moves: Moves) -> Iterator[tuple[str, str, str]]:
    """
    Make the moves, and yield (group, member, why) of each that the directory refused.
    """
    for group in sorted({*moves.join, *moves.leave}):
        todo = [("MODIFY_ADD", one) for one in sorted(moves.join[group])]
        todo += [("MODIFY_DELETE", one) for one in sorted(moves.leave[group])]
        for start in range(0, len(todo), IN_ONE):
            for member, why in _moved(known, group, todo[start : start + IN_ONE]):
                yield group, member, why


def _moved(known: Known, group: str, todo: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """
    Make some moves at once, or, where a part of them is so already, one by one; yield who was refused, and why.
    """
    dn, name = known.groups[group]
    for verb, member in todo:
        if verb == "MODIFY_ADD":
            known.joined(member, group)
    done = known.directory.modify(dn, _changes(known, todo))
    if done.code == 0:
        return
    if len(todo) > 1:
        for one in todo:
            yield from _moved(known, group, [one])
        return
    verb, member = todo[0]
    placeholder = known.settings.groups.placeholder
    if done.code == _CLASS_VIOLATION and verb == "MODIFY_DELETE" and placeholder is not None:
        done = known.directory.modify(dn, _changes(known, [*todo, ("MODIFY_ADD", placeholder)]))
    if done.code not in _SETTLED:
        yield member, f"group {name!r}: {done.message}"


def _changes(known: Known, todo: list[tuple[str, str]]) -> Changes:
    by_verb: defaultdict[str, list[bytes]] = defaultdict(list)
    for verb, member in todo:
        by_verb[verb].append(member.encode())
    return {known.settings.groups.member: [(verb, by_verb[verb]) for verb in sorted(by_verb)]}
