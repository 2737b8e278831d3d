"""
What may happen next in a world: the run's next step, a crash, a request that goes astray, an administrator's edit.
"""

from collections.abc import Hashable, Iterator
from typing import Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from reconciler.core.ledger import Fence
from reconciler.core.model import Value
from reconciler.ports import Result, Write
from tests.schedules.disk import FIELD, Disk
from tests.schedules.numbered import Numbered
from tests.schedules.registry import Compare, Rows, edited, read, renumbered, written
from tests.schedules.runs import Answer, Player, Setting
from tests.schedules.terms import Extent, Kind, Start
from tests.schedules.verdict import NOTHING, Verdict

IDLE = -1
LIFE = 15
"""How many minutes a request may live, as the policy has it."""


class Node(NamedTuple):
    """
    A state of the world, in numbers. `run`: runs that have begun; `leg` and `step`: how far the present one is.

    While a run goes on, `disk` and `fence` are those that it began with. `flying` are writes on their way; `sent`
    says that the target has compared and not yet written.
    """

    disk: int
    fence: int
    rows: int
    run: int = 0
    leg: int = IDLE
    step: int = 0
    minutes: int = 0
    flying: tuple[int, ...] = ()
    sent: bool = False
    troubles: int = 0
    verdict: Verdict = NOTHING


class State(NamedTuple):
    """
    What a run has on its own side, and what a crash would leave of the disk.
    """

    disk: int
    durable: int
    fence: int


class Leg(Struct, frozen=True, kw_only=True):
    """
    A run so far: how it began, what it was answered, its states up to the next request (a write by its number).
    """

    setting: int
    answers: tuple[int, ...]
    steps: tuple[State, ...]
    request: Literal["read"] | int | None
    failure: str


Move: TypeAlias = tuple[str, Node]
"""What happens, and the state of the world afterwards."""


class Moves:
    """
    The moves of one kind of world from one start.
    """

    def __init__(self, kind: Kind, start: Start, extent: Extent, player: Player) -> None:
        self.start, self.extent = start, extent
        self._kind, self._player = kind, player
        self._disks: Numbered[Disk] = Numbered(lambda disk: disk.likeness)
        self._fences: Numbered[Fence | None] = Numbered(lambda fence: fence)
        self._rows: Numbered[Rows] = Numbered(lambda rows: rows.likeness)
        self._writes: Numbered[Write] = Numbered(msgspec.json.encode)
        self._answers: Numbered[Answer] = Numbered(msgspec.json.encode)
        self._settings: Numbered[Setting] = Numbered(_setting_likeness)
        self._legs: Numbered[Leg] = Numbered(lambda leg: (leg.setting, leg.answers))
        self._played: dict[tuple[int, tuple[int, ...]], int] = {}
        self._landed: dict[tuple[int, int], tuple[int, int, bool]] = {}
        self._edited: dict[tuple[int, Value], int] = {}

    def first(self) -> Node:
        """
        Return the world before anything happens.
        """
        disk, fence = self._disks.number(self.start.disk), self._fences.number(self.start.fence)
        return Node(disk=disk, fence=fence, rows=self._rows.number(self.start.rows))

    def is_last(self, node: Node) -> bool:
        """
        Return whether a schedule may end here: all runs are over.
        """
        return node.leg == IDLE and node.run == len(self.extent.desired)

    def when(self, node: Node) -> tuple[int, int, int, int]:
        """
        Return where a node stands in time: every move leads to a later one.
        """
        outside = (node.verdict.edit is not None) - len(node.flying)
        if node.leg == IDLE:
            return node.run, 1, 0, outside
        return node.run, 0, node.step + 2 * len(self._legs[node.leg].answers) + node.sent, outside

    def __call__(self, node: Node) -> Iterator[Move]:
        """
        Yield what may happen next. Before the first step and after the last of a run there is no moment of its own.
        """
        if node.leg == IDLE:
            yield from self._outside(node)
            yield from () if self.is_last(node) else self._begin(node)
            return
        leg = self._legs[node.leg]
        over = leg.request is None and node.step == len(leg.steps)
        if (node.step or leg.answers) and not over:
            yield from self._outside(node)
            yield from self._crash(node)
        yield from self._go_on(node, leg)

    def _state(self, node: Node) -> State:
        """
        Return the reconciler's own side of a node.
        """
        if node.leg == IDLE or not node.step:
            return State(disk=node.disk, durable=node.disk, fence=node.fence)
        return self._legs[node.leg].steps[node.step - 1]

    def _outside(self, node: Node) -> Iterator[Move]:
        """
        Yield what happens by others' doing: an administrator edits the field, a write arrives late.
        """
        if node.verdict.edit is None and self._rows[node.rows].ann:
            for value in self.extent.edits:
                yield f"an administrator sets {value}", self._edit(node, value)
        for number in sorted(set(node.flying)):
            left = list(node.flying)
            left.remove(number)
            yield "a write arrives late", self._land(node._replace(flying=tuple(left)), number)[0]

    def _edit(self, node: Node, value: Value) -> Node:
        rows, key = self._rows[node.rows], (node.rows, value)
        if key not in self._edited:
            self._edited[key] = self._rows.number(edited(rows, value))
        like_ours = value in {*self._disks[self._state(node).disk].own, rows.value}
        return node._replace(rows=self._edited[key], verdict=node.verdict.edited(value, like_ours=like_ours))

    def _land(self, node: Node, number: int) -> tuple[Node, int]:
        """
        Return the world once a write has arrived, and the number of the target's answer.
        """
        key, write = (node.rows, number), self._writes[number]
        if key not in self._landed:
            blind = self._kind.compare is not Compare.ATOMIC
            rows, results = written(self._rows[node.rows], write, blind=blind)
            on_field = results[0].outcome == "landed" and FIELD in write.fields
            self._landed[key] = self._rows.number(rows), self._answers.number(results), on_field
        after, answer, on_field = self._landed[key]
        now = node._replace(rows=after)
        if on_field:
            now = now._replace(verdict=node.verdict.written(self._rows[node.rows].value, self._rows[after].value))
        return now, answer

    def _begin(self, node: Node) -> Iterator[Move]:
        """
        Yield the next run, with each value that Git may want. A request that is too old by then has been lost.
        """
        for gap in self.extent.minutes[node.run]:
            flying = node.flying if gap <= LIFE else ()
            later = self._renumbered(node._replace(flying=flying, minutes=node.minutes + gap, run=node.run + 1))
            for desired in self.extent.desired[node.run]:
                setting = Setting(
                    policy=self.start.policy,
                    desired=desired,
                    minutes=later.minutes,
                    disk=self._disks[node.disk],
                    fence=self._fences[node.fence],
                )
                label = f"run {later.run} begins {gap} minutes later, Git wants {desired}"
                yield label, later._replace(leg=self._leg(self._settings.number(setting), ()), step=0)

    def _renumbered(self, node: Node) -> Node:
        """
        Return the node with the account's versions counted anew: what only the past tells apart is one.
        """
        rows, writes = renumbered(self._rows[node.rows], [self._writes[one] for one in node.flying])
        flying = tuple(sorted(self._writes.number(write) for write in writes))
        return node._replace(rows=self._rows.number(rows), flying=flying)

    def _leg(self, setting: int, answers: tuple[int, ...]) -> int:
        """
        Return the number of a run so far; it is played once.
        """
        key = setting, answers
        if key not in self._played:
            course = self._player.play(self._settings[setting], [self._answers[one] for one in answers])
            steps = tuple(
                State(
                    disk=self._disks.number(one.disk),
                    durable=self._disks.number(one.durable),
                    fence=self._fences.number(one.fence),
                )
                for one in course.steps
            )
            request = self._writes.number(course.request) if isinstance(course.request, Write) else course.request
            leg = Leg(setting=setting, answers=answers, steps=steps, request=request, failure=course.failure)
            self._played[key] = self._legs.number(leg)
        return self._played[key]

    def _crash(self, node: Node) -> Iterator[Move]:
        """
        Yield the end of the run's process; the journal is lost where its machine is.
        """
        if node.troubles == self.extent.troubles:
            return
        state = self._state(node)
        dead = node._replace(leg=IDLE, step=0, fence=state.fence, sent=False, troubles=node.troubles + 1)
        yield "the run is killed", dead._replace(disk=state.durable)
        left = self._disks[state.durable]
        if left.journal is not None:
            yield "the run's machine is lost", dead._replace(disk=self._disks.number(Disk(left.files)))

    def _go_on(self, node: Node, leg: Leg) -> Iterator[Move]:
        """
        Yield the run's own next step.
        """
        state = self._state(node)
        if node.step < len(leg.steps):
            disk = leg.steps[node.step].disk
            verdict = node.verdict if disk == state.disk else node.verdict.noted(self._disks[disk], self.start)
            yield "the run goes on", node._replace(step=node.step + 1, verdict=verdict)
        elif leg.request is None:
            told = f"the run ends ({leg.failure or 'well'})"
            yield told, node._replace(leg=IDLE, step=0, disk=state.disk, fence=state.fence)
        elif leg.request == "read":
            desired = self._settings[leg.setting].desired
            verdict = node.verdict.read(desired, self._disks[state.disk], self.start)
            answer = self._answers.number(read(self._rows[node.rows]))
            yield "the run reads", self._answered(node._replace(verdict=verdict), answer)
        elif self._kind.compare is Compare.BEFORE and not node.sent:
            yield self._compared(node, leg.request)
        else:
            yield from self._written(node._replace(sent=False), leg.request)

    def _compared(self, node: Node, number: int) -> Move:
        """
        Return what a target does that compares first: it sends the write, or leaves it.
        """
        write, ann = self._writes[number], self._rows[node.rows].ann
        if write.action == "create" or (ann is not None and ann.version == write.expects):
            return "the target compares", node._replace(sent=True)
        left = Result(change=write.change, outcome="left", message="it was changed")
        return "the target has changed", self._answered(node, self._answers.number([left]))

    def _written(self, node: Node, number: int) -> Iterator[Move]:
        """
        Yield what may become of a write and of its answer.
        """
        landed, answer = self._land(node, number)
        flies = node._replace(flying=tuple(sorted((*node.flying, number))))
        yield f"the run writes {self._writes[number].fields}", self._answered(landed, answer)
        for label, dead in self._crash(landed):
            yield f"the write lands, and {label}", dead
        for label, dead in self._crash(flies):
            yield f"the write is on its way, and {label}", dead
        if node.troubles == self.extent.troubles:
            return
        silence = self._answers.number(None)
        for label, now, heard in (
            ("the write is lost", node, silence),
            ("the write lands, its answer is lost", landed, silence),
            ("the write is on its way, its answer is lost", flies, silence),
            ("the write lands, and again later", landed._replace(flying=flies.flying), answer),
        ):
            yield label, self._answered(now._replace(troubles=node.troubles + 1), heard)

    def _answered(self, node: Node, answer: int) -> Node:
        leg = self._legs[node.leg]
        return node._replace(leg=self._leg(leg.setting, (*leg.answers, answer)))


def _setting_likeness(setting: Setting) -> Hashable:
    """
    Return what tells the beginnings of two runs apart; a disk is one object by then.
    """
    return str(setting.desired), setting.minutes, id(setting.disk), setting.fence
