"""
Every schedule of three runs, counted as the paths of a graph whose nodes are states of the world.

Nodes are met in the order of time, and each is left once, however many schedules lead there.
"""

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.schedules.moves import Moves, Node
from tests.schedules.verdict import Verdict


@dataclass
class Counted:
    """
    How many schedules end with each verdict, an example of each, the states of the world, and all that happened.
    """

    ends: Counter[Verdict] = field(default_factory=Counter)
    examples: dict[Verdict, list[str]] = field(default_factory=dict)
    states: int = 0
    happened: set[str] = field(default_factory=set)

    @property
    def schedules(self) -> int:
        """
        Return how many schedules there are.
        """
        return self.ends.total()

    def failures(self) -> dict[str, list[str]]:
        """
        Return the verdicts that break the promise within its scope, each with an example.
        """
        return {str(verdict): story for verdict, story in self.examples.items() if verdict.breaks_the_promise}


def count(moves: Moves) -> Counted:
    """
    Return how all schedules end.
    """
    found, first = Counted(), moves.first()
    came_from: dict[Node, tuple[str, Node]] = {}
    moments = defaultdict[tuple[int, ...], Counter[Node]](Counter)
    moments[moves.when(first)][first] = 1
    waiting = [moves.when(first)]
    while waiting:
        now = heapq.heappop(waiting)
        nodes = moments.pop(now)
        found.states += len(nodes)
        for node, schedules in nodes.items():
            if moves.is_last(node):
                found.ends[node.verdict] += schedules
                if node.verdict not in found.examples:
                    found.examples[node.verdict] = _story(node, came_from)
            for label, after in moves(node):
                found.happened.add(label)
                came_from.setdefault(after, (label, node))
                then = moves.when(after)
                assert then > now, label
                if then not in moments:
                    heapq.heappush(waiting, then)
                moments[then][after] += schedules
    return found


def _story(node: Node, came_from: dict[Node, tuple[str, Node]]) -> list[str]:
    """
    Return how a node was reached first.
    """
    told: list[str] = []
    while node in came_from:
        label, node = came_from[node]
        told.append(label)
    return told[::-1]
