"""
Somebody who looks at the target after every single write, and knows nothing of plans.
"""

from collections.abc import Collection, Iterator
from typing import Any

from reconciler.core.model import Live
from reconciler.ports import Write
from tests.targets.memory import MemoryTarget

ASIDE = frozenset({"Standalone", "Standalone Users and Group"})
"""Where groups are put that the source no longer has."""


class Watch:
    """
    What the target looks like before an apply and after each write of it: `frames`, by kind and id.

    `privileged` are the roles that make an administrator, `minimum` how many there shall always be.
    """

    def __init__(self, target: MemoryTarget, *, privileged: frozenset[str], minimum: int) -> None:
        self.target = target
        self.privileged = {target.equality.fold("roles", one) for one in privileged}
        self.minimum = minimum
        self.frames = [_frame(target)]
        target.written.clear()
        target.on_effect = self._look

    def _look(self, moment: str, effect: str, _write: Write | None) -> None:
        if (moment, effect) == ("after", "write"):
            self.frames.append(_frame(self.target))

    def armed(self, frame: dict[str, Live]) -> int:
        """
        Return how many active administrators there are.
        """
        return sum(
            1 for one in frame.values() if one.active and self.privileged & _elements(one.fields.get("roles"))
        )

    def locked_out(self) -> list[int]:
        """
        Return the numbers of administrators at moments when there were too few.
        """
        floor = min(self.minimum, self.armed(self.frames[0]))
        return [number for frame in self.frames if (number := self.armed(frame)) < floor]

    def touched(self, ids: Collection[str]) -> list[str]:
        """
        Return which of these accounts anything was written to.
        """
        first, last = self.frames[0], self.frames[-1]
        return sorted(one for one in ids if first.get(f"user:{one}") != last.get(f"user:{one}"))

    def lost_meanwhile(self) -> list[tuple[str, Any]]:
        """
        Return what somebody had before and has after, but not at every moment between: adds come before removals.
        """
        return sorted({lost for frame in self.frames for lost in self._lost(frame)})

    def _lost(self, frame: dict[str, Live]) -> Iterator[tuple[str, Any]]:
        first, last = self.frames[0], self.frames[-1]
        for place in first.keys() & last.keys():
            for held in _holds(first[place]) & _holds(last[place]):
                if place not in frame or held not in _holds(frame[place]):
                    yield place, held

    def removals(self) -> list[tuple[str, str]]:
        """
        Return what the apply took, from whom: accounts, groups, usability, memberships, roles, profiles.
        """
        first, last = self.frames[0], self.frames[-1]
        gone = [(place, "it") for place in first if place not in last]
        return sorted(
            gone + [(p, h) for p in first.keys() & last.keys() for h in _holds(first[p]) - _holds(last[p])]
        )

    def gains(self) -> list[tuple[str, str]]:
        """
        Return whose account became usable again, and who an administrator; a group that is listed may come back.
        """
        first, last = self.frames[0], self.frames[-1]
        powers = {f"roles:{one}" for one in self.privileged}
        again = [(place, "usable") for place in _users(first, last) if "usable" in _new(first, last, place)]
        return sorted(again + [(place, held) for place in last for held in _new(first, last, place) & powers])


def _users(first: dict[str, Live], last: dict[str, Live]) -> set[str]:
    """
    Return the accounts that were there at both moments.
    """
    return {place for place in first.keys() & last.keys() if place.startswith("user:")}


def _new(first: dict[str, Live], last: dict[str, Live], place: str) -> set[str]:
    """
    Return what an entity holds now and did not before.
    """
    return _holds(last[place]) - (_holds(first[place]) if place in first else set())


def _frame(target: MemoryTarget) -> dict[str, Live]:
    snapshot = target.read()
    return {f"{one.kind}:{one.id}": one for one in (*snapshot.users, *snapshot.groups)}


def _holds(live: Live) -> set[str]:
    """
    Return everything that can be taken from an entity: its usability and its place, and the elements of its sets.
    """
    usable = {"usable"} if live.active and not live.fields.get("deleted") else set()
    place = {"its place"} if live.kind == "group" and live.fields.get("parent") not in ASIDE else set()
    sets = {f"{name}:{one}" for name in ("roles", "profiles") for one in _elements(live.fields.get(name))}
    return usable | place | sets | {f"groups:{one}" for one in live.groups}


def _elements(value: object) -> frozenset[str]:
    return frozenset(value) if isinstance(value, tuple) else frozenset()
